package json

import "encoding/binary"

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// stringEnd finds the end of the string literal whose content begins at i: the
// offset of the closing quote (len(data) if there is none), whether a backslash
// stands in it, and the offset of the first bad escape or -1.
func stringEnd(data []byte, i int) (end int, escaped bool, bad int) {
	bad = -1
	for {
		for i+8 <= len(data) {
			w := binary.LittleEndian.Uint64(data[i:])
			q, b := w^(ones*'"'), w^(ones*'\\')
			if ((q-ones)&^q|(b-ones)&^b)&highs != 0 {
				break
			}
			i += 8
		}
		for i < len(data) && data[i] != '"' && data[i] != '\\' {
			i++
		}
		if i >= len(data) || data[i] == '"' {
			return i, escaped, bad
		}
		escaped = true
		n := escapeLen(data[i:])
		if n == 0 {
			if bad < 0 {
				bad = i
			}
			n = 2
		}
		i += n
		if i > len(data) {
			return len(data), escaped, bad
		}
	}
}

// escapeLen returns the length of the escape that s begins with, 0 when it is
// none. An escape that s ends in the middle of has the rest of s as its length.
func escapeLen(s []byte) int {
	if len(s) < 2 {
		return len(s)
	}
	switch s[1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2
	case 'u':
		for i := 2; i < 6; i++ {
			if i >= len(s) {
				return len(s)
			}
			if hexVal(s[i]) < 0 {
				return 0
			}
		}
		return 6
	}
	return 0
}

func hexVal(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

// numberEnd returns the offset after the number that begins at i, and false when
// what stands there is no number. A number that the data ends in the middle of
// ("-", "1.", "1e") is not ok and ends at len(data).
func numberEnd(data []byte, i int) (int, bool) {
	digits := func() bool {
		s := i
		for i < len(data) && data[i]-'0' <= 9 {
			i++
		}
		return i > s
	}
	if i < len(data) && data[i] == '-' {
		i++
	}
	if i < len(data) && data[i] == '0' {
		i++
	} else if !digits() {
		return i, false
	}
	if i < len(data) && data[i] == '.' {
		i++
		if !digits() {
			return i, false
		}
	}
	if i < len(data) && (data[i] == 'e' || data[i] == 'E') {
		i++
		if i < len(data) && (data[i] == '+' || data[i] == '-') {
			i++
		}
		if !digits() {
			return i, false
		}
	}
	return i, true
}

// span follows a value byte by byte over chunks, without judging it: how deep it
// is nested and whether it stands inside a string.
type span struct {
	depth     int
	inString  bool
	backslash bool
	scalar    bool // a number, a literal or anything else that is no container or string
	began     bool
}

// feed consumes p and returns how many bytes of it belong to the value and
// whether the value ends there. A scalar ends before the byte that ends it.
func (s *span) feed(p []byte) (int, bool) {
	for i := 0; i < len(p); i++ {
		c := p[i]
		if s.inString {
			if s.backslash {
				s.backslash = false
			} else if c == '\\' {
				s.backslash = true
			} else if c == '"' {
				s.inString = false
				if s.depth == 0 {
					return i + 1, true
				}
			}
			continue
		}
		if s.scalar {
			if isSpace(c) || c == ',' || c == ']' || c == '}' {
				return i, true
			}
			continue
		}
		switch c {
		case '"':
			s.inString = true
		case '{', '[':
			s.depth++
		case '}', ']':
			s.depth--
			if s.depth <= 0 {
				return i + 1, true
			}
		default:
			s.scalar = !s.began
		}
		s.began = true
	}
	return len(p), false
}

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\r' || c == '\t' }

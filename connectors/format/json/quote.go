package json

import (
	"bytes"
	"unicode/utf16"
	"unicode/utf8"
)

// unescape appends the decoded content of a string literal. A bad escape stands
// for itself.
func unescape(dst, s []byte) []byte {
	for len(s) > 0 {
		i := bytes.IndexByte(s, '\\')
		if i < 0 {
			return append(dst, s...)
		}
		dst, s = append(dst, s[:i]...), s[i:]
		n := escapeLen(s)
		if n == 2 && s[1] != 'u' {
			dst, s = append(dst, unescaped(s[1])), s[2:]
			continue
		}
		if n != 6 {
			dst, s = append(dst, s[0]), s[1:]
			continue
		}
		u := hex4(s)
		s = s[6:]
		if utf16.IsSurrogate(u) && escapeLen(s) == 6 {
			if r := utf16.DecodeRune(u, hex4(s)); r != utf8.RuneError {
				dst, s = utf8.AppendRune(dst, r), s[6:]
				continue
			}
		}
		dst = appendWide(dst, u)
	}
	return dst
}

func unescaped(c byte) byte {
	switch c {
	case 'b':
		return '\b'
	case 'f':
		return '\f'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	}
	return c
}

// hex4 returns the value of the \uXXXX escape that s begins with.
func hex4(s []byte) rune {
	var r rune
	for _, c := range s[2:6] {
		r = r<<4 | rune(hexVal(c))
	}
	return r
}

// appendWide appends r in UTF-8, a lone surrogate in the same pattern.
func appendWide(dst []byte, r rune) []byte {
	if utf16.IsSurrogate(r) {
		return append(dst, 0xED, 0x80|byte(r>>6)&0x3F, 0x80|byte(r)&0x3F)
	}
	return utf8.AppendRune(dst, r)
}

// decodeWide is utf8.DecodeRune that knows the surrogates of appendWide.
func decodeWide(s string) (r rune, size int, ok bool) {
	r, size = utf8.DecodeRuneInString(s)
	if r != utf8.RuneError || size > 1 {
		return r, size, true
	}
	if len(s) >= 3 && s[0] == 0xED && s[1]&0xE0 == 0xA0 && s[2]&0xC0 == 0x80 {
		return 0xD000 | rune(s[1]&0x3F)<<6 | rune(s[2]&0x3F), 3, true
	}
	return r, 1, false
}

// style is how a document writes characters that need no escape.
type style struct {
	html  bool          // & < > as \u0026 \u003c \u003e
	slash bool          // / as \/
	ascii bool          // everything beyond ASCII escaped
	upper bool          // hexadecimal digits in upper case
	bytes map[rune]byte // letters that stand there as a byte of Windows-1252
}

// styleOf reads the style off a string literal.
func styleOf(body []byte) style {
	var st style
	for i := 0; i < len(body); {
		if body[i] != '\\' {
			i++
			continue
		}
		n := escapeLen(body[i:])
		if n == 2 && body[i+1] == '/' {
			st.slash = true
		}
		if n == 6 {
			switch r := hex4(body[i:]); {
			case r == '&' || r == '<' || r == '>':
				st.html = true
			case r >= 0x80:
				st.ascii = true
			}
			for _, c := range body[i+2 : i+6] {
				st.upper = st.upper || (c >= 'A' && c <= 'F')
			}
		}
		i += max(n, 1)
	}
	return st
}

// styleIn is the style of a literal of data. A document that is no UTF-8 gets letters that
// the literal does not have as escapes.
func styleIn(data, body []byte) style {
	st := styleOf(body)
	if !utf8.Valid(data) {
		st.ascii, st.bytes = true, letters(body)
	}
	return st
}

// Quote returns s as a JSON string literal in the plainest style. Bytes that are
// not UTF-8 become U+FFFD.
func Quote(s string) []byte { return appendQuoted(nil, s, style{}) }

func appendQuoted(dst []byte, s string, st style) []byte {
	dst = append(dst, '"')
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			dst = appendASCII(dst, c, st)
			i++
			continue
		}
		r, size, ok := decodeWide(s[i:])
		switch {
		case !ok:
			dst = utf8.AppendRune(dst, utf8.RuneError)
		case utf16.IsSurrogate(r):
			dst = appendHex(dst, r, st)
		case st.bytes[r] != 0:
			dst = append(dst, st.bytes[r])
		case st.ascii && r > 0xFFFF:
			hi, lo := utf16.EncodeRune(r)
			dst = appendHex(appendHex(dst, hi, st), lo, st)
		case st.ascii:
			dst = appendHex(dst, r, st)
		default:
			dst = append(dst, s[i:i+size]...)
		}
		i += size
	}
	return append(dst, '"')
}

func appendASCII(dst []byte, c byte, st style) []byte {
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\n':
		return append(dst, '\\', 'n')
	case '\r':
		return append(dst, '\\', 'r')
	case '\t':
		return append(dst, '\\', 't')
	case '/':
		if st.slash {
			dst = append(dst, '\\')
		}
		return append(dst, c)
	case '&', '<', '>':
		if st.html {
			return appendHex(dst, rune(c), st)
		}
	}
	if c < 0x20 || c == 0x7F {
		return appendHex(dst, rune(c), st)
	}
	return append(dst, c)
}

func appendHex(dst []byte, r rune, st style) []byte {
	digits := "0123456789abcdef"
	if st.upper {
		digits = "0123456789ABCDEF"
	}
	return append(dst, '\\', 'u', digits[r>>12&15], digits[r>>8&15], digits[r>>4&15], digits[r&15])
}

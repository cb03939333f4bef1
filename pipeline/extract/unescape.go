package extract

import (
	"html"
	"strings"
	"unicode/utf8"
)

// unescape undoes one layer of percent-, HTML- and \u escapes, writes the digits of
// other scripts and the wide forms of ASCII as ASCII, and drops what nobody sees. pos maps every
// byte of the result to the start of what spelt it in the original text; at is
// the same map for s, nil meaning identity.
func unescape(s string, at []int) (out string, pos []int, changed bool) {
	if !escaped(s) {
		return s, at, false
	}
	where := func(i int) int {
		if at == nil {
			return i
		}
		return at[i]
	}
	b := make([]byte, 0, len(s))
	pos = make([]int, 0, len(s)+1)
	for i := 0; i < len(s); {
		text, n := "", 0
		if mayEscape[s[i]] {
			if text, n = escape(s[i:]); n == 0 && plusSpace(s, i) {
				text, n = " ", 1
			}
		}
		if n == 0 {
			from := i
			for i++; i < len(s) && !mayEscape[s[i]]; {
				i++
			}
			b = append(b, s[from:i]...)
			for k := from; k < i; k++ {
				pos = append(pos, where(k))
			}
			continue
		}
		changed = true
		for k := range len(text) {
			b, pos = append(b, text[k]), append(pos, where(i))
		}
		i += n
	}
	end := len(s)
	if at != nil {
		end = at[len(s)]
	}
	return string(b), append(pos, end), changed
}

// mayEscape are the bytes with which something to undo may begin.
var mayEscape = func() (t [256]bool) {
	for _, c := range []byte{'%', '&', '\\', '+', 0xC2, 0xD9, 0xDB, 0xE0, 0xE2, 0xEF} {
		t[c] = true
	}
	return t
}()

// escaped reports whether there may be anything to undo in s.
func escaped(s string) bool {
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '%' || c == '&' || c == '\\':
			return true
		case c == '+' && plusSpace(s, i):
			return true
		case c >= 0xC0 && (scriptDigit(s[i:]) >= 0 || unseen(s[i:]) > 0 || wideForm(s[i:]) > 0):
			return true
		}
	}
	return false
}

// plusSpace reports a plus between two digits: forms send a space so.
func plusSpace(s string, i int) bool {
	return s[i] == '+' && i > 0 && i+1 < len(s) && digit(s[i-1]) && digit(s[i+1]) && !zoneBehind(s, i)
}

// zoneBehind reports a plus before the offset of a time zone, as recorders write one into
// names of files: 091650.068+0530.
func zoneBehind(s string, i int) bool {
	const clock, zone = len("091650.068"), len("0530")
	if i < clock || i+zone >= len(s) || s[i-4] != '.' || !allDigits(s[i-clock:i-4]) || !allDigits(s[i-3:i]) || !allDigits(s[i+1:i+1+zone]) {
		return false
	}
	return (i == clock || !digit(s[i-clock-1])) && (i+1+zone == len(s) || !digit(s[i+1+zone])) && s[i+1] <= '1' && s[i+3] <= '5'
}

// unseen returns the length of the character with which s begins when it has no
// shape: zero-width spaces and joiners, marks of direction, byte order marks, soft
// hyphens. Else 0.
func unseen(s string) int {
	switch {
	case s[0] == 0xC2 || s[0] == 0xE2:
	case s[0] == 0xEF && len(s) > 1 && s[1] == 0xBB:
	default:
		return 0
	}
	switch r, n := utf8.DecodeRuneInString(s); {
	case r == 0xAD, r >= 0x200B && r <= 0x200F, r >= 0x202A && r <= 0x202E, r >= 0x2060 && r <= 0x2069, r == 0xFEFF:
		return n
	}
	return 0
}

// unseenAround reports a character without a shape just before or after a span.
func unseenAround(text string, start, end int) bool {
	if end < len(text) && unseen(text[end:]) > 0 {
		return true
	}
	_, n := utf8.DecodeLastRuneInString(text[:start])
	return n > 0 && unseen(text[start-n:]) > 0
}

// wideForm returns the ASCII character whose wide form, as East Asian keyboards write
// it, s begins with; 0 when there is none.
func wideForm(s string) byte {
	if s[0] != 0xEF || len(s) < 3 || s[1] != 0xBC && s[1] != 0xBD {
		return 0
	}
	if r, _ := utf8.DecodeRuneInString(s); r > 0xFF00 && r < 0xFF5F {
		return byte(r - 0xFF00 + ' ')
	}
	return 0
}

// escape decodes the escape with which s begins and returns its length, 0 when
// there is none.
func escape(s string) (string, int) {
	if s[0] >= 0xC0 {
		if d := scriptDigit(s); d >= 0 {
			_, n := utf8.DecodeRuneInString(s)
			return string(rune('0' + d)), n
		}
		if w := wideForm(s); w > 0 {
			return string(rune(w)), 3
		}
		return "", unseen(s)
	}
	switch s[0] {
	case '%':
		if len(s) > 2 && isHex(s[1]) && isHex(s[2]) {
			return string([]byte{unhex(s[1])<<4 | unhex(s[2])}), 3
		}
	case '&':
		semi := strings.IndexByte(s[:min(len(s), 12)], ';')
		if semi > 1 {
			if t := html.UnescapeString(s[:semi+1]); t != s[:semi+1] {
				return t, semi + 1
			}
		}
	case '\\':
		if len(s) > 5 && s[1] == 'u' && isHex(s[2]) && isHex(s[3]) && isHex(s[4]) && isHex(s[5]) {
			r := rune(unhex(s[2]))<<12 | rune(unhex(s[3]))<<8 | rune(unhex(s[4]))<<4 | rune(unhex(s[5]))
			if utf8.ValidRune(r) {
				return string(r), 6
			}
		}
		if len(s) > 1 && (s[1] == '"' || s[1] == '/' || s[1] == '\\') {
			return s[1:2], 2
		}
	}
	return "", 0
}

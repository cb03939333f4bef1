package extract

import (
	"testing"
	"unicode"
	"unicode/utf8"
)

// What begins with none of the bytes of mayEscape is nothing to undo, and the looks at
// single bytes pass over no digit, no wide form and nothing that nobody sees.
func TestUnescapeOfEveryCharacter(t *testing.T) {
	for r := rune(0); r <= utf8.MaxRune; r++ {
		if !utf8.ValidRune(r) {
			continue
		}
		s := string(r)
		_, n := escape(s)
		if n > 0 && !mayEscape[s[0]] {
			t.Fatalf("%U is to be undone, and passed over", r)
		}
		switch first := s[0]; {
		case r >= 0x80 && unicode.IsDigit(r) && (first == 0xD9 || first == 0xDB || first == 0xE0 || first == 0xEF):
			if scriptDigit(s) < 0 || n != len(s) {
				t.Fatalf("%U is a digit: %d, %d bytes", r, scriptDigit(s), n)
			}
		case r > 0xFF00 && r < 0xFF5F:
			if w := wideForm(s); w != byte(r-0xFF00+' ') || n != len(s) {
				t.Fatalf("%U is %q: %d bytes", r, w, n)
			}
		case r == 0xAD, r >= 0x200B && r <= 0x200F, r >= 0x202A && r <= 0x202E, r >= 0x2060 && r <= 0x2069, r == 0xFEFF:
			if n != len(s) {
				t.Fatalf("nobody sees %U: %d bytes", r, n)
			}
		default:
			if n != 0 {
				t.Fatalf("%U is undone: %d bytes", r, n)
			}
		}
	}
}

package json

import (
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// toValid makes a text valid UTF-8, as the columns of a batch must be. A byte that is none
// is taken for a letter of Windows-1252, as old programs write it. Half a surrogate pair
// becomes U+FFFD.
func toValid(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	out := make([]byte, 0, len(s)+len(s)/2)
	for i := 0; i < len(s); {
		r, size, ok := decodeWide(s[i:])
		switch {
		case !ok:
			r = letter(s[i])
		case utf16.IsSurrogate(r):
			r = utf8.RuneError
		}
		out = utf8.AppendRune(out, r)
		i += size
	}
	return string(out)
}

// letter is what a byte is in Windows-1252.
func letter(c byte) rune {
	if r := charmap.Windows1252.DecodeByte(c); r != utf8.RuneError {
		return r
	}
	return rune(c) // one of five that mean nothing
}

// letters are the letters of a text that stand there as a byte of Windows-1252, with that
// byte.
func letters(text []byte) map[rune]byte {
	if utf8.Valid(text) {
		return nil
	}
	out := map[rune]byte{}
	s := string(text)
	for i := 0; i < len(s); {
		_, size, ok := decodeWide(s[i:])
		if !ok {
			out[letter(s[i])] = s[i]
		}
		i += size
	}
	return out
}

// fit returns JSON text for a document: one that is no UTF-8 gets its other letters as
// escapes, which say the same in every encoding.
func fit(data, text []byte) []byte {
	if utf8.Valid(data) {
		return text
	}
	out := make([]byte, 0, len(text))
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRune(text[i:])
		switch {
		case r < utf8.RuneSelf:
			out = append(out, text[i])
		case r > 0xFFFF:
			hi, lo := utf16.EncodeRune(r)
			out = appendHex(appendHex(out, hi, style{}), lo, style{})
		default:
			out = appendHex(out, r, style{})
		}
		i += size
	}
	return out
}

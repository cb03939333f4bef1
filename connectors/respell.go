package connectors

import (
	"strings"
	"unicode/utf8"
)

// unknown stands in a text for bytes that are no UTF-8.
const unknown = string(utf8.RuneError)

// Spell returns the text of bytes. What of them is no UTF-8, as of a text in Latin-1, is one
// U+FFFD for each stretch.
func Spell(b []byte) string { return strings.ToValidUTF8(string(b), unknown) }

// Respell returns the bytes of a text that was spelled of others and then changed: what is
// no UTF-8 in these, and was not taken out of the text, stays as it was.
func Respell(old []byte, text string) []byte {
	if utf8.Valid(old) {
		return []byte(text)
	}
	then := Spell(old)
	lo, hi := alike(then, text)
	left, middle := stretches(old), text[lo:len(text)-hi]
	before, within := strings.Count(then[:lo], unknown), strings.Count(then[lo:len(then)-hi], unknown)
	out := make([]byte, 0, len(old)+len(text))
	out = refill(out, then[:lo], left[:before])
	if strings.Count(middle, unknown) == within {
		out = refill(out, middle, left[before:before+within])
	} else {
		out = append(out, middle...) // which of them went nobody can tell
	}
	return refill(out, then[len(then)-hi:], left[before+within:])
}

// alike returns how many bytes two texts begin and end with alike, in whole letters.
func alike(a, b string) (lo, hi int) {
	most := min(len(a), len(b))
	for lo < most && a[lo] == b[lo] {
		lo++
	}
	for lo > 0 && (lo < len(a) && !utf8.RuneStart(a[lo]) || lo < len(b) && !utf8.RuneStart(b[lo])) {
		lo--
	}
	for hi < most-lo && a[len(a)-1-hi] == b[len(b)-1-hi] {
		hi++
	}
	for hi > 0 && (!utf8.RuneStart(a[len(a)-hi]) || !utf8.RuneStart(b[len(b)-hi])) {
		hi--
	}
	return lo, hi
}

// stretches lists what each U+FFFD of a text was spelled of.
func stretches(b []byte) (out [][]byte) {
	bad := 0 // bytes of the stretch at hand
	for i := 0; i < len(b); {
		r, n := utf8.DecodeRune(b[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			bad++
		case bad > 0:
			out, bad = append(out, b[i-bad:i]), 0
			continue
		case r == utf8.RuneError:
			out = append(out, b[i:i+n])
		}
		i += n
	}
	if bad > 0 {
		out = append(out, b[len(b)-bad:])
	}
	return out
}

// refill appends a text with one stretch of bytes in the place of each U+FFFD.
func refill(out []byte, text string, list [][]byte) []byte {
	for _, b := range list {
		before, after, _ := strings.Cut(text, unknown)
		out = append(append(out, before...), b...)
		text = after
	}
	return append(out, text...)
}

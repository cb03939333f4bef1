package extract

import (
	"strings"
	"unicode"
)

// spelled reports what is no id or time wherever it stands: an address, or a number with
// its plus.
func spelled(v string) bool { return v[0] == '+' || strings.Contains(v, "@") }

// worded reports a value that is written in words, two at least: a number in it is none of
// a series.
func worded(v string) bool {
	if strings.Count(v, " ") < 2 {
		return false
	}
	n := 0
	for w := range strings.FieldsSeq(v) {
		if len(w) > 2 && !strings.ContainsFunc(w, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsMark(r) }) {
			n++
		}
	}
	return n > 1
}

package json

import (
	"strings"
	"unicode/utf8"
)

// toValid makes a text valid UTF-8, as the columns of a batch must be.
func toValid(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}

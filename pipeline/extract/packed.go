package extract

import (
	"encoding/base64"
	"strings"
	"unicode/utf8"
)

// shortest is the length from which a run of base64 letters is looked into: the
// shortest address packed in base64 is about as long.
const (
	shortestPacked = 12
	longestPacked  = 16 << 10
)

// findPacked finds identifiers that stand in base64, such as an address in a
// parameter of a URL or in the middle part of a JWT. The span is the whole run: it
// can only be taken out as one. Each identifier in it has a span of its own.
func findPacked(text string, spans []Span) []Span {
	for at := 0; at < len(text); {
		if !packedByte(text[at]) {
			at++
			continue
		}
		start := at
		for at < len(text) && packedByte(text[at]) {
			at++
		}
		if n := at - start; n < shortestPacked || n > longestPacked || !mixed(text[start:at]) {
			continue
		}
		end := at
		for end < len(text) && text[end] == '=' {
			end++
		}
		inner := unpack(text[start:at])
		if inner == "" {
			continue
		}
		found := findPhones(inner, findEmails(inner, nil))
		n := len(found)
		if n == 1 && (found[0].Start > 0 || found[0].End < len(inner)) {
			n++ // the words around it
		}
		for _, s := range found {
			spans = insert(spans, Span{start, end, s.Identifier, n})
		}
	}
	return spans
}

// packedText reports a text with an identifier in disguise though nothing else in it
// looks like one: a long run of letters, small and capital ones, may be base64. foreign is
// what worthLooking says.
func packedText(text string, foreign bool) bool {
	if foreign && strings.Contains(text, "\uff20") { // a wide @
		return true
	}
	// A run of that length covers one of the places that are looked at, so that most of a
	// text of short words is passed over.
	for at := shortestPacked - 1; at < len(text); at += shortestPacked {
		if !packedByte(text[at]) {
			continue
		}
		from := at
		for from > 0 && packedByte(text[from-1]) {
			from--
		}
		for at++; at < len(text) && packedByte(text[at]); {
			at++
		}
		if at-from >= shortestPacked && mixed(text[from:at]) {
			return true
		}
	}
	return false
}

// packedByte is base64Byte without the padding, which only stands at the end.
func packedByte(c byte) bool { return wordByte(c) || c == '+' || c == '/' || c == '-' || c == '_' }

// mixed reports a run with small and capital letters: words, numbers and most ids
// have one kind alone.
func mixed(s string) bool {
	small, capital := false, false
	for i := 0; i < len(s); i++ {
		small = small || s[i] >= 'a' && s[i] <= 'z'
		capital = capital || s[i] >= 'A' && s[i] <= 'Z'
	}
	return small && capital
}

// unpack decodes base64 of either alphabet; "" unless it is a text.
func unpack(s string) string {
	enc := base64.RawStdEncoding
	if strings.ContainsAny(s, "-_") {
		enc = base64.RawURLEncoding
	}
	if len(s)%4 == 1 {
		return ""
	}
	out, err := enc.DecodeString(s)
	if err != nil || !utf8.Valid(out) {
		return ""
	}
	for _, c := range out {
		if c < ' ' && c != '\t' && c != '\n' && c != '\r' || c == 0x7f {
			return ""
		}
	}
	return string(out)
}

package chat

import (
	"path"
	"regexp"
	"strings"
)

// titles are what phones put in front of the partner's name, by language.
var titles = regexp.MustCompile(`(?i)^(?:WhatsApp Chat with|WhatsApp Chat -|WhatsApp-Chat mit|Chat de WhatsApp con|Discussion WhatsApp avec|Chat WhatsApp con|Conversa do WhatsApp com|WhatsApp[- ]chat met)\s+(.+)$`)

// copies is the number that a second download gets.
var copies = regexp.MustCompile(`\s*\(\d{1,3}\)$`)

// Title returns the name or the number of the partner that an exported chat is
// named after, and false when the key does not say. A key ends in the file's
// name; the folder counts for a file that is called _chat.txt.
func Title(key string) (string, bool) {
	name := path.Base(key)
	if strings.EqualFold(name, "_chat.txt") {
		name = path.Base(path.Dir(key))
	}
	if ext := strings.ToLower(path.Ext(name)); ext == ".txt" || ext == ".zip" {
		name = name[:len(name)-len(ext)]
	}
	m := titles.FindStringSubmatch(name)
	if m == nil {
		return "", false
	}
	return strings.TrimSpace(copies.ReplaceAllString(m[1], "")), true
}

// number returns the digits of a text that is a telephone number as a phone
// writes it, "" for anything else.
func number(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r >= '0' && r <= '9':
			b.WriteRune(r)
		case strings.ContainsRune("+-() .\u00a0\u202f\u2010\u2011\u2012\u2013\u200e\u200f\u202a\u202b\u202c\u2066\u2067\u2068\u2069", r):
		default:
			return ""
		}
	}
	if n := b.Len(); n < 10 || n > 15 {
		return ""
	}
	return b.String()
}

// same reports whether two numbers are one: the last ten digits agree.
func same(a, b string) bool {
	return a != "" && b != "" && a[len(a)-10:] == b[len(b)-10:]
}

package extract

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// addressRune reports a character beyond ASCII that addresses are made of: letters
// of any script, with their signs. Quotation marks, spaces and full stops of other
// scripts end an address as their ASCII siblings do.
func addressRune(r rune) bool {
	return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsNumber(r))
}

// addressRunes reports a text in which nothing beyond ASCII ends an address.
func addressRunes(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < utf8.RuneSelf {
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		if !addressRune(r) {
			return false
		}
		i += n - 1
	}
	return true
}

// addressEnd returns the length of the character at the end of s when the local part
// of an address may hold it, else 0.
func addressEnd(s string) int {
	if c := s[len(s)-1]; c < utf8.RuneSelf {
		if localByte(c) {
			return 1
		}
		return 0
	}
	if r, n := utf8.DecodeLastRuneInString(s); addressRune(r) {
		return n
	}
	return 0
}

// domainStart returns the length of the character at the start of s when a domain
// may hold it, else 0.
func domainStart(s string) int {
	if s[0] < utf8.RuneSelf {
		if domainByte(s[0]) {
			return 1
		}
		return 0
	}
	if r, n := utf8.DecodeRuneInString(s); addressRune(r) {
		return n
	}
	return 0
}

// oneScript cuts off what a text in another script writes on to the end of a domain:
// no top-level domain begins in ASCII and goes on in letters beyond it.
func oneScript(domain string) string {
	last := strings.LastIndexByte(domain, '.') + 1
	if last == 0 || last == len(domain) || domain[last] >= utf8.RuneSelf {
		return domain
	}
	for i := last; i < len(domain); i++ {
		if domain[i] >= utf8.RuneSelf {
			return domain[:i]
		}
	}
	return domain
}

package extract

import "strings"

// The kinds of papers of the state. A person has one number of each.
const (
	KindAadhaar = "aadhaar"
	KindPAN     = "pan"
)

// Paper reports whether two values of a kind are never one person's.
func Paper(kind string) bool { return kind == KindAadhaar || kind == KindPAN }

// paper normalises the number of a paper. What forms and portals write in its place (a
// mask, "PANNOTAVBL", "applied for", zeros) is nobody's. What has the shape and fails the
// check is a typing error or a sample: it joins nothing by itself. A digest or the key of
// a vault stands for a number that was checked.
func paper(kind, raw string) (Identifier, bool) {
	s := strings.ToUpper(strings.Map(func(r rune) rune {
		if separator(string(r)) > 0 {
			return -1
		}
		return r
	}, raw))
	switch {
	case len(s) >= 32 && allHex(s):
		return Identifier{Kind: kind, Value: s}, !oneRune(s)
	case kind == KindAadhaar && len(s) == 12 && allDigits(s) && s[0] >= '2' && !palindrome(s):
		return Identifier{Kind: kind, Value: s, Weak: !Verhoeff(s)}, true
	case kind == KindPAN && len(s) == 10 && allLetters(s[:5]) && allDigits(s[5:9]) && s[5:9] != "0000" && allLetters(s[9:]):
		return Identifier{Kind: kind, Value: s, Weak: s[3] != 'P'}, true // P is a person's; another a firm's, or no holder's at all
	}
	return Identifier{}, false
}

// Verhoeff reports whether the last digit is Verhoeff's check digit.
func Verhoeff(digits string) bool {
	c := 0
	for i := range len(digits) {
		n := int(digits[len(digits)-1-i] - '0')
		if n > 9 {
			return false
		}
		for range i % 8 {
			n = verhoeffTurn[n]
		}
		c = dihedral(c, n)
	}
	return c == 0
}

// verhoeffTurn is the permutation of a place to the left.
var verhoeffTurn = [10]int{1, 5, 7, 6, 2, 8, 3, 0, 9, 4}

// dihedral multiplies in the group D5.
func dihedral(a, b int) int {
	switch {
	case a < 5 && b < 5:
		return (a + b) % 5
	case a < 5:
		return 5 + (a+b-5)%5
	case b < 5:
		return 5 + (a-5-b+5)%5
	}
	return (a - b + 5) % 5
}

func palindrome(s string) bool {
	for i := range len(s) / 2 {
		if s[i] != s[len(s)-1-i] {
			return false
		}
	}
	return true
}

func allLetters(s string) bool {
	return s != "" && strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}

func allHex(s string) bool { return strings.Trim(s, "0123456789ABCDEF") == "" }

func oneRune(s string) bool { return strings.Trim(s, s[:1]) == "" }

package recordings

import (
	"regexp"
	"strings"
)

// piece is the longest stretch of digits and separators that is tried as one number.
var piece = regexp.MustCompile(`\+?\(?\d[\d\s().-]{5,22}\d`)

var callIDs = regexp.MustCompile(`^1\d{9}\.\d{1,9}$`)

// group is a run of digits, with a plus sign before it.
var group = regexp.MustCompile(`\+?\d+`)

// numbers takes the numbers out of a stretch of digits and separators, and returns what is
// left of it. Recorders of switchboards join numbers, extensions and ids with hyphens
// ("out-9812345670-101", "9812345670-7000012345"): a run of digits that is a whole Indian
// mobile number is a number of its own there.
func (n *Name) numbers(s string) string {
	loc := group.FindAllStringIndex(s, -1)
	from, found := 0, false
	var b strings.Builder
	other := func(to int) { // what stands between whole numbers may be one that is written with spaces
		b.WriteString(piece.ReplaceAllStringFunc(s[from:to], func(m string) string {
			if !n.callID(m) && !n.addPhone(m) {
				return m
			}
			return "_"
		}))
	}
	for i := 0; i < len(loc); i++ {
		start, end := loc[i][0], loc[i][1]
		if i == 0 && abroad(s[start:end]) && len(digitsOf(s)) <= 15 {
			break // +1 9812345670 is not in India
		}
		if i+1 < len(loc) && countryCode(s[start:end]) && mobile(s[loc[i+1][0]:loc[i+1][1]]) {
			i++
			end = loc[i][1]
		} else if !mobile(s[start:end]) {
			continue
		}
		other(start)
		n.addPhone(s[start:end])
		b.WriteString("_")
		from, found = end, true
	}
	other(len(s))
	if !found && b.String() == s {
		return s
	}
	return b.String()
}

// callID reads the id that Asterisk gives a call, 1758430500.1234: a time and a number.
func (n *Name) callID(s string) bool {
	if !callIDs.MatchString(s) {
		return false
	}
	at, ok := unixStamp(s[:10])
	if ok && n.At.IsZero() {
		n.At = at
	}
	return ok
}

// mobile reports a run of digits that is an Indian mobile number in one of its spellings.
func mobile(run string) bool {
	d := strings.TrimPrefix(run, "+")
	for _, code := range []string{"0091", "091", "91", "0", ""} {
		if rest, ok := strings.CutPrefix(d, code); ok && len(rest) == 10 && rest[0] >= '6' {
			return true
		}
	}
	return false
}

// countryCode reports what is dialled before a national number.
func countryCode(run string) bool {
	switch strings.TrimPrefix(run, "+") {
	case "91", "091", "0091", "0":
		return true
	}
	return false
}

// abroad reports the beginning of a number of another country.
func abroad(run string) bool {
	return strings.HasPrefix(run, "+") && !strings.HasPrefix(run, "+91")
}

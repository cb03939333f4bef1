package recordings

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

// ist is the zone of stamps that name none: the phone's local time.
var ist = time.FixedZone("IST", 19800)

// layout is one way to write a time in a name. The groups are year, month, day,
// hour, minute, second; those that are missing are zero.
type layout struct {
	pattern string
	end     bool // too short to be trusted anywhere but at the end
}

// layouts, the longest first.
var layouts = []layout{
	{`(\d{4})[-_.](\d{2})[-_.](\d{2})[ T_-]+(?:at[ _])?(\d{2})[-.:_](\d{2})[-.:_](\d{2})(?:\.\d{3})?`, false},
	{`(\d{4})(\d{2})(\d{2})[_T -](\d{2})[:-]?(\d{2})[:-]?(\d{2})(?:\.\d{3})?`, false},
	{`(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})`, false},
	{`(\d{4})(\d{2})(\d{2})[_T](\d{2}):?(\d{2})`, false},
	{`(\d{2})(\d{2})(\d{2})_(\d{2})(\d{2})(\d{2})`, false},
	{`(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})`, true},
	{`(\d{4})[-_.](\d{2})[-_.](\d{2})`, false},
	{`(\d{2})(\d{2})(\d{2})_(\d{2})(\d{2})`, true},
	{`(\d{4})(\d{2})(\d{2})`, true},
	{`(\d{2})(\d{2})(\d{2})`, true},
}

// zoned is a zone behind a stamp: "-0400", "+05:30", "Z", "_UTC".
const zoned = `([+-]\d{2}:?\d{2}|Z|_UTC)?`

var sixBefore = regexp.MustCompile(`(?:^|\D)\d{6}$`)

var atEnd, anywhere = compileLayouts()

func compileLayouts() (end, mid []*regexp.Regexp) {
	for _, l := range layouts {
		end = append(end, regexp.MustCompile(`(?:^|[^0-9A-Za-z+])`+l.pattern+zoned+`$`))
		if !l.end {
			mid = append(mid, regexp.MustCompile(`(?:^|[^0-9A-Za-z+])`+l.pattern+zoned+`(?:[^0-9A-Za-z]|$)`))
		}
	}
	return end, mid
}

// cutStamp finds the stamp of a name, at its end if there is a whole one there, and
// returns what stands before and after it. A day alone counts only where no whole
// stamp stands anywhere: it may be part of a contact's name.
func cutStamp(s string) (at time.Time, before, after string, ok bool) {
	if at, before, ok = endStamp(s, false); ok {
		return at, before, "", true
	}
	for _, re := range anywhere {
		for _, m := range re.FindAllStringSubmatchIndex(s, -1) {
			if at, ok := stampTime(s, m); ok {
				return at, s[:m[0]], strings.TrimLeft(s[lastGroup(m):], " _-."), true
			}
		}
	}
	at, before, ok = endStamp(s, true)
	return at, before, "", ok
}

// endStamp finds a stamp at the end of a name, a whole one or a short one.
func endStamp(s string, short bool) (at time.Time, before string, ok bool) {
	for i, re := range atEnd {
		if layouts[i].end != short {
			continue
		}
		m := re.FindStringSubmatchIndex(s)
		if m == nil || m[1]-m[2] == 6 && sixBefore.MatchString(s[:m[0]]) {
			continue // none, or the second half of a stamp whose first is no date
		}
		if at, ok := stampTime(s, m); ok {
			return at, s[:m[0]], true
		}
	}
	return time.Time{}, s, false
}

// lastGroup is the offset after the last group that matched.
func lastGroup(m []int) int {
	end := 0
	for i := 3; i < len(m); i += 2 {
		end = max(end, m[i])
	}
	return end
}

// oldestShortYear is the first year of two digits that is one: before it no telephone wrote
// such names.
const oldestShortYear = 10

// stampTime reads the groups of a match; false when they are no possible time.
func stampTime(s string, m []int) (time.Time, bool) {
	v := [6]int{}
	groups := len(m)/2 - 2 // without the whole match and the zone
	for i := range groups {
		n, err := strconv.Atoi(s[m[2*i+2]:m[2*i+3]])
		if err != nil {
			return time.Time{}, false
		}
		v[i] = n
	}
	if m[3]-m[2] == 2 {
		if groups == 3 && v[0] < 24 && v[1] < 60 && v[2] < 60 {
			return time.Time{}, false // a time of day as well, behind a date in some other way; nothing expires by a guess
		}
		if v[0] < oldestShortYear {
			return time.Time{}, false // a day first, as in 051126_101500: it would be twenty years too old
		}
		v[0] += 2000
	}
	loc := ist
	if z := len(m) - 2; m[z] >= 0 {
		loc = zone(s[m[z]:m[z+1]])
	}
	return makeTime(v, loc)
}

// dayFirst reads a stamp with a year of two digits as day, month and year where the file is
// of that day, and not of the one that telephones would mean: in November 2026 the call of
// 151126_101500 was not eleven years ago. Nor is a call of a day after its file.
func dayFirst(at time.Time, name string, file time.Time) time.Time {
	const slack = 36 * time.Hour // zones and clocks
	i := strings.Index(name, at.Format("060102"))
	if at.IsZero() || file.IsZero() || i < 0 || i > 0 && '0' <= name[i-1] && name[i-1] <= '9' {
		return at
	}
	year, month, day := at.Date()
	other := time.Date(2000+day, month, year-2000, at.Hour(), at.Minute(), at.Second(), 0, at.Location())
	if other.Month() != month {
		other = time.Time{} // no day of the calendar
	}
	switch ahead := at.Sub(file); {
	case ahead > slack && other.Sub(file) > slack:
		return time.Time{}
	case ahead > slack, ahead < -slack && other.Sub(file).Abs() < slack:
		return other
	}
	return at
}

func zone(z string) *time.Location {
	z = strings.ReplaceAll(z, ":", "")
	if z == "Z" || z == "_UTC" || len(z) != 5 {
		return time.UTC
	}
	h, herr := strconv.Atoi(z[1:3])
	m, merr := strconv.Atoi(z[3:5])
	if herr != nil || merr != nil || h > 14 || m > 59 {
		return ist
	}
	sec := h*3600 + m*60
	if z[0] == '-' {
		sec = -sec
	}
	return time.FixedZone("", sec)
}

// makeTime refuses what is no time between 2000 and 2099.
func makeTime(v [6]int, loc *time.Location) (time.Time, bool) {
	if v[0] < 2000 || v[0] > 2099 || v[1] < 1 || v[1] > 12 || v[2] < 1 || v[3] > 23 || v[4] > 59 || v[5] > 59 {
		return time.Time{}, false
	}
	t := time.Date(v[0], time.Month(v[1]), v[2], v[3], v[4], v[5], 0, loc)
	return t, t.Day() == v[2]
}

// unixStamp reads a name that is nothing but a Unix time in milliseconds or
// seconds. Ten digits that begin with 6 to 9 are a phone number.
func unixStamp(s string) (time.Time, bool) {
	if len(s) != 13 && len(s) != 10 || s[0] < '1' || s[0] > '4' {
		return time.Time{}, false
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return time.Time{}, false
	}
	if len(s) == 13 {
		return time.UnixMilli(n).In(ist), true
	}
	return time.Unix(n, 0).In(ist), true
}

package extract

import (
	"sync/atomic"
	"unicode/utf8"

	"github.com/nyaruka/phonenumbers"
)

// fixedLine reports Indian numbers that look like mobile ones and are landlines:
// the area codes 080 (Bengaluru) and 0712 (Nagpur) make ten digits that begin with
// 7 or 8 as well. A landline is a household's or a firm's, so it is weak. The
// numbering plan of the library decides; six digits are enough for it, so each
// series is asked for once.
func fixedLine(n []byte) bool {
	series := 0
	for _, c := range n[:6] {
		series = series*10 + int(c-'0')
	}
	slot := &seriesKinds[series-firstSeries]
	if k := slot.Load(); k != 0 {
		return k == fixed
	}
	k := mobile
	num, err := phonenumbers.Parse(string(n[:6])+"1234", "IN")
	if err == nil && phonenumbers.GetNumberType(num) == phonenumbers.FIXED_LINE {
		k = fixed
	}
	slot.Store(k)
	return k == fixed
}

// firstSeries is the first series of mobile numbers: they begin with 6 to 9.
const firstSeries = 600_000

const (
	mobile uint32 = iota + 1
	fixed
)

// seriesKinds says of each series of six digits what it is; 0 is not asked yet.
var seriesKinds [400_000]atomic.Uint32

// trunkLine reports eleven digits that are written as landlines of India are: a zero and
// an area code, 011 to 08888, and then the number in one part or two; or all in one. A date
// with an amount behind it (02-11-2026 250) has eleven digits too, and no area code.
func trunkLine(s string, digits []byte) bool {
	if len(digits) != 11 || digits[0] != '0' || digits[1] < '1' || digits[1] > '8' {
		return false
	}
	parts, area := 0, 0
	for i := 0; i < len(s); parts++ {
		from := i
		for i < len(s) && separator(s[i:]) == 0 {
			i++
		}
		if parts == 0 {
			area = utf8.RuneCountInString(s[from:i])
		}
		for i < len(s) && separator(s[i:]) > 0 {
			i += separator(s[i:])
		}
	}
	return parts == 1 || parts <= 3 && area >= 3 && area <= 5
}

package policy

import (
	"fmt"
	"time"

	"github.com/cratio/sutra/lineage"
)

// IST is Indian Standard Time as a fixed zone.
var IST = time.FixedZone("IST", 19800)

// Date is a civil date, in days since 1970-01-01. Arithmetic leaves [NoDate] and
// [BadDate] as they are.
type Date = lineage.Date

// The special dates.
const (
	NoDate  = lineage.NoDate
	BadDate = lineage.BadDate
)

var (
	firstDate = On(2000, time.January, 1)   // anything before is a placeholder
	lastDate  = On(9999, time.December, 31) // dates saturate here
	zeroDate  = On(1, time.January, 1)      // and here
)

// On returns the date of a day, normalised as time.Date does.
func On(year int, month time.Month, day int) Date {
	return Date(floorDiv(time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Unix(), 86400))
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// Real reports whether d is a date at all: neither NoDate nor BadDate.
func Real(d Date) bool { return d != NoDate && d != BadDate }

// Civil returns the date that the calendar in India shows at t, and NoDate for
// the zero time.
func Civil(t time.Time) Date {
	if t.IsZero() {
		return NoDate
	}
	y, m, d := t.In(IST).Date()
	if y < 1 || y > 9999 {
		return BadDate
	}
	return On(y, m, d)
}

// Day returns year, month and day of a real date.
func Day(d Date) (int, time.Month, int) {
	return time.Unix(int64(d)*86400, 0).UTC().Date()
}

// Format renders a date as 2006-01-02, NoDate as "none" and BadDate as "bad".
func Format(d Date) string {
	switch d {
	case NoDate:
		return "none"
	case BadDate:
		return "bad"
	}
	y, m, day := Day(d)
	return fmt.Sprintf("%04d-%02d-%02d", y, m, day)
}

func saturate(days int64) Date {
	return Date(max(int64(zeroDate), min(int64(lastDate), days)))
}

// AddDays returns the date n days later.
func AddDays(d Date, n int) Date {
	if !Real(d) {
		return d
	}
	return saturate(int64(d) + int64(max(-5_000_000, min(5_000_000, n))))
}

// AddMonths returns the corresponding date n months later; when that month has
// none, its last day.
func AddMonths(d Date, n int) Date {
	if !Real(d) {
		return d
	}
	y, m, day := Day(d)
	total := int64(y)*12 + int64(m) - 1 + int64(max(-200_000, min(200_000, n)))
	year, month := int(floorDiv(total, 12)), time.Month(total-floorDiv(total, 12)*12+1)
	if year < 1 {
		return zeroDate
	}
	if year > 9999 {
		return lastDate
	}
	length := int(On(year, month+1, 1) - On(year, month, 1))
	return On(year, month, min(day, length))
}

// AddYears returns the corresponding date n years later; 29 February becomes 28
// where there is none.
func AddYears(d Date, n int) Date {
	return AddMonths(d, 12*max(-20_000, min(20_000, n)))
}

// FYEnd returns the last day of the Indian financial year that d lies in: the
// next 31 March, or d itself on that day.
func FYEnd(d Date) Date {
	if !Real(d) {
		return d
	}
	y, m, _ := Day(d)
	if m > time.March {
		y++
	}
	return saturate(int64(On(y, time.March, 31)))
}

// Midnight returns the first instant of a day in India, and the zero time for
// NoDate and BadDate.
func Midnight(d Date) time.Time {
	if !Real(d) {
		return time.Time{}
	}
	y, m, day := Day(d)
	return time.Date(y, m, day, 0, 0, 0, 0, IST)
}

// Eligible returns the first instant at which data whose last day is last may be
// erased: the next midnight in India. It is the zero time when last is no date.
func Eligible(last Date) time.Time {
	if !Real(last) {
		return time.Time{}
	}
	return Midnight(last + 1)
}

package policy

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Period is a span of calendar time. Its unit matters: 90 days are not 3 months.
type Period struct{ Years, Months, Days int }

// ErrPeriod is returned for what is no period.
var ErrPeriod = errors.New("no ISO 8601 period in years, months, weeks or days, such as P30D, P13M or P7Y")

// ParsePeriod reads an ISO 8601 period of whole years, months, weeks and days.
// Every number is at most 9999.
func ParsePeriod(s string) (Period, error) {
	var p Period
	rest, ok := strings.CutPrefix(s, "P")
	if !ok || rest == "" {
		return Period{}, ErrPeriod
	}
	units := "YMWD"
	for rest != "" {
		n := 0
		for n < len(rest) && rest[n] >= '0' && rest[n] <= '9' {
			n++
		}
		if n == 0 || n > 4 || n == len(rest) {
			return Period{}, ErrPeriod
		}
		at := strings.IndexByte(units, rest[n])
		v, err := strconv.Atoi(rest[:n])
		if at < 0 || err != nil {
			return Period{}, ErrPeriod
		}
		switch units[at] {
		case 'Y':
			p.Years = v
		case 'M':
			p.Months = v
		case 'W':
			p.Days = 7 * v
		case 'D':
			p.Days += v
		}
		units, rest = units[at+1:], rest[n+1:]
	}
	return p, nil
}

// AddTo returns the last day of the period that begins with d: years and months
// first (clamped to the month's end), then days.
func (p Period) AddTo(d Date) Date {
	return AddDays(AddMonths(AddYears(d, p.Years), p.Months), p.Days)
}

// IsZero reports whether the period has no length.
func (p Period) IsZero() bool { return p == Period{} }

// String renders the period as ISO 8601.
func (p Period) String() string {
	var b strings.Builder
	for _, x := range []struct {
		n int
		u string
	}{{p.Years, "Y"}, {p.Months, "M"}, {p.Days, "D"}} {
		if x.n != 0 {
			fmt.Fprintf(&b, "%d%s", x.n, x.u)
		}
	}
	if b.Len() == 0 {
		return "P0D"
	}
	return "P" + b.String()
}

// Words renders the period for a person: "13 months".
func (p Period) Words() string {
	var out []string
	for _, x := range []struct {
		n int
		u string
	}{{p.Years, "year"}, {p.Months, "month"}, {p.Days, "day"}} {
		switch {
		case x.n == 1:
			out = append(out, "1 "+x.u)
		case x.n != 0:
			out = append(out, strconv.Itoa(x.n)+" "+x.u+"s")
		}
	}
	if out == nil {
		return "0 days"
	}
	return strings.Join(out, " and ")
}

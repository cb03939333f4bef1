package policy

import (
	"strconv"
	"strings"
	"time"
)

// ParseDate reads a date or time as sources write them. Times without a zone are
// Indian time; day comes before month where both are numbers. Digits alone are a
// date (8), a time (14), or Unix seconds (10), milliseconds (13), microseconds
// (16) or nanoseconds (19); of seconds and milliseconds there may be fractions.
//
// t is the instant (midnight in India when there is only a date), d its civil
// date in India, or the date as written when there is no time. An empty value
// gives NoDate; an impossible date, one before 2000, or a text that is no date
// gives BadDate; ok is false for both.
func ParseDate(s string) (t time.Time, hasTime bool, d Date, ok bool) {
	s = strings.TrimSpace(s)
	if t, hasTime, d, known := isoDate(s); known && len(s) <= longDate {
		return t, hasTime, d, true
	}
	return parseDate(s)
}

// longDate is more than any date needs, in bytes.
const longDate = 64

// parseDate is ParseDate for every spelling.
func parseDate(s string) (t time.Time, hasTime bool, d Date, ok bool) {
	switch strings.ToLower(s) {
	case "", "null", "none", "nil", "n/a", "-", `\n`:
		return time.Time{}, false, NoDate, false
	}
	if len(s) > longDate {
		return bad()
	}
	if digits(s) {
		return parseDigits(s)
	}
	if sec, frac, yes := strings.Cut(s, "."); yes && (len(sec) == 10 || len(sec) == 13) && digits(sec) && digits(frac) {
		return parseDigits(sec)
	}
	p := scanner{s: s}
	y, m, day, good := p.date()
	if !good {
		return bad()
	}
	if p.s == "" {
		return finish(y, m, day, clock{}, false)
	}
	c, good := p.clock()
	if !good {
		return bad()
	}
	return finish(y, m, day, c, true)
}

func bad() (time.Time, bool, Date, bool) { return time.Time{}, false, BadDate, false }

// clock is a time of day with its zone.
type clock struct {
	h, m, s, ns int
	zone        *time.Location // nil: Indian time
}

func finish(y, m, day int, c clock, hasTime bool) (time.Time, bool, Date, bool) {
	if m < 1 || m > 12 || day < 1 || y < 1 || y > 9999 || day > int(On(y, time.Month(m)+1, 1)-On(y, time.Month(m), 1)) {
		return bad()
	}
	if c.zone == nil {
		c.zone = IST
	}
	return instant(time.Date(y, time.Month(m), day, c.h, c.m, c.s, c.ns, c.zone), hasTime)
}

func instant(t time.Time, hasTime bool) (time.Time, bool, Date, bool) {
	d := Civil(t)
	if !Real(d) || d < firstDate {
		return bad()
	}
	return t.In(IST), hasTime, d, true
}

func digits(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

func parseDigits(s string) (time.Time, bool, Date, bool) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return bad()
	}
	switch len(s) {
	case 8:
		return finish(int(n/10000), int(n/100%100), int(n%100), clock{}, false)
	case 14:
		c := clock{h: int(n / 10000 % 100), m: int(n / 100 % 100), s: int(n % 100)}
		if c.h > 23 || c.m > 59 || c.s > 59 {
			return bad()
		}
		n /= 1_000_000
		return finish(int(n/10000), int(n/100%100), int(n%100), c, true)
	case 10:
		return instant(time.Unix(n, 0), true)
	case 13:
		return instant(time.UnixMilli(n), true)
	case 16:
		return instant(time.UnixMicro(n), true)
	case 19:
		return instant(time.Unix(0, n), true)
	}
	return bad()
}

// scanner eats a text from the left.
type scanner struct{ s string }

// number takes between lo and hi digits.
func (p *scanner) number(lo, hi int) (v, n int, ok bool) {
	for n < len(p.s) && n < hi && p.s[n] >= '0' && p.s[n] <= '9' {
		v = v*10 + int(p.s[n]-'0')
		n++
	}
	if n < lo || n < len(p.s) && p.s[n] >= '0' && p.s[n] <= '9' {
		return 0, n, false
	}
	p.s = p.s[n:]
	return v, n, true
}

// skip takes any of the given bytes.
func (p *scanner) skip(set string) (taken int) {
	n := len(p.s)
	p.s = strings.TrimLeft(p.s, set)
	return n - len(p.s)
}

func (p *scanner) byte(b byte) bool {
	if p.s != "" && p.s[0] == b {
		p.s = p.s[1:]
		return true
	}
	return false
}

// word takes letters.
func (p *scanner) word() string {
	n := 0
	for n < len(p.s) && (p.s[n]|0x20) >= 'a' && (p.s[n]|0x20) <= 'z' {
		n++
	}
	w := strings.ToLower(p.s[:n])
	p.s = p.s[n:]
	return w
}

var months = []string{"january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"}

// month returns the number of a month's name or of its beginning, else 0.
func month(w string) int {
	if w == "sept" {
		return 9
	}
	for i, m := range months {
		if w == m || w == m[:3] {
			return i + 1
		}
	}
	return 0
}

func weekday(w string) bool {
	for _, d := range []string{"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"} {
		if len(w) >= 3 && strings.HasPrefix(d, w) {
			return true
		}
	}
	return false
}

// date takes the date in front.
func (p *scanner) date() (y, m, d int, ok bool) {
	if w := p.word(); w != "" { // "Jan 2, 2006" or a weekday
		if m = month(w); m > 0 {
			p.skip(". ")
			d, _, ok = p.number(1, 2)
			if p.skip(", ") == 0 || !ok {
				return 0, 0, 0, false
			}
			y, _, ok = p.number(4, 4)
			return y, m, d, ok
		}
		if !weekday(w) || p.skip(", ") == 0 {
			return 0, 0, 0, false
		}
	}
	first, n, ok := p.number(1, 4)
	if !ok || n == 3 || p.s == "" {
		return 0, 0, 0, false
	}
	sep := p.s[0]
	if !strings.ContainsRune("-/. ", rune(sep)) {
		return 0, 0, 0, false
	}
	p.s = p.s[1:]
	if w := p.word(); w != "" { // "02-Jan-2006"
		if m = month(w); m == 0 || n > 2 || !p.byte(sep) {
			return 0, 0, 0, false
		}
		y, n, ok = p.number(2, 4)
		if n == 2 {
			y += 2000
		}
		return y, m, first, ok && n != 3
	}
	m, _, ok = p.number(1, 2)
	if !ok || sep == ' ' || !p.byte(sep) {
		return 0, 0, 0, false
	}
	if n == 4 {
		d, _, ok = p.number(1, 2)
		return first, m, d, ok
	}
	y, _, ok = p.number(4, 4)
	return y, m, first, ok
}

// clock takes the time of day, which must end the text.
func (p *scanner) clock() (c clock, ok bool) {
	if !p.byte('T') && !p.byte('t') && p.skip(", ") == 0 {
		return c, false
	}
	p.skip(" ")
	if c.h, _, ok = p.number(1, 2); !ok || !p.byte(':') {
		return c, false
	}
	if c.m, _, ok = p.number(2, 2); !ok {
		return c, false
	}
	if p.byte(':') {
		if c.s, _, ok = p.number(2, 2); !ok {
			return c, false
		}
		if p.byte('.') || p.byte(',') {
			if c.ns, ok = p.fraction(); !ok {
				return c, false
			}
		}
	}
	p.skip(" ")
	if c.h, ok = p.half(c.h); !ok || c.h > 23 || c.m > 59 || c.s > 59 {
		return c, false
	}
	c.zone, ok = p.zone()
	return c, ok && p.s == ""
}

func (p *scanner) fraction() (ns int, ok bool) {
	scale, n := 100_000_000, 0
	for n < len(p.s) && p.s[n] >= '0' && p.s[n] <= '9' {
		ns += int(p.s[n]-'0') * scale
		scale /= 10
		n++
	}
	p.s = p.s[n:]
	return ns, n > 0
}

// half takes AM or PM and returns the hour of the day.
func (p *scanner) half(h int) (int, bool) {
	if len(p.s) < 2 {
		return h, true
	}
	w := strings.ToLower(p.s[:2])
	if w != "am" && w != "pm" {
		return h, true
	}
	p.s = strings.TrimLeft(p.s[2:], " ")
	if h < 1 || h > 12 {
		return h, false
	}
	h %= 12
	if w == "pm" {
		h += 12
	}
	return h, true
}

// zone takes Z, a name that is certain, or an offset.
func (p *scanner) zone() (*time.Location, bool) {
	switch w := p.word(); w {
	case "ist":
		return IST, true
	case "z", "utc", "gmt":
		if p.s == "" {
			return time.UTC, true
		}
		if w == "z" {
			return nil, false
		}
	case "":
		if p.s == "" {
			return nil, true
		}
	default:
		return nil, false
	}
	sign := 1
	if p.byte('-') {
		sign = -1
	} else if !p.byte('+') {
		return nil, false
	}
	v, n, ok := p.number(2, 4)
	mins := 0
	switch {
	case !ok || n == 3:
		return nil, false
	case n == 4:
		v, mins = v/100, v%100
	case p.byte(':'):
		if mins, _, ok = p.number(2, 2); !ok {
			return nil, false
		}
	}
	if v > 15 || mins > 59 {
		return nil, false
	}
	p.skip(" ")
	if w := p.word(); w != "" && w != "ist" && w != "utc" && w != "gmt" { // "+0530 IST"
		return nil, false
	}
	return time.FixedZone("", sign*(v*3600+mins*60)), true
}

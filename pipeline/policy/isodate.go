package policy

import "time"

// istSeconds is how far Indian time is ahead of UTC.
const istSeconds = 19800

// isoDate is [ParseDate] for the spelling that most systems write:
// 2006-01-02, alone or with T15:04:05 (a space for the T, a fraction behind it, and
// Z or +05:30 or nothing as the zone). known is false for everything else, and for what is no
// possible date: ParseDate then looks closer.
func isoDate(s string) (t time.Time, hasTime bool, d Date, known bool) {
	if len(s) < 10 || s[4] != '-' || s[7] != '-' {
		return t, false, 0, false
	}
	y, ok1 := pair(s, 0)
	y2, ok2 := pair(s, 2)
	m, ok3 := pair(s, 5)
	day, ok4 := pair(s, 8)
	y = y*100 + y2
	if !(ok1 && ok2 && ok3 && ok4) || y < 2001 || y > 9990 || m < 1 || m > 12 || day < 1 || day > 28 && day > daysIn(y, m) {
		return t, false, 0, false
	}
	sec, ns := daysSinceEpoch(y, m, day)*86400, int64(0)
	shift := istSeconds
	if s = s[10:]; s != "" {
		clock, nanos, rest, ok := isoClock(s)
		if !ok {
			return t, false, 0, false
		}
		if shift, ok = isoZone(rest); !ok {
			return t, false, 0, false
		}
		sec, ns, hasTime = sec+int64(clock), int64(nanos), true
	}
	sec -= int64(shift)
	return time.Unix(sec, ns).In(IST), hasTime, Date(floorDiv(sec+istSeconds, 86400)), true
}

// isoClock reads T15:04:05 with a fraction from the front.
func isoClock(s string) (seconds, ns int, rest string, ok bool) {
	if len(s) < 9 || s[0] != 'T' && s[0] != ' ' || s[3] != ':' || s[6] != ':' {
		return 0, 0, "", false
	}
	h, ok1 := pair(s, 1)
	m, ok2 := pair(s, 4)
	sec, ok3 := pair(s, 7)
	if !(ok1 && ok2 && ok3) || h > 23 || m > 59 || sec > 59 {
		return 0, 0, "", false
	}
	s = s[9:]
	if s != "" && s[0] == '.' {
		n, scale := 1, 100_000_000
		for ; n < len(s) && s[n] >= '0' && s[n] <= '9'; n++ {
			ns += int(s[n]-'0') * scale
			scale /= 10
		}
		if n == 1 {
			return 0, 0, "", false
		}
		s = s[n:]
	}
	return h*3600 + m*60 + sec, ns, s, true
}

// isoZone reads a zone, which must be all of s, as seconds east of UTC.
func isoZone(s string) (int, bool) {
	switch {
	case s == "":
		return istSeconds, true
	case s == "Z":
		return 0, true
	case len(s) != 6 || s[3] != ':' || s[0] != '+' && s[0] != '-':
		return 0, false
	}
	h, ok1 := pair(s, 1)
	m, ok2 := pair(s, 4)
	if !ok1 || !ok2 || h > 15 || m > 59 {
		return 0, false
	}
	if s[0] == '-' {
		return -(h*3600 + m*60), true
	}
	return h*3600 + m*60, true
}

// pair reads two digits.
func pair(s string, i int) (int, bool) {
	a, b := s[i]-'0', s[i+1]-'0'
	return int(a)*10 + int(b), a <= 9 && b <= 9
}

func daysIn(y, m int) int {
	switch {
	case m == 2 && (y%4 != 0 || y%100 == 0 && y%400 != 0):
		return 28
	case m == 2:
		return 29
	case m == 4 || m == 6 || m == 9 || m == 11:
		return 30
	}
	return 31
}

// daysSinceEpoch counts the days since 1970-01-01 of a date after 2000: years
// begin in March, so that the leap day is the last.
func daysSinceEpoch(y, m, d int) int64 {
	if m <= 2 {
		y, m = y-1, m+12
	}
	return int64(365*y + y/4 - y/100 + y/400 + (153*(m-3)+2)/5 + d - 1 - 719_468)
}

package policy

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func day(t *testing.T, s string) Date {
	t.Helper()
	x, err := time.Parse("2006-01-02", s)
	if err != nil {
		t.Fatal(err)
	}
	return On(x.Year(), x.Month(), x.Day())
}

func TestMonths(t *testing.T) {
	for _, c := range []struct {
		from string
		n    int
		want string
	}{
		{"2028-02-29", 24, "2030-02-28"}, {"2026-01-31", 13, "2027-02-28"}, {"2026-01-31", 1, "2026-02-28"},
		{"2027-01-31", 13, "2028-02-29"}, {"2026-03-31", -1, "2026-02-28"}, {"2026-12-15", 1, "2027-01-15"},
		{"2026-01-15", -1, "2025-12-15"}, {"2026-05-05", 0, "2026-05-05"}, {"9999-12-31", 12, "9999-12-31"},
	} {
		if got := Format(AddMonths(day(t, c.from), c.n)); got != c.want {
			t.Errorf("%s + %d months = %s, want %s", c.from, c.n, got, c.want)
		}
	}
}

func TestCivil(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"2026-12-31T20:00:00Z", "2027-01-01"}, // T24
		{"2026-03-31T18:29:59Z", "2026-03-31"}, {"2026-03-31T18:30:00Z", "2026-04-01"},
	} {
		x, err := time.Parse(time.RFC3339, c.in)
		if err != nil {
			t.Fatal(err)
		}
		if got := Format(Civil(x)); got != c.want {
			t.Errorf("Civil(%s) = %s, want %s", c.in, got, c.want)
		}
	}
	if Civil(time.Time{}) != NoDate || Eligible(NoDate) != (time.Time{}) || AddDays(BadDate, 3) != BadDate || FYEnd(NoDate) != NoDate {
		t.Error("special dates are not kept")
	}
	if got := Eligible(day(t, "2026-03-02")).UTC().Format(time.RFC3339); got != "2026-03-02T18:30:00Z" {
		t.Errorf("Eligible = %s", got)
	}
}

func TestParseDate(t *testing.T) {
	const ist = "+05:30"
	for _, c := range []struct{ in, want string }{
		{"2026-04-22T10:30:00Z", "2026-04-22T16:00:00" + ist}, {"2022-02-03T16:16:51+0000", "2022-02-03T21:46:51" + ist},
		{"2026-07-16T00:12:13+03:00", "2026-07-16T02:42:13" + ist}, {"2021-12-08 12:47:25", "2021-12-08T12:47:25" + ist},
		{"2021-12-08 12:47:25.123456", "2021-12-08T12:47:25" + ist}, {"2026-01-02 03:04:05.5+00", "2026-01-02T08:34:05" + ist},
		{"2026-01-02 03:04:05 +0530 IST", "2026-01-02T03:04:05" + ist}, {"2026-01-02T03:04", "2026-01-02T03:04:00" + ist},
		{"2023-02-28", "2023-02-28"}, {"2023/02/28", "2023-02-28"}, {"02-Jan-2006", "2006-01-02"}, {"08-Dec-21", "2021-12-08"},
		{"08 Dec 2021", "2021-12-08"}, {"08-Dec-2021 12:47:25 PM", "2021-12-08T12:47:25" + ist}, {"8-Dec-2021 12:05 AM", "2021-12-08T00:05:00" + ist},
		{"Jan 2, 2006", "2006-01-02"}, {"Mon, 02 Jan 2006 15:04:05 GMT", "2006-01-02T20:34:05" + ist}, {"20060102", "2006-01-02"},
		{"20260421101500", "2026-04-21T10:15:00" + ist}, {"1697043223", "2023-10-11T22:23:43" + ist}, {"1697043223000", "2023-10-11T22:23:43" + ist},
		{"1617691790431476", "2021-04-06T12:19:50" + ist}, {"1697043223.25", "2023-10-11T22:23:43" + ist}, {"1697043223000.125", "2023-10-11T22:23:43" + ist}, {"169704322.5", "bad"},
		{"01/06/2026 10:30:00", "2026-06-01T10:30:00" + ist}, {"07-08-2026 11:40", "2026-08-07T11:40:00" + ist}, {" 31.12.2026 ", "2026-12-31"},
		{"2026-03-31T23:30:00-05:00", "2026-04-01T10:00:00" + ist}, {"2028-02-29", "2028-02-29"},
		{"", "none"}, {" ", "none"}, {"NULL", "none"}, {"-", "none"},
		{"0000-00-00", "bad"}, {"0000-00-00 00:00:00", "bad"}, {"1900/01/01", "bad"}, {"1970-01-01T00:00:00Z", "bad"}, {"1999-12-31", "bad"},
		{"0", "bad"}, {"946684799", "bad"}, {"2026-13-01", "bad"}, {"2026-02-30", "bad"}, {"01/15/2026", "bad"}, {"01/06/26", "bad"},
		{"2026-01-01 25:00:00", "bad"}, {"2026-01-01 10:61", "bad"}, {"2026-01-01 10:00:00 EST", "bad"}, {"soon", "bad"}, {"2026-01-01x", "bad"},
		{"9876543210123", "2282-12-23T01:43:30" + ist}, {"123456", "bad"}, {"2026-01-01 13:00 PM", "bad"}, {"2026-1-2-3", "bad"},
	} {
		x, hasTime, d, ok := ParseDate(c.in)
		got := Format(d)
		if hasTime {
			got = x.Format("2006-01-02T15:04:05-07:00")
		}
		if got != c.want || ok != Real(d) || ok && Civil(x) != d {
			t.Errorf("ParseDate(%q) = %s %v, want %s", c.in, got, ok, c.want)
		}
	}
}

func FuzzParseDate(f *testing.F) {
	for _, s := range []string{"2026-04-22T10:30:00Z", "08-Dec-21", "1697043223", "Mon, 02 Jan 2006 15:04:05 +0530", "0000-00-00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		x, hasTime, d, ok := ParseDate(s)
		if ok != Real(d) || ok && (Civil(x) != d || d < firstDate) || !ok && (hasTime || !x.IsZero()) {
			t.Fatalf("%q: %v %v %d %v", s, x, hasTime, d, ok)
		}
	})
}

func TestParsePeriod(t *testing.T) {
	for in, want := range map[string]Period{
		"P30D": {Days: 30}, "P13M": {Months: 13}, "P7Y": {Years: 7}, "P1Y2M3D": {1, 2, 3}, "P2W": {Days: 14}, "P1W2D": {Days: 9},
	} {
		got, err := ParsePeriod(in)
		if err != nil || got != want {
			t.Errorf("%s: %v %v", in, got, err)
		}
		if back, err := ParsePeriod(got.String()); err != nil || back != got {
			t.Errorf("%s does not come back: %s", in, got)
		}
	}
	for _, in := range []string{"", "P", "30D", "P30", "PD", "P1D1M", "P-1D", "PT48H", "P1.5D", "P99999D", "p30d", "P30D "} {
		if _, err := ParsePeriod(in); err == nil {
			t.Errorf("%q is accepted", in)
		}
	}
}

func genDate(t *rapid.T, name string) Date {
	return Date(rapid.IntRange(int(firstDate), int(On(2100, 1, 1))).Draw(t, name))
}

func TestMonthProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := genDate(t, "a"), genDate(t, "b")
		n := rapid.IntRange(0, 200).Draw(t, "n")
		x := AddMonths(a, n)
		_, _, day := Day(a)
		y, m, got := Day(x)
		if got != day && (got > day || On(y, m+1, 1) != x+1) {
			t.Fatalf("%s + %d months = %s: neither the day nor the month's last", Format(a), n, Format(x))
		}
		y0, m0, _ := Day(a)
		if y*12+int(m) != y0*12+int(m0)+n {
			t.Fatalf("%s + %d months = %s: wrong month", Format(a), n, Format(x))
		}
		if a <= b && x > AddMonths(b, n) {
			t.Fatal("not monotone")
		}
		if e := FYEnd(a); e < a || e-a > 365 || FYEnd(e) != e || FYEnd(e+1) <= e {
			t.Fatalf("FYEnd(%s) = %s", Format(a), Format(e))
		}
	})
}

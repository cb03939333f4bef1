package policy

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"
)

// TestISODateAgainstAll compares the short way with the one that knows every
// spelling, on dates, impossible dates and near misses.
func TestISODateAgainstAll(t *testing.T) {
	num := func(t *rapid.T, label string, hi int) int { return rapid.IntRange(0, hi).Draw(t, label) }
	rapid.Check(t, func(t *rapid.T) {
		s := fmt.Sprintf("%04d-%02d-%02d", rapid.OneOf(rapid.IntRange(1999, 2105), rapid.IntRange(0, 9999)).Draw(t, "year"), num(t, "month", 13), num(t, "day", 32))
		if rapid.Bool().Draw(t, "with time") {
			s += rapid.SampledFrom([]string{"T", " ", "t", "  ", ", "}).Draw(t, "between") + fmt.Sprintf("%02d:%02d", num(t, "hour", 24), num(t, "minute", 60))
			s += rapid.SampledFrom([]string{"", ":00", ":07", ":59", ":60", ":30.5", ":30.123456789", ":30.1234567891", ":30."}).Draw(t, "second")
			s += rapid.SampledFrom([]string{"", "Z", "z", "+05:30", "-07:00", "+15:59", "+16:00", "-1530", " IST", "+05:60", "+5:30", " +05:30", "UTC"}).Draw(t, "zone")
		}
		if rapid.IntRange(0, 9).Draw(t, "damage") == 0 {
			i := rapid.IntRange(0, len(s)-1).Draw(t, "where")
			s = s[:i] + rapid.SampledFrom([]string{"", "x", "/", "9", "-", ":"}).Draw(t, "by") + s[i+1:]
		}
		wt, wh, wd, wok := parseDate(s)
		gt, gh, gd, known := isoDate(s)
		if known && (gt != wt || gh != wh || gd != wd || !wok) {
			t.Fatalf("%q: %v %v %v, want %v %v %v %v", s, gt, gh, gd, wt, wh, wd, wok)
		}
		if at, _, ad, aok := ParseDate(s); at != wt || ad != wd || aok != wok {
			t.Fatalf("ParseDate(%q) = %v %v %v", s, at, ad, aok)
		}
		if wok && wd != Civil(wt) {
			t.Fatalf("%q: the civil date %v is not that of the instant", s, wd)
		}
	})
	if _, _, _, known := isoDate("2026-04-21T10:15:00+05:30"); !known {
		t.Error("the commonest spelling is not known")
	}
}

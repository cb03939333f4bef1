package crm

import (
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func FuzzLocator(f *testing.F) {
	f.Add("a,b", `c\`, int64(1))
	f.Add("", "x'00'", int64(math.MinInt64))
	f.Fuzz(func(t *testing.T, a, b string, n int64) {
		for _, parts := range [][]string{{a}, {a, b}, {a, b, a}} {
			got, ok := splitKey(joinKey(parts), len(parts))
			if !ok || cmp.Diff(parts, got) != "" {
				t.Fatalf("%q became %q", parts, got)
			}
		}
		splitKey(a, 2)
		rowNumber(a, pkPrefix)
		for _, s := range []span{{}, aligned(n, unitRows), {lo: &n}} {
			name, back, err := parseUnit(unitKey(a, s))
			if err != nil || name != a || cmp.Diff(s.lo, back.lo) != "" || cmp.Diff(s.hi, back.hi) != "" {
				t.Fatalf("%q %v %v", a, s, err)
			}
		}
		if s := aligned(n, unitRows); s.lo != nil && n < *s.lo || s.hi != nil && n >= *s.hi {
			t.Fatalf("%d is not in its range", n)
		}
		if _, _, err := parseUnit(a); err == nil && !strings.Contains(a, "[") {
			t.Fatal("a name without a range was taken")
		}
	})
}

func FuzzValue(f *testing.F) {
	f.Add([]byte("\xff\xfeA\x00"), "x")
	f.Add([]byte{0xfe, 0xff, 0xd8}, "")
	f.Fuzz(func(t *testing.T, b []byte, s string) {
		for _, keyed := range []bool{false, true} {
			for _, v := range []any{b, string(b)} {
				if got, ok := spell(v, keyed); !ok || !isUTF8(got) {
					t.Fatalf("%q", got)
				}
			}
		}
		if v, ok := restore(s, b); !ok || v == nil {
			t.Fatal("bytes could not be restored")
		}
		if m := mask(s); mask(m) != m {
			t.Fatalf("mask is not stable: %q", m)
		}
	})
}

func isUTF8(s string) bool { return strings.ToValidUTF8(s, "") == s }

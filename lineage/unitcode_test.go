package lineage

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/cratio/sutra/connectors"
)

// TestUnitStatesComeBack: every state is read as it was written, and no part of one is
// read as a whole.
func TestUnitStatesComeBack(t *testing.T) {
	gap := rapid.Custom(func(t *rapid.T) connectors.Gap {
		return connectors.Gap{Locator: rapid.String().Draw(t, "locator"), Reason: rapid.String().Draw(t, "reason")}
	})
	rapid.Check(t, func(t *rapid.T) {
		text := func(name string) string { return rapid.String().Draw(t, name) }
		want := &UnitState{ID: rapid.Uint32().Draw(t, "id"), Generation: rapid.Uint64().Draw(t, "generation"), Source: text("source"),
			Unit:   connectors.Unit{Key: text("key"), Fingerprint: text("fingerprint"), Account: text("account"), Size: rapid.Int64().Draw(t, "size")},
			Digest: text("digest"), Catalog: text("catalog"), Mark: text("mark"), Records: rapid.Int().Draw(t, "records"), Sightings: rapid.Int().Draw(t, "sightings")}
		if rapid.Bool().Draw(t, "committed") {
			want.CommittedAt = time.UnixMilli(rapid.Int64Range(1, 1<<45).Draw(t, "at")).UTC()
		}
		if n := rapid.IntRange(0, 3).Draw(t, "gaps"); n > 0 {
			want.Gaps = rapid.SliceOfN(gap, n, n).Draw(t, "gaps")
		}
		if n := rapid.IntRange(0, 3).Draw(t, "parts"); n > 0 {
			for range n {
				want.parts = append(want.parts, unitPart{rapid.Uint64().Draw(t, "generation"), rapid.Uint32().Draw(t, "first")})
			}
			want.end = rapid.Uint32().Draw(t, "end")
			holes := rapid.SliceOfNDistinct(rapid.Uint32(), 0, 5, rapid.ID[uint32]).Draw(t, "holes")
			if slices.Sort(holes); len(holes) > 0 {
				want.holes = holes
			}
		}
		want.Accounts, want.Again = rapid.Bool().Draw(t, "accounts"), rapid.Bool().Draw(t, "again")
		if n := rapid.IntRange(0, 3).Draw(t, "runs"); n > 0 {
			want.places = drawPlaces(t, n)
		}
		b := appendUnit(nil, want)
		got, err := readUnit(b)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, got, cmp.AllowUnexported(UnitState{}, patched{}, unitPart{}, places{}, placeRun{})); d != "" {
			t.Fatal(d)
		}
		if _, err := readUnit(b[:rapid.IntRange(0, len(b)-1).Draw(t, "cut")]); err == nil {
			t.Fatal("a part was read as a whole")
		}
	})
}

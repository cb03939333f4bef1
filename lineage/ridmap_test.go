package lineage

import (
	"testing"

	"pgregory.net/rapid"
)

// TestRIDMap holds the map against a plain one, on sightings that stand side by side,
// across the edge of a page, and in other units.
func TestRIDMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var m ridMap[int]
		var p ridSet
		plain := map[RID]int{}
		rid := rapid.Custom(func(t *rapid.T) RID {
			return RID(rapid.Uint32Range(0, 3).Draw(t, "unit"))<<32 | RID(rapid.Uint32Range(0, 3*ridPage).Draw(t, "row"))
		})
		for i, id := range rapid.SliceOf(rid).Draw(t, "ids") {
			if _, ok := plain[id]; ok != p.has(id) {
				t.Fatalf("%x is in the set: %v, want %v", id, p.has(id), ok)
			}
			m.set(id, i+1)
			p.add(id)
			plain[id] = i + 1
			ask := rid.Draw(t, "ask")
			if got := m.get(ask); got != plain[ask] {
				t.Fatalf("%x is %d, want %d", ask, got, plain[ask])
			}
		}
		if len(p.list) != len(plain) {
			t.Fatalf("%d in the list of the set, want %d", len(p.list), len(plain))
		}
	})
}

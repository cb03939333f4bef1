package pipeline

import (
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestVisited compares the set with a map.
func TestVisited(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var v visited
		want := map[uint32]bool{}
		for _, n := range rapid.SliceOf(rapid.Uint32Range(0, 1000)).Draw(t, "units") {
			v.add(n)
			want[n] = true
		}
		for n := range uint32(1100) {
			if v.has(n) != want[n] {
				t.Fatalf("unit %d: %v", n, v.has(n))
			}
		}
		if all := slices.Collect(v.all()); !slices.Equal(all, slices.Sorted(maps.Keys(want))) {
			t.Fatalf("%v", all)
		}
	})
}

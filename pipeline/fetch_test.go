package pipeline

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/cratio/sutra/lineage"
)

// TestWanted: whatever a source hands out, in whatever order and however often, each
// record that is wanted is taken once, and what did not come is counted.
func TestWanted(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := wanted{unit: 7}
		left := map[string]*lineage.Found{}
		for i := range rapid.IntRange(1, 8).Draw(t, "wanted") {
			f := &lineage.Found{RID: lineage.RID(7<<32 | i), Record: lineage.Sighting{Collection: "leads", Locator: fmt.Sprint("row ", 2*i)}}
			w.list = append(w.list, f)
			left[f.Record.Locator] = f
		}
		comes := rapid.SliceOf(rapid.IntRange(0, 20)).Draw(t, "comes")
		if rapid.Bool().Draw(t, "in order") {
			for i := range comes {
				comes[i] = 2 * i
			}
		}
		for _, i := range comes {
			loc := fmt.Sprint("row ", i)
			if rapid.IntRange(0, 9).Draw(t, "another") == 0 && w.take("deals", loc) != nil {
				t.Fatal("a record of another collection was taken")
			}
			if got := w.take("leads", loc); got != left[loc] {
				t.Fatalf("%s: %v, want %v", loc, got, left[loc])
			}
			delete(left, loc)
			if w.left() != len(left) {
				t.Fatalf("%d left, want %d", w.left(), len(left))
			}
		}
	})
}

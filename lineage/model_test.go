package lineage

import (
	"context"
	"errors"
	"flag"
	"os"
	"slices"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// fewerChecks lets a property be tried fewer times than others, unless the command line
// says how often. What it returns undoes that.
func fewerChecks(t *testing.T) func() {
	checks := flag.Lookup("rapid.checks")
	if checks.Value.String() != checks.DefValue {
		return func() {}
	}
	set := func(n string) {
		if err := checks.Value.Set(n); err != nil {
			t.Error(err)
		}
	}
	set("25")
	return func() { set(checks.DefValue) }
}

// TestModel compares a graph with a map, over any sequence of writing, removing,
// flushing, asking, reopening and compacting.
func TestModel(t *testing.T) {
	defer fewerChecks(t)() // every check opens databases several times
	rapid.Check(t, func(t *rapid.T) {
		dir, err := os.MkdirTemp("", "lineage-model-")
		if err != nil {
			t.Fatal(err)
		}
		o := Options{MemoryBudget: 1 << rapid.IntRange(12, 20).Draw(t, "budget"), direct: rapid.SampledFrom([]int{-1, 1, 1 << 30}).Draw(t, "direct")}
		g, err := Create(dir, testKey, o)
		if err != nil {
			t.Fatal(err)
		}
		var w *Writer
		closed := func() {
			if w != nil {
				if err := w.Close(context.Background()); err != nil {
					t.Fatal(err)
				}
				w = nil
			}
		}
		model := map[int]int{} // unit → version
		for range rapid.IntRange(1, 10).Draw(t, "steps") {
			switch op := rapid.IntRange(0, 9).Draw(t, "op"); {
			case op < 6:
				if w == nil {
					if w, err = g.Begin(); err != nil {
						t.Fatal(err)
					}
				}
				i, version := rapid.IntRange(0, 5).Draw(t, "unit"), rapid.IntRange(1, 3).Draw(t, "version")
				if op == 5 {
					err = w.Flush(context.Background()) // a unit that is not visible cannot be removed
					if err == nil {
						err = w.Remove("s", unitKey(i))
					}
					delete(model, i)
				} else {
					err = writeUnit(w, i, version)
					model[i] = version
				}
				if err != nil {
					t.Fatal(err)
				}
			case op == 6:
				closed()
				if err := g.Compact(context.Background()); err != nil {
					t.Fatal(err)
				}
			case op == 7:
				closed()
				if err := g.Close(); err != nil {
					t.Fatal(err)
				}
				if g, err = Open(dir, testKey, o); err != nil {
					t.Fatal(err)
				}
			case w != nil:
				if err := w.Flush(context.Background()); err != nil {
					t.Fatal(err)
				}
				if op == 9 {
					checkModel(t, g, model)
				}
			}
		}
		closed()
		checkModel(t, g, model)
		if err := errors.Join(g.Close(), os.RemoveAll(dir)); err != nil {
			t.Fatal(err)
		}
	})
}

func checkModel(t *rapid.T, g *Graph, model map[int]int) {
	n := 0
	want := map[Token][]string{}
	for i, version := range model {
		st, err := g.Unit("s", unitKey(i))
		if err != nil || st == nil {
			t.Fatalf("unit %d is not there (%v)", i, err)
		}
		found, err := g.UnitSightings(st.ID)
		if err != nil {
			t.Fatal(err)
		}
		var got []Sighting
		for _, f := range found {
			got = append(got, f.Record)
		}
		if diff := cmp.Diff(worldUnit(g, i, version), got); diff != "" {
			t.Fatal("unit", i, diff)
		}
		for _, s := range got {
			want[s.Edges[0].Token] = append(want[s.Edges[0].Token], unitKey(i)+" "+s.Locator)
		}
	}
	var ask []Token
	for i := range 215 { // some are nobody's
		ask = append(ask, g.Token("phone", strconv.Itoa(i)))
	}
	samePostings(t, g, ask)
	for i := range 211 {
		tok := g.Token("phone", strconv.Itoa(i))
		got := locators(t, g, tok)
		slices.Sort(want[tok])
		if !slices.Equal(got, want[tok]) {
			t.Fatalf("phone %d: %d records, want %d", i, len(got), len(want[tok]))
		}
	}
	all := map[RID][]Edge{}
	err := g.Walk(context.Background(), nil, func(f *Found) error {
		n++
		all[f.RID] = slices.Clone(f.Record.Edges)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for part := range RID(3) { // a third of the sightings whole
		want := func(f *Found) bool { return (f.RID>>2)%3 == part }
		err := g.Walk(context.Background(), want, func(f *Found) error {
			if want(f) && !slices.Equal(f.Record.Edges, all[f.RID]) {
				t.Fatalf("sighting %x has other edges when it alone is wanted", f.RID)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for i, version := range model {
		n -= len(worldUnit(g, i, version))
	}
	if n != 0 {
		t.Fatalf("the walk sees %d sightings too many", n)
	}
}

package lineage

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cratio/sutra/connectors"
)

// TestMarks checks that the units with gaps or accounts, and no others, are told of, however the
// graph came to be as it is: in a first load or a later one, flushed in between or not,
// healed, written again within a run, removed, compacted.
func TestMarks(t *testing.T) {
	for name, o := range map[string]Options{"": {}, "in bulk": inBulk, "little": little} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			g := openWith(t, dir, o)
			run := func(steps ...func(w *Writer)) {
				t.Helper()
				w, err := g.Begin()
				if err != nil {
					t.Fatal(err)
				}
				for _, s := range steps {
					s(w)
				}
				if err := w.Close(context.Background()); err != nil {
					t.Fatal(err)
				}
			}
			unit := func(key string, gaps ...string) func(w *Writer) {
				return func(w *Writer) { commitGaps(t, w, key, gaps) }
			}
			flush := func(w *Writer) {
				if err := w.Flush(context.Background()); err != nil {
					t.Fatal(err)
				}
			}
			remove := func(w *Writer) {
				if err := w.Remove("s", "c"); err != nil {
					t.Fatal(err)
				}
			}
			run(unit("a", "line 3"), unit("b"), unit("c", "line 1", "line 2"))
			sameFlawed(t, g, "a line 3", "c line 1", "c line 2")
			run(unit("a"), unit("b", "line 9"), flush, unit("d", "line 4"))
			sameFlawed(t, g, "b line 9", "c line 1", "c line 2", "d line 4")
			run(unit("d", "line 5"), flush, unit("d"), unit("e", "line 6"), unit("e"), unit("f"), flush, unit("f", "line 7"))
			sameFlawed(t, g, "b line 9", "c line 1", "c line 2", "f line 7")
			if err := g.Compact(context.Background()); err != nil {
				t.Fatal(err)
			}
			run(remove, unit("b"))
			closeGraph(t, g)
			g = openWith(t, dir, o)
			sameFlawed(t, g, "f line 7")
			closeGraph(t, g)
		})
	}
}

// commitGaps writes a unit of one record and gaps. One that begins with an "a" or an "f"
// holds accounts, but for those with one gap.
func commitGaps(t *testing.T, w *Writer, key string, gaps []string) {
	t.Helper()
	u := connectors.Unit{Key: key}
	uw, err := w.Unit("s", u)
	if err == nil {
		err = uw.Add([]Sighting{{Collection: "leads", Locator: "1", Edges: []Edge{{Token: w.g.Token("phone", key), Kind: "phone"}}}})
	}
	if err != nil {
		t.Fatal(err)
	}
	st := UnitState{Unit: u, Records: 1, Accounts: strings.ContainsAny(key, "af") && len(gaps) != 1}
	for _, at := range gaps {
		st.Gaps = append(st.Gaps, connectors.Gap{Locator: at, Reason: "is cut short"})
	}
	if err := uw.Commit(st); err != nil {
		t.Fatal(err)
	}
}

func sameFlawed(t *testing.T, g *Graph, want ...string) {
	t.Helper()
	var flawed, all, ofAccounts []string
	collect := func(into *[]string) func(st *UnitState) error {
		return func(st *UnitState) error {
			for _, gap := range st.Gaps {
				*into = append(*into, st.Unit.Key+" "+gap.Locator)
			}
			return nil
		}
	}
	if err := g.Flawed(collect(&flawed)); err != nil {
		t.Fatal(err)
	}
	if err := g.Units("", collect(&all)); err != nil {
		t.Fatal(err)
	}
	var wantAccounts []string
	if err := g.Units("", func(st *UnitState) error {
		if st.Accounts {
			wantAccounts = append(wantAccounts, st.Unit.Key)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if err := g.OfAccounts(func(st *UnitState) error { ofAccounts = append(ofAccounts, st.Unit.Key); return nil }); err != nil {
		t.Fatal(err)
	}
	slices.Sort(wantAccounts)
	slices.Sort(ofAccounts)
	if diff := cmp.Diff(wantAccounts, ofAccounts); diff != "" {
		t.Errorf("the units of accounts (-want +got):\n%s", diff)
	}
	marked := 0
	if err := g.prefix([]byte("f"), func(_, _ []byte) error { marked++; return nil }); err != nil {
		t.Fatal(err)
	}
	slices.Sort(flawed)
	slices.Sort(all)
	if diff := cmp.Diff(want, flawed); diff != "" {
		t.Errorf("the units with gaps (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want, all); diff != "" {
		t.Errorf("the gaps of all units (-want +got):\n%s", diff)
	}
	units := map[string]bool{}
	for _, f := range want {
		units[f[:1]] = true
	}
	for _, key := range wantAccounts {
		units[key] = true
	}
	if marked != len(units) {
		t.Errorf("%d units are marked, %d have gaps or accounts", marked, len(units))
	}
}

package lineage

import (
	"context"
	"errors"
	"strconv"
	"testing"

	"github.com/dgraph-io/badger/v4"

	"github.com/cratio/sutra/connectors"
)

// TestCloseManyUnits closes a load with more new heads than a transaction takes.
func TestCloseManyUnits(t *testing.T) {
	const units = 30_000
	dir := t.TempDir()
	g := openWith(t, dir, inBulk)
	w, err := g.Begin()
	if err != nil {
		t.Fatal(err)
	}
	for i := range units {
		u := connectors.Unit{Key: strconv.Itoa(i)}
		uw, err := w.Unit("s", u)
		if err != nil {
			t.Fatal(err)
		}
		row := Sighting{Collection: "calls", Locator: "object", Trigger: NoDate, Edges: []Edge{{Token: g.Token("phone", strconv.Itoa(i)), Kind: "phone", Role: Subject}}}
		if err := errors.Join(uw.Add([]Sighting{row}), uw.Commit(UnitState{Unit: u, Records: 1})); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.pending(); !errors.Is(err, badger.ErrTxnTooBig) {
		t.Fatalf("the heads fit into a transaction (%v)", err)
	}
	if err := w.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	closeGraph(t, g)
	g = openWith(t, dir, inBulk)
	defer closeGraph(t, g)
	n := 0
	if err := g.Units("s", func(*UnitState) error { n++; return nil }); err != nil || n != units {
		t.Errorf("%d units, want %d (%v)", n, units, err)
	}
	for _, i := range []int{0, units / 2, units - 1} {
		rids, err := g.Postings(g.Token("phone", strconv.Itoa(i)))
		if err != nil || len(rids) != 1 {
			t.Errorf("identifier %d has %d sightings, want 1 (%v)", i, len(rids), err)
		}
	}
}

// TestCloseAfterRemoval closes a load in which a unit vanished that had been visible.
func TestCloseAfterRemoval(t *testing.T) {
	want := openWith(t, t.TempDir(), inBulk)
	defer closeGraph(t, want)
	loadUnits(t, want, 0, 9, 1)
	g := openWith(t, t.TempDir(), inBulk)
	defer closeGraph(t, g)
	w, err := g.Begin()
	if err != nil {
		t.Fatal(err)
	}
	for i := range 10 {
		if err := writeUnit(w, i, 1); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(w.Flush(t.Context()), w.Remove("s", unitKey(9)), w.Close(t.Context())); err != nil {
		t.Fatal(err)
	}
	sameContents(t, "without the unit that vanished", want, g)
}

// shortLived is a context that is over, but says so from the second time on only.
type shortLived struct {
	context.Context
	asked bool
}

func (c *shortLived) Err() error {
	if c.asked {
		return context.Canceled
	}
	c.asked = true
	return nil
}

// TestCloseThatFails: what was committed is flushed when the merge fails, and the next
// question merges it.
func TestCloseThatFails(t *testing.T) {
	want := openWith(t, t.TempDir(), inBulk)
	defer closeGraph(t, want)
	loadUnits(t, want, 0, 10, 1)
	dir := t.TempDir()
	g := openWith(t, dir, inBulk)
	w, err := g.Begin()
	if err != nil {
		t.Fatal(err)
	}
	for i := range 10 {
		if err := writeUnit(w, i, 1); err != nil {
			t.Fatal(err)
		}
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if err := w.Close(&shortLived{Context: over}); !errors.Is(err, context.Canceled) {
		t.Fatalf("the merge is not interrupted: %v", err)
	}
	closeGraph(t, g)
	g = openWith(t, dir, inBulk)
	defer closeGraph(t, g)
	if g.load == nil {
		t.Fatal("the load is lost")
	}
	sameContents(t, "after a merge that failed", want, g)
}

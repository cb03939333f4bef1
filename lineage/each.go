package lineage

import (
	"context"
	"fmt"
	"slices"

	"github.com/dgraph-io/badger/v4"
)

// UnitSightings returns all sightings of a unit.
func (g *Graph) UnitSightings(id uint32) ([]Found, error) {
	st, err := g.UnitByID(id)
	if err != nil || st == nil {
		return nil, err
	}
	var out []Found
	err = g.EachOf(st, func(f *Found) error {
		out = append(out, *f)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// EachOf calls fn for every sighting of a unit, in the order in which they stand. fn may
// use the graph.
func (g *Graph) EachOf(st *UnitState, fn func(*Found) error) error {
	w := &walker{g: g, fn: fn}
	if err := w.unit(st); err != nil {
		return err
	}
	return w.flush()
}

// Walk calls fn for every sighting, unit by unit, in the order of their numbers: what lies
// together in a source comes together. fn may use the graph. Tokens cost more
// than all the rest, for those of a unit stand all over the graph: where whole, which is
// asked first, says no, the tokens of a sighting's edges may be cut short. A nil whole
// says yes to all.
func (g *Graph) Walk(ctx context.Context, whole func(*Found) bool, fn func(*Found) error) error {
	w := &walker{g: g, whole: whole, fn: fn}
	err := g.inOrder(func(st *UnitState) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		return w.unit(st)
	})
	if err != nil {
		return err
	}
	return w.flush()
}

// walkRows is how many sightings a walk reads before it completes their tokens: the
// more, the fewer times it goes through the postings.
const walkRows = 64 << 10

// walker reads whole units, many sightings at a time.
type walker struct {
	g     *Graph
	whole func(*Found) bool
	fn    func(*Found) error
	rows  *rowReader
}

func (w *walker) unit(st *UnitState) error {
	if err := w.g.settle(); err != nil {
		return err
	}
	for no := uint32(0); no < st.blocks(); {
		if w.rows == nil {
			w.rows = &rowReader{g: w.g}
		}
		err := w.g.view(func(tx *badger.Txn) error {
			for ; no < st.blocks() && len(w.rows.found) < walkRows; no++ {
				ok, err := w.rows.block(tx, st, no, nil)
				if err != nil {
					return err
				}
				if !ok {
					return fmt.Errorf("unit %d: %w: a block is missing", st.ID, errBlock)
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		if len(w.rows.found) >= walkRows {
			if err := w.flush(); err != nil {
				return err
			}
		}
	}
	return nil
}

// flush completes the tokens of what was read and calls back.
func (w *walker) flush() error {
	r := w.rows
	if r == nil {
		return nil
	}
	w.rows = nil
	if w.whole != nil {
		r.only(w.whole)
	}
	if err := w.g.view(func(tx *badger.Txn) error { return w.g.complete(tx, r.halves) }); err != nil {
		return err
	}
	for i := range r.found {
		if err := w.fn(&r.found[i]); err != nil {
			return err
		}
	}
	return nil
}

// only leaves of the edges to be completed those of the sightings that are wanted whole.
// Sightings may share their edges.
func (r *rowReader) only(whole func(*Found) bool) {
	wanted := make(map[*Edge]bool, len(r.found)) // by the first edge of a list
	for i := range r.found {
		if f := &r.found[i]; len(f.Record.Edges) > 0 {
			first := &f.Record.Edges[0]
			wanted[first] = whole(f) || wanted[first]
		}
	}
	on := false
	r.halves = slices.DeleteFunc(r.halves, func(h halfEdge) bool {
		if w, first := wanted[h.edge]; first {
			on = w
		}
		return !on
	})
}

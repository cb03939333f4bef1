package pipeline

import (
	"context"
	"errors"
	"iter"
	"math/bits"
	"slices"
	"strings"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/lineage"
)

// visited is the set of units that a scan was given by a listing, by their number in
// the graph: a bit a unit, so that tens of millions of recordings are a few megabytes.
// The zero value is empty.
type visited []uint64

func (v *visited) add(unit uint32) {
	for int(unit/64) >= len(*v) {
		*v = append(*v, 0)
	}
	(*v)[unit/64] |= 1 << (unit % 64)
}

func (v visited) has(unit uint32) bool {
	return int(unit/64) < len(v) && v[unit/64]&(1<<(unit%64)) != 0
}

// all yields the members in order.
func (v visited) all() iter.Seq[uint32] {
	return func(yield func(uint32) bool) {
		for i, word := range v {
			for ; word != 0; word &= word - 1 {
				if !yield(uint32(64*i + bits.TrailingZeros64(word))) {
					return
				}
			}
		}
	}
}

// removedAtOnce is how many units that vanished are taken out of the graph before
// that is made visible.
const removedAtOnce = 20_000

// unreadable tells of a unit that cannot be read. Of a closed table, no unit that the graph
// knows is gone. Neither is one of a table in which a plan left records that it was to erase:
// if it is not there, it may have been renamed, and the graph alone knows of them.
func (r *scan) unreadable(src *Source, u connectors.Unit, err error) error {
	r.unread(src.Name, u.Key, "it cannot be read: "+err.Error())
	table, _, ok := strings.Cut(u.Key, "[")
	if !ok || !database(src.Connector) {
		return nil
	}
	shut := errors.Is(err, connectors.ErrClosed)
	if !shut {
		left, err := r.leftUndone()
		if err != nil {
			return err
		}
		for at := range left.places {
			shut = shut || at.source == src.Name && at.collection == table
		}
	}
	if shut {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.shut = append(r.shut, table+"[")
	}
	return nil
}

// isShut reports a unit of a table that may not be read now.
func (r *scan) isShut(key string) bool {
	return slices.ContainsFunc(r.shut, func(p string) bool { return strings.HasPrefix(key, p) })
}

// vanished takes the units of a source out of the graph that were not listed. Units
// that the run wrote itself were; those of a table that may not be read now are not gone.
func (r *scan) vanished(ctx context.Context, src *Source) error {
	return r.Graph.Units(src.Name, func(st *lineage.UnitState) error {
		if r.w.Wrote(st) || r.seen.has(st.ID) || r.isShut(st.Unit.Key) {
			return nil
		}
		if err := r.w.Remove(src.Name, st.Unit.Key); err != nil {
			return err
		}
		if r.sum.Removed++; r.sum.Removed%removedAtOnce == 0 {
			return r.w.Flush(ctx)
		}
		return nil
	})
}

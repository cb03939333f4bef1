package lineage

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/dgraph-io/badger/v4"
)

// rowReader collects sightings, and their edges whose tokens are to be completed.
type rowReader struct {
	g      *Graph
	sealed []byte
	plain  []byte
	rest   []wanted  // the blocks that come after this one
	told   int       // of how many of them the kernel was told
	view   blockView // of the block that is being read
	found  []Found
	halves []halfEdge

	last  lastRow // of the block that is being read
	noted []Edge  // the last edges that are in halves
}

// blocks reads rows of several blocks.
func (r *rowReader) blocks(list []wanted) error {
	return r.g.view(func(tx *badger.Txn) error {
		for i, b := range list {
			r.rest, r.told = list[i+1:], max(0, r.told-1)
			if _, err := r.block(tx, b.unit, b.no, b.rids); err != nil {
				return err
			}
		}
		return nil
	})
}

// aheadBlocks is of how many blocks the kernel is told at a time.
const aheadBlocks = 64

// ahead has the kernel read blocks that are still to come, all at the same time: a
// person's records stand far apart, and a disk that is asked for one after the other
// makes her wait for each.
func (r *rowReader) ahead() {
	if r.told > 0 {
		return
	}
	r.told = min(len(r.rest), aheadBlocks)
	for _, b := range r.rest[:r.told] {
		name := blockName(b.unit.ID, b.unit.generationOf(b.no), b.no)
		r.g.tables.ahead(&name)
	}
}

// open opens a block, nil when there is none. Blocks of which single rows are wanted
// are kept for the next question. The view is valid until the next call.
func (r *rowReader) open(tx *badger.Txn, name *name16, keep bool) (v *blockView, err error) {
	if v = r.g.blocks.get(name); v != nil {
		r.view = *v
		return &r.view, nil
	}
	if keep {
		r.plain = nil // the view refers to it
	}
	unseal := func(sealed []byte) (err error) {
		r.plain, err = r.g.keys.unseal(r.plain[:0], sealed)
		return err
	}
	var sealed []byte
	if sealed, r.sealed = r.g.tables.read(name, r.sealed, r.ahead); sealed != nil {
		err = unseal(sealed)
	} else {
		var item *badger.Item
		if item, err = tx.Get(cat([]byte("b"), name[:])); errors.Is(err, badger.ErrKeyNotFound) {
			return nil, nil
		}
		if err == nil {
			err = item.Value(unseal)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("read a block: %w", err)
	}
	if v, err = viewBlock(r.plain, r.g.intern); err != nil || !keep {
		return v, err
	}
	r.view = *v
	r.g.blocks.put(name, v)
	return &r.view, nil
}

// block reads the given rows of a block, all when rids is nil. ok is false when there
// is no such block.
func (r *rowReader) block(tx *badger.Txn, st *UnitState, no uint32, rids []RID) (ok bool, err error) {
	name := blockName(st.ID, st.generationOf(no), no)
	v, err := r.open(tx, &name, rids != nil)
	if err != nil || v == nil {
		return false, err
	}
	r.last = lastRow{places: r.last.places[:0]} // nothing is shared between blocks
	v.last = &r.last
	first := RID(uint64(st.ID)<<32 | uint64(no)*blockRows)
	if rids != nil {
		for i, id := range rids {
			if i > 0 && id == rids[i-1] {
				continue
			}
			if err := r.row(v, st, id, int(id-first)); err != nil {
				return false, err
			}
		}
		return true, nil
	}
	for row := range v.count {
		if err := r.row(v, st, first+RID(row), row); err != nil {
			return false, err
		}
	}
	return true, nil
}

func (r *rowReader) row(v *blockView, st *UnitState, id RID, row int) error {
	if row >= v.count || st.hole(uint32(id)) {
		return nil
	}
	s, err := v.read(row)
	if err != nil {
		return err
	}
	if v.half() && !sameEdges(r.noted, s.Edges) {
		r.noted = s.Edges
		for i := range s.Edges {
			r.halves = append(r.halves, halfEdge{binary.BigEndian.Uint64(s.Edges[i].Token[:]), id, &s.Edges[i]})
		}
	}
	r.found = append(r.found, Found{RID: id, Unit: st, Record: s})
	return nil
}

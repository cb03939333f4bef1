package lineage

import (
	"encoding/binary"
	"errors"
	"fmt"
	"runtime"
	"slices"

	"github.com/dgraph-io/badger/v4"
	"golang.org/x/sync/errgroup"
)

// Unit returns what the graph knows of a unit, nil when it does not know it.
func (g *Graph) Unit(source, key string) (*UnitState, error) {
	v, err := g.get(g.headKey(source, key))
	if err != nil || v == nil {
		return nil, err
	}
	return g.head(v)
}

// UnitByID returns a unit by its number, nil when it is not there.
func (g *Graph) UnitByID(id uint32) (*UnitState, error) {
	g.mu.RLock()
	st, ok := g.heads[id]
	g.mu.RUnlock()
	if ok {
		return st, nil
	}
	k := cat([]byte("i"), u32(id))
	entry, err := g.get(k)
	if err != nil || entry == nil {
		return nil, err
	}
	ref, err := readHeadRef(k, entry)
	if err != nil {
		return nil, fmt.Errorf("unit %d: %w", id, err)
	}
	v, err := g.get(ref.key)
	if err != nil || v == nil {
		return nil, err
	}
	if st, err = g.head(v); err != nil {
		return nil, err
	}
	g.mu.Lock()
	if len(g.heads) > 1<<16 {
		clear(g.heads)
	}
	g.heads[id] = st
	g.mu.Unlock()
	return st, nil
}

// headIn reads the head of a unit in a transaction.
func (g *Graph) headIn(tx *badger.Txn, key []byte) (st *UnitState, err error) {
	item, err := tx.Get(key)
	if err == nil {
		err = item.Value(func(v []byte) (err error) { st, err = g.head(v); return err })
	}
	if err != nil {
		return nil, fmt.Errorf("read a unit's head: %w", err)
	}
	return st, nil
}

// unitsAtOnce is how many units are in memory at a time.
const unitsAtOnce = 512

// Units calls fn for the units of a source, or of all when source is "". fn may use
// the graph.
func (g *Graph) Units(source string, fn func(*UnitState) error) error {
	return inPages(g, []byte("u"), unitsAtOnce, func(_, v []byte) (*UnitState, bool, error) {
		st, err := g.head(v)
		return st, err == nil && (source == "" || st.Source == source), err
	}, fn)
}

// inOrder calls fn for all units in the order of their numbers, which is about that in
// which their source listed them. fn may use the graph.
func (g *Graph) inOrder(fn func(*UnitState) error) error {
	return inPages(g, []byte("i"), unitsAtOnce, func(k, v []byte) ([]byte, bool, error) {
		ref, err := readHeadRef(k, v)
		return slices.Clone(ref.key), true, err
	}, func(key []byte) error {
		v, err := g.get(key)
		if err != nil || v == nil {
			return err
		}
		st, err := g.head(v)
		if err != nil {
			return err
		}
		return fn(st)
	})
}

// inPages calls fn for what read makes of the entries whose keys begin so, without those
// that it does not want. n of them are read before fn is called: fn may use the graph.
func inPages[T any](g *Graph, prefix []byte, n int, read func(k, v []byte) (T, bool, error), fn func(T) error) error {
	for from := prefix; from != nil; {
		var list []T
		next, err := g.page(prefix, from, n, func(k, v []byte) error {
			x, wanted, err := read(k, v)
			if wanted {
				list = append(list, x)
			}
			return err
		})
		if err != nil {
			return fmt.Errorf("read the graph: %w", err)
		}
		for _, x := range list {
			if err := fn(x); err != nil {
				return err
			}
		}
		from = next
	}
	return nil
}

// Flawed calls fn for the units of which something could not be read: those that have
// gaps. fn may use the graph.
func (g *Graph) Flawed(fn func(*UnitState) error) error { return g.marked(markGaps, fn) }

// OfAccounts calls fn for the units that hold records about accounts. fn may use the
// graph.
func (g *Graph) OfAccounts(fn func(*UnitState) error) error { return g.marked(markAccounts, fn) }

func (g *Graph) marked(m marks, fn func(*UnitState) error) error {
	return inPages(g, []byte("f"), unitsAtOnce, func(k, v []byte) (uint32, bool, error) {
		if len(k) != 5 || len(v) != 1 {
			return 0, false, errBlock
		}
		return binary.BigEndian.Uint32(k[1:]), marks(v[0])&m != 0, nil
	}, func(id uint32) error {
		st, err := g.UnitByID(id)
		if err != nil || st == nil || st.marks()&m == 0 {
			return err
		}
		return fn(st)
	})
}

// Postings returns the sightings that may carry the token, in order. Some may no
// longer exist or no longer carry it.
func (g *Graph) Postings(t Token) ([]RID, error) {
	if err := g.settle(); err != nil {
		return nil, err
	}
	var out []RID
	name := name16(t)
	err := g.view(func(tx *badger.Txn) error {
		b := g.newBuckets(tx)
		defer b.close()
		return b.each(bucketOf(&name, g.bits), func(e *entries) (_ bool, err error) {
			switch compareNames(&e.name, &name) {
			case 1:
				return false, nil
			case 0:
				out, err = readRIDs(out, e.value)
			}
			return true, err
		})
	})
	if err != nil {
		return nil, err
	}
	return sortRIDs(out), nil
}

// Load returns those of the sightings that exist, each once, in the order of their
// ids, which must be sorted.
func (g *Graph) Load(rids []RID) ([]Found, error) {
	if err := g.settle(); err != nil {
		return nil, err
	}
	heads := map[uint32]*UnitState{}
	for _, id := range rids {
		if _, ok := heads[id.Unit()]; !ok {
			st, err := g.UnitByID(id.Unit())
			if err != nil {
				return nil, err
			}
			heads[id.Unit()] = st
		}
	}
	var list []wanted
	for i := 0; i < len(rids); {
		j := i
		for j < len(rids) && rids[j].Unit() == rids[i].Unit() && uint32(rids[j])/blockRows == uint32(rids[i])/blockRows {
			j++
		}
		if st := heads[rids[i].Unit()]; st != nil {
			list = append(list, wanted{st, uint32(rids[i]) / blockRows, rids[i:j]})
		}
		i = j
	}
	return g.loadBlocks(list, len(rids))
}

// wanted are rows of one block.
type wanted struct {
	unit *UnitState
	no   uint32
	rids []RID
}

// loadBlocks reads rows of blocks, of which several are opened at the same time when
// there are many.
func (g *Graph) loadBlocks(list []wanted, rows int) ([]Found, error) {
	const few = 8 // too few to be shared out
	parts := max(1, min(runtime.GOMAXPROCS(0), len(list)/few, 4))
	readers := make([]*rowReader, parts)
	read := func(part int) error {
		r := &rowReader{g: g, found: make([]Found, 0, rows/(part+1))} // the first takes all in the end
		readers[part] = r
		return g.view(func(tx *badger.Txn) error {
			for _, b := range list[part*len(list)/parts : (part+1)*len(list)/parts] {
				if _, err := r.block(tx, b.unit, b.no, b.rids); err != nil {
					return err
				}
			}
			return nil
		})
	}
	var group errgroup.Group
	for part := 1; part < parts; part++ {
		group.Go(func() error { return read(part) })
	}
	if err := errors.Join(read(0), group.Wait()); err != nil {
		return nil, err
	}
	all := readers[0]
	for _, r := range readers[1:] {
		all.found, all.halves = append(all.found, r.found...), append(all.halves, r.halves...)
	}
	err := g.view(func(tx *badger.Txn) error { return g.complete(tx, all.halves) })
	return all.found, err
}

// rowReader collects sightings, and their edges whose tokens are to be completed.
type rowReader struct {
	g      *Graph
	sealed []byte
	plain  []byte
	view   blockView // of the block that is being read
	found  []Found
	halves []halfEdge

	// Of the last row of the block that is being read:
	edges []Edge // as they stand in the block
	whole []Edge // the same, whose tokens are to be completed
	names []Name
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
	if sealed, r.sealed = r.g.tables.read(name, r.sealed); sealed != nil {
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
	r.edges, r.whole, r.names = r.edges[:0], nil, nil // nothing is shared between blocks
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
	r.share(v, id, &s)
	r.found = append(r.found, Found{RID: id, Unit: st, Record: s})
	return nil
}

// share lets a sighting have the edges and names of the one before in its block, where
// they are the same: the records of a person who has many are alike. Inside a block
// equal halves are of one token. New edges are noted, to be completed.
func (r *rowReader) share(v *blockView, id RID, s *Sighting) {
	switch {
	case len(s.Edges) == 0:
	case slices.Equal(r.edges, s.Edges):
		s.Edges = r.whole
	default:
		r.edges, r.whole = append(r.edges[:0], s.Edges...), s.Edges
		for i := range s.Edges {
			if v.half() {
				r.halves = append(r.halves, halfEdge{binary.BigEndian.Uint64(s.Edges[i].Token[:]), id, &s.Edges[i]})
			}
		}
	}
	if slices.EqualFunc(r.names, s.Names, slices.Equal) {
		s.Names = r.names
	} else {
		r.names = s.Names
	}
}

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
	lists, err := g.PostingsOf([]Token{t})
	if err != nil {
		return nil, err
	}
	return lists[0], nil
}

// PostingsOf returns the postings of tokens, which must be sorted, at their places. What
// stands together is read together.
func (g *Graph) PostingsOf(tokens []Token) ([][]RID, error) {
	if err := g.settle(); err != nil {
		return nil, err
	}
	out := make([][]RID, len(tokens))
	bucket := func(i int) uint32 {
		name := name16(tokens[i])
		return bucketOf(&name, g.bits)
	}
	err := g.view(func(tx *badger.Txn) error {
		b := g.newBuckets(tx)
		defer b.close()
		for i := 0; i < len(tokens); {
			j := i + 1
			for j < len(tokens) && bucket(j) == bucket(i) {
				j++
			}
			if err := b.collect(bucket(i), tokens[i:j], out[i:j]); err != nil {
				return err
			}
			i = j
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for i := range out {
		out[i] = sortRIDs(out[i])
	}
	return out, nil
}

// Load returns those of the sightings that exist, each once, in the order of their
// ids, which must be sorted.
func (g *Graph) Load(rids []RID) ([]Found, error) {
	if err := g.settle(); err != nil {
		return nil, err
	}
	var list []wanted
	var st *UnitState
	for i := 0; i < len(rids); {
		if i == 0 || rids[i].Unit() != rids[i-1].Unit() {
			var err error
			if st, err = g.UnitByID(rids[i].Unit()); err != nil {
				return nil, err
			}
		}
		j := i
		for j < len(rids) && rids[j]/blockRows == rids[i]/blockRows { // a unit begins with a block
			j++
		}
		if st != nil {
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

// loadBlocks reads rows of blocks, at most so many, of which several are opened at the
// same time when there are many. Each reader has a part of the list that is returned.
func (g *Graph) loadBlocks(list []wanted, rows int) ([]Found, error) {
	const few = 8 // too few to be shared out
	parts := max(1, min(runtime.GOMAXPROCS(0), len(list)/few, 4))
	readers := make([]*rowReader, parts)
	all := make([]Found, 0, rows)
	var group errgroup.Group
	for part, room := 0, all; part < parts; part++ {
		mine := list[part*len(list)/parts : (part+1)*len(list)/parts]
		r := &rowReader{g: g, found: room}
		for _, b := range mine {
			room = room[len(b.rids):len(b.rids)]
		}
		readers[part] = r
		if part < parts-1 {
			group.Go(func() error { return r.blocks(mine) })
			continue
		}
		if err := errors.Join(r.blocks(mine), group.Wait()); err != nil {
			return nil, err
		}
	}
	var halves []halfEdge
	for _, r := range readers { // what does not exist leaves gaps
		if n := len(all); len(r.found) > 0 {
			all = all[:n+len(r.found)]
			if &all[n] != &r.found[0] {
				copy(all[n:], r.found)
			}
		}
		halves = append(halves, r.halves...)
	}
	err := g.view(func(tx *badger.Txn) error { return g.complete(tx, halves) })
	return all, err
}

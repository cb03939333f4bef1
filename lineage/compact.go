package lineage

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/dgraph-io/badger/v4"
)

// pairsName is the folder of the runs that a compaction sorts.
const pairsName = "graph.sort"

// Compact writes everything that is visible into a fresh database and swaps it
// in, so that no byte of removed units and stale postings stays in any file. It
// may be interrupted at any moment: the next Open finishes or forgets the swap. No
// writer may be open.
func (g *Graph) Compact(ctx context.Context) (err error) {
	if err := g.settle(); err != nil {
		return err
	}
	g.wmu.Lock()
	defer g.wmu.Unlock()
	l := &load{dir: filepath.Join(g.dir, pairsName)}
	defer func() {
		if rerr := os.RemoveAll(l.dir); rerr != nil {
			err = errors.Join(err, fmt.Errorf("compact the graph: %w", rerr))
		}
	}()
	if err := os.RemoveAll(l.dir); err != nil {
		return fmt.Errorf("compact the graph: %w", err)
	}
	if err := g.visiblePairs(ctx, l); err != nil {
		return fmt.Errorf("compact the graph: %w", err)
	}
	pairs, err := l.open(g.keys, l.runs.Postings)
	if err != nil {
		return fmt.Errorf("compact the graph: %w", err)
	}
	from := source{blocks: func(emit func(*name16, []byte) error) error { return g.shownBlocks(ctx, emit) }, size: runBytes(pairs)}
	for half := range uint32(2) {
		from.postings = append(from.postings, func(emit func(*name16, []RID) error) error {
			return g.shownPostings(pairs, half, emit)
		})
	}
	return errors.Join(g.rebuild(ctx, from), closeRuns(pairs))
}

// shownBlocks calls fn for the visible blocks in order.
func (g *Graph) shownBlocks(ctx context.Context, fn func(name *name16, value []byte) error) error {
	return g.view(func(tx *badger.Txn) error {
		v := newVisible(tx)
		defer v.close()
		o := badger.DefaultIteratorOptions
		o.Prefix = []byte("b")
		it := tx.NewIterator(o)
		defer it.Close()
		for it.Rewind(); it.Valid(); it.Next() {
			if err := ctx.Err(); err != nil {
				return err
			}
			if len(it.Item().Key()) != 17 {
				return errBlock
			}
			name := name16(it.Item().Key()[1:])
			shown, err := v.shows(&name)
			if err != nil {
				return err
			}
			if !shown {
				continue
			}
			if err := it.Item().Value(func(b []byte) error { return fn(&name, b) }); err != nil {
				return err
			}
		}
		return nil
	})
}

// visiblePairs sorts the first halves of all visible tokens with the sightings in
// which they stand.
func (g *Graph) visiblePairs(ctx context.Context, l *load) error {
	b := &batch{}
	var plain []byte
	err := g.shownBlocks(ctx, func(name *name16, value []byte) (err error) {
		if plain, err = g.keys.unseal(plain[:0], value); err != nil {
			return err
		}
		v, err := viewBlock(plain, g.intern)
		if err != nil {
			return err
		}
		first := RID(uint64(name.unit())<<32 | uint64(binary.BigEndian.Uint32(name[12:]))*blockRows)
		var list []posting
		for row := range v.count {
			edges, ok := v.rowEdges(row)
			if !ok {
				return errBlock
			}
			for i := range edges {
				p := newPosting(&edges[i].Token, 0)
				p.lo = uint64(first) + uint64(row)
				list = append(list, p)
			}
		}
		b.posts.add(list)
		if b.size() < g.opt.MemoryBudget/budgetParts {
			return nil
		}
		err = l.spill(g.keys, b)
		b.reset()
		return err
	})
	if err != nil {
		return err
	}
	return l.spill(g.keys, b)
}

// shownPostings emits the postings of the tokens that begin with a bit, without those
// that are not true any more.
func (g *Graph) shownPostings(pairs []*run, half uint32, emit func(*name16, []RID) error) error {
	m, err := newMerger(pairs, &name16{byte(half) << 7})
	if err != nil {
		return err
	}
	return g.view(func(tx *badger.Txn) error {
		b := g.newBuckets(tx)
		defer b.close()
		var of uint64 // visible: where tokens that begin with these bits stand
		var shown []RID
		width := uint32(1) << (g.bits - 1)
		for bucket := half * width; bucket < (half+1)*width; bucket++ {
			list, err := b.all(bucket)
			if err != nil {
				return err
			}
			for i := 0; i < len(list); {
				j := i
				for j < len(list) && list[j].hi == list[i].hi && list[j].lo == list[i].lo {
					j++
				}
				if list[i].hi != of || shown == nil {
					of = list[i].hi
					if shown, err = sightingsOf(m, of, shown[:0]); err != nil {
						return err
					}
				}
				name := list[i].name()
				if rids := common(list[i:j], shown); len(rids) > 0 {
					if err := emit(&name, rids); err != nil {
						return err
					}
				}
				i = j
			}
		}
		return nil
	})
}

// all returns the postings of a bucket in order.
func (b *buckets) all(bucket uint32) ([]posting, error) {
	var list []posting
	var rids []RID
	err := b.each(bucket, func(e *entries) (_ bool, err error) {
		if rids, err = readRIDs(rids[:0], e.value); err != nil {
			return false, err
		}
		t := Token(e.name)
		for _, r := range rids {
			list = append(list, newPosting(&t, r))
		}
		return true, nil
	})
	slices.SortFunc(list, comparePostings)
	return list, err
}

// sightingsOf reads on to the first half of a token and returns its sightings.
func sightingsOf(m *merger, half uint64, out []RID) ([]RID, error) {
	out = slices.Grow(out, 1)
	for e := m.head(); e != nil; e = m.head() {
		h := binary.BigEndian.Uint64(e.name[:])
		if h > half {
			break
		}
		if h == half {
			out = append(out, RID(binary.BigEndian.Uint64(e.name[8:])))
		}
		if err := m.next(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// common returns the ids that stand in both lists, which are in order.
func common(list []posting, shown []RID) []RID {
	var out []RID
	for i := range list {
		for len(shown) > 0 && shown[0] < list[i].rid {
			shown = shown[1:]
		}
		if len(shown) > 0 && shown[0] == list[i].rid && (len(out) == 0 || out[len(out)-1] != list[i].rid) {
			out = append(out, list[i].rid)
		}
	}
	return out
}

// finishSwap completes, or forgets, a compaction that was interrupted.
func finishSwap(dir string) error {
	var (
		fresh = filepath.Join(dir, freshName)
		cur   = filepath.Join(dir, graphName)
		old   = filepath.Join(dir, oldName)
	)
	_, err := os.Stat(filepath.Join(fresh, "complete"))
	switch {
	case err == nil:
		if _, err := os.Stat(cur); err == nil {
			if err := errors.Join(os.RemoveAll(old), os.Rename(cur, old)); err != nil {
				return fmt.Errorf("swap the compacted graph in: %w", err)
			}
		}
		if err := errors.Join(os.Rename(fresh, cur), os.Remove(filepath.Join(cur, "complete")), syncDir(dir)); err != nil {
			return fmt.Errorf("swap the compacted graph in: %w", err)
		}
	case !errors.Is(err, os.ErrNotExist):
		return fmt.Errorf("look for a compacted graph: %w", err)
	}
	if err := errors.Join(os.RemoveAll(fresh), os.RemoveAll(old)); err != nil {
		return fmt.Errorf("clear away an old graph: %w", err)
	}
	return nil
}

// DiskBytes returns the size of the graph's files.
func (g *Graph) DiskBytes() (int64, error) {
	if err := g.settle(); err != nil {
		return 0, err
	}
	g.dbmu.RLock()
	defer g.dbmu.RUnlock()
	if err := g.db.Sync(); err != nil {
		return 0, fmt.Errorf("sync the graph: %w", err)
	}
	lsm, vlog := g.db.EstimateSize(nil)
	return int64(lsm + vlog), nil
}

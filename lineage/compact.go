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
	l := &load{dir: filepath.Join(g.dir, pairsName), disk: map[string]bool{}}
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
	from := source{view: g.view, blocks: func(emit func(*name16, []byte) error) error { return g.shownBlocks(ctx, emit) }}
	if from.size, err = postingsSize(pairs); err != nil {
		return errors.Join(fmt.Errorf("compact the graph: %w", err), closeRuns(pairs))
	}
	for n := range halves {
		from.postings = append(from.postings, func(emit func(*name16, []RID) error) error {
			return g.shownPostings(pairs, n, emit)
		})
	}
	return errors.Join(g.rebuild(ctx, from), closeRuns(pairs))
}

// shownBlocks calls fn for the visible blocks in order. Holes are blank in them.
func (g *Graph) shownBlocks(ctx context.Context, fn func(name *name16, value []byte) error) error {
	return g.view(func(tx *badger.Txn) error {
		v := newVisible(tx)
		defer v.close()
		o := badger.DefaultIteratorOptions
		o.Prefix = []byte("b")
		it := tx.NewIterator(o)
		defer it.Close()
		var holes *UnitState // the last unit that was patched
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
			err = it.Item().Value(func(b []byte) error {
				if v.patched != nil {
					if holes == nil || holes.ID != name.unit() {
						if holes, err = g.headIn(tx, v.patched); err != nil {
							return err
						}
					}
					if b, err = g.blanked(holes, &name, b); err != nil {
						return err
					}
				}
				return fn(&name, b)
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// blanked returns a block without the content of its holes.
func (g *Graph) blanked(st *UnitState, name *name16, sealed []byte) (_ []byte, err error) {
	first := uint64(binary.BigEndian.Uint32(name[12:])) * blockRows
	from, _ := slices.BinarySearch(st.holes, uint32(first))
	holes := st.holes[from:]
	if len(holes) == 0 || uint64(holes[0]) >= first+blockRows {
		return sealed, nil
	}
	plain, err := g.keys.unseal(nil, sealed)
	if err != nil {
		return nil, err
	}
	rows, _, err := decodeBlock(plain, g.intern)
	if err != nil {
		return nil, err
	}
	for _, h := range holes {
		if at := uint64(h) - first; at < uint64(len(rows)) {
			rows[at] = Sighting{Trigger: NoDate}
		}
	}
	sealed, _, err = g.keys.pack(rows)
	return sealed, err
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
				p := newPosting(&edges[i].Token, first+RID(row))
				p.lo = 0
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

// shownPostings emits the postings of the tokens that begin with a bit, without those that
// are not true any more.
func (g *Graph) shownPostings(pairs []*run, half int, emit func(*name16, []RID) error) error {
	r := newPartReader(pairs)
	return g.view(func(tx *badger.Txn) error {
		b := g.newBuckets(tx)
		defer b.close()
		each := uint32(1) << (g.bits - partBits) // buckets of a part
		var s sightings
		for part := half * halfParts; part < (half+1)*halfParts; part++ {
			s.reset()
			if err := r.groups(part, s.add); err != nil {
				return err
			}
			for bucket := uint32(part) * each; bucket < uint32(part+1)*each; bucket++ {
				list, err := b.all(bucket)
				if err != nil {
					return err
				}
				if err := s.shown(list, emit); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// sightings says where the visible tokens of a part stand, by their first halves, in
// order.
type sightings struct {
	halves []uint64
	ends   []int // in rids
	rids   []RID
	at     int // of the half that was asked for last
}

func (s *sightings) reset() { s.halves, s.ends, s.rids, s.at = s.halves[:0], s.ends[:0], s.rids[:0], 0 }

func (s *sightings) add(token *name16, rids []RID) error {
	s.halves = append(s.halves, binary.BigEndian.Uint64(token[:]))
	s.rids = append(s.rids, rids...)
	s.ends = append(s.ends, len(s.rids))
	return nil
}

// of returns the sightings of a first half, in order. The halves that are asked for must
// ascend.
func (s *sightings) of(half uint64) []RID {
	for s.at < len(s.halves) && s.halves[s.at] < half {
		s.at++
	}
	from, to := s.at, s.at
	for to < len(s.halves) && s.halves[to] == half {
		to++ // a half with very many sightings comes several times
	}
	if from == to {
		return nil
	}
	start := 0
	if from > 0 {
		start = s.ends[from-1]
	}
	if to-from > 1 {
		slices.Sort(s.rids[start:s.ends[to-1]])
	}
	return s.rids[start:s.ends[to-1]]
}

// shown emits those of the postings, which are in order, that are true.
func (s *sightings) shown(list []posting, emit func(*name16, []RID) error) error {
	for i := 0; i < len(list); {
		j := i
		for j < len(list) && list[j].hi == list[i].hi && list[j].lo == list[i].lo {
			j++
		}
		name := list[i].name()
		if rids := common(list[i:j], s.of(list[i].hi)); len(rids) > 0 {
			if err := emit(&name, rids); err != nil {
				return err
			}
		}
		i = j
	}
	return nil
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

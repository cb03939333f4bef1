package lineage

import (
	"fmt"
	"math/bits"
	"slices"

	"github.com/dgraph-io/badger/v4"
)

// What a writer replaces in a graph goes to sorted runs first, as a bulk load does (see
// load.go). When that is little it is then written to the database. When it is much,
// that would be paid for several times: what is written there is sorted and merged
// again and again, and so are the marks of what is deleted. Runs and database are then
// merged into a fresh database, without what is not visible any more.

// bulkShare is the part of a database's bytes from which it is written afresh.
const bulkShare = 2

// share returns up to how many bytes the database is updated in place.
func (g *Graph) share() int64 {
	if g.opt.direct < 0 {
		return 0
	}
	var n int64
	for _, t := range g.db.Tables() {
		n += int64(t.OnDiskSize)
	}
	return max(n/bulkShare, g.opt.MemoryBudget/budgetParts)
}

// written is about how many bytes the batch takes in the database.
func (b *batch) written() int64 { return int64(b.posts.count)*8 + b.bytes }

// mergedSource is the visible part of the database together with the runs of a load.
func (g *Graph) mergedSource(view viewer, l *load, posts, blocks []*run) (source, error) {
	units, err := g.replacedSince(view, l.runs.From)
	if err != nil {
		return source{}, err
	}
	size, _ := g.db.EstimateSize([]byte("p"))
	from := source{
		blocks: func(emit func(*name16, []byte) error) error { return g.mergedBlocks(view, blocks, emit) },
		view:   view,
	}
	if from.size, err = postingsSize(posts); err != nil {
		return source{}, err
	}
	from.size += int64(float64(size) * units.kept())
	for half := range halves {
		from.postings = append(from.postings, func(emit func(*name16, []RID) error) error {
			runs := func(emit func(*name16, []RID) error) error { return mergePostings(posts, half, emit) }
			return g.mergedPostings(view, runs, uint32(half), units, emit)
		})
	}
	return from, nil
}

// mergedBlocks emits the blocks of the database and of the runs that are visible, or
// may become so while a writer is open.
func (g *Graph) mergedBlocks(view viewer, runs []*run, emit func(*name16, []byte) error) error {
	m, err := newMerger(runs)
	if err != nil {
		return err
	}
	return view(func(tx *badger.Txn) error {
		v := newVisible(tx)
		defer v.close()
		pass := func(name *name16, value []byte) error {
			shown, err := v.shows(name)
			if err != nil || !shown && name.generation() < g.writing {
				return err
			}
			return emit(name, value)
		}
		upTo := func(name *name16) error { // of the runs
			for e := m.head(); e != nil && (name == nil || compareNames(&e.name, name) < 0); e = m.head() {
				if err := pass(&e.name, e.value); err != nil {
					return err
				}
				if err := m.next(); err != nil {
					return err
				}
			}
			return nil
		}
		o := badger.DefaultIteratorOptions
		o.PrefetchValues, o.Prefix = false, []byte("b") // many of them may be hidden
		it := tx.NewIterator(o)
		defer it.Close()
		for it.Rewind(); it.Valid(); it.Next() {
			if len(it.Item().Key()) != 17 {
				return errBlock
			}
			name := name16(it.Item().Key()[1:])
			if err := upTo(&name); err != nil {
				return err
			}
			shown, err := v.shows(&name)
			if err != nil {
				return err
			}
			if !shown && name.generation() < g.writing {
				continue
			}
			if err := it.Item().Value(func(b []byte) error { return emit(&name, b) }); err != nil {
				return err
			}
		}
		return upTo(nil)
	})
}

// replaced tells whose postings in the database are not true any more.
type replaced struct {
	known, fresh numberSet // units that are visible; those whose postings are all in the runs
	open         bool      // a writer is open: what is not visible may become so
}

// numberSet is a set of numbers of units.
type numberSet []uint64

func (b *numberSet) add(n uint32) {
	for uint32(len(*b)) <= n/64 {
		*b = append(*b, make([]uint64, len(*b)+64)...)
	}
	(*b)[n/64] |= 1 << (n % 64)
}

func (b numberSet) has(n uint32) bool { return n/64 < uint32(len(b)) && b[n/64]>>(n%64)&1 == 1 }

func (b numberSet) count() (n int) {
	for _, w := range b {
		n += bits.OnesCount64(w)
	}
	return n
}

// replacedSince finds the units that were written whole since a generation.
func (g *Graph) replacedSince(view viewer, from uint64) (*replaced, error) {
	r := &replaced{open: g.writing != noWriter}
	err := view(func(tx *badger.Txn) error {
		return eachHead(tx, func(ref *headRefOf) error {
			r.known.add(ref.unit)
			if ref.oldest() > from {
				r.fresh.add(ref.unit)
			}
			return nil
		})
	})
	if err != nil {
		return nil, fmt.Errorf("read the heads of units: %w", err)
	}
	return r, nil
}

// stale reports whether a posting of the database has to go.
func (r *replaced) stale(id RID) bool {
	return r.fresh.has(id.Unit()) || !r.open && !r.known.has(id.Unit())
}

// none reports that no posting of the database stays.
func (r *replaced) none() bool { return !r.open && r.known.count() == r.fresh.count() }

// kept is about what share of the database's postings stays.
func (r *replaced) kept() float64 {
	n := r.known.count()
	if n == 0 {
		return 0
	}
	return float64(n-r.fresh.count()) / float64(n)
}

// mergedPostings emits the tokens that begin with a bit, with their ids: those that
// runs emits, in order, and those of the database.
func (g *Graph) mergedPostings(view viewer, runs func(func(*name16, []RID) error) error, half uint32, units *replaced, emit func(*name16, []RID) error) error {
	c := &collector{emit: emit}
	err := view(func(tx *badger.Txn) error {
		b := g.newBuckets(tx)
		defer b.close()
		width := uint32(1) << (g.bits - 1)
		old := &keptPostings{b: b, units: units, bucket: half * width, end: (half + 1) * width}
		if units.none() {
			old.end = old.bucket
		}
		err := runs(func(token *name16, rids []RID) error {
			if err := old.upTo(token, c.add); err != nil {
				return err
			}
			return c.add(token, rids)
		})
		if err != nil {
			return err
		}
		return old.upTo(nil, c.add)
	})
	if err != nil {
		return err
	}
	return c.flush()
}

// keptPostings reads those postings of the database that are not stale, in order.
type keptPostings struct {
	b           *buckets
	units       *replaced
	bucket, end uint32 // the next one, and before which to end
	list        []posting
	at          int
	rids        []RID
}

// upTo calls fn for the tokens that are left, up to the given one; nil: all.
func (k *keptPostings) upTo(token *name16, fn func(*name16, []RID) error) error {
	for {
		for k.at < len(k.list) {
			x := k.list[k.at]
			name := x.name()
			if token != nil && compareNames(&name, token) > 0 {
				return nil
			}
			k.rids = k.rids[:0]
			for ; k.at < len(k.list) && k.list[k.at].hi == x.hi && k.list[k.at].lo == x.lo; k.at++ {
				k.rids = append(k.rids, k.list[k.at].rid)
			}
			if err := fn(&name, k.rids); err != nil {
				return err
			}
		}
		if k.bucket == k.end {
			return nil
		}
		if err := k.load(k.bucket); err != nil {
			return err
		}
		k.bucket++
	}
}

// load reads a bucket.
func (k *keptPostings) load(bucket uint32) error {
	k.list, k.at = k.list[:0], 0
	err := k.b.each(bucket, func(e *entries) (_ bool, err error) {
		if k.rids, err = readRIDs(k.rids[:0], e.value); err != nil {
			return false, err
		}
		t := Token(e.name)
		for _, r := range k.rids {
			if !k.units.stale(r) {
				k.list = append(k.list, newPosting(&t, r))
			}
		}
		return true, nil
	})
	if k.b.updated != 0 && !slices.IsSortedFunc(k.list, comparePostings) {
		slices.SortFunc(k.list, comparePostings)
	}
	return err
}

// collector puts together the ids of one token after the other.
type collector struct {
	emit  func(*name16, []RID) error
	token name16
	rids  []RID
}

func (c *collector) add(token *name16, rids []RID) error {
	if *token != c.token || len(c.rids) >= maxMerged {
		if err := c.flush(); err != nil {
			return err
		}
		c.token = *token
	}
	c.rids = append(c.rids, rids...)
	return nil
}

func (c *collector) flush() error {
	if len(c.rids) == 0 {
		return nil
	}
	err := c.emit(&c.token, sortRIDs(c.rids))
	c.rids = c.rids[:0]
	return err
}

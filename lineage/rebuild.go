package lineage

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"

	"github.com/dgraph-io/badger/v4"
	"golang.org/x/sync/errgroup"
)

// source is what a fresh database is made of, besides what is copied as it is.
type source struct {
	// view is how the present database is read.
	view viewer
	// blocks emits the visible blocks in the order of their names.
	blocks func(emit func(*name16, []byte) error) error
	// postings emit tokens with their ids, in order, each for a range of tokens of
	// its own. They run at the same time.
	postings []func(emit func(*name16, []RID) error) error
	size     int64 // about how many bytes the postings take
}

func sortBlocks(list []blockEntry) {
	slices.SortFunc(list, func(a, b blockEntry) int { return compareNames(&a.name, &b.name) })
}

// rebuild writes a fresh database and swaps it in.
func (g *Graph) rebuild(ctx context.Context, from source) error {
	path := filepath.Join(g.dir, freshName)
	if err := os.RemoveAll(path); err != nil {
		return fmt.Errorf("rebuild the graph: %w", err)
	}
	bits := bucketBits(from.size)
	db, err := createFresh(ctx, path, g.keys)
	if err == nil {
		if err = g.fill(ctx, db, from, bits); err == nil {
			err = db.finish()
		} else {
			err = cmp.Or(db.wait(), err) // a table that failed ends the rest
		}
	}
	if err != nil {
		return errors.Join(fmt.Errorf("rebuild the graph: %w", err), os.RemoveAll(path))
	}
	if err := markComplete(path); err != nil {
		return fmt.Errorf("rebuild the graph: %w", err)
	}
	return g.swap(bits)
}

// markComplete says durably that the fresh database is whole.
func markComplete(path string) error {
	f, err := os.OpenFile(filepath.Join(path, "complete"), os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close(), syncDir(path))
}

// swap replaces the database by the fresh one.
func (g *Graph) swap(bits uint) error {
	g.dbmu.Lock()
	defer g.dbmu.Unlock()
	err := errors.Join(g.tables.close(), g.db.Close())
	g.db, g.tables = nil, nil
	if err != nil {
		return fmt.Errorf("close the graph: %w", err)
	}
	if err := finishSwap(g.dir); err != nil {
		return err
	}
	g.forget()
	g.bits = bits
	g.updated.Store(0)
	return g.openDB()
}

// fill writes the fresh database: blocks, documents, heads' keys and counters; the
// postings; heads and ledger. Each is a stream with a range of keys of its own.
func (g *Graph) fill(ctx context.Context, db *freshDB, from source, bits uint) error {
	group, ctx := errgroup.WithContext(ctx)
	sum, old := atomic.Int64{}, g.db.Opts().Dir
	written := func(n int64) error { // what is merged with is read through mappings
		if all := sum.Add(n); all/relieveBytes != (all-n)/relieveBytes {
			return relieve(old)
		}
		return nil
	}
	write := func(fn func(s *stream) error) {
		group.Go(func() error {
			s := &stream{ctx: ctx, db: db, written: written}
			defer s.drop()
			if err := fn(s); err != nil {
				return err
			}
			return s.flush()
		})
	}
	write(func(s *stream) error {
		err := from.blocks(func(name *name16, value []byte) error { return s.set(cat([]byte("b"), name[:]), value) })
		if err != nil {
			return err
		}
		return errors.Join(copyKeys(from.view, s, "d"), copyKeys(from.view, s, "f"), copyKeys(from.view, s, "i"), copyCounters(from.view, s, bits))
	})
	for _, part := range from.postings {
		write(func(s *stream) error {
			c := &chunker{bits: bits, segment: 0, set: s.set}
			if err := part(c.add); err != nil {
				return err
			}
			return c.flush()
		})
	}
	write(func(s *stream) error { return cmp.Or(copyKeys(from.view, s, "s"), copyKeys(from.view, s, "u")) })
	return group.Wait()
}

// copyKeys copies the entries of a kind as they are.
func copyKeys(view viewer, s *stream, prefix string) error {
	return view.prefix([]byte(prefix), func(k, v []byte) error { return s.set(k, v) })
}

// copyCounters copies the counters, with the new number of bits and without what is not
// true any more.
func copyCounters(view viewer, s *stream, bits uint) error {
	wrote := false
	put := func() error {
		wrote = true
		return s.set([]byte("m"+bitsKey), u64(uint64(bits)))
	}
	err := view.prefix([]byte("m"), func(k, v []byte) error {
		if name := string(k[1:]); name == bitsKey || name == loadKey || name == updatedKey {
			return nil
		} else if !wrote && name > bitsKey {
			if err := put(); err != nil {
				return err
			}
		}
		return s.set(k, v)
	})
	if err == nil && !wrote {
		err = put()
	}
	return err
}

// visibleBlocks emits those blocks of the runs that are visible, or may become so
// while a writer is open.
func (g *Graph) visibleBlocks(view viewer, runs []*run, emit func(*name16, []byte) error) error {
	return view(func(tx *badger.Txn) error { return shownOf(tx, g.writing, runs, emit) })
}

func shownOf(tx *badger.Txn, writing uint64, runs []*run, emit func(*name16, []byte) error) error {
	v := newVisible(tx)
	defer v.close()
	return merge(runs, func(name *name16, value []byte) error {
		shown, err := v.shows(name)
		if err != nil || !shown && name.generation() < writing {
			return err
		}
		return emit(name, value)
	})
}

// visible knows the visible generation of units that are asked for in order.
type visible struct {
	it      *badger.Iterator
	patched []byte // the head's key of the unit that was asked for last, when it was patched
}

func newVisible(tx *badger.Txn) *visible {
	o := badger.DefaultIteratorOptions
	o.Prefix = []byte("i")
	v := &visible{it: tx.NewIterator(o)}
	v.it.Rewind()
	return v
}

func (v *visible) close() { v.it.Close() }

// shows reports whether a block is of the generation of its unit that is visible.
func (v *visible) shows(name *name16) (bool, error) {
	key := cat([]byte("i"), name[:4])
	for ; v.it.Valid(); v.it.Next() {
		switch slices.Compare(v.it.Item().Key(), key) {
		case 1:
			return false, nil
		case 0:
			shown := false
			err := v.it.Item().Value(func(value []byte) error {
				ref, err := readHeadRef(v.it.Item().Key(), value)
				if err != nil {
					return err
				}
				if shown, v.patched = ref.shows(name.generation(), name.number()), nil; len(ref.parts) > 0 {
					v.patched = slices.Clone(ref.key)
				}
				return nil
			})
			return shown, err
		}
	}
	return false, nil
}

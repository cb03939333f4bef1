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
	"github.com/dgraph-io/badger/v4/pb"
	"github.com/dgraph-io/ristretto/v2/z"
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

// streamBytes is how much a stream hands over at a time.
const streamBytes = 1 << 20

// stream writes ascending keys to a fresh database.
type stream struct {
	ctx     context.Context
	sw      *badger.StreamWriter
	id      uint32
	buf     *z.Buffer
	dir     string        // of the database
	from    string        // folder of the one that it replaces
	written *atomic.Int64 // by all streams
}

func (s *stream) set(key, value []byte) error {
	badger.KVToBuffer(&pb.KV{Key: key, Value: value, Version: 1, StreamId: s.id}, s.buf)
	if s.buf.LenNoPadding() < streamBytes {
		return nil
	}
	return s.flush()
}

func (s *stream) flush() error {
	if err := s.ctx.Err(); err != nil {
		return err
	}
	n := int64(s.buf.LenNoPadding())
	err := s.sw.Write(s.buf)
	s.buf.Reset()
	if err != nil {
		return fmt.Errorf("write the graph: %w", err)
	}
	if sum := s.written.Add(n); sum/relieveBytes != (sum-n)/relieveBytes {
		return errors.Join(relieve(s.dir, unmapped), relieve(s.from, reclaimed))
	}
	return nil
}

// rebuild writes a fresh database and swaps it in.
func (g *Graph) rebuild(ctx context.Context, from source) error {
	path := filepath.Join(g.dir, freshName)
	if err := os.RemoveAll(path); err != nil {
		return fmt.Errorf("rebuild the graph: %w", err)
	}
	db, err := openBadgerWith(path, g.keys, true)
	if err != nil {
		return err
	}
	bits := bucketBits(from.size)
	err = g.fill(ctx, db, from, bits)
	if err = errors.Join(err, db.Close()); err != nil {
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
	err := g.db.Close()
	g.db = nil
	if err != nil {
		return fmt.Errorf("close the graph: %w", err)
	}
	if err := finishSwap(g.dir); err != nil {
		return err
	}
	g.forget()
	g.bits = bits
	g.updated.Store(false)
	g.db, err = openBadger(filepath.Join(g.dir, graphName), g.keys)
	return err
}

// fill writes the fresh database: blocks, documents, heads' keys and counters; the
// postings; heads and ledger. Each is a stream with a range of keys of its own.
func (g *Graph) fill(ctx context.Context, db *badger.DB, from source, bits uint) (err error) {
	sw := db.NewStreamWriter()
	defer func() {
		if err != nil {
			sw.Cancel()
		}
	}()
	if err := sw.Prepare(); err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	id, written := uint32(0), &atomic.Int64{}
	write := func(fn func(s *stream) error) {
		id++
		s := &stream{ctx: ctx, sw: sw, id: id, buf: z.NewBuffer(2*streamBytes, "sutra"), dir: db.Opts().Dir, from: g.db.Opts().Dir, written: written}
		group.Go(func() error {
			err := fn(s)
			if err == nil {
				err = s.flush()
			}
			return errors.Join(err, s.buf.Release())
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
	if err := group.Wait(); err != nil {
		return err
	}
	return sw.Flush()
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
				if shown, v.patched = ref.shows(name.generation()), nil; len(ref.parts) > 0 {
					v.patched = slices.Clone(ref.key)
				}
				return nil
			})
			return shown, err
		}
	}
	return false, nil
}

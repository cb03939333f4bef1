package lineage

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/dgraph-io/badger/v4"
)

// store writes the batch to the database: postings as a new segment of each bucket,
// or of each wide one.
func (w *Writer) store() error {
	if w.batch.size() == 0 {
		return nil
	}
	w.g.dbmu.RLock()
	defer w.g.dbmu.RUnlock()
	batch := w.g.db.NewWriteBatch()
	defer batch.Cancel()
	for _, b := range w.batch.blocks {
		if err := batch.Set(cat([]byte("b"), b.name[:]), b.value); err != nil {
			return fmt.Errorf("write blocks of the graph: %w", err)
		}
	}
	if err := w.dropKnown(); err != nil {
		return err
	}
	w.batch.posts.sort()
	w.seq++
	wide, err := w.g.wide(int64(w.batch.posts.count), batch.Set) // it says so before the first segment
	if err != nil {
		return fmt.Errorf("write a counter: %w", err)
	}
	c := &chunker{bits: w.g.bits, wide: wide, segment: w.gen | w.seq, set: func(k, v []byte) error { return batch.Set(k, slices.Clone(v)) }}
	if err := w.batch.posts.groups(c.add); err != nil {
		return fmt.Errorf("write postings: %w", err)
	}
	if err := c.flush(); err != nil {
		return fmt.Errorf("write postings: %w", err)
	}
	if err := batch.Flush(); err != nil {
		return fmt.Errorf("write the graph: %w", err)
	}
	n := w.batch.size()
	w.batch.reset()
	return w.g.grown(n)
}

// amend writes the runs of a load to the database, which holds the rest already. Done
// again after it was interrupted it does the same.
func (g *Graph) amend(ctx context.Context, l *load, posts, blocks []*run) error {
	g.dbmu.RLock()
	defer g.dbmu.RUnlock()
	batch := g.db.NewWriteBatch()
	defer batch.Cancel()
	count := int64(0)
	for _, r := range l.runs.Postings {
		count += r.Postings
	}
	wide, err := g.wide(count, batch.Set) // it says so before the first segment
	if err != nil {
		return fmt.Errorf("write a counter: %w", err)
	}
	set := func(k, v []byte) error { return cmp.Or(ctx.Err(), batch.Set(k, slices.Clone(v))) }
	c := &chunker{bits: g.bits, wide: wide, segment: l.runs.From, set: set}
	// What is hidden goes first: a search behind the new blocks, which its transaction does
	// not see, would step over each of them, for each unit.
	err = g.db.View(func(tx *badger.Txn) error { return dropHidden(tx, l.runs.From, g.writing, batch.Delete) })
	if err == nil {
		err = g.db.View(func(tx *badger.Txn) error {
			return shownOf(tx, g.writing, blocks, func(name *name16, value []byte) error {
				return set(cat([]byte("b"), name[:]), value)
			})
		})
	}
	for half := range halves {
		if err == nil {
			err = mergePostings(posts, half, c.add)
		}
	}
	if err == nil {
		err = c.flush()
	}
	if err == nil {
		err = batch.Flush()
	}
	if err == nil {
		err = g.db.Sync()
	}
	if err == nil {
		err = g.db.Update(func(tx *badger.Txn) error { return tx.Delete([]byte("m" + loadKey)) })
	}
	if err == nil {
		err = g.db.Sync()
	}
	if err != nil {
		return fmt.Errorf("write the graph: %w", err)
	}
	g.forget()
	return g.grown(runBytes(posts) + runBytes(blocks))
}

// dropHidden deletes the blocks of units written since a generation that are not
// visible any more.
func dropHidden(tx *badger.Txn, from, writing uint64, drop func(key []byte) error) error {
	v := newVisible(tx)
	defer v.close()
	o := badger.DefaultIteratorOptions
	o.PrefetchValues, o.Prefix = false, []byte("b")
	old := tx.NewIterator(o)
	defer old.Close()
	return eachHead(tx, func(ref *headRefOf) error {
		if ref.oldest() <= from { // a patch hides no block
			return nil
		}
		of := cat([]byte("b"), u32(ref.unit))
		for old.Seek(of); old.ValidForPrefix(of); old.Next() {
			key := old.Item().KeyCopy(nil)
			if len(key) != 17 {
				return errBlock
			}
			name := name16(key[1:])
			shown, err := v.shows(&name)
			if err == nil && !shown && name.generation() < writing {
				err = drop(key)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// eachHead calls fn for the entry of every visible unit, in the order of their numbers.
func eachHead(tx *badger.Txn, fn func(ref *headRefOf) error) error {
	o := badger.DefaultIteratorOptions
	o.Prefix = []byte("i")
	it := tx.NewIterator(o)
	defer it.Close()
	for it.Rewind(); it.Valid(); it.Next() {
		err := it.Item().Value(func(v []byte) error {
			ref, err := readHeadRef(it.Item().Key(), v)
			if err != nil {
				return err
			}
			return fn(&ref)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

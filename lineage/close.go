package lineage

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"

	"github.com/dgraph-io/badger/v4"
)

// Close flushes, and merges what was loaded in bulk. The writer is of no use
// afterwards.
func (w *Writer) Close(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	g := w.g
	g.wmu.Lock()
	defer g.wmu.Unlock()
	if g.load != nil {
		if err := g.load.wait(); err != nil {
			return err
		}
	}
	if l := g.load; l != nil && l.runs.Next == 0 && !g.unmerged.Load() && w.little() {
		g.load = nil
	}
	if g.load != nil {
		return w.closeLoad(ctx)
	}
	if err := w.flush(); err != nil {
		return err
	}
	g.writing = noWriter
	w.batch = &batch{}
	return nil
}

// little reports whether what the writer holds is written to the database at once.
func (w *Writer) little() bool {
	n := w.batch.posts.count
	return n <= w.g.opt.direct || w.g.load.runs.From > 0 && w.batch.written() <= w.g.share()
}

// closeLoad is Close for a bulk load. Nothing of what came after the last flush is made
// durable before the fresh database is, which holds it: whoever kills the program until
// then finds the state of that flush. Should the merge fail, all is flushed.
func (w *Writer) closeLoad(ctx context.Context) error {
	g := w.g
	if err := w.spillRest(); err != nil {
		return err
	}
	g.writing = noWriter
	w.batch = &batch{}                                          // what it held is of no use while runs are merged
	if len(w.heads)+len(w.removed) == 0 && !g.unmerged.Load() { // nothing was committed
		l := g.load
		g.load = nil
		if err := os.RemoveAll(l.dir); err != nil {
			return fmt.Errorf("clear away a bulk load: %w", err)
		}
		return nil
	}
	if g.load.runs.From > 0 { // a crash must not lose what took long, and syncing it takes little of the whole
		if err := w.flushLoad(); err != nil {
			return err
		}
		return g.settleLocked(ctx)
	}
	view, err := w.pending()
	if errors.Is(err, badger.ErrTxnTooBig) {
		if err := w.flushLoad(); err != nil {
			return err
		}
		return g.settleLocked(ctx)
	}
	if err != nil {
		return err
	}
	if err := g.mergeLoad(ctx, view); err != nil {
		if g.load != nil && g.db != nil {
			err = errors.Join(err, w.flushLoad())
		}
		return err
	}
	w.changed()
	return nil
}

// pending returns a view of the database in which the new heads are visible: they stand
// in transactions that are never committed. The error is badger.ErrTxnTooBig when they
// are too many for one.
func (w *Writer) pending() (viewer, error) {
	type entry struct{ k, v []byte }
	var list []entry
	err := w.change(
		func(k, v []byte) error { list = append(list, entry{k, v}); return nil },
		func(k []byte) error { list = append(list, entry{k: k}); return nil })
	if err != nil {
		return nil, err
	}
	view := func(fn func(tx *badger.Txn) error) error {
		w.g.dbmu.RLock()
		defer w.g.dbmu.RUnlock()
		tx := w.g.db.NewTransaction(true)
		defer tx.Discard()
		for _, e := range list {
			var err error
			if e.v == nil {
				err = tx.Delete(e.k)
			} else {
				err = tx.Set(e.k, e.v)
			}
			if err != nil {
				return fmt.Errorf("look at units before they are visible: %w", err)
			}
		}
		return fn(tx)
	}
	return view, view(func(*badger.Txn) error { return nil })
}

// flushLoad is flush during a bulk load. Old blocks are dropped when the runs get into
// the database.
func (w *Writer) flushLoad() error {
	l := w.g.load
	if err := w.spillRest(); err != nil {
		return err
	}
	if len(w.heads)+len(w.removed) == 0 {
		return nil
	}
	if err := l.sync(); err != nil {
		return err
	}
	removed := slices.Collect(maps.Values(w.removed))
	if err := w.flip(l); err != nil {
		return err
	}
	if l.runs.Next > 0 {
		w.g.unmerged.Store(true)
	}
	if l.runs.From > 0 {
		if err := w.g.dropBlocks(removed, nil); err != nil {
			return err
		}
	}
	return l.stored()
}

// spillRest writes what the batch holds as runs.
func (w *Writer) spillRest() error {
	if w.batch.size() > 0 {
		if err := w.spill(); err != nil {
			return err
		}
	}
	return w.g.load.wait()
}

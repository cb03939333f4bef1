package lineage

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Compact writes everything that is visible into a fresh database and swaps it
// in, so that no byte of removed units and stale postings stays in any file. It
// may be interrupted at any moment: the next Open finishes or forgets the swap.
func (g *Graph) Compact(ctx context.Context) error {
	path := filepath.Join(g.dir, freshName)
	if err := os.RemoveAll(path); err != nil {
		return fmt.Errorf("compact the graph: %w", err)
	}
	db, err := openBadger(path, g.keys)
	if err != nil {
		return err
	}
	fresh := &Graph{dir: g.dir, opt: g.opt, keys: g.keys, db: db, heads: map[uint32]*UnitState{}, ledger: map[Token]int{}}
	err = g.copyTo(ctx, fresh)
	if err == nil {
		err = db.Sync()
	}
	if cerr := db.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return errors.Join(fmt.Errorf("compact the graph: %w", err), os.RemoveAll(path))
	}
	if err := os.WriteFile(filepath.Join(path, "complete"), nil, 0o600); err != nil {
		return fmt.Errorf("compact the graph: %w", err)
	}
	if err := g.db.Close(); err != nil {
		return fmt.Errorf("close the graph: %w", err)
	}
	g.db = nil
	if err := finishSwap(g.dir); err != nil {
		return err
	}
	g.mu.Lock()
	clear(g.heads)
	g.mu.Unlock()
	g.db, err = openBadger(filepath.Join(g.dir, graphName), g.keys)
	return err
}

// copyTo copies what is visible.
func (g *Graph) copyTo(ctx context.Context, to *Graph) error {
	w := &Writer{g: to}
	for _, name := range []string{"run", "unit"} {
		n, err := g.counter(name)
		if err != nil {
			return err
		}
		if err := to.put(cat([]byte("m"), []byte(name)), u64(n)); err != nil {
			return err
		}
		if name == "run" {
			w.gen = n << 24
		} else {
			w.nextID = uint32(n)
		}
	}
	for _, p := range []string{"s", "d"} {
		err := g.prefix([]byte(p), func(k, v []byte) error {
			return to.put(append([]byte{}, k...), append([]byte{}, v...))
		})
		if err != nil {
			return err
		}
	}
	err := g.Units("", func(st *UnitState) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		return g.copyUnit(w, st)
	})
	if err != nil {
		return err
	}
	return w.Flush(ctx)
}

func (g *Graph) copyUnit(w *Writer, st *UnitState) error {
	w.seq++
	u := &UnitWriter{w: w, state: UnitState{ID: st.ID, Source: st.Source, Unit: st.Unit, Generation: w.gen | w.seq}, batch: w.g.db.NewWriteBatch()}
	err := g.each(st, func(f *Found) error { return u.Add([]Sighting{f.Record}) })
	if err != nil {
		u.Abort()
		return err
	}
	return u.Commit(*st)
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
	if err := g.db.Sync(); err != nil {
		return 0, fmt.Errorf("sync the graph: %w", err)
	}
	lsm, vlog := g.db.EstimateSize(nil)
	return int64(lsm + vlog), nil
}

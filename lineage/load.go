package lineage

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"
)

// The first scan of an empty graph is a bulk load: blocks and postings go to runs
// beside the database, and are merged into a fresh database, which is swapped in, when
// the writer is closed or somebody asks. A flush puts heads of units into the database
// as always, in one transaction with the list of runs that hold their sightings. A load
// that was interrupted is therefore taken up again where its last flush left it, by the
// next writer or the next question. What came after the last flush goes with its heads
// right into the fresh database, see close.go: most runs of a short load are never
// waited for until the disk has them.

// loadName is the folder of the runs, loadKey where the database keeps their list.
const (
	loadName = "graph.load"
	loadKey  = "load"
	// maxRuns is how many runs of one kind and level there may be.
	maxRuns = 24
	// directPostings is up to how many postings a load that fits into memory is
	// written as an update is.
	directPostings = 1 << 15
)

// runList is what the database knows of a load.
type runList struct {
	Next     int       `json:"next"` // number of the next run
	From     uint64    `json:"from"` // generations after this one are in the runs; 0: the database holds nothing
	Postings []runFile `json:"postings"`
	Blocks   []runFile `json:"blocks"`
}

// load is a bulk load under way. While busy is not nil a batch is being written, and
// nothing else here may be touched before its result was received.
type load struct {
	dir   string
	runs  runList
	busy  chan error
	spare *batch          // written, for use again
	old   []string        // merged into others; to be removed when the list is stored
	disk  map[string]bool // runs that are on disk
}

// batch is what a writer holds in memory.
type batch struct {
	posts  postings
	blocks []blockEntry
	bytes  int64 // of blocks
}

type blockEntry struct {
	name   name16
	value  []byte
	digest uint64 // of its postings
}

// size is about how much memory the batch takes.
func (b *batch) size() int64 { return int64(b.posts.count)*24 + b.bytes }

func (b *batch) reset() {
	b.posts.reset()
	clear(b.blocks)
	b.blocks, b.bytes = b.blocks[:0], 0
}

// openLoad takes up the load that the database tells of; nil when there is none.
// Files that it does not know are removed.
func (g *Graph) openLoad() error {
	dir := filepath.Join(g.dir, loadName)
	data, err := g.get(cat([]byte("m"), []byte(loadKey)))
	if err != nil {
		return err
	}
	if data == nil {
		if err := os.RemoveAll(dir); err != nil {
			return fmt.Errorf("clear away a bulk load: %w", err)
		}
		return nil
	}
	l := &load{dir: dir, disk: map[string]bool{}}
	if err := json.Unmarshal(data, &l.runs); err != nil {
		return fmt.Errorf("read the state of a bulk load: %w", err)
	}
	keep := map[string]bool{}
	for _, r := range append(append([]runFile{}, l.runs.Postings...), l.runs.Blocks...) {
		keep[r.Name], l.disk[r.Name] = true, true
	}
	files, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("look for a bulk load: %w", err)
	}
	for _, f := range files {
		if !keep[f.Name()] {
			if err := os.Remove(filepath.Join(dir, f.Name())); err != nil {
				return fmt.Errorf("clear away a bulk load: %w", err)
			}
		}
	}
	g.load = l
	g.unmerged.Store(true)
	return nil
}

// start writes a batch in the background. The load must be idle.
func (l *load) start(keys *keyring, b *batch) {
	done := make(chan error, 1)
	l.busy = done
	go func() {
		err := l.spill(keys, b)
		b.reset()
		l.spare = b
		done <- err
	}()
}

// wait waits for the batch that is being written.
func (l *load) wait() error {
	if l.busy == nil {
		return nil
	}
	err := <-l.busy
	l.busy = nil
	return err
}

// spill writes a batch as runs.
func (l *load) spill(keys *keyring, b *batch) error {
	if err := os.MkdirAll(l.dir, 0o700); err != nil {
		return fmt.Errorf("make the folder of a bulk load: %w", err)
	}
	var group errgroup.Group
	if b.posts.count > 0 {
		r := l.name("p")
		r.Postings = int64(b.posts.count)
		l.runs.Postings = append(l.runs.Postings, r)
		group.Go(func() error { return writeRun(keys, filepath.Join(l.dir, r.Name), b.posts.write) })
	}
	if len(b.blocks) > 0 {
		r := l.name("b")
		l.runs.Blocks = append(l.runs.Blocks, r)
		group.Go(func() error { return writeRun(keys, filepath.Join(l.dir, r.Name), b.writeBlocks) })
	}
	if err := group.Wait(); err != nil {
		return err
	}
	var err error
	if l.runs.Postings, err = l.fewer(keys, l.runs.Postings, "p"); err != nil {
		return err
	}
	if l.runs.Blocks, err = l.fewer(keys, l.runs.Blocks, "b"); err != nil {
		return err
	}
	return nil
}

// sync waits until all runs are on disk.
func (l *load) sync() error {
	for _, r := range slices.Concat(l.runs.Postings, l.runs.Blocks) {
		if l.disk[r.Name] {
			continue
		}
		f, err := os.Open(filepath.Join(l.dir, r.Name))
		if err == nil {
			err = errors.Join(f.Sync(), f.Close())
		}
		if err != nil {
			return fmt.Errorf("write a run of the bulk load: %w", err)
		}
		l.disk[r.Name] = true
	}
	if l.runs.Next == 0 {
		return nil
	}
	return syncDir(l.dir)
}

func (l *load) name(kind string) runFile {
	l.runs.Next++
	return runFile{Name: fmt.Sprintf("%s%06d", kind, l.runs.Next)}
}

func writeRun(keys *keyring, path string, fill func(w *runWriter) error) error {
	w, err := createRun(keys, path)
	if err != nil {
		return err
	}
	if err := fill(w); err != nil {
		return errors.Join(err, w.f.Close())
	}
	return w.close()
}

func (b *batch) writeBlocks(w *runWriter) error {
	sortBlocks(b.blocks)
	for i := range b.blocks {
		if err := w.add(&b.blocks[i].name, b.blocks[i].value); err != nil {
			return err
		}
	}
	return nil
}

// fewer merges runs of one level when there are too many.
func (l *load) fewer(keys *keyring, list []runFile, kind string) ([]runFile, error) {
	for level := 0; ; level++ {
		var same, others []runFile
		higher := false
		for _, r := range list {
			if r.Level == level {
				same = append(same, r)
			} else {
				others = append(others, r)
			}
			higher = higher || r.Level > level
		}
		if len(same) < maxRuns {
			if !higher {
				return list, nil
			}
			continue
		}
		r := l.name(kind)
		r.Level = level + 1
		runs, err := l.open(keys, same)
		if err != nil {
			return nil, err
		}
		err = writeRun(keys, filepath.Join(l.dir, r.Name), func(w *runWriter) error {
			if kind == "p" {
				return joinParts(runs, w)
			}
			return merge(runs, w.add)
		})
		if err = errors.Join(err, closeRuns(runs)); err != nil {
			return nil, err
		}
		for _, s := range same {
			l.old = append(l.old, s.Name)
			r.Postings += s.Postings
		}
		list = append(others, r)
	}
}

func (l *load) open(keys *keyring, list []runFile) ([]*run, error) {
	var out []*run
	for _, r := range list {
		x, err := openRun(keys, filepath.Join(l.dir, r.Name))
		if err != nil {
			return nil, errors.Join(err, closeRuns(out))
		}
		out = append(out, x)
	}
	return out, nil
}

func closeRuns(list []*run) error {
	var errs []error
	for _, r := range list {
		errs = append(errs, r.close())
	}
	return errors.Join(errs...)
}

// stored removes what was merged into other runs, now that the database knows the
// new list.
func (l *load) stored() error {
	for _, name := range l.old {
		if err := os.Remove(filepath.Join(l.dir, name)); err != nil {
			return fmt.Errorf("clear away a run of the bulk load: %w", err)
		}
	}
	l.old = nil
	return nil
}

// settle merges a bulk load into the database, if there is one. Everything that asks
// for sightings calls it first.
func (g *Graph) settle() error {
	if !g.unmerged.Load() {
		return nil
	}
	g.wmu.Lock()
	defer g.wmu.Unlock()
	return g.settleLocked(context.Background())
}

func (g *Graph) settleLocked(ctx context.Context) error {
	l := g.load
	if l == nil || !g.unmerged.Load() {
		return nil
	}
	if err := l.wait(); err != nil {
		return err
	}
	return g.mergeLoad(ctx, g.view)
}

// mergeLoad writes what the runs of the bulk load hold, and what the database holds in
// the given view of it, into a fresh database and swaps it in. The load is over then.
func (g *Graph) mergeLoad(ctx context.Context, view viewer) error {
	l := g.load
	l.spare = nil
	posts, err := l.open(g.keys, l.runs.Postings)
	if err != nil {
		return err
	}
	blocks, err := l.open(g.keys, l.runs.Blocks)
	if err != nil {
		return errors.Join(err, closeRuns(posts))
	}
	if l.runs.From > 0 && runBytes(posts)+runBytes(blocks) <= g.share() {
		err = g.amend(ctx, l, posts, blocks)
	} else {
		var from source
		if from, err = g.loaded(view, l, posts, blocks); err == nil {
			err = g.rebuild(ctx, from)
		}
	}
	if err = errors.Join(err, closeRuns(posts), closeRuns(blocks)); err != nil {
		return err
	}
	g.load = nil
	g.unmerged.Store(false)
	if err := l.clear(); err != nil {
		return fmt.Errorf("clear away a bulk load: %w", err)
	}
	return nil
}

// clear removes the runs, several at a time: they are large.
func (l *load) clear() error {
	list, err := os.ReadDir(l.dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for _, f := range list {
		group.Go(func() error { return os.RemoveAll(filepath.Join(l.dir, f.Name())) })
	}
	return errors.Join(group.Wait(), os.RemoveAll(l.dir))
}

// loaded is what the runs of a load hold, with what the database holds besides.
func (g *Graph) loaded(view viewer, l *load, posts, blocks []*run) (from source, err error) {
	if l.runs.From > 0 {
		return g.mergedSource(view, l, posts, blocks)
	}
	from.view = view
	from.blocks = func(emit func(*name16, []byte) error) error { return g.visibleBlocks(view, blocks, emit) }
	for n := range halves {
		from.postings = append(from.postings, func(emit func(*name16, []RID) error) error {
			return mergePostings(posts, n, emit)
		})
	}
	from.size, err = postingsSize(posts)
	return from, err
}

// postingsSize is about how many bytes the postings in the runs take in the database. As
// tokens are hashes, one of the parts tells.
func postingsSize(runs []*run) (n int64, err error) {
	var value []byte
	err = newPartReader(runs).groups(0, func(_ *name16, rids []RID) error {
		value = appendRIDs(value[:0], rids)
		n += int64(len(value)) + tokenRest
		return nil
	})
	return n << partBits, err
}

func runBytes(list []*run) (n int64) {
	for _, r := range list {
		n += r.end
	}
	return n
}

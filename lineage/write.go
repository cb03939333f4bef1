package lineage

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"math"
	"path/filepath"
	"slices"

	"github.com/dgraph-io/badger/v4"

	"github.com/cratio/sutra/connectors"
)

// Writer adds, replaces and removes units. Several units may be written at the
// same time; what was committed becomes visible with the next Flush. One writer is
// open at a time.
//
// What does not fit into memory goes to sorted runs, see load.go and merge.go.
type Writer struct {
	g       *Graph
	gen     uint64
	seq     uint64
	nextID  uint32
	batch   *batch
	heads   map[uint32]UnitState // committed, not yet visible
	removed map[uint32]UnitState
	fresh   map[string]uint32 // numbers of new units that are not visible yet, by head key
	marked  map[uint32]marks  // units whose visible head is marked
	spare   [][]posting       // working space of units that are committed
}

// runBits is where the number of the run begins in a generation.
const runBits = 32

// Begin starts writing.
func (g *Graph) Begin() (*Writer, error) {
	w := &Writer{g: g, batch: &batch{}, heads: map[uint32]UnitState{}, removed: map[uint32]UnitState{}, fresh: map[string]uint32{}, marked: map[uint32]marks{}}
	run, err := g.counter("run")
	if err != nil {
		return nil, err
	}
	w.gen = (run + 1) << runBits
	id, err := g.counter("unit")
	if err != nil {
		return nil, err
	}
	w.nextID = uint32(id) + 1
	g.wmu.Lock()
	defer g.wmu.Unlock()
	g.writing = w.gen
	if g.load == nil {
		empty, err := g.empty()
		if err != nil {
			return nil, err
		}
		g.load = &load{dir: filepath.Join(g.dir, loadName), disk: map[string]bool{}}
		if !empty {
			w.seq++
			g.load.runs.From = w.gen | w.seq
		}
	}
	return w, g.put(cat([]byte("m"), []byte("run")), u64(run+1))
}

// empty reports a graph without units.
func (g *Graph) empty() (bool, error) {
	next, err := g.page([]byte("u"), []byte("u"), 0, nil)
	return next == nil, err
}

func (g *Graph) counter(name string) (uint64, error) {
	v, err := g.get(cat([]byte("m"), []byte(name)))
	if err != nil || len(v) != 8 {
		return 0, err
	}
	return binary.BigEndian.Uint64(v), nil
}

func (g *Graph) put(k, v []byte) error {
	return g.update(func(tx *badger.Txn) error { return tx.Set(k, v) })
}

// update runs fn in a transaction of its own.
func (g *Graph) update(fn func(tx *badger.Txn) error) error {
	g.dbmu.RLock()
	defer g.dbmu.RUnlock()
	if err := g.db.Update(fn); err != nil {
		return fmt.Errorf("write the graph: %w", err)
	}
	return nil
}

// UnitWriter writes the sightings of one unit. It is used by one goroutine.
type UnitWriter struct {
	w      *Writer
	state  UnitState
	rows   []Sighting
	posts  []posting
	blocks []blockEntry
	n      uint32
	finder *finder // nil when the unit is not to be patched
}

// Unit starts writing a unit of a source, new or known.
func (w *Writer) Unit(source string, u connectors.Unit) (*UnitWriter, error) {
	old, err := w.g.Unit(source, u.Key)
	if err != nil {
		return nil, err
	}
	w.g.wmu.Lock()
	defer w.g.wmu.Unlock()
	return w.unit(source, u, old)
}

// unit numbers a unit. The caller holds the writer's lock.
func (w *Writer) unit(source string, u connectors.Unit, old *UnitState) (*UnitWriter, error) {
	st := UnitState{Source: source, Unit: u}
	head := string(w.g.headKey(source, u.Key))
	switch id, known := w.fresh[head]; {
	case old != nil:
		st.ID = old.ID
		if m := old.marks(); m != 0 {
			w.marked[old.ID] |= m
		}
	case known:
		st.ID = id
	case w.nextID == 0:
		return nil, errors.New("the graph has no number left for another unit")
	default:
		st.ID = w.nextID
		w.nextID++
		w.fresh[head] = st.ID
	}
	w.seq++
	st.Generation = w.gen | w.seq
	uw := &UnitWriter{w: w, state: st}
	if n := len(w.spare); n > 0 {
		uw.posts, w.spare = w.spare[n-1], w.spare[:n-1]
	}
	return uw, nil
}

// budgetParts is into how many parts the memory budget goes: one batch is filled, one
// is being written, and the collector needs as much again.
const budgetParts = 4

// Find prepares for patches of the unit: it notes, before the first Add, where the
// records stand.
func (u *UnitWriter) Find() { u.finder = &finder{} }

// handOver is how many postings and blocks a unit collects before it gives them to
// the writer.
const handOver = 4096

// Add appends sightings, and keeps nothing of what they refer to. They are not visible
// before the commit.
func (u *UnitWriter) Add(list []Sighting) error {
	for len(list) > 0 {
		n := min(len(list), blockRows-len(u.rows))
		if u.n > math.MaxUint32-uint32(n) {
			return fmt.Errorf("a unit has more than %d sightings", uint32(math.MaxUint32))
		}
		rid := RID(uint64(u.state.ID)<<32 | uint64(u.n))
		for i := range list[:n] {
			for k := range list[i].Edges {
				u.posts = append(u.posts, newPosting(&list[i].Edges[k].Token, rid+RID(i)))
			}
		}
		u.n += uint32(n)
		if n == blockRows { // a whole block is encoded from where it stands
			if err := u.block(list[:n]); err != nil {
				return err
			}
		} else if u.rows = appendOwn(u.rows, list[:n]); len(u.rows) == blockRows {
			if err := u.rest(); err != nil {
				return err
			}
		}
		list = list[n:]
		if len(u.posts) >= handOver || len(u.blocks) >= handOver/blockRows {
			if err := u.give(); err != nil {
				return err
			}
		}
	}
	return nil
}

// rest encodes the rows that were collected.
func (u *UnitWriter) rest() error {
	if len(u.rows) == 0 {
		return nil
	}
	err := u.block(u.rows)
	clear(u.rows) // the strings are of no use any more
	u.rows = u.rows[:0]
	return err
}

// block encodes the last rows that were added.
func (u *UnitWriter) block(rows []Sighting) error {
	if u.finder != nil {
		u.finder.add(rows)
	}
	v, digest, err := u.w.g.keys.pack(rows)
	if err != nil {
		return err
	}
	u.blocks = append(u.blocks, blockEntry{blockName(u.state.ID, u.state.Generation, (u.n-1)/blockRows), v, digest})
	return nil
}

func blockKey(unit uint32, gen uint64, no uint32) []byte {
	n := blockName(unit, gen, no)
	return cat([]byte("b"), n[:])
}

// Commit ends the unit. st brings Records, Gaps, Digest, CommittedAt and the
// unit's Fingerprint; the rest is filled in.
func (u *UnitWriter) Commit(st UnitState) error {
	st.Sightings, st.patched = int(u.n), patched{}
	if err := u.rest(); err != nil {
		return err
	}
	if st.places = (places{}); st.Mark != "" {
		st.places = u.finder.found()
	}
	return u.commit(st)
}

func (u *UnitWriter) commit(st UnitState) error {
	err := u.rest()
	if err == nil {
		err = u.give()
	}
	if err != nil {
		return err
	}
	st.ID, st.Generation, st.Source = u.state.ID, u.state.Generation, u.state.Source
	u.w.g.wmu.Lock()
	defer u.w.g.wmu.Unlock()
	if u.posts != nil {
		u.w.spare, u.posts = append(u.w.spare, u.posts), nil
	}
	u.w.heads[st.ID] = st
	delete(u.w.removed, st.ID) // written again after it had vanished
	return nil
}

// Abort forgets the unit; what the graph knew of it before stands.
func (u *UnitWriter) Abort() { u.rows, u.posts, u.blocks = nil, nil, nil }

// give hands postings and blocks to the writer, which puts them on disk when they
// pass the budget.
func (u *UnitWriter) give() error {
	w := u.w
	w.g.wmu.Lock()
	defer w.g.wmu.Unlock()
	w.batch.posts.add(u.posts)
	for _, b := range u.blocks {
		w.batch.bytes += int64(len(b.value)) + 64
	}
	w.batch.blocks = append(w.batch.blocks, u.blocks...)
	clear(u.blocks) // the batch has them
	u.posts, u.blocks = u.posts[:0], u.blocks[:0]
	if w.batch.size() < w.g.opt.MemoryBudget/budgetParts {
		return nil
	}
	if w.g.load != nil {
		return w.spill()
	}
	return w.flush()
}

// Wrote reports whether a unit is visible as this writer left it.
func (w *Writer) Wrote(st *UnitState) bool { return st.Generation >= w.gen }

// Remove takes a unit that vanished out of the graph.
func (w *Writer) Remove(source, key string) error {
	old, err := w.g.Unit(source, key)
	if err != nil || old == nil {
		return err
	}
	w.g.wmu.Lock()
	defer w.g.wmu.Unlock()
	w.removed[old.ID] = *old
	return nil
}

// Flush makes everything committed so far durable and visible.
func (w *Writer) Flush(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	w.g.wmu.Lock()
	defer w.g.wmu.Unlock()
	return w.flush()
}

// spill begins to write the batch as runs and goes on with another one.
func (w *Writer) spill() error {
	l := w.g.load
	if err := l.wait(); err != nil {
		return err
	}
	next := l.spare
	if next == nil {
		next = &batch{}
	}
	l.start(w.g.keys, w.batch)
	w.batch = next
	return nil
}

// flush puts the batch on disk and makes the heads visible.
func (w *Writer) flush() error {
	if w.g.load != nil {
		return w.flushLoad()
	}
	if err := w.store(); err != nil {
		return err
	}
	if err := w.g.sync(); err != nil {
		return err
	}
	old, now := slices.Collect(maps.Values(w.removed)), maps.Clone(w.heads)
	for id := range w.heads {
		before, err := w.g.UnitByID(id)
		if err != nil {
			return err
		}
		if before != nil {
			old = append(old, *before)
		}
	}
	if err := w.flip(nil); err != nil {
		return err
	}
	return w.g.dropBlocks(old, now)
}

package lineage

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/dgraph-io/badger/v4"

	"github.com/cratio/sutra/connectors"
)

// posting says that a sighting may carry a token.
type posting struct {
	token Token
	rid   RID
}

// chunkRIDs is how many ids one posting segment holds at most.
const chunkRIDs = 1024

// Writer adds, replaces and removes units. Several units may be written at the
// same time; what was committed becomes visible with the next Flush.
type Writer struct {
	g       *Graph
	mu      sync.Mutex
	gen     uint64
	seq     uint64
	nextID  uint32
	pend    []posting
	heads   []UnitState // committed, not yet visible
	removed []UnitState
	fresh   map[string]uint32 // numbers of new units that are not visible yet, by head key
}

// Begin starts writing.
func (g *Graph) Begin() (*Writer, error) {
	w := &Writer{g: g, fresh: map[string]uint32{}}
	run, err := g.counter("run")
	if err != nil {
		return nil, err
	}
	w.gen = (run + 1) << 24
	id, err := g.counter("unit")
	if err != nil {
		return nil, err
	}
	w.nextID = uint32(id) + 1
	return w, g.put(cat([]byte("m"), []byte("run")), u64(run+1))
}

func (g *Graph) counter(name string) (uint64, error) {
	v, err := g.get(cat([]byte("m"), []byte(name)))
	if err != nil || len(v) != 8 {
		return 0, err
	}
	return binary.BigEndian.Uint64(v), nil
}

func (g *Graph) put(k, v []byte) error {
	err := g.db.Update(func(tx *badger.Txn) error { return tx.Set(k, v) })
	if err != nil {
		return fmt.Errorf("write the graph: %w", err)
	}
	return nil
}

// UnitWriter writes the sightings of one unit. It is used by one goroutine.
type UnitWriter struct {
	w     *Writer
	state UnitState
	rows  []Sighting
	posts []posting
	n     uint32
	batch *badger.WriteBatch
}

// Unit starts writing a unit of a source, new or known.
func (w *Writer) Unit(source string, u connectors.Unit) (*UnitWriter, error) {
	old, err := w.g.Unit(source, u.Key)
	if err != nil {
		return nil, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	st := UnitState{Source: source, Unit: u}
	head := string(w.g.headKey(source, u.Key))
	switch id, known := w.fresh[head]; {
	case old != nil:
		st.ID = old.ID
	case known:
		st.ID = id
	default:
		st.ID = w.nextID
		w.nextID++
		w.fresh[head] = st.ID
	}
	w.seq++
	st.Generation = w.gen | w.seq
	return &UnitWriter{w: w, state: st, batch: w.g.db.NewWriteBatch()}, nil
}

// Add appends sightings. They are not visible before the commit.
func (u *UnitWriter) Add(list []Sighting) error {
	for i := range list {
		rid := RID(uint64(u.state.ID)<<32 | uint64(u.n))
		u.n++
		for _, e := range list[i].Edges {
			u.posts = append(u.posts, posting{e.Token, rid})
		}
		u.rows = append(u.rows, list[i])
		if len(u.rows) == blockRows {
			if err := u.block(); err != nil {
				return err
			}
		}
	}
	return u.w.take(&u.posts, false)
}

func (u *UnitWriter) block() error {
	if len(u.rows) == 0 {
		return nil
	}
	v, err := u.w.g.pack(u.rows)
	if err != nil {
		return err
	}
	no := (u.n - 1) / blockRows
	if err := u.batch.Set(blockKey(u.state.ID, u.state.Generation, no), v); err != nil {
		return fmt.Errorf("write a block of the graph: %w", err)
	}
	u.rows = u.rows[:0]
	return nil
}

func blockKey(unit uint32, gen uint64, no uint32) []byte {
	return cat([]byte("b"), u32(unit), u64(gen), u32(no))
}

// Commit ends the unit. st brings Records, Gaps, Digest, CommittedAt and the
// unit's Fingerprint; the rest is filled in.
func (u *UnitWriter) Commit(st UnitState) error {
	if err := u.block(); err != nil {
		u.Abort()
		return err
	}
	if err := u.batch.Flush(); err != nil {
		return fmt.Errorf("write blocks of the graph: %w", err)
	}
	st.ID, st.Generation, st.Source, st.Sightings = u.state.ID, u.state.Generation, u.state.Source, int(u.n)
	if err := u.w.take(&u.posts, true); err != nil {
		return err
	}
	u.w.mu.Lock()
	defer u.w.mu.Unlock()
	same := func(x UnitState) bool { return x.ID == st.ID }
	u.w.heads = append(slices.DeleteFunc(u.w.heads, same), st)
	u.w.removed = slices.DeleteFunc(u.w.removed, same) // written again after it had vanished
	return nil
}

// Abort forgets the unit; what the graph knew of it before stands.
func (u *UnitWriter) Abort() { u.batch.Cancel() }

// take moves postings to the writer, and to disk when they pass the budget.
func (w *Writer) take(posts *[]posting, all bool) error {
	if !all && len(*posts) < 4096 {
		return nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.pend = append(w.pend, *posts...)
	*posts = (*posts)[:0]
	if int64(len(w.pend))*24 < w.g.opt.MemoryBudget {
		return nil
	}
	return w.flushLocked()
}

// Remove takes a unit that vanished out of the graph.
func (w *Writer) Remove(source, key string) error {
	old, err := w.g.Unit(source, key)
	if err != nil || old == nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.removed = append(w.removed, *old)
	return nil
}

// Flush makes everything committed so far durable and visible.
func (w *Writer) Flush(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.flushLocked()
}

// Close flushes. The writer is of no use afterwards.
func (w *Writer) Close(ctx context.Context) error { return w.Flush(ctx) }

func (w *Writer) flushLocked() error {
	if err := w.postings(); err != nil {
		return err
	}
	if err := w.g.db.Sync(); err != nil {
		return fmt.Errorf("sync the graph: %w", err)
	}
	var old []UnitState
	for _, st := range w.heads {
		before, err := w.g.UnitByID(st.ID)
		if err != nil {
			return err
		}
		if before != nil {
			old = append(old, *before)
		}
	}
	if err := w.flip(); err != nil {
		return err
	}
	old = append(old, w.removed...)
	for _, st := range w.heads {
		delete(w.fresh, string(w.g.headKey(st.Source, st.Unit.Key)))
	}
	w.heads, w.removed = nil, nil
	return w.g.dropBlocks(old)
}

// postings writes the pending postings as new segments.
func (w *Writer) postings() error {
	if len(w.pend) == 0 {
		return nil
	}
	sortPostings(w.pend)
	w.seq++
	segment := w.gen | w.seq
	batch := w.g.db.NewWriteBatch()
	defer batch.Cancel()
	for i := 0; i < len(w.pend); {
		j := i
		for j < len(w.pend) && w.pend[j].token == w.pend[i].token && j-i < chunkRIDs {
			j++
		}
		key := cat([]byte("p"), w.pend[i].token[:], u64(segment), u64(uint64(w.pend[i].rid)))
		var v []byte
		last := RID(0)
		for _, p := range w.pend[i:j] {
			if p.rid != last || v == nil {
				v = binary.AppendUvarint(v, uint64(p.rid-last))
				last = p.rid
			}
		}
		if err := batch.Set(key, v); err != nil {
			return fmt.Errorf("write postings: %w", err)
		}
		i = j
	}
	if err := batch.Flush(); err != nil {
		return fmt.Errorf("write postings: %w", err)
	}
	w.pend = w.pend[:0]
	return nil
}

// flip makes the new heads visible.
func (w *Writer) flip() error {
	g := w.g
	tx := g.db.NewTransaction(true)
	defer func() { tx.Discard() }()
	set := func(fn func() error) error {
		err := fn()
		if errors.Is(err, badger.ErrTxnTooBig) {
			if err := tx.Commit(); err != nil {
				return err
			}
			tx = g.db.NewTransaction(true)
			return fn()
		}
		return err
	}
	for _, st := range w.heads {
		k, v, err := g.headEntry(st)
		if err != nil {
			return err
		}
		err = errors.Join(set(func() error { return tx.Set(k, v) }), set(func() error { return tx.Set(cat([]byte("i"), u32(st.ID)), k) }))
		if err != nil {
			return fmt.Errorf("write a unit's head: %w", err)
		}
	}
	for _, st := range w.removed {
		k := g.headKey(st.Source, st.Unit.Key)
		err := errors.Join(set(func() error { return tx.Delete(k) }), set(func() error { return tx.Delete(cat([]byte("i"), u32(st.ID))) }))
		if err != nil {
			return fmt.Errorf("remove a unit's head: %w", err)
		}
	}
	if err := set(func() error { return tx.Set([]byte("munit"), u64(uint64(w.nextID))) }); err != nil {
		return fmt.Errorf("write a counter: %w", err)
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("make units visible: %w", err)
	}
	g.mu.Lock()
	clear(g.heads)
	g.mu.Unlock()
	if err := g.db.Sync(); err != nil {
		return fmt.Errorf("sync the graph: %w", err)
	}
	return nil
}

func (g *Graph) headKey(source, key string) []byte {
	return g.keys.mac([]byte("u"), []byte("unit"), []byte(source), []byte(key))[:17]
}

func (g *Graph) headEntry(st UnitState) (k, v []byte, err error) {
	data, err := json.Marshal(st)
	if err != nil {
		return nil, nil, fmt.Errorf("encode a unit's head: %w", err)
	}
	return g.headKey(st.Source, st.Unit.Key), g.Seal(data), nil
}

// dropBlocks deletes the blocks of generations that are no longer visible.
func (g *Graph) dropBlocks(old []UnitState) error {
	if len(old) == 0 {
		return nil
	}
	batch := g.db.NewWriteBatch()
	defer batch.Cancel()
	for _, st := range old {
		for no := uint32(0); int(no)*blockRows < st.Sightings; no++ {
			if err := batch.Delete(blockKey(st.ID, st.Generation, no)); err != nil {
				return fmt.Errorf("delete old blocks: %w", err)
			}
		}
	}
	if err := batch.Flush(); err != nil {
		return fmt.Errorf("delete old blocks: %w", err)
	}
	return nil
}

// Touch records a new fingerprint, digest or gaps of a unit whose records did
// not change.
func (g *Graph) Touch(st UnitState) error {
	k, v, err := g.headEntry(st)
	if err != nil {
		return err
	}
	g.mu.Lock()
	delete(g.heads, st.ID)
	g.mu.Unlock()
	return g.put(k, v)
}

package lineage

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/dgraph-io/badger/v4"
)

// headRef is the length of an entry under a unit's number: the head's key and the
// visible generation.
const headRef = 17 + 8

// headRefOf is an entry under a unit's number. The parts of a unit that was patched
// stand behind the generation.
type headRefOf struct {
	unit       uint32
	key        []byte // of the head
	generation uint64 // the visible one
	parts      []byte // 12 bytes each: generation and first block
}

const partRef = 8 + 4

func readHeadRef(k, v []byte) (r headRefOf, err error) {
	if len(k) != 5 || len(v) < headRef || (len(v)-headRef)%partRef != 0 {
		return r, errBlock
	}
	return headRefOf{binary.BigEndian.Uint32(k[1:]), v[:headRef-8], binary.BigEndian.Uint64(v[headRef-8:]), v[headRef:]}, nil
}

// headRefValue is the entry under a unit's number.
func headRefValue(key []byte, st *UnitState) []byte {
	out := cat(key, u64(st.Generation))
	for _, p := range st.parts {
		out = append(append(out, u64(p.generation)...), u32(p.first)...)
	}
	return out
}

// shows reports whether a block of a generation is visible.
func (r *headRefOf) shows(generation uint64, no uint32) bool {
	for i := len(r.parts) - partRef; i >= 0; i -= partRef {
		if no >= binary.BigEndian.Uint32(r.parts[i+8:]) {
			return binary.BigEndian.Uint64(r.parts[i:]) == generation
		}
	}
	return len(r.parts) == 0 && r.generation == generation
}

// oldest is the generation in which the unit was written whole: all postings of its
// sightings are of that one or a later one.
func (r *headRefOf) oldest() uint64 {
	if len(r.parts) > 0 {
		return binary.BigEndian.Uint64(r.parts)
	}
	return r.generation
}

func (g *Graph) headKey(source, key string) []byte {
	return g.keys.mac([]byte("u"), []byte("unit"), []byte(source), []byte(key))[:17]
}

// marks say why a question looks at a unit that holds nothing of the person. There may be
// tens of millions of units, so the few that are marked are listed by their numbers. A
// mark may say too much, and never too little.
type marks byte

const (
	markGaps marks = 1 << iota
	markAccounts
)

func (st *UnitState) marks() (m marks) {
	if len(st.Gaps) > 0 {
		m |= markGaps
	}
	if st.Accounts {
		m |= markAccounts
	}
	return m
}

func markKey(unit uint32) []byte { return cat([]byte("f"), u32(unit)) }

func (g *Graph) headEntry(st *UnitState) (k, v []byte) {
	return g.headKey(st.Source, st.Unit.Key), g.Seal(appendUnit(nil, st))
}

func (g *Graph) head(v []byte) (*UnitState, error) {
	data, err := g.Unseal(v)
	if err != nil {
		return nil, fmt.Errorf("read a unit's head: %w", err)
	}
	return readUnit(data)
}

// flipper commits in several transactions when one is too small.
type flipper struct {
	db *badger.DB
	tx *badger.Txn
	n  int64 // bytes
}

func (f *flipper) do(fn func(tx *badger.Txn) error) error {
	err := fn(f.tx)
	if !errors.Is(err, badger.ErrTxnTooBig) {
		return err
	}
	if err := f.tx.Commit(); err != nil {
		return err
	}
	f.tx = f.db.NewTransaction(true)
	return fn(f.tx)
}

func (f *flipper) set(k, v []byte) error {
	f.n += int64(len(k) + len(v))
	return f.do(func(tx *badger.Txn) error { return tx.Set(k, v) })
}

func (f *flipper) delete(k []byte) error {
	return f.do(func(tx *badger.Txn) error { return tx.Delete(k) })
}

// change puts the new heads into a transaction.
func (w *Writer) change(set func(k, v []byte) error, remove func(k []byte) error) error {
	// The counter goes first: numbers that are in use must never be given again.
	if err := set([]byte("munit"), u64(uint64(w.nextID-1))); err != nil {
		return fmt.Errorf("write a counter: %w", err)
	}
	for _, id := range slices.Sorted(maps.Keys(w.heads)) {
		st := w.heads[id]
		k, v := w.g.headEntry(&st)
		var err error
		m := st.marks()
		if m != 0 { // first: a mark that is not true does no harm
			err = set(markKey(id), []byte{byte(m | w.marked[id])})
		}
		if err == nil {
			err = set(cat([]byte("i"), u32(id)), headRefValue(k, &st))
		}
		if err == nil {
			err = set(k, v)
		}
		if err == nil && m == 0 && w.marked[id] != 0 {
			err = remove(markKey(id))
		}
		if err != nil {
			return fmt.Errorf("write a unit's head: %w", err)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(w.removed)) {
		st := w.removed[id]
		err := remove(w.g.headKey(st.Source, st.Unit.Key))
		if err == nil {
			err = remove(cat([]byte("i"), u32(id)))
		}
		if err == nil && st.marks() != 0 {
			err = remove(markKey(id))
		}
		if err != nil {
			return fmt.Errorf("remove a unit's head: %w", err)
		}
	}
	return nil
}

// changed forgets the new heads, which are visible.
func (w *Writer) changed() {
	for _, st := range w.heads {
		delete(w.fresh, string(w.g.headKey(st.Source, st.Unit.Key)))
	}
	clear(w.heads)
	clear(w.removed)
	clear(w.marked)
}

// flip makes the new heads visible. What they refer to is on disk. The list of runs
// of a bulk load goes before them.
func (w *Writer) flip(l *load) error {
	g := w.g
	g.dbmu.RLock()
	defer g.dbmu.RUnlock()
	f := &flipper{db: g.db, tx: g.db.NewTransaction(true)}
	defer func() { f.tx.Discard() }()
	if l != nil && l.runs.Next > 0 {
		list, err := json.Marshal(l.runs)
		if err == nil {
			err = f.set([]byte("m"+loadKey), list)
		}
		if err != nil {
			return fmt.Errorf("write the state of a bulk load: %w", err)
		}
	}
	if err := w.change(f.set, f.delete); err != nil {
		return err
	}
	if err := f.tx.Commit(); err != nil {
		return fmt.Errorf("make units visible: %w", err)
	}
	g.forget()
	w.changed()
	if err := g.db.Sync(); err != nil {
		return fmt.Errorf("sync the graph: %w", err)
	}
	return g.grown(f.n)
}

func (g *Graph) sync() error {
	g.dbmu.RLock()
	defer g.dbmu.RUnlock()
	if err := g.db.Sync(); err != nil {
		return fmt.Errorf("sync the graph: %w", err)
	}
	return nil
}

// dropBlocks deletes the blocks of states that are no longer visible, except those that
// are part of the present ones.
func (g *Graph) dropBlocks(old []UnitState, now map[uint32]UnitState) error {
	if len(old) == 0 {
		return nil
	}
	g.dbmu.RLock()
	defer g.dbmu.RUnlock()
	batch := g.db.NewWriteBatch()
	defer batch.Cancel()
	for _, st := range old {
		present := now[st.ID]
		for no := range st.blocks() {
			gen := st.generationOf(no)
			if len(present.parts) > 0 && present.generationOf(no) == gen {
				continue
			}
			if err := batch.Delete(blockKey(st.ID, gen, no)); err != nil {
				return fmt.Errorf("delete old blocks: %w", err)
			}
		}
	}
	if err := batch.Flush(); err != nil {
		return fmt.Errorf("delete old blocks: %w", err)
	}
	return nil
}

// Touch records new fingerprints, digests and marks of units whose records did not
// change.
func (g *Graph) Touch(list ...UnitState) error {
	g.dbmu.RLock()
	defer g.dbmu.RUnlock()
	f := &flipper{db: g.db, tx: g.db.NewTransaction(true)}
	defer func() { f.tx.Discard() }()
	for i := range list {
		if err := f.set(g.headEntry(&list[i])); err != nil {
			return fmt.Errorf("write a unit's head: %w", err)
		}
	}
	if err := f.tx.Commit(); err != nil {
		return fmt.Errorf("write the heads of units: %w", err)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	for i := range list {
		delete(g.heads, list[i].ID)
	}
	return nil
}

package lineage

import (
	"fmt"
	"maps"
	"slices"

	"github.com/dgraph-io/badger/v4"

	"github.com/cratio/sutra/connectors"
)

// A unit whose records stand elsewhere than before, and of which some are gone, is moved:
// its blocks are written anew under a generation of its own, with the new places, and what
// is gone becomes a hole. The sightings keep their ids, so that their postings stay true and
// nobody has to find the tokens of which blocks hold but halves.

// Move is a unit that is being moved. It is used by one goroutine.
type Move struct {
	uw    *UnitWriter
	old   *UnitState
	holes []uint32
	gone  int
	added int
}

// Move rewrites a known unit. place is called for every sighting, in order, and changes
// its locator; it returns false for one that is gone. The tokens of the sighting's edges
// may be cut short, see [Alike], and are not to be changed. Move returns nil when the unit
// has to be written whole: see [Writer.Patch].
func (w *Writer) Move(source string, u connectors.Unit, place func(*Sighting) (bool, error)) (*Move, error) {
	p, err := w.Patch(source, u)
	if err != nil || p == nil {
		return nil, err
	}
	m := &Move{uw: p.uw, old: p.old, holes: slices.Clone(p.old.holes)}
	var plain []byte
	for no := range m.old.blocks() {
		rows, err := m.block(no, &plain)
		for i := 0; err == nil && i < len(rows); i++ {
			err = m.row(no*blockRows+uint32(i), &rows[i], place)
		}
		if err == nil {
			m.uw.n = no*blockRows + uint32(len(rows))
			if err = m.uw.block(rows); err == nil && len(m.uw.blocks) >= handOver/blockRows {
				err = m.uw.give()
			}
		}
		if err != nil {
			m.uw.Abort()
			return nil, err
		}
	}
	if len(m.holes) > p.most {
		m.uw.Abort()
		return nil, nil
	}
	slices.Sort(m.holes)
	m.uw.n = m.old.blocks() * blockRows
	return m, nil
}

// block reads a block of the unit as it is known.
func (m *Move) block(no uint32, plain *[]byte) (rows []Sighting, err error) {
	g := m.uw.w.g
	err = g.view(func(tx *badger.Txn) error {
		item, err := tx.Get(blockKey(m.old.ID, m.old.generationOf(no), no))
		if err != nil {
			return err
		}
		return item.Value(func(sealed []byte) (err error) {
			if *plain, err = g.keys.unseal((*plain)[:0], sealed); err == nil {
				rows, _, err = decodeBlock(*plain, g.intern)
			}
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("read a block of unit %d: %w", m.old.ID, err)
	}
	return rows, nil
}

// row gives a sighting its new place, and makes a hole of one that is gone.
func (m *Move) row(at uint32, s *Sighting, place func(*Sighting) (bool, error)) error {
	if m.old.hole(at) {
		*s = Sighting{Trigger: NoDate}
		return nil
	}
	stays, err := place(s)
	if err != nil || stays {
		return err
	}
	*s = Sighting{Trigger: NoDate}
	m.holes = append(m.holes, at)
	m.gone++
	return nil
}

// wholeGeneration is the one in which the unit was written whole. It stays the first of its
// parts, though no block of it is visible after a move: its postings are.
func (st *UnitState) wholeGeneration() uint64 {
	if len(st.parts) > 0 {
		return st.parts[0].generation
	}
	return st.Generation
}

// Add appends sightings that are new.
func (m *Move) Add(list []Sighting) error {
	m.added += len(list)
	return m.uw.Add(list)
}

// Abort forgets the move; what the graph knew of the unit stands.
func (m *Move) Abort() { m.uw.Abort() }

// Commit ends the move. st brings what it brings to [UnitWriter.Commit].
func (m *Move) Commit(st UnitState) error {
	st.places = places{}
	st.Sightings = m.old.Sightings - m.gone + m.added
	st.patched = patched{parts: []unitPart{{m.old.wholeGeneration(), 0}, {m.uw.state.Generation, 0}}, end: m.old.positions(), holes: m.holes}
	if m.added > 0 {
		st.end = m.uw.n
	}
	return m.uw.commit(st)
}

// Alike compares all that the graph keeps of two sightings. The tokens of either may be cut
// short, to halves that tell no two identifiers of a block apart wrongly.
func Alike(a, b *Sighting) bool {
	names := func(x, y []Name) bool { return slices.EqualFunc(x, y, slices.Equal) }
	edges := func(x, y Edge) bool {
		return [halfToken]byte(x.Token[:]) == [halfToken]byte(y.Token[:]) && x.Kind == y.Kind && x.Role == y.Role && x.Weak == y.Weak
	}
	return a.Collection == b.Collection && a.Locator == b.Locator && a.At == b.At && a.Within == b.Within && a.Account == b.Account &&
		a.RecordedAt.Equal(b.RecordedAt) && a.Trigger == b.Trigger && a.Sum == b.Sum && slices.Equal(a.Categories, b.Categories) &&
		slices.EqualFunc(a.Edges, b.Edges, edges) && names(a.Names, b.Names) && names(a.Labels, b.Labels) && maps.Equal(a.Facts, b.Facts)
}

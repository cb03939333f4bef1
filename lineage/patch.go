package lineage

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"github.com/dgraph-io/badger/v4"

	"github.com/cratio/sutra/connectors"
)

// A unit of which a few records changed is patched: all sightings of these records
// become holes, and what the records are now is appended in blocks of a generation of
// its own. The other sightings keep their ids, so that their postings stay true. Every
// reader goes through generationOf and hole and sees the patched unit only. A unit is
// written whole again, from its source, when its holes or patches become many.

// patched is how a unit differs from one that was written whole.
type patched struct {
	parts []unitPart // in the order of their blocks; nil when the unit was written whole
	end   uint32     // the position after the last sighting; 0 when the unit was written whole
	holes []uint32   // positions of sightings that are gone, ascending
}

// unitPart is a run of blocks of one generation, up to the first block of the next.
type unitPart struct {
	generation uint64
	first      uint32
}

const (
	// holeShare is how many sightings there are at least for one hole.
	holeShare = 4
	// maxHoles bounds the holes of a unit: they stand in its head.
	maxHoles = 1 << 16
	// maxParts is how many times a unit is patched before it is written whole.
	maxParts = 24
)

// append encodes what readers need of a patch.
func (p *patched) append(out []byte) []byte {
	out = binary.AppendUvarint(out, uint64(len(p.parts)))
	if len(p.parts) == 0 {
		return out
	}
	for _, x := range p.parts {
		out = binary.AppendUvarint(binary.AppendUvarint(out, x.generation), uint64(x.first))
	}
	out = binary.AppendUvarint(binary.AppendUvarint(out, uint64(p.end)), uint64(len(p.holes)))
	last := uint32(0)
	for _, h := range p.holes {
		out = binary.AppendUvarint(out, uint64(h-last))
		last = h
	}
	return out
}

// patched decodes what append wrote.
func (d *decoder) patched() (p patched) {
	n := d.count(2)
	if n == 0 {
		return p
	}
	for range n {
		p.parts = append(p.parts, unitPart{d.uint(), uint32(d.uint())})
	}
	p.end = uint32(d.uint())
	last := uint32(0)
	for range d.count(1) {
		last += uint32(d.uint())
		p.holes = append(p.holes, last)
	}
	return p
}

// positions returns where the unit's sightings end.
func (st *UnitState) positions() uint32 {
	if len(st.parts) > 0 {
		return st.end
	}
	return uint32(st.Sightings)
}

// blocks returns how many blocks the unit has.
func (st *UnitState) blocks() uint32 { return blocksOf(st.positions()) }

func blocksOf(positions uint32) uint32 {
	return uint32((uint64(positions) + blockRows - 1) / blockRows)
}

// generationOf returns the generation under which a block stands.
func (st *UnitState) generationOf(no uint32) uint64 {
	for _, p := range slices.Backward(st.parts) {
		if no >= p.first {
			return p.generation
		}
	}
	return st.Generation
}

// hole reports whether the sighting at a position is gone.
func (p *patched) hole(position uint32) bool {
	_, ok := slices.BinarySearch(p.holes, position)
	return ok
}

// whole returns how many blocks the unit had when it was written whole.
func (st *UnitState) whole() uint32 {
	if len(st.parts) > 1 {
		return st.parts[1].first
	}
	return st.blocks()
}

// Patch writes the records of a known unit that changed. It is used by one goroutine.
type Patch struct {
	uw      *UnitWriter
	old     *UnitState
	changed recordSet
	most    int // how many holes there may be
	added   int
}

// Patch starts to change records of a unit. It returns nil when the unit has to be
// written whole: the graph does not know it, or not without gaps, or its patches are
// too many already, or its blocks cannot be read before a bulk load is over.
func (w *Writer) Patch(source string, u connectors.Unit) (*Patch, error) {
	old, err := w.g.Unit(source, u.Key)
	if err != nil || old == nil {
		return nil, err
	}
	spread := int(old.ID % holeShare) // not all units are written whole in one night
	most := min(int(old.positions())/(holeShare+spread), maxHoles)
	if len(old.Gaps) > 0 || len(old.holes) >= most || len(old.parts) > maxParts-2*spread {
		return nil, nil
	}
	w.g.wmu.Lock()
	defer w.g.wmu.Unlock()
	_, written := w.heads[old.ID]
	_, removed := w.removed[old.ID]
	if l := w.g.load; written || removed || l != nil && w.g.unmerged.Load() && old.Generation > l.runs.From {
		return nil, nil
	}
	uw, err := w.unit(source, u, old)
	if err != nil {
		return nil, err
	}
	uw.n = old.blocks() * blockRows
	return &Patch{uw: uw, old: old, changed: recordSet{}, most: most}, nil
}

// Changed says that records of a collection are new or may have changed. It returns
// false when they are too many for a patch: the unit has to be written whole.
func (p *Patch) Changed(collection string, locators []string) bool {
	for _, l := range locators {
		p.changed.add(collection, l)
	}
	return len(p.old.holes)+p.changed.count() <= p.most
}

// Add appends what the sightings of changed records are now.
func (p *Patch) Add(list []Sighting) error {
	p.added += len(list)
	return p.uw.Add(list)
}

// Abort forgets the patch; what the graph knew of the unit stands.
func (p *Patch) Abort() { p.uw.Abort() }

// Commit ends the patch. st brings what it brings to [UnitWriter.Commit]; its Records
// say how many records the unit has now. When that is not what the graph knew of and
// what is new, records are gone and nobody said which: Commit returns false and the
// unit stands as it was. Otherwise it returns the state as it was committed.
func (p *Patch) Commit(st UnitState) (_ *UnitState, err error) {
	holes, err := p.find()
	if err != nil {
		return nil, err
	}
	if p.old.Records+p.changed.missing() != st.Records || len(p.old.holes)+len(holes) > p.most {
		p.Abort()
		return nil, nil
	}
	old := p.old
	st.places = old.places
	st.Sightings = old.Sightings - len(holes) + p.added
	st.patched = patched{parts: slices.Clone(old.parts), end: old.positions(), holes: append(slices.Clone(old.holes), holes...)}
	slices.Sort(st.holes)
	if len(st.parts) == 0 {
		st.parts = []unitPart{{old.Generation, 0}}
	}
	if p.added > 0 {
		st.parts, st.end = append(st.parts, unitPart{p.uw.state.Generation, old.blocks()}), p.uw.n
	}
	if err := p.uw.commit(st); err != nil {
		return nil, err
	}
	return &st, nil
}

// find returns the positions of the sightings of changed records.
func (p *Patch) find() (holes []uint32, err error) {
	return p.uw.w.g.find(p.old, p.changed)
}

// Holds counts those of some records that a unit holds, by their locators. ok is false
// when all blocks of the unit would have to be read for that. A record that is counted is
// one of the unit's Records; one without any sighting is not counted.
func (g *Graph) Holds(st *UnitState, locators []string) (n int, ok bool, err error) {
	if len(st.places.runs) == 0 {
		return 0, false, nil
	}
	set := recordSet{}
	for _, l := range locators {
		set.add(st.places.collection, l)
	}
	n = set.count()
	_, err = g.find(st, set)
	return n - set.missing(), true, err
}

// Records returns the sightings of some records of a unit, of one collection.
func (g *Graph) Records(st *UnitState, collection string, locators []string) ([]Found, error) {
	set := recordSet{}
	for _, l := range locators {
		set.add(collection, l)
	}
	at, err := g.find(st, set)
	if err != nil {
		return nil, err
	}
	rids := make([]RID, len(at))
	for i, p := range at {
		rids[i] = RID(uint64(st.ID)<<32 | uint64(p))
	}
	slices.Sort(rids) // they are found by the name of the record, not by its place
	return g.Load(rids)
}

// find returns the positions of the sightings of records, and notes which were found.
func (g *Graph) find(st *UnitState, set recordSet) (positions []uint32, err error) {
	if set.count() == 0 {
		return nil, nil
	}
	from := uint32(0) // what comes before is known without a look
	if len(st.places.runs) > 0 {
		positions, from = st.places.find(set, &st.patched, positions), st.whole()
	}
	if from == st.blocks() {
		return positions, nil
	}
	var plain []byte
	err = g.view(func(tx *badger.Txn) error {
		o := badger.DefaultIteratorOptions
		o.PrefetchValues, o.Prefix = false, cat([]byte("b"), u32(st.ID))
		it := tx.NewIterator(o)
		defer it.Close()
		for no := from; no < st.blocks(); no++ {
			key := blockKey(st.ID, st.generationOf(no), no)
			if !it.Valid() || !bytes.Equal(it.Item().Key(), key) {
				it.Seek(key) // past what is not visible
			}
			if !it.Valid() || !bytes.Equal(it.Item().Key(), key) {
				return fmt.Errorf("unit %d: %w: a block is missing", st.ID, errBlock)
			}
			err := it.Item().Value(func(sealed []byte) (err error) {
				plain, err = g.keys.unseal(plain[:0], sealed)
				return err
			})
			if err != nil {
				return fmt.Errorf("read a block: %w", err)
			}
			if positions, err = g.findIn(plain, st, no, set, positions); err != nil {
				return err
			}
			it.Next()
		}
		return nil
	})
	return positions, err
}

// findIn appends the positions in one block.
func (g *Graph) findIn(plain []byte, st *UnitState, no uint32, set recordSet, positions []uint32) ([]uint32, error) {
	v, err := viewBlock(plain, g.intern)
	if err != nil {
		return nil, err
	}
	for row := range v.count {
		at := no*blockRows + uint32(row)
		known, err := set.in(v, row, st.hole(at))
		if err != nil {
			return nil, err
		}
		if known {
			positions = append(positions, at)
		}
	}
	return positions, nil
}

// recordSet is a set of records, by collection and locator. A locator that ends in a
// number is kept as its words and that number, as blocks keep them.
type recordSet map[recordGroup]map[int64]bool // whether it was found

// recordGroup is a record, or what the names of many have in common.
type recordGroup struct {
	collection, words string
	numbered          bool
}

func (s recordSet) add(collection, locator string) {
	words, n, ok := splitNumber(locator)
	name := recordGroup{collection, words, ok}
	if s[name] == nil {
		name.words = strings.Clone(words) // it may be part of a batch
		s[name] = map[int64]bool{}
	}
	s[name][n] = false
}

func (s recordSet) count() (n int) {
	for _, m := range s {
		n += len(m)
	}
	return n
}

// missing counts the records that were not found.
func (s recordSet) missing() (n int) {
	for _, m := range s {
		for _, found := range m {
			if !found {
				n++
			}
		}
	}
	return n
}

// in reports whether the set has the record of a row, unless that is gone, and notes
// that it was found. Rows of a block are asked for in order.
func (s recordSet) in(v *blockView, row int, gone bool) (bool, error) {
	k := 0
	if len(v.shapeOf) > 0 {
		k = int(v.shapeOf[row])
	}
	name := recordGroup{collection: v.shapes[k].collection}
	var n int64
	var ok bool
	if v.locs.mode == locNumbers {
		name.words, name.numbered = v.locs.prefix, true
		n, ok = v.locs.numbers.value(row)
	} else {
		var text string
		text, ok = v.locs.value(row)
		name.words, n, name.numbered = splitNumber(text)
	}
	if !ok {
		return false, errBlock
	}
	m := s[name]
	if _, known := m[n]; !known || gone {
		return false, nil
	}
	m[n] = true
	return true, nil
}

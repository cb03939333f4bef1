package pipeline

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/cratio/sutra/lineage"
)

// spoolEdits is how many edits a plan in the making holds in memory; more go to
// disk, sealed. It also bounds the edits of one item of a plan file.
const spoolEdits = 8192

// spoolSteps is how many small steps share one item: what ten million recordings have
// in common is then written some thousand times instead.
const spoolSteps = 512

// spool gathers the items of a plan in a scratch file until their number and order are
// known.
type spool struct {
	file     *scratch
	open     map[uint32]*openStep // by unit
	closed   map[place]*closedSteps
	buffered int // edits in memory
	kept     []KeptLine
	keptAt   []span
	steps    int // closed
	records  int
	keep     int
	emptied  emptiedAt // records that are emptied and stay
}

// openStep is a step to which edits may still come.
type openStep struct {
	head  planStep // its edits are those not spooled yet
	spans []span   // edits that are
}

// place is where in the order of execution steps stand.
type place struct {
	source string
	order  int
}

// closedSteps are the complete steps of a place. All that is kept of them is where
// they stand in the spool, and the last few.
type closedSteps struct {
	spans []span
	last  []planStep
	edits int // of last
}

func newSpool(file *scratch) *spool {
	return &spool{file: file, open: map[uint32]*openStep{}, closed: map[place]*closedSteps{}, emptied: emptiedAt{}}
}

// put writes an item and returns where it stands.
func (sp *spool) put(it planItem) (span, error) {
	data, err := packItem(it)
	if err != nil {
		return span{}, fmt.Errorf("encode the plan: %w", err)
	}
	return sp.file.put(data)
}

// edit adds an edit to the step of a unit; head describes the step when it is new.
func (sp *spool) edit(u *lineage.UnitState, order int, e planEdit) error {
	st := sp.open[u.ID]
	if st == nil {
		known := lineage.UnitState{ID: u.ID, Source: u.Source, Unit: u.Unit, Generation: u.Generation}
		st = &openStep{head: planStep{Source: u.Source, Unit: known, Order: order}}
		sp.open[u.ID] = st
	}
	st.head.Edits = append(st.head.Edits, e)
	sp.records++
	if !e.Delete {
		sp.emptied.add(u.Source, e)
	}
	if sp.buffered++; sp.buffered < spoolEdits {
		return nil
	}
	for _, x := range sp.open {
		if err := sp.spill(x); err != nil {
			return err
		}
	}
	for _, c := range sp.closed {
		if err := sp.write(c); err != nil {
			return err
		}
	}
	return nil
}

// spill moves the edits of a step to disk.
func (sp *spool) spill(st *openStep) error {
	if len(st.head.Edits) == 0 {
		return nil
	}
	at, err := sp.put(planItem{Edits: st.head.Edits})
	if err != nil {
		return err
	}
	st.spans = append(st.spans, at)
	sp.buffered -= len(st.head.Edits)
	st.head.Edits = nil
	return nil
}

// finish closes the step of a unit, if it has one: no edit comes any more.
func (sp *spool) finish(unit uint32) error {
	st := sp.open[unit]
	if st == nil {
		return nil
	}
	delete(sp.open, unit)
	sp.steps++
	at := place{st.head.Source, st.head.Order}
	c := sp.closed[at]
	if c == nil {
		c = &closedSteps{}
		sp.closed[at] = c
	}
	if len(st.spans) > 0 { // its head comes last in an item, the edits follow as they are
		if err := sp.spill(st); err != nil {
			return err
		}
	}
	c.last, c.edits = append(c.last, st.head), c.edits+len(st.head.Edits)
	if len(st.spans) == 0 && len(c.last) < spoolSteps && c.edits < spoolEdits {
		return nil
	}
	err := sp.write(c)
	c.spans = append(c.spans, st.spans...)
	return err
}

// write moves complete steps to disk.
func (sp *spool) write(c *closedSteps) error {
	if len(c.last) == 0 {
		return nil
	}
	at, err := sp.put(planItem{Steps: c.last})
	if err != nil {
		return err
	}
	c.spans = append(c.spans, at)
	sp.buffered -= c.edits
	clear(c.last) // their strings are of no use any more
	c.last, c.edits = c.last[:0], 0
	return nil
}

// stays notes a record that stays.
func (sp *spool) stays(k KeptLine) error {
	sp.keep++
	if sp.kept = append(sp.kept, k); len(sp.kept) < spoolEdits/4 {
		return nil
	}
	return sp.spillKept()
}

func (sp *spool) spillKept() error {
	if len(sp.kept) == 0 {
		return nil
	}
	at, err := sp.put(planItem{Kept: sp.kept})
	if err != nil {
		return err
	}
	sp.keptAt, sp.kept = append(sp.keptAt, at), nil
	return nil
}

// each calls fn for every record that stays. The plan must have been saved.
func (sp *spool) each(fn func(KeptLine)) error {
	for _, at := range sp.keptAt {
		var it planItem
		data, err := sp.file.read(at)
		if err == nil {
			it, err = unpackItem(data)
		}
		if err != nil {
			return fmt.Errorf("read the spooled plan: %w", err)
		}
		for _, k := range it.Kept {
			fn(k)
		}
	}
	return nil
}

// sorted closes what is open and returns where the steps stand, in the order of
// execution: source by source, the one with the lowest order first.
func (sp *spool) sorted() ([]span, error) {
	open := slices.SortedFunc(maps.Values(sp.open), func(a, b *openStep) int {
		return cmp.Or(cmp.Compare(a.head.Source, b.head.Source), cmp.Compare(a.head.Unit.Unit.Key, b.head.Unit.Unit.Key))
	})
	for _, st := range open {
		if err := sp.finish(st.head.Unit.ID); err != nil {
			return nil, err
		}
	}
	if err := sp.spillKept(); err != nil {
		return nil, err
	}
	first := map[string]int{}
	for p, c := range sp.closed {
		if err := sp.write(c); err != nil {
			return nil, err
		}
		if o, ok := first[p.source]; !ok || p.order < o {
			first[p.source] = p.order
		}
	}
	places := slices.SortedFunc(maps.Keys(sp.closed), func(a, b place) int {
		return cmp.Or(cmp.Compare(first[a.source], first[b.source]), cmp.Compare(a.source, b.source), cmp.Compare(a.order, b.order))
	})
	var out []span
	for _, p := range places {
		out = append(out, sp.closed[p].spans...)
	}
	return out, nil
}

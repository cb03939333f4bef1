package crm

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/cratio/sutra/connectors"
)

// What a listing finds to have changed is kept as keys, and the rows are read for many
// units in one query when the first of these units is asked for.

// delta is what changed in one unit of a table with one integer key.
type delta struct {
	unit  connectors.Unit
	span  span
	since mark   // the keys are of rows written after it
	to    string // the mark of the listing's state
	rows  int64  // that the unit has now
	keys  []int64
	young *youngRows // the rows with these keys, where they were read with the listing
	load  *load      // nil when there are no keys, or too many

	batches []connectors.Batch // guarded by the load
}

// load is the changed rows of some units that follow one another.
type load struct {
	collection string
	of         []*delta
	rows       int

	mu   sync.Mutex
	over bool // was read, or could not be
	err  error
}

const (
	// fetchRows is about how many changed rows are read at once.
	fetchRows = 4 * connectors.BatchRows
	// loadsKept is how many loads wait for units that may never be asked for.
	loadsKept = 8
	// deltaShare is how many rows of a unit there are at least for one that changed.
	// When there are fewer it is read whole.
	deltaShare = 4
)

// deltas are those of the last listing.
type deltas struct {
	mu    sync.Mutex
	units map[string]*delta
	seen  map[string]seen
	ready []*load
}

// seen is a unit as a listing met it, and the mark of the state.
type seen struct{ fingerprint, mark string }

// Expect implements [connectors.Foreseer].
func (s *source) Expect(known iter.Seq[connectors.Known], held func(key string, locators []string) (n int, ok bool, err error)) {
	of, marks := map[string]*expected{}, map[string]map[string]int{}
	room := &atomic.Int64{}
	room.Store(youngBytes)
	for k := range known {
		name, sp, err := parseUnit(k.Key)
		if err != nil {
			continue
		}
		if of[name] == nil {
			of[name], marks[name] = &expected{held: held, room: room}, map[string]int{}
		}
		of[name].ranges = append(of[name].ranges, heldRange{sp, k})
		if k.Mark != "" {
			marks[name][k.Mark]++
		}
	}
	for name, texts := range marks {
		most := ""
		for text, n := range texts {
			if n > texts[most] || n == texts[most] && text < most {
				most = text
			}
		}
		if m, ok := parseMark(most); ok {
			of[name].most = m
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.expected = of
}

// Seen implements [connectors.Foreseer].
func (s *source) Seen(u connectors.Unit) string {
	s.deltas.mu.Lock()
	defer s.deltas.mu.Unlock()
	if x := s.deltas.seen[u.Key]; x.fingerprint == u.Fingerprint {
		return x.mark
	}
	return ""
}

// pieces lists the ranges of a table, and what changed in them if that is expected to
// be asked for. told is nil when nobody said what the caller holds.
func (s *source) pieces(ctx context.Context, ss *session, l *layout, told map[string]*expected) ([]piece, error) {
	d, ok := s.d.(differ)
	if !ok {
		if r, ok := s.d.(recurring); ok && told != nil && told[l.coll.Name] == nil {
			return r.listed(ctx, ss, l)
		}
		return s.d.units(ctx, ss, l)
	}
	x := told[l.coll.Name]
	if x == nil && told != nil {
		x = &expected{}
	}
	return d.unitsSince(ctx, ss, l, x)
}

// foresee notes the mark of a unit, and what changed in it. Both are of use only to
// readers of the same state.
func (s *source) foresee(ctx context.Context, ss *session, l *layout, u connectors.Unit, p piece, notes []string, out *listing) error {
	d, ok := s.d.(differ)
	if !ok || ss.state == "" || len(l.gaps()) > 0 {
		return nil
	}
	m, err := d.mark(ctx, ss, l, p.span)
	if err != nil || m.history == "" {
		return err
	}
	out.seen[u.Key] = seen{u.Fingerprint, m.String()}
	if p.young != nil {
		p.young.notes = notes
	}
	if p.since.history != "" && m.follows(p.since) {
		out.told = append(out.told, &delta{unit: u, span: p.span, since: p.since, to: m.String(), rows: p.rows, keys: p.changed, young: p.young})
	}
	return nil
}

// forget gives back rows that nobody asked for.
func (x *deltas) forget() {
	x.mu.Lock()
	ready := x.ready
	x.ready = nil
	x.mu.Unlock()
	for _, ld := range ready {
		ld.mu.Lock()
		ld.drop()
		ld.mu.Unlock()
	}
}

// set takes what a listing found in the place of what the last one did.
func (x *deltas) set(found *listing) {
	x.forget()
	x.mu.Lock()
	defer x.mu.Unlock()
	x.seen, x.units = found.seen, make(map[string]*delta, len(found.told))
	var last *load
	for _, d := range found.told {
		x.units[d.unit.Key] = d
		if len(d.keys) == 0 || d.many() {
			continue
		}
		name, _, err := parseUnit(d.unit.Key)
		if err != nil {
			continue
		}
		if last == nil || last.collection != name || last.rows+len(d.keys) > fetchRows {
			last = &load{collection: name}
		}
		d.load = last
		last.of, last.rows = append(last.of, d), last.rows+len(d.keys)
	}
}

// spread puts the units of a listing into the order in which they are best asked for: so
// that readers that take one after the other come upon different loads.
func (x *deltas) spread(units []connectors.Unit, readers int) []connectors.Unit {
	x.mu.Lock()
	defer x.mu.Unlock()
	var loads []*load
	out := make([]connectors.Unit, 0, len(units))
	for _, u := range units {
		d := x.units[u.Key]
		switch {
		case d == nil || d.load == nil:
			out = append(out, u)
		case len(loads) == 0 || loads[len(loads)-1] != d.load:
			loads = append(loads, d.load)
		}
	}
	for some := range slices.Chunk(loads, max(readers, 1)) {
		for i, left := 0, true; left; i++ {
			left = false
			for _, ld := range some {
				if i < len(ld.of) {
					out, left = append(out, ld.of[i].unit), true
				}
			}
		}
	}
	return out
}

// many reports that a unit is better read whole.
func (d *delta) many() bool { return int64(len(d.keys))*deltaShare > d.rows }

// of returns what is known to have changed in a unit since the state that a mark names.
func (x *deltas) of(u connectors.Unit, since string) *delta {
	from, ok := parseMark(since)
	x.mu.Lock()
	defer x.mu.Unlock()
	d := x.units[u.Key]
	if !ok || d == nil || d.unit != u || from.history != d.since.history || from.open < d.since.open {
		return nil
	}
	return d
}

// told yields what a listing found to have changed in a unit. It returns false, before
// it yields anything, when the state of the listing is not to be had any more.
func (s *source) told(ctx context.Context, d *delta, yield func(connectors.Batch, error) bool) bool {
	if s.whyDiff(d.unit) != forUnit {
		return false
	}
	if d.many() {
		yield(connectors.Batch{}, fmt.Errorf("comparing a unit of source %s: %w", s.name, connectors.ErrWhole))
		return true
	}
	var batches []connectors.Batch
	if d.load != nil {
		var ok bool
		if batches, ok = s.loaded(ctx, d); !ok {
			return false
		}
	}
	defer release(batches)
	name, _, err := parseUnit(d.unit.Key)
	if err != nil || !yield(connectors.Batch{Collection: name, Mark: d.to, Records: int(d.rows)}, err) {
		return true
	}
	for _, b := range batches {
		if !yield(b, nil) {
			break
		}
	}
	return true
}

// release gives batches back.
func release(batches []connectors.Batch) {
	for _, b := range batches {
		b.Rows.Release()
	}
}

// loaded returns the changed rows of a unit, once; the caller releases them.
func (s *source) loaded(ctx context.Context, d *delta) ([]connectors.Batch, bool) {
	ld := d.load
	ld.mu.Lock()
	defer ld.mu.Unlock()
	if !ld.over {
		ld.over = true
		if ld.err = s.fetch(ctx, ld); ld.err != nil {
			ld.drop()
		} else {
			s.deltas.keep(ld)
		}
	}
	b := d.batches
	d.batches = nil
	return b, len(b) > 0
}

// drop forgets rows that nobody asked for. The caller holds the lock.
func (ld *load) drop() {
	for _, d := range ld.of {
		release(d.batches)
		d.batches = nil
	}
}

// keep bounds how many loads there are with rows that nobody asked for.
func (x *deltas) keep(ld *load) {
	x.mu.Lock()
	x.ready = append(x.ready, ld)
	var oldest *load
	if len(x.ready) > loadsKept {
		oldest, x.ready = x.ready[0], x.ready[1:]
	}
	x.mu.Unlock()
	if oldest != nil {
		oldest.mu.Lock()
		defer oldest.mu.Unlock()
		oldest.drop()
	}
}

// errState says that the state of a listing is gone.
var errState = errors.New("the state of the listing cannot be read any more")

// fetch reads the changed rows of some units in the state in which they were found to
// have changed. The caller holds the load's lock.
func (s *source) fetch(ctx context.Context, ld *load) error {
	if y := ld.of[0].young; y != nil && !y.bare {
		e := ld.emitter(ctx, s, y.l)
		defer e.b.Release()
		e.notes = y.notes
		for _, d := range ld.of {
			if err := y.emit(e, d.keys); err != nil {
				return err
			}
		}
		return e.flush()
	}
	return s.during(ctx, forUnit, func(ss *session, sc *schema) error {
		f, ok := s.d.(differ)
		if !ok || ss.state == "" {
			return errState
		}
		l, err := s.layout(sc, ld.collection)
		if err != nil {
			return err
		}
		e := ld.emitter(ctx, s, l)
		defer e.b.Release()
		e.notes = s.openNotes(sc, l)
		keys := make([]string, 0, ld.rows)
		for _, d := range ld.of {
			for _, k := range d.keys {
				keys = append(keys, strconv.FormatInt(k, 10))
			}
		}
		e.since = s.d.quote(l.table.pk[0]) + " = ANY ('{" + strings.Join(keys, ",") + "}')"
		if err := f.stream(ctx, ss, e, span{}); err != nil {
			return err
		}
		if err := e.flush(); err != nil {
			return err
		}
		if e.rows != len(keys) {
			return errState
		}
		return nil
	})
}

// emitter returns one that puts rows, which come in the order of the keys, into batches of
// their units.
func (ld *load) emitter(ctx context.Context, s *source, l *layout) *emitter {
	at, rows := 0, 0 // the unit that is being read, and its rows that were
	e := s.emitter(ctx, l, func(b connectors.Batch, _ error) bool {
		for at < len(ld.of) && rows == len(ld.of[at].keys) {
			at, rows = at+1, 0
		}
		if at == len(ld.of) || !ld.of[at].holds(b) {
			return false
		}
		b.Rows.Retain()
		ld.of[at].batches = append(ld.of[at].batches, b)
		rows += int(b.Rows.NumRows())
		return true
	})
	e.mark = ld.of[0].to
	n := 0
	for _, d := range ld.of {
		n += len(d.keys)
		e.cuts = append(e.cuts, n)
	}
	return e
}

// holds reports whether all records of a batch are of the unit.
func (d *delta) holds(b connectors.Batch) bool {
	for i := range int(b.Rows.NumRows()) {
		text, _ := connectors.Value(b.Rows, 0, i)
		n, ok := rowNumber(text, pkPrefix)
		if !ok || d.span.lo != nil && n < *d.span.lo || d.span.hi != nil && n >= *d.span.hi {
			return false
		}
	}
	return true
}

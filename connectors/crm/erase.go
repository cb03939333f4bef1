package crm

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/cratio/sutra/connectors"
)

// Erase applies the edits of one unit.
func (s *source) Erase(ctx context.Context, u connectors.Unit, edits []connectors.Edit) (connectors.Unit, connectors.Outcome, error) {
	work := []connectors.UnitEdits{{Unit: u, Edits: edits}}
	_, out, err := s.EraseAll(ctx, work)
	if err != nil {
		return u, connectors.Outcome{}, err
	}
	next, err := s.after(ctx, u)
	if err != nil {
		return u, connectors.Outcome{}, fmt.Errorf("looking at source %s after the change: %w", s.name, err)
	}
	return next, out[0], nil
}

// The transaction of a change is tried again when other transactions were in its
// way or the connection broke, after a pause that grows.
const (
	eraseTries = 6
	firstPause = 100 * time.Millisecond
)

// EraseAll applies the edits of several units in one transaction: all of them or
// none. A row counts as changed since planned when its own Check says so; other
// changes of the database do not matter. The units come back without fingerprints:
// for servers that do not number the versions of rows they cost more than the deletions.
func (s *source) EraseAll(ctx context.Context, work []connectors.UnitEdits) ([]connectors.Unit, []connectors.Outcome, error) {
	pause := firstPause
	for try := 1; ; try++ {
		out, err := s.eraseOnce(ctx, work, true)
		if errors.Is(err, errIndirect) {
			out, err = s.eraseOnce(ctx, work, false)
		}
		if err == nil {
			next := make([]connectors.Unit, len(work))
			for i, w := range work {
				next[i] = connectors.Unit{Key: w.Unit.Key, Account: w.Unit.Account}
			}
			return next, out, nil
		}
		if try == eraseTries || !s.d.passing(err) || ctx.Err() != nil {
			return nil, nil, fmt.Errorf("erasing in source %s: %w", s.name, err)
		}
		select {
		case <-ctx.Done():
			return nil, nil, ctx.Err()
		case <-time.After(pause/2 + time.Duration(rand.Int64N(int64(pause)))):
			pause *= 2
		}
	}
}

// eraseOnce tries the transaction once; direct allows the short way of leaves.go.
func (s *source) eraseOnce(ctx context.Context, work []connectors.UnitEdits, direct bool) (out []connectors.Outcome, err error) {
	ss, err := s.d.write(ctx)
	if err != nil {
		return nil, err
	}
	defer func() {
		if eerr := ss.end(ctx); eerr != nil && err == nil {
			out, err = nil, fmt.Errorf("ending the transaction: %w", eerr)
		}
	}()
	sc, err := s.d.schema(ctx, ss)
	if err != nil {
		return nil, err
	}
	j := &job{s: s, ss: ss, sc: sc, layouts: map[string]*layout{}, index: map[string]*target{}, in: map[*table][]reference{}, out: make([]connectors.Outcome, len(work))}
	if direct && ss.returning {
		j.leaves = j.leavesOf(ctx, work)
	}
	if err := j.run(ctx, work); err != nil {
		return nil, err
	}
	if err := ss.commit(ctx); err != nil {
		return nil, err
	}
	if err := s.d.settle(ctx, ss, j.named()); err != nil {
		return nil, &connectors.UnwipedError{Err: fmt.Errorf("wiping what is left after the commit: %w", err)}
	}
	return j.out, nil
}

// job is the work of one EraseAll.
type job struct {
	s       *source
	ss      *session
	sc      *schema
	layouts map[string]*layout // by collection
	targets []*target          // in the order of the plan
	index   map[string]*target // by table and ident
	parents map[int][]int      // target to delete -> targets to delete that it refers to
	out     []connectors.Outcome
	in      map[*table][]reference // what leads to a table
	leaves  map[*table]bool        // tables whose rows are deleted while they are read
	changed string                 // a table with a row whose check failed
}

// target is one row with the edits that concern it.
type target struct {
	n     int
	l     *layout
	ident []any
	del   bool
	shell bool
	wrote bool   // its row was changed, not only found as it has to be
	owner int    // the unit that counts the deletion
	edits []edit // redactions
}

type edit struct {
	unit int
	*connectors.Edit
}

func (j *job) run(ctx context.Context, work []connectors.UnitEdits) error {
	for i, w := range work {
		if err := j.load(ctx, i, w); err != nil {
			return err
		}
	}
	if j.changed != "" {
		return fmt.Errorf("a record of table %q: %w", j.changed, connectors.ErrChanged)
	}
	if err := j.carryOut(ctx); err != nil {
		return err
	}
	return j.vacated(ctx, work)
}

// carryOut makes the changes to the rows that were found.
func (j *job) carryOut(ctx context.Context) error {
	tables := tablesOf(j.tables())
	if len(tables) == 0 {
		return nil
	}
	if err := j.decide(ctx); err != nil {
		return err
	}
	before, err := j.s.d.dangling(ctx, j.ss, tables)
	if err != nil {
		return fmt.Errorf("checking references before the change: %w", err)
	}
	if err := j.apply(ctx); err != nil {
		return err
	}
	after, err := j.s.d.dangling(ctx, j.ss, tables)
	if err != nil {
		return fmt.Errorf("checking references after the change: %w", err)
	}
	for k, n := range after {
		if n > before[k] {
			return fmt.Errorf("the change would break references from %s", k)
		}
	}
	if err := j.s.d.scrub(ctx, j.ss, tables); err != nil {
		return fmt.Errorf("wiping what the database keeps beside the rows: %w", err)
	}
	return j.copied(ctx)
}

// loadRows is how many rows are held with their values while their checks are asked.
const loadRows = 5000

// load finds the rows of a unit's edits and asks their checks, in order.
func (j *job) load(ctx context.Context, unit int, w connectors.UnitEdits) error {
	own, sp, err := parseUnit(w.Unit.Key)
	if err != nil {
		return err
	}
	if l, err := j.layout(ctx, own); err == nil { // the unit is found again by its ends after rows are gone
		if _, _, err := j.s.d.within(ctx, j.ss, l, sp); err != nil && !errors.Is(err, connectors.ErrNotFound) {
			return err
		}
	}
	for from := 0; from < len(w.Edits); {
		name := collectionOf(w.Edits[from], own)
		to := from
		for to < len(w.Edits) && to-from < loadRows && collectionOf(w.Edits[to], own) == name {
			to++
		}
		l, err := j.layout(ctx, name)
		if err != nil {
			return err
		}
		if err := j.loadChunk(ctx, unit, l, w.Edits[from:to]); err != nil {
			return err
		}
		from = to
	}
	return nil
}

func collectionOf(e connectors.Edit, own string) string {
	if e.Collection != "" {
		return e.Collection
	}
	return own
}

// layout finds a collection. One that cannot be had, because its table is gone, say, stands
// in the way of its own records alone.
func (j *job) layout(ctx context.Context, name string) (*layout, error) {
	if l := j.layouts[name]; l != nil {
		return l, nil
	}
	l, err := j.s.opened(ctx, j.ss, j.sc, name)
	if err != nil {
		return nil, &connectors.FixedError{Collection: name, Err: err}
	}
	j.layouts[name] = l
	return l, nil
}

type foundRow struct {
	ident  []any
	values map[string]string
}

func (j *job) loadChunk(ctx context.Context, unit int, l *layout, edits []connectors.Edit) error {
	locs := make([]string, len(edits))
	checked := false
	for i, e := range edits {
		if err := l.allowed(&e); err != nil {
			return &connectors.FixedError{Collection: l.coll.Name, Err: err}
		}
		locs[i] = e.Locator
		checked = checked || e.Check != nil
	}
	find := j.s.lookup
	if j.leaves[l.table] {
		find = j.s.takeOut
	}
	rows := make(map[string]foundRow, len(locs))
	err := find(ctx, j.ss, l, locs, func(loc string, r row) error {
		if _, twice := rows[loc]; twice {
			return fmt.Errorf("%w: table %q: several rows have the key that the catalog names; nothing was changed", connectors.ErrForbidden, l.table.name)
		}
		f := foundRow{ident: cloneVals(r.ident)}
		if checked {
			f.values = l.values(r)
		}
		rows[loc] = f
		return nil
	})
	if err != nil {
		return err
	}
	for i := range edits {
		e := &edits[i]
		f, ok := rows[e.Locator]
		if !ok {
			j.out[unit].Missing++
			continue
		}
		if e.Check != nil {
			if cerr := e.Check(f.values); cerr != nil {
				j.changed = l.table.name // the other checks are asked all the same
				continue
			}
		}
		if j.leaves[l.table] {
			delete(rows, e.Locator) // what else the plan asks of it finds it gone
			j.out[unit].Deleted++
			continue
		}
		if err := j.note(unit, l, f.ident, e); err != nil {
			return err
		}
	}
	return nil
}

// note files an edit under its row.
func (j *job) note(unit int, l *layout, ident []any, e *connectors.Edit) error {
	k := l.table.name + "\x00" + identKey(ident)
	t := j.index[k]
	if t == nil {
		t = &target{n: len(j.targets), l: l, ident: ident}
		j.index[k] = t
		j.targets = append(j.targets, t)
	}
	switch {
	case e.Action == connectors.Delete && t.del:
		j.out[unit].Missing++
	case e.Action == connectors.Delete:
		t.del, t.owner = true, unit
	case e.Action == connectors.Redact && e.Rewrite != nil:
		t.edits = append(t.edits, edit{unit, e})
	default:
		return fmt.Errorf("an edit of table %q is neither a deletion nor a redaction", l.table.name)
	}
	return nil
}

// tables lists the layouts of the tables that hold targets.
func (j *job) tables() []*layout {
	var out []*layout
	seen := map[*table]bool{}
	for _, t := range j.targets {
		if !seen[t.l.table] {
			seen[t.l.table] = true
			out = append(out, t.l)
		}
	}
	return out
}

// named lists the tables that the plan names, whether rows were found in them or not:
// what an earlier run left behind goes with this one.
func (j *job) named() []*table {
	var out []*table
	for _, l := range j.layouts {
		out = append(out, l.table)
	}
	return out
}

func tablesOf(ls []*layout) []*table {
	out := make([]*table, len(ls))
	for i, l := range ls {
		out[i] = l.table
	}
	return out
}

// allowed reports what stands against an edit before the first change is made.
func (l *layout) allowed(e *connectors.Edit) error {
	need := "UPDATE"
	if e.Action == connectors.Delete {
		need = "DELETE"
	}
	switch t := l.table; {
	case slices.Contains(t.denied, need):
		return fmt.Errorf("table %q: the user lacks the privilege %s: %w", t.name, need, connectors.ErrReadOnly)
	case t.fixed != "":
		return fmt.Errorf("table %q cannot be changed: %s", t.name, t.fixed)
	case len(l.missing) > 0:
		return fmt.Errorf("field %q of the catalog is not in table %q", l.missing[0], t.name)
	}
	return nil
}

func cloneVals(v []any) []any {
	out := make([]any, len(v))
	copy(out, v)
	return out
}

package pipeline

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/pipeline/audit"
)

// recordRef names a record of a plan.
type recordRef struct {
	unit                uint32
	collection, locator string
}

// forbiddenAtMost is after how many records of a collection, refused one by one, the rest
// of it is not tried any more: a table may refuse all of them.
const forbiddenAtMost = 32

// transaction is what is to be done in one transaction of a database, or in several
// where some of it cannot be done.
type transaction struct {
	*application
	src       *Source
	er        connectors.Eraser
	be        connectors.BatchEraser
	passed    map[recordRef]bool  // stale, failed, or done by an earlier run
	late      map[int]audit.State // steps with records that are stale or failed
	shells    map[int]int         // by step, so far
	forbidden map[string]int      // records that were refused alone, by collection
}

// transact executes steps of a database in one transaction. Records that changed
// since the plan are stale, and those that the database does not let go fail; the
// others are done all the same.
func (a *application) transact(ctx context.Context, src *Source, er connectors.Eraser, be connectors.BatchEraser, steps []planStep) error {
	t := &transaction{a, src, er, be, map[recordRef]bool{}, map[int]audit.State{}, map[int]int{}, map[string]int{}}
	return t.run(ctx, steps)
}

func (t *transaction) run(ctx context.Context, steps []planStep) error {
	for { // every turn finds further records that cannot be done, or is the last
		steps = t.rest(steps)
		bad := map[recordRef]bool{}
		work, there := make([]connectors.UnitEdits, len(steps)), make([][]bool, len(steps))
		edits := 0
		for i, st := range steps {
			work[i] = connectors.UnitEdits{Unit: st.Unit.Unit, Edits: t.edits(t.src, st, bad)}
			there[i] = make([]bool, len(st.Edits))
			met(work[i].Edits, there[i])
			edits += len(st.Edits)
		}
		next, out, err := t.be.EraseAll(ctx, work)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		var fixed *connectors.FixedError
		switch {
		case err == nil:
			return t.done(steps, next, out, there)
		case errors.As(err, &fixed) && t.setAside(steps, fixed.Collection, fixed):
		case aboutOne(err) && edits > 1:
			first, second := halves(steps, edits/2)
			if err := t.run(ctx, first); err != nil {
				return err
			}
			for collection, n := range t.forbidden {
				if n >= forbiddenAtMost {
					t.setAside(second, collection, fmt.Errorf("%w; so it was with %d others of the table, and these were not tried", err, n))
				}
			}
			return t.run(ctx, second)
		case errors.Is(err, connectors.ErrChanged) && len(bad) > 0:
			for ref := range bad {
				t.passed[ref] = true
			}
			if err := t.settle(ctx, steps, bad); err != nil {
				return err
			}
		default:
			return t.refused(steps, err)
		}
	}
}

// aboutOne reports an error that may be about one record, so that the others are tried
// without it: the database does not let it go, or cannot hold the new value in it.
func aboutOne(err error) bool {
	return errors.Is(err, connectors.ErrForbidden) || errors.Is(err, connectors.ErrUnfit)
}

// refused fails what is left to do of steps.
func (t *transaction) refused(steps []planStep, err error) error {
	var unwiped *connectors.UnwipedError
	for _, st := range steps {
		if len(st.Edits) == 0 { // all of it was settled before
			if err := t.done([]planStep{st}, []connectors.Unit{st.Unit.Unit}, make([]connectors.Outcome, 1), make([][]bool, 1)); err != nil {
				return err
			}
			continue
		}
		t.late[st.No] = audit.Failed
		t.failed([]planStep{st}, err)
		if errors.As(err, &unwiped) { // what became of the records is read again all the same
			t.unwiped = true
			if err := t.touch(touched{t.src.Name, connectors.Unit{Key: st.Unit.Unit.Key, Account: st.Unit.Unit.Account}, false}); err != nil {
				return err
			}
		}
		if aboutOne(err) {
			t.forbidden[st.Edits[0].Collection]++
		}
	}
	return nil
}

// rest returns the steps without the edits that are done with.
func (t *transaction) rest(steps []planStep) []planStep {
	out := make([]planStep, len(steps))
	for i, st := range steps {
		st.Edits = slices.DeleteFunc(slices.Clone(st.Edits), func(e planEdit) bool { return t.passed[recordRef{st.Unit.ID, e.Collection, e.Locator}] })
		out[i] = st
	}
	return out
}

// halves cuts steps behind the n-th edit, from 1. A step that is cut is in both.
func halves(steps []planStep, n int) (first, second []planStep) {
	for i, st := range steps {
		if n <= 0 {
			return first, append(second, steps[i:]...)
		}
		if len(st.Edits) > n {
			rest := st
			st.Edits, rest.Edits = st.Edits[:n], st.Edits[n:]
			second = append(second, rest)
		}
		first, n = append(first, st), n-len(st.Edits)
	}
	return first, second
}

// done counts steps that were carried out; there says which rows of each were there.
func (t *transaction) done(steps []planStep, next []connectors.Unit, out []connectors.Outcome, there [][]bool) error {
	t.sm.Lock()
	defer t.sm.Unlock()
	for i, st := range steps {
		t.outcome(st, out[i], t.gone(st, there[i]))
		if err := t.emptiedOf(st, out[i].Shells); err != nil {
			return err
		}
		if out[i].Missing > 0 || out[i].Copied {
			t.touched.changed.lose(t.src.Name)
		}
		if err := t.touched.add(touched{t.src.Name, next[i], false}); err != nil {
			return err
		}
		t.shells[st.No] += out[i].Shells
		if state, ok := t.late[st.No]; ok {
			t.mark(st, state, 0)
		} else {
			t.mark(st, audit.Done, t.shells[st.No])
		}
	}
	return nil
}

// setAside fails the edits of a collection that cannot be changed, so that those of
// others can go on without them. It reports whether there were any.
func (t *transaction) setAside(steps []planStep, collection string, why error) bool {
	found := false
	for _, st := range steps {
		var mine []planEdit
		for _, e := range st.Edits {
			ref := recordRef{st.Unit.ID, e.Collection, e.Locator}
			if e.Collection == collection && !t.passed[ref] {
				t.passed[ref] = true
				mine = append(mine, e)
			}
		}
		if len(mine) > 0 {
			found, t.late[st.No] = true, audit.Failed
			t.failed([]planStep{{No: st.No, Source: st.Source, Unit: st.Unit, Edits: mine}}, why)
		}
	}
	return found
}

// settle looks at rows that are not what the plan saw: a row in which nothing is
// left to do was done by an earlier run; the rest is stale.
func (t *transaction) settle(ctx context.Context, steps []planStep, bad map[recordRef]bool) error {
	for _, st := range steps {
		var edits []connectors.Edit
		var mine []planEdit
		for i, e := range t.edits(t.src, st, nil) {
			if bad[recordRef{st.Unit.ID, e.Collection, e.Locator}] {
				e.Check = nil
				edits = append(edits, e)
				mine = append(mine, st.Edits[i])
			}
		}
		if len(edits) == 0 {
			continue
		}
		left, err := t.er.Residue(ctx, st.Unit.Unit, edits)
		if err != nil {
			t.late[st.No] = audit.Stale
			t.failed([]planStep{{No: st.No, Source: st.Source, Unit: st.Unit, Edits: mine}}, err)
			continue
		}
		t.sm.Lock()
		for _, e := range mine {
			one := planStep{No: st.No, Source: st.Source, Unit: st.Unit, Edits: []planEdit{e}}
			if slices.ContainsFunc(left, func(x connectors.Edit) bool { return x.Collection == e.Collection && x.Locator == e.Locator }) {
				t.late[st.No] = audit.Stale
				t.stale(one)
			} else {
				t.outcome(one, connectors.Outcome{}, t.all(one))
			}
		}
		t.sm.Unlock()
	}
	return ctx.Err()
}

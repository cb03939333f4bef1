package pipeline

import (
	"context"
	"errors"
	"slices"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/lineage"
	"github.com/cratio/sutra/pipeline/audit"
	"github.com/cratio/sutra/pipeline/extract"
)

// object executes the step of one object.
func (a *application) object(ctx context.Context, src *Source, er connectors.Eraser, st planStep) error {
	edits := a.edits(src, st, nil)
	next, out, err := er.Erase(ctx, st.Unit.Unit, edits)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	a.sm.Lock()
	switch {
	case err == nil:
		a.outcome(st, out)
		a.touched = append(a.touched, touched{src.Name, next, out.Gone})
	case errors.Is(err, connectors.ErrChanged):
		// Either an earlier run of this plan did it, or somebody else changed the
		// object: reading it again tells.
		a.touched = append(a.touched, touched{src.Name, connectors.Unit{Key: st.Unit.Unit.Key}, false})
		a.sm.Unlock()
		return a.again(ctx, src, st)
	case errors.Is(err, connectors.ErrNotFound):
		a.outcome(st, connectors.Outcome{Missing: len(edits)})
		a.touched = append(a.touched, touched{src.Name, st.Unit.Unit, true})
	default:
		a.sm.Unlock()
		a.failed([]planStep{st}, err)
		return nil
	}
	a.sm.Unlock()
	return a.mark(audit.Done, st)
}

// outcome counts a step that was done. The caller holds the lock.
func (a *application) outcome(st planStep, out connectors.Outcome) {
	for _, e := range st.Edits {
		if e.Delete {
			a.sum.Erased++
		} else {
			a.sum.Redacted++
		}
	}
	a.sum.Erased -= out.Shells
	a.sum.Redacted += out.Shells
}

// again decides about an object that is not what the plan saw: nothing of hers in
// it means that the step was done before; anything else is stale.
func (a *application) again(ctx context.Context, src *Source, st planStep) error {
	for u, err := range src.Conn.Units(ctx) {
		if err != nil || u.Key != st.Unit.Unit.Key {
			continue
		}
		left, err := a.left(ctx, src, u, st)
		if err != nil {
			a.failed([]planStep{st}, err)
			return nil
		}
		a.sm.Lock()
		defer a.sm.Unlock()
		if left {
			a.sum.Stale += len(st.Edits)
		} else {
			a.outcome(st, connectors.Outcome{})
		}
		return nil
	}
	a.sm.Lock()
	defer a.sm.Unlock()
	a.outcome(st, connectors.Outcome{Gone: true})
	return nil
}

// left reports whether a unit still holds something that the step was to remove.
func (a *application) left(ctx context.Context, src *Source, u connectors.Unit, st planStep) (bool, error) {
	if len(a.tokens) == 0 { // retention goes by record; the next plan sees what is left
		return true, nil
	}
	for b, err := range src.Conn.Read(ctx, u) {
		if err != nil {
			return false, err
		}
		for _, x := range a.sightings(src, u, b) {
			for _, e := range x.Edges {
				if _, ok := a.tokens[e.Token]; ok && e.Role != lineage.Own {
					return true, nil
				}
			}
		}
	}
	return false, ctx.Err()
}

// transaction executes steps of a database in one transaction. Records that
// changed since the plan are stale; the others are done all the same.
func (a *application) transaction(ctx context.Context, src *Source, er connectors.Eraser, steps []planStep) error {
	stale := map[recordRef]bool{}
	for { // every turn finds further changed records, or is the last
		bad := map[recordRef]bool{}
		var work []connectors.UnitEdits
		for _, st := range steps {
			ue := connectors.UnitEdits{Unit: st.Unit.Unit, Edits: a.edits(src, st, bad)}
			ue.Edits = slices.DeleteFunc(ue.Edits, func(e connectors.Edit) bool { return stale[recordRef{st.Unit.ID, e.Collection, e.Locator}] })
			work = append(work, ue)
		}
		next, out, err := src.Conn.(connectors.BatchEraser).EraseAll(ctx, work)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err == nil {
			for i, st := range steps {
				st.Edits = slices.DeleteFunc(slices.Clone(st.Edits), func(e planEdit) bool { return stale[recordRef{st.Unit.ID, e.Collection, e.Locator}] })
				a.outcome(st, out[i])
				a.touched = append(a.touched, touched{src.Name, next[i], false})
			}
			return a.mark(audit.Done, steps...)
		}
		if !errors.Is(err, connectors.ErrChanged) || len(bad) == 0 {
			a.failed(steps, err)
			return nil
		}
		for ref := range bad {
			stale[ref] = true
		}
		if err := a.settle(ctx, er, steps, bad); err != nil {
			return err
		}
	}
}

// recordRef names a record of a plan.
type recordRef struct {
	unit                uint32
	collection, locator string
}

// settle looks at rows that are not what the plan saw: a row in which nothing is
// left to do was done by an earlier run; the rest is stale.
func (a *application) settle(ctx context.Context, er connectors.Eraser, steps []planStep, bad map[recordRef]bool) error {
	for _, st := range steps {
		src, err := a.source(st.Source)
		if err != nil {
			return err
		}
		var edits []connectors.Edit
		var mine []planEdit
		for i, e := range a.edits(src, st, nil) {
			if bad[recordRef{st.Unit.ID, e.Collection, e.Locator}] {
				e.Check = nil
				edits = append(edits, e)
				mine = append(mine, st.Edits[i])
			}
		}
		if len(edits) == 0 {
			continue
		}
		left, err := er.Residue(ctx, st.Unit.Unit, edits)
		if err != nil {
			a.failed([]planStep{{Source: st.Source, Unit: st.Unit, Edits: mine}}, err)
			continue
		}
		a.sum.Stale += len(left)
		for _, e := range mine {
			if slices.ContainsFunc(left, func(x connectors.Edit) bool { return x.Collection == e.Collection && x.Locator == e.Locator }) {
				continue
			}
			a.outcome(planStep{Edits: []planEdit{e}}, connectors.Outcome{})
		}
	}
	return nil
}

// edits makes the edits of a step. Rows whose content is not what the plan saw
// are noted in bad.
func (a *application) edits(src *Source, st planStep, bad map[recordRef]bool) []connectors.Edit {
	out := make([]connectors.Edit, 0, len(st.Edits))
	for _, e := range st.Edits {
		x := connectors.Edit{Collection: e.Collection, Locator: e.Locator, Action: connectors.Redact}
		if e.Delete {
			x.Action = connectors.Delete
		}
		extent := e.Extent
		if extent == 0 {
			extent = extract.Whole
		}
		x.Rewrite = (&extract.Redactor{Extent: extent, Everybody: a.plan.Kind == "retain", Mine: a.mine}).Rewrite
		if bad != nil && e.Sum != 0 {
			x.Check = func(values map[string]string) error {
				if extract.Sum(a.Graph, values) != e.Sum {
					bad[recordRef{st.Unit.ID, e.Collection, e.Locator}] = true
					return connectors.ErrChanged
				}
				return nil
			}
		}
		out = append(out, x)
	}
	return out
}

func (a *application) mine(kind, value string) bool {
	_, ok := a.tokens[a.Graph.Token(kind, value)]
	return ok
}

package pipeline

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/cratio/sutra/pipeline/audit"
)

// recheck reads the accounts anew before a retention plan is executed: an account
// that was resumed, or whose settings changed, since the plan was made keeps its
// data until the next plan.
func (a *application) recheck(ctx context.Context) error {
	if a.plan.Kind != "retain" || a.plan.Steps == 0 {
		return nil
	}
	before := a.metGaps() // at night the scan told of them already
	if err := a.readAccounts(ctx); err != nil {
		return err
	}
	a.blind = a.metGaps() > before
	now, err := a.accountFacts()
	if err != nil {
		return err
	}
	a.changed = map[string]bool{}
	for _, account := range slices.Sorted(maps.Keys(a.plan.body.Facts)) {
		was, is := a.plan.body.Facts[account], now[account]
		if !was.equal(is) {
			a.changed[account] = true
			a.gap("accounts", "", "the end or a setting of an account changed since the plan was made: what hangs on it is left as it is; make a new plan")
		}
	}
	for account := range now {
		if _, ok := a.plan.body.Facts[account]; !ok {
			a.changed[account] = true // it was not known when the plan was made
		}
	}
	return nil
}

// metGaps counts the gaps that were met so far, however often each was reported.
func (s *Site) metGaps() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.met
}

// readAccounts brings the accounts' own records in the graph up to date.
func (s *Site) readAccounts(ctx context.Context) error {
	w, err := s.Graph.Begin()
	if err != nil {
		return err
	}
	run := &scan{Site: s, w: w}
	for _, src := range s.Sources {
		for _, coll := range src.Dataset.Collections {
			if !coll.Accounts {
				continue
			}
			if src.Err != nil {
				s.gap(src.Name, "", "the source cannot be opened: "+src.Err.Error())
				continue
			}
			for u, err := range src.Conn.Units(ctx) {
				if err != nil {
					s.gap(src.Name, u.Key, "the listing failed: "+err.Error())
					continue
				}
				if database(src.Connector) && !strings.HasPrefix(u.Key, coll.Name+"[") {
					continue
				}
				if err := run.unit(ctx, src, u); err != nil {
					return err
				}
			}
		}
	}
	return w.Close(ctx)
}

// current takes the edits out of a step that must not be made any more because their
// account, or the catalog, is not as the plan saw it.
func (a *application) current(st planStep) planStep {
	parts := a.sift(st)
	if len(parts.unknown.Edits) > 0 {
		a.partial[st.No] = audit.Failed
		a.unbegun([]planStep{parts.unknown}, errors.New("the accounts' own records cannot be read, so that nobody knows whether it is still due"))
	}
	if len(parts.other.Edits) > 0 {
		a.gap(st.Source, st.Unit.Unit.Key, "the catalog says otherwise of these records than when the plan was made: they are left as they are; make a new plan")
	}
	late := parts.late
	late.Edits = slices.Concat(late.Edits, parts.other.Edits)
	if len(late.Edits) > 0 {
		a.sm.Lock()
		a.partial[st.No] = audit.Stale
		a.stale(late)
		a.mark(late, audit.Stale, 0)
		a.sm.Unlock()
	}
	return parts.due
}

// sifted is a step in parts: the edits to be made, those whose account is not as the plan
// saw it, those of which the catalog says otherwise, and those of which nobody knows.
type sifted struct{ due, late, other, unknown planStep }

// sift parts a step.
func (a *application) sift(st planStep) sifted {
	aged := a.plan.Kind == "retain" && (a.blind || len(a.changed) > 0)
	if !aged && !slices.ContainsFunc(st.Edits, func(e planEdit) bool { return a.otherwise(st.Source, e) }) {
		return sifted{due: st}
	}
	parts := sifted{st, st, st, st}
	parts.due.Edits, parts.late.Edits, parts.other.Edits, parts.unknown.Edits = nil, nil, nil, nil
	for _, e := range st.Edits {
		switch by := aged && a.Policy.ByAccount(e.Class); {
		case by && a.blind:
			parts.unknown.Edits = append(parts.unknown.Edits, e)
		case by && a.changed[e.Account]:
			parts.late.Edits = append(parts.late.Edits, e)
		case a.otherwise(st.Source, e):
			parts.other.Edits = append(parts.other.Edits, e)
		default:
			parts.due.Edits = append(parts.due.Edits, e)
		}
	}
	return parts
}

// settleUnsure decides about the objects of a retention plan that were not what
// the plan saw, now that the graph knows them as they are: without anything that
// is past its period, an earlier run of the plan did the step; else it is stale.
func (a *application) settleUnsure(ctx context.Context) error {
	if len(a.unsure) == 0 {
		return nil
	}
	pl, err := a.newPlanner(ctx, "retain", a.plan.AsOf)
	if err != nil {
		return err
	}
	r := &retention{planner: pl, ctx: ctx, resolver: a.kinds.resolver(a.Graph)}
	err = a.plan.steps(func(st planStep) error {
		if !a.unsure[st.No] {
			return ctx.Err()
		}
		st = a.sift(st).due // the rest of it was told of
		known, err := a.Graph.Unit(st.Source, st.Unit.Unit.Key)
		if err != nil {
			return err
		}
		left := false
		if known != nil {
			if left, err = r.dueIn(known.ID, a.plan.AsOf.Unix(), nil); err != nil {
				return err
			}
		}
		a.judge(st, left)
		return nil
	})
	if err == nil {
		err = a.recordStates()
	}
	return errors.Join(err, pl.close())
}

package pipeline

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/lineage"
	"github.com/cratio/sutra/pipeline/audit"
	"github.com/cratio/sutra/pipeline/extract"
)

// execute carries out steps of one source.
func (a *application) execute(ctx context.Context, steps []planStep) error {
	src, err := a.source(steps[0].Source)
	if err != nil {
		a.unbegun(steps, err)
		return nil
	}
	er, ok := src.Conn.(connectors.Eraser)
	if !ok {
		a.unbegun(steps, fmt.Errorf("source %s cannot be changed", src.Name))
		return nil
	}
	if be, ok := src.Conn.(connectors.BatchEraser); ok {
		return a.transact(ctx, src, er, be, steps)
	}
	if steps, err = a.bulk(ctx, src, steps); err != nil {
		return err
	}
	crew, gctx := a.crew(ctx, src)
	for _, st := range steps {
		crew.do(gctx, st.Unit.Unit.Size, func() error { return a.object(gctx, src, er, st) })
	}
	return crew.wait()
}

// bulk executes those steps whose objects go whole, where the source can delete many at
// once, and returns the others.
func (a *application) bulk(ctx context.Context, src *Source, steps []planStep) (rest []planStep, err error) {
	be, ok := src.Conn.(connectors.BulkEraser)
	if !ok {
		return steps, nil
	}
	work := make([]connectors.UnitEdits, len(steps))
	for i, st := range steps {
		work[i] = connectors.UnitEdits{Unit: st.Unit.Unit, Edits: a.edits(src, st, nil)}
	}
	done, err := be.EraseBulk(ctx, work)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	// Its error, if any, is not lost: each of the others meets it anew and says so.
	a.sm.Lock()
	defer a.sm.Unlock()
	for i, st := range steps {
		if !done[i] {
			rest = append(rest, st)
			continue
		}
		a.outcome(st, connectors.Outcome{Gone: true}, nil)
		a.mark(st, audit.Done, 0)
		if err := a.touched.add(touched{src.Name, connectors.Unit{Key: st.Unit.Unit.Key, Account: st.Unit.Unit.Account}, true}); err != nil {
			return nil, err
		}
	}
	return rest, nil
}

// mark notes the state of a step, and what was found gone in it; it is written with those
// of its group. The caller holds the lock.
func (a *application) mark(st planStep, state audit.State, shells int) {
	if late, ok := a.partial[st.No]; ok && state == audit.Done {
		state = late
	}
	was := a.was[st.No]
	if state != audit.Done {
		shells, was = 0, was.with(a.tried[st.No]...) // it is tried again
	}
	a.states = append(a.states, audit.Record{Step: st.No, State: state, Detail: stepDetail(shells, was)})
}

// failed counts steps that could not be carried out. What a store keeps locked is
// pending; it is never counted as erased, and the next run of the plan tries again.
func (a *application) failed(steps []planStep, err error) {
	reason := "it could not be changed: " + err.Error()
	var pending *connectors.PendingError
	if errors.As(err, &pending) {
		reason = pending.Error()
	}
	var unwiped *connectors.UnwipedError
	if errors.As(err, &unwiped) {
		reason = "it was changed, but what stood there can still be read beside the records until the plan is applied again: " + err.Error()
	}
	for _, st := range steps {
		a.sm.Lock()
		a.sum.Failed += len(st.Edits)
		a.tally.failed(st)
		a.leave(st, "failed")
		a.mark(st, audit.Failed, 0)
		a.sm.Unlock()
		a.gap(st.Source, st.Unit.Unit.Key, reason)
	}
}

// object executes the step of one object.
func (a *application) object(ctx context.Context, src *Source, er connectors.Eraser, st planStep) error {
	edits := a.edits(src, st, nil)
	next, out, err := er.Erase(ctx, st.Unit.Unit, edits)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if errors.Is(err, connectors.ErrChanged) {
		// Either an earlier run of this plan did it, or somebody else changed the
		// object: reading it again tells.
		if err := a.touch(touched{src.Name, connectors.Unit{Key: st.Unit.Unit.Key}, false}); err != nil {
			return err
		}
		return a.again(ctx, src, st)
	}
	if errors.Is(err, connectors.ErrNotFound) {
		return a.missing(src, st)
	}
	if err != nil {
		a.failed([]planStep{st}, err)
		return nil
	}
	if err := a.follow(ctx, src, er, st, next, edits, out); err != nil {
		return err
	}
	t := touched{src.Name, next, out.Gone}
	a.sm.Lock()
	defer a.sm.Unlock()
	var was earlier
	if out.Gone && out.Missing == len(edits) {
		was = a.goneBefore(src, st)
	}
	a.outcome(st, out, was)
	a.mark(st, audit.Done, out.Shells)
	if out.Missing > 0 {
		return a.touched.lose(t, st.Unit.Unit.Size)
	}
	return a.touched.add(t)
}

// missing counts a step whose object is not there: an earlier run deleted it, or somebody
// moved it, and then her data stand where the plan did not see them.
func (a *application) missing(src *Source, st planStep) error {
	a.sm.Lock()
	defer a.sm.Unlock()
	a.outcome(st, connectors.Outcome{Gone: true}, a.goneBefore(src, st))
	a.mark(st, audit.Done, 0)
	return a.touched.lose(touched{src.Name, connectors.Unit{Key: st.Unit.Unit.Key, Account: st.Unit.Unit.Account}, true}, st.Unit.Unit.Size)
}

// goneBefore is what was gone before the plan, of an object that is not there. An old version
// goes with the object that it is one of, whose step may come first.
func (a *application) goneBefore(src *Source, st planStep) earlier {
	if c, ok := src.Conn.(connectors.Historian); ok && c.Old(st.Unit.Unit.Key) {
		return nil
	}
	return a.all(st)
}

// touch notes a unit that was changed, or is not what the plan saw.
func (a *application) touch(t touched) error {
	a.sm.Lock()
	defer a.sm.Unlock()
	return a.touched.add(t)
}

// outcome counts a step that was done, but for what had nothing left to do. The caller
// holds the lock.
func (a *application) outcome(st planStep, out connectors.Outcome, was earlier) {
	a.age(st)
	st.Edits = was.rest(st.Edits)
	a.sum.Already += len(was)
	if len(was) > 0 {
		a.was[st.No] = a.was[st.No].with(was...)
	}
	for _, e := range st.Edits {
		if e.Delete {
			a.sum.Erased++
		} else {
			a.sum.Redacted++
		}
	}
	if out.Left != "" {
		a.gap(st.Source, st.Unit.Unit.Key, out.Left)
		a.tally.beside[audit.Leftover{Store: st.Source, What: out.Left}] = true
	}
	a.sum.Erased -= out.Shells
	a.sum.Redacted += out.Shells
	a.tally.done(st, out.Shells)
}

// stale counts edits of a step whose record is not what the plan saw. The caller holds the lock.
func (a *application) stale(st planStep) {
	a.untouched(st)
	a.sum.Stale += len(st.Edits)
	a.tally.failed(st)
	a.leave(st, changedSince)
}

// again decides about an object that is not what the plan saw: nothing of hers in
// it means that the step was done before; anything else is stale. What retention
// had to take out shows only when the object has been read into the graph anew.
func (a *application) again(ctx context.Context, src *Source, st planStep) error {
	if a.plan.Kind == "retain" {
		a.sm.Lock()
		defer a.sm.Unlock()
		a.unsure[st.No] = true
		return nil
	}
	for u, err := range connectors.Find(ctx, src.Conn, map[string]bool{st.Unit.Unit.Key: true}) {
		if err != nil { // whether it is gone is not known
			a.failed([]planStep{st}, err)
			return ctx.Err()
		}
		if u.Key != st.Unit.Unit.Key {
			continue
		}
		left, err := a.left(ctx, src, u, st)
		if err != nil && ctx.Err() == nil {
			a.failed([]planStep{st}, err)
			return nil
		}
		a.judge(st, left)
		return ctx.Err()
	}
	return cmp.Or(a.missing(src, st), ctx.Err())
}

// judge counts a step whose object was not what the plan saw, by what is left in it.
func (a *application) judge(st planStep, left bool) {
	a.sm.Lock()
	defer a.sm.Unlock()
	if left {
		a.stale(st)
		a.mark(st, audit.Stale, 0)
	} else {
		a.outcome(st, connectors.Outcome{}, a.all(st))
		a.mark(st, audit.Done, 0)
	}
}

// left reports whether a unit still holds something of the people of the plan; of a
// correction, whether the step is not done in it.
func (a *application) left(ctx context.Context, src *Source, u connectors.Unit, st planStep) (bool, error) {
	if a.plan.Kind == correcting {
		done, err := a.corrected(ctx, src, u, st)
		return slices.Contains(done, false), err
	}
	stayed := map[recordPlace]int{} // of her records, as the plan wants it
	for b, err := range src.Conn.Read(ctx, u) {
		if err != nil {
			return false, err
		}
		for _, x := range a.sightings(src, u, b) {
			if a.returned != nil {
				if a.returned.old(&x) {
					return true, nil
				}
				continue
			}
			if !a.holds(&x) {
				continue
			}
			at := a.place(src.Name, u.Key, x.Collection, x.Locator)
			if stayed[at]++; stayed[at] > a.kept[at] {
				return true, nil
			}
		}
	}
	return false, ctx.Err()
}

// holds reports a record with an identifier of the people of the plan. The name of a
// recording does not tell it of a record that names somebody else: it may be the entry of
// another who had a part in the call.
func (a *application) holds(x *lineage.Sighting) bool {
	others := slices.ContainsFunc(x.Edges, func(e lineage.Edge) bool {
		return (e.Role == lineage.Subject || e.Role == lineage.Party) && !a.kinds.link(e.Kind) && !a.hers(x.Account, e.Token)
	})
	return slices.ContainsFunc(x.Edges, func(e lineage.Edge) bool {
		return e.Role != lineage.Own && !a.kinds.mayOnly(e) && a.hers(x.Account, e.Token) && !(others && a.kinds.medium[e.Kind])
	})
}

// hers reports whether an identifier is one of the plan's people in an account; a
// record without an account may be anybody's of them.
func (a *application) hers(account string, t lineage.Token) bool {
	if account != "" {
		_, ok := a.tokens[account][t]
		return ok
	}
	for _, tokens := range a.tokens {
		if _, ok := tokens[t]; ok {
			return true
		}
	}
	return false
}

// edits makes the edits of a step. Rows whose content is not what the plan saw
// are noted in bad.
func (a *application) edits(src *Source, st planStep, bad map[recordRef]bool) []connectors.Edit {
	out := make([]connectors.Edit, 0, len(st.Edits))
	own := a.ownOf()
	for _, e := range st.Edits {
		x := connectors.Edit{Collection: e.Collection, Locator: e.Locator, Action: connectors.Redact}
		if e.Delete {
			x.Action = connectors.Delete
		}
		extent := e.Extent
		if extent == 0 {
			extent = extract.Whole
		}
		mine := func(kind, value string) bool { return a.hers(e.Account, a.Graph.Token(kind, value)) }
		if a.plan.Kind == correcting {
			x.Rewrite, x.Exact = a.setter(e), true
		} else {
			x.Rewrite = (&extract.Redactor{Extent: extent, Everybody: a.plan.Kind == "retain" || e.All, Mine: mine, Own: own(e.Account), Hers: e.Hers, Theirs: e.Theirs, Named: e.Named}).Rewrite
		}
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

// ownOf recognises the identifiers of accounts and of their staff. What the graph does
// not tell is nobody's own, so that more is kept.
func (a *application) ownOf() func(account string) func(kind, value string) bool {
	known := map[ownKey]bool{}
	var mu sync.Mutex // a database's rows may be rewritten by several hands
	return func(account string) func(kind, value string) bool {
		return func(kind, value string) bool {
			k := ownKey{account, a.Graph.Token(kind, value)}
			mu.Lock()
			defer mu.Unlock()
			own, ok := known[k]
			if !ok {
				var err error
				if own, err = a.ownNumber(k.token, account); err != nil {
					return false
				}
				known[k] = own
			}
			return own
		}
	}
}

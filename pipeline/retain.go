package pipeline

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/cratio/sutra/lineage"
	"github.com/cratio/sutra/pipeline/extract"
	"github.com/cratio/sutra/pipeline/policy"
)

// retention is a retention plan in the making.
type retention struct {
	*planner
	ctx      context.Context
	resolver *lineage.Resolver
	chains   *chains
	lapsing  []Hold           // released, and still to be heeded today
	planning bool             // a plan is made, not a look taken at what is left of one
	waiting  []*lineage.Found // that are looked at next
	undated  int
	where    map[string]int // the undated ones, by dataset
	unit     uint32
	tally    map[string]*tally // by account
}

// tally counts the records of an account for the deletion guard.
type tally struct {
	all int // records
	due int // of these, past their period for another reason than the account's end
}

// Retain plans what is past its period as of the given time.
func (s *Site) Retain(ctx context.Context, asOf time.Time, path string) (sum PlanSummary, err error) {
	if err := mayReplace(path); err != nil {
		return PlanSummary{}, err
	}
	pl, err := s.newPlanner(ctx, "retain", asOf)
	if err != nil {
		return PlanSummary{}, err
	}
	defer func() { err = errors.Join(err, pl.close()) }()
	pl.plan.body.Facts = pl.facts
	r := &retention{planner: pl, ctx: ctx, resolver: s.kinds.resolver(s.Graph), planning: true, tally: map[string]*tally{}, where: map[string]int{}}
	if r.lapsing, err = s.lapsing(ctx); err != nil {
		return PlanSummary{}, err
	}
	pl.plan.body.Known = map[string]bool{}
	for _, h := range slices.Concat(pl.holds, r.lapsing) {
		pl.plan.body.Known[h.ID] = true
	}
	s.Progress.Stage("retain", 0)
	err = s.Graph.Walk(ctx, r.whole, r.wait)
	if err == nil {
		err = r.lookAll()
	}
	s.Progress.End()
	if err != nil {
		return PlanSummary{}, err
	}
	r.doubtAccounts()
	if r.undated > 0 {
		s.emit(NoteLine{Type: "note", Text: fmt.Sprintf("%d records have no date, or an impossible one, and are never erased by retention (%s)", r.undated, countsOf(r.where))})
	}
	if err := s.knownGaps(); err != nil {
		return PlanSummary{}, err
	}
	pl.plan.Approval = r.guard()
	sum, err = pl.finish(path)
	sum.Undated, sum.Approval = r.undated, pl.plan.Approval
	return sum, err
}

// countsOf lists counts by name.
func countsOf(n map[string]int) string {
	var out []string
	for _, name := range sortedKeys(n) {
		out = append(out, fmt.Sprintf("%s %d", name, n[name]))
	}
	return strings.Join(out, ", ")
}

// doubtAccounts says of how many accounts the end or a period of their own does not count.
func (r *retention) doubtAccounts() {
	ends, periods := 0, map[string]int{}
	for _, f := range r.facts {
		if f.Terminated == lineage.BadDate {
			ends++
		}
		for class, days := range f.Override {
			if r.Policy.Rejects(class, days) {
				periods[class]++
			}
		}
	}
	if ends > 0 {
		r.emit(NoteLine{Type: "note", Text: fmt.Sprintf("%d accounts have an end that is no possible date: what ends with them stays until it is mended", ends)})
	}
	for _, class := range slices.Sorted(maps.Keys(periods)) {
		r.emit(NoteLine{Type: "note", Text: fmt.Sprintf("%d accounts have a period of their own for %s that is rejected: that of the policy stands", periods[class], class)})
	}
}

// whole reports whether the identifiers of a record matter: they tell the account of one
// that does not say it, and whether a hold is on one that would go or others end with it.
func (r *retention) whole(f *lineage.Found) bool {
	coll := r.collection(f)
	if coll.Accounts || coll.Class == "" {
		return false
	}
	if f.Record.Account == "" {
		return true
	}
	named := func(h Hold) bool { return len(h.Tokens) > 0 }
	return (r.Policy.Rules[coll.Class].Group != "" || slices.ContainsFunc(r.holds, named) || slices.ContainsFunc(r.lapsing, named)) &&
		r.decide(f, coll.Class, r.facts, f.Record.Account, r.plan.AsOf).State == policy.Due
}

// lookedAtOnce is how many sightings are looked at together: what tells their accounts is
// read for all of them, and then forgotten.
const lookedAtOnce = 8 << 10

// wait takes in one sighting, and plans those that wait when they are many.
func (r *retention) wait(f *lineage.Found) error {
	if r.waiting = append(r.waiting, f); len(r.waiting) < lookedAtOnce {
		return nil
	}
	return r.lookAll()
}

// lookAll plans the sightings that wait.
func (r *retention) lookAll() error {
	err := r.each(r.waiting, func(f *lineage.Found) (bool, error) { return true, r.look(f) })
	r.waiting = r.waiting[:0]
	return err
}

// each calls fn with sightings until it wants no more. What tells their accounts is read
// for many of them together.
func (r *retention) each(list []*lineage.Found, fn func(f *lineage.Found) (more bool, err error)) error {
	defer r.resolver.Forget()
	for some := range slices.Chunk(list, lookedAtOnce) {
		r.resolver.Forget()
		if err := r.resolver.Ahead(slices.DeleteFunc(slices.Clone(some), r.passedOver)); err != nil {
			return err
		}
		for _, f := range some {
			if more, err := fn(f); err != nil || !more {
				return err
			}
		}
	}
	return nil
}

// passedOver reports records that retention does not decide about.
func (r *retention) passedOver(f *lineage.Found) bool {
	coll := r.collection(f)
	return coll.Accounts || coll.Class == "" || recordless(f)
}

// look plans one sighting. Those of a unit come together, so that what is known of
// the unit before can go.
func (r *retention) look(f *lineage.Found) error {
	if id := f.RID.Unit(); id != r.unit {
		if err := r.spool.finish(r.unit); err != nil {
			return err
		}
		clear(r.seen)
		r.unit = id
		r.Progress.Step(1)
	}
	if r.seen[keyOf(f)] {
		return nil
	}
	if err := r.expired(f); err != nil {
		return err
	}
	return r.err
}

// account returns the account of a record.
func (r *retention) account(f *lineage.Found) (string, error) {
	if f.Record.Account != "" {
		return f.Record.Account, nil
	}
	return r.resolver.AccountOf(f)
}

// judge decides about one record; the class is "" for what retention passes over.
func (r *retention) judge(f *lineage.Found) (class, account string, d policy.Decision, err error) {
	if r.passedOver(f) {
		return "", "", d, nil
	}
	coll := r.collection(f)
	if account, err = r.account(f); err != nil {
		return "", "", d, err
	}
	if r.chains == nil || !r.chains.asOf.Equal(r.plan.AsOf) {
		r.chains = r.Site.chains(r.facts, r.plan.AsOf)
	}
	d, err = r.chains.end(f, account, r.decide(f, coll.Class, r.facts, account, r.plan.AsOf))
	if err != nil {
		return "", "", d, err
	}
	d, err = r.unlessEmptied(f, d)
	return coll.Class, account, d, err
}

// hold returns the hold that a record is under, nil when there is none.
func (r *retention) hold(f *lineage.Found, account string) *Hold {
	for i, h := range r.holds {
		if h.coversRecord(f, account) {
			return &r.holds[i]
		}
	}
	return nil
}

// lapse returns the hold on a record that was released last, nil when there is none.
func (r *retention) lapse(f *lineage.Found, account string) (last *Hold) {
	for i, h := range r.lapsing {
		if h.coversRecord(f, account) && (last == nil || h.ReleasedAt.After(last.ReleasedAt)) {
			last = &r.lapsing[i]
		}
	}
	return last
}

// expired plans one record when its period is over.
func (r *retention) expired(f *lineage.Found) error {
	class, account, d, err := r.judge(f)
	if err != nil || class == "" {
		return err
	}
	t := r.tally[account]
	if t == nil {
		t = &tally{}
		r.tally[account] = t
	}
	if f.Record.Within == "" {
		t.all++
	}
	switch d.State {
	case policy.Undated, policy.Suspect:
		r.seen[keyOf(f)] = true
		r.undated++
		r.where[f.Unit.Source+"."+f.Record.Collection]++
		return nil
	case policy.Due:
	default:
		return nil
	}
	if err := r.gate(class); err != nil {
		return err
	}
	if h := r.hold(f, account); h != nil {
		r.keep(f, account, "hold", h.ID, h.Review)
		return nil
	}
	if h := r.lapse(f, account); h != nil && r.plan.AsOf.Before(h.lapses()) {
		r.stays(f, KeptLine{Account: account, Reason: "hold", Rule: h.ID, Until: Stamp(h.lapses()), Released: true})
		return nil
	} else if h != nil && d.EraseAfter.Before(h.lapses()) {
		d.EraseAfter = h.lapses()
	}
	if r.Policy.Rules[d.Rule].Trigger != policy.TriggerTerminated {
		t.due++
	}
	r.advise(class, f.Record.Trigger, r.plan.AsOf)
	e := planEdit{Account: account, Class: class, Rule: d.Rule, Trigger: f.Record.Trigger, Due: d.EraseAfter}
	switch erase := r.collection(f).Erase; {
	case class == "billing" || erase == "delete" || erase == "":
		e.Delete = true
	case erase == "redact":
		e.Extent = extract.Whole
	default:
		e.Extent = extract.Strip
	}
	r.edit(f, e)
	return nil
}

// dueAt reports whether a record is past its period at a time, in Unix seconds, and under
// no hold.
func (r *retention) dueAt(f *lineage.Found, asOf int64) (account string, due bool, err error) {
	r.plan.AsOf = time.Unix(asOf, 0)
	_, account, d, err := r.judge(f)
	return account, err == nil && d.State == policy.Due && r.hold(f, account) == nil, err
}

// dueIn reports whether a unit still holds a record that is past its period at a time, in
// Unix seconds, besides those that a plan left and that are told of by themselves.
func (r *retention) dueIn(unit uint32, asOf int64, left leftDue) (due bool, err error) {
	err = r.eachDue(unit, asOf, left, func(*lineage.Found) (bool, error) {
		due = true
		return false, nil
	})
	return due, err
}

// eachDue calls fn with such records until it wants no more.
func (r *retention) eachDue(unit uint32, asOf int64, left leftDue, fn func(*lineage.Found) (more bool, err error)) error {
	list, err := r.Graph.UnitSightings(unit)
	if err != nil {
		return err
	}
	var open []*lineage.Found
	for i := range list {
		f := &list[i]
		if _, noted := left[r.place(f.Unit.Source, f.Unit.Unit.Key, f.Record.Collection, f.Record.Locator)]; !noted {
			open = append(open, f)
		}
	}
	return r.each(open, func(f *lineage.Found) (bool, error) {
		_, due, err := r.dueAt(f, asOf)
		if err != nil || !due {
			return true, err
		}
		return fn(f)
	})
}

// guard says which accounts would lose so much that a person must approve the plan
// first; "" when none would. What an account's end takes away does not count.
func (r *retention) guard() string {
	g := r.Policy.Guards
	over, worst := 0, &tally{}
	for _, a := range slices.Sorted(maps.Keys(r.tally)) {
		t := r.tally[a]
		if t.due > g.FreeDeletes && float64(t.due) > g.MaxDeleteFraction*float64(t.all) {
			if over++; t.due > worst.due {
				worst = t
			}
		}
	}
	if over == 0 {
		return ""
	}
	return fmt.Sprintf("%d account(s) would lose more than %.0f %% of their records by age alone, the largest loss is %d of %d", over, 100*g.MaxDeleteFraction, worst.due, worst.all)
}

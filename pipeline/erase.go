package pipeline

import (
	"cmp"
	"context"
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	"github.com/cratio/sutra/lineage"
	"github.com/cratio/sutra/pipeline/extract"
	"github.com/cratio/sutra/pipeline/policy"
)

// planner collects the edits of a plan by unit.
type planner struct {
	*Site
	plan  *Plan
	facts accountFacts
	holds []Hold
	steps map[uint32]*planStep
	order []uint32
	seen  map[recordKey]bool
}

func (s *Site) newPlanner(kind string, asOf time.Time) (*planner, error) {
	facts, err := s.accountFacts()
	if err != nil {
		return nil, err
	}
	holds, err := s.Holds()
	if err != nil {
		return nil, err
	}
	return &planner{Site: s, plan: &Plan{Kind: kind, AsOf: asOf}, facts: facts, holds: holds, steps: map[uint32]*planStep{}, seen: map[recordKey]bool{}}, nil
}

// Erase plans the erasure of a person and writes the plan to path.
func (s *Site) Erase(ctx context.Context, ident, account, path string) (PlanSummary, error) {
	p, err := s.Subject(ctx, ident, account)
	if err != nil {
		return PlanSummary{}, err
	}
	if p.Review != "" {
		return PlanSummary{}, fmt.Errorf("%w: a person must look at this subject first: %s", ErrRefused, p.Review)
	}
	pl, err := s.newPlanner("erase", s.Now())
	if err != nil {
		return PlanSummary{}, err
	}
	pl.plan.Account = p.Account
	pl.subject(p)
	hers := map[lineage.RID]bool{}
	for _, c := range p.Copies {
		hers[c.RID] = true
	}
	for i := range p.Copies {
		if err := pl.copy(p, &p.Copies[i], hers); err != nil {
			return PlanSummary{}, err
		}
	}
	for i := range p.Mentions {
		f := &p.Mentions[i]
		if !pl.seen[keyOf(f)] && !pl.held(p, f) {
			pl.edit(f, planEdit{Extent: extract.Partial, Class: s.collection(f).Class})
		}
	}
	if err := s.knownGaps(); err != nil {
		return PlanSummary{}, err
	}
	return pl.finish(path)
}

// subject notes whose data go.
func (pl *planner) subject(p *lineage.Person) {
	x := planSubject{Account: p.Account, Tokens: map[string]string{}}
	for t, k := range p.Tokens {
		x.Tokens[hex.EncodeToString(t[:])] = k
	}
	for t, k := range p.Others {
		if !pl.kinds.link(k) {
			if x.Shared == nil {
				x.Shared = map[string]string{}
			}
			x.Shared[hex.EncodeToString(t[:])] = k
		}
	}
	pl.plan.body.Subjects = append(pl.plan.body.Subjects, x)
}

func (pl *planner) finish(path string) (PlanSummary, error) {
	for _, id := range pl.order {
		pl.plan.body.Steps = append(pl.plan.body.Steps, *pl.steps[id])
	}
	slices.SortStableFunc(pl.plan.body.Steps, func(a, b planStep) int {
		return cmp.Or(cmp.Compare(a.Order, b.Order), cmp.Compare(a.Source, b.Source), cmp.Compare(a.Unit.Unit.Key, b.Unit.Unit.Key))
	})
	sum, err := pl.save(pl.plan, path)
	if err != nil {
		return sum, err
	}
	for _, k := range pl.plan.body.Kept {
		pl.emit(k)
	}
	sum.Gaps = pl.Gaps()
	return sum, nil
}

// copy plans what happens to one record about the person.
func (pl *planner) copy(p *lineage.Person, f *lineage.Found, hers map[lineage.RID]bool) error {
	if pl.seen[keyOf(f)] {
		return nil
	}
	coll := pl.collection(f)
	if coll.Staff || coll.Accounts {
		return nil
	}
	if pl.held(p, f) {
		return nil
	}
	shared, err := pl.sharedMedium(f, hers)
	if err != nil {
		return err
	}
	if shared {
		pl.keep(f, p.Account, "shared", "other owners", time.Time{})
		return nil
	}
	whole, others, err := pl.siblings(p, f, hers)
	if err != nil {
		return err
	}
	e := planEdit{Class: coll.Class}
	until, rule, law := pl.Policy.KeepUntil(coll.Class, f.Record.Trigger, pl.Now())
	switch {
	case coll.Erase == "keep" || law:
		e.Extent, e.Keep = extract.Strip, true
		if !law {
			rule = "catalog: erase keep"
		}
		pl.keep(f, p.Account, "law", rule, until)
	case others || !whole:
		e.Extent = extract.Partial
	case coll.Erase == "redact":
		e.Extent = extract.Whole
	default:
		e.Delete = true
	}
	pl.edit(f, e)
	return nil
}

// siblings looks at the other sightings of the same record: whether the record as
// a whole is hers, and whether others have a part in it.
func (pl *planner) siblings(p *lineage.Person, f *lineage.Found, hers map[lineage.RID]bool) (whole, others bool, err error) {
	all, err := pl.sameRecord(f)
	if err != nil {
		return false, false, err
	}
	for i := range all {
		x := &all[i]
		if x.Record.Within == "" {
			whole = whole || hers[x.RID]
			party, err := pl.otherParty(p, x)
			if err != nil {
				return false, false, err
			}
			others = others || party
			continue
		}
		if hers[x.RID] {
			continue
		}
		if slices.ContainsFunc(x.Record.Edges, func(e lineage.Edge) bool { return e.Role == lineage.Subject || e.Role == lineage.Party }) {
			others = true
		}
	}
	if !whole && !others && !slices.ContainsFunc(all, func(x lineage.Found) bool { return x.Record.Within == "" }) {
		whole = true // every part of it is hers
	}
	return whole, others, nil
}

// sameRecord returns all sightings of a record: they stand next to each other.
func (pl *planner) sameRecord(f *lineage.Found) ([]lineage.Found, error) {
	const reach = 64
	var ids []lineage.RID
	low := uint32(f.RID)
	for i := low - min(low, reach); i < low+reach; i++ {
		ids = append(ids, lineage.RID(uint64(f.RID.Unit())<<32|uint64(i)))
	}
	found, err := pl.Graph.Load(ids)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(found, func(x lineage.Found) bool { return keyOf(&x) != keyOf(f) }), nil
}

// otherParty reports a call between her and somebody else who is not the
// account's own.
func (pl *planner) otherParty(p *lineage.Person, f *lineage.Found) (bool, error) {
	others := false
	for _, e := range f.Record.Edges {
		if e.Role != lineage.Party || p.Tokens[e.Token] != "" {
			continue
		}
		if _, known := p.Others[e.Token]; !known {
			continue // the account's own number, or one that joins nobody
		}
		shared, err := pl.residue(e.Token, p.Account)
		if err != nil {
			return false, err
		}
		others = others || len(shared) > 0 && !hasLink(f)
	}
	return others, nil
}

func hasLink(f *lineage.Found) bool {
	return slices.ContainsFunc(f.Record.Edges, func(e lineage.Edge) bool { return e.Role == lineage.Link })
}

// sharedMedium reports whether a recording has an owner besides her.
func (pl *planner) sharedMedium(f *lineage.Found, hers map[lineage.RID]bool) (bool, error) {
	for _, e := range f.Record.Edges {
		if !pl.kinds.medium[e.Kind] || e.Role == lineage.Member || pl.collection(f).Name != "calls" {
			continue
		}
		if src, err := pl.source(f.Unit.Source); err != nil || src.Connector != "recordings" {
			continue
		}
		rids, err := pl.Graph.Postings(e.Token)
		if err != nil {
			return false, err
		}
		found, err := pl.Graph.Load(rids)
		if err != nil {
			return false, err
		}
		for i := range found {
			x := &found[i]
			if x.RID == f.RID || hers[x.RID] {
				continue
			}
			for _, o := range x.Record.Edges {
				if o.Token == e.Token && (o.Role == lineage.Member || o.Role == lineage.Link) {
					return true, nil
				}
			}
		}
	}
	return false, nil
}

func (pl *planner) keep(f *lineage.Found, account, reason, rule string, until time.Time) {
	pl.seen[keyOf(f)] = true
	pl.plan.body.Kept = append(pl.plan.body.Kept, KeptLine{Type: "kept", Account: account, Source: f.Unit.Source,
		Dataset: f.Unit.Source + "." + f.Record.Collection, Unit: f.Unit.Unit.Key, Locator: f.Record.Locator,
		Reason: reason, Rule: rule, Until: Stamp(until)})
}

func (pl *planner) held(p *lineage.Person, f *lineage.Found) bool {
	for _, h := range pl.holds {
		if h.covers(p) {
			pl.keep(f, p.Account, "hold", h.ID, h.Review)
			return true
		}
	}
	return false
}

// edit adds an edit to the step of its unit.
func (pl *planner) edit(f *lineage.Found, e planEdit) {
	pl.seen[keyOf(f)] = true
	e.Collection, e.Locator, e.Sum = f.Record.Collection, f.Record.Locator, f.Record.Sum
	id := f.RID.Unit()
	st := pl.steps[id]
	if st == nil {
		coll := pl.collection(f)
		st = &planStep{Source: f.Unit.Source, Unit: *f.Unit, Order: coll.Order}
		st.Unit.Gaps = nil
		pl.steps[id] = st
		pl.order = append(pl.order, id)
	}
	st.Edits = append(st.Edits, e)
}

// Retain plans what is past its period as of the given time.
func (s *Site) Retain(ctx context.Context, asOf time.Time, path string) (PlanSummary, error) {
	pl, err := s.newPlanner("retain", asOf)
	if err != nil {
		return PlanSummary{}, err
	}
	pl.plan.body.Subjects = []planSubject{{Tokens: map[string]string{}}}
	r := s.kinds.resolver(s.Graph)
	undated, asked := 0, 0
	err = s.Graph.Walk(ctx, func(f *lineage.Found) error {
		if pl.seen[keyOf(f)] {
			return nil
		}
		if f.Record.Account == "" {
			if asked++; asked%1000 == 0 {
				r = s.kinds.resolver(s.Graph) // forget what the last ones read
			}
		}
		u, err := pl.expired(r, f, asOf)
		undated += u
		return err
	})
	if err != nil {
		return PlanSummary{}, err
	}
	if undated > 0 {
		s.emit(NoteLine{Type: "note", Text: fmt.Sprintf("%d records have no date, or an impossible one, and are never erased by retention", undated)})
	}
	if err := s.knownGaps(); err != nil {
		return PlanSummary{}, err
	}
	sum, err := pl.finish(path)
	sum.Undated = undated
	return sum, err
}

// expired plans one record when its period is over. It returns 1 when the record
// has no usable date.
func (pl *planner) expired(r *lineage.Resolver, f *lineage.Found, asOf time.Time) (int, error) {
	coll := pl.collection(f)
	if coll.Accounts || coll.Class == "" {
		return 0, nil
	}
	account := f.Record.Account
	if account == "" {
		a, err := r.AccountOf(f)
		if err != nil {
			return 0, err
		}
		account = a
	}
	d := pl.decide(f, coll.Class, pl.facts, account, asOf)
	switch d.State {
	case policy.Undated, policy.Suspect:
		pl.seen[keyOf(f)] = true
		return 1, nil
	case policy.Due:
	default:
		return 0, nil
	}
	for _, h := range pl.holds {
		if h.Account == account && len(h.Tokens) == 0 || h.coversRecord(f) {
			pl.keep(f, account, "hold", h.ID, h.Review)
			return 0, nil
		}
	}
	e := planEdit{Class: coll.Class, Due: d.EraseAfter}
	switch {
	case coll.Class == "billing" || coll.Erase == "delete" || coll.Erase == "":
		e.Delete = true
	case coll.Erase == "redact":
		e.Extent = extract.Whole
	default:
		e.Extent = extract.Strip
	}
	pl.edit(f, e)
	return 0, nil
}

package pipeline

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
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
	own   map[ownKey]bool                   // whether an identifier is the account's own, or its staff's
	gone  map[string]map[lineage.Token]bool // identifiers of people who were erased, by account; nil: not asked for yet
	spool *spool
	seen  map[recordKey]bool
	leads map[unerasedWho]bool // keys that lead to somebody who was not erased, see leadsAway
	near  neighbours
	units visited                    // that the plan changes
	crowd map[string]*lineage.Person // by account: all whose data go, taken together
	err   error                      // the first that keep or edit met; finish returns it

	advisory map[string]int            // by floor: records that it would have kept
	orders   map[string]map[string]int // by source and collection, see order
}

// ownKey is an identifier as one account knows it.
type ownKey struct {
	account string
	token   lineage.Token
}

func (s *Site) newPlanner(ctx context.Context, kind string, asOf time.Time) (*planner, error) {
	facts, err := s.accountFacts()
	if err != nil {
		return nil, err
	}
	if err := s.refuseForgotten(holdBucket, linkBucket); err != nil {
		return nil, err
	}
	holds, err := s.holdsNow(ctx)
	if err != nil {
		return nil, err
	}
	law, err := s.law()
	if err != nil {
		return nil, err
	}
	file, err := s.newScratch()
	if err != nil {
		return nil, err
	}
	asOf = policy.Midnight(policy.Civil(asOf)) // every clock of the policy goes by days
	return &planner{Site: s, plan: &Plan{Kind: kind, Site: s.Graph.Site(), Law: law, AsOf: asOf}, facts: facts, holds: holds, spool: newSpool(file),
		seen: map[recordKey]bool{}, crowd: map[string]*lineage.Person{}, advisory: map[string]int{}}, nil
}

// close releases what the planner spooled.
func (pl *planner) close() error { return pl.spool.file.close() }

// Ask names a person whose data are to go: an identifier, and an account when the
// identifier alone means several people.
type Ask struct {
	Ident, Account string
	At             string // the file and line that asks, for messages; "" for none
}

// accountsOf returns the accounts that are asked in, each once.
func accountsOf(asks []Ask) (out []string) {
	for _, a := range asks {
		if !slices.Contains(out, a.Account) {
			out = append(out, a.Account)
		}
	}
	return out
}

// Erase plans the erasure of a person and writes the plan to path.
func (s *Site) Erase(ctx context.Context, ident, account, path string) (PlanSummary, error) {
	return s.EraseAll(ctx, []Ask{{Ident: ident, Account: account}}, path)
}

// EraseAll plans the erasure of several people in one plan, so that an object that
// holds several of them is rewritten once. Each is a subject of her own; one that is
// ambiguous, or that a person must look at first, refuses the whole plan.
func (s *Site) EraseAll(ctx context.Context, asks []Ask, path string) (sum PlanSummary, err error) {
	if err := mayReplace(path); err != nil {
		return PlanSummary{}, err
	}
	people, err := s.people(ctx, asks)
	if err != nil {
		return PlanSummary{}, err
	}
	if n := len(known(people)); n > 1 {
		s.emit(NoteLine{Type: "note", Text: fmt.Sprintf("the plan erases %d people", n)})
	}
	pl, err := s.newPlanner(ctx, "erase", s.Now())
	if err != nil {
		return PlanSummary{}, err
	}
	defer func() { err = errors.Join(err, pl.close()) }()
	for _, a := range accountsOf(asks) {
		s.doubtAccount(a, pl.facts)
	}
	if err := pl.erase(people, nil); err != nil {
		return PlanSummary{}, err
	}
	if err := s.knownGaps(); err != nil {
		return PlanSummary{}, err
	}
	return pl.finish(path)
}

// people resolves what was asked for, each person once.
func (s *Site) people(ctx context.Context, asks []Ask) ([]*lineage.Person, error) {
	const refresh = 64 // a resolver remembers what it read; it is made anew after so many
	var out []*lineage.Person
	var r *lineage.Resolver
	once := roll{}
	var nobody []string
	var missed []Ask
	for i, a := range asks {
		if i%refresh == 0 {
			var err error
			if r, err = s.resolver(); err != nil {
				return nil, err
			}
		}
		p, err := s.resolve(ctx, r, a.Ident, a.Account)
		if err != nil {
			return nil, which(err, a.At, i, len(asks))
		}
		if err := mayAct(p); err != nil {
			return nil, which(err, a.At, i, len(asks))
		}
		if once.add(p) {
			out = append(out, p)
		}
		switch {
		case len(asks) == 1:
			if err := s.tellUnknown(a.Ident, a.Account, p); err != nil {
				return nil, err
			}
		case len(p.Copies)+len(p.Mentions) == 0:
			nobody, missed = append(nobody, askedAt(a.At, i, len(asks))), append(missed, a)
		}
	}
	s.tellNobody(nobody)
	return out, s.tellMissed(missed)
}

// roll are people, by the first of their copies, which they may have in common.
type roll map[lineage.RID][]*lineage.Person

// add reports whether a person is not among them yet, and takes her in. Of whom there is
// nothing, nothing tells who she is.
func (c roll) add(p *lineage.Person) bool {
	if len(p.Copies) == 0 {
		return true
	}
	at := p.Copies[0].RID
	if slices.ContainsFunc(c[at], func(x *lineage.Person) bool { return samePerson(p, x) }) {
		return false
	}
	c[at] = append(c[at], p)
	return true
}

// samePerson reports two answers about one person: two people may share some copies, or all
// of them when they are known of one call only.
func samePerson(a, b *lineage.Person) bool {
	return a.Account == b.Account && maps.Equal(a.Tokens, b.Tokens) &&
		slices.EqualFunc(a.Copies, b.Copies, func(x, y lineage.Found) bool { return x.RID == y.RID })
}

// known leaves out people of whom there is nothing.
func known(people []*lineage.Person) (out []*lineage.Person) {
	for _, p := range people {
		if len(p.Copies) > 0 {
			out = append(out, p)
		}
	}
	return out
}

// mayAct refuses a subject at which a person must look first: she may be several people.
func mayAct(p *lineage.Person) error {
	if p.Review == "" {
		return nil
	}
	return fmt.Errorf("%w: a person must look at this subject first: %s; `sutra link different` parts what is not one person's, and `sutra link same` says of two of these values that they are", ErrRefused, p.Review)
}

// which says which of several asks an error is about, without repeating it.
func which(err error, at string, i, n int) error {
	if at == "" && n == 1 {
		return err
	}
	return fmt.Errorf("%s: %w", askedAt(at, i, n), err)
}

// askedAt names the place of an ask among others: the line of a list, else its number.
func askedAt(at string, i, n int) string {
	return cmp.Or(at, fmt.Sprintf("identifier %d of %d", i+1, n))
}

// erase plans what happens to the copies and mentions of people. only, when not
// nil, says which of their copies are meant; mentions are left alone then.
func (pl *planner) erase(people []*lineage.Person, only func(*lineage.Found) bool) error {
	hers := map[lineage.RID]bool{}
	for _, p := range people {
		if err := pl.undecided(p); err != nil {
			return err
		}
		if pl.stopped(p) {
			continue // all of hers stays, also what she shares with others of the plan
		}
		pl.subject(p)
		pl.join(p)
		for _, c := range p.Copies {
			hers[c.RID] = true
		}
	}
	for _, p := range people {
		for i := range p.Copies {
			if only != nil && !only(&p.Copies[i]) || pl.orphan(&p.Copies[i]) {
				continue
			}
			if err := pl.copy(p, &p.Copies[i], hers); err != nil {
				return err
			}
		}
	}
	for _, p := range people {
		for i := range p.Mentions {
			f := &p.Mentions[i]
			if only == nil && editable(f) && !pl.orphan(f) && !pl.seen[keyOf(f)] && !pl.held(p, f) {
				pl.edit(f, planEdit{Extent: extract.Partial, Account: p.Account, Class: pl.collection(f).Class, Named: pl.onlyNamed(pl.together(p), f)})
			}
		}
	}
	pl.tellOrphans(people...)
	if only == nil {
		pl.recordless(people)
		for _, p := range people {
			if pl.stopped(p) {
				continue // nothing of hers is to go
			}
			if err := pl.keepDoubts(p); err != nil {
				return err
			}
		}
	}
	accounts := map[string]bool{}
	for _, p := range people {
		accounts[p.Account] = true
		pl.plan.Account = p.Account
	}
	if len(accounts) > 1 {
		pl.plan.Account = ""
	}
	return pl.err
}

// join adds a person to those of her account whose data go.
func (pl *planner) join(p *lineage.Person) {
	all := pl.crowd[p.Account]
	if all == nil {
		pl.crowd[p.Account] = p
		return
	}
	sum := &lineage.Person{Account: p.Account, Tokens: maps.Clone(all.Tokens), Others: maps.Clone(all.Others)}
	if sum.Tokens == nil { // of somebody of whom nothing is there
		sum.Tokens = map[lineage.Token]string{}
	}
	if sum.Others == nil {
		sum.Others = map[lineage.Token]string{}
	}
	maps.Copy(sum.Tokens, p.Tokens)
	maps.Copy(sum.Others, p.Others)
	for t := range sum.Tokens {
		delete(sum.Others, t)
	}
	pl.crowd[p.Account] = sum
}

// together returns the people of her account whose data go, or herself.
func (pl *planner) together(p *lineage.Person) *lineage.Person {
	if all := pl.crowd[p.Account]; all != nil {
		return all
	}
	return p
}

// stopped reports whether a hold is on the person.
func (pl *planner) stopped(p *lineage.Person) bool {
	return slices.ContainsFunc(pl.holds, func(h Hold) bool { return pl.kinds.covers(h, p) })
}

// undecided refuses a plan for records whose legal minimum nobody has chosen yet.
func (pl *planner) undecided(p *lineage.Person) error {
	for i := range p.Copies {
		if err := pl.gate(pl.collection(&p.Copies[i]).Class); err != nil {
			return err
		}
	}
	return nil
}

// gate refuses to plan for a class as long as a floor in force is undecided, now or
// when the plan is for.
func (pl *planner) gate(class string) error {
	at := pl.plan.AsOf
	if now := pl.Now(); now.After(at) {
		at = now
	}
	return gate(pl.Policy, class, at)
}

func gate(p policy.Policy, class string, at time.Time) error {
	if open := p.Undecided(class, at); len(open) > 0 {
		return fmt.Errorf("%w: decision gate: the floor %s has been in force since %s and its mode is UNDECIDED, so nothing of class %s can be erased; choose its mode in policy.yaml",
			ErrRefused, open[0], policy.Format(p.FloorFrom(open[0])), class)
	}
	return nil
}

// subject notes whose data go.
func (pl *planner) subject(p *lineage.Person) {
	x := planSubject{Account: p.Account, Tokens: hexTokens(p.Tokens), Beside: pl.beside(p)}
	sides, err := pl.otherSides(p)
	pl.err = cmp.Or(pl.err, err)
	for t, k := range p.Others {
		if !pl.kinds.link(k) && !sides[t] {
			if x.Shared == nil {
				x.Shared = map[string]string{}
			}
			x.Shared[hex.EncodeToString(t[:])] = k
		}
	}
	pl.plan.body.Subjects = append(pl.plan.body.Subjects, x)
}

// finish writes the plan, prints what stays, and sums up.
func (pl *planner) finish(path string) (PlanSummary, error) {
	if err := cmp.Or(pl.err, pl.knowSaid()); err != nil {
		return PlanSummary{}, err
	}
	sum, err := pl.save(pl.plan, pl.spool, path)
	if err != nil {
		return sum, err
	}
	if err := pl.spool.each(func(k KeptLine) { pl.emit(k.said()) }); err != nil {
		return sum, err
	}
	for _, id := range slices.Sorted(maps.Keys(pl.advisory)) {
		n := pl.advisory[id]
		sum.Advisory += n
		pl.emit(NoteLine{Type: "note", Text: fmt.Sprintf("%d records of this plan would be kept longer by the floor %s, which is advisory", n, id)})
	}
	if err := errors.Join(pl.foresee(context.Background()), pl.tellInterrupted()); err != nil {
		return sum, err
	}
	sum.Gaps = pl.Gaps()
	return sum, pl.note(context.Background(), "plan.made", map[string]any{"plan_sha256": pl.plan.SHA256, "kind": pl.plan.Kind, "steps": sum.Steps, "records": sum.Records, "kept": sum.Keep})
}

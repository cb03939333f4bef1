package pipeline

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/lineage"
)

// refresh brings the graph up to date with the units that were changed.
func (a *application) refresh(ctx context.Context) error {
	a.elsewhere()
	if err := a.touched.changed.oldVersions(a.Site, a.personalTokens()); err != nil {
		return err
	}
	return a.rescan(ctx, a.touched.changed, func(run *scan) func(context.Context, *Source, connectors.Unit) error {
		run.force, run.ours = true, true
		return func(ctx context.Context, src *Source, u connectors.Unit) error {
			if x, ok := a.followed[recordPlace{source: src.Name, unit: u.Key}]; ok {
				if done, err := run.refollow(ctx, src, u, x); err != nil || done {
					return err
				}
			}
			return run.unit(ctx, src, u)
		}
	})
}

// elsewhere has every source of objects looked through when an object was not where the plan
// had seen it: it may have been moved from one into another.
func (a *application) elsewhere() {
	var lost []*changedOf
	for _, of := range a.touched.changed {
		if of.lost {
			lost = append(lost, of)
		}
	}
	if len(lost) == 0 {
		return
	}
	for _, src := range a.Sources {
		if database(src.Connector) {
			continue
		}
		a.touched.changed.lose(src.Name)
		for _, of := range lost {
			a.touched.changed[src.Name].missedToo(of)
		}
	}
}

// personalTokens are the identifiers of the people of the plan, without what only joins records.
func (a *application) personalTokens() iter.Seq[lineage.Token] {
	return func(yield func(lineage.Token) bool) {
		for _, tokens := range a.tokens {
			for t, kind := range tokens {
				if !a.kinds.link(kind) && !yield(t) {
					return
				}
			}
		}
	}
}

// prove counts what is left of the people's identifiers after the graph was
// brought up to date from the sources.
func (a *application) prove(ctx context.Context) error {
	if a.plan.Kind == correcting {
		return a.proveCorrection(ctx)
	}
	if a.plan.Kind != "erase" {
		return nil
	}
	if a.returned != nil {
		if err := a.proveReturned(ctx); err != nil {
			return err
		}
		return a.behind()
	}
	if err := a.keepHomeless(); err != nil {
		return err
	}
	r, err := a.resolver()
	if err != nil {
		return err
	}
	left := remains{seen: map[lineage.RID]bool{}, at: map[trace]int{}, unread: map[recordPlace]bool{}, stay: map[leftAt][]unerasedEdit{}}
	for account, tokens := range a.tokens {
		for t, kind := range tokens {
			if a.kinds.link(kind) {
				continue
			}
			if err := a.traces(r, account, t, &left); err != nil {
				return err
			}
		}
	}
	a.tell(&left)
	return cmp.Or(a.noteLeft(left.stay), a.behind(), ctx.Err())
}

// trace is where identifiers of the people are left, and what is said of it when that is
// not the usual.
type trace struct{ source, unit, collection, advice string }

// remains counts the records that are left, by place. A record with several of her
// identifiers is one.
type remains struct {
	seen map[lineage.RID]bool // true once the record is excused or counted
	at   map[trace]int
	// unread are the units that were asked for, and whether they could not be read again.
	unread map[recordPlace]bool
	// stay are others' records in which an identifier of hers is left, and rows of hers that
	// were emptied but for it: nobody is to take them for copies that came back.
	stay map[leftAt][]unerasedEdit
}

// stuck is that of a row of hers whose key is the identifier, or that cannot be without
// it for another reason, and of one that a trigger wrote when hers was emptied.
const stuck = "stuck"

// unseen is that of a record in a unit that was changed and could not be read again since.
const unseen = "unseen"

// leftAt is where identifiers were left, and why: leftOver, stuck, homeless or unseen.
type leftAt struct{ source, unit, reason string }

// remain counts a record in which an identifier is left. nowhere: nothing tells the account of
// the record; others: somebody in another account has the identifier.
func (a *application) remain(left *remains, f *lineage.Found, t lineage.Token, nowhere, others bool) error {
	why := advice(f)
	left.at[trace{f.Unit.Source, f.Unit.Unit.Key, f.Record.Collection, why}]++
	at := leftAt{f.Unit.Source, f.Unit.Unit.Key, leftOver}
	if about(f, t) {
		at.reason = stuck
	}
	nowhere = nowhere && at.reason == stuck
	if nowhere && others {
		at.reason = homeless
	}
	unread, err := a.unread(left, at.source, at.unit)
	if unread {
		at.reason = unseen
	}
	row := a.place(f.Unit.Source, f.Unit.Unit.Key, f.Record.Collection, f.Record.Locator).locator != ""
	if why == "" && (at.reason == leftOver || nowhere || unread || row && a.collection(f).Erase == "redact") {
		left.stay[at] = append(left.stay[at], unerasedEdit{Collection: f.Record.Collection, Locator: f.Record.Locator})
	}
	return err
}

// about reports a record that is about the one who has an identifier.
func about(f *lineage.Found, t lineage.Token) bool {
	return slices.ContainsFunc(f.Record.Edges, func(e lineage.Edge) bool {
		return e.Token == t && e.Role != lineage.Own && e.Role != lineage.Mention
	})
}

// tell names each place once, however much is left there.
func (a *application) tell(left *remains) {
	places := slices.SortedFunc(maps.Keys(left.at), func(x, y trace) int {
		return cmp.Or(cmp.Compare(x.source, y.source), cmp.Compare(x.unit, y.unit), cmp.Compare(x.collection, y.collection))
	})
	for _, p := range places {
		n := left.at[p]
		a.sum.Residue += n
		words := "an identifier of the person is still in " + p.collection
		if n > 1 {
			words = fmt.Sprintf("identifiers of the person are still in %s, in %d records", p.collection, n)
		}
		if left.unread[recordPlace{source: p.source, unit: p.unit}] {
			words = fmt.Sprintf("what was changed in %s cannot be read again: whether identifiers of the person are gone is not known, of records: %d; apply the plan again", p.collection, n)
		}
		a.gap(p.source, p.unit, cmp.Or(p.advice, words))
	}
}

// unread reports a unit that the plan changed and that could not be read again afterwards:
// the graph has it as it was before.
func (a *application) unread(left *remains, source, unit string) (bool, error) {
	at := recordPlace{source: source, unit: unit}
	if unread, known := left.unread[at]; known {
		return unread, nil
	}
	st, err := a.Graph.Unit(source, unit)
	of := a.touched.changed[source]
	left.unread[at] = err == nil && st != nil && of != nil && of.known.has(st.ID) && st.CommittedAt.Before(a.started.Truncate(time.Millisecond))
	return left.unread[at], err
}

// recordPlace is where a record can be found again. Rows of a table keep their key when
// the ranges of the table are cut anew; in an object any record may have moved.
type recordPlace struct{ source, unit, collection, locator string }

func (s *Site) place(source, unit, collection, locator string) recordPlace {
	for _, src := range s.Sources {
		if src.Name == source && database(src.Connector) {
			return recordPlace{source, "", collection, locator}
		}
	}
	return recordPlace{source, unit, collection, ""}
}

// proveReturned counts the old copies that are there again, or still.
func (a *application) proveReturned(ctx context.Context) error {
	list, err := a.comebacks(ctx, nil)
	if err != nil {
		return err
	}
	seen := map[lineage.RID]bool{}
	for i := range list {
		f := &list[i].found
		if seen[f.RID] || !a.returned.old(&f.Record) {
			continue
		}
		seen[f.RID] = true
		if a.excused(f) {
			continue
		}
		what := "a copy that came back is still in "
		if list[i].unerased {
			what = "a copy that was to be erased before is still in "
		}
		a.sum.Residue++
		a.gap(f.Unit.Source, f.Unit.Unit.Key, what+f.Record.Collection)
	}
	return nil
}

// othersRecord reports a record that states no account and refers to records of another one
// than the given: the same number may be known there.
func othersRecord(r *lineage.Resolver, f *lineage.Found, account string) (bool, error) {
	if f.Record.Account != "" {
		return f.Record.Account != account, nil
	}
	of, err := r.LinkedAccount(f)
	return of != "" && of != account, err
}

// traces counts the records of an account that still carry an identifier.
func (a *application) traces(r *lineage.Resolver, account string, t lineage.Token, left *remains) error {
	found, err := a.postedAt(t)
	if err != nil {
		return err
	}
	elsewhere := sync.OnceValues(func() (bool, error) { return hadElsewhere(r, found, account, t) })
	for i := range found {
		f := &found[i]
		settled, known := left.seen[f.RID]
		if settled {
			continue
		}
		carries := func(e lineage.Edge) bool { return e.Token == t && e.Role != lineage.Own }
		if !slices.ContainsFunc(f.Record.Edges, carries) {
			continue
		}
		if other, err := othersRecord(r, f, account); err != nil {
			return err
		} else if other {
			continue
		}
		if !known {
			if left.seen[f.RID] = a.excused(f); left.seen[f.RID] {
				continue
			}
		}
		if slices.ContainsFunc(f.Record.Edges, func(e lineage.Edge) bool { return carries(e) && !a.staysByLaw(f, e.Kind) }) {
			left.seen[f.RID] = true
			of, err := r.AccountOf(f)
			if err != nil {
				return err
			}
			nowhere, others := of == "" && account != "", false
			if nowhere {
				if others, err = elsewhere(); err != nil {
					return err
				}
			}
			if err := a.remain(left, f, t, nowhere, others); err != nil {
				return err
			}
		}
	}
	return nil
}

// hadElsewhere reports an identifier that somebody in another account than the given has.
func hadElsewhere(r *lineage.Resolver, found []lineage.Found, account string, t lineage.Token) (bool, error) {
	for i := range found {
		if !about(&found[i], t) {
			continue
		}
		if of, err := r.AccountOf(&found[i]); err != nil || of != "" && of != account {
			return err == nil, err
		}
	}
	return false, nil
}

// staysByLaw reports an identifier that a record keeps because the catalog says so: the
// record is kept, and so is every field of it that holds identifiers of this kind.
func (s *Site) staysByLaw(f *lineage.Found, kind string) bool {
	c := s.collection(f)
	_, _, law := s.Policy.KeepUntil(c.Class, f.Record.Trigger, s.Now())
	if c.Erase != "keep" && !law {
		return false
	}
	kept, stripped := keptIdentities(c.Fields, kind)
	return kept > 0 && stripped == 0
}

// keptIdentities counts the fields that hold identifiers of a kind, those that stay when
// a record is stripped and the others.
func keptIdentities(fields []connectors.CatalogField, kind string) (kept, stripped int) {
	for _, f := range fields {
		switch k, n := keptIdentities(f.Fields, kind); {
		case independent(f.Identity) != independent(kind):
			kept, stripped = kept+k, stripped+n
		case f.Erase == "keep":
			kept, stripped = kept+k+1, stripped+n
		default:
			kept, stripped = kept+k, stripped+n+1
		}
	}
	return kept, stripped
}

// suppress puts the people's own identifiers on the ledger, unless nothing of the plan was
// carried out, and the names of recordings: of one that comes back by itself nothing else
// tells whose it was.
func (a *application) suppress(ctx context.Context) error {
	if a.plan.Kind != "erase" || a.returned != nil {
		return ctx.Err() // who came back is on the ledger already, with the day that matters
	}
	if err := a.nameUndone(); err != nil {
		return err
	}
	if a.sum.Failed+a.sum.Stale > 0 && a.sum.Erased+a.sum.Redacted+a.sum.Already == 0 && !a.unwiped {
		return ctx.Err() // nothing of her went: nothing can come back
	}
	if err := a.keepHeard(ctx); err != nil {
		return err
	}
	var list []lineage.Suppression
	for _, x := range a.plan.body.Subjects {
		for t, kind := range x.Tokens {
			tok, ok := parseToken(t)
			if !ok || a.kinds.link(kind) && !namedLinks[kind] && !a.kinds.medium[kind] {
				continue
			}
			if stayed, err := a.leftToOthers(tok, kind); err != nil {
				return err
			} else if stayed {
				continue
			}
			list = append(list, lineage.Suppression{Token: tok, Kind: kind, Account: x.Account, At: a.Now(), Ref: a.plan.ID})
		}
		for t := range x.Shared {
			if tok, ok := parseToken(t); ok {
				if err := a.keepShared(tok, x.Account, a.plan.ID); err != nil {
					return err
				}
			}
		}
	}
	return errors.Join(a.Graph.Suppress(list), ctx.Err())
}

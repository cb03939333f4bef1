package pipeline

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/lineage"
)

// refresh brings the graph up to date with the units that were changed.
func (a *application) refresh(ctx context.Context) error {
	return a.rescan(ctx, a.touched.changed, func(run *scan) func(context.Context, *Source, connectors.Unit) error {
		run.force = true
		return run.unit
	})
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
		return a.proveReturned()
	}
	seen := map[lineage.RID]bool{} // a record with several of her identifiers is one that is left
	for account, tokens := range a.tokens {
		for t, kind := range tokens {
			if a.kinds.link(kind) {
				continue
			}
			if err := a.traces(account, t, seen); err != nil {
				return err
			}
		}
	}
	return ctx.Err()
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

// excused reports a record that carries her identifiers because the plan kept it. Of an
// object, as many are excused as were kept in it.
func (a *application) excused(f *lineage.Found) bool {
	at := a.place(f.Unit.Source, f.Unit.Unit.Key, f.Record.Collection, f.Record.Locator)
	if a.kept[at] == 0 {
		return false
	}
	if at.locator == "" {
		a.kept[at]--
	}
	return true
}

// proveReturned counts the old copies that are there again, or still.
func (a *application) proveReturned() error {
	list, err := a.comebacks(nil)
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

// traces reports the records of an account that still carry an identifier, each once.
func (a *application) traces(account string, t lineage.Token, seen map[lineage.RID]bool) error {
	rids, err := a.Graph.Postings(t)
	if err != nil {
		return err
	}
	found, err := a.Graph.Load(rids)
	if err != nil {
		return err
	}
	for i := range found {
		f := &found[i]
		if seen[f.RID] || f.Record.Account != "" && f.Record.Account != account {
			continue
		}
		if slices.ContainsFunc(f.Record.Edges, func(e lineage.Edge) bool { return e.Token == t && e.Role != lineage.Own }) {
			seen[f.RID] = true
			if a.excused(f) {
				continue
			}
			a.sum.Residue++
			a.gap(f.Unit.Source, f.Unit.Unit.Key, cmp.Or(advice(f), "an identifier of the person is still in "+f.Record.Collection))
		}
	}
	return nil
}

// suppress puts the people's own identifiers on the ledger, unless all of the plan
// failed.
func (a *application) suppress(ctx context.Context) error {
	if a.plan.Kind != "erase" || a.returned != nil {
		return ctx.Err() // who came back is on the ledger already, with the day that matters
	}
	if a.sum.Failed > 0 && a.sum.Erased+a.sum.Redacted == 0 { // nothing of her went: nothing can come back
		return a.strikeUnerased(a.plan.ID)
	}
	if err := a.nameUndone(); err != nil {
		return err
	}
	var list []lineage.Suppression
	for _, x := range a.plan.body.Subjects {
		for t, kind := range x.Tokens {
			tok, ok := parseToken(t)
			if !ok || a.kinds.link(kind) && !namedLinks[kind] {
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

package pipeline

import (
	"context"
	"errors"
	"slices"

	"github.com/cratio/sutra/lineage"
)

// refresh brings the graph up to date with the units that were changed.
func (a *application) refresh(ctx context.Context) error {
	return a.rescan(ctx, a.touched)
}

// rescan reads units again, whatever their fingerprints.
func (s *Site) rescan(ctx context.Context, list []touched) error {
	if len(list) == 0 {
		return nil
	}
	w, err := s.Graph.Begin()
	if err != nil {
		return err
	}
	run := &scan{Site: s, w: w, force: true}
	bySource := map[string]map[string]touched{}
	for _, t := range list {
		if bySource[t.Source] == nil {
			bySource[t.Source] = map[string]touched{}
		}
		bySource[t.Source][t.Unit.Key] = t
	}
	for name, units := range bySource {
		src, err := s.source(name)
		if err != nil {
			return err
		}
		for u, err := range src.Conn.Units(ctx) {
			if err != nil {
				s.gap(name, u.Key, "the listing failed: "+err.Error())
				continue
			}
			if _, ok := units[u.Key]; ok {
				if err := run.unit(ctx, src, u); err != nil {
					return err
				}
				delete(units, u.Key)
			}
		}
		for key := range units { // not listed any more: it is gone
			if err := w.Remove(name, key); err != nil {
				return err
			}
		}
	}
	return w.Close(ctx)
}

// prove counts what is left of the people's identifiers after the graph was
// brought up to date from the sources.
func (a *application) prove(ctx context.Context) error {
	if a.plan.Kind != "erase" {
		return nil
	}
	for account, tokens := range a.tokens {
		for t, kind := range tokens {
			if a.kinds.link(kind) {
				continue
			}
			if err := a.traces(account, t); err != nil {
				return err
			}
		}
	}
	return ctx.Err()
}

// traces reports the records of an account that still carry an identifier.
func (a *application) traces(account string, t lineage.Token) error {
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
		if a.kept[f.Unit.Source+"\x00"+f.Unit.Unit.Key] || f.Record.Account != "" && f.Record.Account != account || a.since(&f.Record) {
			continue
		}
		if slices.ContainsFunc(f.Record.Edges, func(e lineage.Edge) bool { return e.Token == t && e.Role != lineage.Own }) {
			a.sum.Residue++
			a.gap(f.Unit.Source, f.Unit.Unit.Key, "an identifier of the person is still in "+f.Record.Collection)
		}
	}
	return nil
}

// suppress puts the people's own identifiers on the ledger.
func (a *application) suppress(ctx context.Context) error {
	if a.plan.Kind != "erase" {
		return nil
	}
	var list []lineage.Suppression
	for _, x := range a.plan.body.Subjects {
		if x.Before != 0 {
			continue // they are there already, with the day that matters
		}
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

package pipeline

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/lineage"
	"github.com/cratio/sutra/pipeline/extract"
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
	left := map[trace]int{}
	for account, tokens := range a.tokens {
		for t, kind := range tokens {
			if a.kinds.link(kind) {
				continue
			}
			if err := a.traces(account, t, left); err != nil {
				return err
			}
		}
	}
	a.tellTraces(left)
	return errors.Join(a.namesakes(), ctx.Err())
}

// trace is where identifiers of the people are left.
type trace struct{ source, unit, collection string }

// tellTraces names each place once, however much is left there.
func (a *application) tellTraces(left map[trace]int) {
	places := slices.SortedFunc(maps.Keys(left), func(x, y trace) int {
		return cmp.Or(cmp.Compare(x.source, y.source), cmp.Compare(x.unit, y.unit), cmp.Compare(x.collection, y.collection))
	})
	for _, p := range places {
		n := left[p]
		a.sum.Residue += n
		words := "an identifier of the person is still in " + p.collection
		if n > 1 {
			words = fmt.Sprintf("identifiers of the person are still in %s, %d times", p.collection, n)
		}
		a.gap(p.source, p.unit, words)
	}
}

// namesakes reports the objects that stay, because others' records are in them, and
// are named after a person who was erased. No object is renamed: what refers to it
// would lead nowhere.
func (a *application) namesakes() error {
	return a.touched.each(func(list []touched) error {
		for _, t := range list {
			if t.Gone || a.kept[t.Source+"\x00"+t.Unit.Key] || !a.namesHer(t.Unit.Key) {
				continue
			}
			st, err := a.Graph.Unit(t.Source, t.Unit.Key)
			if err != nil {
				return err
			}
			if st != nil {
				a.sum.Residue++
				a.gap(t.Source, t.Unit.Key, "the object's name holds an identifier of the person, and records of others are in it: rename it, and scan again")
			}
		}
		return nil
	})
}

// namesHer reports whether an identifier of somebody whom the plan erases stands in
// the key of an object.
func (a *application) namesHer(key string) bool {
	return slices.ContainsFunc(extract.Find(key), func(x extract.Span) bool {
		t := a.Graph.Token(x.Kind, x.Value)
		for _, tokens := range a.tokens {
			if _, ok := tokens[t]; ok {
				return true
			}
		}
		return false
	})
}

// proveReturned counts the old copies that are there again, or still.
func (a *application) proveReturned() error {
	list, err := a.comebacks(nil)
	if err != nil {
		return err
	}
	for i := range list {
		f := &list[i].found
		if a.returned.old(&f.Record) && !a.kept[f.Unit.Source+"\x00"+f.Unit.Unit.Key] {
			a.sum.Residue++
			a.gap(f.Unit.Source, f.Unit.Unit.Key, "a copy that came back is still in "+f.Record.Collection)
		}
	}
	return nil
}

// traces counts the records of an account that still carry an identifier, by place.
func (a *application) traces(account string, t lineage.Token, left map[trace]int) error {
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
		if a.kept[f.Unit.Source+"\x00"+f.Unit.Unit.Key] || f.Record.Account != "" && f.Record.Account != account {
			continue
		}
		if slices.ContainsFunc(f.Record.Edges, func(e lineage.Edge) bool {
			return e.Token == t && e.Role != lineage.Own && !a.staysByLaw(f, e.Kind)
		}) {
			left[trace{f.Unit.Source, f.Unit.Unit.Key, f.Record.Collection}]++
		}
	}
	return nil
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

// suppress puts the people's own identifiers on the ledger, unless all of the plan
// failed.
func (a *application) suppress(ctx context.Context) error {
	if a.plan.Kind != "erase" || a.sum.Failed > 0 && a.sum.Erased+a.sum.Redacted == 0 { // nothing of her went: nothing can come back
		return nil
	}
	var list []lineage.Suppression
	for _, x := range a.plan.body.Subjects {
		if x.Returned {
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

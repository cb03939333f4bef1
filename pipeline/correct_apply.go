package pipeline

import (
	"context"
	"encoding/hex"
	"errors"
	"regexp"
	"slices"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/blob"
	"github.com/cratio/sutra/lineage"
	"github.com/cratio/sutra/pipeline/extract"
)

// correcting is the kind of plan that sets values.
const correcting = "correct"

// correctorOf makes the corrector of one edit.
func (a *application) correctorOf(e planEdit) *extract.Corrector {
	x := a.plan.body.Subjects[0]
	mine := func(kind, value string) bool { return a.hers(x.Account, a.Graph.Token(kind, value)) }
	return &extract.Corrector{
		Extent: e.Extent, Mine: mine, Codes: e.Codes,
		Near: func(kind, value string) bool {
			t := a.Graph.Token(kind, value)
			return mine(kind, value) || x.Shared[hex.EncodeToString(t[:])] != ""
		},
		Settings: a.settings(x.Set, nil),
	}
}

// setter makes the rewriting of one edit: only the fields that the plan names get
// only the values that it names.
func (a *application) setter(e planEdit) func(connectors.Field, string) (string, connectors.Verdict) {
	sets := a.plan.body.Subjects[0].Set
	base := a.correctorOf(e)
	return func(f connectors.Field, value string) (string, connectors.Verdict) {
		if !slices.ContainsFunc(e.Fields, func(p planField) bool { return p.Name == f.Name }) {
			return "", connectors.Same
		}
		c := *base
		c.Settings = a.settings(sets, func(i int) bool { return slices.Contains(e.Fields, planField{f.Name, i}) })
		return c.Rewrite(f, value)
	}
}

// corrected reports which edits of a step are done: the field that each names
// holds the new value and no old one. The record must be there and say so;
// anything else is not done.
func (a *application) corrected(ctx context.Context, src *Source, u connectors.Unit, st planStep) ([]bool, error) {
	done, seen := make([]bool, len(st.Edits)), make([]bool, len(st.Edits))
	var refs []connectors.Ref
	for _, e := range st.Edits {
		refs = append(refs, connectors.Ref{Collection: e.Collection, Unit: u.Key, Locator: e.Locator})
	}
	for b, err := range connectors.Pick(ctx, src.Conn, u, refs) {
		if err != nil {
			return nil, err
		}
		if b.Rows == nil {
			continue
		}
		for row := range int(b.Rows.NumRows()) {
			loc, _ := connectors.Value(b.Rows, 0, row)
			for i, e := range st.Edits {
				if e.Collection != b.Collection || e.Locator != loc {
					continue
				}
				seen[i], done[i] = true, a.holdsNew(b, row, e)
			}
		}
	}
	if err := a.renamed(ctx, src, u, st, seen, done); err != nil {
		return nil, err
	}
	return done, ctx.Err()
}

// holdsNew reports a record in which every field that an edit names holds the new value
// and no old one.
func (a *application) holdsNew(b connectors.Batch, row int, e planEdit) bool {
	good := 0
	fields(b.Rows, row, func(_ int, f connectors.Field, value string) {
		for _, p := range e.Fields {
			if p.Name == f.Name && a.correctorOf(e).Done(f, value, p.Set) {
				good++
			}
		}
	})
	return good == len(e.Fields)
}

// digestLocator matches the names of rows of a table without a key: digests of their
// content, and so others once that was changed.
var digestLocator = regexp.MustCompile(`^pk=[0-9a-f]{32}(\.[0-9]+)?$`)

// renamed looks for rows that are named by their content under their new names: as many
// others as are missing have to hold the new values.
func (a *application) renamed(ctx context.Context, src *Source, u connectors.Unit, st planStep, seen, done []bool) error {
	var missing []int
	named := map[string]bool{}
	for i, e := range st.Edits {
		named[e.Locator] = true
		if !seen[i] && digestLocator.MatchString(e.Locator) {
			missing = append(missing, i)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	for b, err := range src.Conn.Read(ctx, u) {
		if err != nil {
			return err
		}
		if b.Rows == nil {
			continue
		}
		for row := range int(b.Rows.NumRows()) {
			loc, _ := connectors.Value(b.Rows, 0, row)
			if named[loc] {
				continue
			}
			if at := slices.IndexFunc(missing, func(i int) bool { return st.Edits[i].Collection == b.Collection && a.holdsNew(b, row, st.Edits[i]) }); at >= 0 {
				done[missing[at]] = true
				missing = slices.Delete(missing, at, at+1)
			}
		}
	}
	return ctx.Err()
}

// proveCorrection reads every corrected record again, and looks in the graph for
// the old identifiers where they were hers alone.
func (a *application) proveCorrection(ctx context.Context) error {
	read := map[[2]string]touched{}
	err := a.touched.each(func(list []touched) error {
		for _, t := range list {
			read[[2]string{t.Source, t.Unit.Key}] = t
		}
		return nil
	})
	if err != nil {
		return err
	}
	err = a.plan.steps(func(st planStep) error {
		t, ok := read[[2]string{st.Source, st.Unit.Unit.Key}]
		if !ok {
			return ctx.Err() // it failed, and was reported
		}
		return a.proveStep(ctx, st, t.Gone)
	})
	if err != nil {
		return err
	}
	kept := map[[4]string]bool{}
	_, err = a.plan.items(func(it planItem) error {
		for _, k := range it.Kept {
			kept[[4]string{k.Source, k.Dataset, k.Unit, k.Locator}] = true
		}
		return nil
	})
	if err != nil {
		return err
	}
	return a.oldValues(kept)
}

// proveStep reads what a step corrected. An old version of an object goes with the change,
// and the old value with it.
func (a *application) proveStep(ctx context.Context, st planStep, gone bool) error {
	src, err := a.source(st.Source)
	if err != nil {
		return err
	}
	done, err := a.corrected(ctx, src, connectors.Unit{Key: st.Unit.Unit.Key, Account: st.Unit.Unit.Account}, st)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if _, version := blob.Plain(st.Unit.Unit.Key); gone && version != "" && errors.Is(err, connectors.ErrNotFound) {
		return nil
	}
	if err != nil {
		a.gap(st.Source, st.Unit.Unit.Key, "it cannot be read again: "+err.Error())
		a.sum.Residue += len(st.Edits)
		return nil
	}
	for k, ok := range done {
		if !ok {
			a.sum.Residue++
			a.gap(st.Source, st.Unit.Unit.Key, "a record of "+st.Edits[k].Collection+" does not hold the new value")
		}
	}
	return nil
}

// oldValues counts her records in which an old identifier still stands as hers
// and that the plan does not list as kept.
func (a *application) oldValues(kept map[[4]string]bool) error {
	r, err := a.resolver()
	if err != nil {
		return err
	}
	for _, x := range a.plan.body.Subjects {
		for _, set := range x.Set {
			for _, hexed := range set.From {
				t, ok := parseToken(hexed)
				if !ok || set.Kind == "" || x.Tokens[hexed] == "" {
					continue // plain text, or an identifier that others have too
				}
				found, err := a.residue(t, x.Account)
				if err != nil {
					return err
				}
				for i := range found {
					if other, err := othersRecord(r, &found[i], x.Account); err != nil {
						return err
					} else if other {
						continue
					}
					if err := a.oldValue(&found[i], x.Account, kept); err != nil {
						return err
					}
				}
			}
		}
	}
	return nil
}

func (a *application) oldValue(f *lineage.Found, account string, kept map[[4]string]bool) error {
	of, err := a.kinds.resolver(a.Graph).AccountOf(f)
	if err != nil {
		return err
	}
	if of != account || kept[[4]string{f.Unit.Source, f.Unit.Source + "." + f.Record.Collection, f.Unit.Unit.Key, f.Record.Locator}] {
		return nil
	}
	a.sum.Residue++
	a.gap(f.Unit.Source, f.Unit.Unit.Key, "an old value of the person is still in "+f.Record.Collection)
	return nil
}

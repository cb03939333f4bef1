package pipeline

import (
	"context"
	"slices"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/lineage"
	"github.com/cratio/sutra/pipeline/extract"
)

// householdTries is in how many records of a collection an identifier is looked for.
const householdTries = 8

// findHousehold finds the identifiers that others have too and that are hers all the same: a
// column that is described as one holds it in a record of hers, as a family's number stands in
// the contacts of each of them. One that stands nowhere but in some JSON of hers may as well
// be that of somebody to whom she sent something, and is masked.
func (a *access) findHousehold(ctx context.Context) error {
	a.household = map[lineage.Token]bool{}
	if len(a.person.Others) == 0 {
		return nil
	}
	type place struct {
		collection string
		token      lineage.Token
	}
	tries := map[place]int{}
	for copies := a.person.Copies; len(copies) > 0; {
		n := ofUnit(copies, copies[0].RID.Unit())
		var list []*lineage.Found
		for i := range copies[:n] {
			f := &copies[i]
			for _, e := range f.Record.Edges {
				at := place{f.Unit.Source + "." + f.Record.Collection, e.Token}
				if _, other := a.person.Others[e.Token]; other && e.Role == lineage.Subject && !a.household[e.Token] && tries[at] < householdTries {
					tries[at]++
					list = append(list, f)
					break
				}
			}
		}
		if err := a.lookAtHome(ctx, list); err != nil {
			return err
		}
		copies = copies[n:]
	}
	return nil
}

// lookAtHome looks at records of one unit. What cannot be read leaves an identifier masked;
// that it cannot is said when the records themselves are fetched.
func (a *access) lookAtHome(ctx context.Context, list []*lineage.Found) error {
	if len(list) == 0 {
		return nil
	}
	src, err := a.source(list[0].Unit.Source)
	if err != nil {
		return nil
	}
	refs := make([]connectors.Ref, 0, len(list))
	for _, f := range list {
		refs = append(refs, connectors.Ref{Collection: f.Record.Collection, Unit: f.Unit.Unit.Key, Locator: f.Record.Locator, At: f.Record.At})
	}
	want := wanted{unit: list[0].Unit.ID, list: list}
	for b, err := range connectors.Pick(ctx, src.Conn, list[0].Unit.Unit, refs) {
		if err != nil {
			return ctx.Err()
		}
		if b.Rows == nil {
			continue
		}
		for row := range int(b.Rows.NumRows()) {
			loc, _ := connectors.Value(b.Rows, 0, row)
			if f := want.take(b.Collection, loc); f != nil {
				a.atHome(f, b, row)
			}
		}
	}
	return ctx.Err()
}

// atHome takes in what the described columns of a record hold.
func (a *access) atHome(f *lineage.Found, b connectors.Batch, row int) {
	for i, x := range b.Rows.Schema().Fields() {
		field := connectors.FieldOf(x)
		v, ok := connectors.Value(b.Rows, i, row)
		if !ok {
			continue
		}
		for _, id := range extract.Described(field, v) {
			t := a.Graph.Token(id.Kind, id.Value)
			if slices.ContainsFunc(f.Record.Edges, func(e lineage.Edge) bool { return e.Token == t && e.Role == lineage.Subject }) {
				a.household[t] = true
			}
		}
	}
}

package pipeline

import (
	"slices"

	"github.com/cratio/sutra/lineage"
)

// A record may keep identifiers of those who go because the plan leaves it: another owns it,
// too, or a hold is on it. In an object that is not what the plan saw nobody knows any more
// which of its records that was; so as many are excused there as were left. One that is left
// because it may be hers by what others have, too, holds none of her identifiers, and excuses
// none: it would stand for a copy of hers that nobody took out.

// without reports a record that stays with no identifier in it of those of its account who go.
func (pl *planner) without(f *lineage.Found, account string) (bool, error) {
	p := pl.crowd[account]
	if pl.plan.Kind != "erase" || p == nil {
		return false, nil
	}
	carries := func(f lineage.Found) bool {
		return slices.ContainsFunc(f.Record.Edges, func(e lineage.Edge) bool {
			return e.Role != lineage.Own && !pl.kinds.mayOnly(e) && p.Tokens[e.Token] != ""
		})
	}
	if carries(*f) {
		return false, nil
	}
	parts, err := pl.Graph.Records(f.Unit, f.Record.Collection, []string{f.Record.Locator})
	return err == nil && !slices.ContainsFunc(parts, carries), err
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

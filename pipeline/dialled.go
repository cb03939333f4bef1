package pipeline

import (
	"cmp"
	"slices"

	"github.com/cratio/sutra/lineage"
)

// onlyNamed reports a record whose columns give nobody whose data go as its person: who is in
// it is mentioned, or has a part of it.
func (pl *planner) onlyNamed(crowd *lineage.Person, f *lineage.Found) bool {
	all := []lineage.Found{*f}
	if f.Record.Within != "" {
		var err error
		all, err = pl.sameRecord(f)
		pl.err = cmp.Or(pl.err, err)
	}
	gone := pl.goes(crowd)
	return !slices.ContainsFunc(all, func(x lineage.Found) bool { return x.Record.Within == "" && givesAs(&x.Record, gone) })
}

// givesAs reports a record that gives one of the identifiers as its person's own.
func givesAs[V any](s *lineage.Sighting, tokens map[lineage.Token]V) bool {
	return slices.ContainsFunc(s.Edges, func(e lineage.Edge) bool {
		_, ok := tokens[e.Token]
		return ok && e.Role != lineage.Mention && e.Role != lineage.Link
	})
}

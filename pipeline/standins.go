package pipeline

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/pipeline/audit"
	"github.com/cratio/sutra/pipeline/extract"
)

// emptiedAt counts the records that are emptied and stay, by source and collection.
type emptiedAt map[[2]string]int

// add counts an edit of a record that stays. Of a record that others share only what is
// hers goes: its own columns are left as they are.
func (c emptiedAt) add(source string, e planEdit) {
	if e.Extent != extract.Partial {
		c[[2]string{source, e.Collection}]++
	}
}

// standIns lists the columns that say the same in every record that was emptied, because
// they may not be empty and have no label for unknown. unknown is told of a source that
// does not answer.
func (s *Site) standIns(ctx context.Context, emptied emptiedAt, unknown func(source string, err error)) ([]audit.StandIn, error) {
	var out []audit.StandIn
	sources := map[string]bool{}
	for at := range emptied {
		sources[at[0]] = true
	}
	for _, name := range slices.Sorted(maps.Keys(sources)) {
		src, err := s.source(name)
		if err != nil {
			unknown(name, err)
			continue
		}
		conn, ok := src.Conn.(connectors.Standing)
		if !ok {
			continue
		}
		list, err := conn.StandIns(ctx)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err != nil {
			unknown(name, err)
		}
		for _, f := range list {
			if n := emptied[[2]string{name, f.Collection}]; n > 0 {
				out = append(out, audit.StandIn{Store: name, Collection: f.Collection, Field: f.Field, Records: n})
			}
		}
	}
	slices.SortFunc(out, func(a, b audit.StandIn) int {
		return cmp.Or(cmp.Compare(a.Store, b.Store), cmp.Compare(a.Collection, b.Collection), cmp.Compare(a.Field, b.Field))
	})
	return out, nil
}

// tellStandIns says so to a person.
func (s *Site) tellStandIns(list []audit.StandIn) {
	for _, x := range list {
		s.emit(NoteLine{Type: "note", Text: fmt.Sprintf("%s.%s: %s may not be empty and has no label for unknown: in the records that stay (%d) it says the same for everybody, also where that is what she had said",
			x.Store, x.Collection, x.Field, x.Records)})
	}
}

// foresee tells of a plan what it cannot empty. Which records have to stay although they are
// to be deleted shows only when it is applied.
func (pl *planner) foresee(ctx context.Context) error {
	if pl.plan.Kind == correcting {
		return nil
	}
	list, err := pl.standIns(ctx, pl.spool.emptied, func(source string, err error) {
		pl.emit(NoteLine{Type: "note", Text: fmt.Sprintf("%s: whether there are columns that cannot be emptied is not known: %v", source, err)})
	})
	pl.tellStandIns(list)
	return err
}

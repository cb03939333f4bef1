package pipeline

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/cratio/sutra/lineage"
)

// leftDue are the records that plans of retention were to change and could not, by place,
// with the latest time for which they were due, in Unix seconds.
type leftDue map[recordPlace]int64

// note adds what one document of the bucket says.
func (l leftDue) note(s *Site, d *unerasedDoc) {
	for _, r := range d.Records {
		at := s.place(d.Source, d.Unit, r.Collection, r.Locator)
		l[at] = max(l[at], d.AsOf)
	}
}

// stillOverdue returns the records that plans of retention were to change, could not, and
// that are there and due, and strikes out the plans of which nothing is, but for those that
// are open for another reason.
func (s *Site) stillOverdue(ctx context.Context, u *unerased, isOpen map[string]bool) (out []UnerasedLine, err error) {
	if len(u.due) == 0 {
		return nil, nil
	}
	pl, err := s.newPlanner(ctx, "retain", time.Time{})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, pl.close()) }()
	r := &retention{planner: pl, ctx: ctx, resolver: s.kinds.resolver(s.Graph)}
	seen := map[UnerasedLine]bool{}
	for _, plan := range slices.Sorted(maps.Keys(u.due)) {
		open := isOpen[plan]
		units, err := s.unitsOf(u.due[plan])
		if err != nil {
			return nil, err
		}
		for _, id := range units {
			err := r.overdueIn(id, u.due[plan], func(f *lineage.Found, account string) {
				open = true
				if l := unerasedLine(f, account, "overdue"); !seen[l] {
					seen[l] = true
					out = append(out, l)
				}
			})
			if err != nil {
				return nil, err
			}
		}
		if !open {
			if err := s.strikeUnerased(plan + "."); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

// unitsOf are the units in which the records may stand: objects by their key, and all
// ranges of a table, which may have been cut anew.
func (s *Site) unitsOf(left leftDue) ([]uint32, error) {
	ids := map[uint32]bool{}
	tables := map[recordPlace]bool{}
	for at := range left {
		if at.unit == "" {
			tables[recordPlace{source: at.source, collection: at.collection}] = true
			continue
		}
		st, err := s.Graph.Unit(at.source, at.unit)
		if err != nil {
			return nil, err
		}
		if st != nil {
			ids[st.ID] = true
		}
	}
	for t := range tables {
		err := s.Graph.Units(t.source, func(st *lineage.UnitState) error {
			if strings.HasPrefix(st.Unit.Key, t.collection+"[") {
				ids[st.ID] = true
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return slices.Sorted(maps.Keys(ids)), nil
}

// overdueIn calls fn with the records of a unit that were left although they were due, and
// still are.
func (r *retention) overdueIn(unit uint32, left leftDue, fn func(f *lineage.Found, account string)) error {
	list, err := r.Graph.UnitSightings(unit)
	if err != nil {
		return err
	}
	at := map[*lineage.Found]int64{}
	var open []*lineage.Found
	for i := range list {
		f := &list[i]
		if asOf, noted := left[r.place(f.Unit.Source, f.Unit.Unit.Key, f.Record.Collection, f.Record.Locator)]; noted {
			at[f], open = asOf, append(open, f)
		}
	}
	return r.each(open, func(f *lineage.Found) (bool, error) {
		account, due, err := r.dueAt(f, at[f])
		if err == nil && due {
			fn(f, account)
		}
		return true, err
	})
}

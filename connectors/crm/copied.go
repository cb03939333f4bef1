package crm

import (
	"context"
	"fmt"
	"strings"
)

// copied tells which triggers saw the rows that were changed and may have written
// them to another table, which materialized views hold them still, and where what they
// name may be kept beside the tables. A search index that follows its table is none.
func (j *job) copied(ctx context.Context) error {
	large, err := j.large(ctx)
	if err != nil {
		return err
	}
	say := func(unit int, words string) {
		if left := &j.out[unit].Left; !strings.Contains(*left, words) {
			*left = strings.TrimPrefix(*left+"; "+words, "; ")
		}
	}
	for _, t := range j.targets {
		unit, goes := t.owner, t.del && !t.shell
		if !goes && !t.wrote {
			continue
		}
		if !t.del && len(t.edits) > 0 {
			unit = t.edits[0].unit
		}
		for _, c := range t.l.table.copying {
			to := j.sc.table(strings.Trim(c.to, "`\""))
			if goes && !c.onDelete || !goes && !c.onEdit || to != nil && to.kind != "table" {
				continue
			}
			j.out[unit].Copied = true
			say(unit, fmt.Sprintf("the %s of table %q writes to %s what is changed or deleted: what it wrote of these rows is there; scan, and plan again", c.name, t.l.table.name, c.to))
		}
		for _, view := range t.l.stays() {
			say(unit, fmt.Sprintf("the materialized view %q holds what it found in table %q before: refresh it", view, t.l.table.name))
		}
		for _, c := range t.l.table.columns {
			if c.large && large {
				say(unit, fmt.Sprintf("the column %q of table %q may name large objects, which are not in the table and stay: lo_unlink or vacuumlo removes them", c.name, t.l.table.name))
			}
		}
		for _, index := range t.l.table.indexed {
			say(unit, fmt.Sprintf("the search index %q holds words of table %q and no trigger follows what is deleted: rebuild it", index, t.l.table.name))
		}
	}
	return nil
}

// large reports whether a table of the plan may name large objects and there are any.
func (j *job) large(ctx context.Context) (bool, error) {
	for _, l := range j.tables() {
		if l.table.large() {
			some, err := j.ss.one(ctx, someLarge)
			return some != "", err
		}
	}
	return false, nil
}

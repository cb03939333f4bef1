package crm

import (
	"context"
	"errors"

	"github.com/cratio/sutra/connectors"
)

// A row that nothing refers to needs no look around before it goes. Where the product
// can tell what a deleted row held, such rows are deleted at once and their checks are
// asked of what came back: each row is visited once instead of twice. A check that
// fails ends the transaction, as it does for rows that are looked at first, and
// nothing of it stays.

// errIndirect asks for the transaction once more, with every row looked at before it
// is deleted.
var errIndirect = errors.New("rows have to be looked at before they are deleted")

// leavesOf finds the tables whose rows may go so: the plan does nothing but delete
// there, no foreign key and no reference of the catalog leads to them, no trigger or rule
// sees their rows or keeps them from going, and no view holds a copy of them.
func (j *job) leavesOf(ctx context.Context, work []connectors.UnitEdits) map[*table]bool {
	out := map[*table]bool{}
	if j.sc.partial { // there may be foreign keys that are not seen
		return out
	}
	var mixed []*table
	for _, w := range work {
		own, _, err := parseUnit(w.Unit.Key)
		if err != nil {
			return nil // load says so
		}
		for _, e := range w.Edits {
			l, err := j.layout(ctx, collectionOf(e, own))
			if err != nil {
				return nil
			}
			out[l.table] = true
			if e.Action != connectors.Delete {
				mixed = append(mixed, l.table)
			}
		}
	}
	for _, t := range mixed {
		delete(out, t)
	}
	for t := range out {
		if t.kind != "table" || t.keyless || len(t.triggers) > 0 || len(t.viewed)+len(t.indexed) > 0 || t.large() || len(j.incoming(t)) > 0 {
			delete(out, t)
		}
	}
	return out
}

// takeOut deletes the rows of locators and calls fn for each with what it held; the
// row is valid during the call. The transaction must not be committed when it fails.
func (s *source) takeOut(ctx context.Context, ss *session, l *layout, locators []string, fn func(locator string, r row) error) error {
	gone := make(map[string]bool, len(locators))
	head, tail := "DELETE FROM "+l.table.from, " RETURNING "+l.selection(s.d)
	err := s.reach(ctx, ss, l, locators, head, tail, func(loc string, wanted bool, r row) error {
		if !wanted { // the condition finds more than the locators name
			return errIndirect
		}
		gone[loc] = true
		return fn(loc, r)
	})
	if err != nil {
		return err
	}
	var silent []string
	for _, loc := range locators {
		if !gone[loc] {
			silent = append(silent, loc)
		}
	}
	if len(silent) == 0 {
		return nil
	}
	return s.lookup(ctx, ss, l, silent, func(string, row) error { return errIndirect }) // it is there and was not deleted
}

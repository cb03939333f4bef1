package crm

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/cratio/sutra/connectors"
)

// A table may have rows that reading it does not find: those that it had, those of the
// tables that inherit from it, and those of a partition that was taken off it and is a table of
// its own now. A listing holds a unit for them that cannot be read, under a
// name of its own, so that nobody takes the table for searched as a whole.

// rowsOfThePast stands behind the name of a collection where the rows that it had are meant.
const rowsOfThePast = " FOR SYSTEM_TIME ALL"

// beyond lists the names of what a collection has beyond the rows that are read.
func (s *source) beyond(ctx context.Context, ss *session, sc *schema, l *layout) ([]string, error) {
	var out []string
	if l.reason != "" {
		return nil, nil
	}
	if l.table.past {
		out = append(out, l.coll.Name+rowsOfThePast)
	}
	for _, h := range l.table.heirs {
		if !s.catalogued(sc, h) {
			out = append(out, h.name)
		}
	}
	for _, t := range sc.tables {
		if s.catalogued(sc, t) || !takenOff(l.table, t) {
			continue
		}
		some := "unknown"
		if t.reason == "" {
			err := ss.attempt(ctx, func() (err error) {
				some, err = ss.one(ctx, "SELECT 1 FROM "+t.from+" LIMIT 1")
				return err
			})
			if err != nil && !answers(ctx, ss, err) {
				return nil, err
			} else if err != nil {
				some = "unknown"
			}
		}
		if some != "" {
			out = append(out, t.name)
		}
	}
	return out, nil
}

// takenOff reports that a table may have been a partition of another: it has the very columns
// of a table with partitions, is none of these, and has none itself. Of one that is called
// after the table (calls_2024 of calls) columns may have come or gone since, on either side.
func takenOff(whole, t *table) bool {
	if !whole.parted || t.parted || t.kind != "table" || t.outside != "" || slices.Contains(whole.heirs, t) {
		return false
	}
	if len(t.columns) == len(whole.columns) && whole.within(t) {
		return true
	}
	named := strings.HasPrefix(strings.ToLower(t.name), strings.ToLower(whole.name)+"_")
	return named && (whole.within(t) || t.within(whole) && 2*len(t.columns) >= len(whole.columns))
}

// within reports that another table has all columns of a table.
func (t *table) within(o *table) bool {
	return len(t.columns) > 1 && !slices.ContainsFunc(t.columns, func(c *column) bool {
		return !slices.ContainsFunc(o.columns, func(x *column) bool { return x.name == c.name && x.sqlType == c.sqlType })
	})
}

// catalogued reports whether a collection describes a table.
func (s *source) catalogued(sc *schema, t *table) bool {
	return slices.ContainsFunc(s.dataset.Collections, func(c connectors.Collection) bool { return sc.table(c.Name) == t })
}

// unlisted says why rows that go by a name of beyond are not read; "" for other names.
func (s *source) unlisted(sc *schema, name string) string {
	if now, past := strings.CutSuffix(name, rowsOfThePast); past {
		return fmt.Sprintf("the rows of the past of table %q are not searched: it is system-versioned, and what was deleted or changed is in its history", now)
	}
	for _, t := range sc.tables {
		if i := slices.IndexFunc(t.heirs, func(h *table) bool { return h.name == name }); i >= 0 {
			return fmt.Sprintf("table %q inherits from %q, whose queries find its rows too, and is in no catalog collection: it is not searched", name, t.name)
		}
	}
	for _, whole := range sc.tables {
		if t := sc.table(name); t != nil && takenOff(whole, t) && s.catalogued(sc, whole) {
			return fmt.Sprintf("table %q has columns of %q, is none of its partitions, and is in no catalog collection: it is not searched", name, whole.name)
		}
	}
	return ""
}

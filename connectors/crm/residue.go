package crm

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/cratio/sutra/connectors"
)

// Residue returns the edits that are not done: deletions whose row still holds
// something personal, redactions that would still change their row.
func (s *source) Residue(ctx context.Context, u connectors.Unit, edits []connectors.Edit) ([]connectors.Edit, error) {
	left := make([]bool, len(edits))
	err := s.reading(ctx, func(ss *session, sc *schema) error {
		own, _, err := parseUnit(u.Key)
		if err != nil {
			return err
		}
		by := map[string]map[string][]int{} // collection, locator -> edits
		var refs []connectors.Ref
		for i, e := range edits {
			name := collectionOf(e, own)
			if by[name] == nil {
				by[name] = map[string][]int{}
			}
			by[name][e.Locator] = append(by[name][e.Locator], i)
			refs = append(refs, connectors.Ref{Collection: name, Locator: e.Locator})
		}
		for name, locs := range groupRefs(own, refs) {
			l, err := s.layout(sc, name)
			if err != nil {
				return err
			}
			err = s.lookup(ctx, ss, l, locs, func(loc string, r row) error {
				for _, i := range by[name][loc] {
					left[i] = left[i] || remains(l, r, edits[i])
				}
				return nil
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("looking for residue in source %s: %w", s.name, err)
	}
	var out []connectors.Edit
	for i, e := range edits {
		if left[i] {
			out = append(out, e)
		}
	}
	return out, nil
}

// names reports a column that an emptied row keeps: it says which row it is, or to which it
// refers, and nothing else of anybody.
func (c *col) names() bool {
	return c.part == partKeep && c.field.Identity == "" && len(c.field.Inner) == 0 && !slices.ContainsFunc(c.field.Categories, func(k string) bool {
		return (k == "user" || strings.HasPrefix(k, "user.")) && k != "user.unique_id" && !strings.HasPrefix(k, "user.unique_id.")
	})
}

// remains reports whether an edit still has work on a row.
func remains(l *layout, r row, e connectors.Edit) bool {
	key := l.keyText(r)
	for i, c := range l.cols {
		text, ok := l.text(r, i)
		if !ok || hollow(c.column, r.vals[i], key) || l.fromNothing(r, c, key) {
			continue
		}
		if e.Action == connectors.Delete {
			if c.part == partMust || c.field.Personal() && !c.names() {
				return true
			}
			continue
		}
		if (c.pinned || c.ref && c.notNull) && !c.field.Personal() || e.Rewrite == nil {
			continue
		}
		if now, v := e.Rewrite(c.field, text); v == connectors.Empty || v == connectors.Set && now != text {
			return true
		}
	}
	return false
}

// fromNothing reports a generated column all of whose parts are empty, or stand-ins, or the
// key of the row: what the database computes of these, such as the digits of a stand-in, is
// nothing of anybody.
func (l *layout) fromNothing(r row, c col, key string) bool {
	if c.computed == "" {
		return false
	}
	expr := strings.ToLower(strings.ReplaceAll(c.computed, `""`, `"`))
	parts := 0
	for _, o := range l.table.columns {
		if o == c.column || !strings.Contains(expr, strings.ToLower(o.name)) {
			continue
		}
		i := slices.IndexFunc(l.cols, func(x col) bool { return x.column == o })
		if i < 0 || o.generated || !hollow(o, r.vals[i], key) && !(l.cols[i].pinned && l.cols[i].names()) {
			return false
		}
		parts++
	}
	return parts > 0
}

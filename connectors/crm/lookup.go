package crm

import (
	"context"
	"strings"
)

// The most keys that one query looks up.
const (
	chunkSingle    = 500
	chunkComposite = 100
)

// lookup finds rows by locator and calls fn for each; the row is valid during
// the call. Several rows may answer to one locator when the catalog's key is not
// unique; callers that change rows must not accept that.
func (s *source) lookup(ctx context.Context, ss *session, l *layout, locators []string, fn func(locator string, r row) error) error {
	size := chunkSingle
	if len(l.key) > 1 {
		size = chunkComposite
	}
	for from := 0; from < len(locators); from += size {
		chunk := locators[from:min(from+size, len(locators))]
		where, args := s.whereLocators(l, chunk)
		if where == "" {
			continue
		}
		want := make(map[string]bool, len(chunk))
		for _, c := range chunk {
			want[c] = true
		}
		q := "SELECT " + l.selection(s.d) + " FROM " + s.d.quote(l.table.name) + " WHERE " + where
		err := ss.each(ctx, q, args, func(v []any) error {
			r := l.newRow(v)
			if loc := l.locator(r); want[loc] {
				return fn(loc, r)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// whereLocators is a condition that every named row meets; others may meet it
// too, the caller compares locators. It is "" when no locator can name a row.
func (s *source) whereLocators(l *layout, chunk []string) (string, []any) {
	var conds []string
	var args []any
	var numbers, single []any
	prefix := rowidPrefix
	if len(l.key) == 0 {
		prefix = pkPrefix
	}
	for _, loc := range chunk {
		if n, ok := rowNumber(loc, prefix); ok && l.table.rowid != "" {
			numbers = append(numbers, n)
			continue
		}
		parts, ok := splitKey(loc, len(l.key))
		if !ok || len(l.key) == 0 {
			continue
		}
		if len(parts) == 1 {
			single = append(single, s.d.binds(l.cols[l.key[0]].column, parts[0])...)
			continue
		}
		var and []string
		for i, p := range parts {
			c := l.cols[l.key[i]].column
			b := s.d.binds(c, p)
			and = append(and, in(s.d.quote(c.name), len(b)))
			args = append(args, b...)
		}
		conds = append(conds, "("+strings.Join(and, " AND ")+")")
	}
	if len(single) > 0 {
		conds = append(conds, in(s.d.quote(l.cols[l.key[0]].name), len(single)))
		args = append(args, single...)
	}
	if len(numbers) > 0 {
		conds = append(conds, in(s.d.quote(l.table.rowid), len(numbers)))
		args = append(args, numbers...)
	}
	return strings.Join(conds, " OR "), args
}

func in(expr string, n int) string {
	return expr + " IN (" + strings.TrimSuffix(strings.Repeat("?,", n), ",") + ")"
}

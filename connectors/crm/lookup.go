package crm

import (
	"context"
)

// lookup finds rows by locator and calls fn for each; the row is valid during
// the call. Several rows may answer to one locator when the catalog's key is not
// unique; callers that change rows must not accept that.
func (s *source) lookup(ctx context.Context, ss *session, l *layout, locators []string, fn func(locator string, r row) error) error {
	order := ""
	if ss.lock != "" || l.table.keyless {
		order = " ORDER BY " + list(l.table.ident(s.d, "")) // locks are taken in one order
	}
	return s.reach(ctx, ss, l, locators, "SELECT "+l.selection(s.d)+" FROM "+l.table.from, order+ss.lock, func(loc string, wanted bool, r row) error {
		if !wanted {
			return nil
		}
		return fn(loc, r)
	})
}

// reach runs a statement that answers with rows, of the condition for locators put
// between head and tail. A row may answer that no locator names: it is not wanted.
func (s *source) reach(ctx context.Context, ss *session, l *layout, locators []string, head, tail string, fn func(locator string, wanted bool, r row) error) error {
	size := s.d.chunk(l)
	for from := 0; from < len(locators); from += size {
		chunk := locators[from:min(from+size, len(locators))]
		where, args := s.d.locate(l, chunk)
		if where == "" {
			continue
		}
		want := make(map[string]bool, len(chunk))
		for _, c := range chunk {
			want[c] = true
		}
		var num numbering
		err := ss.each(ctx, head+" WHERE "+where+tail, args, func(v []any) error {
			r := num.number(l, l.newRow(v))
			loc := l.locator(r)
			return fn(loc, want[loc], r)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// reread reads rows by what names them.
func (j *job) reread(ctx context.Context, l *layout, idents [][]any, fn func(r row) error) error {
	where, args := j.s.d.match(l.table, l.table.ident(j.s.d, ""), idents)
	q := "SELECT " + l.selection(j.s.d) + " FROM " + l.table.from + " WHERE " + where
	if l.table.keyless {
		q += " ORDER BY " + l.table.hash("")
	}
	var num numbering
	return j.ss.each(ctx, q, args, func(v []any) error { return fn(num.number(l, l.newRow(v))) })
}

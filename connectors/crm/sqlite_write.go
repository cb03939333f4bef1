package crm

import (
	"context"
	"strings"
)

// The most keys that one statement looks up.
const (
	chunkSingle    = 500
	chunkComposite = 100
)

func (d *sqlite) chunk(l *layout) int {
	if len(l.key) > 1 || len(l.table.ident(d, "")) > 1 {
		return chunkComposite
	}
	return chunkSingle
}

// locate is a condition that every named row meets; others may meet it
// too, the caller compares locators. It is "" when no locator can name a row.
func (d *sqlite) locate(l *layout, chunk []string) (string, []any) {
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
			single = append(single, d.binds(l.cols[l.key[0]].column, parts[0])...)
			continue
		}
		var and []string
		for i, p := range parts {
			c := l.cols[l.key[i]].column
			b := d.binds(c, p)
			and = append(and, in(d.quote(c.name), len(b)))
			args = append(args, b...)
		}
		conds = append(conds, "("+strings.Join(and, " AND ")+")")
	}
	if len(single) > 0 {
		conds = append(conds, in(d.quote(l.cols[l.key[0]].name), len(single)))
		args = append(args, single...)
	}
	if len(numbers) > 0 {
		conds = append(conds, in(d.quote(l.table.rowid), len(numbers)))
		args = append(args, numbers...)
	}
	return strings.Join(conds, " OR "), args
}

func in(expr string, n int) string {
	return expr + " IN (" + strings.TrimSuffix(strings.Repeat("?,", n), ",") + ")"
}

func (d *sqlite) match(_ *table, exprs []string, idents [][]any) (string, []any) {
	var args []any
	for _, v := range idents {
		args = append(args, v...)
	}
	if len(exprs) == 1 {
		return in(exprs[0], len(idents)), args
	}
	one := "(" + strings.Join(exprs, " = ? AND ") + " = ?)"
	return "(" + strings.TrimSuffix(strings.Repeat(one+" OR ", len(idents)), " OR ") + ")", args
}

func (d *sqlite) equal(from *column, fromPrefix string, to *column, toPrefix string) string {
	return toPrefix + d.quote(to.name) + " = " + fromPrefix + d.quote(from.name)
}

// update overrides a conflict clause of the table, which could skip the row or
// throw others away.
func (d *sqlite) update(ctx context.Context, s *session, l *layout, cols []int, vals []any, idents [][]any) (int64, error) {
	where, args := d.match(l.table, l.table.ident(d, ""), idents)
	return s.exec(ctx, "UPDATE OR ABORT "+l.table.from+" SET "+assignments(d, l, cols)+" WHERE "+where, append(vals[:len(vals):len(vals)], args...)...)
}

// assignments spells "a = ?, b = ?".
func assignments(d dialect, l *layout, cols []int) string {
	set := make([]string, len(cols))
	for i, c := range cols {
		set[i] = d.quote(l.cols[c].name) + " = " + l.cols[c].place()
	}
	return list(set)
}

// delete needs no order: foreign keys are checked before the commit.
func (d *sqlite) delete(ctx context.Context, s *session, groups []group, _ bool) (int64, error) {
	var total int64
	for _, g := range groups {
		for from := 0; from < len(g.idents); from += d.chunk(g.l) {
			where, args := d.match(g.l.table, g.l.table.ident(d, ""), g.idents[from:min(from+d.chunk(g.l), len(g.idents))])
			n, err := s.exec(ctx, "DELETE FROM "+g.l.table.from+" WHERE "+where, args...)
			if err != nil {
				return total, err
			}
			total += n
		}
	}
	return total, nil
}

func (d *sqlite) restore(_ *column, text string, old any) (any, bool) { return restore(text, old) }

// passing is never so: one process writes, and waits for its turn.
func (d *sqlite) passing(error) bool { return false }

package crm

import (
	"context"
	"encoding/binary"
	"slices"
	"strconv"
	"strings"
)

const mysqlChunk = 2000 // keys travel in the text of the statement

func (d *mysql) chunk(*layout) int { return mysqlChunk }

// value reads a column: shapes as text, timestamps without a zone with the one that
// the configuration gives them.
func (d *mysql) value(c *column) string {
	q := d.quote(c.name)
	switch {
	case c.sqlType == "datetime" && d.zone != "":
		return "CONCAT(" + q + ", '" + d.zone + "')"
	case c.sqlType == "bit":
		return "CAST(" + q + " AS UNSIGNED)"
	case shapes[c.sqlType]:
		return "ST_AsText(" + q + ")"
	case c.rounded:
		return inFull(q)
	}
	return q
}

// inFull reads a FLOAT as the number that it is: as a text it has six digits.
func inFull(expr string) string { return "CAST(" + expr + " AS DOUBLE)" }

// comparable returns the expression to compare a column by: a type whose text may be
// no value of it is compared as text.
func (d *mysql) comparable(c *column) string {
	switch c.kind {
	case kindInt, kindText, kindBytes, kindUUID:
		return d.quote(c.name)
	}
	if floating[c.sqlType] {
		return d.quote(c.name)
	}
	return "CAST(" + d.value(c) + " AS CHAR)"
}

// comparand turns the text of a key into what the column is compared with.
func comparand(c *column, text string) any {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil && c.kind == kindInt {
		return n
	}
	if f, err := strconv.ParseFloat(text, 64); err == nil && floating[c.sqlType] {
		return f
	}
	return text
}

// floating are the types whose values the server and the driver spell each in its own way.
var floating = wordSet("float double")

func numeric(c *column) bool { return c.kind == kindInt || c.kind == kindReal }

func (d *mysql) locate(l *layout, locators []string) (string, []any) {
	var rows [][]any
	if len(l.key) == 0 && l.table.keyless {
		for _, loc := range locators {
			if h, ok := strings.CutPrefix(loc, pkPrefix); ok {
				h, _, _ = strings.Cut(h, ".")
				rows = append(rows, []any{h})
			}
		}
		return tuples([]string{l.table.hash("")}, rows)
	}
	for _, loc := range locators {
		parts, ok := splitKey(loc, len(l.key))
		if !ok {
			continue
		}
		all := [][]any{nil}
		for n, p := range parts {
			c := l.cols[l.key[n]].column
			var forms []any
			switch {
			case c.kind == kindBytes:
				forms = []any{[]byte(p)}
				if b, ok := unhex(p); ok {
					forms = append(forms, b)
				}
			case bindable(c, p) || c.kind == kindInt && c.unsigned && c.size == 8 && digitsOnly(p):
				forms = []any{comparand(c, p)}
			}
			var next [][]any
			for _, a := range all {
				for _, f := range forms {
					next = append(next, append(a[:len(a):len(a)], f))
				}
			}
			all = next
		}
		rows = append(rows, all...)
	}
	exprs := make([]string, len(l.key))
	for n, i := range l.key {
		exprs[n] = d.comparable(l.cols[i].column)
	}
	return tuples(exprs, rows)
}

func digitsOnly(s string) bool {
	return s != "" && len(s) <= 20 && strings.Trim(s, "0123456789") == ""
}

// tuples is the condition that the expressions together have one of the values.
func tuples(exprs []string, rows [][]any) (string, []any) {
	if len(rows) == 0 {
		return "", nil
	}
	var args []any
	for _, r := range rows {
		args = append(args, r[:len(exprs)]...)
	}
	if len(exprs) == 1 {
		return in(exprs[0], len(rows)), args
	}
	one := "(" + strings.TrimSuffix(strings.Repeat("?,", len(exprs)), ",") + "),"
	return "(" + list(exprs) + ") IN (" + strings.TrimSuffix(strings.Repeat(one, len(rows)), ",") + ")", args
}

func (d *mysql) match(t *table, exprs []string, idents [][]any) (string, []any) {
	bits := make([]bool, len(exprs))
	if !t.keyless {
		for i, n := range t.pk {
			bits[i] = t.column(n).sqlType == "bit"
		}
	}
	if !slices.Contains(bits, true) {
		return tuples(exprs, idents)
	}
	own := make([][]any, len(idents))
	for n, id := range idents {
		own[n] = cloneVals(id)
		for i := range exprs {
			if bits[i] {
				own[n][i] = bitNumber(id[i])
			}
		}
	}
	return tuples(exprs, own)
}

// bitNumber turns bits, which the server sends as bytes, into the number that it compares
// them with.
func bitNumber(v any) any {
	x, ok := v.([]byte)
	if !ok || len(x) > 8 {
		return v
	}
	var b [8]byte
	copy(b[8-len(x):], x)
	return binary.BigEndian.Uint64(b[:])
}

// equal compares texts of different collations byte by byte: the server refuses to
// mix them.
func (d *mysql) equal(from *column, fromPrefix string, to *column, toPrefix string) string {
	a, b := fromPrefix+d.quote(from.name), toPrefix+d.quote(to.name)
	if from.kind == to.kind && from.collation == to.collation || numeric(from) && numeric(to) {
		return b + " = " + a
	}
	text := func(q string) string { return "CONVERT(CAST(" + q + " AS CHAR) USING utf8mb4) COLLATE utf8mb4_bin" }
	return text(b) + " = " + text(a)
}

func (d *mysql) update(ctx context.Context, s *session, l *layout, cols []int, vals []any, idents [][]any) (int64, error) {
	stmt := "UPDATE " + l.table.from + " SET " + assignments(d, l, cols) + d.undisturbed(l, cols)
	if l.table.keyless {
		return d.oneByOne(ctx, s, l, idents, stmt, vals)
	}
	where, args := d.match(l.table, l.table.ident(d, ""), idents)
	return s.exec(ctx, stmt+" WHERE "+where, append(vals[:len(vals):len(vals)], args...)...)
}

// undisturbed lets the dates stand that a record is kept by, where the server would write
// the time of the change into them: a redaction is no reason to keep a record longer.
func (d *mysql) undisturbed(l *layout, written []int) string {
	var b strings.Builder
	for i, c := range l.cols {
		if c.restamped && l.counts(c.name) && !slices.Contains(written, i) {
			b.WriteString(", " + d.quote(c.name) + " = " + d.quote(c.name))
		}
	}
	return b.String()
}

// oneByOne runs a statement for each of rows that may be alike in every column.
func (d *mysql) oneByOne(ctx context.Context, s *session, l *layout, idents [][]any, stmt string, vals []any) (int64, error) {
	var total int64
	for _, id := range idents {
		n, err := s.exec(ctx, stmt+" WHERE "+l.table.hash("")+" = ? LIMIT 1", append(vals[:len(vals):len(vals)], id[0])...)
		if err != nil {
			return total, err
		}
		total += n
	}
	return total, nil
}

// delete checks foreign keys row by row, as the server does; only for the rows of a
// knot, which nothing else refers to (see decide), the check is put off.
func (d *mysql) delete(ctx context.Context, s *session, groups []group, knot bool) (total int64, err error) {
	if knot {
		if _, err := s.exec(ctx, "SET SESSION foreign_key_checks = 0"); err != nil {
			return 0, err
		}
		defer func() {
			if _, serr := s.exec(context.WithoutCancel(ctx), "SET SESSION foreign_key_checks = 1"); err == nil {
				err = serr
			}
		}()
	}
	for _, g := range groups {
		if g.l.table.keyless {
			n, err := d.oneByOne(ctx, s, g.l, g.idents, "DELETE FROM "+g.l.table.from, nil)
			if total += n; err != nil {
				return total, err
			}
			continue
		}
		for from := 0; from < len(g.idents); from += mysqlChunk {
			where, args := d.match(g.l.table, g.l.table.ident(d, ""), g.idents[from:min(from+mysqlChunk, len(g.idents))])
			n, err := s.exec(ctx, "DELETE FROM "+g.l.table.from+" WHERE "+where, args...)
			if total += n; err != nil {
				return total, err
			}
		}
	}
	return total, nil
}

func (d *mysql) restore(c *column, text string, old any) (any, bool) { return restoreAs(c, text, old) }

// dangling is empty: the server keeps its foreign keys during the change.
func (d *mysql) dangling(context.Context, *session, []*table) (map[string]int, error) {
	return nil, nil
}

func (d *mysql) scrub(context.Context, *session, []*table) error { return nil }

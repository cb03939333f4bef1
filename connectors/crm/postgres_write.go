package crm

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

const postgresChunk = 10_000 // keys travel in arrays, one parameter for each column

func (d *postgres) chunk(*layout) int { return postgresChunk }

// value reads a column: arrays and composite values as JSON, timestamps without a zone in the zone that
// the configuration gives them.
func (d *postgres) value(c *column) string {
	q := d.quote(c.name)
	switch {
	case c.kind == kindArray || c.record != "":
		return "to_json(" + q + ")"
	case d.opts.zone != nil && strings.HasPrefix(c.decl, "TIMESTAMP") && strings.Contains(c.decl, "WITHOUT"):
		return "(" + q + " AT TIME ZONE '" + d.opts.zone.String() + "')"
	}
	return q
}

// bindable reports whether a value of the column can be spelled so.
func bindable(c *column, text string) bool {
	switch c.kind {
	case kindInt:
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil || strconv.FormatInt(n, 10) != text {
			return false
		}
		if c.size == 0 || c.size >= 8 {
			return true
		}
		bits := 8*c.size - 1
		if c.unsigned {
			return n >= 0 && n < 1<<(bits+1)
		}
		return n >= -1<<bits && n < 1<<bits
	case kindUUID:
		if len(text) != len(zeroUUID) {
			return false
		}
		for i, r := range text {
			if dash := zeroUUID[i] == '-'; dash != (r == '-') || !dash && !strings.ContainsRune("0123456789abcdef", r) {
				return false
			}
		}
	case kindText:
		return !strings.ContainsRune(text, 0)
	}
	return true
}

// comparable returns the expression to compare a column by, and the type of what
// it is compared with: a type whose text may be no value of it is compared as text.
func (d *postgres) comparable(c *column) (string, string) {
	q := d.quote(c.name)
	switch c.kind {
	case kindInt, kindUUID, kindText, kindBytes:
		return q, c.sqlType
	case kindOther: // as the server sends it, which a cast to text does not always give: an inet gets a mask
		return "format('%s', " + q + ")", "text"
	}
	if c.kind == kindArray || c.record != "" { // a locator spells them as they are read
		return "to_json(" + q + ")::text", "text"
	}
	return d.value(c) + "::text", "text" // a locator has the zone that the configuration gives
}

func (d *postgres) locate(l *layout, locators []string) (string, []any) {
	if len(l.key) == 0 && l.table.keyless {
		var hashes []string
		for _, loc := range locators {
			if h, ok := strings.CutPrefix(loc, pkPrefix); ok {
				h, _, _ = strings.Cut(h, ".")
				hashes = append(hashes, h)
			}
		}
		return l.table.hash("") + " = ANY(?::text[])", []any{arrayText(hashes)}
	}
	cols := make([][]string, len(l.key))
	for _, loc := range locators {
		parts, ok := splitKey(loc, len(l.key))
		if !ok {
			continue
		}
		for _, forms := range spellings(l, parts) {
			for i, f := range forms {
				cols[i] = append(cols[i], f)
			}
		}
	}
	if len(cols) == 0 || len(cols[0]) == 0 {
		return "", nil
	}
	exprs, types := make([]string, len(l.key)), make([]string, len(l.key))
	for n, i := range l.key {
		exprs[n], types[n] = d.comparable(l.cols[i].column)
	}
	return arrays(exprs, types, cols)
}

// spellings lists the keys that are spelled by the parts of a locator: none, one, or
// several where bytes that are no text are spelled in hexadecimal.
func spellings(l *layout, parts []string) [][]string {
	out := [][]string{nil}
	for n, p := range parts {
		c := l.cols[l.key[n]].column
		forms := []string{p}
		if c.kind == kindBytes {
			forms = []string{string(params([]any{[]byte(p)})[0])}
			if b, ok := unhex(p); ok {
				forms = append(forms, string(params([]any{b})[0]))
			}
		} else if !bindable(c, p) {
			return nil
		}
		var next [][]string
		for _, o := range out {
			for _, f := range forms {
				next = append(next, append(o[:len(o):len(o)], f))
			}
		}
		out = next
	}
	return out
}

// arrays is the condition that the expressions together have one of the values,
// given column by column.
func arrays(exprs, types []string, cols [][]string) (string, []any) {
	args := make([]any, len(cols))
	marks := make([]string, len(cols))
	for i, c := range cols {
		args[i], marks[i] = arrayText(c), "?::"+types[i]+"[]"
	}
	if len(cols) == 1 {
		return exprs[0] + " = ANY(" + marks[0] + ")", args
	}
	return "(" + list(exprs) + ") IN (SELECT * FROM unnest(" + list(marks) + "))", args
}

// arrayText spells an array of one dimension.
func arrayText(items []string) string {
	var b strings.Builder
	b.WriteByte('{')
	for i, s := range items {
		if i > 0 {
			b.WriteByte(',')
		}
		quoteItem(&b, s)
	}
	b.WriteByte('}')
	return b.String()
}

func quoteItem(b *strings.Builder, s string) {
	b.WriteByte('"')
	for i := range len(s) {
		if s[i] == '"' || s[i] == '\\' {
			b.WriteByte('\\')
		}
		b.WriteByte(s[i])
	}
	b.WriteByte('"')
}

func (d *postgres) match(t *table, exprs []string, idents [][]any) (string, []any) {
	types := []string{"text"}
	if !t.keyless {
		types = types[:0]
		exprs = slices.Clone(exprs)
		for i, n := range t.pk {
			c := t.column(n)
			switch kind := c.sqlType; {
			case c.kind == kindArray: // of arrays there is no array
				exprs[i] += "::text"
				types = append(types, "text")
			case kind == "bit": // without its length it is one bit long, and a longer one is cut
				types = append(types, c.decl)
			default:
				types = append(types, kind)
			}
		}
	}
	cols := make([][]string, len(exprs))
	for _, id := range idents {
		for i, p := range params(id[:len(exprs)]) {
			cols[i] = append(cols[i], string(p))
		}
	}
	return arrays(exprs, types, cols)
}

func (d *postgres) equal(from *column, fromPrefix string, to *column, toPrefix string) string {
	a, b := fromPrefix+d.quote(from.name), toPrefix+d.quote(to.name)
	if from.kind != to.kind || from.sqlType != to.sqlType && from.kind != kindInt && from.kind != kindText {
		return a + "::text = " + b + "::text"
	}
	return b + " = " + a
}

func (d *postgres) update(ctx context.Context, s *session, l *layout, cols []int, vals []any, idents [][]any) (int64, error) {
	if !l.table.keyless {
		where, args := d.match(l.table, l.table.ident(d, ""), idents)
		return s.exec(ctx, "UPDATE "+l.table.from+" SET "+assignments(d, l, cols)+" WHERE "+where, append(vals[:len(vals):len(vals)], args...)...)
	}
	return d.oneByOne(ctx, s, l, idents, "UPDATE "+l.table.from+" SET "+assignments(d, l, cols), vals)
}

// oneByOne runs a statement for each of rows that may be alike in every column.
func (d *postgres) oneByOne(ctx context.Context, s *session, l *layout, idents [][]any, stmt string, vals []any) (int64, error) {
	var total int64
	for _, id := range idents {
		n, err := s.exec(ctx, stmt+" WHERE (tableoid, ctid) = (SELECT tableoid, ctid FROM "+l.table.from+" WHERE "+l.table.hash("")+" = ? LIMIT 1)",
			append(vals[:len(vals):len(vals)], id[0])...)
		if err != nil {
			return total, err
		}
		total += n
	}
	return total, nil
}

// delete takes several groups in one statement: foreign keys, RESTRICT or not, are
// checked at its end, when all of the rows are gone.
func (d *postgres) delete(ctx context.Context, s *session, groups []group, _ bool) (int64, error) {
	if len(groups) == 1 {
		g := groups[0]
		if g.l.table.keyless {
			return d.oneByOne(ctx, s, g.l, g.idents, "DELETE FROM "+g.l.table.from, nil)
		}
		where, args := d.match(g.l.table, g.l.table.ident(d, ""), g.idents)
		return s.exec(ctx, "DELETE FROM "+g.l.table.from+" WHERE "+where, args...)
	}
	var with, counts []string
	var args []any
	for i, g := range groups {
		where, more := d.match(g.l.table, g.l.table.ident(d, ""), g.idents)
		with = append(with, fmt.Sprintf("d%d AS (DELETE FROM %s WHERE %s RETURNING 1)", i, g.l.table.from, where))
		counts = append(counts, fmt.Sprintf("(SELECT count(*) FROM d%d)", i))
		args = append(args, more...)
	}
	var total int64
	err := s.each(ctx, "WITH "+list(with)+" SELECT "+strings.Join(counts, " + "), args, func(v []any) error {
		total, _ = v[0].(int64)
		return nil
	})
	return total, err
}

// restore puts a text into the form in which a parameter of the column's type is
// spelled. A number that is none is refused here, not by the server.
func (d *postgres) restore(c *column, text string, old any) (any, bool) {
	return restoreAs(c, text, old)
}

func restoreAs(c *column, text string, old any) (any, bool) {
	switch c.kind {
	case kindInt:
		return restore(text, int64(0))
	case kindReal:
		f, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
		return strings.TrimSpace(text), err == nil && !math.IsInf(f, 0)
	case kindBytes:
		return restore(text, old)
	case kindJSON:
		return text, json.Valid([]byte(text))
	case kindArray:
		if c.record != "" {
			return text, json.Valid([]byte(text))
		}
		return arrayOf(text)
	}
	return text, !strings.ContainsRune(text, 0)
}

// arrayOf turns a JSON list into the spelling of an array.
func arrayOf(text string) (any, bool) {
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	var v any
	if dec.Decode(&v) != nil {
		return nil, false
	}
	var b strings.Builder
	ok := arrayItem(&b, v)
	return b.String(), ok
}

func arrayItem(b *strings.Builder, v any) bool {
	switch x := v.(type) {
	case nil:
		b.WriteString("NULL")
	case string:
		quoteItem(b, x)
	case []any:
		b.WriteByte('{')
		for i, e := range x {
			if i > 0 {
				b.WriteByte(',')
			}
			if !arrayItem(b, e) {
				return false
			}
		}
		b.WriteByte('}')
	case map[string]any:
		return false
	default:
		quoteItem(b, fmt.Sprint(x))
	}
	return true
}

// dangling is empty: the server keeps its foreign keys during the change.
func (d *postgres) dangling(context.Context, *session, []*table) (map[string]int, error) {
	return nil, nil
}

func (d *postgres) scrub(context.Context, *session, []*table) error { return nil }

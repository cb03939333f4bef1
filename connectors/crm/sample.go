package crm

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/cratio/sutra/connectors"
)

var _ connectors.Sampler = (*source)(nil)

// commenter is a dialect that knows what the schema remarks on a table's columns.
type commenter interface {
	comments(ctx context.Context, s *session, t *table) (map[string]string, error)
}

// Sample implements [connectors.Sampler] for every table of the database, in the
// catalog or not. The row numbers of a table are passed over once and as many are
// drawn as asked for; only those rows are then read, and some of those that they refer
// to. Search indexes (virtual tables) are gaps: they may hold copies of text.
func (s *source) Sample(ctx context.Context, n int, seed uint64) iter.Seq2[connectors.Table, error] {
	return func(yield func(connectors.Table, error) bool) {
		stop := errors.New("no more is wanted")
		err := s.reading(ctx, func(ss *session, sc *schema) error {
			draws, err := s.draws(ctx, ss, sc, n, seed)
			if err != nil {
				return err
			}
			for _, t := range sc.tables {
				if t.kind == "view" || t.kind == "shadow" || t.outside != "" {
					continue
				}
				var out connectors.Table
				err := ss.attempt(ctx, func() (err error) { // what fails of one table leaves the others
					out, err = s.sample(ctx, ss, sc, draws[t])
					return err
				})
				if ctx.Err() != nil {
					return ctx.Err()
				}
				if err != nil {
					out = connectors.Table{Name: s.collectionName(t), Unread: t.kind == "table", Gaps: []connectors.TableGap{{Gap: connectors.Gap{Reason: err.Error()}}}}
				}
				if !yield(out, nil) {
					return stop
				}
			}
			return nil
		})
		if err != nil && !errors.Is(err, stop) {
			yield(connectors.Table{}, fmt.Errorf("sampling source %s: %w", s.name, err))
		}
	}
}

// collectionName is the table's name as the catalog spells it.
func (s *source) collectionName(t *table) string {
	if _, ok := s.dataset.Collection(t.name); ok {
		return t.name
	}
	for _, c := range s.dataset.Collections {
		if strings.EqualFold(c.Name, t.name) {
			return c.Name
		}
	}
	return t.name
}

// sample reads the rows that were drawn of a table.
func (s *source) sample(ctx context.Context, ss *session, sc *schema, w *drawn) (connectors.Table, error) {
	if w.err != nil {
		return connectors.Table{}, w.err
	}
	out, err := s.rowsOf(ctx, ss, sc, w, w.idents.Items())
	if err != nil {
		return connectors.Table{}, err
	}
	out.Total, out.Gaps = w.idents.Seen(), w.gaps
	if len(w.referred) == 0 || len(out.Columns) == 0 {
		return out, nil
	}
	more, err := s.rowsOf(ctx, ss, sc, w, w.referred)
	out.Refer(more)
	return out, err
}

// rowsOf reads rows by what names them.
func (s *source) rowsOf(ctx context.Context, ss *session, sc *schema, w *drawn, idents [][]any) (connectors.Table, error) {
	t := w.table
	d := connectors.NewDrawing(s.collectionName(t), len(idents), 0)
	if err := s.sampleColumns(ctx, ss, sc, t, d); err != nil {
		return connectors.Table{}, err
	}
	list := make([]string, len(t.columns))
	for i, c := range t.columns {
		list[i] = s.d.value(c)
	}
	if len(list) == 0 {
		return d.Table(), nil
	}
	where := t.ident(s.d, "")
	for i := range where {
		where[i] += " = ?"
	}
	q := "SELECT " + strings.Join(list, ", ") + " FROM " + t.from + " WHERE " + strings.Join(where, " AND ")
	if t.keyless { // those that are alike are drawn one by one
		q += " LIMIT 1"
	}
	for _, id := range idents {
		err := ss.each(ctx, q, id, func(v []any) error {
			d.Row(func(put func(int, string)) {
				for i, x := range v {
					if text, ok := spell(x, false); ok {
						put(i, text)
					}
				}
			})
			return nil
		})
		if err != nil {
			return connectors.Table{}, err
		}
	}
	out := d.Table()
	out.Compound = s.compoundReferences(sc, t)
	return out, nil
}

// compoundReferences lists the foreign keys of several columns of a table.
func (s *source) compoundReferences(sc *schema, t *table) []connectors.CompoundReference {
	var out []connectors.CompoundReference
	for _, r := range sc.refs {
		to := sc.table(r.to)
		if r.from != t.name || len(r.fromCols) < 2 || to == nil || slices.Contains(r.toCols, "") {
			continue
		}
		c := connectors.CompoundReference{Collection: s.collectionName(to)}
		for i := range r.fromCols {
			c.Columns, c.Fields = append(c.Columns, s.fieldName(t, r.fromCols[i])), append(c.Fields, s.fieldName(to, r.toCols[i]))
		}
		out = append(out, c)
	}
	return out
}

// sampleColumns tells the drawing what the schema says of the columns.
func (s *source) sampleColumns(ctx context.Context, ss *session, sc *schema, t *table, d *connectors.Drawing) error {
	var comments map[string]string
	if c, ok := s.d.(commenter); ok {
		var err error
		if comments, err = c.comments(ctx, ss, t); err != nil {
			return err
		}
	}
	for _, c := range t.columns {
		col := connectors.SampleColumn{Name: s.fieldName(t, c.name), Type: c.decl, Comment: comments[c.name], PrimaryKey: contains(t.pk, c.name)}
		if c.json() {
			col.Look = connectors.LookJSON
		}
		for _, r := range sc.refs {
			if r.from != t.name || len(r.fromCols) != 1 || !strings.EqualFold(r.fromCols[0], c.name) || r.toCols[0] == "" {
				continue
			}
			if to := sc.table(r.to); to != nil {
				col.References = append(col.References, connectors.Reference{Collection: s.collectionName(to), Field: s.fieldName(to, r.toCols[0])})
			}
		}
		d.Column(col)
	}
	return nil
}

// fieldName is the column's name as the catalog, or else the table, spells it.
func (s *source) fieldName(t *table, name string) string {
	if c, ok := s.dataset.Collection(s.collectionName(t)); ok {
		for _, f := range c.Fields { // it may stand for another column, whose name differs in case
			if strings.EqualFold(f.Name, name) && t.column(f.Name) == t.column(name) {
				return f.Name
			}
		}
	}
	if c := t.column(name); c != nil {
		return c.name
	}
	return name
}

// comments takes the remarks out of the statement that made a table: SQLite keeps
// it as it was written. A remark belongs to the column that begins its line.
func (d *sqlite) comments(ctx context.Context, s *session, t *table) (map[string]string, error) {
	sql, err := s.one(ctx, "SELECT sql FROM sqlite_master WHERE type = 'table' AND name = ?", t.name)
	if err != nil {
		return nil, err
	}
	out := map[string]string{}
	for line := range strings.Lines(sql) {
		code, remark, ok := strings.Cut(line, "--")
		if !ok {
			if code, remark, ok = strings.Cut(line, "/*"); !ok {
				continue
			}
			remark, _, _ = strings.Cut(remark, "*/")
		}
		code = strings.TrimLeft(strings.TrimSpace(code), ",")
		for _, c := range t.columns {
			if rest, ok := cutName(strings.TrimSpace(code), c.name); ok && (rest == "" || rest[0] == ' ' || rest[0] == ',') {
				out[c.name] = strings.TrimSpace(remark)
			}
		}
	}
	return out, nil
}

// cutName cuts a column's name, bare or quoted, off the beginning of a line.
func cutName(line, name string) (rest string, ok bool) {
	for _, q := range [][2]string{{"", ""}, {`"`, `"`}, {"[", "]"}, {"`", "`"}} {
		spelt := q[0] + name + q[1]
		if len(line) >= len(spelt) && strings.EqualFold(line[:len(spelt)], spelt) {
			return line[len(spelt):], true
		}
	}
	return "", false
}

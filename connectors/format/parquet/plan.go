package parquet

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/format"
)

// cellEdit replaces one value of a row in one leaf column. j counts the values
// of the row from 0. A nil val makes it null.
type cellEdit struct {
	j   int
	val []byte
}

// rowEdit is what happens to one row in one leaf column.
type rowEdit struct {
	blank bool // the row keeps one null, or the empty value
	cells []cellEdit
}

// groupPlan is what happens to one row group. Rows count from 0 in the group.
type groupPlan struct {
	drop    []int64              // rows that go, sorted
	leaves  []map[int64]*rowEdit // by leaf; nil without edits
	changed map[int64]bool       // rows with an edit
}

func (p *groupPlan) touched() bool { return len(p.drop) > 0 || len(p.changed) > 0 }

func (p *groupPlan) edit(l *leaf, row int64) *rowEdit {
	if p.leaves[l.index] == nil {
		p.leaves[l.index] = map[int64]*rowEdit{}
	}
	e := p.leaves[l.index][row]
	if e == nil {
		e = &rowEdit{}
		p.leaves[l.index][row] = e
	}
	p.changed[row] = true
	return e
}

// redaction is a row whose fields an edit decides on.
type redaction struct {
	row  int64
	edit *connectors.Edit
}

// wanted finds the group of every edit, by the number of its row alone. The rows
// of a group count from its first and are sorted.
func wanted(collection string, f *file, edits *format.Edits) map[*group][]redaction {
	var rows []int64
	for _, loc := range edits.Locators(collection) {
		if n, ok := rowNumber(loc); ok {
			rows = append(rows, n)
		}
	}
	slices.Sort(rows)
	out := map[*group][]redaction{}
	i := 0
	for _, g := range f.groups {
		for ; i < len(rows) && rows[i] < g.first+g.rows; i++ {
			e := edits.For(collection, locator(rows[i]))
			out[g] = append(out[g], redaction{rows[i] - g.first, e})
		}
	}
	return out
}

const rowPrefix = "row "

// locator names a row, which counts from 0.
func locator(row int64) string { return rowPrefix + strconv.FormatInt(row+1, 10) }

// nextLocator turns the locator of a row into that of the next one, in the same
// memory: most of the time one digit changes.
func nextLocator(loc []byte) []byte {
	for i := len(loc) - 1; i >= len(rowPrefix); i-- {
		if loc[i] < '9' {
			loc[i]++
			return loc
		}
		loc[i] = '0'
	}
	loc = append(loc, '0')
	loc[len(rowPrefix)] = '1'
	return loc
}

// rowNumber is the inverse of locator. A number that is written in another way
// names no row.
func rowNumber(loc string) (int64, bool) {
	n, err := strconv.ParseInt(strings.TrimPrefix(loc, rowPrefix), 10, 64)
	if err != nil || n < 1 || locator(n-1) != loc {
		return 0, false
	}
	return n - 1, true
}

// plan notes the rows to drop and asks the redactions what they change.
func (c *codec) plan(ctx context.Context, f *file, g *group, cols []column, rows []redaction) (*groupPlan, error) {
	p := &groupPlan{leaves: make([]map[int64]*rowEdit, len(f.leaves)), changed: map[int64]bool{}}
	var todo []redaction
	for _, r := range rows {
		switch {
		case r.edit.Action == connectors.Delete:
			p.drop = append(p.drop, r.row)
		case r.edit.Action == connectors.Redact && r.edit.Rewrite != nil:
			todo = append(todo, r)
		}
	}
	if g.bad != nil && (len(p.drop) > 0 || len(todo) > 0) {
		return nil, g.bad
	}
	for _, col := range cols {
		if len(todo) == 0 {
			break
		}
		err := ctx.Err()
		if err != nil {
			return nil, err
		}
		if col.flat != nil {
			err = p.scalar(f, g, col, todo)
		} else {
			err = p.nested(f, g, col, todo)
		}
		if err != nil {
			return nil, err
		}
	}
	return p, nil
}

// scalar asks for the value of every row to redact.
func (p *groupPlan) scalar(f *file, g *group, col column, todo []redaction) error {
	l := col.flat
	s := newSeeker(f, g, l)
	at := int64(0)
	for _, t := range todo {
		s.skipRows(t.row - at)
		at = t.row + 1
		raw, ok := s.raw()
		if s.err != nil {
			return s.err
		}
		if !ok {
			continue
		}
		text := string(l.appendText(nil, raw))
		next, verdict := t.edit.Rewrite(col.field, text)
		if err := l.admits(t.edit, text, next, verdict); err != nil {
			return err
		}
		if val, change := l.verdict(raw, text, next, verdict); change {
			e := p.edit(l, t.row)
			e.cells = append(e.cells, cellEdit{0, val})
		}
	}
	return nil
}

// admits refuses a value that has to be written as it is and that the column's
// type cannot hold.
func (l *leaf) admits(e *connectors.Edit, text, next string, v connectors.Verdict) error {
	if !e.Exact || v != connectors.Set || next == text {
		return nil
	}
	if _, ok := l.parse(next); !ok {
		return fmt.Errorf("a column of its type: %w", connectors.ErrUnfit)
	}
	return nil
}

// verdict turns the answer of a Rewrite into a new value; nil is null. It
// returns false when nothing changes.
func (l *leaf) verdict(raw []byte, text, next string, v connectors.Verdict) ([]byte, bool) {
	switch {
	case v == connectors.Set && next == text, v == connectors.Same:
		return nil, false
	case v == connectors.Set:
		if val, ok := l.valueOf(raw, next); ok {
			return val, !bytes.Equal(val, raw)
		}
	}
	if l.optional {
		return nil, true
	}
	val := l.zero()
	return val, !bytes.Equal(val, raw)
}

// valueOf is the value of a text that takes the place of another, which may not be UTF-8;
// false when the column cannot hold it.
func (l *leaf) valueOf(raw []byte, next string) ([]byte, bool) {
	val, ok := l.parse(next)
	if ok && l.typ == pBytes && string(val) == next {
		val = connectors.Respell(raw, next)
	}
	if val == nil {
		val = []byte{}
	}
	return val, ok
}

// nested asks for the whole value of a nested column, and then for each of its
// text leaves. What the answer for the whole leaves out is emptied where it stands: an
// element of a list that is hers keeps its place without a value.
func (p *groupPlan) nested(f *file, g *group, col column, todo []redaction) error {
	a := newAssembler(f, g, col.node, newSeeker)
	a.trace = &trace{}
	var rest []redaction
	at := int64(0)
	for _, t := range todo {
		a.skipRows(t.row - at)
		at = t.row + 1
		text, ok := a.row()
		if err := a.err(); err != nil {
			return err
		}
		if !ok {
			continue
		}
		next, v := t.edit.Rewrite(col.field, string(text))
		if v == connectors.Empty {
			for _, l := range col.node.leaves {
				p.edit(l, t.row).blank = true
			}
			continue
		}
		if v == connectors.Set {
			if err := p.follow(t, a.trace.cells, text, next); err != nil {
				return err
			}
		}
		rest = append(rest, t)
	}
	if len(rest) == 0 {
		return nil
	}
	field := col.field
	field.Look = connectors.LookText
	for _, l := range col.node.leaves {
		if !l.askable() {
			continue
		}
		if err := p.leafValues(newSeeker(f, g, l), field, rest); err != nil {
			return err
		}
	}
	return nil
}

// askable reports whether a leaf of a nested column is asked about on its own:
// text, and whole numbers, which may be phone numbers.
func (l *leaf) askable() bool {
	switch l.sense {
	case plainSense, stringSense, jsonSense, unsignedSense:
		return l.typ == pBytes || l.typ == pFixed || l.typ == pInt32 || l.typ == pInt64
	}
	return false
}

func (p *groupPlan) leafValues(s *stream, field connectors.Field, todo []redaction) error {
	l := s.leaf
	at := int64(0)
	for _, t := range todo {
		s.skipRows(t.row - at)
		at = t.row + 1
		for j := 0; j == 0 || l.rep > 0 && s.within(); j++ {
			raw, ok := s.raw()
			if s.err != nil {
				return s.err
			}
			if !ok || p.edited(l, t.row, j) {
				continue
			}
			text := string(l.appendText(nil, raw))
			next, v := t.edit.Rewrite(field, text)
			if err := l.admits(t.edit, text, next, v); err != nil {
				return err
			}
			if val, change := l.verdict(raw, text, next, v); change {
				e := p.edit(l, t.row)
				e.cells = append(e.cells, cellEdit{j, val})
			}
		}
	}
	return nil
}

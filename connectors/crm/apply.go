package crm

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/cratio/sutra/connectors"
)

// apply makes the changes: deletions first, so that the rows of a parent are
// free, then redactions and shells, those of tables whose other keys are referred
// to at the end.
func (j *job) apply(ctx context.Context) error {
	for _, level := range j.levels() {
		if err := j.remove(ctx, level); err != nil {
			return err
		}
	}
	for _, last := range []bool{false, true} {
		var rest []*target
		for _, t := range j.targets {
			if (!t.del || t.shell) && j.referredTo(t.l) == last {
				rest = append(rest, t)
			}
		}
		if err := j.changeAll(ctx, rest); err != nil {
			return err
		}
	}
	return nil
}

// level is rows that can be deleted once those of earlier levels are gone.
type level struct {
	targets []*target
	knot    bool // they refer to one another: only together can they go
}

// levels orders the rows to delete so that a row goes after all that refer to it.
func (j *job) levels() []level {
	waits := make([]int, len(j.targets)) // how many rows to delete refer to it
	goes := func(t *target) bool { return t.del && !t.shell }
	left := 0
	for _, t := range j.targets {
		if !goes(t) {
			continue
		}
		left++
		for _, p := range j.parents[t.n] {
			waits[p]++
		}
	}
	var free []*target
	for _, t := range j.targets {
		if goes(t) && waits[t.n] == 0 {
			free = append(free, t)
		}
	}
	var out []level
	for len(free) > 0 {
		out = append(out, level{targets: free})
		left -= len(free)
		var next []*target
		for _, t := range free {
			waits[t.n] = -1
			for _, p := range j.parents[t.n] {
				if waits[p]--; waits[p] == 0 && goes(j.targets[p]) {
					next = append(next, j.targets[p])
				}
			}
		}
		free = next
	}
	if left == 0 {
		return out
	}
	knot := level{knot: true}
	for _, t := range j.targets {
		if goes(t) && waits[t.n] > 0 {
			knot.targets = append(knot.targets, t)
		}
	}
	return append(out, knot)
}

// remove deletes the rows of a level. Every row must answer: a count that differs
// from the plan ends the transaction.
func (j *job) remove(ctx context.Context, lv level) error {
	var groups []group
	for _, t := range lv.targets {
		i := slices.IndexFunc(groups, func(g group) bool { return g.l.table == t.l.table })
		if i < 0 {
			i = len(groups)
			groups = append(groups, group{l: t.l})
		}
		groups[i].idents = append(groups[i].idents, t.ident)
	}
	send := func(gs []group, want int) error {
		n, err := j.s.d.delete(ctx, j.ss, gs, lv.knot)
		if err == nil && n != int64(want) {
			err = odd(gs[0].l, fmt.Errorf("table %q: %d rows answered instead of %d", gs[0].l.table.name, n, want))
		}
		if err != nil {
			return fmt.Errorf("deleting rows of table %q: %w", gs[0].l.table.name, err)
		}
		return nil
	}
	if lv.knot {
		return j.counted(lv, send(groups, len(lv.targets)))
	}
	for _, g := range groups {
		if err := send([]group{g}, len(g.idents)); err != nil {
			return err
		}
	}
	return j.counted(lv, nil)
}

// odd is an error that stands in the way of one collection only: its rows do not answer by
// what names them, or something of the database lets other rows answer for them. Those of
// other collections go without it.
func odd(l *layout, err error) error {
	return &connectors.FixedError{Collection: l.coll.Name, Err: err}
}

// counted files the deletions of a level under the units that asked for them.
func (j *job) counted(lv level, err error) error {
	if err != nil {
		return err
	}
	for _, t := range lv.targets {
		j.out[t.owner].Deleted++
		for _, e := range t.edits {
			j.out[e.unit].Missing++
		}
	}
	return nil
}

// referredTo reports whether foreign keys name columns beside the primary key.
func (j *job) referredTo(l *layout) bool {
	for i := range l.cols {
		if !l.cols[i].pinned && len(j.declared(l, i)) > 0 {
			return true
		}
	}
	return false
}

// declared lists the foreign keys of the schema whose target is column i.
func (j *job) declared(l *layout, i int) []reference {
	var out []reference
	for _, r := range j.sc.refs {
		if r.to == l.table.name && contains(r.toCols, l.cols[i].name) {
			out = append(out, r)
		}
	}
	return out
}

// changeAll redacts rows and empties those that must stay as shells. Rows that
// become alike in the same columns are written together.
func (j *job) changeAll(ctx context.Context, rows []*target) error {
	for len(rows) > 0 {
		l, n := rows[0].l, 0
		for n < len(rows) && rows[n].l == l {
			n++
		}
		if l.table.keyless { // the last of rows that are alike goes first: the others keep their numbers
			slices.SortStableFunc(rows[:n], func(a, b *target) int { return cmp.Compare(b.copyNumber(), a.copyNumber()) })
		}
		for chunk := range slices.Chunk(rows[:n], j.s.d.chunk(l)) {
			if err := j.changeChunk(ctx, l, chunk); err != nil {
				return err
			}
		}
		rows = rows[n:]
	}
	return nil
}

// copyNumber tells a row of a table without a key from those that are like it.
func (t *target) copyNumber() int64 {
	n, _ := t.ident[len(t.ident)-1].(int64)
	return n
}

func (j *job) changeChunk(ctx context.Context, l *layout, rows []*target) error {
	idents := make([][]any, len(rows))
	for i, t := range rows {
		idents[i] = t.ident
	}
	pending := map[*target]*rowWriter{}
	err := j.reread(ctx, l, idents, func(r row) error {
		if t := j.index[l.table.name+"\x00"+identKey(r.ident)]; t != nil {
			own := row{ident: t.ident, vals: cloneVals(r.vals)}
			pending[t] = &rowWriter{j: j, t: t, key: l.keyText(own), keyPersonal: l.personalKey(), row: own}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("reading rows of table %q: %w", l.table.name, err)
	}
	var writers []*rowWriter
	for _, t := range rows {
		w := pending[t]
		if w == nil {
			return odd(l, fmt.Errorf("a row to change of table %q is not where it was", l.table.name))
		}
		if err := w.plan(ctx); err != nil {
			return err
		}
		if t.wrote = len(w.changes) > 0; t.wrote {
			writers = append(writers, w)
		}
	}
	return writeAll(ctx, writers)
}

// plan finds what changes in a row: everything personal when it becomes a shell,
// then what its redactions ask for, one after the other.
func (w *rowWriter) plan(ctx context.Context) error {
	j, l := w.j, w.t.l
	var all []change
	if w.t.shell {
		all = emptied(l, w.row)
		j.out[w.t.owner].Redacted++
		j.out[w.t.owner].Shells++
	}
	var err error
	if all, err = j.drop(ctx, l, all); err != nil {
		return err
	}
	for _, e := range w.t.edits {
		more, err := j.drop(ctx, l, rewritten(l, w.row, w.key, all, e))
		if err != nil {
			return err
		}
		if len(more) > 0 && !w.t.shell {
			j.out[e.unit].Redacted++
		}
		for _, c := range more {
			if i := slices.IndexFunc(all, func(o change) bool { return o.i == c.i }); i >= 0 {
				all[i] = c
			} else {
				all = append(all, c)
			}
		}
	}
	for _, c := range all {
		if len(w.candidates(c)) == 0 {
			return w.unfit(c)
		}
	}
	slices.SortFunc(all, func(a, b change) int { return a.i - b.i })
	w.changes = all
	return nil
}

// drop leaves out changes of columns that foreign keys hold.
func (j *job) drop(ctx context.Context, l *layout, changes []change) ([]change, error) {
	kept := changes[:0]
	for _, c := range changes {
		held, err := j.held(ctx, l, c)
		if err != nil {
			return nil, err
		}
		switch {
		case !held:
			kept = append(kept, c)
		case c.exact:
			return nil, fmt.Errorf("table %q, column %q: other rows refer to its value: %w", l.table.name, l.cols[c.i].name, connectors.ErrUnfit)
		}
	}
	return kept, nil
}

// change is what becomes of one column of a row.
type change struct {
	i        int
	old      any
	text     string
	empty    bool
	optional bool // a column that may stay as it is when the table allows no other value
	exact    bool // the text has to be written as it is
}

// emptied lists the changes that make a row a shell.
func emptied(l *layout, r row) []change {
	var out []change
	key := l.keyText(r)
	for i, c := range l.cols {
		v := r.vals[i]
		if c.part == partKeep || c.pinned || spared(c.column, v, key) || c.part == partMay && lifeless(v) && !looksPersonal(c.name) {
			continue
		}
		out = append(out, change{i: i, old: v, empty: true, optional: c.part == partMay})
	}
	return out
}

// lifeless reports whether a value of an unknown column is a number, a date or a
// code without letters of its own.
func lifeless(v any) bool {
	s, ok := v.(string)
	if !ok {
		_, blob := v.([]byte)
		return !blob
	}
	if len(s) > 35 || len(s) < 8 {
		return false
	}
	return s[4] == '-' && s[7] == '-' && strings.Trim(s, "0123456789-:.+TZ ") == ""
}

// rewritten lists the changes that a redaction asks for, of a row to which changes
// are made already.
func rewritten(l *layout, r row, key string, made []change, e edit) []change {
	var out []change
	for i, c := range l.cols {
		text, ok := l.text(r, i)
		if !ok || c.pinned {
			continue
		}
		if n := slices.IndexFunc(made, func(m change) bool { return m.i == i }); n >= 0 {
			if made[n].empty {
				continue
			}
			text = made[n].text
		}
		now, verdict := e.Rewrite(c.field, text)
		switch {
		case verdict == connectors.Set && now != text:
			out = append(out, change{i: i, old: r.vals[i], text: now, exact: e.Exact})
		case verdict == connectors.Empty && !spared(c.column, r.vals[i], key):
			out = append(out, change{i: i, old: r.vals[i], empty: true})
		}
	}
	return out
}

// held reports whether a column cannot change because foreign keys hold it: it
// refers to a row and may not be null, or a row refers to it.
func (j *job) held(ctx context.Context, l *layout, c change) (bool, error) {
	cl := l.cols[c.i]
	if cl.ref && cl.notNull && j.foreign(l, c.i) {
		return true, nil
	}
	for _, r := range j.declared(l, c.i) {
		from := j.sc.table(r.from)
		if j.hidden(r) {
			return true, nil
		}
		at := slices.IndexFunc(r.toCols, func(n string) bool { return strings.EqualFold(n, cl.name) })
		n := 0
		q := "SELECT 1 FROM " + from.from + " WHERE " + j.s.d.quote(r.fromCols[at]) + " = ? LIMIT 1"
		if err := j.ss.each(ctx, q, []any{c.old}, func([]any) error { n++; return nil }); err != nil {
			return false, fmt.Errorf("looking for rows of table %q that refer to table %q: %w", from.name, l.table.name, err)
		}
		if n > 0 {
			return true, nil
		}
	}
	return false, nil
}

// foreign reports whether a foreign key of the schema starts at column i.
func (j *job) foreign(l *layout, i int) bool {
	for _, r := range j.sc.refs {
		if r.from == l.table.name && contains(r.fromCols, l.cols[i].name) {
			return true
		}
	}
	return false
}

// personalKey reports whether the locator holds personal data.
func (l *layout) personalKey() bool {
	for _, i := range l.key {
		if l.cols[i].field.Personal() || looksPersonal(l.cols[i].name) {
			return true
		}
	}
	return false
}

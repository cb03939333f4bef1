package crm

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/cratio/sutra/connectors"
)

// apply makes the changes: deletions first, so that the rows of a parent are
// free, then redactions and shells, those of tables whose other keys are referred
// to at the end.
func (j *job) apply(ctx context.Context) (err error) {
	stmts := map[string]*sql.Stmt{}
	defer func() {
		for _, st := range stmts {
			err = errors.Join(err, st.Close())
		}
	}()
	for _, t := range j.targets {
		if !t.del || t.shell {
			continue
		}
		q := "DELETE FROM " + j.s.d.quote(t.l.table.name) + " WHERE " + t.l.whereIdent(j.s.d)
		if stmts[q] == nil {
			if stmts[q], err = j.ss.conn.PrepareContext(ctx, q); err != nil {
				return j.ss.explain(err)
			}
		}
		if _, err := stmts[q].ExecContext(ctx, t.ident...); err != nil {
			return fmt.Errorf("deleting a row of table %q: %w", t.l.table.name, j.ss.explain(err))
		}
		j.out[t.owner].Deleted++
		for _, e := range t.edits {
			j.out[e.unit].Missing++
		}
	}
	for _, last := range []bool{false, true} {
		for _, t := range j.targets {
			if t.del && !t.shell || j.referredTo(t.l) != last {
				continue
			}
			if err := j.change(ctx, t); err != nil {
				return err
			}
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
		if strings.EqualFold(r.to, l.table.name) && contains(r.toCols, l.cols[i].name) {
			out = append(out, r)
		}
	}
	return out
}

// change redacts a row or empties it to a shell.
func (j *job) change(ctx context.Context, t *target) error {
	if t.shell {
		if _, err := j.rewrite(ctx, t, emptied); err != nil {
			return err
		}
		j.out[t.owner].Redacted++
		j.out[t.owner].Shells++
	}
	for _, e := range t.edits {
		changed, err := j.rewrite(ctx, t, func(l *layout, r row) []change { return rewritten(l, r, e.Rewrite) })
		if err != nil {
			return err
		}
		if changed && !t.shell {
			j.out[e.unit].Redacted++
		}
	}
	return nil
}

// change is what becomes of one column of a row.
type change struct {
	i        int
	old      any
	text     string
	empty    bool
	optional bool // a column that may stay as it is when the table allows no other value
}

// emptied lists the changes that make a row a shell.
func emptied(l *layout, r row) []change {
	var out []change
	key := l.keyText(r)
	for i, c := range l.cols {
		v := r.vals[i]
		if c.part == partKeep || c.pinned || hollow(v, key) || c.part == partMay && lifeless(v) {
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

// rewritten lists the changes that a redaction asks for.
func rewritten(l *layout, r row, rewrite func(connectors.Field, string) (string, connectors.Verdict)) []change {
	var out []change
	key := l.keyText(r)
	for i, c := range l.cols {
		text, ok := l.text(r, i)
		if !ok || c.pinned {
			continue
		}
		now, verdict := rewrite(c.field, text)
		switch {
		case verdict == connectors.Set && now != text:
			out = append(out, change{i: i, old: r.vals[i], text: now})
		case verdict == connectors.Empty && !hollow(r.vals[i], key):
			out = append(out, change{i: i, old: r.vals[i], empty: true})
		}
	}
	return out
}

// rewrite reads a row, asks what is to change in it and writes that.
func (j *job) rewrite(ctx context.Context, t *target, ask func(*layout, row) []change) (bool, error) {
	l := t.l
	var changes []change
	var key string
	q := "SELECT " + l.selection(j.s.d) + " FROM " + j.s.d.quote(l.table.name) + " WHERE " + l.whereIdent(j.s.d)
	err := j.ss.each(ctx, q, t.ident, func(v []any) error {
		r := l.newRow(cloneVals(v))
		changes, key = ask(l, r), l.keyText(r)
		return nil
	})
	if err != nil {
		return false, fmt.Errorf("reading a row of table %q: %w", l.table.name, err)
	}
	kept := changes[:0]
	for _, c := range changes {
		held, err := j.held(ctx, l, c)
		if err != nil {
			return false, err
		}
		if !held {
			kept = append(kept, c)
		}
	}
	if len(kept) == 0 {
		return false, nil
	}
	w := &rowWriter{j: j, t: t, key: key, keyPersonal: l.personalKey()}
	return true, w.write(ctx, kept)
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
		at := -1
		for k, n := range r.toCols {
			if strings.EqualFold(n, cl.name) {
				at = k
			}
		}
		n := 0
		q := "SELECT 1 FROM " + j.s.d.quote(from.name) + " WHERE " + j.s.d.quote(r.fromCols[at]) + " = ? LIMIT 1"
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

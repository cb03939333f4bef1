package crm

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/cratio/sutra/connectors"
)

// decide finds the rows that cannot be deleted because a row that stays refers
// to them. Such a row becomes a shell; it keeps its own references, so the rows
// that it refers to must stay too.
func (j *job) decide(ctx context.Context) error {
	parents := map[int][]int{} // target -> targets that it refers to
	var shells []*target
	for _, t := range j.tables() {
		var gone []*target
		for _, x := range j.targets {
			if x.del && x.l.table == t {
				gone = append(gone, x)
			}
		}
		if len(gone) == 0 {
			continue
		}
		err := j.listGone(ctx, t, gone)
		if err != nil {
			return fmt.Errorf("listing the rows to delete of table %q: %w", t.name, err)
		}
		for _, r := range j.incoming(t) {
			err := j.referrers(ctx, t, r, func(parent *target, child *target) {
				switch {
				case child == parent:
				case child != nil && child.del:
					parents[child.n] = append(parents[child.n], parent.n)
				case !parent.shell:
					parent.shell = true
					shells = append(shells, parent)
				}
			})
			if err != nil {
				return fmt.Errorf("looking for rows of table %q that refer to table %q: %w", r.from, t.name, err)
			}
		}
		if _, err := j.ss.exec(ctx, "DROP TABLE "+goneTable); err != nil {
			return err
		}
	}
	for len(shells) > 0 {
		x := shells[len(shells)-1]
		shells = shells[:len(shells)-1]
		for _, n := range parents[x.n] {
			if p := j.targets[n]; !p.shell {
				p.shell = true
				shells = append(shells, p)
			}
		}
	}
	return nil
}

// goneTable is a temporary table with what names the rows to delete.
const goneTable = "temp.sutra_gone"

func (j *job) listGone(ctx context.Context, t *table, gone []*target) error {
	id := t.ident(j.s.d)
	cols := make([]string, len(id))
	for i := range id {
		cols[i] = fmt.Sprintf("k%d", i)
	}
	if _, err := j.ss.exec(ctx, "CREATE TEMP TABLE sutra_gone (n INTEGER PRIMARY KEY, "+strings.Join(cols, ", ")+")"); err != nil {
		return err
	}
	st, err := j.ss.conn.PrepareContext(ctx, "INSERT INTO "+goneTable+" VALUES (?"+strings.Repeat(", ?", len(cols))+")")
	if err != nil {
		return j.ss.explain(err)
	}
	for _, x := range gone {
		if _, err := st.ExecContext(ctx, append([]any{x.n}, x.ident...)...); err != nil {
			return closing(st, j.ss.explain(err))
		}
	}
	return closing(st, nil)
}

// closing closes a statement and keeps the first error.
func closing(st interface{ Close() error }, err error) error {
	if cerr := st.Close(); err == nil {
		return cerr
	}
	return err
}

// incoming lists the references to a table: the foreign keys of the schema, and
// those of the catalog whose target outlives an emptied row.
func (j *job) incoming(t *table) []reference {
	var out []reference
	add := func(r reference) {
		if !slices.ContainsFunc(out, r.same) && !slices.Contains(r.toCols, "") {
			out = append(out, r)
		}
	}
	for _, r := range j.sc.refs {
		if strings.EqualFold(r.to, t.name) && !slices.ContainsFunc(r.toCols, func(c string) bool { return c != "" && t.column(c) == nil }) {
			add(r)
		}
	}
	for _, c := range j.s.dataset.Collections {
		from := j.sc.table(c.Name)
		if from == nil || len(from.ident(j.s.d)) == 0 || from.kind != "table" {
			continue
		}
		for _, f := range c.Fields {
			col := from.column(f.Name)
			for _, r := range f.References {
				if to := j.catalogTarget(r, t); col != nil && to != "" {
					add(reference{from: from.name, to: t.name, fromCols: []string{col.name}, toCols: []string{to}})
				}
			}
		}
	}
	return out
}

// catalogTarget returns the column of t that a reference of the catalog names,
// or "" when it names none that a shell keeps.
func (j *job) catalogTarget(r connectors.Reference, t *table) string {
	if r.Dataset != j.s.dataset.Key && r.Dataset != j.s.name {
		return ""
	}
	target := j.sc.table(r.Collection)
	if target != t {
		return ""
	}
	for _, l := range j.layouts {
		if l.table != t {
			continue
		}
		for _, c := range l.cols {
			if strings.EqualFold(c.name, r.Field) && c.part == partKeep {
				return c.name
			}
		}
	}
	return ""
}

// referrers calls fn for every row that refers to a row to delete; child is nil
// when the plan does not touch it.
func (j *job) referrers(ctx context.Context, t *table, r reference, fn func(parent, child *target)) error {
	d := j.s.d
	from := j.sc.table(r.from)
	childID := from.ident(d)
	list := make([]string, len(childID))
	for i, c := range childID {
		list[i] = "c." + c
	}
	var on []string
	for i, c := range t.ident(d) {
		on = append(on, fmt.Sprintf("p.%s = g.k%d", c, i))
	}
	var match []string
	for i := range r.fromCols {
		match = append(match, "p."+d.quote(r.toCols[i])+" = c."+d.quote(r.fromCols[i]))
	}
	q := "SELECT g.n, " + strings.Join(list, ", ") + " FROM " + goneTable + " AS g CROSS JOIN " + d.quote(t.name) + " AS p ON " + strings.Join(on, " AND ") +
		" CROSS JOIN " + d.quote(from.name) + " AS c ON " + strings.Join(match, " AND ")
	return j.ss.each(ctx, q, nil, func(v []any) error {
		n, ok := v[0].(int64)
		if !ok || n < 0 || int(n) >= len(j.targets) {
			return fmt.Errorf("the list of rows to delete is damaged")
		}
		fn(j.targets[n], j.index[from.name+"\x00"+identKey(v[1:])])
		return nil
	})
}

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
// that it refers to must stay too. Where the user does not see all tables, any row
// may have others under it, which a cascade would take along: it becomes a shell.
func (j *job) decide(ctx context.Context) error {
	j.parents = map[int][]int{}
	var shells []*target
	for _, l := range j.tables() {
		gone := j.gone(l.table)
		if len(gone) == 0 {
			continue
		}
		if j.sc.partial && !l.table.keyless {
			for _, t := range gone { // no search goes further: all of them stay
				t.shell = true
			}
			continue
		}
		for _, r := range j.incoming(l.table) {
			if j.hidden(r) { // any of them may have rows under it: all of them stay
				for _, t := range gone {
					if !t.shell {
						t.shell = true
						shells = append(shells, t)
					}
				}
				continue
			}
			err := j.referrers(ctx, l, gone, r, func(parent *target, child *target) {
				switch {
				case child == parent:
				case child != nil && child.del:
					j.parents[child.n] = append(j.parents[child.n], parent.n)
				case !parent.shell:
					parent.shell = true
					shells = append(shells, parent)
				}
			})
			if err != nil {
				return fmt.Errorf("looking for rows of table %q that refer to table %q: %w", r.from, l.table.name, err)
			}
		}
	}
	for len(shells) > 0 {
		x := shells[len(shells)-1]
		shells = shells[:len(shells)-1]
		for _, n := range j.parents[x.n] {
			if p := j.targets[n]; !p.shell {
				p.shell = true
				shells = append(shells, p)
			}
		}
	}
	return nil
}

// hidden reports a reference from a table of which the user may not see every row.
func (j *job) hidden(r reference) bool {
	from := j.sc.table(r.from)
	return from == nil || from.outside == "" && from.kind == "table" && from.reason != ""
}

// gone lists the rows of a table that are to be deleted.
func (j *job) gone(t *table) []*target {
	var out []*target
	for _, x := range j.targets {
		if x.del && x.l.table == t {
			out = append(out, x)
		}
	}
	return out
}

// incoming lists the references to a table: the foreign keys of the schema, and
// those of the catalog whose target outlives an emptied row. It is asked when all
// layouts of the work are known.
func (j *job) incoming(t *table) []reference {
	if known, ok := j.in[t]; ok {
		return known
	}
	var out []reference
	add := func(r reference) {
		if !slices.ContainsFunc(out, r.same) && !slices.Contains(r.toCols, "") {
			out = append(out, r)
		}
	}
	for _, r := range j.sc.refs {
		if r.to == t.name && !slices.ContainsFunc(r.toCols, func(c string) bool { return c != "" && t.column(c) == nil }) {
			add(r)
		}
	}
	for _, c := range j.s.dataset.Collections {
		from := j.sc.table(c.Name)
		if from == nil || len(from.ident(j.s.d, "")) == 0 || from.kind != "table" || from.reason != "" {
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
	j.in[t] = out
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
func (j *job) referrers(ctx context.Context, l *layout, gone []*target, r reference, fn func(parent, child *target)) error {
	d := j.s.d
	from := j.sc.table(r.from)
	p, c := l.table.ident(d, "p."), from.ident(d, "c.")
	order := keyOrder(l.table, from, r)
	for n, i := range order { // its columns tell which row it is that they refer to
		p[n] = "c." + d.quote(r.fromCols[i])
	}
	var on []string
	for i := range r.fromCols {
		on = append(on, d.equal(from.column(r.fromCols[i]), "c.", l.table.column(r.toCols[i]), "p."))
	}
	size := d.chunk(l)
	for at := 0; at < len(gone); at += size {
		var idents [][]any
		for _, x := range gone[at:min(at+size, len(gone))] {
			idents = append(idents, x.ident)
		}
		var q string
		var args []any
		if order != nil {
			q, args = d.match(l.table, p, idents)
			q = " FROM " + from.from + " AS c WHERE " + q
		} else {
			q, args = d.match(l.table, p, idents)
			q = " FROM " + l.table.from + " AS p CROSS JOIN " + from.from + " AS c WHERE " + q + " AND " + strings.Join(on, " AND ")
		}
		err := j.ss.each(ctx, "SELECT "+list(shown(d, append(slices.Clone(p), c...)))+q, args, func(v []any) error {
			parents := j.find(l.table, v[:len(p)])
			if len(parents) == 0 {
				return odd(l, fmt.Errorf("a row to delete of table %q is not where it was", l.table.name))
			}
			children := j.find(from, v[len(p):])
			if len(children) == 0 {
				children = []*target{nil}
			}
			for _, a := range parents {
				for _, b := range children {
					fn(a, b)
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// keyOrder tells, for each column of a table's key, which column of a reference leads
// to it, when the reference is to the whole key and all of it are whole numbers: those
// have one spelling and one order in every column. Else it is nil.
func keyOrder(to, from *table, r reference) []int {
	if to.keyless || to.rowid != "" || len(to.pk) != len(r.toCols) {
		return nil
	}
	order := make([]int, len(to.pk))
	for n, name := range to.pk {
		i := slices.IndexFunc(r.toCols, func(c string) bool { return strings.EqualFold(c, name) })
		if i < 0 || !ordinary(to.column(name)) || !ordinary(from.column(r.fromCols[i])) {
			return nil
		}
		order[n] = i
	}
	return order
}

func ordinary(c *column) bool { return c.kind == kindInt && !(c.unsigned && c.size == 8) }

// find returns the targets with an ident; rows that are alike in every column of a
// table without a key are found together.
func (j *job) find(t *table, ident []any) []*target {
	if !t.keyless {
		if x := j.index[t.name+"\x00"+identKey(ident)]; x != nil {
			return []*target{x}
		}
		return nil
	}
	var out []*target
	for n := int64(1); ; n++ {
		x := j.index[t.name+"\x00"+identKey([]any{ident[0], n})]
		if x == nil {
			return out
		}
		out = append(out, x)
	}
}

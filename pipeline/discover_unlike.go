package pipeline

import "slices"

// A log of changes names its row by a word and an id, and repeats what stands in it: the
// number of the person whose row it is, and that of somebody who is named there.

// unlike finds the numbers that stand beside a pair and are not those of the person to whom
// it leads: by them nobody is joined.
func (x *plot) unlike(all map[string]*plot) {
	for _, p := range x.pairs {
		agree := false
		var not []*field
		for _, f := range x.fields {
			if f.identity() == "" || x.another(f) {
				continue
			}
			c := x.compareBy(all, f, p)
			agree = agree || c.rows > 0 && c.same*ownShare >= c.rows
			if c.rows >= comparedRows && c.mixed() {
				not = append(not, f)
			}
		}
		for _, f := range not {
			if agree && before(f) && !slices.ContainsFunc(not, func(g *field) bool { return !before(g) && slices.Equal(g.path[1:], f.path[1:]) }) {
				continue // it was hers
			}
			root := slices.IndexFunc(x.fields, func(g *field) bool { return len(g.path) == 1 && g.path[0] == f.path[0] })
			if root >= 0 && !slices.Contains(x.others, x.fields[root]) {
				x.others = append(x.others, x.fields[root])
			}
		}
	}
}

// before reports a column of what was before a change.
func before(f *field) bool { return anyWord(f.path[0], formerNames) }

// compareBy compares the identifiers of a column with those of the persons to whom a pair
// leads.
func (x *plot) compareBy(all map[string]*plot, f *field, p pair) likeness {
	hers := map[mark]map[mark]map[mark]bool{}
	for word, to := range p.to {
		hers[markOf(word)] = all[to.name].behind(all, f.identity(), steps, x)
	}
	c := likeness{}
	for row, ids := range x.marks.idents[f] {
		known := hers[x.marks.keys[p.typ][row]][x.marks.keys[p.id][row]]
		if len(known) == 0 {
			continue
		}
		c.rows++
		if slices.ContainsFunc(ids, func(id mark) bool { return known[id] }) {
			c.same++
		}
	}
	return c
}

package lineage

import (
	"cmp"
	"slices"
)

// Two rows of one table, with names that are clearly different and each with numbers of its
// own, are two people where no CRM contact is behind them: a lead and the one that a parent
// id leads to, the owner of a lorry and who drove it. References lead from the one to the
// other all the same.

// mostPeople bounds into how many people a part is split by its rows. In more there are so
// many identifiers that a person has to look; see overCaps.
const mostPeople = 64

// rowGroup are rows that may be of one person: of one name, or with a number in common.
type rowGroup struct {
	rows   []*visit
	tables map[shelf]bool // where they stand
}

// shelf is the table in which rows stand.
type shelf struct{ source, collection string }

func shelfOf(f *Found) shelf { return shelf{f.Unit.Source, f.Record.Collection} }

// byRow splits a part in which rows of different people are. Each record goes to the rows
// that it is nearest to.
func (w *walk) byRow(p *ridSet, list []*visit) ([]*ridSet, error) {
	rows, contacts, err := w.personRows(list)
	if err != nil || len(rows) < 2 {
		return nil, err
	}
	groups := rowGroups(rows, contacts)
	people := map[shelf]int{}
	for _, g := range groups {
		for t := range g.tables {
			people[t]++
		}
	}
	anchors := map[Token][]*visit{}
	for i, g := range groups {
		for t := range g.tables {
			if people[t] > 1 {
				anchors[Token{0: byte(i >> 8), 1: byte(i), 15: 2}] = g.rows
			}
		}
	}
	if len(anchors) < 2 || len(anchors) > mostPeople {
		return nil, nil
	}
	if err := w.bar(groups); err != nil {
		return nil, err
	}
	parts, err := w.nearest(anchors, p)
	if err != nil || len(parts) < 2 || p.undivided(parts) {
		return nil, err
	}
	return splitEach(parts, w.byName)
}

// personRows are the rows that others may refer to and that have a name and a contact
// identifier of somebody, but for those of CRM contacts and
// those that refer to somebody else in another table: they are of whom they refer to.
func (w *walk) personRows(list []*visit) (rows []*visit, contacts map[*visit][]Token, err error) {
	contacts = map[*visit][]Token{}
	for _, v := range list {
		if len(recordName(v.f.Record.Names)) == 0 || !slices.ContainsFunc(v.f.Record.Edges, func(e Edge) bool { return e.Role == Key && !w.r.kinds.Medium(e.Kind) }) {
			continue
		}
		roots, err := w.r.rootsOf(v.f)
		if err != nil {
			return nil, nil, err
		}
		own, err := w.ownContacts(v.f)
		if err != nil {
			return nil, nil, err
		}
		if len(roots) > 0 || len(own) == 0 {
			continue
		}
		if torn, err := w.tornFrom(v.f, func(k *Found) bool { return shelfOf(k) != shelfOf(v.f) }); err != nil {
			return nil, nil, err
		} else if !torn {
			rows, contacts[v] = append(rows, v), own
		}
	}
	slices.SortFunc(rows, func(a, b *visit) int { return cmp.Compare(a.f.RID, b.f.RID) })
	return rows, contacts, nil
}

// rowGroups puts rows together that may be of one person.
func rowGroups(rows []*visit, contacts map[*visit][]Token) []rowGroup {
	parent := make([]int, len(rows))
	find := func(i int) int {
		for parent[i] != i {
			parent[i] = parent[parent[i]]
			i = parent[i]
		}
		return i
	}
	const manyNames = 4096 // nobody is called so many ways
	first := map[Token]int{}
	var names []Name // each once, with the first row that has it
	var named []int
	for i, v := range rows {
		parent[i] = i
		for _, t := range contacts[v] {
			if k, ok := first[t]; ok {
				parent[find(i)] = find(k)
			} else {
				first[t] = i
			}
		}
		n := recordName(v.f.Record.Names)
		known := false
		for j := range names[:min(len(names), manyNames)] {
			if compatible(n, names[j]) {
				parent[find(i)] = find(named[j])
				known = known || slices.Equal(n, names[j])
			}
		}
		if !known {
			names, named = append(names, n), append(named, i)
		}
	}
	var out []rowGroup
	at := map[int]int{}
	for i, v := range rows {
		g, ok := at[find(i)]
		if !ok {
			g = len(out)
			at[find(i)] = g
			out = append(out, rowGroup{tables: map[shelf]bool{}})
		}
		out[g].rows = append(out[g].rows, v)
		out[g].tables[shelfOf(v.f)] = true
	}
	return out
}

// bar notes by which references rows lead to those of other people: what else refers to
// these is not near to the row for that.
func (w *walk) bar(groups []rowGroup) error {
	group := map[RID]int{}
	for i, g := range groups {
		for _, v := range g.rows {
			group[v.f.RID] = i + 1
		}
	}
	w.barred = map[RID][]Token{}
	for i, g := range groups {
		for _, v := range g.rows {
			for _, e := range v.f.Record.Edges {
				if e.Role != Link || w.r.kinds.Medium(e.Kind) {
					continue
				}
				all, err := w.r.carriers(e.Token)
				if err != nil {
					return err
				}
				if slices.ContainsFunc(all, func(f *Found) bool { k := group[f.RID]; return k > 0 && k != i+1 && hasRole(f, e.Token, Key) }) {
					w.barred[v.f.RID] = append(w.barred[v.f.RID], e.Token)
				}
			}
		}
	}
	return nil
}

package pipeline

import (
	"hash/maphash"
	"maps"
	"slices"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/pipeline/detect"
	"github.com/cratio/sutra/pipeline/extract"
)

// A table with numbers of its own that refers to a person may hold her number once
// more (who booked), or that of somebody else (her next of kin, her visitor). Joined
// by the latter, the one would be handed the other's data. The sample tells them
// apart: the person referred to has the number herself, or has not.

var (
	furtherNames  = vocabulary("phone mobile number telephone email mail whatsapp handle identifier") // tables of further numbers of the person they refer to
	relationRoles = vocabulary("spouse relative guardian nominee father mother kin")                  // columns that lead to a relative of the person of the row
	personColumns = []string{"first name", "last name", "given name", "family name", "dob", "date of birth", "birth date", "gender", "sex"}
)

// comparedRows is how many rows have to be compared; of the person's own numbers at
// least every ownShare-th is known of her elsewhere.
const (
	comparedRows = 5
	ownShare     = 5
)

// mark is a value to be compared with others, of which no more need be kept.
type mark uint64

var marking = maphash.MakeSeed()

func markOf(v string) mark { return mark(maphash.String(marking, v)) }

// marks are the keys and the identifiers that stand in rows of a table, kept until
// the tables it refers to are known.
type marks struct {
	keys   map[*field]map[int]mark
	idents map[*field]map[int][]mark
}

// remember notes the marks of at most keptIDs rows of each column, and those of the rows
// to which others refer.
func (t *looked) remember() {
	t.marks = marks{map[*field]map[int]mark{}, map[*field]map[int][]mark{}}
	for _, f := range t.fields {
		cells := [][]connectors.Cell{f.cells}
		for _, g := range t.referred {
			if slices.Equal(f.path, g.path) {
				cells = append(cells, g.cells)
			}
		}
		if kind := f.identity(); kind != "" {
			t.marks.idents[f] = marked(cells, func(v string) (string, bool) {
				id, ok := extract.Normalise(identityKind(kind), v)
				return id.Value, ok
			})
		}
		if len(f.path) == 1 && (len(f.refs) > 0 || f.keyLike()) {
			rows := map[int]mark{}
			for row, list := range marked(cells, func(v string) (string, bool) { return v, true }) {
				rows[row] = list[len(list)-1]
			}
			t.marks.keys[f] = rows
		}
	}
	t.referred = nil
}

// marked notes the marks of rows, of each list of cells at most keptIDs.
func marked(lists [][]connectors.Cell, value func(string) (string, bool)) map[int][]mark {
	out := map[int][]mark{}
	for _, cells := range lists {
		kept := 0
		for _, c := range cells {
			if v, ok := value(c.Text); ok && kept < keptIDs {
				out[c.Row] = append(out[c.Row], markOf(v))
				kept++
			}
		}
	}
	return out
}

// numbers tells which identifiers of a kind stand in the row with a key.
func (t *looked) numbers(kind string) map[mark]map[mark]bool {
	key := t.single()
	out := map[mark]map[mark]bool{}
	if key == nil {
		return out
	}
	for f, rows := range t.marks.idents {
		if f.identity() != kind {
			continue
		}
		for row, ids := range rows {
			k, ok := t.marks.keys[key][row]
			if !ok {
				continue
			}
			if out[k] == nil {
				out[k] = map[mark]bool{}
			}
			for _, id := range ids {
				out[k][id] = true
			}
		}
	}
	return out
}

// behind tells which identifiers of a kind the persons have to whom the row with a key
// leads: its own where the table holds some, and else those of what it refers to. An
// order has no number; who ordered has one. Staff are not followed: who entered the order
// is not whom it is about.
func (x *plot) behind(all map[string]*plot, kind string, depth int) map[mark]map[mark]bool {
	if x.role != people && x.role != nobodys {
		return nil
	}
	key, own := x.single(), x.numbers(kind)
	if len(own) > 0 || key == nil || depth == 0 {
		return own
	}
	out := map[mark]map[mark]bool{}
	for _, l := range x.links {
		if !l.leads(x) {
			continue
		}
		theirs := all[l.to.name].behind(all, kind, depth-1)
		for row, to := range x.marks.keys[l.field] {
			k, ok := x.marks.keys[key][row]
			if !ok || len(theirs[to]) == 0 {
				continue
			}
			if out[k] == nil {
				out[k] = map[mark]bool{}
			}
			maps.Copy(out[k], theirs[to])
		}
	}
	return out
}

// leads reports a link by which the records of a table are taken for those of whom it
// leads to.
func (l *link) leads(x *plot) bool {
	return l.drop == "" && !l.merge && len(l.whole) == 0 && l.to != x.looked
}

// steps is over how many tables a person is looked for.
const steps = 3

// compare counts the rows in which an identifier of the row and one of the person it
// leads to can be compared, and those of them in which they are the same.
func (x *plot) compare(all map[string]*plot, f *field, l *link) (compared, same int) {
	hers := all[l.to.name].behind(all, f.identity(), steps)
	for row, ids := range x.marks.idents[f] {
		known := hers[x.marks.keys[l.field][row]]
		if len(known) == 0 {
			continue
		}
		compared++
		if slices.ContainsFunc(ids, func(id mark) bool { return known[id] }) {
			same++
		}
	}
	return compared, same
}

// strangers finds the tables whose rows have numbers that the person to whom they refer
// has not. Where they hold persons, these are not joined to those they refer to; in
// other tables the numbers are somebody's who is mentioned. Rows that tie two persons
// together are neither's.
func (p Proposal) strangers(all map[string]*plot) {
	for _, t := range p.tables {
		x := all[t.name]
		if x.role != people && x.role != nobodys {
			continue
		}
		links := x.toPeople(all)
		if x.role == people && !furtherNames[lastWord(t.name)] {
			x.apart(all, links, links)
		}
		x.between(links)
	}
	for _, t := range p.tables { // now that it is known which links are followed
		x := all[t.name]
		if x.role != people && x.role != nobodys {
			continue
		}
		near := x.toPeople(all)
		far := x.over(all, near)
		x.parted(all, near, far)
		if x.role == people && !furtherNames[lastWord(t.name)] {
			x.apart(all, append(near, far...), x.over(all, near))
		}
	}
}

// toPeople lists the links to persons with numbers of their own.
func (x *plot) toPeople(all map[string]*plot) []*link {
	var out []*link
	for _, l := range x.links {
		if to := all[l.to.name]; l.leads(x) && to.role == people && to.identifies() {
			out = append(out, l)
		}
	}
	return out
}

// apart decides about some of the links of a table with numbers of its own. Those that lead
// to persons who have none of them are left when another leads to one who has.
func (x *plot) apart(all map[string]*plot, links, some []*link) {
	persons := x.oneself() && x.called(personColumns) != nil
	found := slices.ContainsFunc(links, func(l *link) bool { _, agree := x.strange(all, l); return agree })
	for _, l := range some {
		others, agree := x.strange(all, l)
		switch {
		case agree:
		case len(others) > 0 && (persons || found):
			l.leave("the persons of both tables have different numbers: these are two people")
		case persons && parental(l.field):
			l.leave("by its name it may lead to a relative")
		case len(others) > 0:
			x.others = append(x.others, others...)
		}
	}
}

// strange lists the columns of identifiers that could be compared with those of the
// persons a link leads to; agree is set when enough of one are theirs.
func (x *plot) strange(all map[string]*plot, l *link) (others []*field, agree bool) {
	for _, f := range x.fields {
		if f.identity() == "" || anyWord(f.label, otherRoles) {
			continue
		}
		compared, same := x.compare(all, f, l)
		agree = agree || compared > 0 && same*ownShare >= compared
		root := slices.IndexFunc(x.fields, func(g *field) bool { return len(g.path) == 1 && g.path[0] == f.path[0] })
		if compared >= comparedRows && root >= 0 && !slices.Contains(others, x.fields[root]) {
			others = append(others, x.fields[root])
		}
	}
	return others, agree
}

// between leaves two links that lead to two different persons: a child and his parent.
func (x *plot) between(links []*link) {
	for i, a := range links {
		for _, b := range links[:i] {
			if a.to == b.to || a.drop != "" && b.drop != "" {
				continue
			}
			compared, same := 0, 0
			for _, kind := range []string{"phone_number", "email"} {
				c, s := x.both(a, b, kind)
				compared, same = compared+c, same+s
			}
			if compared >= comparedRows && same*ownShare < compared {
				why := "its rows refer to two persons, of " + a.to.name + " and of " + b.to.name + ": which of them is the person of the row?"
				a.leave(why)
				b.leave(why)
			}
		}
	}
}

// both counts the rows whose two persons have identifiers of a kind, and those where
// they have the same.
func (x *plot) both(a, b *link, kind string) (compared, same int) {
	one, two := a.to.numbers(kind), b.to.numbers(kind)
	for row, k := range x.marks.keys[a.field] {
		hers, his := one[k], two[x.marks.keys[b.field][row]]
		if len(hers) == 0 || len(his) == 0 {
			continue
		}
		compared++
		for id := range hers {
			if his[id] {
				same++
				break
			}
		}
	}
	return compared, same
}

// leave does not follow a link, nor lets a scan follow the foreign key.
func (l *link) leave(why string) {
	if l.drop == "" {
		l.drop = why
	}
	l.apart = true
}

// customers reports a table of users of whom half are people of other tables: no staff.
func (p Proposal) customers(t *looked) bool {
	known := map[mark]bool{}
	for _, o := range p.tables {
		if x := (&plot{looked: o}); o == t || !x.oneself() {
			continue
		}
		for _, rows := range o.marks.idents {
			for _, ids := range rows {
				for _, id := range ids {
					known[id] = true
				}
			}
		}
	}
	rows, theirs := map[int]bool{}, map[int]bool{}
	for _, by := range t.marks.idents {
		for row, ids := range by {
			rows[row] = true
			if slices.ContainsFunc(ids, func(id mark) bool { return known[id] }) {
				theirs[row] = true
			}
		}
	}
	return len(rows) >= comparedRows && len(theirs)*2 >= len(rows)
}

// parental reports a column that names a parent: a person's, or the record that this one
// is a part of.
func parental(f *field) bool { return slices.Contains(detect.Words(f.label), "parent") }

// identifies reports a table with numbers of its own people.
func (t *looked) identifies() bool {
	for _, f := range t.fields {
		if f.identity() != "" && !anyWord(f.label, otherRoles) {
			return true
		}
	}
	return false
}

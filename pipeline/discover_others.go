package pipeline

import (
	"slices"

	"github.com/cratio/sutra/pipeline/detect"
)

// A table with numbers of its own that refers to a person may hold her number once
// more (who booked), or that of somebody else (her next of kin, her visitor). Joined
// by the latter, the one would be handed the other's data. The sample tells them
// apart: the person referred to has the number herself, or has not.

var (
	furtherNames  = vocabulary("phone mobile number telephone email mail whatsapp handle identifier")                                         // tables of further numbers of the person they refer to
	relationRoles = vocabulary("spouse husband wife son daughter brother sister relative guardian nominee father mother kin emergency emerg") // columns that lead to a relative of the person of the row
	formerNames   = vocabulary("before old previous prior former earlier original")
	personColumns = []string{"first name", "last name", "given name", "family name", "dob", "date of birth", "birth date", "gender", "sex"}
)

// comparedRows is how many rows have to be compared; of the person's own numbers at
// least every ownShare-th is known of her elsewhere. A column in which more than one in
// othersShare is somebody else's holds other people's as well.
const (
	comparedRows = 5
	ownShare     = 5
	othersShare  = 5
)

// strangers finds the tables whose rows have numbers that the person to whom they refer
// has not. Where they hold persons, these are not joined to those they refer to; in
// other tables the numbers are somebody's who is mentioned. Rows that tie two persons
// together are neither's.
func (p Proposal) strangers(all map[string]*plot) {
	p.inward(all, func(x *plot) {
		links := x.toPeople(all)
		if x.role == people && !furtherNames[lastWord(x.name)] {
			x.apart(all, links, links)
		}
		x.between(all, links)
	})
	p.inward(all, func(x *plot) { // now that it is known which links are followed
		near := x.toPeople(all)
		far := x.over(all, near)
		x.parted(all, near, far)
		if x.role == people && !furtherNames[lastWord(x.name)] {
			x.apart(all, append(near, far...), x.over(all, near))
			x.unlike(all)
		}
	})
}

// inward judges the tables of persons and things, each after those it refers to: what is
// known of these tells whose numbers stand in it.
func (p Proposal) inward(all map[string]*plot, judge func(*plot)) {
	done := map[*plot]bool{}
	var visit func(x *plot)
	visit = func(x *plot) {
		if done[x] {
			return
		}
		done[x] = true
		for _, l := range x.links {
			visit(all[l.to.name])
		}
		if x.role == people || x.role == nobodys {
			judge(x)
		}
	}
	for _, t := range p.tables {
		visit(all[t.name])
	}
}

// toPeople lists the links to persons with numbers of their own.
func (x *plot) toPeople(all map[string]*plot) []*link {
	var out []*link
	for _, l := range x.links {
		if to := all[l.to.name]; l.leads(x) && to.role == people && to.numbered() {
			out = append(out, l)
		}
	}
	return out
}

// apart decides about some of the links of a table with numbers of its own. Those that lead
// to persons who have none of them are left when another leads to one who has.
func (x *plot) apart(all map[string]*plot, links, some []*link) {
	persons := x.oneself() && x.called(personColumns) != nil
	found := slices.ContainsFunc(links, func(l *link) bool { _, _, agree := x.strange(all, l); return agree })
	for _, l := range some {
		others, mixed, agree := x.strange(all, l)
		switch {
		case agree:
			x.others = append(x.others, mixed...)
		case len(others) > 0 && (persons || found):
			l.leave("the persons of both tables have different numbers: these are two people")
		case persons && parental(l.field):
			l.leave("by its name it may lead to a relative")
		case len(others) > 0:
			x.others = append(x.others, others...)
		case l.unproven() && x.oneself():
			l.leave("not declared, and too few rows were drawn with those they lead to: these may be two people")
		case l.unproven():
			x.others = append(x.others, x.linkedBy(l)...)
		}
	}
}

// unproven reports a reference that nobody declared, to a table of which so little was drawn
// that it cannot be told whose numbers stand beside it.
func (l *link) unproven() bool {
	return l.drop == "" && len(l.field.refs) == 0 && l.field.guess != "" && l.to.sampled < l.to.total
}

// linkedBy lists the columns of identifiers whose rows have a link too.
func (x *plot) linkedBy(l *link) []*field {
	var out []*field
	for _, f := range x.fields {
		if len(f.path) == 1 && f.identity() != "" && !x.another(f) && x.linked(f, l) {
			out = append(out, f)
		}
	}
	return out
}

// strange lists the columns of identifiers that could be compared with those of the
// persons a link leads to, and of these the mixed ones, which hold hers in some rows and
// somebody else's in others; agree is set when enough of one are theirs.
func (x *plot) strange(all map[string]*plot, l *link) (others, mixed []*field, agree bool) {
	for _, f := range x.fields {
		if f.identity() == "" || x.another(f) {
			continue
		}
		c := x.compare(all, f, l)
		agree = agree || c.rows > 0 && c.same*ownShare >= c.rows
		root := slices.IndexFunc(x.fields, func(g *field) bool { return len(g.path) == 1 && g.path[0] == f.path[0] })
		if c.rows < comparedRows && (c.rows == 0 || c.same > 0) || root < 0 { // few rows of a young table, none with her number, tell enough
			continue
		}
		if r := x.fields[root]; !slices.Contains(others, r) {
			others = append(others, r)
			if c.mixed() && x.linked(f, l) && !x.former(f) {
				mixed = append(mixed, r)
			}
		}
	}
	return others, mixed, agree
}

// linked reports that the rows with an identifier have the link too, all but a few: there
// it says whose they are, and nobody is missed by what else stands in them.
func (x *plot) linked(f *field, l *link) bool {
	without := 0
	for row := range x.marks.idents[f] {
		if _, ok := x.marks.keys[l.field][row]; !ok {
			without++
		}
	}
	return without*20 <= len(x.marks.idents[f])
}

// former reports what a record about a change says of before it: another number, and hers.
func (x *plot) former(f *field) bool {
	return anyWord(f.path[0], formerNames) || len(f.path) > 1 && anyWord(x.name, logNames)
}

// between leaves two links that lead to two different persons: a child and his parent.
func (x *plot) between(all map[string]*plot, links []*link) {
	for i, a := range links {
		for _, b := range links[:i] {
			if a.to == b.to || a.drop != "" && b.drop != "" {
				continue
			}
			kin := anyWord(a.field.label, relationRoles) != anyWord(b.field.label, relationRoles)
			if !kin && !x.mostlyDiffer(all, a, b) { // who shares a telephone with her ward is another, as the name says
				continue
			}
			why := "its rows refer to two persons, of " + a.to.name + " and of " + b.to.name + ": "
			one, two := x.another(a.field), x.another(b.field)
			if one || !two {
				a.leave(why + whose(one != two))
			}
			if two || !one {
				b.leave(why + whose(one != two))
			}
		}
	}
}

// differ reports two links that lead to persons with other numbers.
func (x *plot) differ(all map[string]*plot, a, b *link) bool {
	compared, same := x.alike(all, a, b)
	return compared >= comparedRows && same*ownShare < compared
}

// mostlyDiffer reports two links to persons of whom more than half have other numbers: a
// family has some in common, and who is in two tables has hers in both.
func (x *plot) mostlyDiffer(all map[string]*plot, a, b *link) bool {
	compared, same := x.alike(all, a, b)
	return compared >= comparedRows && same*2 < compared
}

// alike counts the rows whose two persons could be compared, and those where they have the same.
func (x *plot) alike(all map[string]*plot, a, b *link) (compared, same int) {
	for _, kind := range []string{"phone_number", "email"} {
		c, s := x.both(all, a, b, kind)
		compared, same = compared+c, same+s
	}
	return compared, same
}

// whose says why a link of two is left.
func whose(named bool) string {
	if named {
		return "by its name it leads to the other one"
	}
	return "which of them is the person of the row?"
}

// both counts the rows whose two persons have identifiers of a kind, and those where
// they have the same.
func (x *plot) both(all map[string]*plot, a, b *link, kind string) (compared, same int) {
	one, two := all[a.to.name].behind(all, kind, steps, nil), all[b.to.name].behind(all, kind, steps, nil)
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

// own reports a column that is not known to hold somebody else's numbers.
func (x *plot) own(f *field) bool {
	return !x.another(f) && !slices.ContainsFunc(x.others, func(g *field) bool { return g.path[0] == f.path[0] })
}

// numbered reports a table with numbers of its own people, as far as that is known.
func (x *plot) numbered() bool {
	return slices.ContainsFunc(x.fields, func(f *field) bool { return f.identity() != "" && x.own(f) })
}

// identifies reports a table with numbers of its own people.
func (t *looked) identifies() bool {
	for _, f := range t.fields {
		if f.identity() != "" && !t.another(f) {
			return true
		}
	}
	return false
}

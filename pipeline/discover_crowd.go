package pipeline

import (
	"fmt"
	"slices"
)

// A person may stand in the records of many others without being one of them: who advises
// them, surveys their claims, insures them. What such a person is called differs from trade
// to trade and from language to language; that the records of many others lead to each of a
// few does not.

// The measures of a crowd: to most of the rows referred to lead the records of manyOthers persons or
// more, and of the persons there are crowdEach times as many as of the rows.
const (
	manyOthers = 3
	crowdEach  = 4
	staffEach  = 2 // where columns speak for staff as well
	thingEach  = 8 // of a thing, which may also be a group's: a booking, of who booked
)

// crowd is how many rows of a table others refer to, how many different persons these are
// of, and to how many of the rows those of manyOthers persons lead.
type crowd struct{ rows, people, busy int }

func (c crowd) of(each int) bool {
	return c.rows >= 2 && c.busy*2 >= c.rows && c.people >= each*c.rows
}

// crowds takes the tables that serve many persons for staff where their columns speak for
// it. To other persons whom the records of many lead to, these are not followed; a thing,
// such as a plan of an insurer, is common to them. What is found of one table tells more
// of those that lead to it.
func (p Proposal) crowds(all map[string]*plot) {
	for _, judge := range []func(x *plot, all map[string]*plot, l *link) bool{(*plot).serving, p.crowded} {
		for changed := true; changed; {
			changed = false
			for _, t := range p.tables {
				for _, l := range all[t.name].links {
					if to := all[l.to.name]; l.plainly(t) && (to.role != people || !to.identifies() || !p.customers(to.looked)) {
						changed = judge(all[t.name], all, l) || changed
					}
				}
			}
		}
	}
}

// serving takes a table of persons for staff.
func (x *plot) serving(all map[string]*plot, l *link) bool {
	to := all[l.to.name]
	if to.role != people || !to.identifies() || !to.employed(l) || !x.manned(all, l) {
		return false
	}
	to.role = staffers
	to.notes = append(to.notes, fmt.Sprintf("taken for staff: the records of many persons lead to each of its rows (by %s.%s), and its columns speak for it; if these are customers: no staff, erase: delete", comment(x.name), comment(l.field.label)))
	return true
}

// serves says why a link is left.
const serves = "the records of many persons lead to each of its rows: is it whose they are?"

// crowded does not follow a link to persons who are not staff, and takes a thing for
// nobody's alone.
func (p Proposal) crowded(x *plot, all map[string]*plot, l *link) bool {
	to := all[l.to.name]
	if to.role != people && to.role != nobodys || l.drop != "" || !x.crowd(all, l).of(crowdEach) {
		return false
	}
	switch {
	case to.oneself() && p.desks(all, to) >= manyDesks:
		to.role = staffers
		to.notes = append(to.notes, "taken for staff: in several tables the records of many persons lead to each of its rows; if these are customers: no staff, erase: delete")
	case to.oneself():
		l.leave(serves)
		p.unfollow(all, to)
	case to.role == people || to.towards(all) && x.crowd(all, l).of(thingEach):
		to.role = common
		to.notes = append(to.notes, fmt.Sprintf("many people share one of its rows (by %s.%s): nobody is joined by it", comment(x.name), comment(l.field.label)))
	default:
		return false
	}
	return true
}

// manyDesks is in how many tables those who serve many persons are the account's own people,
// who take its calls, and not somebody else.
const manyDesks = 3

// desks counts the tables in which rows of several persons lead to each of those who serve.
func (p Proposal) desks(all map[string]*plot, to *plot) int {
	n := 0
	for _, t := range p.tables {
		x := all[t.name]
		if slices.ContainsFunc(x.links, func(l *link) bool { return l.to == to.looked && l.plainly(t) && x.manned(all, l) }) {
			n++
		}
	}
	return n
}

// unfollow leaves the other links to persons who serve many: of records that lead to
// somebody else as well, or of more persons than there are of them. What leads to them
// alone is theirs.
func (p Proposal) unfollow(all map[string]*plot, to *plot) {
	for _, t := range p.tables {
		x := all[t.name]
		for _, l := range x.links {
			if l.to != to.looked || !l.plainly(t) || l.drop != "" {
				continue
			}
			c := x.crowd(all, l)
			further := len(x.pairs) > 0 || slices.ContainsFunc(x.links, func(o *link) bool {
				return o != l && o.to != l.to && (all[o.to.name].role == people || all[o.to.name].role == nobodys)
			})
			if c.people > c.rows || c.people == 0 && further {
				l.leave(serves)
			}
		}
	}
}

// plainly reports a link of one column from a table to another.
func (l *link) plainly(t *looked) bool {
	return l.to != t && !l.merge && len(l.whole) == 0 && !l.field.pk
}

// manned reports a link by which most of those it leads to serve several persons: some
// customers may bring others, staff all do.
func (x *plot) manned(all map[string]*plot, l *link) bool {
	c := x.crowd(all, l)
	return c.of(staffEach) && c.rows*2 >= l.to.total
}

// employed reports columns that staff have, or that lead to staff.
func (x *plot) employed(l *link) bool {
	if anyWord(l.field.label, staffRefs) {
		return true
	}
	for _, f := range x.fields {
		if len(f.path) == 1 && anyWord(f.label, staffColumns) {
			return true
		}
	}
	return false
}

// towards reports a link to persons.
func (x *plot) towards(all map[string]*plot) bool {
	return slices.ContainsFunc(x.links, func(l *link) bool { return l.drop == "" && l.to != x.looked && all[l.to.name].role == people })
}

// crowd measures whose records lead to the rows of a table by a link.
func (x *plot) crowd(all map[string]*plot, l *link) crowd {
	person := x.bearers(all, l)
	by, everybody := map[mark]map[mark]bool{}, map[mark]bool{}
	for row, k := range x.marks.keys[l.field] {
		who, ok := person[row]
		if !ok {
			continue
		}
		if by[k] == nil {
			by[k] = map[mark]bool{}
		}
		by[k][who], everybody[who] = true, true
	}
	c := crowd{rows: len(by), people: len(everybody)}
	for _, list := range by {
		if len(list) >= manyOthers {
			c.busy++
		}
	}
	return c
}

// bearers tells whose the rows are without a link: by an identifier of their own, else by
// the one person to whom another link leads, be it over other records.
func (x *plot) bearers(all map[string]*plot, without *link) map[int]mark {
	out := map[int]mark{}
	for _, f := range x.fields {
		if len(f.path) > 1 || x.another(f) {
			continue
		}
		for row, ids := range x.marks.idents[f] {
			if _, known := out[row]; !known && len(ids) > 0 {
				out[row] = ids[0]
			}
		}
	}
	for _, l := range x.links {
		if l == without || l.to == without.to || !l.leads(x) {
			continue
		}
		for row, list := range x.reach(all, l, steps) {
			if _, known := out[row]; known || len(list) != 1 {
				continue
			}
			for p := range list {
				if p.table != without.to {
					out[row] = p.key
				}
			}
		}
	}
	return out
}

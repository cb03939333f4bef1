package pipeline

import "slices"

// A record can lead to a person over another that is somebody's: who shares a room leads to
// the booking, and the booking to who booked. Followed like a reference to herself, it would
// make one person of the two. The sample tells: do both ways lead to the same?

// over lists the links to what is somebody's without numbers of its own.
func (x *plot) over(all map[string]*plot, near []*link) []*link {
	var out []*link
	for _, l := range x.links {
		if to := all[l.to.name]; l.leads(x) && (to.role == people || to.role == nobodys) && !slices.Contains(near, l) {
			out = append(out, l)
		}
	}
	return out
}

// parted leaves links over others that lead to another person than a link to a person
// does, be it in a single row: two people are made one by it. Where two ways lead over
// others, neither is better, and both are left if they often part.
func (x *plot) parted(all map[string]*plot, near, far []*link) {
	for i, f := range far {
		for _, n := range near {
			if n.drop != "" {
				continue
			}
			if _, other := x.ways(all, n, f); other > 0 || x.differ(all, n, f) {
				f.leave("its rows lead to two persons, by " + comment(n.field.label) + " and over " + f.to.name + ": taken for the former's")
			}
		}
		for _, g := range far[:i] {
			if same, other := x.ways(all, g, f); (other > 1 && other*20 >= same+other || x.differ(all, f, g)) && f.drop == "" && g.drop == "" {
				why := "its rows lead to two persons, over " + g.to.name + " and over " + f.to.name + ": which of them is the person of the row?"
				f.leave(why)
				g.leave(why)
			}
		}
	}
}

// ways counts the rows in which two links lead to the same person, and those where they
// lead to others, as far as both lead into the same table.
func (x *plot) ways(all map[string]*plot, a, b *link) (same, other int) {
	one, two := x.reach(all, a, steps), x.reach(all, b, steps)
	for row, hers := range one {
		his := two[row]
		shared, compared := false, false
		for p := range hers {
			for q := range his {
				compared = compared || p.table == q.table
				shared = shared || p == q
			}
		}
		switch {
		case shared:
			same++
		case compared:
			other++
		}
	}
	return same, other
}

// someone is a row of a table of people.
type someone struct {
	table *looked
	key   mark
}

// reach tells to whom a link leads from each row: to rows of tables that hold numbers, over
// others that hold none.
func (x *plot) reach(all map[string]*plot, l *link, depth int) map[int]map[someone]bool {
	to := all[l.to.name]
	out := map[int]map[someone]bool{}
	if to.role == people && to.numbered() {
		for row, k := range x.marks.keys[l.field] {
			out[row] = map[someone]bool{{l.to, k}: true}
		}
		return out
	}
	key := to.single()
	if depth == 0 || key == nil || to.role != people && to.role != nobodys {
		return out
	}
	beyond := map[mark]map[someone]bool{}
	for _, m := range to.links {
		if !m.leads(to) {
			continue
		}
		for row, list := range to.reach(all, m, depth-1) {
			k, ok := to.marks.keys[key][row]
			if !ok {
				continue
			}
			if beyond[k] == nil {
				beyond[k] = map[someone]bool{}
			}
			for p := range list {
				beyond[k][p] = true
			}
		}
	}
	for row, k := range x.marks.keys[l.field] {
		if len(beyond[k]) > 0 {
			out[row] = beyond[k]
		}
	}
	return out
}

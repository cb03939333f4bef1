package pipeline

import (
	"slices"

	"github.com/cratio/sutra/pipeline/detect"
)

// A thing has an owner of its own, and others use it: a driver the lorry of somebody else, a
// tenant a flat. The owner stands in it by name and number alone, as no row refers to him.
// Followed from those who use it, the thing and the owner's number would be theirs.

// ownerRoles are columns that say whose the thing of the row is.
var ownerRoles = vocabulary("owner seller advertiser")

// possessions leaves the links from what is somebody's to things that name another as their
// owner.
func (p Proposal) possessions(all map[string]*plot) {
	for _, t := range p.tables {
		x := all[t.name]
		for _, l := range x.links {
			to := all[l.to.name]
			if l.leads(x) && to.role == people && to.possessed(all) && x.somebodys(all, l, steps) {
				l.leave("its rows are their owners', as its columns say, and these may be others than the person of this row")
			}
		}
	}
}

// possessed reports a table whose rows have the number of an owner and nothing else that
// tells whose they are. The owner of a deal is one of the staff, and the deal is not his.
func (x *plot) possessed(all map[string]*plot) bool {
	owner := false
	for _, f := range x.fields {
		best, _ := verdicts(f)
		owner = owner || best.Identity != "" && x.another(f) && anyWord(f.label, ownerRoles) && !x.ofStaff(all, f)
		if best.Category == "user.name" && best.Confidence >= detect.Medium && !x.another(f) {
			return false
		}
	}
	return owner && !x.somebodys(all, nil, steps)
}

// somebodys reports rows with a person's own numbers, or that refer to such otherwise than by
// a link.
func (x *plot) somebodys(all map[string]*plot, but *link, depth int) bool {
	return x.role == people && x.numbered() || depth > 0 && slices.ContainsFunc(x.links, func(l *link) bool {
		return l != but && l.leads(x) && all[l.to.name].somebodys(all, nil, depth-1)
	})
}

// ofStaff reports a column in half of whose rows there is a number of the staff.
func (x *plot) ofStaff(all map[string]*plot, f *field) bool {
	known := map[mark]bool{}
	for _, o := range all {
		if o.role != staffers {
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
	theirs := 0
	for _, ids := range x.marks.idents[f] {
		if slices.ContainsFunc(ids, func(id mark) bool { return known[id] }) {
			theirs++
		}
	}
	return theirs > 0 && theirs*2 >= len(x.marks.idents[f])
}

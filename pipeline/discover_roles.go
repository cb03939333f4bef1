package pipeline

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/cratio/sutra/pipeline/detect"
)

// role is what a discovery takes the records of a table for.
type role uint8

const (
	nobodys role = iota // nothing of a person
	people              // about a person, by identifiers of its own
	owned               // of a person, by its references only
	common              // of many people at once: records are not joined by it
	staffers
	tenants
)

// plot is everything that a proposal says of one table.
type plot struct {
	*looked
	role     role
	links    []*link
	pairs    []pair
	account  *field
	at       *field // when a record was made
	trigger  *field
	class    string
	erase    string
	order    int
	contacts bool     // one row a person
	book     bool     // what others call somebody
	others   []*field // identifiers of somebody else than the person referred to
	notes    []string
}

// plots takes every table of a database for something. What is in doubt is taken
// for what does the least harm: kept or emptied rather than deleted, not joined
// rather than joined.
func (p Proposal) plots() map[string]*plot {
	out := map[string]*plot{}
	for _, t := range p.tables {
		x := &plot{looked: t, links: p.links(t), class: "account_crm", erase: "delete", at: recordedAt(t.fields)}
		x.pairs, x.notes = p.pairs(t)
		x.links = slices.DeleteFunc(x.links, func(l *link) bool { // the pair says where it leads
			return slices.ContainsFunc(x.pairs, func(y pair) bool { return y.id == l.field })
		})
		out[t.name] = x
	}
	p.tenancy(out)
	for _, t := range p.tables {
		out[t.name].first(p, out)
	}
	p.crowds(out)
	p.hubs(out)
	p.bridges(out)
	p.possessions(out)
	p.strangers(out)
	p.inherit(out)
	for _, t := range p.tables {
		out[t.name].fate(out)
	}
	p.arrange(out)
	p.register(out)
	p.ownerless(out)
	return out
}

// manyTables is how many tables a database has at least in which more than one would name
// an account by a column that may as well name the firm of a customer.
const manyTables = 4

// firmly reports a column's name that firms have as well as accounts.
func firmly(name string) bool {
	return strings.HasPrefix(name, "company") || strings.HasPrefix(name, "org")
}

// tenancy finds the table of the accounts: the one to which most tables refer by a
// column of a name that accounts have.
func (p Proposal) tenancy(all map[string]*plot) {
	votes, to := map[string]int{}, map[string]*looked{}
	for _, t := range p.tables {
		for _, n := range accountNames {
			if f := pick(t.fields, []string{n}); f != nil && len(f.path) == 1 {
				if f == t.single() { // the accounts themselves, or what has their keys: it names no other
					if to[n] == nil && len(f.refs) == 0 {
						to[n] = t
					}
					continue
				}
				votes[n]++
				for _, l := range all[t.name].links {
					if l.field == f {
						to[n] = l.to
					}
				}
			}
		}
	}
	best := ""
	for _, n := range accountNames {
		if votes[n] > votes[best] && !p.individuals(all, n, to) {
			best = n
		}
	}
	if best == "" || votes[best] < 2 && firmly(best) && len(p.tables) >= manyTables {
		p.perhapsTenants(all)
		return
	}
	for _, t := range p.tables {
		all[t.name].account = pick(t.fields, []string{best})
	}
	target := to[best]
	for _, t := range p.tables {
		if target == nil && names(strings.TrimSuffix(plain(best), " id"), t.name, p.tables) >= prefixed && t.single() != nil {
			target = t
		}
	}
	if target == nil || votes[best] < 2 {
		return
	}
	x := all[target.name]
	x.role, x.account, x.trigger = tenants, target.single(), target.called(endedNames)
	x.notes = append(x.notes, fmt.Sprintf("taken for the accounts: %d tables name it by %s", votes[best], best))
	if x.trigger == nil {
		x.notes = append(x.notes, "no column says when an account ended: what is kept until then is never erased by retention")
	}
}

// perhapsTenants asks about the table that a fifth of all tables, and not fewer than
// four, refer to by a column of one name: a hospital, a shop. Whether its rows are
// accounts, whose people are never one, only a person can say.
func (p Proposal) perhapsTenants(all map[string]*plot) {
	type way struct{ to, by string }
	ways := map[way]int{}
	for _, t := range p.tables {
		for _, l := range all[t.name].links {
			if l.to != t {
				ways[way{l.to.name, l.field.label}]++
			}
		}
	}
	for _, w := range slices.SortedFunc(maps.Keys(ways), func(a, b way) int { return cmp.Or(cmp.Compare(a.to, b.to), cmp.Compare(a.by, b.by)) }) {
		if n, x := ways[w], all[w.to]; n >= 4 && n*5 >= len(p.tables) && x.single() != nil && !x.oneself() {
			x.notes = append(x.notes, fmt.Sprintf("%d tables name it by %s: if its rows are your customers, whose people are never one: accounts: true here, account: %s there", n, comment(w.by), comment(w.by)))
		}
	}
}

// first takes a table for what its own columns say.
func (x *plot) first(p Proposal, all map[string]*plot) {
	identity, personal := false, false
	for _, f := range x.fields {
		best, _ := verdicts(f)
		if best.Category == "" || best.Confidence < detect.Medium && best.Category != "user" {
			continue
		}
		personal = personal || strings.HasPrefix(best.Category, "user")
		identity = identity || best.Identity != "" && !x.another(f)
	}
	last := lastWord(x.name)
	switch {
	case x.role == tenants:
	case staffNames[last] && identity && (x.workedFor(all) || !p.customers(x.looked)):
		x.staff(all)
	case companyNames[last] && len(x.pairs) == 0 && x.called([]string{"first name", "last name", "dob", "date of birth"}) == nil:
		x.role = common
		x.notes = append(x.notes, "taken for firms, whose numbers many people share: nobody is joined by it; a firm of one person needs a look")
	case personal:
		x.role = people
	}
}

// workedFor reports a table to which others refer as to staff: an owner, an agent.
func (x *plot) workedFor(all map[string]*plot) bool {
	for _, o := range all {
		if slices.ContainsFunc(o.links, func(l *link) bool { return l.to == x.looked && anyWord(l.field.label, staffRefs) }) {
			return true
		}
	}
	return false
}

// staff decides whether a table of users holds the accounts' staff or customers.
func (x *plot) staff(all map[string]*plot) {
	told := slices.ContainsFunc(x.fields, func(f *field) bool { return anyWord(f.label, staffColumns) })
	for _, o := range all {
		for _, l := range o.links {
			told = told || l.to == x.looked && anyWord(l.field.label, staffRefs)
		}
	}
	if told {
		x.role = staffers
		x.notes = append(x.notes, "taken for staff by its name and columns; if these are customers: no staff, erase: delete")
		return
	}
	x.role = people
	x.erase = "redact"
	x.notes = append(x.notes, "staff or customers? If staff: staff: true, erase: keep")
}

// hubs finds the tables that many different people share, by how the rows of
// tables with people refer to them.
func (p Proposal) hubs(all map[string]*plot) {
	for _, t := range p.tables {
		for _, l := range all[t.name].links {
			to := all[l.to.name]
			if to.role == people && !l.field.pk && len(l.whole) == 0 && l.field.shared.hub() && all[t.name].role == people && !to.oneself() {
				to.role = common
				to.notes = append(to.notes, fmt.Sprintf("many people share one of its rows (by %s.%s): nobody is joined by it", t.name, l.field.label))
			}
		}
	}
}

// oneself reports a table whose rows have a person's own name and identifier, or what one
// person alone has: her numbers may stand in tables of their own.
func (x *plot) oneself() bool {
	name, identity := false, false
	for _, f := range x.fields {
		best, _ := verdicts(f)
		name = name || best.Category == "user.name"
		identity = identity || best.Identity != ""
	}
	return name && (identity || x.natural())
}

// natural reports columns that one person alone has: her two names, or when she was born.
func (x *plot) natural() bool {
	return x.called(givenNames) != nil && x.called(familyNames) != nil || x.called(birthDates) != nil
}

var (
	givenNames  = []string{"first name", "given name", "fname", "firstname"}
	familyNames = []string{"last name", "family name", "surname", "lname", "lastname"}
	birthDates  = []string{"birth date", "birthdate", "birthday", "date of birth", "dob"}
)

// bridges finds the tables that a table in between ties to several people: a
// meeting, by those who attend.
func (p Proposal) bridges(all map[string]*plot) {
	for _, t := range p.tables {
		x := all[t.name]
		for _, a := range x.links {
			for _, b := range x.links {
				to := all[b.to.name]
				if a == b || len(a.whole)+len(b.whole) > 0 || a.drop != "" || b.drop != "" || all[a.to.name].role != people || to.role != people && to.role != nobodys || to.refersTo(all[a.to.name]) {
					continue
				}
				if n := b.field.over[a.field]; n > 1 && len(t.fields) <= 8 && (to.role == nobodys || !to.oneself()) {
					if to.role == people {
						to.notes = append(to.notes, fmt.Sprintf("several people have a part in one of its rows (by %s): nobody is joined by it", t.name))
					}
					to.role = common
				}
			}
		}
	}
}

// refersTo reports a link of the table itself to another.
func (x *plot) refersTo(o *plot) bool {
	return slices.ContainsFunc(x.links, func(l *link) bool { return l.to == o.looked && l.drop == "" })
}

// inherit finds the tables whose records are somebody's by their references
// alone, and the records of a form builder, whose values say whose they are.
func (p Proposal) inherit(all map[string]*plot) {
	for changed := true; changed; {
		changed = false
		for _, t := range p.tables {
			x := all[t.name]
			if x.role == nobodys && x.belongs(all) {
				x.role, changed = owned, true
			}
			if to := x.kept(all); to != nil && to.role == nobodys && (x.role == people || x.role == owned) {
				to.role, changed = owned, true
			}
			for _, to := range x.tied(all) {
				to.role, to.erase, changed = owned, "redact", true
				to.notes = append(to.notes, "each of its rows is tied to one person by "+comment(t.name)+": taken for hers; it is emptied, not deleted")
			}
		}
	}
	for _, t := range p.tables {
		x := all[t.name]
		if x.role != people || t.attribute() == nil {
			continue
		}
		for _, l := range x.links {
			if to := all[l.to.name]; to.role == nobodys && l.field != t.attribute() && l.drop == "" && !to.defines() {
				to.role = owned
			}
		}
	}
}

// kept is the table whose rows say of every entity, whatever it is, what this one says more of:
// its whole key refers there.
func (x *plot) kept(all map[string]*plot) *plot {
	for _, l := range x.links {
		if l.field == x.single() && l.leads(x) {
			return all[l.to.name]
		}
	}
	return nil
}

// belongs reports a reference to something of a person's.
func (x *plot) belongs(all map[string]*plot) bool {
	for _, l := range x.links {
		if r := all[l.to.name].role; l.drop == "" && l.to != x.looked && (r == people || r == owned) {
			return true
		}
	}
	for _, y := range x.pairs {
		for _, to := range y.to {
			if r := all[to.name].role; r == people || r == owned {
				return true
			}
		}
	}
	return false
}

// defines reports a table that defines the fields of forms, and does not hold what they
// are the fields of.
func (x *plot) defines() bool {
	return speaksOf(x.name, formWords) && !slices.Contains([]string{"entity", "record", "instance", "object", "submission"}, lastWord(x.name))
}

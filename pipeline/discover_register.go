package pipeline

import (
	"fmt"
	"strings"
)

// The register of people, one row a person, has the name that a trade or a language gives
// it. Where no table is called by one of the names that are known, it is the one of persons
// to which the most others refer. That two of its rows are two people keeps a couple apart
// who have one telephone and one mailbox.

// eventNames are tables that may have several rows of one person.
var eventNames = vocabulary("lead enquiry inquiry query prospect applicant application booking reservation order visit appointment admission registration enrolment enrollment ticket call message request policy claim invoice payment passenger traveller form submission session attendee participant signup subscription anfrage bestellung buchung termin bewerbung anmeldung")

// onceIn is how many rows of a register there are at least for each that has another's
// telephone or address.
const onceIn = 10

// register finds the register of people where its name does not tell.
func (p Proposal) register(all map[string]*plot) {
	for _, t := range p.tables {
		if contactTable(t.name) && all[t.name].role == people {
			return
		}
	}
	if x := p.named(all); x != nil {
		x.contacts = true
		x.notes = append(x.notes, "taken for the register of people, one row a person, by its name behind the word with which all tables begin; if somebody may have several rows: no contacts")
		return
	}
	referring := map[*plot]int{}
	for _, t := range p.tables {
		for to := range all[t.name].leadsTo(all) {
			referring[to]++
		}
	}
	var best *plot
	for _, t := range p.tables {
		x := all[t.name]
		if referring[x] < 2 || !x.onceEach(all) || best != nil && referring[x] < referring[best] {
			continue
		}
		if best != nil && referring[x] == referring[best] {
			return // which of them it is nobody can say
		}
		best = x
	}
	if best != nil {
		best.contacts = true
		best.notes = append(best.notes, fmt.Sprintf("taken for the register of people, one row a person: %d tables refer to it; if somebody may have several rows: no contacts", referring[best]))
	}
}

// named finds the table that is called like a register of people behind the word with which the
// names of all tables begin: civicrm_contact.
func (p Proposal) named(all map[string]*plot) *plot {
	var found *plot
	first := ""
	for i, t := range p.tables {
		head, name, parted := strings.Cut(t.name, "_")
		if i > 0 && head != first || !parted {
			return nil
		}
		if first = head; found == nil && contactTable(name) && all[t.name].role == people {
			found = all[t.name]
		}
	}
	return found
}

// leadsTo lists the tables to whose records those of this one are joined.
func (x *plot) leadsTo(all map[string]*plot) map[*plot]bool {
	out := map[*plot]bool{}
	for _, l := range x.links {
		if l.leads(x) {
			out[all[l.to.name]] = true
		}
	}
	for _, y := range x.pairs {
		for _, to := range y.to {
			out[all[to.name]] = true
		}
	}
	return out
}

// onceEach reports a table that has a row for each person: with what only persons have, and
// hardly a number or address in two rows.
func (x *plot) onceEach(all map[string]*plot) bool {
	if x.role != people || x.single() == nil || !x.oneself() || eventNames[lastWord(x.name)] || len(x.others) > 0 {
		return false
	}
	names, facts := 0, false
	for _, f := range x.fields {
		best, _ := verdicts(f)
		if best.Category == "user.name" && x.own(f) {
			names++
		}
		facts = facts || strings.HasPrefix(best.Category, "user.demographic") || strings.HasPrefix(best.Category, "user.government_id")
	}
	if names < 2 && !facts {
		return false
	}
	for _, l := range x.links {
		if l.leads(x) && all[l.to.name].role == people && all[l.to.name].oneself() {
			return false
		}
	}
	rows, twice := 0, 0
	for f, ids := range x.marks.idents {
		if kind := f.identity(); kind != "phone_number" && kind != "email" || len(f.path) > 1 || !x.own(f) {
			continue
		}
		seen := map[mark]bool{}
		for _, list := range ids {
			rows++
			if seen[list[0]] {
				twice++
			}
			seen[list[0]] = true
		}
	}
	return rows >= comparedRows && twice*onceIn <= rows
}

package pipeline

import (
	"fmt"
	"slices"
	"strings"

	"github.com/cratio/sutra/pipeline/detect"
)

// fate decides class, clock and what an erasure does.
func (x *plot) fate(all map[string]*plot) {
	last := lastWord(x.name)
	switch {
	case x.role == tenants || x.role == staffers:
		x.erase = "keep"
	case billingNames[last] || x.billed() || x.role == owned && x.under(all, billingNames):
		x.class, x.erase = "billing", "keep"
		x.trigger = x.called(billedNames)
		x.notes = append(x.notes, "taken for documents that the law has kept: review, and the date that counts")
		if x.trigger == nil && (billingNames[last] || x.billed()) {
			x.notes = append(x.notes, "no date was recognised: without one these are kept for ever")
		}
	case x.role == nobodys && x.toCome():
		x.erase = "redact"
		x.notes = append(x.notes, "there is no row in it, and its columns may come to hold anything: look again when there are some; if nothing of a person: erase: keep")
	case x.role == nobodys:
		x.erase = "keep"
		x.notes = append(x.notes, "nothing of a person was found in it")
	case x.role == common:
		x.erase = "redact"
	case ticketNames[last]:
		x.ticket()
	case anyWord(x.name, logNames) && !anyWord(x.name, talkNames) && !x.calledAfter():
		x.erase = "redact"
		x.notes = append(x.notes, "taken for a log: its rows stay, emptied of the person; erase: delete if they may go")
	case x.erase == "delete" && x.forSeveral(all):
		x.erase = "redact"
		x.notes = append(x.notes, "several people may share a row: it is emptied, not deleted")
	}
	if x.book = x.role == people && addressBook(x.name); x.book {
		x.notes = append(x.notes, "taken for an address book: what others call somebody; if the names are people's own: no address_book")
	}
	if x.class == "account_crm" && x.role != nobodys && x.under(all, ticketNames) && !ticketNames[last] {
		x.notes = append(x.notes, "belongs to tickets, whose clock starts when they are closed: class support_ticket wants a trigger in this table")
	}
}

// toCome reports a table without rows of which a column can hold a text: a history that
// triggers fill. What is not there yet is no reason to keep what will be.
func (x *plot) toCome() bool {
	return x.total == 0 && slices.ContainsFunc(x.fields, func(f *field) bool {
		return !f.pk && len(f.refs) == 0 && !lifelessType.MatchString(f.typ)
	})
}

// billed reports a table with the date of an invoice, whatever it is called: account_move.
func (x *plot) billed() bool {
	return (x.role == people || x.role == owned) && slices.ContainsFunc(x.fields, func(f *field) bool {
		words := detect.Words(f.label)
		return len(f.path) == 1 && len(words) == 2 && billingNames[words[0]] && slices.Contains([]string{"date", "dt"}, words[1])
	})
}

// addressBook reports a table that is called after the telephone whose contacts it holds.
func addressBook(name string) bool {
	words := detect.Words(name)
	for i, w := range words {
		before := words[max(0, i-1)]
		switch {
		case w == "phonebook", w == "addressbook", w == "book" && (before == "phone" || before == "telephone" || before == "address"):
			return true
		case singular(w) == "contact" && i == len(words)-1 && slices.Contains([]string{"device", "phone", "handset", "sim", "synced"}, before):
			return true
		}
	}
	return false
}

// calledAfter reports rows whose own key is somebody's number or address: a row keeps its key
// when it is emptied.
func (x *plot) calledAfter() bool {
	return slices.ContainsFunc(x.fields, func(f *field) bool { return f.pk && f.identity() != "" })
}

// ticket gives a ticket its class only when its clock can start: when it is
// closed, not when it was opened.
func (x *plot) ticket() {
	if x.trigger = x.called(closedNames); x.trigger != nil {
		x.class = "support_ticket"
		return
	}
	x.notes = append(x.notes, "class support_ticket wants a trigger, and no column says when a ticket was closed")
}

// under reports that the table is somebody's only by way of a table with such a
// name.
func (x *plot) under(all map[string]*plot, list map[string]bool) bool {
	yes := false
	for _, l := range x.links {
		to := all[l.to.name]
		switch {
		case l.drop != "" || to.role != people && to.role != owned:
		case list[lastWord(to.name)]:
			yes = true
		default:
			return false
		}
	}
	return yes
}

// forSeveral reports a table that refers to people in two ways.
func (x *plot) forSeveral(all map[string]*plot) bool {
	seen := map[string]int{}
	for _, l := range x.links {
		if all[l.to.name].role == people && l.to != x.looked && !l.merge && !l.apart {
			seen[l.to.name]++
		}
	}
	for _, n := range seen {
		if n > 1 {
			return true
		}
	}
	return false
}

// maxOrder bounds the order of tables in a cycle.
const maxOrder = 8

// arrange orders the tables so that what refers is erased before what it refers
// to. Cycles end where the bound is.
func (p Proposal) arrange(all map[string]*plot) {
	deep := map[string]int{}
	for range maxOrder {
		for _, t := range p.tables {
			for _, l := range all[t.name].links {
				if l.to != t {
					deep[l.to.name] = max(deep[l.to.name], min(deep[t.name]+1, maxOrder))
				}
			}
		}
	}
	for _, t := range p.tables {
		all[t.name].order = 10 * (1 + deep[t.name])
	}
}

// meta writes the keys of the collection.
func (x *plot) meta() []string {
	out := []string{"class: " + x.class}
	if x.role == tenants {
		out = append(out, "accounts: true")
	}
	if x.role == staffers {
		out = append(out, "staff: true")
	}
	if x.contacts {
		out = append(out, "contacts: true")
	}
	if x.book {
		out = append(out, "address_book: true")
	}
	if x.account != nil {
		out = append(out, "account: "+scalar(x.account.path[0]))
	}
	if x.at != nil {
		out = append(out, "recorded_at: "+scalar(x.at.path[0]))
	}
	if x.trigger != nil {
		out = append(out, "trigger: "+scalar(x.trigger.path[0]))
	}
	out = append(out, "erase: "+x.erase, fmt.Sprintf("order: %d", x.order))
	if len(x.pairs) > 0 {
		var refs []string
		for _, p := range x.pairs {
			refs = append(refs, p.yaml())
		}
		out = append(out, "refs: ["+strings.Join(refs, ", ")+"]")
	}
	return out
}

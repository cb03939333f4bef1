package pipeline

import (
	"slices"
	"testing"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/lineage"
)

// TestMayBeHers: what may lead to her or to somebody else is told, and only that. What names
// another, or is another's by what it says or refers to, is not hers.
func TestMayBeHers(t *testing.T) {
	id, phone, other := lineage.Token{1}, lineage.Token{2}, lineage.Token{3}
	deal, gone := lineage.Token{4}, lineage.Token{5}
	asha, bela := lineage.Name{0x61000001, 0x72000001}, lineage.Name{0x62000002, 0x6b000002}
	may := lineage.Edge{Token: id, Kind: "crm.contacts.id", Role: lineage.Mention}
	with := func(locator, account string, names []lineage.Name, edges ...lineage.Edge) lineage.Sighting {
		return lineage.Sighting{Collection: "tasks", Locator: locator, Account: account, Names: names, Edges: edges, Sum: 1}
	}
	src := &Source{}
	src.Name, src.Connector = "crm", "sqlite"
	src.Dataset = connectors.Dataset{Key: "crm", Collections: []connectors.Collection{{Name: "contacts"}, {Name: "tasks"}, {Name: "agents", Staff: true}, {Name: "deals"}}}
	agent := with("pk=1", "A1", nil, may)
	agent.Collection = "agents"
	s := graphSite(t, src,
		lineage.Sighting{Collection: "contacts", Locator: "pk=1", Account: "A1", Names: []lineage.Name{asha}, Edges: []lineage.Edge{{Token: id, Kind: "crm.contacts.id", Role: lineage.Key}, {Token: phone, Kind: "phone", Role: lineage.Subject}}},
		lineage.Sighting{Collection: "deals", Locator: "pk=4", Account: "A1", Edges: []lineage.Edge{{Token: deal, Kind: "crm.deals.id", Role: lineage.Key}}},
		agent,
		with("may be hers", "A1", nil, may),
		with("of her name", "A1", []lineage.Name{asha}, may),
		with("of another name", "A1", []lineage.Name{bela}, may),
		with("of two names", "A1", []lineage.Name{bela, asha}, may),
		with("of another number", "A1", nil, may, lineage.Edge{Token: other, Kind: "phone", Role: lineage.Subject}),
		with("of a call with another", "A1", nil, may, lineage.Edge{Token: other, Kind: "phone", Role: lineage.Party}),
		with("of a deal", "A1", nil, may, lineage.Edge{Token: deal, Kind: "crm.deals.id", Role: lineage.Link}),
		with("of a deal that is gone", "A1", nil, may, lineage.Edge{Token: gone, Kind: "crm.deals.id", Role: lineage.Link}),
		with("hers by the key", "A1", nil, lineage.Edge{Token: id, Kind: "crm.contacts.id", Role: lineage.Link}),
		with("of another account", "A2", nil, may),
		with("known", "A1", nil, may),
	)
	s.kinds.may["crm.contacts.id"], s.kinds.links["crm.contacts.id"], s.kinds.links["crm.deals.id"] = true, true, true
	found, err := s.postedAt(id)
	if err != nil {
		t.Fatal(err)
	}
	p := &lineage.Person{Account: "A1", Tokens: map[lineage.Token]string{id: "crm.contacts.id", phone: "phone"}}
	var d doubts
	for _, f := range found {
		switch {
		case f.Record.Collection == "contacts":
			p.Copies = append(p.Copies, f)
		case f.Record.Locator == "known":
			d.list = append(d.list, f)
		}
	}
	list, err := s.mayBeHers(p, d)
	if err != nil {
		t.Fatal(err)
	}
	got, want := recordsAt(list), []string{"tasks may be hers", "tasks of a deal that is gone", "tasks of her name", "tasks of two names"}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

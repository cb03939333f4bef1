package pipeline

import (
	"testing"

	"github.com/cratio/sutra/connectors"
)

// TestReferMeaning: records are read again when what their references mean became another
// thing, whichever source says so, and not when anything else did.
func TestReferMeaning(t *testing.T) {
	refers := connectors.Collection{Name: "tasks", Fields: []connectors.CatalogField{{Name: "contact", References: []connectors.Reference{{Dataset: "crm", Collection: "contacts", Field: "id"}}}}}
	opened := connectors.Collection{Name: "log", Refs: []connectors.PolyRef{{}}}
	site := func(coll connectors.Collection, say func(k kinds)) string {
		src := &Source{}
		src.Name, src.Dataset = "desk", connectors.Dataset{Key: "desk", Collections: []connectors.Collection{coll}}
		s := &Site{Sources: []*Source{src}}
		s.kinds = newKinds(s.Sources)
		if say != nil {
			say(s.kinds)
		}
		return s.referMeaning(src)
	}
	id := "crm.contacts.id"
	for name, say := range map[string]func(k kinds){
		"leads to nobody":        func(k kinds) { k.bare[id] = true },
		"a bridge":               func(k kinds) { k.bridge[id] = true },
		"unique":                 func(k kinds) { k.unique[id] = true },
		"a medium":               func(k kinds) { k.medium[id] = true },
		"another name":           func(k kinds) { k.alias[id] = "crm.people.id" },
		"compared in any case":   func(k kinds) { k.fold[id] = connectors.Comparison{Folding: 1} },
		"a key of several":       func(k kinds) { k.parts[id] = []connectors.Comparison{{}, {}} },
		"another key of several": func(k kinds) { k.parts[id] = []connectors.Comparison{{Folding: 1}, {}} },
	} {
		if site(refers, say) == site(refers, nil) {
			t.Errorf("%s: the records are not read again", name)
		}
	}
	for name, say := range map[string]func(k kinds){
		"of another kind":   func(k kinds) { k.bare["crm.deals.id"] = true },
		"a word of another": func(k kinds) { k.alias["desk.lead"] = "crm.leads.id" },
	} {
		if site(refers, say) != site(refers, nil) {
			t.Errorf("%s: the records are read again", name)
		}
	}
	if site(opened, func(k kinds) { k.alias["desk.lead"] = "crm.leads.id" }) == site(opened, nil) {
		t.Error("a word in a record: the records are not read again")
	}
	if site(connectors.Collection{Name: "plain"}, nil) != "" {
		t.Error("what refers to nothing says something")
	}
}

// TestNowhere: what refers to a field that identifies no record leads nowhere, and a reference
// to a table that nobody described may lead somewhere.
func TestNowhere(t *testing.T) {
	to := func(collection, field string) connectors.CatalogField {
		return connectors.CatalogField{Name: collection + "_" + field, References: []connectors.Reference{{Dataset: "crm", Collection: collection, Field: field}}}
	}
	src := &Source{}
	src.Name, src.Connector = "crm", "sqlite"
	src.Dataset = connectors.Dataset{Key: "crm", Collections: []connectors.Collection{
		{Name: "contacts", Fields: []connectors.CatalogField{{Name: "id", PrimaryKey: true}, {Name: "town"}}},
		{Name: "tasks", Fields: []connectors.CatalogField{to("contacts", "id"), to("contacts", "town"), to("contacts", "key"), to("leads", "id"), {Name: "body", Fields: []connectors.CatalogField{to("contacts", "region")}}}},
	}}
	k := kinds{bare: map[string]bool{}}
	k.nowhere([]*Source{src})
	for kind, want := range map[string]bool{"crm.contacts.id": false, "crm.contacts.town": true, "crm.contacts.key": false, "crm.leads.id": false, "crm.contacts.region": true} {
		if k.bare[kind] != want {
			t.Errorf("%s leads nowhere: %v, want %v", kind, k.bare[kind], want)
		}
	}
}

package pipeline

import (
	"encoding/json"
	"testing"

	"github.com/cratio/sutra/lineage"
)

// wroteDown notes a record as one that was emptied.
func wroteDown(t *testing.T, s *Site, f *lineage.Found, sum uint64) {
	t.Helper()
	doc, err := json.Marshal(emptiedDoc{Sum: sum})
	if err == nil {
		err = s.Graph.PutDoc(emptiedBucket, s.emptiedID(f.Unit.Source, f.Record.Collection, f.Record.Locator), doc)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestReferredTo: an emptied row is told as long as something refers to it that says
// something, and nobody is found by it otherwise.
func TestReferredTo(t *testing.T) {
	id := lineage.Token{1}
	row := lineage.Sighting{Collection: "contacts", Locator: "pk=1", Account: "A1", Sum: 1, Edges: []lineage.Edge{{Token: id, Kind: "crm.contacts.id", Role: lineage.Key}}}
	alive := row
	alive.Edges = append(alive.Edges[:1:1], lineage.Edge{Token: lineage.Token{2}, Kind: "phone", Role: lineage.Subject})
	note := lineage.Sighting{Collection: "notes", Locator: "pk=2", Account: "A1", Sum: 7, Categories: []string{"user.content"}, Edges: []lineage.Edge{{Token: id, Kind: "crm.contacts.id", Role: lineage.Link}}}
	bare, agent, names := note, note, note
	bare.Categories, agent.Collection = nil, "agents"
	names.Edges = []lineage.Edge{{Token: id, Kind: "crm.contacts.id", Role: lineage.Mention}}
	for _, tt := range []struct {
		name    string
		records []lineage.Sighting
		emptied uint64
		want    bool
	}{
		{"a note", []lineage.Sighting{row, note}, 0, true},
		{"nothing", []lineage.Sighting{row}, 0, false},
		{"a row that was filled again", []lineage.Sighting{alive, note}, 0, false},
		{"a note that says nothing", []lineage.Sighting{row, bare}, 0, false},
		{"a note that was emptied", []lineage.Sighting{row, note}, 7, false},
		{"a note that was emptied, and written again", []lineage.Sighting{row, note}, 6, true},
		{"one of the staff", []lineage.Sighting{row, agent}, 0, false},
		{"a note that may mean another", []lineage.Sighting{row, names}, 0, false},
	} {
		s := crmSite(t, tt.records...)
		found, err := s.postedAt(id)
		if err != nil {
			t.Fatal(err)
		}
		for i := range found {
			if tt.emptied != 0 && found[i].Record.Collection == "notes" {
				wroteDown(t, s, &found[i], tt.emptied)
			}
		}
		if got, err := s.referredTo(id); err != nil || got != tt.want {
			t.Errorf("%s: %v, %v", tt.name, got, err)
		}
	}
}

// TestLeaning: with a row that came back came what refers to it and is nobody's otherwise.
func TestLeaning(t *testing.T) {
	id, theirs, company, hers, other := lineage.Token{1}, lineage.Token{2}, lineage.Token{3}, lineage.Token{4}, lineage.Token{5}
	gone := map[lineage.Token]bool{hers: true}
	link := func(tok lineage.Token, kind string) lineage.Edge {
		return lineage.Edge{Token: tok, Kind: kind, Role: lineage.Link}
	}
	row := func(coll, locator string, key lineage.Token, kind string, subject lineage.Token) lineage.Sighting {
		return lineage.Sighting{Collection: coll, Locator: locator, Account: "A1", Sum: 1, Edges: []lineage.Edge{{Token: key, Kind: kind, Role: lineage.Key}, {Token: subject, Kind: "phone", Role: lineage.Subject}}}
	}
	mine := link(id, "crm.contacts.id")
	for _, tt := range []struct {
		name  string
		edges []lineage.Edge
		with  func(*lineage.Sighting)
		want  bool
	}{
		{"a note", []lineage.Edge{mine}, nil, true},
		{"a note that says nothing", []lineage.Edge{mine}, func(n *lineage.Sighting) { n.Categories = nil }, false},
		{"a note that was emptied", []lineage.Edge{mine}, func(n *lineage.Sighting) { n.Sum = 77 }, false},
		{"a note that names somebody", []lineage.Edge{mine, {Token: other, Kind: "phone", Role: lineage.Subject}}, nil, false},
		{"one of several owners", []lineage.Edge{mine, {Token: other, Kind: "rec.recording", Role: lineage.Member}}, nil, false},
		{"a note on another, too", []lineage.Edge{mine, link(theirs, "crm.contacts.id")}, nil, false},
		{"a note of a company, too", []lineage.Edge{mine, link(company, "crm.companies.id")}, nil, true},
		{"a note on another only", []lineage.Edge{link(theirs, "crm.contacts.id")}, nil, false},
		{"a note that may mean another", []lineage.Edge{{Token: id, Kind: "crm.contacts.id", Role: lineage.Mention}}, nil, false},
		{"a note of another account", []lineage.Edge{mine}, func(n *lineage.Sighting) { n.Account = "A2" }, false},
	} {
		n := lineage.Sighting{Collection: "notes", Locator: "pk=9", Account: "A1", Sum: 7, Categories: []string{"user.content"}, Edges: tt.edges}
		if tt.with != nil {
			tt.with(&n)
		}
		s := crmSite(t, row("contacts", "pk=1", id, "crm.contacts.id", hers), row("contacts", "pk=2", theirs, "crm.contacts.id", other), row("deals", "pk=3", company, "crm.companies.id", other), n)
		s.kinds.bare["crm.companies.id"] = true
		found, err := s.postedAt(hers)
		if err != nil || len(found) != 1 {
			t.Fatal(found, err)
		}
		note := found[0]
		note.Record.Collection, note.Record.Locator = "notes", "pk=9"
		wroteDown(t, s, &note, 77)
		list, err := s.leaning(&planner{Site: s}, &found[0], "A1", gone)
		if err != nil || (len(list) == 1) != tt.want {
			t.Errorf("%s: %v, %v", tt.name, recordsAt(list), err)
		}
	}
}

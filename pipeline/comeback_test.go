package pipeline

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/cratio/sutra/lineage"
)

// TestOldCopies: a night erases by itself what is certainly a copy of before, and nothing else.
func TestOldCopies(t *testing.T) {
	erased := time.Date(2026, 5, 20, 12, 0, 0, 0, time.UTC)
	phone, mail, wa, lead, wamid, call := lineage.Token{1}, lineage.Token{2}, lineage.Token{3}, lineage.Token{4}, lineage.Token{5}, lineage.Token{6}
	book := ledger{}
	for _, tok := range []lineage.Token{phone, mail, wa, lead, wamid, call} {
		book[tok] = []lineage.Suppression{{Token: tok, Account: "A1", At: erased}}
	}
	later := erased.AddDate(0, 1, 0)
	book[mail] = append(book[mail], lineage.Suppression{Token: mail, Account: "A2", At: later})
	again := lineage.Token{7}
	book[again] = []lineage.Suppression{{Token: again, Account: "A1", At: later}}
	edge := func(tok lineage.Token, kind string) lineage.Edge {
		return lineage.Edge{Token: tok, Kind: kind, Role: lineage.Subject}
	}
	day := 24 * time.Hour
	for _, tt := range []struct {
		name    string
		account string
		made    time.Time
		edges   []lineage.Edge
		want    bool
	}{
		{"a number and an address", "A1", erased.Add(-day), []lineage.Edge{edge(phone, "phone"), edge(mail, "email")}, true},
		{"a number, which may be another's by now", "A1", erased.Add(-day), []lineage.Edge{edge(phone, "phone")}, false},
		{"a number and what follows from it", "A1", erased.Add(-day), []lineage.Edge{edge(phone, "phone"), edge(wa, "wa_id")}, false},
		{"a number and the name of a recording", "A1", erased.Add(-day), []lineage.Edge{edge(phone, "phone"), edge(call, "call")}, false},
		{"the id of an erased record", "A1", erased.Add(-day), []lineage.Edge{edge(lead, "facebook_lead")}, true},
		{"of the day itself", "A1", erased.Add(-2 * time.Hour), []lineage.Edge{edge(phone, "phone"), edge(mail, "email")}, false},
		{"of a day after", "A1", erased.Add(day), []lineage.Edge{edge(phone, "phone"), edge(mail, "email")}, false},
		{"of no date", "A1", time.Time{}, []lineage.Edge{edge(lead, "facebook_lead")}, false},
		{"another account's", "A3", erased.Add(-day), []lineage.Edge{edge(phone, "phone"), edge(mail, "email")}, false},
		{"of between the erasures of two accounts", "A1", erased.Add(day), []lineage.Edge{edge(phone, "phone"), edge(mail, "email")}, false},
		{"of before the last of two erasures", "A1", erased.Add(day), []lineage.Edge{edge(again, "upi"), edge(phone, "phone")}, true},
		{"an identifier only named", "A1", erased.Add(-day), []lineage.Edge{edge(phone, "phone"), {Token: mail, Kind: "email", Role: lineage.Mention}}, false},
		{"an identifier of the staff", "A1", erased.Add(-day), []lineage.Edge{edge(phone, "phone"), {Token: mail, Kind: "email", Role: lineage.Own}}, false},
	} {
		r := lineage.Sighting{Account: tt.account, RecordedAt: tt.made, Edges: tt.edges}
		if got := book.old(&r); got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
}

// TestKeyOfOther: what refers to an erased person and to another is the other's, too, only
// where the other is somebody who was not erased.
func TestKeyOfOther(t *testing.T) {
	key, hers, theirs := lineage.Token{1}, lineage.Token{2}, lineage.Token{3}
	is := func(roles ...lineage.Edge) *lineage.Found {
		return &lineage.Found{Record: lineage.Sighting{Edges: roles}}
	}
	k, link := lineage.Edge{Token: key, Role: lineage.Key}, lineage.Edge{Token: key, Role: lineage.Link}
	gone := map[lineage.Token]bool{hers: true}
	for _, tt := range []struct {
		name string
		f    *lineage.Found
		want bool
	}{
		{"another's row", is(k, lineage.Edge{Token: theirs, Role: lineage.Subject}), true},
		{"her row", is(k, lineage.Edge{Token: hers, Role: lineage.Subject}), false},
		{"her row, with a number of another", is(k, lineage.Edge{Token: theirs, Role: lineage.Subject}, lineage.Edge{Token: hers, Role: lineage.Subject}), false},
		{"a row that names nobody", is(k), false},
		{"another record that refers to the row", is(link, lineage.Edge{Token: theirs, Role: lineage.Subject}), false},
	} {
		if got := keyOfOther(tt.f, key, gone); got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
}

// TestHoldsAndComebacks: what stayed for a hold did not come back, also when there is another
// hold on it that was placed after the erasure; for a younger hold alone nothing had stayed.
func TestHoldsAndComebacks(t *testing.T) {
	phone := lineage.Token{2}
	erased := time.Date(2026, 5, 20, 12, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		holds map[string]time.Time
		back  int
	}{
		{nil, 1},
		{map[string]time.Time{"1": erased.Add(-time.Hour)}, 0},
		{map[string]time.Time{"1": erased.Add(time.Hour)}, 1},
		{map[string]time.Time{"1": erased.Add(-time.Hour), "2": erased.Add(time.Hour)}, 0},
	} {
		s := crmSite(t, lineage.Sighting{Collection: "contacts", Locator: "pk=1", Account: "A1", Sum: 1, Edges: []lineage.Edge{{Token: phone, Kind: "phone", Role: lineage.Subject}}})
		err := s.Graph.Suppress([]lineage.Suppression{{Token: phone, Kind: "phone", Account: "A1", At: erased, Ref: "one"}})
		for id, at := range tt.holds {
			doc, e := json.Marshal(Hold{ID: id, Account: "A1", PlacedAt: at})
			if err == nil {
				err = e
			}
			if err == nil {
				err = s.Graph.PutDoc(holdBucket, id, doc)
			}
		}
		if err != nil {
			t.Fatal(err)
		}
		if list, err := s.resurrections(t.Context()); err != nil || len(list) != tt.back {
			t.Errorf("%v: %v, %v", tt.holds, list, err)
		}
	}
}

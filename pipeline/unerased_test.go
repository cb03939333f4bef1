package pipeline

import (
	"testing"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/lineage"
)

// leftWorld is what a plan left undone of one record of a file.
func leftWorld(reason string, names ...lineage.Name) (*unerased, unerasedWho) {
	w := unerasedWho{"A1", lineage.Token{1}}
	at := recordPlace{"files", "a.csv", "people", ""}
	return &unerased{site: &Site{}, who: map[string]map[unerasedWho]bool{"p": {w: true}},
		places: map[recordPlace][]unerasedMark{at: {{"p", reason}}}, called: map[leftRecord][]lineage.Name{{at, "p"}: names}}, w
}

func foundIn(account string, edges []lineage.Edge, names ...lineage.Name) *lineage.Found {
	return &lineage.Found{Unit: &lineage.UnitState{Source: "files", Unit: connectors.Unit{Key: "a.csv"}},
		Record: lineage.Sighting{Collection: "people", Locator: "row 1", Account: account, Edges: edges, Names: names}}
}

// TestAnother: a record that was not erased is told until it is somebody else's for certain.
func TestAnother(t *testing.T) {
	asha, bela := lineage.Name{0x61000001, 0x72000001}, lineage.Name{0x62000002, 0x6b000002}
	hers, theirs := lineage.Token{1}, lineage.Token{2}
	key := lineage.Edge{Token: hers, Role: lineage.Key}
	subject := func(t lineage.Token) lineage.Edge { return lineage.Edge{Token: t, Role: lineage.Subject} }
	for _, tt := range []struct {
		name   string
		reason string
		was    []lineage.Name
		f      *lineage.Found
		want   bool
	}{
		{"another's", changedSince, []lineage.Name{asha}, foundIn("A1", []lineage.Edge{key, subject(theirs)}, bela), true},
		{"of her name", changedSince, []lineage.Name{asha}, foundIn("A1", []lineage.Edge{key, subject(theirs)}, asha), false},
		{"of her name and another", changedSince, []lineage.Name{asha}, foundIn("A1", []lineage.Edge{key, subject(theirs)}, bela, asha), false},
		{"of no name", changedSince, []lineage.Name{asha}, foundIn("A1", []lineage.Edge{key, subject(theirs)}), false},
		{"of no name then", changedSince, nil, foundIn("A1", []lineage.Edge{key, subject(theirs)}, bela), false},
		{"with her number", changedSince, []lineage.Name{asha}, foundIn("A1", []lineage.Edge{subject(hers), subject(theirs)}, bela), false},
		{"that refers to her row", changedSince, []lineage.Name{asha}, foundIn("A1", []lineage.Edge{{Token: hers, Role: lineage.Link}, subject(theirs)}, bela), false},
		{"of nobody's number", changedSince, []lineage.Name{asha}, foundIn("A1", []lineage.Edge{key}, bela), false},
		{"that could not be changed", "failed", []lineage.Name{asha}, foundIn("A1", []lineage.Edge{key, subject(theirs)}, bela), false},
	} {
		u, _ := leftWorld(tt.reason, tt.was...)
		if got := u.another(tt.f, unerasedMark{"p", tt.reason}); got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
}

// TestLeftRecords: which records are those that a plan left undone. In an object any record
// may have moved, so what tells them apart is why they were left.
func TestLeftRecords(t *testing.T) {
	hers := lineage.Token{1}
	for _, tt := range []struct {
		name   string
		reason string
		f      *lineage.Found
		want   bool
	}{
		{"failed", "failed", foundIn("A1", []lineage.Edge{{Token: hers, Role: lineage.Subject}}), true},
		{"named in another's", leftOver, foundIn("A1", []lineage.Edge{{Token: hers, Role: lineage.Mention}}), true},
		{"about her, beside it", leftOver, foundIn("A1", []lineage.Edge{{Token: hers, Role: lineage.Subject}}), false},
		{"of no account", homeless, foundIn("", []lineage.Edge{{Token: hers, Role: lineage.Subject}}), true},
		{"of an account, beside it", homeless, foundIn("A1", []lineage.Edge{{Token: hers, Role: lineage.Subject}}), false},
	} {
		u, w := leftWorld(tt.reason)
		if _, got := u.of(tt.f, w); got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
		if _, got := u.of(tt.f, unerasedWho{"A2", hers}); got {
			t.Errorf("%s: left of whom the plan was not about", tt.name)
		}
	}
}

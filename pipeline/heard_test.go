package pipeline

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/lineage"
)

// callsSource is a source of recordings.
func callsSource() *Source {
	src := &Source{}
	src.Name, src.Connector = "rec", "recordings"
	src.Dataset = connectors.Dataset{Key: "rec", Collections: []connectors.Collection{{Name: "calls"}}}
	return src
}

// TestHeard: a recording on which somebody is heard who was erased is handed to her alone,
// when she came back, and not to whom one of those erasures was not about.
func TestHeard(t *testing.T) {
	call, hers, id := lineage.Token{1}, lineage.Token{2}, lineage.Token{3}
	s := graphSite(t, callsSource(), lineage.Sighting{Collection: "calls", Locator: "object", Account: "A1", Sum: 1, Edges: []lineage.Edge{{Token: call, Kind: "rec.recording", Role: lineage.Key}}})
	s.kinds.links["crm.contacts.id"] = true
	err := s.Graph.Suppress([]lineage.Suppression{
		{Token: hers, Kind: "phone", Account: "A1", At: time.Now(), Ref: "one"},
		{Token: id, Kind: "crm.contacts.id", Account: "A1", At: time.Now(), Ref: "two"},
	})
	if err != nil {
		t.Fatal(err)
	}
	found, err := s.postedAt(call)
	if err != nil || len(found) != 1 {
		t.Fatal(found, err)
	}
	f := &found[0]
	a := &access{Site: s, person: &lineage.Person{Account: "A1", Tokens: map[lineage.Token]string{hers: "phone", id: "crm.contacts.id"}}}
	for _, tt := range []struct {
		plans []string
		still bool
	}{{nil, false}, {[]string{"one"}, false}, {[]string{"two"}, true}, {[]string{"three"}, true}, {[]string{"one", "three"}, true}, {[]string{"three", "one"}, true}} {
		doc, err := json.Marshal(tt.plans)
		if err == nil {
			err = s.Graph.PutDoc(heardBucket, s.heardID("rec", f.Unit.Unit.Key), doc)
		}
		if err != nil {
			t.Fatal(err)
		}
		if still, err := a.heardStill(f); err != nil || still != tt.still {
			t.Errorf("%v: heard still %v, %v", tt.plans, still, err)
		}
		p := &application{Site: s, plan: &planFile{Plan: &Plan{ID: "three", Keep: 1}}}
		want := len(tt.plans) > 0 && (tt.plans[0] == "three" || tt.plans[len(tt.plans)-1] == "three")
		if left, err := p.leftToOthers(call, "rec.recording"); err != nil || left != want {
			t.Errorf("%v: left by the third %v, %v", tt.plans, left, err)
		}
	}
}

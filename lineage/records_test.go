package lineage

import (
	"context"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cratio/sutra/connectors"
)

// TestRecordsInAnyOrder: the records of a unit that knows where they stand are found by their
// names, in whatever order they are asked for.
func TestRecordsInAnyOrder(t *testing.T) {
	g, err := Create(t.TempDir(), testKey, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	w, err := g.Begin()
	if err != nil {
		t.Fatal(err)
	}
	var locators []string
	for n := range 3000 {
		locators = append(locators, "pk="+strconv.Itoa(n))
	}
	made := func(n int) []Sighting {
		s := Sighting{Collection: "leads", Locator: locators[n], Trigger: NoDate, Facts: map[string]string{"consent:sms": strings.Repeat("y", n%7)}}
		for i := range n%3 + 1 {
			s.Edges = append(s.Edges, Edge{Token: g.Token("phone", strconv.Itoa(n/2+i)), Kind: "phone", Role: Subject})
		}
		return []Sighting{s}
	}
	u := connectors.Unit{Key: "leads[1,10001)", Fingerprint: "1"}
	uw, err := w.Unit("s", u)
	if err != nil {
		t.Fatal(err)
	}
	uw.Find()
	for n := range locators {
		if err := uw.Add(made(n)); err != nil {
			t.Fatal(err)
		}
	}
	st := UnitState{Source: "s", Unit: u, Records: len(locators), Mark: "m", CommittedAt: time.Unix(1, 0)}
	if err := uw.Commit(st); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	known, err := g.Unit("s", u.Key)
	if err != nil || known == nil {
		t.Fatal(known, err)
	}
	found, err := g.Records(known, "leads", locators)
	if err != nil || len(found) != len(locators) {
		t.Fatalf("%d of %d records are found: %v", len(found), len(locators), err)
	}
	for _, f := range found {
		if n, err := strconv.Atoi(strings.TrimPrefix(f.Record.Locator, "pk=")); err != nil || len(f.Record.Edges) != n%3+1 || len(f.Record.Facts["consent:sms"]) != n%7 {
			t.Fatalf("%s has %d edges, facts %v: %v", f.Record.Locator, len(f.Record.Edges), f.Record.Facts, err)
		}
	}
}

package lineage

import (
	"context"
	"strconv"
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
	made := func(l string) []Sighting {
		return []Sighting{{Collection: "leads", Locator: l, Trigger: NoDate, Edges: []Edge{{Token: g.Token("phone", l), Kind: "phone", Role: Subject}}}}
	}
	u := connectors.Unit{Key: "leads[1,10001)", Fingerprint: "1"}
	uw, err := w.Unit("s", u)
	if err != nil {
		t.Fatal(err)
	}
	uw.Find()
	for _, l := range locators {
		if err := uw.Add(made(l)); err != nil {
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
}

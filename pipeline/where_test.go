package pipeline

import (
	"fmt"
	"testing"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/lineage"
)

// The order does not tell which unit was read first; within a unit it is that of the records.
func TestWhereInOrder(t *testing.T) {
	at := func(source, collection, unit, locator string) lineage.Found {
		return lineage.Found{Unit: &lineage.UnitState{Source: source, Unit: connectors.Unit{Key: unit}}, Record: lineage.Sighting{Collection: collection, Locator: locator}}
	}
	list := []lineage.Found{at("files", "leads", "b.csv", "row 9"), at("files", "leads", "b.csv", "row 10"), at("crm", "notes", "n", "pk=2"), at("files", "leads", "a.csv", "row 1"), at("crm", "leads", "l", "pk=1")}
	var got []string
	for _, f := range inOrder(list) {
		got = append(got, f.Unit.Unit.Key+" "+f.Record.Locator)
	}
	if want := "[l pk=1 n pk=2 a.csv row 1 b.csv row 9 b.csv row 10]"; fmt.Sprint(got) != want {
		t.Errorf("got %v, want %s", got, want)
	}
}

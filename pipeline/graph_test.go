package pipeline

import (
	"errors"
	"testing"
	"time"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/lineage"
)

// graphSite is a site whose graph holds records of a database, "crm", one unit for each of
// its collections, and nothing besides.
func graphSite(t *testing.T, src *Source, records ...lineage.Sighting) *Site {
	t.Helper()
	g, err := lineage.Create(t.TempDir(), [32]byte{1}, lineage.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := g.Close(); err != nil {
			t.Error(err)
		}
	})
	w, err := g.Begin()
	by := map[string][]lineage.Sighting{}
	for _, r := range records {
		by[r.Collection] = append(by[r.Collection], r)
	}
	for _, coll := range src.Dataset.Collections {
		list := by[coll.Name]
		if err != nil || len(list) == 0 {
			continue
		}
		unit := connectors.Unit{Key: coll.Name + "[1,10001)"}
		var u *lineage.UnitWriter
		if u, err = w.Unit(src.Name, unit); err == nil {
			err = errors.Join(u.Add(list), u.Commit(lineage.UnitState{Source: src.Name, Unit: unit}))
		}
	}
	if err := errors.Join(err, w.Close(t.Context())); err != nil {
		t.Fatal(err)
	}
	s := &Site{Graph: g, Sources: []*Source{src}, out: func(any) {}}
	s.kinds, s.Now = newKinds(s.Sources), time.Now
	return s
}

// recordsAt are the places of records, in order.
func recordsAt(list []lineage.Found) (out []string) {
	for i := range list {
		out = append(out, list[i].Record.Collection+" "+list[i].Record.Locator)
	}
	return out
}

// crmSite is such a site of contacts, notes and deals.
func crmSite(t *testing.T, records ...lineage.Sighting) *Site {
	t.Helper()
	src := &Source{}
	src.Name, src.Connector = "crm", "sqlite"
	src.Dataset = connectors.Dataset{Key: "crm", Collections: []connectors.Collection{{Name: "contacts"}, {Name: "notes"}, {Name: "agents", Staff: true}, {Name: "deals"}}}
	return graphSite(t, src, records...)
}

package pipeline

import (
	"maps"
	"testing"

	"github.com/cratio/sutra/connectors"
)

// TestOrders: what refers goes before what it refers to, in any depth; what a catalog says
// stands.
func TestOrders(t *testing.T) {
	refers := func(name string, to ...string) connectors.Collection {
		c := connectors.Collection{Name: name}
		for _, x := range to {
			c.Fields = append(c.Fields, connectors.CatalogField{Name: x + "_id", References: []connectors.Reference{{Dataset: "crm", Collection: x, Field: "id"}}})
		}
		return c
	}
	other := refers("letters")
	other.Fields = []connectors.CatalogField{{Name: "to", References: []connectors.Reference{{Dataset: "shop", Collection: "contacts", Field: "id"}}}}
	said := refers("notes", "contacts")
	said.Order = 3
	for _, tt := range []struct {
		name string
		d    []connectors.Collection
		want map[string]int
	}{
		{"a chain", []connectors.Collection{refers("contacts"), refers("deals", "contacts"), refers("notes", "deals")}, map[string]int{"deals": 1, "contacts": 2}},
		{"two ways", []connectors.Collection{refers("notes", "contacts", "deals"), refers("deals", "contacts"), refers("contacts")}, map[string]int{"deals": 1, "contacts": 2}},
		{"to itself", []connectors.Collection{refers("contacts", "contacts"), refers("notes", "contacts")}, map[string]int{"contacts": 1}},
		{"a circle", []connectors.Collection{refers("a", "b"), refers("b", "a")}, map[string]int{"a": mostOrders, "b": mostOrders}},
		{"of another database", []connectors.Collection{other, refers("contacts")}, map[string]int{}},
		{"said", []connectors.Collection{refers("contacts"), said}, nil},
	} {
		got := orders(connectors.Dataset{Key: "crm", Collections: tt.d})
		if !maps.Equal(got, tt.want) || (got == nil) != (tt.want == nil) {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}

package pipeline

import (
	"slices"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/lineage"
)

// A plan of more records than one transaction takes is done in several, and a row that others
// refer to at the end of its own is emptied and stays for good. What refers goes first: in the
// order of the catalog, or where it gives none, in that of the references.

// mostOrders bounds the order of tables in a cycle.
const mostOrders = 8

// order is when the records of a collection go; smaller is first.
func (pl *planner) order(f *lineage.Found) int {
	of, ok := pl.orders[f.Unit.Source]
	if !ok {
		for _, src := range pl.Sources {
			if src.Name == f.Unit.Source && database(src.Connector) {
				of = orders(src.Dataset)
			}
		}
		if pl.orders == nil {
			pl.orders = map[string]map[string]int{}
		}
		pl.orders[f.Unit.Source] = of
	}
	coll := pl.collection(f)
	if of == nil {
		return coll.Order
	}
	return of[coll.Name]
}

// orders finds the order of collections from their references: one that others refer to goes
// after these. nil when the catalog gives an order itself.
func orders(d connectors.Dataset) map[string]int {
	if slices.ContainsFunc(d.Collections, func(c connectors.Collection) bool { return c.Order != 0 }) {
		return nil
	}
	out := map[string]int{}
	for range mostOrders {
		for _, c := range d.Collections {
			for _, f := range c.Fields {
				for _, to := range f.References {
					if to.Dataset == d.Key && to.Collection != c.Name {
						out[to.Collection] = min(max(out[to.Collection], out[c.Name]+1), mostOrders)
					}
				}
			}
		}
	}
	return out
}

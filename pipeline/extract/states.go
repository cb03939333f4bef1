package extract

import (
	"slices"
	"strings"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/lineage"
)

// The log of a change has a row's state before and after it, each in a column of its own. A
// row that was given to somebody else, or into which the wrong person was typed, leaves one
// that is hers and one that is his.

// states makes parts of the documents that a record has in several columns, where it says
// nothing itself of whom it is about and they are about different people.
func (r *record) states() {
	state := func(h heldCard) bool {
		return h.whole && h.c.Look == connectors.LookJSON && !strings.Contains(h.c.Name, "/")
	}
	first := slices.IndexFunc(r.held, state)
	if first < 0 || r.shape.own || len(r.name) > 0 || slices.ContainsFunc(r.edge, func(e lineage.Edge) bool { return e.Role == lineage.Subject || e.Role == lineage.Party }) {
		return
	}
	if !slices.ContainsFunc(r.held, func(h heldCard) bool { return state(h) && othersCard(h.hits, r.held[first].hits) }) {
		return
	}
	r.held = slices.DeleteFunc(r.held, func(h heldCard) bool {
		if !state(h) {
			return false
		}
		s := lineage.Sighting{Within: h.c.Name}
		r.hits(h.c, h.hits, &s.Edges, &s.Names, &s.Labels)
		r.parts = append(r.parts, s)
		return true
	})
}

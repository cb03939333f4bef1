package extract

import (
	"slices"
	"strings"

	"github.com/cratio/sutra/lineage"
)

// unbridge drops what leads over a table without a personal value, when the record says
// itself whom it is about: she need not be the one who is behind that.
func (r *record) unbridge() {
	said := func(e lineage.Edge) bool { return e.Role == lineage.Subject || e.Role == lineage.Party }
	if !r.itself && len(r.name)+len(r.label) == 0 && !slices.ContainsFunc(r.edge, said) {
		return
	}
	r.edge = slices.DeleteFunc(r.edge, func(e lineage.Edge) bool { return e.Role == lineage.Link && r.x.Bridges[e.Kind] })
	clear(r.index)
}

// isIdentifier reports a text that is an identifier and nothing else.
func isIdentifier(text string) bool {
	text = strings.TrimSpace(text)
	found := Find(text)
	return len(found) == 1 && found[0].Start == 0 && found[0].End == len(text)
}

// personWord reports a word in the name of a column that holds who took part.
func personWord(word string) bool {
	switch word {
	case "author", "sender", "writer", "member", "customer", "contact", "person", "guest", "attendee", "participant", "reviewer", "client", "buyer", "visitor", "subscriber",
		"student", "patient", "passenger", "recipient", "lead":
		return true
	}
	return false
}

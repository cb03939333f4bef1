package extract

import (
	"slices"

	"github.com/cratio/sutra/lineage"
)

// pasted is JSON that stands in a free text. It waits until the other fields have told
// whom the record is about.
type pasted struct {
	c *column
	v string
}

// remarks takes in the JSON in free texts.
func (r *record) remarks() {
	if len(r.pasted)+len(r.held) == 0 {
		return
	}
	r.states()
	r.heldCards()
	r.about = len(r.edge)
	for _, p := range r.pasted {
		r.json(p.c, p.v)
	}
	r.heldCards()
}

// another reports a document in a free text of a record that is about somebody and of whom
// the document says nothing: it is about another, as plain words with a number in them are.
// A record that is about nobody else, such as a line of a log, is about whom it names.
func (r *record) another(d *document) bool {
	somebody := false
	for _, e := range r.edge[:r.about] {
		switch e.Role {
		case lineage.Subject, lineage.Party, lineage.Link, lineage.Member, lineage.Merged:
			somebody = true
		}
	}
	return somebody && !slices.ContainsFunc(d.parts, r.shares)
}

// shares reports a part of a document with an identifier that the record has as one of
// whom it is about.
func (r *record) shares(p *part) bool {
	return slices.ContainsFunc(p.hits, func(h hit) bool {
		if h.name {
			return false
		}
		t := r.hash.Token(h.Kind, h.Value)
		return slices.ContainsFunc(r.edge[:r.about], func(e lineage.Edge) bool { return e.Token == t && e.Role != lineage.Mention })
	})
}

package extract

import (
	"slices"

	"github.com/cratio/sutra/lineage"
)

// payee takes in the number that a payment address begins with. It may be a relative's who
// pays, so it joins nothing; of a record that says nothing else, it tells whose it is.
func (r *record) payee(v string) {
	for _, s := range Find(v) {
		if s.Kind == KindPhone {
			e := r.edgeOf(s.Identifier, lineage.Mention)
			r.add(&r.edge, e)
			r.payer = e.Token
		}
	}
}

// whoPaid makes the number in a payment address the record's own when nothing else in it
// says whose it is.
func (r *record) whoPaid() {
	if slices.ContainsFunc(r.edge, func(e lineage.Edge) bool {
		return e.Kind != kindUPI && e.Role != lineage.Mention && e.Role != lineage.Key
	}) {
		return
	}
	for i := range r.edge {
		if e := &r.edge[i]; e.Token == r.payer {
			e.Role = lineage.Subject
		}
	}
}

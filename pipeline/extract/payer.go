package extract

import (
	"slices"
	"strings"

	"github.com/cratio/sutra/lineage"
)

// paymentAddress reports a UPI address in lower case. Behind its @ stands a word: with a
// dot there it is a mailbox. What else forms have in its place ("cash") is nobody's.
func paymentAddress(s string) bool {
	local, handle, _ := strings.Cut(s, "@")
	bare := func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return -1
		}
		return r
	}
	return len(local) >= 2 && len(local) <= 256 && strings.Trim(strings.Map(bare, local), "._-") == "" &&
		len(handle) >= 2 && len(handle) <= 64 && handle[0] > '9' && strings.Map(bare, handle) == ""
}

// payee takes in the number that a payment address begins with, or the mailbox that stands
// in its place. It may be a relative's who pays, so it joins nothing; of a record that says
// nothing else, it tells whose it is.
func (r *record) payee(v string) {
	for _, s := range Find(v) {
		e := r.edgeOf(s.Identifier, lineage.Mention)
		r.add(&r.edge, e)
		r.payer = e.Token
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

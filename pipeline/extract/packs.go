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

// packs takes in the number that a payment address or a message id begins with, or the
// mailbox that stands in its place. It may be a relative's who pays, or of a message that is
// answered, so it joins nothing; of a record that says nothing else, it tells whose it is.
func (r *record) packs(v string) {
	if r.shape.own {
		r.text(v)
		return
	}
	for _, s := range Find(v) {
		e := r.edgeOf(s.Identifier, lineage.Mention)
		r.add(&r.edge, e)
		if r.packed == (lineage.Token{}) {
			r.packed = e.Token
		}
		r.doubtful = r.doubtful || r.packed != e.Token
	}
}

// unpack makes the one number in payment addresses and message ids the record's own when
// nothing else in it says whose it is.
func (r *record) unpack() {
	if r.doubtful || slices.ContainsFunc(r.edge, func(e lineage.Edge) bool {
		return e.Kind != kindUPI && e.Kind != kindMessage && e.Role != lineage.Mention && e.Role != lineage.Key
	}) {
		return
	}
	for i := range r.edge {
		if e := &r.edge[i]; e.Token == r.packed {
			e.Role = lineage.Subject
		}
	}
}

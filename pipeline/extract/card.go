package extract

import (
	"hash/fnv"
	"slices"

	"github.com/cratio/sutra/connectors/format/json"
	"github.com/cratio/sutra/lineage"
)

// card is an object with a name of its own inside a document or one of its parts, or a form,
// and what was found in it: {"delivery": {"name": ..., "mobile": ...}}. It may be about somebody else
// than what is around it.
type card struct {
	node *json.Node
	hits []hit
}

// cards sorts what was found below a node by the named object that it stands in. own is what
// stands in none of them, and what such an object has when it holds no identifier.
func cards(top *json.Node, hits []hit) (own []hit, list []card) {
	named := map[*json.Node]int{}
	for _, h := range hits {
		switch {
		case !h.name || h.node == nil || h.node == top:
		case h.form:
			named[h.node] = -1
		case keyMeaning(h.node.Key).name:
			if o := h.node.Parent; o != nil && o != top && o.Kind == json.Object {
				named[o] = -1
			}
		}
	}
	if len(named) == 0 {
		return hits, nil
	}
	for _, h := range hits {
		o := namedAbove(h.node, top, named)
		if o == nil {
			continue
		}
		if named[o] < 0 {
			named[o] = len(list)
			list = append(list, card{node: o})
		}
		list[named[o]].hits = append(list[named[o]].hits, h)
	}
	list = slices.DeleteFunc(list, func(c card) bool {
		drop := !subjectHits(&part{hits: c.hits})
		if drop {
			delete(named, c.node)
		}
		return drop
	})
	for _, h := range hits {
		if namedAbove(h.node, top, named) == nil {
			own = append(own, h)
		}
	}
	return own, list
}

// namedAbove returns the nearest of the named objects that a node stands in, nil when there
// is none between it and top.
func namedAbove(n, top *json.Node, named map[*json.Node]int) *json.Node {
	var found *json.Node
	for ; n != nil && n != top; n = n.Parent {
		if _, ok := named[n]; ok && found == nil {
			found = n
		}
	}
	if n == nil {
		return nil // in a text of its own: JSON in a string
	}
	return found
}

// subjectHits reports whether the part is about somebody.
func subjectHits(p *part) bool {
	for _, h := range p.hits {
		if !h.name && h.role != lineage.Mention {
			return true
		}
	}
	return false
}

// theirs reports a part that is about a person.
func theirs(p *part) bool { return p.unidentified || subjectHits(p) }

// split makes parts of the cards in a part that are about somebody else than the rest of it:
// the names are clearly different, and no identifier is the same. Where the rest is about
// nobody, several people's cards are parts each.
func (d *document) split(top *json.Node, p *part) {
	own, list := cards(top, p.hits)
	if len(list) == 0 {
		return
	}
	var apart []card
	if subjectHits(&part{hits: own}) {
		for _, c := range list {
			if othersCard(c.hits, own) {
				apart = append(apart, c)
			}
		}
	} else if slices.ContainsFunc(list, func(c card) bool { return othersCard(c.hits, list[0].hits) }) {
		apart = list
	}
	gone := map[*json.Node]int{}
	for _, c := range apart {
		gone[c.node] = 0
		d.parts = append(d.parts, &part{pointer: json.Pointer(c.node), node: c.node, hits: c.hits})
	}
	all := map[*json.Node]int{}
	for _, c := range list {
		all[c.node] = 0
	}
	p.hits = slices.DeleteFunc(p.hits, func(h hit) bool {
		_, ok := gone[namedAbove(h.node, top, all)]
		return ok
	})
}

// othersCard reports that two lists of what was found are about different people.
func othersCard(a, b []hit) bool {
	for _, x := range a {
		if !x.name && slices.ContainsFunc(b, func(y hit) bool { return !y.name && x.Identifier == y.Identifier }) {
			return false
		}
	}
	return clearlyDifferent(namesOf(a), namesOf(b))
}

// clearlyDifferent reports two people's names: there are some on either side, and none agrees
// with one of the other.
func clearlyDifferent(a, b []lineage.Name) bool {
	for _, x := range a {
		if slices.ContainsFunc(b, x.Agrees) {
			return false
		}
	}
	return len(a) > 0 && len(b) > 0
}

// namesOf are the signatures of the names among what was found.
func namesOf(hits []hit) []lineage.Name {
	n := namer{hash: plainWords{}}
	var out []lineage.Name
	for _, h := range hits {
		if s := n.signature(h.Value); h.name && s != nil {
			out = append(out, slices.Clone(s))
		}
	}
	return out
}

// plainWords hashes words without a key, for names that are compared at once and not kept.
type plainWords struct{}

func (plainWords) Token(string, string) lineage.Token { return lineage.Token{} }
func (plainWords) Sum([]byte) uint64                  { return 0 }
func (plainWords) Word(s string) uint32 {
	h := fnv.New32a()
	h.Write([]byte(s))
	return h.Sum32()
}

// heldCard is a card that waits until the other fields have told whom the record is about.
type heldCard struct {
	c     *column
	hits  []hit
	whole bool // it is all that its column holds
}

// heldCards takes in the cards: those that share an identifier with the record first, since
// they may tell its name.
func (r *record) heldCards() {
	for more := true; more; {
		more = false
		r.held = slices.DeleteFunc(r.held, func(h heldCard) bool {
			if !r.sharing(h.hits) {
				return false
			}
			r.hits(h.c, h.hits, &r.edge, &r.name, &r.label)
			more = true
			return true
		})
	}
	for _, h := range r.held {
		if r.shape.own || !r.stranger(h.hits) {
			r.hits(h.c, h.hits, &r.edge, &r.name, &r.label)
			continue
		}
		for _, x := range h.hits {
			if !x.name {
				r.add(&r.edge, r.edgeOf(x.Identifier, lineage.Mention))
			}
		}
	}
	r.held = r.held[:0]
}

// sharing reports that the record has one of the identifiers, not as a mention.
func (r *record) sharing(hits []hit) bool {
	return slices.ContainsFunc(hits, func(h hit) bool {
		if h.name {
			return false
		}
		t := r.hash.Token(h.Kind, h.Value)
		return slices.ContainsFunc(r.edge, func(e lineage.Edge) bool { return e.Token == t && e.Role != lineage.Mention })
	})
}

// stranger reports a card of somebody else than the record is about.
func (r *record) stranger(hits []hit) bool {
	about := slices.ContainsFunc(r.edge, func(e lineage.Edge) bool {
		switch e.Role {
		case lineage.Subject, lineage.Party, lineage.Link, lineage.Member, lineage.Merged:
			return true
		}
		return false
	})
	if !about || len(r.name) == 0 {
		return false
	}
	var names []lineage.Name
	for _, h := range hits {
		if n := r.names.signature(h.Value); h.name && n != nil {
			names = append(names, slices.Clone(n))
		}
	}
	return clearlyDifferent(names, r.name)
}

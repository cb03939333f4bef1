package extract

import (
	"slices"
	"strings"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/format/json"
	"github.com/cratio/sutra/lineage"
)

// json looks into a value.
func (r *record) json(c *column, v string) {
	d := look(&c.Field, v)
	switch {
	case d == nil && slices.Contains(c.Categories, "user"):
		r.labelled(c, v) // it may hold anything: a form's answer that is nothing but a number is hers
		return
	case d == nil:
		r.text(v)
		return
	}
	if c.Role == "mention" || c.remark && r.another(d) { // it holds other people
		for _, p := range d.parts {
			for _, h := range p.hits {
				if !h.name {
					r.add(&r.edge, r.edgeOf(h.Identifier, lineage.Mention))
				}
			}
		}
		return
	}
	for k, p := range d.parts {
		if k == 0 {
			r.around(p.hits)
			own, list := cards(d.inmost().top, p.hits)
			if d.value && slices.ContainsFunc(own, func(h hit) bool { return h.name }) {
				own, list = nil, append(list, card{hits: own}) // a value by itself may be about another, too
			}
			r.hits(c, own, &r.edge, &r.name, &r.label)
			for _, x := range list {
				r.held = append(r.held, heldCard{c, x.hits, x.node == nil || len(own) == 0 && len(list) == 1})
			}
			continue
		}
		r.unidentified = r.unidentified || p.unidentified
		s := lineage.Sighting{Within: c.Name + p.pointer}
		r.hits(c, p.hits, &s.Edges, &s.Names, &s.Labels)
		r.parts = append(r.parts, s)
	}
}

// around takes a number or an address that a receiver wrote beside a lead for another's, when
// nothing says what it is and the lead names its person otherwise: it may be who sent the lead.
func (r *record) around(hits []hit) {
	contact := func(e lineage.Edge) bool { return e.Role == lineage.Subject }
	if !slices.ContainsFunc(r.edge, contact) {
		return
	}
	for i := range hits {
		h := &hits[i]
		if h.name || h.role != lineage.Subject || h.node == nil || r.sharing(hits[i:i+1]) {
			continue
		}
		if key, beside := strings.CutPrefix(h.node.Key, connectors.Beside); beside && keyMeaning(key).identity == "" {
			h.role = lineage.Mention
		}
	}
}

// hits takes in what was found in one part of a document.
func (r *record) hits(c *column, hits []hit, edges *[]lineage.Edge, names, labels *[]lineage.Name) {
	own := edges == &r.edge
	var several map[string]bool
	if own && len(c.Inner) > 0 {
		several = r.x.severalAt(hits)
	}
	for _, h := range hits {
		switch {
		case h.name && thingKey(c.Name):
		case h.name:
			if h.called {
				r.named(labels, labels, c, h.Value)
				continue
			}
			r.named(names, labels, c, h.Value)
		case h.may:
			l := r.x.linkerOf(h.Kind)
			r.refer(&l, h.Value, &r.may, h.role)
		case r.shape.own:
			r.add(edges, r.edgeOf(h.Identifier, lineage.Own))
		case h.role == lineage.Link && r.leadsAway(c, h.Kind, own):
			continue
		case h.role == lineage.Link && len(several) > 0 && several[h.Kind+" "+pathOf(h.node)]:
			l := r.x.linkerOf(h.Kind)
			r.refer(&l, h.Value, &r.several, h.role)
		case h.role == lineage.Link:
			l := r.x.linkerOf(h.Kind) // as the database with the keys compares them
			r.refer(&l, h.Value, edges, h.role)
		default:
			r.add(edges, r.edgeOf(h.Identifier, h.role))
		}
		if h.role != lineage.Mention {
			r.personal = true
		}
	}
}

// leadsAway reports that a key of a value refers to no person, such as the tenant or whoever
// sells to her, or in a person's own row to another of her kind, which "merged into" does not.
// own is whether the key speaks of the row itself: an entry of a list there, with a name and
// what is said of her, is that other's part in it.
func (r *record) leadsAway(c *column, kind string, own bool) bool {
	merged := func(in connectors.Inner) bool {
		return slices.Contains(in.Links, "merged") && slices.Contains(in.Links, kind)
	}
	return r.x.Bare[kind] || own && r.x.Unique[kind] && r.shape.identifies(kind) && !slices.ContainsFunc(c.Inner, merged)
}

// sides tells the two ends of a call or message apart where the record says elsewhere who it
// is about: when she is one of them, whoever is at the other is somebody whom it mentions.
func (r *record) sides() {
	hers := func(e lineage.Edge) bool {
		return slices.ContainsFunc(r.edge, func(x lineage.Edge) bool { return x.Token == e.Token && x.Role == lineage.Subject })
	}
	one := false
	for i := range r.edge {
		one = one || r.edge[i].Role == lineage.Party && hers(r.edge[i])
	}
	for i := range r.edge {
		if e := &r.edge[i]; one && e.Role == lineage.Party && !hers(*e) {
			e.Role = lineage.Mention
		}
	}
}

// members lets a part of a record lead to the recording that the record belongs to: each
// who is named in one of several parts is one of several owners.
func (r *record) members(edges []lineage.Edge) []lineage.Edge {
	for _, e := range r.edge {
		if e.Role == lineage.Link && r.x.Medium[e.Kind] {
			e.Role = lineage.Member
			edges = append(edges, e)
		}
	}
	return edges
}

// look parses a JSON text, also one that was cut in the middle; nil when it is
// not JSON at all. f is the column in which it stands.
func look(f *connectors.Field, text string) *document {
	d := lookInto(f.Inner, text, above(f), 0, false)
	if d != nil {
		d.value = f.Name != json.RestColumn
	}
	return d
}

package extract

import (
	"slices"

	"github.com/cratio/sutra/connectors/format/json"
	"github.com/cratio/sutra/lineage"
)

type refPasted struct {
	c *refColumn
	v string
}

func (r *refRecord) remark(c *refColumn, links bool) bool {
	return c.text && !links && !c.Means("name") && !r.shape.coll.Staff && !r.shape.coll.Accounts && c.Personal() && !slices.Contains(c.Categories, "user")
}

// another reports a document that says nothing of whom the record is about.
func (r *refRecord) another(d *document) bool {
	about, shared := false, false
	for _, e := range r.known {
		about = about || e.Role != lineage.Mention && e.Role != lineage.Key && e.Role != lineage.Own
		for _, p := range d.parts {
			for _, h := range p.hits {
				shared = shared || !h.name && e.Role != lineage.Mention && e.Token == r.x.Hash.Token(h.Kind, h.Value)
			}
		}
	}
	return about && !shared
}

func (r *refRecord) json(c *refColumn, v string) {
	d := look(&c.Field, v)
	switch {
	case d == nil && slices.Contains(c.Categories, "user"):
		r.labelled(c, v)
		return
	case d == nil:
		r.text(v)
		return
	}
	linked := len(c.Keys)+len(c.Links) > 0 || c.poly >= 0
	if c.Role == "mention" || r.remark(c, linked) && r.another(d) { // it holds other people
		for _, p := range d.parts {
			for _, h := range p.hits {
				if !h.name {
					r.add(&r.out, h.Identifier, lineage.Mention)
				}
			}
		}
		return
	}
	for k, p := range d.parts {
		to := &r.out
		if k > 0 {
			r.parts = append(r.parts, lineage.Sighting{Within: c.Name + p.pointer})
			to = &r.parts[len(r.parts)-1]
		}
		if k > 0 {
			r.takeIn(to, c, p.hits)
			continue
		}
		own, list := cards(d.root, p.hits)
		if c.Name != json.RestColumn && slices.ContainsFunc(own, func(h hit) bool { return h.name }) {
			own, list = nil, append(list, card{hits: own})
		}
		r.takeIn(to, c, own)
		for _, x := range list {
			r.held = append(r.held, refHeld{c, x.hits})
		}
	}
}

func (r *refRecord) takeIn(to *lineage.Sighting, c *refColumn, hits []hit) {
	for _, h := range hits {
		switch {
		case h.name && thingKey(c.Name):
		case h.name:
			r.name(to, c.Name, h.Value)
		case r.shape.coll.Accounts || r.shape.coll.Staff:
			r.add(to, h.Identifier, lineage.Own)
		default:
			r.add(to, h.Identifier, h.role)
		}
		if h.role != lineage.Mention {
			r.personal = true
		}
	}
}

type refHeld struct {
	c    *refColumn
	hits []hit
}

// settle takes in the named objects that were found in documents, as the record's or as
// somebody else's.
func (r *refRecord) settle() {
	for more := true; more; {
		more = false
		var rest []refHeld
		for _, h := range r.held {
			if !r.has(h.hits) {
				rest = append(rest, h)
				continue
			}
			r.takeIn(&r.out, h.c, h.hits)
			more = true
		}
		r.held = rest
	}
	for _, h := range r.held {
		about := slices.ContainsFunc(r.out.Edges, func(e lineage.Edge) bool {
			return e.Role != lineage.Mention && e.Role != lineage.Key && e.Role != lineage.Own
		})
		var names []lineage.Name
		for _, x := range h.hits {
			if n := refName(r.x.Hash, x.Value); x.name && n != nil {
				names = append(names, n)
			}
		}
		agree := len(names) == 0 || len(r.out.Names) == 0
		for _, n := range names {
			for _, o := range r.out.Names {
				agree = agree || n.Agrees(o)
			}
		}
		if !about || agree || r.shape.coll.Accounts || r.shape.coll.Staff {
			r.takeIn(&r.out, h.c, h.hits)
			continue
		}
		for _, x := range h.hits {
			if !x.name {
				r.add(&r.out, x.Identifier, lineage.Mention)
			}
		}
	}
	r.held = nil
}

// has reports an identifier that the record has and does not only mention.
func (r *refRecord) has(hits []hit) bool {
	for _, h := range hits {
		for _, e := range r.out.Edges {
			if !h.name && e.Role != lineage.Mention && e.Token == r.x.Hash.Token(h.Kind, h.Value) {
				return true
			}
		}
	}
	return false
}

package extract

import (
	"slices"

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
		for _, h := range p.hits {
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
}

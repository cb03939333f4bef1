package extract

import (
	"slices"

	"github.com/cratio/sutra/connectors/format/json"
	"github.com/cratio/sutra/lineage"
)

// foreign reports whether a part of the document is about somebody else.
func (r *Redactor) foreign(d *document) bool { return slices.ContainsFunc(d.parts[1:], r.anothers) }

// anothers reports a part that is about somebody else.
func (r *Redactor) anothers(p *part) bool {
	return !r.Everybody && theirs(p) && !r.owns(p) && !r.staff(p)
}

// strangers reports a document that is about somebody else and holds nothing of hers: what is
// left when her share was taken out of one about several people.
func (r *Redactor) strangers(d *document) bool {
	return r.anothers(d.inmost().parts[0]) && !r.mineIn(d)
}

// staff reports whether a part is the account's own: nobody else is its subject.
func (r *Redactor) staff(p *part) bool {
	if r.Own == nil || p.unidentified {
		return false
	}
	for _, h := range p.hits {
		if !h.name && h.role != lineage.Mention && h.role != lineage.Link && !r.Own(h.Kind, h.Value) {
			return false
		}
	}
	return true
}

// owns reports whether the part is about her.
func (r *Redactor) owns(p *part) bool {
	for _, h := range p.hits {
		if !h.name && h.role != lineage.Mention && r.Mine(h.Kind, h.Value) {
			return true
		}
	}
	return false
}

func (r *Redactor) mineIn(d *document) bool {
	for _, p := range d.parts {
		for _, h := range p.hits {
			if !h.name && r.Mine(h.Kind, h.Value) {
				return true
			}
		}
	}
	return false
}

// somebodyIn reports a document with an identifier or a name.
func somebodyIn(d *document) bool {
	return slices.ContainsFunc(d.parts, func(p *part) bool { return len(p.hits) > 0 })
}

// others are the nodes of the parts that are about somebody else.
func (r *Redactor) others(d *document) map[*json.Node]bool {
	stay := map[*json.Node]bool{}
	for _, x := range d.parts[1:] {
		if x.node != nil && belongs(x.node, d.root) && r.anothers(x) {
			stay[x.node] = true
		}
	}
	return stay
}

// holds reports whether one of the given nodes stands in n.
func holds(n *json.Node, in map[*json.Node]bool) bool {
	for x := range in {
		if inside(x, map[*json.Node]bool{n: true}) {
			return true
		}
	}
	return false
}

// inside reports whether a node stands in one of the given ones.
func inside(n *json.Node, in map[*json.Node]bool) bool {
	for n = n.Parent; n != nil; n = n.Parent {
		if in[n] {
			return true
		}
	}
	return false
}

// leaveParts takes everything out of a document but the parts of others, and her identifiers
// out of those. A document without such a part is cut.
func (r *Redactor) leaveParts(d *document) (string, bool) {
	var p json.Patch
	stay := r.others(d)
	for n, inner := range d.nested {
		if r.foreign(inner) {
			stay[n] = true
		}
	}
	if len(stay) == 0 {
		return r.cut(d)
	}
	p.Strip(d.root, stay)
	for _, x := range d.parts[1:] {
		if x.node != nil && r.owns(x) && inside(x.node, stay) {
			p.Strip(x.node, stay)
		}
	}
	for n := range stay {
		if inner := d.nested[n]; inner != nil {
			if out, changed := r.leaveParts(inner); changed {
				p.SetString(n, out)
			}
			continue
		}
		json.Walk(n, func(x *json.Node) bool {
			r.cutValue(d, x, &p)
			return true
		})
	}
	if p.Empty() {
		return "", false
	}
	return string(p.Apply(d.data)), true
}

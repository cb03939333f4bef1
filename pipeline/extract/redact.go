package extract

import (
	"slices"
	"strings"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/format/json"
	"github.com/cratio/sutra/lineage"
)

// Erased stands where an identifier was cut out of a text.
const Erased = "[erased]"

// Extent says how much of a record an edit empties.
type Extent uint8

// The extents of a redaction.
const (
	Whole   Extent = iota + 1 // the record is about her: all her personal fields
	Partial                   // others share the record: her part, and her identifiers
	Strip                     // the record is kept by law: all personal fields but those marked keep
	Rest                      // the record would go, did others not have parts in it: all but their parts
)

// Redactor rewrites the fields of a record so that nothing of one person is left
// in it. Mine recognises her identifiers; it sees normalised values and keeps
// none.
type Redactor struct {
	Extent    Extent
	Everybody bool // the record's time is over, or all of it is theirs who go: whoever is named in it
	Mine      func(kind, value string) bool
	// Hers and Theirs are columns all of which is her part of the record, or another's.
	Hers, Theirs []string
	// Named says that she is only mentioned in the record: what it gives its person is not hers.
	Named bool
	// Own recognises the account's own identifiers and its staff's; nil: none is. What
	// the staff say in a conversation of hers is not another person's part in it.
	Own func(kind, value string) bool
}

// Rewrite is what connectors.Edit asks for.
func (r *Redactor) Rewrite(f connectors.Field, value string) (string, connectors.Verdict) {
	if value == "" || f.PrimaryKey {
		return "", connectors.Same
	}
	if slices.Contains(r.Hers, f.Name) {
		return "", connectors.Empty
	}
	if slices.Contains(r.Theirs, f.Name) && r.Extent != Partial && !r.Everybody {
		part := *r
		part.Extent, part.Theirs = Partial, nil
		return part.Rewrite(f, value)
	}
	if structural(f) {
		if id, ok := Wamid(value); ok && r.Mine(id.Kind, id.Value) {
			return "", connectors.Empty
		}
		return "", connectors.Same
	}
	if r.Extent == Strip && f.Erase == "keep" {
		return r.scrub(value)
	}
	if d := look(&f, value); d != nil && f.Look != connectors.LookSkip {
		return r.document(f, value, d)
	}
	if r.Extent != Partial && f.Personal() {
		return "", connectors.Empty
	}
	if r.Named && r.Extent == Partial && Abroad(f, value) {
		return "", connectors.Same
	}
	if f.Identity != "" {
		if id, ok := Normalise(f.Identity, value); ok && r.Mine(id.Kind, id.Value) {
			return "", connectors.Empty
		}
	}
	if f.Look == connectors.LookSkip || noNumber(&f, value) {
		return "", connectors.Same
	}
	return r.scrub(value)
}

// structural reports fields that hold the record in its place: whose it is, when
// it was, what it belongs to.
func structural(f connectors.Field) bool {
	if f.Identity != "" || f.Personal() {
		return false
	}
	if len(f.Keys)+len(f.Links) > 0 {
		return true
	}
	for _, m := range f.Meaning {
		if m == "account" || m == "recorded_at" || m == "trigger" || strings.HasPrefix(m, "poly") || strings.HasPrefix(m, "override") {
			return true
		}
	}
	return false
}

// scrub cuts her identifiers out of a text.
func (r *Redactor) scrub(text string) (string, connectors.Verdict) {
	var cuts []change
	at := 0
	for _, s := range Find(text) {
		if r.Mine(s.Kind, s.Value) && s.Start >= at {
			cuts = append(cuts, change{s.Start, s.End, Erased})
			at = s.End
		}
	}
	if len(cuts) == 0 {
		return "", connectors.Same
	}
	return rewrite(text, cuts), connectors.Set
}

// document empties a JSON value, or takes her share out of one that holds other
// people too.
func (r *Redactor) document(f connectors.Field, value string, d *document) (string, connectors.Verdict) {
	if r.Extent == Rest && r.strangers(d) {
		return "", connectors.Same
	}
	kept := r.Extent == Strip && slices.ContainsFunc(f.Inner, func(in connectors.Inner) bool { return in.Erase == "keep" })
	if r.Extent != Partial && !kept && !r.foreign(d) {
		if f.Personal() || f.Look == connectors.LookJSON && (r.Extent == Rest || r.mineIn(d) || r.Everybody && somebodyIn(d)) {
			return "", connectors.Empty
		}
	}
	if f.Role == "mention" && r.owns(d.parts[0]) && !r.foreign(d) {
		return "", connectors.Empty // a card of hers in somebody else's record
	}
	take := r.cut
	if r.Extent == Rest || r.Extent == Whole && (f.Personal() || r.mineIn(d)) {
		take = r.leaveParts // only where others have parts, or the document would be empty by now
	}
	out, changed := take(d)
	if kept && !r.foreign(d) {
		if !changed {
			out = string(d.data)
		}
		var stripped bool
		if out, stripped = strip(f, out); !stripped && !changed {
			return "", connectors.Same
		}
	} else if !changed {
		return "", connectors.Same
	}
	if strings.HasPrefix(value, "\ufeff") {
		out = "\ufeff" + out
	}
	return out, connectors.Set
}

// strip empties the keys of a document that the catalog calls personal and does not
// mark keep.
func strip(f connectors.Field, text string) (string, bool) {
	d := look(&f, text)
	if d == nil {
		return text, false
	}
	var p json.Patch
	if inner := d.nested[d.root]; inner != nil {
		out, changed := strip(f, d.root.Text(d.data))
		if changed {
			p.SetString(d.root, out)
		}
		return string(p.Apply(d.data)), changed
	}
	json.Walk(d.root, func(n *json.Node) bool {
		path := pathOf(n)
		if n.Kind == json.Null || !slices.ContainsFunc(f.Inner, func(in connectors.Inner) bool { return in.Path == path && in.Personal() && in.Erase != "keep" }) {
			return true
		}
		p.SetNull(n)
		return false
	})
	return string(p.Apply(d.data)), !p.Empty()
}

// pathOf is the path of a node, as connectors.Inner has it.
func pathOf(n *json.Node) string {
	path := ""
	for ; n != nil; n = n.Parent {
		if n.Parent != nil && n.Parent.Kind == json.Object {
			path = strings.TrimSuffix(n.Key+"."+path, ".")
		}
	}
	return path
}

// cut removes the parts that are hers, her identifiers elsewhere, and, where the
// document's own level is about her, the names beside them.
func (r *Redactor) cut(d *document) (string, bool) {
	var p json.Patch
	gone := map[*json.Node]bool{}
	stay := r.others(d) // which may stand in a part of hers
	for _, x := range d.parts[1:] {
		if x.node != nil && r.owns(x) && belongs(x.node, d.root) {
			p.Strip(x.node, stay)
			gone[x.node] = !holds(x.node, stay)
		}
	}
	top := r.owns(d.parts[0])
	for _, h := range d.parts[0].hits {
		if h.name && top && h.node != nil && belongs(h.node, d.root) && r.Extent != Partial {
			p.SetNull(h.node)
			gone[h.node] = true
		}
	}
	r.cutNames(d, gone, &p)
	json.Walk(d.root, func(n *json.Node) bool {
		if gone[n] {
			return false
		}
		r.cutValue(d, n, &p)
		return true
	})
	if p.Empty() {
		return "", false
	}
	return string(p.Apply(d.data)), true
}

// cutNames takes out the names that stand beside an identifier of hers in an object of
// which nobody else is the subject: {"referred_by": {"name": ..., "phone": ...}}. The
// names of a record's own level are those of whoever it is about.
func (r *Redactor) cutNames(d *document, gone map[*json.Node]bool, p *json.Patch) {
	for n, hits := range d.at {
		if !slices.ContainsFunc(hits, func(h hit) bool { return h.whole && !h.name && r.Mine(h.Kind, h.Value) }) {
			continue
		}
		r.cutStem(d, n, gone, p)
		card := cardOf(n)
		if card == nil || card.Parent == nil && !d.value || !belongs(card, d.root) || !r.hersAlone(d, card) {
			continue
		}
		json.Walk(card, func(x *json.Node) bool {
			if gone[x] || x != card && thingKey(x.Key) {
				return false
			}
			if x.Kind == json.String && keyMeaning(x.Key).name {
				p.SetNull(x)
				gone[x] = true
			}
			return true
		})
	}
}

// cutStem takes out a name that shares the beginning of its key with an identifier of
// hers: {"referrer_phone": ..., "referrer_name": ...}.
func (r *Redactor) cutStem(d *document, n *json.Node, gone map[*json.Node]bool, p *json.Patch) {
	stem := keyWords(n.Key)
	if len(stem) > 1 {
		stem = stem[:len(stem)-1]
	}
	if n.Parent == nil || n.Parent.Kind != json.Object || len(stem) == 0 || !belongs(n, d.root) {
		return
	}
	var names []*json.Node
	for _, x := range n.Parent.Children {
		words := keyWords(x.Key)
		if x == n || len(words) <= len(stem) || !slices.Equal(words[:len(stem)], stem) {
			continue
		}
		if words[len(words)-1] == "name" && x.Kind == json.String && !thingKey(stem[0]) {
			names = append(names, x)
		} else if !r.hersAlone(d, x) {
			return // somebody else is called so, too
		}
	}
	for _, x := range names {
		p.SetNull(x)
		gone[x] = true
	}
}

// cardOf returns the object that an identifier is a contact point of; nil when its key
// does not say that it is one.
func cardOf(n *json.Node) *json.Node {
	at := n
	if !contactPoint(at.Key) && at.Parent != nil && at.Parent.Kind == json.Object && transparent(at.Key) {
		at = at.Parent // {"phones": [{"value": ...}]}
	}
	if at.Parent != nil && at.Parent.Kind == json.Object && at.Parent.Parent != nil && at.Parent.Parent.Kind == json.Array && contactPoint(at.Parent.Parent.Key) {
		at = at.Parent // {"phones": [{"phone": ...}]}
	}
	if at.Parent != nil && at.Parent.Kind == json.Array {
		at = at.Parent
	}
	if !contactPoint(at.Key) || at.Parent == nil || at.Parent.Kind != json.Object {
		return nil
	}
	return at.Parent
}

// contactPoint reports a key of a contact's own number or address.
func contactPoint(key string) bool {
	m := keyMeaning(key)
	return m.identity != "" && !m.others || key == "number"
}

// hersAlone reports an object without an identifier of anybody else.
func (r *Redactor) hersAlone(d *document, card *json.Node) bool {
	alone := true
	json.Walk(card, func(x *json.Node) bool {
		for _, h := range d.at[x] {
			alone = alone && (h.name || h.role == lineage.Link || r.Mine(h.Kind, h.Value))
		}
		alone = alone && d.nested[x] == nil
		return alone
	})
	return alone
}

func belongs(n, root *json.Node) bool {
	for n.Parent != nil {
		n = n.Parent
	}
	return n == root
}

// cutValue takes her identifiers out of a value.
func (r *Redactor) cutValue(d *document, n *json.Node, p *json.Patch) {
	r.cutKey(d, n, p)
	switch n.Kind {
	case json.String, json.Broken:
		r.cutLeaf(d, n, p)
	case json.Number: // of one in which hers stands nothing is left: 9.812345678E9
		if slices.ContainsFunc(d.at[n], func(h hit) bool { return !h.name && r.Mine(h.Kind, h.Value) }) {
			p.SetNull(n)
		}
	}
}

func (r *Redactor) cutLeaf(d *document, n *json.Node, p *json.Patch) {
	if inner := d.nested[n]; inner != nil {
		if out, changed := r.cut(inner); changed {
			p.SetString(n, out)
		}
		return
	}
	text := n.Text(d.data)
	if len(d.at[n]) == 0 && amountKey(n.Key) && isAmount(text) {
		return
	}
	for _, h := range d.at[n] {
		if h.whole && !h.name && r.Mine(h.Kind, h.Value) {
			p.SetString(n, Erased)
			return
		}
	}
	if out, v := r.scrub(text); v == connectors.Set {
		switch {
		case d.texts[n]:
			p.SetRaw(n, []byte(out))
			return
		case n.Kind == json.Broken:
			p.SetNull(n)
			return
		}
		p.SetString(n, out)
	}
}

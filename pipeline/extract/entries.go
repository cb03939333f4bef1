package extract

import (
	"slices"
	"strings"
	"unicode"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/format/json"
	"github.com/cratio/sutra/lineage"
)

// array gives every element that is a record about somebody a part of its own.
func (d *document) array(n *json.Node, p *part, c context, depth int) {
	if len(n.Children) < 2 {
		for _, e := range n.Children {
			d.walk(e, p, c, depth)
		}
		return
	}
	own := make([]*part, len(n.Children))
	from := len(d.parts)
	records := 0
	for i, e := range n.Children {
		own[i] = &part{pointer: json.Pointer(e), node: e}
		d.walk(e, own[i], c, depth)
		d.split(e, own[i])
		if e.Kind == json.Object && labelOf(e, d.data) == nil && (recordLike(e, own[i]) || d.tells(e, own[i])) {
			records++
		}
	}
	if d.rows(n, own) {
		records++
	}
	if records == 0 || len(d.parts) > from && !anySubject(own) {
		for _, o := range own {
			p.hits = append(p.hits, o.hits...)
		}
		return
	}
	beside := namesBeside(own)
	for _, o := range own {
		switch {
		case subjectHits(o):
			d.parts = append(d.parts, o)
		case d.unidentified(o, beside):
			o.unidentified = true
			d.parts = append(d.parts, o)
		default:
			p.hits = append(p.hits, o.hits...)
		}
	}
}

// tells reports an element that says how somebody is reached, and has beside it what the catalog
// says is told of people: more to say than a contact point.
func (d *document) tells(e *json.Node, p *part) bool {
	reached := func(h hit) bool { return !h.name && h.role == lineage.Subject }
	if len(d.inner) == 0 || !slices.ContainsFunc(p.hits, reached) {
		return false
	}
	return slices.ContainsFunc(e.Children, func(m *json.Node) bool {
		path := pathOf(m)
		return len(d.at[m]) == 0 && m.Kind != json.Null && slices.ContainsFunc(d.inner, func(in connectors.Inner) bool {
			return in.Path == path && in.Identity == "" && len(in.Links) == 0 && slices.ContainsFunc(in.Categories, said)
		})
	})
}

// said reports the category of what somebody said or what was said of her.
func said(category string) bool {
	return category == "user.content" || strings.HasPrefix(category, "user.content.")
}

// rows reports a table without the names of its columns: [["Asha", "98...", 4], ["Bina", ...]].
// Each row begins with something else and says enough to be a record, and in one place all
// that say something there say how somebody is reached.
func (d *document) rows(n *json.Node, own []*part) bool {
	begin := map[string]bool{}
	for i, e := range n.Children {
		if e.Kind != json.Array || len(e.Children) < 2 || slices.ContainsFunc(e.Children, func(c *json.Node) bool { return len(c.Children) > 0 }) {
			return false
		}
		first := e.Children[0].Text(d.data)
		if begin[first] || i > 0 && len(e.Children) != len(n.Children[0].Children) {
			return false
		}
		begin[first] = true
	}
	for i := range n.Children[0].Children {
		if d.reached(n.Children, i) {
			return slices.ContainsFunc(own, func(o *part) bool { return recordLike(o.node, o) })
		}
	}
	return false
}

// reached reports a place in rows of which two say how somebody is reached, and none anything
// else.
func (d *document) reached(rows []*json.Node, place int) bool {
	n := 0
	for _, e := range rows {
		v := e.Children[place]
		switch text := v.Text(d.data); {
		case v.Kind == json.Null || text == "":
		case slices.ContainsFunc(d.at[v], func(h hit) bool { return !h.name && h.role != lineage.Mention }):
			n++
		default:
			return false
		}
	}
	return n > 1
}

// mostBeside is with how many names beside it one that stands alone is compared: among more
// people it is nobody's of them.
const mostBeside = 256

// namesBeside are the names of the elements that are about somebody; nil where one of them
// has none, or no element is.
func namesBeside(own []*part) (out []lineage.Name) {
	for _, x := range own {
		if !subjectHits(x) {
			continue
		}
		names := namesOf(x.hits[:min(len(x.hits), mostBeside)])
		if len(names) == 0 {
			return nil
		}
		if len(out) < mostBeside {
			out = append(out, names...)
		}
	}
	return out
}

// unidentified reports an element that has a name alone, clearly another than all of those
// beside it that are about somebody: it is about a person whom nothing identifies. Where none
// of them is, they belong to whoever the document is about, as her children do. What
// somebody says in a conversation, where no way to reach her is given, goes with the
// conversation.
func (d *document) unidentified(o *part, beside []lineage.Name) bool {
	if len(beside) == 0 || o.node.Kind != json.Object || labelOf(o.node, d.data) != nil {
		return false
	}
	says, reached := false, false
	for _, m := range o.node.Children {
		k := keyMeaning(m.Key)
		says = says || sayingKey(m.Key)
		reached = reached || k.identity != "" && !(k.party && m.Kind != json.Null && m.Text(d.data) != "") // {"from": "bot"} is who said it
	}
	return (!says || reached) && clearlyDifferent(namesOf(o.hits), beside)
}

func anySubject(parts []*part) bool {
	for _, p := range parts {
		if subjectHits(p) {
			return true
		}
	}
	return false
}

// entries takes an object that is filed by numbers or ids for the list that it is
// ({"1001": {...}, "1002": {...}}), and reports whether it was one: two of its members say
// enough to be records. Where words are numbered (contact1, contact2) the names, or the ids of
// leads, must tell that these are several people.
func (d *document) entries(n *json.Node, p *part, c context, depth int) bool {
	if len(n.Children) < 2 || len(d.inner) > 0 || d.glance {
		return false
	}
	ids := true
	for _, m := range n.Children {
		if m.Kind != json.Object || !strings.ContainsFunc(m.Key, unicode.IsDigit) || len(Find(m.Key)) > 0 {
			return false
		}
		ids = ids && isID(m.Key)
	}
	if !d.glanceAt(n, c, depth, ids) {
		return false
	}
	d.array(n, p, c, depth)
	return true
}

// isID reports a key that is a number or an id, and no word with a number of its own.
func isID(key string) bool {
	word := strings.TrimRightFunc(key, unicode.IsDigit)
	return len(key)-len(word) > 2 || strings.TrimLeft(word, "-_ #") == "" || strings.ContainsFunc(word, unicode.IsDigit)
}

// glanceAt reports two members that have a name, or identifiers of two kinds; where the ids of
// records do not file them, such as have the names of clearly different people, or the ids of
// two leads.
func (d *document) glanceAt(n *json.Node, c context, depth int, ids bool) bool {
	look := document{data: d.data, glance: true, nested: map[*json.Node]*document{}, names: keyNames{}, at: map[*json.Node][]hit{}}
	var first []hit
	for _, m := range n.Children {
		var p part
		look.parts = []*part{&p}
		look.walk(m, &p, c, depth)
		for _, x := range look.parts[1:] {
			p.hits = append(p.hits, x.hits...)
		}
		if !subjectHits(&p) || !fullRecord(p.hits) {
			continue
		}
		hits := p.hits[:min(len(p.hits), mostBeside)]
		switch {
		case first == nil:
			first = hits
		case ids, othersCard(hits, first), otherRecord(hits, first):
			return true
		}
	}
	return false
}

// otherRecord reports two ids of one kind that differ: two leads are two records.
func otherRecord(a, b []hit) bool {
	for _, x := range a {
		if x.role == lineage.Link && slices.ContainsFunc(b, func(y hit) bool { return y.role == lineage.Link && y.Kind == x.Kind && y.Value != x.Value }) {
			return true
		}
	}
	return false
}

// fullRecord reports a name, or identifiers of two kinds.
func fullRecord(hits []hit) bool {
	kind := ""
	for _, h := range hits {
		switch {
		case h.name, h.role != lineage.Mention && kind != "" && h.Kind != kind:
			return true
		case h.role != lineage.Mention:
			kind = h.Kind
		}
	}
	return false
}

// columns reports an object that is a table written column by column, as data frames are
// ({"name": ["Asha", "Bina"], "phone": ["98...", "97..."]}): nothing but the place of a value
// tells whose it is.
func (d *document) columns(n *json.Node) bool {
	if n.Kind != json.Object || len(n.Children) < 2 {
		return false
	}
	rows := len(n.Children[0].Children)
	names, contacts := 0, 0
	for _, m := range n.Children {
		if rows < 2 || len(m.Children) != rows || m.Kind == json.Object && !strings.ContainsFunc(m.Children[0].Key, unicode.IsDigit) {
			return false
		}
		var hits []hit
		for _, v := range m.Children {
			if len(v.Children) > 0 {
				return false
			}
			hits = append(hits, leafHits(m.Key, v.Text(d.data), false)...)
		}
		if len(hits) > 1 && clearlyDifferent(namesOf(hits[:1]), namesOf(hits[1:])) {
			names++
		}
		if subjectHits(&part{hits: hits}) {
			contacts++
		}
	}
	return names > 0 && contacts > 0
}

package extract

import (
	"bytes"
	"slices"
	"strings"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/format/json"
	"github.com/cratio/sutra/lineage"
)

// hit is one identifier, or one name, at its place in a document.
type hit struct {
	Identifier
	role  lineage.Role
	name  bool // Value is a personal name, not an identifier
	node  *json.Node
	whole bool // the leaf consists of it
	form  bool // the leaf is a form, of which it is a value
	may   bool // it may lead to the person or to somebody else

	called bool // the name is what an address book or a chat calls somebody
}

// part is one person's share of a document: the whole of it, or one element of
// an array of records (the leads of a pull, the messages of a webhook).
type part struct {
	pointer string
	node    *json.Node // nil for the document itself
	hits    []hit

	unidentified bool // it is about somebody of whom nothing but a name is known
}

// document is JSON looked into. Parts[0] is everything outside the elements that
// are records of their own.
type document struct {
	data   []byte
	root   *json.Node
	parts  []*part
	nested map[*json.Node]*document // strings that hold JSON themselves
	// at holds what each leaf was found to be. Redacting and masking go by it, so
	// that they see exactly what finding saw, keys from further up included.
	at map[*json.Node][]hit
	// leaves holds what each leaf inherits from above; nil unless asked for.
	leaves map[*json.Node]context
	inner  []connectors.Inner  // what the catalog says of its keys
	names  keyNames            // that members were given
	value  bool                // it is a value of a record, and not the members that make up the record itself
	top    *json.Node          // the root, or the first value of JSON among words
	texts  map[*json.Node]bool // what stands before, between and behind the JSON, not looked into
	table  bool                // a table that is written column by column stands in it
	glance bool                // it is gone through to see what it is like: see entries
	carded map[*json.Node]bool // objects whose names were looked at, see Masker.names
}

const maxNesting = 4 // JSON in strings in JSON

// lookInto is look under what stands above, which also keeps, on request, what the leaves inherit.
func lookInto(inner []connectors.Inner, text string, c context, depth int, leaves bool) *document {
	if depth > maxNesting {
		return nil
	}
	text = strings.TrimPrefix(text, "\ufeff")
	words := !opensJSON(strings.TrimLeft(text, " \t\r\n\ufeff"))
	if words && behindWords(text) < 0 {
		return nil
	}
	data := []byte(text)
	var root *json.Node
	var err error
	if words {
		root, err = objectIn(new(json.Parser), text, data, 0)
	} else {
		root, err = parsed(new(json.Parser), data)
	}
	if root == nil || err != nil {
		return nil
	}
	more := len(bytes.TrimSpace(data[root.End:])) > 0
	if more && !hasObject(root) {
		return nil // "[10:30] call me"
	}
	d := &document{data: data, root: root, top: root, texts: map[*json.Node]bool{}, nested: map[*json.Node]*document{}, names: keyNames{}, at: map[*json.Node][]hit{}, inner: inner}
	if leaves {
		d.leaves = map[*json.Node]context{}
	}
	d.parts = []*part{{}}
	d.walk(root, d.parts[0], c, depth)
	if words || more {
		d.amongWords(text, c, depth)
	}
	if root.Kind == json.String && d.nested[root] == nil {
		return nil // words in quotation marks
	}
	d.split(root, d.parts[0])
	return d
}

func hasObject(root *json.Node) (found bool) {
	json.Walk(root, func(n *json.Node) bool {
		found = found || n.Kind == json.Object
		return !found
	})
	return found
}

// context is what a leaf inherits from above.
type context struct {
	key    string
	others bool
	thing  bool   // what is named here is a place, a product, a form: no person
	path   string // of keys, where the catalog describes some
}

// thingKey reports keys under which "name" is the name of a thing.
func thingKey(key string) bool {
	switch strings.ToLower(key) {
	case "location", "interactive", "nfm_reply", "product", "products", "product_items", "items", "item", "form", "campaign", "ad", "adset", "page", "group",
		"template", "traffic_source", "collected_traffic_source", "session_traffic_source_last_click", "business", "organization", "org", "device", "geo", "app_info", "referral", "pricing", "file", "document":
		return true
	}
	return false
}

// transparent keys say nothing of their value: the key above counts.
func transparent(key string) bool {
	switch strings.ToLower(key) {
	case "value", "values", "string_value", "int_value", "double_value", "float_value", "element", "list", "item", "array", "answer", "answers", "val", "data":
		return true
	}
	return false
}

func (d *document) walk(n *json.Node, p *part, c context, depth int) {
	switch n.Kind {
	case json.Object:
		d.object(n, p, c, depth)
	case json.Array:
		d.array(n, p, c, depth)
	case json.String, json.Number:
		d.leaf(n, p, c, depth)
	case json.Broken:
		for _, s := range Find(string(n.Raw(d.data))) {
			p.hits = append(p.hits, hit{Identifier: s.Identifier, role: lineage.Mention, node: n})
		}
	}
}

// object walks the members. In an object that names a field and gives its value
// ({"name":"email","values":[...]}), the name counts as the key.
func (d *document) object(n *json.Node, p *part, c context, depth int) {
	if d.entries(n, p, c, depth) {
		return
	}
	if !c.others && d.columns(n) {
		c.others, d.table = true, true
	}
	c.others = c.others || d.anothers(n)
	label := labelOf(n, d.data)
	for _, m := range n.Children {
		next := context{key: m.Key, others: c.others, thing: c.thing || thingKey(m.Key)}
		switch {
		case label != nil && m == label:
			continue
		case label != nil && transparent(m.Key):
			next.key = label.Text(d.data)
		case transparent(m.Key) && c.key != "":
			next.key = c.key
		}
		if len(d.inner) > 0 {
			next.path = strings.TrimPrefix(c.path+"."+m.Key, ".")
		}
		if id, ok := keyIdentifier(m.Key); ok {
			d.keyed(m, id, next, depth)
			continue
		}
		p.hits = append(p.hits, keyMentions(m)...)
		if m.Kind == json.Object || m.Kind == json.Array {
			next.others = next.others || keyMeaning(m.Key).others
		}
		if m.Key == "PhoneNumber" && n.Get("PhoneNumberSid") != nil {
			next.others = true // a provider's number that the account rents: all its customers call it
		}
		d.walk(m, p, next, depth)
	}
}

// keyed makes a part of a member that is filed under an identifier: the member is
// about the one who has it.
func (d *document) keyed(m *json.Node, id Identifier, c context, depth int) {
	p := &part{pointer: json.Pointer(m), node: m, hits: []hit{{Identifier: id, role: lineage.Subject, node: m}}}
	d.walk(m, p, c, depth)
	d.parts = append(d.parts, p)
	d.split(m, p)
}

// labelOf returns the member that names the field whose value stands beside it.
func labelOf(n *json.Node, data []byte) *json.Node {
	var label *json.Node
	value := false
	for _, m := range n.Children {
		switch strings.ToLower(m.Key) {
		case "name", "key", "column_id", "field", "label", "question", "code":
			if label == nil && m.Kind == json.String {
				label = m
			}
		case "value", "values", "string_value", "answer", "answers":
			value = true
		}
	}
	if !value {
		return nil
	}
	return label
}

// recordLike reports whether an element is a record about one person rather than
// one of several contact points of the same person: it has a name, two kinds of
// identifiers, or more to say than a contact point does.
func recordLike(e *json.Node, p *part) bool {
	kinds := map[string]bool{}
	for _, h := range p.hits {
		if h.name {
			return true
		}
		if h.role != lineage.Mention {
			kinds[h.Kind] = true
		}
	}
	if len(kinds) == 0 {
		return false
	}
	leaves := 0
	for _, m := range e.Children {
		if m.Kind == json.String && (keyMeaning(m.Key).name || sayingKey(m.Key)) {
			return true // no product has a number of its own: "items" are people here
		}
		if !keyMeaning(m.Key).filler {
			leaves++
		}
	}
	return len(kinds) > 1 || leaves > 2
}

// sayingKey reports a key under which stands what somebody said or what was said of
// her: beside an identifier it makes an entry of a conversation.
func sayingKey(key string) bool {
	switch strings.ToLower(key) {
	case "text", "body", "message", "msg", "content", "comment", "remark", "remarks", "note", "notes", "subject", "caption", "description":
		return true
	}
	return false
}

// leaf looks at one string or number.
func (d *document) leaf(n *json.Node, p *part, c context, depth int) {
	text := n.Text(d.data)
	if n.Kind == json.String {
		below := context{others: c.others || keyMeaning(c.key).others}
		var described []connectors.Inner
		if n == d.root {
			below, described = c, d.inner // the same value, made a string once more
		}
		if inner := lookInto(described, text, below, depth+1, d.leaves != nil); inner != nil {
			d.nested[n], inner.value = inner, true
			p.hits = append(p.hits, inner.parts[0].hits...)
			for _, ip := range inner.parts[1:] {
				ip.pointer = json.Pointer(n) + ip.pointer
				d.parts = append(d.parts, ip)
			}
			return
		}
	}
	if d.leaves != nil {
		d.leaves[n] = c
	}
	if n.Kind == json.Number {
		text = strings.TrimSuffix(text, ".0") // as programs write whole numbers that were floats
	}
	text = d.dialled(c, n, text)
	found := d.found(c, text)
	if len(found) == 0 {
		found = exponentHits(c, text)
	}
	for _, h := range found {
		if h.name && c.thing {
			continue
		}
		h.node, h.called = n, h.name && d.called(n)
		p.hits = append(p.hits, h)
		d.at[n] = append(d.at[n], h)
	}
}

// found is what stands at a leaf: what the catalog says of it, if it does, and else
// what its key and its value tell.
func (d *document) found(c context, text string) []hit {
	i := slices.IndexFunc(d.inner, func(in connectors.Inner) bool { return in.Path == c.path })
	if i < 0 {
		return leafHits(c.key, text, c.others)
	}
	in := d.inner[i]
	var out []hit
	for _, l := range in.Links {
		if id, ok := nestedLink(l, text); ok {
			out = append(out, hit{Identifier: id, role: lineage.Link, whole: true})
		}
	}
	for _, l := range in.May {
		if id, ok := nestedLink(l, text); ok {
			out = append(out, hit{Identifier: id, role: lineage.Mention, whole: true, may: true})
		}
	}
	role := lineage.Subject
	m := keyMeaning(c.key)
	switch {
	case in.Role == "mention" || in.Role == "" && (c.others || m.others):
		role = lineage.Mention
	case in.Role == "link":
		role = lineage.Link
	case in.Role == "" && m.party:
		role = lineage.Party
	}
	if id, ok := Normalise(in.Identity, text); ok && in.Identity != "" {
		out = append(out, hit{Identifier: id, role: role, whole: true})
		if in.Identity == kindUPI { // see record.packs
			out = append(out, leafHits(c.key, text, true)...)
		}
		return out
	}
	if len(out) > 0 {
		return out
	}
	return leafHits(c.key, text, c.others || role == lineage.Mention || in.Identity == kindUPI)
}

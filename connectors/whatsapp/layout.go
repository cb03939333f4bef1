package whatsapp

import "github.com/cratio/sutra/connectors/format/json"

// layout finds the records of one document: a webhook's post, or a bare value or
// message as some receivers store them.
func (p *post) layout(root *json.Node) ([]json.Item, string) {
	entry := root.Get("entry")
	switch {
	case entry != nil && entry.Kind == json.Array:
		for _, e := range entry.Children {
			p.entry(e)
		}
		p.loose(root, nil, "object", "entry")
	case root.Kind != json.Object:
		p.add(json.Item{Collection: "messages", Node: root})
		return p.items, "it is no webhook; what it holds is searched as it is"
	case array(root.Get("changes")):
		p.entry(root)
	case root.Get("value") != nil && root.Get("field") != nil:
		p.change(root)
	case root.Get("id") != nil && root.Get("timestamp") != nil:
		p.bare(root)
	default:
		p.value(root, nil)
	}
	return p.items, ""
}

// post is a webhook on its way to records.
type post struct {
	data    []byte
	items   []json.Item
	strange map[string]int // by a text for a person
}

func (p *post) add(it json.Item) { p.items = append(p.items, it) }

func array(n *json.Node) bool { return n != nil && n.Kind == json.Array }

func (p *post) text(n *json.Node) string {
	if n == nil || n.Kind != json.String && n.Kind != json.Number {
		return ""
	}
	return n.Text(p.data)
}

func (p *post) entry(e *json.Node) {
	list := e.Get("changes")
	if !array(list) {
		p.add(json.Item{Collection: "messages", Node: e})
		return
	}
	for _, c := range list.Children {
		p.change(c)
	}
	p.loose(e, nil, "id", "time", "changes")
}

func (p *post) change(c *json.Node) {
	v := c.Get("value")
	if v == nil || v.Kind != json.Object {
		p.add(json.Item{Collection: "messages", Node: c})
		return
	}
	field := c.Get("field")
	if name := p.text(field); !known(name) {
		p.count("webhook of the unknown field ", name)
	}
	p.value(v, field)
	p.loose(c, nil, "field", "value")
}

// loose makes records of the members of n that no record has. beside are values of each of
// them. Who changed a group is a person of her own.
func (p *post) loose(n *json.Node, beside []json.Extra, known ...string) {
	for _, it := range json.Loose(p.data, n, json.Item{Collection: "messages", Extra: beside}, known...) {
		if last := len(it.Extra) - 1; last >= 0 && it.Extra[last].Node == it.Node {
			it.Extra[last].Name = p.column(it.Node)
		}
		p.add(it)
	}
}

// bare reads a message or status that was stored without its envelope.
func (p *post) bare(n *json.Node) {
	if n.Get("status") != nil || n.Get("recipient_id") != nil {
		p.add(json.Item{Collection: "statuses", Node: n})
		return
	}
	p.message(n, &value{post: p})
}

// column is what a member that stands by itself is called.
func (p *post) column(m *json.Node) string {
	switch {
	case m.Key != "initiated_by":
		return m.Key
	case userID.MatchString(p.text(m)):
		return "user_id"
	}
	return "wa_id"
}

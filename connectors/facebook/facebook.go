// Package facebook is the connector for Facebook Lead Ads: leadgen webhooks, leads
// of the Graph API, and the tables of Ads Manager, which are UTF-16 with tabs
// whatever they are called, or what a spreadsheet made of them. One lead, or one
// notice of a lead, is one record.
//
// A form's questions are the advertiser's own, in any language: what nobody named
// is judged by its name and its value.
package facebook

import (
	"context"
	_ "embed"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/format"
	"github.com/cratio/sutra/connectors/format/json"
	"github.com/cratio/sutra/connectors/format/leads"
)

//go:embed catalog.yaml
var catalog []byte

// Kind returns the connector for the list of package all. It brings its own
// catalog.
func Kind() connectors.Kind {
	return connectors.Kind{Name: "facebook", Catalog: catalog, Open: open}
}

// headers are other names for the columns of a downloaded table.
var headers = map[string]string{
	"leadid": "id", "fullname": "full_name", "name": "full_name", "phone": "phone_number", "mobilenumber": "phone_number", "mobile": "phone_number",
	"emailaddress": "email", "workphone": "work_phone_number", "postcode": "zip_code", "postalcode": "zip_code", "zip": "zip_code", "dob": "date_of_birth",
	"dateofbirth": "date_of_birth",
}

func open(ctx context.Context, c connectors.Config) (connectors.Source, error) {
	return format.OpenSniffed(ctx, c, func(_ string, head []byte) (format.Codec, error) {
		return leads.Shape{Layout: layout, Headers: headers}.Codec(c, format.LooksLike(head))
	})
}

// layout finds the records of one document: the changes of a webhook, the leads
// of a page of the Graph API, or a bare lead.
func layout(root *json.Node, data []byte) ([]json.Item, string) {
	leads := json.Item{Collection: "leads"}
	if root.Kind != json.Object {
		return []json.Item{{Collection: "leads", Node: root}}, "it is no lead and no webhook; what it holds is searched as it is"
	}
	if entry := root.Get("entry"); entry != nil && entry.Kind == json.Array {
		return append(changes(entry, data), json.Loose(data, root, leads, "object", "entry")...), ""
	}
	if page := root.Get("data"); page != nil && page.Kind == json.Array {
		var items []json.Item
		for _, n := range page.Children {
			items = append(items, json.Item{Collection: "leads", Node: n})
		}
		return append(items, json.Loose(data, root, leads, "data", "paging", "summary")...), ""
	}
	return []json.Item{{Collection: "leads", Node: root}}, ""
}

// changes makes a record of every change of a webhook: a notice when it has no
// answers, else a lead.
func changes(entry *json.Node, data []byte) []json.Item {
	var items []json.Item
	for _, e := range entry.Children {
		list := e.Get("changes")
		if list == nil || list.Kind != json.Array {
			items = append(items, json.Item{Collection: "leads", Node: e})
			continue
		}
		for _, n := range list.Children {
			items = append(items, change(n))
		}
		items = append(items, json.Loose(data, e, json.Item{Collection: "leads"}, "id", "time", "changes")...)
	}
	return items
}

func change(n *json.Node) json.Item {
	it := json.Item{Collection: "leads", Node: n}
	v := n.Get("value")
	if v == nil || v.Kind != json.Object {
		return it
	}
	it.Names = map[string]string{"value": ""}
	for _, m := range v.Children {
		it.Extra = append(it.Extra, json.Extra{Name: m.Key, Node: m})
	}
	for _, m := range n.Children {
		if m.Key == "value" && m != v {
			it.Extra = append(it.Extra, json.Extra{Name: m.Key, Node: m}) // the name is there twice
		}
	}
	if v.Get("leadgen_id") != nil && v.Get("field_data") == nil {
		it.Collection = "notices"
	}
	return it
}

// Package justdial is the connector for leads that JustDial pushes: JSON, form
// bodies and query strings as a receiver captured them, mails that tell of a lead
// line by line, and tables made of them.
// One lead is one record.
package justdial

import (
	"bytes"
	"context"
	_ "embed"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/format"
	"github.com/cratio/sutra/connectors/format/form"
	"github.com/cratio/sutra/connectors/format/json"
	"github.com/cratio/sutra/connectors/format/leads"
)

//go:embed catalog.yaml
var catalog []byte

// Kind returns the connector for the list of package all. It brings its own
// catalog.
func Kind() connectors.Kind {
	return connectors.Kind{Name: "justdial", Catalog: catalog, Open: open}
}

// headers are the aliases of exported tables.
var headers = map[string]string{
	"leadno": "leadid", "enquiryid": "leadid", "customername": "name", "callername": "name", "mobileno": "mobile", "mobilenumber": "mobile", "callermobile": "mobile",
	"phoneno": "phone", "landline": "phone", "callerphone": "phone", "emailid": "email", "calleremail": "email", "leaddate": "date", "enquirydate": "date",
	"searchedfor": "category", "callerarea": "area", "callercity": "city", "callercategory": "category", "callerrequirement": "category",
	"calledfor": "category", "zip": "pincode",
}

func open(ctx context.Context, c connectors.Config) (connectors.Source, error) {
	coll, _ := c.Dataset.Collection("leads")
	return format.OpenSniffed(ctx, c, func(_ string, head []byte) (format.Codec, error) {
		looks := format.LooksLike(head)
		switch {
		case looks == format.LooksText && isForm(format.TextOf(head)):
			return format.Wide(form.New(c.Dataset.Key, coll)), nil
		case looks == format.LooksText && isMail(coll, format.TextOf(head)):
			return format.Wide(form.NewLabels(c.Dataset.Key, coll, headers)), nil
		}
		codec, err := leads.Shape{Layout: layout, Headers: headers}.Codec(c, looks)
		if err != nil {
			return nil, format.NotRead(looks, leads.Forms+", form bodies, query strings and mails as plain text")
		}
		return codec, nil
	})
}

// isForm reports a text whose first line is a form or a query string: the first
// equals sign comes before any comma or tab.
func isForm(text []byte) bool {
	line, _, _ := bytes.Cut(bytes.TrimLeft(text, " \t\r\n"), []byte("\n"))
	eq := bytes.IndexByte(line, '=')
	return eq > 0 && !bytes.ContainsAny(line[:eq], ",;\t")
}

// isMail reports the text of a mail about a lead: at least two lines that begin
// with the label of a field, and no table's header; or a mail with its headers.
func isMail(leads connectors.Collection, text []byte) bool {
	return form.IsMail(text) || form.CountLabels(text, func(folded string) bool {
		_, ok := leads.Field(folded)
		return ok || headers[folded] != ""
	}) >= 2
}

// wrappers are members under which receivers store the body of a request.
var wrappers = []string{"body", "data", "lead", "leads", "payload", "query", "params"}

// layout finds the leads of one document: the document itself, or what a receiver
// wrapped with other things.
func layout(root *json.Node, data []byte) ([]json.Item, string) {
	if root.Match("leadid") != nil || root.Kind != json.Object {
		return []json.Item{{Collection: "leads", Node: root}}, ""
	}
	for _, w := range wrappers {
		n := root.Match(w)
		switch {
		case n == nil:
		case n.Kind == json.Object && n.Match("leadid") != nil:
			return []json.Item{{Collection: "leads", Node: n, Extra: others(root, n)}}, ""
		case n.Kind == json.Array && len(n.Children) > 0 && n.Children[0].Match("leadid") != nil:
			var items []json.Item
			for _, e := range n.Children {
				items = append(items, json.Item{Collection: "leads", Node: e})
			}
			if len(items) == 1 {
				items[0].Extra = others(root, n)
				return items, ""
			}
			return append(items, json.Loose(data, root, json.Item{Collection: "leads"}, n.Key)...), ""
		}
	}
	return []json.Item{{Collection: "leads", Node: root}}, ""
}

// others are the members beside the lead: headers, an address.
func others(root, lead *json.Node) []json.Extra {
	var out []json.Extra
	for _, n := range root.Children {
		if n != lead {
			out = append(out, json.Extra{Name: connectors.Beside + n.Key, Node: n})
		}
	}
	return out
}

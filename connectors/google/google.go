// Package google is the connector for Google: leads of lead form ads as their
// webhook posts them, or as a table; contacts as CSV with the old or the new
// header, and as vCard 2.1 to 4.0. One lead, or one contact, is one record.
package google

import (
	"bytes"
	"context"
	_ "embed"
	"regexp"
	"slices"
	"strings"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/format"
	"github.com/cratio/sutra/connectors/format/csv"
	"github.com/cratio/sutra/connectors/format/json"
	"github.com/cratio/sutra/connectors/format/vcard"
)

//go:embed catalog.yaml
var catalog []byte

// Kind returns the connector for the list of package all. It brings its own
// catalog.
func Kind() connectors.Kind {
	return connectors.Kind{Name: "google", Catalog: catalog, Open: open}
}

func open(ctx context.Context, c connectors.Config) (connectors.Source, error) {
	leads, _ := c.Dataset.Collection("leads")
	contacts, _ := c.Dataset.Collection("contacts")
	pick := func(_ string, head []byte) (format.Codec, error) {
		switch looks := format.LooksLike(head); {
		case looks == format.LooksJSON:
			return json.NewLayout(c.Dataset.Key, c.Dataset.Collections, layout, false), nil
		case looks == format.LooksVCard:
			return vcard.New("contacts", c.Dataset.Key, contacts), nil
		case looks == format.LooksText && isLeads(format.TextOf(head)):
			return csv.New("leads", c.Dataset.Key, leads, csv.Options{Fields: func(header []string) []connectors.Field {
				return connectors.Header(c.Dataset.Key, leads, leadHeaders, header)
			}}), nil
		case looks == format.LooksText:
			return csv.New("contacts", c.Dataset.Key, contacts, csv.Options{Fields: func(header []string) []connectors.Field {
				return contactFields(c.Dataset.Key, contacts, header)
			}}), nil
		default:
			return nil, format.NotRead(looks, "JSON, CSV and vCard")
		}
	}
	return format.OpenSniffed(ctx, c, pick)
}

// leadHeaders are the aliases of tables of leads, whose header nobody documents.
var leadHeaders = map[string]string{
	"leadid": "lead_id", "id": "lead_id", "fullname": "full_name", "name": "full_name", "useremail": "email", "emailaddress": "email", "userphone": "phone_number",
	"phone": "phone_number", "gclid": "gcl_id", "googleclickid": "gcl_id", "googlekey": "-", "webhookkey": "-", "submittime": "lead_submit_time",
	"leadsubmittime": "lead_submit_time", "date": "lead_submit_time", "formid": "form_id", "campaignid": "campaign_id", "zipcode": "postal_code",
}

// isLeads tells a table of leads from one of contacts by its header.
func isLeads(text []byte) bool {
	line, _, _ := bytes.Cut(text, []byte("\n"))
	h := connectors.FoldHeader(string(line))
	return strings.Contains(h, "leadid") || strings.Contains(h, "gclid") || strings.Contains(h, "campaign") || strings.Contains(h, "formid")
}

// layout finds the leads of one document.
func layout(root *json.Node, data []byte) ([]json.Item, string) {
	if people := root.Get("connections"); people != nil && people.Kind == json.Array {
		var items []json.Item
		for _, n := range people.Children {
			items = append(items, json.Item{Collection: "contacts", Node: n})
		}
		beside := json.Loose(data, root, json.Item{Collection: "contacts"}, "connections", "nextPageToken", "nextSyncToken", "totalPeople", "totalItems")
		return append(items, beside...), ""
	}
	for _, w := range []string{"leads", "data", "payload", "body"} {
		n := root.Get(w)
		if n == nil || root.Get("lead_id") != nil {
			continue
		}
		if n.Kind == json.Object && n.Get("user_column_data") != nil {
			it := lead(n, data)
			it.Extra = beside(root, n)
			return []json.Item{it}, ""
		}
		if n.Kind == json.Array {
			var items []json.Item
			for _, e := range n.Children {
				items = append(items, lead(e, data))
			}
			return append(items, json.Loose(data, root, json.Item{Collection: "leads"}, w, "google_key")...), ""
		}
	}
	if root.Kind != json.Object {
		return []json.Item{lead(root, data)}, "it is no lead; what it holds is searched as it is"
	}
	return []json.Item{lead(root, data)}, ""
}

// lead is the record of a lead, without the secret. The answers of a test lead,
// the same for every advertiser, are nobody's.
func lead(n *json.Node, data []byte) json.Item {
	names := map[string]string{"google_key": ""}
	if t := n.Get("is_test"); t != nil && strings.EqualFold(t.Text(data), "true") {
		names["user_column_data"] = "test_data"
	}
	return json.Item{Collection: "leads", Node: n, Names: names}
}

// beside are the members that a receiver put around the lead.
func beside(root, lead *json.Node) []json.Extra {
	var out []json.Extra
	for _, n := range root.Children {
		if n != lead && n.Key != "google_key" {
			out = append(out, json.Extra{Name: connectors.Beside + n.Key, Node: n})
		}
	}
	return out
}

// contactColumns says what the columns of a contacts table mean, old header and
// new. A cell may hold several values with " ::: " between them.
var contactColumns = []struct {
	re *regexp.Regexp
	to string
}{
	{regexp.MustCompile(`^(name|fileas)$`), "fn"},
	{regexp.MustCompile(`^(given|family|additional|first|last|middle)name$`), "n"},
	{regexp.MustCompile(`^email\d*value$`), "email"},
	{regexp.MustCompile(`^phone\d*value$`), "tel"},
	{regexp.MustCompile(`^(address\d*(formatted|street|city|pobox|region|postalcode|country|extendedaddress)|location)$`), "adr"},
	{regexp.MustCompile(`^organization\d*(name|department)$`), "org"},
	{regexp.MustCompile(`^(organization\d*title|occupation)$`), "title"},
	{regexp.MustCompile(`^birthday$`), "bday"},
	{regexp.MustCompile(`^(notes|subject|customfield\d*value)$`), "note"},
	{regexp.MustCompile(`^nickname|shortname|maidenname|initials$`), "nickname"},
	{regexp.MustCompile(`^website\d*value$`), "url"},
	{regexp.MustCompile(`^im\d*value$`), "impp"},
	{regexp.MustCompile(`^relation\d*value$`), "related"},
	{regexp.MustCompile(`^(labels|groupmembership)$`), "categories"},
}

// contactFields gives the columns of a contacts table their meaning. Their number
// depends on the richest contact.
func contactFields(dataset string, cat connectors.Collection, header []string) []connectors.Field {
	aliases := map[string]string{}
	for _, h := range header {
		key := connectors.FoldHeader(h)
		for _, c := range contactColumns {
			if c.re.MatchString(key) {
				aliases[key] = c.to
				break
			}
		}
	}
	fields := connectors.Header(dataset, cat, aliases, header)
	for i, h := range header {
		if key, ok := strings.CutSuffix(connectors.FoldHeader(h), "value"); ok && fields[i].Identity != "" {
			for k, label := range header {
				if l := connectors.FoldHeader(label); (l == key+"label" || l == key+"type") && !strings.Contains(fields[k].Name, ",") {
					fields[i].Meaning = append(slices.Clone(fields[i].Meaning), connectors.LabelledBy+fields[k].Name)
				}
			}
		}
	}
	return fields
}

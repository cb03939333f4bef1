package config

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cratio/sutra/connectors"
)

// fidesCatalog is what a company writes for Fides alone, with a few additions.
const fidesCatalog = `
dataset:
  fides_key: shop
  organization_fides_key: default_organization
  name: Shop
  description: our shop
  meta: {owner: [a, b], sutra: {}}
  data_qualifier: aggregated.anonymized
  retention: "30 days"
  third_country_transfers: [USA]
  fides_meta: {after: [other], namespace: {x: 1}}
  collections:
    - name: customers
      description: people
      fides_meta: {after: [shop.orders], skip_processing: false}
      data_categories: [user.contact]
      meta: {sutra: {class: account_crm, account: tenant, recorded_at: at, trigger: at, erase: redact, order: -5, path: "c/**", role: subject,
             refs: [{type: t, id: i, map: {Order: orders}}]}}
      fields:
        - {name: id, fides_meta: {primary_key: true, data_type: integer, references: [{dataset: shop, field: orders.customer_id, direction: to}]}}
        - {name: tenant, data_categories: [system.operations]}
        - {name: at, data_categories: [system]}
        - {name: t}
        - {name: i, fidesops_meta: {identity: mobile, length: 10, read_only: true, custom_request_field: x}}
        - name: address
          fides_meta: {data_type: object, return_all_elements: false}
          fields:
            - {name: city, data_categories: [user.contact.address.city]}
            - {name: phones, fides_meta: {data_type: "string[]", identity: ga_client_id}}
    - name: orders
      fields:
        - {name: customer_id, data_qualifier: x}
        - {name: city, fidesctl_meta: {references: [{dataset: shop, field: customers.address.city, direction: from}]}}
        - {name: link, meta: {sutra: {link: own_kind, role: link, override: call_recording, erase: keep}}}
        - {name: upstream, fides_meta: {references: [{dataset: elsewhere, field: a.b}]}}
`

func TestParseCatalog(t *testing.T) {
	got, warns, err := ParseCatalog("shop.yaml", []byte(fidesCatalog))
	if err != nil {
		t.Fatal(err)
	}
	contact := []string{"user.contact"}
	want := []connectors.Dataset{{Key: "shop", Name: "Shop", Collections: []connectors.Collection{
		{Name: "customers", Class: "account_crm", Account: "tenant", RecordedAt: "at", Trigger: "at", Erase: "redact", Order: -5, Path: []string{"c/**"},
			Role: "subject", Refs: []connectors.PolyRef{{Type: "t", ID: "i", Map: map[string]string{"Order": "orders"}}},
			Fields: []connectors.CatalogField{
				{Name: "id", PrimaryKey: true, DataType: "integer"},
				{Name: "tenant", Categories: []string{"system.operations"}},
				{Name: "at", Categories: []string{"system"}},
				{Name: "t", Categories: contact},
				{Name: "i", Categories: contact, Identity: "phone"},
				{Name: "address", Categories: contact, DataType: "object", Fields: []connectors.CatalogField{
					{Name: "city", Categories: []string{"user.contact.address.city"}},
					{Name: "phones", Categories: contact, DataType: "string[]", Identity: "cookie"},
				}},
			}},
		{Name: "orders", Fields: []connectors.CatalogField{
			{Name: "customer_id", References: []connectors.Reference{{Dataset: "shop", Collection: "customers", Field: "id"}}},
			{Name: "city", References: []connectors.Reference{{Dataset: "shop", Collection: "customers", Field: "address.city"}}},
			{Name: "link", Links: []string{"own_kind"}, Role: "link", Override: "call_recording", Erase: "keep"},
			{Name: "upstream", References: []connectors.Reference{{Dataset: "elsewhere", Collection: "a", Field: "b"}}},
		}},
	}}}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if len(warns) != 1 || warns[0].Line != 33 || !strings.Contains(warns[0].Msg, "joins nothing") {
		t.Error(warns)
	}
}

// A foreign key is one, whichever way the values are said to flow.
func TestReferenceToKey(t *testing.T) {
	for _, dir := range []string{"", ", direction: from", ", direction: to"} {
		got, warns, err := ParseCatalog("c", []byte(field("name: merged_into, fides_meta: {references: [{dataset: crm, field: leads.id"+dir+"}]}")))
		if err != nil || len(warns) > 0 {
			t.Errorf("%q: %v %v", dir, err, warns)
			continue
		}
		fields, want := got[0].Collections[0].Fields, []connectors.Reference{{Dataset: "crm", Collection: "leads", Field: "id"}}
		if len(fields[0].References) > 0 || !slices.Equal(fields[1].References, want) {
			t.Errorf("%q: %v", dir, fields)
		}
	}
}

// catalog wraps one field, or one collection, in a catalog.
func field(s string) string {
	return "dataset:\n- fides_key: crm\n  collections:\n  - name: leads\n    fields:\n    - {name: id, fides_meta: {primary_key: true}}\n    - {" + s + "}\n"
}

func meta(s string) string {
	return "dataset:\n- fides_key: crm\n  collections:\n  - name: leads\n    meta: {sutra: {" + s + "}}\n    fields:\n    - {name: id, fides_meta: {primary_key: true}}\n"
}

func TestCatalogErrors(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"", "c:1: a catalog must be a mapping, not nothing"},
		{"system: []", "c:1: there is no dataset; a catalog is a fideslang Dataset file: dataset: [{fides_key: ..., collections: [...]}]"},
		{"dataset: 3", "c:1: dataset must be a list, not a number"},
		{"dataset:\n- collections: []", "c:2: a dataset has no fides_key"},
		{"dataset:\n- {fides_key: a b}", `c:2: fides_key "a b" is not a key; use letters, digits, _, - and .`},
		{"dataset:\n- {fides_key: a}\n- {fides_key: a}", `c:3: fides_key "a" is given twice; the first is on line 2`},
		{"dataset:\n- fides_key: a\n  collections:\n  - {name: x}\n  - {name: x}", `c:5: collection "x" is described twice; the first is on line 4`},
		{field("name: id"), `c:7: field "id" of crm.leads is described twice; the first is on line 6`},
		{field("nam: x"), "c:7: a field of crm.leads has no name"},
		{field("name: x, data_categories: user.name"), "c:7: data_categories of crm.leads.x must be a list, not a text"},
		{field("name: x, data_categories: ['user,name']"), `c:7: data category "user,name" of crm.leads.x is not a fideslang key`},
		{field("name: x, fides_meta: {identity: [phone]}"), "c:7: identity of crm.leads.x must be a text, not a list"},
		{field("name: x, fides_meta: {identity: a b}"), `c:7: identity "a b" of crm.leads.x is not a word`},
		{field("name: x, fides_meta: {references: {dataset: crm, field: leads.id}}"), "c:7: references of crm.leads.x must be a list, not a mapping"},
		{field("name: x, fides_meta: {references: [{dataset: crm}]}"), "c:7: a reference of crm.leads.x must name a dataset and a field; write {dataset: KEY, field: COLLECTION.FIELD, direction: from}"},
		{field("name: x, fides_meta: {references: [{dataset: crm, field: leads}]}"), `c:7: the reference "leads" of crm.leads.x names no field; write COLLECTION.FIELD`},
		{field("name: x, fides_meta: {references: [{dataset: crm, field: leads.id, direction: up}]}"), `c:7: the direction of a reference of crm.leads.x must be from or to, not "up"`},
		{field("name: x, fides_meta: {references: [{dataset: crm, field: lead.id}]}"), `c:7: the reference of crm.leads.x: dataset crm has no collection "lead"; did you mean "leads"?`},
		{field("name: x, fides_meta: {references: [{dataset: crm, field: leads.idd}]}"), `c:7: the reference of crm.leads.x: crm.leads has no field "idd"; did you mean "id"?`},
		{field("name: x, fides_meta: {references: [{dataset: crm, field: leads.id.deep}]}"), `c:7: the reference of crm.leads.x: crm.leads has no field "id.deep"`},
		{field("name: x, fides_meta: {primary_key: yep}"), "c:7: primary_key of crm.leads.x must be true or false, not a text"},
		{field("name: x, meta: {sutra: {links: y}}"), `c:7: unknown key "links" under meta.sutra of crm.leads.x; did you mean "link"?`},
		{field("name: x, meta: {sutra: {role: owner}}"), `c:7: role of crm.leads.x must be subject, mention, link or member, not "owner"`},
		{field("name: x, meta: {sutra: {link: 'a b'}}"), `c:7: link "a b" of crm.leads.x is not a name; use letters, digits, _, - and .`},
		{field("name: x, meta: {sutra: {erase: drop}}"), `c:7: erase of crm.leads.x must be delete, redact or keep, not "drop"`},
		{field("name: x, meta: {sutra: [1]}"), "c:7: meta.sutra of crm.leads.x must be a mapping, not a list"},
		{field("name: x, meta: {sutra: {erase: keep, erase: keep}}"), `c:7: key "erase" is given twice; the first is on line 7`},
		{meta("clas: account_crm"), `c:5: unknown key "clas" under meta.sutra of crm.leads; did you mean "class"?`},
		{meta("account: ids"), `c:5: account of crm.leads: the collection has no field "ids"; did you mean "id"?`},
		{meta("trigger: di"), `c:5: trigger of crm.leads: the collection has no field "di"; did you mean "id"?`},
		{meta("order: first"), "c:5: order of crm.leads must be a whole number, not a text"},
		{meta("staff: 1"), "c:5: staff of crm.leads must be true or false, not a number"},
		{meta("path: {a: 1}"), "c:5: path of crm.leads must be a text or a list of texts, not a mapping"},
		{meta("path: [/x]"), `c:5: path "/x" of crm.leads is not relative; it is a glob under the source's url, such as NAME/**`},
		{meta("refs: {type: id, id: id}"), "c:5: refs of crm.leads must be a list, not a mapping"},
		{meta("refs: [{type: id}]"), "c:5: refs of crm.leads must name a type and an id; write {type: FIELD, id: FIELD}"},
		{meta("refs: [{type: id, id: id, map: {Lead: led}}]"), `c:5: refs of crm.leads: there is no collection "led"`},
		{"dataset: &a\n- *a", "c:2: alias \"a\" stands inside its own anchor\nc:2: a dataset must be a mapping, not nothing"},
		{"a: 1\n---\nb: 2", "c:3: a second YAML document in one file; remove the line \"---\" or split the file\nc:1: there is no dataset; a catalog is a fideslang Dataset file: dataset: [{fides_key: ..., collections: [...]}]"},
	} {
		_, _, err := ParseCatalog("c", []byte(c.in))
		if err == nil || err.Error() != c.want {
			t.Errorf("%s\n got %v\nwant %s", c.in, err, c.want)
		}
	}
}

func TestCatalogWarnings(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{field("name: x, data_categories: [user.contact.emial]"), `c:7: data category "user.contact.emial" of crm.leads.x is not in fideslang's default taxonomy; did you mean "user.contact.email"?`},
		{field("name: x, data_categories: [user.shoe_size_in_cm_or_inches]"), `c:7: data category "user.shoe_size_in_cm_or_inches" of crm.leads.x is not in fideslang's default taxonomy`},
		{field("name: x, fides_meta: {identity: loyalty_card}"), `c:7: identity "loyalty_card" of crm.leads.x is unknown: its values are compared as they are, as a kind of their own`},
		{field("name: x, fides_meta: {identity: external_id}"), ""},
		{field("name: x, fides_meta: {data_type: objct}"), `c:7: data_type "objct" of crm.leads.x is not one of fideslang's; did you mean "object"?`},
		{field("name: x, meta: {sutra: {link: indiamart_qury}}"), `c:7: link "indiamart_qury" of crm.leads.x is none of the built-in kinds; did you mean "indiamart_query"?`},
		{field("name: x, meta: {sutra: {link: [order_no, merged]}}"), ""},
		{field("name: x, fides_meta: {references: [{dataset: crm, field: leads.x}]}"), "c:7: the reference of crm.leads.x joins nothing: the field it leads to identifies no record; mark the field referred to as primary_key"},
		{field("name: x, fides_meta: {references: [{dataset: crm, field: leads.key}]}"), ""},
		{"dataset: [{fides_key: crm, collections: [{name: sales, fields: [{name: id, fides_meta: {primary_key: true}}]}, {name: sales.leads, fields: [{name: id, fides_meta: {primary_key: true}}]}, {name: notes, fields: [{name: l, fides_meta: {references: [{dataset: crm, field: sales.leads.id}]}}]}]}]", ""},
		{meta("class: acount_crm"), `c:5: class of crm.leads: the built-in policy has no class "acount_crm"; did you mean "account_crm"?`},
		{meta("class: usage_logs, recorded_at: key"), ""},
		{meta("class: usage_logs, recorded_at: d"), ""}, // one letter is near to "id", and no slip
		{"dataset: [{fides_key: a}]", `c:1: dataset "a" has no collections: nothing in it will be found`},
	} {
		_, warns, err := ParseCatalog("c", []byte(c.in))
		var got []string
		for _, w := range warns {
			got = append(got, w.String())
		}
		if err != nil || strings.Join(got, "\n") != c.want {
			t.Errorf("%s\n got %v %v\nwant %s", c.in, got, err, c.want)
		}
	}
}

func TestCategories(t *testing.T) {
	if !slices.IsSorted(Categories()) || len(Categories()) < 100 || len(slices.Compact(Categories())) != len(categorySet) {
		t.Error(len(Categories()))
	}
	for _, c := range []string{"user", "system", "user.contact.phone_number", "user.government_id.national_identification_number", "user.biometrics.voice"} {
		if !KnownCategory(c) {
			t.Error(c)
		}
	}
	if d := connectors.Columns("crm", connectors.Collection{}); len(d) != 0 {
		t.Error(d)
	}
}

// TestNames checks how sources find one another.
func TestNames(t *testing.T) {
	const sources = `sources:
  main: {connector: sqlite, url: "file:a.db", catalog: crm.yaml}
  audio: {connector: recordings, url: "file:rec/"}
  exports: {connector: files, url: "file:ex/", catalog: ex.yaml}
`
	crm := func(ref string) string {
		return "dataset:\n- fides_key: crm\n  collections:\n  - name: leads\n    meta: {sutra: {account: id}}\n    fields:\n    - {name: id, fides_meta: {primary_key: true}}\n    - {name: r, fides_meta: {references: [" + ref + "]}}\n"
	}
	const ex = "dataset:\n- fides_key: files\n  collections:\n  - name: rows\n    meta: {sutra: {account: key}}\n    fields:\n    - {name: lead, fides_meta: {references: [{dataset: crm, field: leads.id}]}}\n"
	for _, c := range []struct {
		ref, err, warn string
		want           []connectors.Reference
	}{
		{"{dataset: crm, field: leads.id}", "", "", []connectors.Reference{{Dataset: "main", Collection: "leads", Field: "id"}}},
		{"{dataset: main, field: leads.id}", "", "", []connectors.Reference{{Dataset: "main", Collection: "leads", Field: "id"}}},
		{"{dataset: recordings, field: calls.key}", "", "", []connectors.Reference{{Dataset: "audio", Collection: "calls", Field: "key"}}},
		{"{dataset: audio, field: sidecars.key}", "", "", []connectors.Reference{{Dataset: "audio", Collection: "sidecars", Field: "key"}}},
		{"{dataset: files, field: rows.key}", "", "", []connectors.Reference{{Dataset: "exports", Collection: "rows", Field: "key"}}},
		{"{dataset: audio, field: calls.phone}", "", "crm.yaml:8: the reference of main.leads.r joins nothing: the field it leads to identifies no record; mark the field referred to as primary_key",
			[]connectors.Reference{{Dataset: "audio", Collection: "calls", Field: "phone"}}},
		{"{dataset: adio, field: calls.key}", `crm.yaml:8: the reference of main.leads.r names dataset "adio", which no source has; did you mean "audio"?`, "", nil},
		{"{dataset: billing, field: calls.key}", `crm.yaml:8: the reference of main.leads.r names dataset "billing", which no source has; the sources are main, audio, exports`, "", nil},
		{"{dataset: audio, field: call.key}", `crm.yaml:8: the reference of main.leads.r: dataset audio has no collection "call"; did you mean "calls"?`, "", nil},
		{"{dataset: main, field: leads.key}", `crm.yaml:8: the reference of main.leads.r: main.leads has no field "key"`, "", nil},
	} {
		cfg, warns, errs := load(t, map[string]string{"sutra.yaml": sources, "crm.yaml": crm(c.ref), "ex.yaml": ex})
		if strings.Join(errs, "\n") != c.err || strings.Join(warns, "\n") != c.warn {
			t.Errorf("%s:\n%v\n%v", c.ref, errs, warns)
			continue
		}
		if cfg == nil {
			continue
		}
		if d := cmp.Diff(c.want, cfg.Sources[0].Dataset.Collections[0].Fields[1].References); d != "" {
			t.Errorf("%s: %s", c.ref, d)
		}
		if d := cmp.Diff("main", cfg.Sources[2].Dataset.Collections[0].Fields[0].References[0].Dataset); d != "" {
			t.Errorf("%s: %s", c.ref, d)
		}
	}
	_, _, errs := load(t, map[string]string{"sutra.yaml": sources, "ex.yaml": ex,
		"crm.yaml": strings.Replace(crm("{dataset: crm, field: leads.id}"), "account: id", "account: keys, trigger: idd", 1)})
	if want := `crm.yaml:5: trigger of main.leads: the collection has no field "idd"; did you mean "id"?`; len(errs) != 1 || errs[0] != want {
		t.Error(errs)
	}
}

func TestSharedCatalog(t *testing.T) {
	both := smallCatalog + "- {fides_key: lone, collections: [{name: x, fields: [{name: r, fides_meta: {references: [{dataset: crm, field: leads.id}]}}]}]}\n"
	cfg, warns, errs := load(t, map[string]string{"both.yaml": both, "sutra.yaml": `sources:
  crm: {connector: sqlite, url: "file:a.db", catalog: both.yaml}
`})
	if errs != nil || len(cfg.Sources[0].Dataset.Collections) != 1 || len(warns) != 1 || warns[0] != `both.yaml:8: no source uses dataset "lone"` {
		t.Error(errs, warns)
	}
	_, _, errs = load(t, map[string]string{"crm.yaml": smallCatalog, "both.yaml": both, "sutra.yaml": `sources:
  one: {connector: sqlite, url: "file:a.db", catalog: crm.yaml}
  two: {connector: sqlite, url: "file:b.db", catalog: crm.yaml}
  lone: {connector: sqlite, url: "file:c.db", catalog: both.yaml}
`})
	if want := `both.yaml:8: the reference of lone.x.r names dataset "crm", which no source has; several sources have this fides_key: name one of one, two`; len(errs) != 1 || errs[0] != want {
		t.Error(errs)
	}
}

func FuzzParseCatalog(f *testing.F) {
	for _, s := range []string{fidesCatalog, smallCatalog, recordingsCatalog, "dataset: &a {<<: *a}", "dataset: [{fides_key: a, collections: [{name: b, fields: [{name: c, fields: []}]}]}]"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		ds, warns, err := ParseCatalog("c", data)
		if err != nil {
			return
		}
		for _, w := range warns {
			if w.Msg == "" {
				t.Fatal("an empty warning")
			}
		}
		for _, d := range ds {
			for _, c := range d.Collections {
				connectors.Columns(d.Key, c)
			}
		}
	})
}

// A short name and one with another digit may both be columns of the table: only a
// slip of the pen is an error.
func TestNearNames(t *testing.T) {
	fields := []connectors.CatalogField{{Name: "id"}, {Name: "date1"}, {Name: "closed_at"}}
	for name, want := range map[string]bool{"tid": false, "uid": false, "rid": false, "date2": false, "on": false,
		"ids": true, "idd": true, "di": true, "iid": true, "date": false, "closd_at": true, "losed_at": true, "account_id": false} {
		if got := near(name, fields); got != want {
			t.Errorf("near(%q) = %v", name, got)
		}
	}
}

// The example of the contract: keys of a collection name fields that it does not
// describe.
func TestUndescribedFields(t *testing.T) {
	cfg, warns, errs := load(t, map[string]string{"sutra.yaml": `sources:
  crm: {connector: sqlite, url: "file:a.db", catalog: crm.yaml}
`, "crm.yaml": `dataset:
  - fides_key: crm
    collections:
      - name: leads
        meta: {sutra: {class: account_crm, account: account_id, recorded_at: created_at}}
        fields:
          - {name: contact_id, fides_meta: {references: [{dataset: crm, field: contacts.id, direction: from}]}}
      - {name: contacts, fields: [{name: phone, fides_meta: {identity: phone_number}}]}
      - name: notes
        meta: {sutra: {account: account_id, refs: [{type: ref_type, id: ref_id}]}}
`})
	if errs != nil || warns != nil {
		t.Fatal(errs, warns)
	}
	d := cfg.Sources[0].Dataset
	for coll, want := range map[string]string{"leads": "contact_id account_id created_at", "contacts": "phone id", "notes": "account_id ref_type ref_id"} {
		c, _ := d.Collection(coll)
		if got := strings.Join(fieldNames(c.Fields), " "); got != want {
			t.Errorf("%s: got fields %q, want %q", coll, got, want)
		}
	}
	if c, _ := d.Collection("contacts"); len(c.PrimaryKey()) != 1 {
		t.Error("what others refer to is not taken for the key")
	}
}

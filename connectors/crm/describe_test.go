package crm

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/cratio/sutra/connectors"
)

const describedDDL = `
CREATE TABLE users(id INTEGER PRIMARY KEY, name TEXT);
CREATE TABLE customers(branch TEXT, no INTEGER, phone TEXT, parent_branch TEXT, parent_no INTEGER, PRIMARY KEY(branch, no),
  FOREIGN KEY(parent_branch, parent_no) REFERENCES customers(branch, no));
CREATE TABLE leads(id TEXT PRIMARY KEY, cust_no INTEGER, cust_branch TEXT, agent_id INTEGER REFERENCES users,
  FOREIGN KEY(cust_branch, cust_no) REFERENCES customers(branch, no));
CREATE TABLE notes(lead TEXT REFERENCES leads, body TEXT);
CREATE TABLE pairs(a TEXT REFERENCES leads(id), b TEXT REFERENCES leads(id));
INSERT INTO customers VALUES('B,1', 7, '+919811100011', NULL, NULL);
INSERT INTO leads VALUES('L1', 7, 'B,1', NULL), ('L2', NULL, 'B,1', NULL);
`

func TestDescribe(t *testing.T) {
	f := newFixture(t, "customers: phone@phone\nleads:\nnotes:\npairs:\nusers:", describedDDL)
	d, err := f.src.Describe(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range d.Collections {
		for _, fl := range c.Fields {
			line := c.Name + "." + fl.Name
			if fl.PrimaryKey {
				line += " key"
			}
			for _, r := range fl.References {
				line += " > " + r.Collection + "." + r.Field
			}
			for _, r := range fl.May {
				line += " ? " + r.Collection + "." + r.Field
			}
			if fl.Of != nil {
				line += fmt.Sprint(" of ", fl.Of)
			}
			got = append(got, line)
		}
	}
	want := `customers.phone
customers.branch key
customers.no key
customers.(branch+no) of [branch no]
leads.id key
leads.(cust_branch+cust_no) > customers.(branch+no) of [cust_branch cust_no]
notes.lead > leads.id
pairs.b ? leads.id
pairs.a ? leads.id
users.id key`
	if s := strings.Join(got, "\n"); s != want {
		t.Errorf("got\n%s\nwant\n%s", s, want)
	}
	again, err := f.src.Describe(context.Background())
	if err != nil || fmt.Sprint(again) != fmt.Sprint(d) {
		t.Errorf("a second look finds something else: %v", err)
	}
}

// The two ends of a composite reference have the same value, and half a reference
// has none.
func TestCompositeValues(t *testing.T) {
	f := newFixture(t, "customers: phone@phone\nleads:", describedDDL)
	if _, err := f.src.Describe(context.Background()); err != nil {
		t.Fatal(err)
	}
	values := map[string]string{}
	for u, err := range f.src.Units(context.Background()) {
		if err != nil {
			t.Fatal(err)
		}
		for b, err := range f.src.Read(context.Background(), u) {
			if err != nil {
				t.Fatal(err)
			}
			for row := range int(b.Rows.NumRows()) {
				loc, _ := connectors.Value(b.Rows, 0, row)
				for i, fl := range b.Rows.Schema().Fields() {
					if v, ok := connectors.Value(b.Rows, i, row); ok && strings.HasPrefix(fl.Name, "(") {
						values[loc] = v
					}
				}
			}
		}
	}
	if len(values) != 2 || values["pk=L1"] != `B\,1,7` || values[`pk=B\,1,7`] != `B\,1,7` {
		t.Errorf("got %q", values)
	}
}

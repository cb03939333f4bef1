package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const billsSchema = `
CREATE TABLE invoices (id INTEGER PRIMARY KEY, name TEXT, phone TEXT, invoice_date TEXT,
	reversed_id INTEGER REFERENCES invoices(id), previous_id INTEGER REFERENCES invoices(id));
INSERT INTO invoices VALUES
	(1, 'Asha Verma', '9820647153', '2017-01-01', NULL, NULL), (2, 'Asha Verma', '9820647153', '2019-06-01', 1, NULL),
	(3, 'Bela Jain', '9820647154', '2017-01-01', NULL, NULL), (4, 'Bela Jain', '9820647154', '2019-06-01', NULL, 3);
`

// That one bill refers to another in its table does not say that both are one person's, so
// discover and check ask for a person's word; by that word a credit note and its invoice are
// kept as long as each other.
func TestDiscoverBillsAmongThemselves(t *testing.T) {
	s := proposed(t, billsSchema)
	catalog := s.file("crm.yaml")
	if asked := "where credit notes refer to their invoices by it, add it as a reference"; strings.Count(catalog, asked) != 2 {
		t.Error("the proposal does not ask whether bills refer to their notes:\n" + catalog)
	}
	kept := func(when string, asha, asked int) {
		t.Helper()
		for number, kept := range map[string]int{"9820647153": asha, "9820647154": 1} {
			if out := s.run("--json", "where", number); strings.Count(out, `"erase_after":"2027-04-01`) != kept {
				t.Errorf("%s, of the bills of %s others than %d are kept until 2027:\n%s", when, number, kept, out)
			}
		}
		if out := s.run("--json", "check"); strings.Count(out, "refers to itself by") != asked {
			t.Errorf("%s, check does not ask of %d references:\n%s", when, asked, out)
		}
	}
	kept("as proposed", 1, 2)
	said := strings.Replace(catalog, "{name: reversed_id, ", "{name: reversed_id, fides_meta: {references: [{dataset: crm, field: invoices.id, direction: from}]}, ", 1)
	said = strings.Replace(said, "{name: previous_id, ", "{name: previous_id, meta: {sutra: {role: mention}}, ", 1)
	if err := os.WriteFile(filepath.Join(s.dir, "crm.yaml"), []byte(said), 0o600); err != nil {
		t.Fatal(err)
	}
	s.run("scan")
	kept("by a person's word", 2, 0)
}

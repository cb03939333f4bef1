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

// An invoice is kept until the time of a credit note in the same table is over, whether the
// catalog says that the note refers to it or the database alone; a later invoice is no note.
func TestDiscoverBillsAmongThemselves(t *testing.T) {
	s := proposed(t, billsSchema)
	refers := ", fides_meta: {references: [{dataset: crm, field: invoices.id, direction: from}]}"
	catalog := s.file("crm.yaml")
	if strings.Count(catalog, refers) != 1 || !strings.Contains(catalog, "previous_id, data_categories: [system.operations]}") {
		t.Fatal("the proposal does not say that a note refers to its invoice, and a later one does not:\n" + catalog)
	}
	for range 2 {
		s.run("scan")
		for number, kept := range map[string]int{"9820647153": 2, "9820647154": 1} {
			if out := s.run("--json", "where", number); strings.Count(out, `"erase_after":"2027-04-01`) != kept {
				t.Errorf("of the bills of %s others than %d are kept until 2027:\n%s", number, kept, out)
			}
		}
		if err := os.WriteFile(filepath.Join(s.dir, "crm.yaml"), []byte(strings.Replace(catalog, refers, "", 1)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

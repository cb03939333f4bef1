package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestRowsGoAfterWhatRefersToThem: a plan that one transaction does not hold, of a catalog that
// gives the tables no order, deletes the rows that only rows of the plan refer to.
func TestRowsGoAfterWhatRefersToThem(t *testing.T) {
	s := newBareSite(t, map[string]string{"sutra.yaml": "sources:\n  crm: {connector: sqlite, url: \"file:crm.db\", catalog: crm.yaml}\n", "crm.yaml": `dataset:
  - fides_key: crm
    collections:
      - name: contacts
        meta: {sutra: {class: account_crm, erase: delete}}
        fields: [{name: phone, data_categories: [user.contact.phone_number], fides_meta: {identity: phone_number}}]
      - name: notes
        meta: {sutra: {class: account_crm, erase: delete}}
        fields: [{name: body, data_categories: [user.content]}]
`})
	var contacts, notes, asked []string
	for i := range 3000 {
		phone := fmt.Sprintf("98201%05d", i)
		contacts = append(contacts, fmt.Sprintf("(%d, '%s')", i*10+1, phone))
		notes = append(notes, fmt.Sprintf("(%d, %d, 'called')", i*10+1, i*10+1))
		asked = append(asked, phone)
	}
	s.sql("CREATE TABLE contacts (id INTEGER PRIMARY KEY, phone TEXT); CREATE TABLE notes (id INTEGER PRIMARY KEY, contact_id INTEGER REFERENCES contacts(id), body TEXT); CREATE INDEX i ON notes (contact_id);" +
		"INSERT INTO contacts VALUES " + strings.Join(contacts, ", ") + "; INSERT INTO notes VALUES " + strings.Join(notes, ", ") + ";")
	if err := os.WriteFile(filepath.Join(s.dir, "asked.txt"), []byte(strings.Join(asked, "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	s.run("scan")
	s.run("erase", "--from", "asked.txt", "-o", "plan")
	if out := s.run("apply", "plan"); !strings.Contains(out, `"erased":6000,"redacted":0,`) {
		t.Errorf("apply says %s", out)
	}
	if rows := s.values(); len(rows) != 0 {
		t.Errorf("%d rows are left, such as %s", len(rows), rows[0])
	}
}

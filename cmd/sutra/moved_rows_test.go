package main

import (
	"archive/zip"
	"io"
	"path/filepath"
	"strings"
	"testing"
)

// TestCopyOfMovedRows: between a scan and somebody's request a note was given to another
// customer, and her own row was taken by somebody new under the same id. Nothing of theirs
// is handed to her, nor corrected for her; what the scan saw and stands unchanged is.
func TestCopyOfMovedRows(t *testing.T) {
	for _, kind := range []string{"sqlite", "postgres", "mysql"} {
		t.Run(kind, func(t *testing.T) {
			s, db := siteOver(t, kind, `dataset:
  - fides_key: crm
    collections:
      - name: customers
        meta: {sutra: {class: account_crm, erase: delete}}
        fields: [{name: full_name, data_categories: [user.name]}, {name: phone, data_categories: [user.contact.phone_number], fides_meta: {identity: phone_number}}]
      - name: leads
        meta: {sutra: {class: account_crm, erase: delete}}
        fields: [{name: full_name, data_categories: [user.name]}, {name: phone, data_categories: [user.contact.phone_number], fides_meta: {identity: phone_number}}]
      - name: notes
        meta: {sutra: {class: account_crm, erase: delete}}
        fields: [{name: customer_id, fides_meta: {references: [{dataset: crm, field: customers.id, direction: from}]}}, {name: body, data_categories: [user.content]}]
`,
				"CREATE TABLE customers (id INTEGER PRIMARY KEY, full_name VARCHAR(40), phone VARCHAR(20))", "CREATE TABLE leads (id INTEGER PRIMARY KEY, full_name VARCHAR(40), phone VARCHAR(20))",
				"CREATE TABLE notes (id INTEGER PRIMARY KEY, customer_id INTEGER, body VARCHAR(80))",
				"INSERT INTO customers VALUES (1, 'Asha Rao', '9822031415'), (2, 'Binu Paul', '9822031416')", "INSERT INTO leads VALUES (1, 'Asha Rao', '9822031415')",
				"INSERT INTO notes VALUES (1, 1, 'wants red'), (2, 1, 'comes late'), (3, 1, 'pays cash')")
			s.run("scan")
			for _, q := range []string{"UPDATE customers SET full_name = 'Zarina Khan', phone = '9822031499' WHERE id = 1",
				"UPDATE notes SET customer_id = 2 WHERE id = 2", "UPDATE notes SET body = 'has two dogs' WHERE id = 3"} {
				if _, err := db.Exec(q); err != nil {
					t.Fatal(err)
				}
			}
			code, out := s.status("access", "9822031415", "-o", "copy.zip")
			if code != exitGaps || !strings.Contains(out, `"records":2,`) || strings.Count(out, "not what the last scan saw") != 3 {
				t.Errorf("access ends %d: %s", code, out)
			}
			text := unzipped(t, filepath.Join(s.dir, "copy.zip"))
			for _, theirs := range []string{"Zarina", "comes late", "two dogs"} {
				if strings.Contains(text, theirs) {
					t.Errorf("%q is in her copy", theirs)
				}
			}
			if !strings.Contains(text, "wants red") {
				t.Error("a note that nobody changed is not in her copy")
			}
			if code, out := s.status("correct", "9822031415", "--set", "user.name=Asha Rao Kulkarni", "-o", "right"); code != exitGaps || !strings.Contains(out, `"records":1,`) {
				t.Errorf("correct ends %d: %s", code, out)
			}
		})
	}
}

// unzipped returns all that stands in an archive.
func unzipped(t *testing.T, path string) string {
	t.Helper()
	r, err := zip.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer stopped(t, r.Close)
	var b strings.Builder
	for _, f := range r.File {
		in, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(&b, in); err != nil {
			t.Fatal(err)
		}
		stopped(t, in.Close)
	}
	return b.String()
}

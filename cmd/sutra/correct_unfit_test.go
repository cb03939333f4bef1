package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestCorrectionThatOneRowCannotHold: a column that is too short for the new value, or a value
// that is taken, fails that row alone; her other rows get it.
func TestCorrectionThatOneRowCannotHold(t *testing.T) {
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
`,
				"CREATE TABLE customers (id INTEGER PRIMARY KEY, full_name VARCHAR(10) CHECK (LENGTH(full_name) <= 10), phone VARCHAR(20))", "CREATE TABLE leads (id INTEGER PRIMARY KEY, full_name VARCHAR(40), phone VARCHAR(20))",
				"INSERT INTO customers VALUES (1, 'Asha Rao', '9822031415')", "INSERT INTO leads VALUES (1, 'Asha Rao', '9822031415'), (2, 'Binu Paul', '9822031416')")
			s.run("scan")
			s.run("correct", "9822031415", "--set", "user.name=Asha Rao Kulkarni", "-o", "right")
			code, out := s.status("apply", "right")
			if code != exitGaps || !strings.Contains(out, "the field cannot hold the new value") || !strings.Contains(out, `"redacted":1`) || !strings.Contains(out, `"failed":1`) {
				t.Errorf("apply ends %d: %s", code, out)
			}
			want := []string{"Asha Rao", "Asha Rao Kulkarni", "Binu Paul"}
			if d := cmp.Diff(want, append(query(t, db, "SELECT full_name FROM customers"), query(t, db, "SELECT full_name FROM leads ORDER BY id")...)); d != "" {
				t.Error(d)
			}
		})
	}
}

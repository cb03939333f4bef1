package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestContactOrLead: a task is about a contact or a lead, and nothing says about which. A contact
// and a lead with one id are two people: neither is handed or erased with the other.
func TestContactOrLead(t *testing.T) {
	for _, kind := range []string{"sqlite", "postgres", "mysql"} {
		t.Run(kind, func(t *testing.T) {
			s, db := siteOver(t, kind, `dataset:
  - fides_key: crm
    collections:
      - name: contacts
        meta: {sutra: {class: account_crm, erase: delete}}
        fields: &person [{name: name, data_categories: [user.name]}, {name: phone, data_categories: [user.contact.phone_number], fides_meta: {identity: phone_number}}]
      - name: leads
        meta: {sutra: {class: account_crm, erase: delete}}
        fields: *person
      - name: tasks
        meta: {sutra: {class: account_crm, erase: delete}}
        fields: [{name: who_id, fides_meta: {references: [{dataset: crm, field: contacts.id, direction: from}, {dataset: crm, field: leads.id, direction: from}]}}, {name: body, data_categories: [user.content]}]
`,
				"CREATE TABLE contacts (id INTEGER PRIMARY KEY, name VARCHAR(40), phone VARCHAR(20))", "CREATE TABLE leads (id INTEGER PRIMARY KEY, name VARCHAR(40), phone VARCHAR(20))",
				"CREATE TABLE tasks (id INTEGER PRIMARY KEY, who_id INTEGER, body VARCHAR(40))",
				"INSERT INTO contacts VALUES (5, 'Asha Rao', '9822031415'), (6, 'Omar Lal', '9822031417')", "INSERT INTO leads VALUES (5, 'Binu Paul', '9822031416')", "INSERT INTO tasks VALUES (1, 5, 'is ill'), (2, 6, 'is away')")
			if out := s.run("scan"); !strings.Contains(out, "nothing says which is meant") {
				t.Errorf("the scan says %s", out)
			}
			if out := s.run("where", "lead:5"); !strings.Contains(out, "1 more records refer to this person or to somebody else") {
				t.Errorf("where says %s", out)
			}
			for _, args := range [][]string{{"erase", "contact:5", "-o", "plan"}, {"apply", "plan"}} {
				if out := s.run(args...); !strings.Contains(out, `"pk=1","reason":"shared","rule":"a reference that may lead to somebody else`) {
					t.Errorf("%s does not say of the task that it stays: %s", args[0], out)
				}
			}
			want := []string{"Omar Lal", "Binu Paul", "is ill", "is away"}
			if d := cmp.Diff(want, append(append(query(t, db, "SELECT name FROM contacts WHERE name IS NOT NULL"), query(t, db, "SELECT name FROM leads")...), query(t, db, "SELECT body FROM tasks ORDER BY id")...)); d != "" {
				t.Error(d)
			}
		})
	}
}

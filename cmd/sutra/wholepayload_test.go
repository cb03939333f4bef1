package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A payload all of which is hers is emptied whole, also where the number in it is her
// family's and only her name says that it is hers, and where no category says that it is
// personal; so is one of two people who go together, and one whose time is over. What
// names a stranger besides stays and is listed.
func TestWholePayload(t *testing.T) {
	s, db := siteOver(t, "sqlite", `dataset:
  - fides_key: crm
    collections:
      - name: accounts
        meta: {sutra: {accounts: true, class: account_crm, account: id, trigger: ended, erase: keep}}
        fields: [{name: id, fides_meta: {primary_key: true}}]
      - name: contacts
        meta: {sutra: {class: account_crm, account: account_id, erase: delete}}
        fields:
          - {name: id, fides_meta: {primary_key: true}}
          - {name: name, data_categories: [user.name]}
          - {name: phone, data_categories: [user.contact.phone_number], fides_meta: {identity: phone_number}}
          - {name: email, data_categories: [user.contact.email], fides_meta: {identity: email}}
      - name: bills
        meta: {sutra: {class: account_crm, account: account_id, erase: keep}}
        fields:
          - {name: id, fides_meta: {primary_key: true}}
          - {name: contact_id, fides_meta: {references: [{dataset: crm, field: contacts.id, direction: from}]}}
          - {name: body, fides_meta: {data_type: object}}
      - name: hooks
        meta: {sutra: {class: account_crm, account: account_id, erase: redact}}
        fields:
          - {name: id, fides_meta: {primary_key: true}}
          - {name: body, fides_meta: {data_type: object}}
`,
		"CREATE TABLE accounts (id VARCHAR(9) PRIMARY KEY, ended VARCHAR(20))", "INSERT INTO accounts VALUES ('A1', NULL)",
		"CREATE TABLE contacts (id INTEGER PRIMARY KEY, account_id VARCHAR(9), name VARCHAR(40), phone VARCHAR(20), email VARCHAR(40))",
		`INSERT INTO contacts VALUES (1, 'A1', 'Ganesh Patil', '9820144001', 'ganesh@example.com'), (2, 'A1', 'Lata Patil', '9820144001', 'lata@example.com'),
		 (3, 'A1', 'Uma Sen', '9820144002', 'uma@example.com'), (4, 'A1', 'Tara Roy', '9820144002', 'tara@example.com')`,
		"CREATE TABLE bills (id INTEGER PRIMARY KEY, account_id VARCHAR(9), contact_id INTEGER, body VARCHAR(200))",
		`INSERT INTO bills VALUES (1, 'A1', 2, '{"buyer":{"name":"Lata Patil","phone":"9820144001"}}'), (2, 'A1', 2, '{"leads":[{"name":"Lata Patil","phone":"9820144001"},{"name":"Zed Khan","phone":"9820144009"}]}')`,
		"CREATE TABLE hooks (id INTEGER PRIMARY KEY, account_id VARCHAR(9), body VARCHAR(400))",
		`INSERT INTO hooks VALUES (1, 'A1', '{"name":"Lata Patil","phone":"9820144001","message":"word"}'),
		 (2, 'A1', '{"leads":[{"name":"Lata Patil","phone":"9820144001","message":"one"},{"name":"Lata Patil","phone":"9820144001","message":"two"}]}'),
		 (3, 'A1', '{"leads":[{"name":"Lata Patil","phone":"9820144001"},{"name":"Zed Khan","phone":"9820144009"}]}'),
		 (4, 'A1', '{"leads":[{"name":"Ganesh Patil","phone":"9820144001","message":"one"},{"name":"Uma Sen","phone":"9820144002"}]}'),
		 (5, 'A1', '{"leads":[{"name":"Solo Das","phone":"9820144003"},{"name":"Zed Khan","phone":"9820144009"}]}'),
		 (6, 'A1', '{"theme":"dark","columns":3}')`)
	left := func(want string) {
		t.Helper()
		if d := cmp.Diff(want, strings.Join(query(t, db, "SELECT id FROM hooks WHERE body IS NOT NULL ORDER BY id"), " ")); d != "" {
			t.Error(d)
		}
	}
	s.run("scan")
	if out := s.run("erase", "lata@example.com", "-o", "one"); !strings.Contains(out, `"records":5,"keep":3`) || !strings.Contains(out, `"locator":"pk=3","reason":"shared"`) {
		t.Error(out)
	}
	s.run("apply", "one")
	left("3 4 5 6")
	if d := cmp.Diff("2", strings.Join(query(t, db, "SELECT id FROM bills WHERE body LIKE '%Khan%' OR body LIKE '%Lata%' ORDER BY id"), " ")); d != "" {
		t.Error(d)
	}
	s.run("erase", "ganesh@example.com", "uma@example.com", "-o", "two")
	s.run("apply", "two")
	left("3 5 6")
	query(t, db, "UPDATE accounts SET ended = '2026-01-01' RETURNING id")
	s.run("scan")
	s.run("retain", "-o", "three")
	s.run("apply", "three")
	left("6")
}

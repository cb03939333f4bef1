package main

import (
	"fmt"
	"strings"
	"testing"
)

// TestAccountsThatDifferInSpaces: two accounts whose ids differ in spaces only never merge
// where the database tells them apart, and a stray space is no other account where there is
// but one of that id.
func TestAccountsThatDifferInSpaces(t *testing.T) {
	for _, kind := range []string{"postgres", "sqlite"} {
		t.Run(kind, func(t *testing.T) {
			url, err := databasesOf(t, kind)("crm")
			if err != nil {
				t.Fatal(err)
			}
			db := databaseOf(t, kind, url,
				"CREATE TABLE accounts (id TEXT PRIMARY KEY, terminated_at DATE)",
				"CREATE TABLE contacts (id INTEGER PRIMARY KEY, account_id TEXT, phone VARCHAR(20))",
				"INSERT INTO accounts VALUES ('A1', NULL), ('A1 ', NULL), ('B1', NULL)",
				"INSERT INTO contacts VALUES (1, 'A1', '9822031415'), (2, 'A1 ', '9822031415'), (3, 'B1', '9822031416'), (4, ' B1 ', '9822031417')",
			)
			s := newBareSite(t, map[string]string{
				"sutra.yaml": fmt.Sprintf("sources:\n  exports: {connector: files, url: \"file:exports/\", catalog: exports.yaml}\n  crm: {connector: %s, url: %q, catalog: crm.yaml}\n", kind, url),
				"crm.yaml": `dataset:
  - fides_key: crm
    collections:
      - name: accounts
        meta: {sutra: {accounts: true, class: account_crm, account: id, trigger: terminated_at, erase: keep}}
      - name: contacts
        meta: {sutra: {class: account_crm, account: account_id, erase: delete}}
        fields:
          - {name: phone, data_categories: [user.contact.phone_number], fides_meta: {identity: phone_number}}
`,
				"exports.yaml": foldedExports, "exports/leads/a.csv": "account,phone\n\"A1 \",9822031415\nA1,9822031415\n B1,9822031417\n",
			})
			s.run("scan")
			if code, out := s.status("where", "9822031415"); code != exitRefused {
				t.Errorf("two accounts merged, exit %d: %s", code, out)
			}
			for account, row := range map[string]string{"A1": "row 2", "A1 ": "row 1"} {
				out := s.run("where", "9822031415", "--account", account)
				if !strings.Contains(out, `"copies":2,`) || !strings.Contains(out, row) {
					t.Errorf("where in account %q: %s", account, out)
				}
			}
			if out := s.run("where", "9822031417", "--account", "B1"); !strings.Contains(out, `"copies":2,`) {
				t.Errorf("a stray space made another account: %s", out)
			}
			s.run("erase", "9822031415", "--account", "A1 ", "-o", "plan")
			s.run("apply", "plan")
			if got := query(t, db, "SELECT id FROM contacts ORDER BY id"); fmt.Sprint(got) != "[1 3 4]" {
				t.Errorf("contacts left: %v", got)
			}
			s.run("verify")
			s.run("scan")
			if out := s.run("where", "9822031415"); !strings.Contains(out, `"account":"A1",`) || !strings.Contains(out, `"copies":2,`) {
				t.Errorf("what is left: %s", out)
			}
		})
	}
}

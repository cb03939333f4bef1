package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/cratio/sutra/connectors/connectortest/server"
)

// A CRM on MariaDB whose ids are texts: to the server's collation a1 is A1, with or
// without a space behind it, and JOSÉ-1 is jose-1.
const foldedTables = `CREATE TABLE accounts (id VARCHAR(20) COLLATE %[1]s PRIMARY KEY, name VARCHAR(60), terminated_at DATE, recording_retention_days INT);
CREATE TABLE contacts (id VARCHAR(20) COLLATE %[1]s PRIMARY KEY, account_id VARCHAR(20) COLLATE %[1]s, full_name VARCHAR(60), phone VARCHAR(20));
CREATE TABLE notes (id INT PRIMARY KEY, account_id VARCHAR(20) COLLATE %[1]s, contact_id VARCHAR(20) COLLATE %[1]s, ref_type VARCHAR(20), ref_id VARCHAR(20), body VARCHAR(80));
CREATE TABLE labs (lab VARCHAR(20) COLLATE %[1]s, no INT, contact_id VARCHAR(20) COLLATE %[1]s, result VARCHAR(20), PRIMARY KEY (lab, no));
INSERT INTO labs VALUES ('Lab-X', 7, 'JOSÉ-1', 'high');
INSERT INTO contacts VALUES ('JOSÉ-1', 'a1', 'Jose Rao', '9822031415'), ('jos-1', 'A1', 'Farid Khan', '9822031416'), ('B-1', 'B2', 'Jose Rao', '9822031415');
INSERT INTO notes VALUES (1, 'A1', 'jose-1', NULL, NULL, 'one'), (2, 'a1 ', 'José-1 ', NULL, NULL, 'two'), (3, 'A1', NULL, 'CONTACT', 'josé-1', 'three'),
  (6, 'A1', NULL, 'Lab', 'LAB-x,7', 'six'), (4, 'a1', 'JOS-1', NULL, NULL, 'of the other'), (5, 'b2', 'b-1', NULL, NULL, 'of the other account');
INSERT INTO accounts VALUES ('A1', 'One', NULL, 30), ('b2', 'Two', NULL, NULL)`

const foldedCatalog = `dataset:
  - fides_key: crm
    collections:
      - name: contacts
        meta: {sutra: {class: account_crm, account: account_id, erase: delete}}
        fields:
          - {name: id, fides_meta: {primary_key: true}}
          - {name: full_name, data_categories: [user.name]}
          - {name: phone, data_categories: [user.contact.phone_number], fides_meta: {identity: phone_number}}
      - name: notes
        meta: {sutra: {class: account_crm, account: account_id, erase: delete, refs: [{type: ref_type, id: ref_id}]}}
        fields:
          - {name: contact_id, fides_meta: {references: [{dataset: crm, field: contacts.id, direction: from}]}}
          - {name: body, data_categories: [user.content]}
      - name: labs
        meta: {sutra: {class: account_crm, erase: delete}}
        fields:
          - {name: contact_id, fides_meta: {references: [{dataset: crm, field: contacts.id, direction: from}]}}
          - {name: result, data_categories: [user.health_and_medical]}
      - name: accounts
        meta: {sutra: {accounts: true, class: account_crm, account: id, trigger: terminated_at, erase: keep}}
        fields: [{name: recording_retention_days, meta: {sutra: {override: call_recording}}}]
`

const foldedExports = `dataset:
  - fides_key: exports
    collections:
      - name: leads
        meta: {sutra: {class: account_crm, account: account, erase: delete}}
        fields:
          - {name: phone, data_categories: [user.contact.phone_number], fides_meta: {identity: phone_number}}
`

// foldedSite makes that CRM under a collation, with an export beside it.
func foldedSite(t *testing.T, collation string) (*site, *sql.DB) {
	ctx := context.Background()
	srv, err := server.StartMariaDB(ctx, "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stopped(t, srv.Stop) })
	dsn, err := srv.Database(ctx, "crm")
	if err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("mysql", dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stopped(t, db.Close) })
	for _, q := range strings.Split(fmt.Sprintf(foldedTables, collation), ";\n") {
		if _, err := db.Exec(q); err != nil {
			t.Fatalf("%s: %v", q, err)
		}
	}
	return newBareSite(t, map[string]string{
		"sutra.yaml": fmt.Sprintf("sources:\n  exports: {connector: files, url: \"file:exports/\", catalog: exports.yaml}\n  crm: {connector: mysql, url: %q, catalog: crm.yaml}\n", dsn),
		"crm.yaml":   foldedCatalog, "exports.yaml": foldedExports,
		"exports/leads/a.csv": "account,phone\na1,09822031415\nA1,9822031415\nb2,9822031415\n",
	}), db
}

// TestAccountsInEitherCase: what the server takes for one account or one key is one,
// every copy is found and erased, and the same number at another account is somebody
// else's.
func TestAccountsInEitherCase(t *testing.T) {
	s, db := foldedSite(t, "utf8mb4_general_ci")
	s.run("scan")
	for _, account := range []string{"A1", "a1"} {
		out := s.run("where", "9822031415", "--account", account)
		for _, want := range []string{`"account":"A1"`, `pk=JOSÉ-1"`, `"dataset":"crm.notes","unit":"notes[1,10001)","locator":"pk=1"`, `"locator":"pk=2"`, `"locator":"pk=3"`, `"locator":"pk=6"`, `pk=Lab-X,7"`, `row 1"`, `row 2"`, `"copies":8`} {
			if !strings.Contains(out, want) {
				t.Errorf("where --account %s lacks %s: %s", account, want, out)
			}
		}
		if strings.Contains(out, `"account":"a1"`) {
			t.Errorf("an account has two names: %s", out)
		}
	}
	s.run("hold", "add", "--account", "a1", "--reason", "court", "--review", "2030-01-01")
	if out := s.run("erase", "9822031415", "--account", "A1", "-o", "held"); !strings.Contains(out, `"reason":"hold"`) {
		t.Errorf("a hold on account a1 does not hold: %s", out)
	}
	s.run("hold", "release", holdID(t, s.run("hold", "list")))
	s.run("erase", "9822031415", "--account", "a1", "-o", "plan")
	s.run("apply", "plan")
	if got := query(t, db, "SELECT id FROM notes ORDER BY id"); fmt.Sprint(got) != "[4 5]" {
		t.Errorf("notes left: %v", got)
	}
	if got := query(t, db, "SELECT id FROM contacts ORDER BY id"); fmt.Sprint(got) != "[B-1 jos-1]" {
		t.Errorf("contacts left: %v", got)
	}
	if out := s.run("where", "9822031415"); !strings.Contains(out, `"copies":3`) || strings.Contains(out, `"account":"A1"`) {
		t.Errorf("the same number at the other account: %s", out)
	}
}

// TestAccountsOfTwoCases: under a collation that tells case apart a1 and A1 are two
// accounts, which never merge.
func TestAccountsOfTwoCases(t *testing.T) {
	s, db := foldedSite(t, "utf8mb4_bin")
	if _, err := db.Exec("INSERT INTO accounts VALUES ('a1', 'Another', NULL, NULL)"); err != nil {
		t.Fatal(err)
	}
	s.run("scan")
	if code, out := s.status("where", "9822031415"); code != 4 {
		t.Errorf("exit %d: %s", code, out)
	}
	if out := s.run("where", "9822031415", "--account", "a1"); !strings.Contains(out, `"copies":3`) || strings.Contains(out, `"account":"A1"`) {
		t.Errorf("two accounts merged: %s", out)
	}
}

// holdID takes the id of the only hold out of a list.
func holdID(t *testing.T, list string) string {
	var h struct{ ID string }
	first, _, _ := strings.Cut(list, "\n")
	if err := json.Unmarshal([]byte(first), &h); err != nil || h.ID == "" {
		t.Fatalf("%v: %s", err, list)
	}
	return h.ID
}

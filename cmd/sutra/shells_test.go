package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A school whose account ended, and one that goes on: bills keep their pupils' rows, and
// replies, of another class, keep tickets that are past their period.
const shellTables = `CREATE TABLE schools (id INTEGER PRIMARY KEY, closed_on VARCHAR(20));
INSERT INTO schools VALUES (1, NULL), (2, '2026-01-01');
CREATE TABLE pupils (id INTEGER PRIMARY KEY, school_id INTEGER NOT NULL, full_name VARCHAR(50) NOT NULL, mobile VARCHAR(20) NOT NULL UNIQUE, born DATE NOT NULL, FOREIGN KEY (school_id) REFERENCES schools (id));
INSERT INTO pupils VALUES (1, 1, 'Asha Rao', '9822031415', '2012-05-01'), (2, 2, 'Binu Paul', '9822031416', '2012-05-01'), (3, 2, 'Chitra Sen', '9822031417', '2012-05-01');
CREATE TABLE bills (id INTEGER PRIMARY KEY, pupil_id INTEGER NOT NULL, billed VARCHAR(20), FOREIGN KEY (pupil_id) REFERENCES pupils (id));
INSERT INTO bills VALUES (1, 1, '2026-04-02'), (2, 2, '2026-04-02'), (3, 3, '2026-04-02');
CREATE TABLE tickets (id INTEGER PRIMARY KEY, pupil_id INTEGER NOT NULL, subject VARCHAR(60) NOT NULL, closed VARCHAR(20), FOREIGN KEY (pupil_id) REFERENCES pupils (id));
INSERT INTO tickets VALUES (1, 1, 'lost book', '2020-01-01'), (2, 2, 'late bus', '2020-01-01'), (3, 1, 'open', NULL);
CREATE TABLE replies (id INTEGER PRIMARY KEY, ticket_id INTEGER NOT NULL, body VARCHAR(60), FOREIGN KEY (ticket_id) REFERENCES tickets (id));
INSERT INTO replies VALUES (1, 1, 'found'), (2, 2, 'sorry'), (3, 3, 'wait');
CREATE TABLE guests (id INTEGER PRIMARY KEY, school_id INTEGER, mobile VARCHAR(20) NOT NULL UNIQUE);
INSERT INTO guests VALUES (1, 1, '9822031418'), (2, 2, '9822031419')`

const shellCatalog = `dataset:
  - fides_key: crm
    collections:
      - name: schools
        meta: {sutra: {class: account_crm, accounts: true, account: id, trigger: closed_on, erase: keep}}
      - name: pupils
        meta: {sutra: {class: account_crm, contacts: true, account: school_id, erase: delete, order: 50}}
        fields: [{name: full_name, data_categories: [user.name]}, {name: mobile, data_categories: [user.contact.phone_number], fides_meta: {identity: phone_number}}, {name: born, data_categories: [user.demographic.date_of_birth]}]
      - name: bills
        meta: {sutra: {class: billing, trigger: billed, erase: keep, order: 20}}
        fields: [{name: pupil_id, fides_meta: {references: [{dataset: crm, field: pupils.id, direction: from}]}}]
      - name: tickets
        meta: {sutra: {class: support_ticket, trigger: closed, erase: delete, order: 20}}
        fields: [{name: id, data_categories: [user.unique_id.pseudonymous], fides_meta: {primary_key: true}}, {name: pupil_id, fides_meta: {references: [{dataset: crm, field: pupils.id, direction: from}]}}, {name: subject, data_categories: [user.content]}]
      - name: replies
        meta: {sutra: {class: account_crm, erase: delete, order: 10}}
        fields: [{name: ticket_id, fides_meta: {references: [{dataset: crm, field: tickets.id, direction: from}]}}, {name: body, data_categories: [user.content]}]
      - name: guests
        meta: {sutra: {class: account_crm, account: school_id, erase: redact}}
        fields: [{name: mobile, data_categories: [user.contact.phone_number], fides_meta: {identity: phone_number}}]
`

// TestRetentionAndShells: a row that was emptied, because others refer to it or the catalog
// says so, is past its period for ever. It is neither planned again nor taken for a copy
// that came back, until it is free to go, or somebody writes into it.
func TestRetentionAndShells(t *testing.T) {
	for _, kind := range []string{"sqlite", "postgres", "mysql"} {
		t.Run(kind, func(t *testing.T) {
			s, db := siteOver(t, kind, shellCatalog, strings.Split(shellTables, ";\n")...)
			rows := func() (out []string) {
				for _, q := range []string{"id, CASE full_name WHEN '' THEN 0 ELSE 1 END FROM pupils", "id, CASE subject WHEN '' THEN 0 ELSE 1 END FROM tickets", "id FROM replies", "id, CASE SUBSTR(mobile, 1, 3) WHEN '982' THEN 1 ELSE 0 END FROM guests"} {
					out = append(out, strings.Join(query(t, db, "SELECT "+q+" ORDER BY id"), " "))
				}
				return out
			}
			plan := func(records float64) {
				t.Helper()
				if sum := last(t, s.run("retain", "-o", "plan")); sum["records"] != records {
					t.Errorf("%v records are planned, want %v", sum["records"], records)
				}
			}
			s.run("scan")
			plan(6)
			if sum := last(t, s.run("apply", "plan")); sum["erased"] != 2.0 || sum["redacted"] != 4.0 {
				t.Errorf("apply: %v", sum)
			}
			want := []string{"1|1 2|0 3|0", "1|0 3|1", "1 3", "1|1 2|0"}
			if d := cmp.Diff(want, rows()); d != "" {
				t.Errorf("after the first plan: %s", d)
			}
			plan(0)
			s.run("verify")
			if sum := last(t, s.run("nightly")); sum["due"] != 0.0 || sum["residue"] != 0.0 {
				t.Errorf("nightly: %v", sum)
			}
			for _, q := range []string{"DELETE FROM replies WHERE id = 1", "UPDATE pupils SET full_name = 'Dev Anand' WHERE id = 2"} {
				if _, err := db.Exec(q); err != nil {
					t.Fatal(err)
				}
			}
			if code, out := s.status("verify"); code != exitFailed || !strings.Contains(out, "pupils[") {
				t.Errorf("verify ends %d when somebody wrote into an emptied row: %s", code, out)
			}
			s.run("nightly")
			if d := cmp.Diff([]string{"1|1 2|0 3|0", "3|1", "3", "1|1 2|0"}, rows()); d != "" {
				t.Errorf("after a reply is gone: %s", d)
			}
			s.run("nightly")
			if sum := last(t, s.run("retain", "--as-of", "2027-06-01", "-o", "later")); sum["records"] != 3.0 {
				t.Errorf("later what may be free by now is tried again: %v", sum)
			}
		})
	}
}

// TestRowsThatAreBack: a row that the database deleted and has nevertheless is told, not counted as
// gone alone.
func TestRowsThatAreBack(t *testing.T) {
	s, _ := siteOver(t, "postgres", `dataset:
  - fides_key: crm
    collections:
      - name: tickets
        meta: {sutra: {class: support_ticket, trigger: closed, erase: delete}}
        fields: [{name: body, data_categories: [user.content], fides_meta: {identity: phone_number}}]
`, "CREATE TABLE tickets (id integer PRIMARY KEY, body text, closed date)", "INSERT INTO tickets VALUES (1, '9822031415', '2020-01-01')",
		"CREATE FUNCTION back() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO tickets SELECT old.*; RETURN NULL; END $$",
		"CREATE TRIGGER back AFTER DELETE ON tickets FOR EACH ROW EXECUTE FUNCTION back()")
	s.status("scan")
	s.run("retain", "-o", "plan")
	code, out := s.status("apply", "plan")
	if sum := last(t, out); code != exitGaps || sum["residue"] != 1.0 {
		t.Errorf("apply ends %d: %s", code, out)
	}
}

// TestRenamedColumnIsOverdue: a table that lost a column of the catalog since the plan is left
// as it is, and its rows stay overdue.
func TestRenamedColumnIsOverdue(t *testing.T) {
	s := newBareSite(t, map[string]string{"sutra.yaml": "sources:\n  crm: {connector: sqlite, url: \"file:crm.db\", catalog: crm.yaml}\n", "crm.yaml": shellCatalog})
	s.sql(shellTables)
	s.run("scan")
	s.run("retain", "-o", "plan")
	s.sql("ALTER TABLE tickets RENAME COLUMN subject TO topic")
	if code, out := s.status("apply", "plan"); code != exitGaps {
		t.Errorf("apply ends %d: %s", code, out)
	}
	if code, out := s.status("verify"); code != exitGaps || !strings.Contains(out, `"reason":"overdue"`) {
		t.Errorf("verify ends %d: %s", code, out)
	}
}

package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const oddCatalog = `dataset:
  - fides_key: crm
    collections:
      - name: pupils
        meta: {sutra: {class: account_crm, contacts: true, erase: delete, order: 90}}
        fields: [{name: mobile, data_categories: [user.contact.phone_number], fides_meta: {identity: phone_number}}]
      - name: days
        meta: {sutra: {class: account_crm, erase: delete}}
        fields: [{name: pupil_id, fides_meta: {references: [{dataset: crm, field: pupils.id, direction: from}]}}, {name: body, data_categories: [user.content]}, {name: mobile, data_categories: [user.contact.phone_number], fides_meta: {identity: phone_number}}]
`

// TestKeysThatAreDates: the driver of SQLite makes times of dates; a row without a row number
// whose key is one is found all the same, to be deleted and to be changed.
func TestKeysThatAreDates(t *testing.T) {
	s := newBareSite(t, map[string]string{"sutra.yaml": "sources:\n  crm: {connector: sqlite, url: \"file:crm.db\", catalog: crm.yaml}\n", "crm.yaml": oddCatalog})
	s.sql(`CREATE TABLE pupils (id INTEGER PRIMARY KEY, mobile TEXT);
CREATE TABLE days (pupil_id INTEGER REFERENCES pupils (id), day DATETIME, body TEXT, mobile TEXT, PRIMARY KEY (day, pupil_id)) WITHOUT ROWID;
CREATE TABLE marks (day DATETIME, pupil_id INTEGER, mark INTEGER, FOREIGN KEY (day, pupil_id) REFERENCES days (day, pupil_id));
INSERT INTO pupils VALUES (1, '9822031415'), (2, '9822031416');
INSERT INTO days VALUES (1, '2026-05-01', 'late', NULL), (2, '2026-05-01', 'early', '9822031416'), (1, '2026-05-02 10:00:00', 'ill', NULL), (1, 20260503, 'well', NULL);
INSERT INTO marks VALUES ('2026-05-02 10:00:00', 1, 7)`)
	s.run("scan")
	s.run("correct", "9822031416", "--set", "user.contact.phone_number=9822031417", "-o", "right")
	s.run("apply", "right")
	s.run("erase", "9822031415", "-o", "gone")
	s.run("apply", "gone")
	want := map[string]string{"pupils 1": "1|<nil>", "pupils 2": "2|9822031417", "days 2": "2|2026-05-01 00:00:00 +0000 UTC|early|9822031417",
		"days 1": "1|2026-05-02 10:00:00 +0000 UTC|<nil>|<nil>", "marks 2026-05-02 10:00:00 +0000 UTC": "2026-05-02 10:00:00 +0000 UTC|1|7"}
	if d := cmp.Diff(want, s.crmRows()); d != "" {
		t.Error(d)
	}
	s.run("verify")
}

// TestOneOddTable: a table whose rows do not answer when they are changed or deleted does
// not keep those of others from being changed.
func TestOneOddTable(t *testing.T) {
	s, db := siteOver(t, "postgres", oddCatalog, "CREATE TABLE pupils (id INTEGER PRIMARY KEY, mobile TEXT)", "INSERT INTO pupils VALUES (1, '9822031415'), (2, '9822031416')",
		"CREATE TABLE days (id INTEGER PRIMARY KEY, pupil_id INTEGER, body TEXT, mobile TEXT)", "INSERT INTO days VALUES (1, 1, 'late', '9822031415'), (2, 2, 'ill', '9822031416')",
		"CREATE FUNCTION stay() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'", "CREATE TRIGGER still BEFORE UPDATE ON days FOR EACH ROW EXECUTE FUNCTION stay()")
	s.run("scan")
	s.run("correct", "9822031415", "--set", "user.contact.phone_number=9822031417", "-o", "right")
	if code, out := s.status("apply", "right"); code != exitGaps || !strings.Contains(out, `table \"days\"`) {
		t.Errorf("apply ends %d: %s", code, out)
	}
	if _, err := db.Exec("CREATE TRIGGER stay BEFORE DELETE ON days FOR EACH ROW EXECUTE FUNCTION stay()"); err != nil {
		t.Fatal(err)
	}
	s.run("erase", "9822031416", "-o", "gone")
	if code, out := s.status("apply", "gone"); code != exitGaps || !strings.Contains(out, `table \"days\"`) {
		t.Errorf("apply ends %d: %s", code, out)
	}
	if d := cmp.Diff([]string{"1|9822031417", "2|<nil>", "1|late", "2|ill"}, append(query(t, db, "SELECT id, mobile FROM pupils ORDER BY id"), query(t, db, "SELECT pupil_id, body FROM days ORDER BY 1")...)); d != "" {
		t.Error(d)
	}
}

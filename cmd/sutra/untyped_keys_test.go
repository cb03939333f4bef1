package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const untypedCatalog = `dataset:
  - fides_key: crm
    collections:
      - name: pupils
        meta: {sutra: {class: account_crm, contacts: true, erase: delete, order: 90}}
        fields: [{name: mobile, data_categories: [user.contact.phone_number], fides_meta: {identity: phone_number}}]
      - name: days
        meta: {sutra: {class: account_crm, erase: delete}}
        fields: [{name: pupil_id, fides_meta: {references: [{dataset: crm, field: pupils.id, direction: from}]}}, {name: body, data_categories: [user.content]}]
      - name: letters
        meta: {sutra: {class: account_crm, erase: delete}}
        fields: [{name: mobile, data_categories: [user.contact.phone_number], fides_meta: {identity: phone_number}}]
`

// TestKeysWithoutAType: a column of SQLite without a type has 5 and '5' for two keys. They
// are two people: what belongs to one of them is not given or erased as the other's, the
// tables are told, and the rest of the database goes on.
func TestKeysWithoutAType(t *testing.T) {
	for _, c := range []struct{ name, tables string }{
		{"numbers and texts", `INSERT INTO pupils VALUES (5, '9822031415'), ('5', '9822031416'), (6, '9822031417');
INSERT INTO days VALUES (1, 5, 'asha'), (2, '5', 'bela'), (3, 6, 'charu')`},
		{"fractions and texts", `INSERT INTO pupils VALUES (5.5, '9822031415'), ('5.5', '9822031416'), (6, '9822031417');
INSERT INTO days VALUES (1, 5.5, 'asha'), (2, '5.5', 'bela'), (3, 6, 'charu')`},
		{"texts and bytes", `INSERT INTO pupils VALUES ('k5', '9822031415'), (CAST('k5' AS BLOB), '9822031416'), (6, '9822031417');
INSERT INTO days VALUES (1, 'k5', 'asha'), (2, CAST('k5' AS BLOB), 'bela'), (3, 6, 'charu')`},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newBareSite(t, map[string]string{"sutra.yaml": "sources:\n  crm: {connector: sqlite, url: \"file:crm.db\", catalog: crm.yaml}\n", "crm.yaml": untypedCatalog})
			s.sql(`CREATE TABLE pupils (id PRIMARY KEY, mobile TEXT);
CREATE TABLE days (no INTEGER PRIMARY KEY, pupil_id REFERENCES pupils (id), body TEXT);
CREATE TABLE letters (no INTEGER PRIMARY KEY, mobile TEXT);
INSERT INTO letters VALUES (1, '9822031415'), (2, '9822031416');` + c.tables)
			before := s.crmRows()
			code, out := s.status("scan")
			if code != exitGaps || strings.Count(out, "spelled alike") != 2 {
				t.Errorf("scan ends %d: %s", code, out)
			}
			_, where := s.status("where", "9822031415")
			if strings.Contains(where, "crm.days") || !strings.Contains(where, `"copies":1`) {
				t.Errorf("where: %s", where)
			}
			if code, out := s.status("erase", "9822031415", "-o", "gone"); code != exitGaps {
				t.Errorf("erase ends %d: %s", code, out)
			}
			if code, out := s.status("apply", "gone"); code != exitGaps {
				t.Errorf("apply ends %d: %s", code, out)
			}
			delete(before, "letters 1")
			if d := cmp.Diff(before, s.crmRows()); d != "" {
				t.Error(d)
			}
		})
	}
}

// TestKeysWithoutATypeSincePlanned: the second of two keys that are spelled alike came after
// the plan was made.
func TestKeysWithoutATypeSincePlanned(t *testing.T) {
	s := newBareSite(t, map[string]string{"sutra.yaml": "sources:\n  crm: {connector: sqlite, url: \"file:crm.db\", catalog: crm.yaml}\n", "crm.yaml": untypedCatalog})
	s.sql(`CREATE TABLE pupils (id PRIMARY KEY, mobile TEXT) WITHOUT ROWID;
CREATE TABLE days (no INTEGER PRIMARY KEY, pupil_id REFERENCES pupils (id), body TEXT);
CREATE TABLE letters (no INTEGER PRIMARY KEY, mobile TEXT);
INSERT INTO letters VALUES (1, '9822031415'), (2, '9822031416');
INSERT INTO pupils VALUES (5, '9822031415'), (6, '9822031417');
INSERT INTO days VALUES (1, 5, 'asha'), (3, 6, 'charu')`)
	s.run("scan")
	s.run("erase", "9822031415", "-o", "gone")
	s.sql("INSERT INTO pupils VALUES ('5', '9822031416'); INSERT INTO days VALUES (2, '5', 'bela')")
	before := s.crmRows()
	if code, out := s.status("apply", "gone"); code != exitGaps || !strings.Contains(out, "spelled alike") {
		t.Errorf("apply ends %d: %s", code, out)
	}
	delete(before, "letters 1")
	if d := cmp.Diff(before, s.crmRows()); d != "" {
		t.Error(d)
	}
}

package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A workshop that keeps ids, telephone numbers and dates in columns of floating point numbers.
func floatTables(kind string) []string {
	real := map[string]string{"sqlite": "REAL", "postgres": "double precision", "mysql": "DOUBLE"}[kind]
	return strings.Split(fmt.Sprintf(`CREATE TABLE owners (id BIGINT PRIMARY KEY, full_name VARCHAR(60), mobile %[1]s);
INSERT INTO owners VALUES (1000001, 'Asha Rao', 9822031415), (9822031416, 'Binu Paul', 9822031416), (3, 'Chitra Sen', 9822031417);
CREATE TABLE visits (id INTEGER PRIMARY KEY, owner_id %[1]s, body VARCHAR(60));
INSERT INTO visits VALUES (1, 1000001, 'brakes'), (2, 9822031416, 'oil'), (3, 3, 'tyres');
CREATE TABLE cards (no %[1]s PRIMARY KEY, owner_id BIGINT, body VARCHAR(60));
INSERT INTO cards VALUES (7000001, 1000001, 'gold'), (7000002.5, 9822031416, 'silver'), (3, 3, 'blue');
CREATE TABLE uses (id INTEGER PRIMARY KEY, card %[1]s, body VARCHAR(60));
INSERT INTO uses VALUES (1, 7000001, 'washed'), (2, 7000002.5, 'polished'), (3, 3, 'towed');
CREATE TABLE tickets (id INTEGER PRIMARY KEY, owner_id %[1]s, body VARCHAR(60), closed %[1]s);
INSERT INTO tickets VALUES (1, 3, 'seconds', 1582957800.5), (2, 3, 'milliseconds', 1582957800123.25), (3, 3, 'no date', 12.5)`, real), ";\n")
}

const floatCatalog = `dataset:
  - fides_key: crm
    collections:
      - name: owners
        meta: {sutra: {class: account_crm, erase: delete, order: 90}}
        fields: [{name: full_name, data_categories: [user.name]}, {name: mobile, data_categories: [user.contact.phone_number], fides_meta: {identity: phone_number}}]
      - name: visits
        meta: {sutra: {class: account_crm, erase: delete}}
        fields: [{name: owner_id, fides_meta: {references: [{dataset: crm, field: owners.id, direction: from}]}}, {name: body, data_categories: [user.content]}]
      - name: cards
        meta: {sutra: {class: account_crm, erase: delete, order: 50}}
        fields: [{name: owner_id, fides_meta: {references: [{dataset: crm, field: owners.id, direction: from}]}}, {name: body, data_categories: [user.content]}]
      - name: uses
        meta: {sutra: {class: account_crm, erase: delete}}
        fields: [{name: card, fides_meta: {references: [{dataset: crm, field: cards.no, direction: from}]}}, {name: body, data_categories: [user.content]}]
      - name: tickets
        meta: {sutra: {class: support_ticket, trigger: closed, erase: delete}}
        fields: [{name: owner_id, fides_meta: {references: [{dataset: crm, field: owners.id, direction: from}]}}, {name: body, data_categories: [user.content]}]
`

// TestFloatingNumbers: a key, a reference, a telephone number and the seconds of a date mean
// the same in a column of floating point numbers as in one of whole numbers.
func TestFloatingNumbers(t *testing.T) {
	for _, kind := range []string{"sqlite", "postgres", "mysql"} {
		t.Run(kind, func(t *testing.T) {
			s, db := siteOver(t, kind, floatCatalog, floatTables(kind)...)
			s.run("scan")
			s.run("correct", "9822031417", "--set", "user.contact.phone_number=9822031418", "-o", "plan")
			s.run("apply", "plan")
			for _, who := range []string{"9822031415", "9822031416"} {
				s.run("erase", who, "-o", who)
				if sum := last(t, s.run("apply", who)); sum["erased"] != 4.0 || sum["redacted"] != 0.0 {
					t.Errorf("%s: %v", who, sum)
				}
			}
			if sum := last(t, s.run("retain", "-o", "old")); sum["records"] != 2.0 || sum["undated"] != 1.0 {
				t.Errorf("retain: %v", sum)
			}
			s.run("apply", "old")
			var got []string
			for _, q := range []string{"CASE mobile WHEN 9822031418 THEN 'new' ELSE 'other' END FROM owners", "id FROM visits", "CASE no WHEN 3 THEN '3' ELSE 'other' END FROM cards", "id FROM uses", "id FROM tickets"} {
				got = append(got, query(t, db, "SELECT "+q)...)
			}
			if d := cmp.Diff([]string{"new", "3", "3", "3", "3"}, got); d != "" {
				t.Error(d)
			}
			s.run("verify")
		})
	}
}

package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestRedactionKeepsDates: MariaDB writes the time of a change into a column by itself. Where
// retention counts from such a column, a row out of which somebody's number was cut, or that
// was emptied or corrected, is not kept longer for that.
func TestRedactionKeepsDates(t *testing.T) {
	const stamp = "TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP"
	s, db := siteOver(t, "mysql", `dataset:
  - fides_key: crm
    collections:
      - name: contacts
        meta: {sutra: {class: account_crm, recorded_at: seen, erase: redact}}
        fields: [{name: full_name, data_categories: [user.name]}, {name: mobile, data_categories: [user.contact.phone_number], fides_meta: {identity: phone_number}}]
      - name: tickets
        meta: {sutra: {class: support_ticket, trigger: closed, erase: delete}}
        fields: [{name: contact_id, fides_meta: {references: [{dataset: crm, field: contacts.id, direction: from}]}}, {name: body, data_categories: [user.content]}]
`,
		"CREATE TABLE contacts (id INT PRIMARY KEY, full_name VARCHAR(40), mobile VARCHAR(20), seen DATETIME ON UPDATE CURRENT_TIMESTAMP)",
		"INSERT INTO contacts VALUES (1, 'Asha Rao', '9822031415', '2019-05-01 10:00:00'), (2, 'Binu Paul', '9822031416', '2019-05-01 10:00:00'), (3, 'Chitra Sen', '9822031417', '2019-05-01 10:00:00')",
		"CREATE TABLE tickets (id INT PRIMARY KEY, contact_id INT, body VARCHAR(80), closed "+stamp+")",
		"INSERT INTO tickets VALUES (1, 2, 'call 9822031415 first', '2019-05-01 10:00:00'), (2, 3, 'late', '2019-05-01 10:00:00')")
	s.run("scan")
	s.run("erase", "9822031415", "-o", "gone")
	s.run("apply", "gone")
	s.run("correct", "9822031417", "--set", "user.contact.phone_number=9822031418", "-o", "right")
	s.run("apply", "right")
	want := []string{"1|<nil>|2019-05-01 10:00:00", "2|9822031416|2019-05-01 10:00:00", "3|9822031418|2019-05-01 10:00:00", "1|0|1", "2|1|1"}
	got := append(query(t, db, "SELECT id, mobile, seen FROM contacts ORDER BY id"), query(t, db, "SELECT id, body = 'late', closed = '2019-05-01 10:00:00' FROM tickets ORDER BY id")...)
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if _, err := db.Exec("UPDATE tickets SET body = 'late, says 9822031418', closed = closed WHERE id = 1"); err != nil {
		t.Fatal(err)
	}
	if sum := last(t, s.run("scan")); sum["scanned"] != 1.0 {
		t.Errorf("a change that its author hid from the clock: %v", sum)
	}
	s.run("retain", "-o", "old")
	s.run("apply", "old")
	if n := query(t, db, "SELECT COUNT(*) FROM tickets"); n[0] != "0" {
		t.Errorf("%s tickets are past their period and there", n[0])
	}
}

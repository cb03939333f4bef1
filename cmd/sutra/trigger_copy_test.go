package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

// A trigger keeps what is deleted in another table, of which the plan changes nothing: apply
// reads that table again, and signs nothing while the copy is there.
func TestApplyBesideCopyingTrigger(t *testing.T) {
	var rows strings.Builder
	for i := 1; i <= 20; i++ {
		first, last := personName(i)
		fmt.Fprintf(&rows, "INSERT INTO customers VALUES (%d, '%s %s', '%s');\n", i, first, last, clinicPhone(1, i))
		fmt.Fprintf(&rows, "INSERT INTO customers_old VALUES (%d, %d, '%s Old', '%s');\n", i, 100+i, first, clinicPhone(2, i))
	}
	s := proposed(t, `CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT, phone TEXT);
		CREATE TABLE customers_old (hid INTEGER PRIMARY KEY, id INTEGER, name TEXT, phone TEXT);
		CREATE TRIGGER keep AFTER DELETE ON customers BEGIN INSERT INTO customers_old (id, name, phone) VALUES (old.id, old.name, old.phone); END;`+rows.String())
	s.run("erase", clinicPhone(1, 7), "-o", "plan")

	code, said := s.status("apply", "plan")
	if code != 3 || !strings.Contains(said, "an identifier of the person is still in customers_old") {
		t.Errorf("apply: %d %s", code, said)
	}
	if list, _ := filepath.Glob(filepath.Join(s.dir, "state", "certificates", "*")); len(list) != 1 || !strings.HasSuffix(list[0], ".report.json") {
		t.Errorf("the certificates are %v", list)
	}
	s.run("erase", clinicPhone(1, 7), "-o", "rest")
	s.run("apply", "rest")
	s.run("apply", "plan")
	for key, row := range s.crmRows() {
		if strings.Contains(row, clinicPhone(1, 7)) {
			t.Errorf("%s is still %q", key, row)
		}
	}
}

package main

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// While another process reads a SQLite database in WAL mode, the rows go and the log still
// holds them: nothing is said to be erased, and nothing to be as it was.
func TestApplyBesideReader(t *testing.T) {
	var rows strings.Builder
	for i := 1; i <= 20; i++ {
		first, last := personName(i)
		fmt.Fprintf(&rows, "INSERT INTO customers VALUES (%d, '%s %s', '%s');\n", i, first, last, clinicPhone(1, i))
	}
	s := proposed(t, "CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT, phone TEXT);"+rows.String())
	path := filepath.Join(s.dir, "crm.db")
	db, err := sql.Open("sqlite", "file:"+path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	ctx := context.Background()
	conn, err := db.Conn(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	do := func(q string) {
		t.Helper()
		if _, err := conn.ExecContext(ctx, q); err != nil {
			t.Fatal(err)
		}
	}
	do("PRAGMA journal_mode = wal")
	do("BEGIN; SELECT count(*) FROM customers")
	s.run("scan")
	s.run("erase", clinicPhone(1, 7), "-o", "plan")

	code, said := s.status("apply", "plan")
	if code != 3 || !strings.Contains(said, "it was changed, but what stood there can still be read") || strings.Contains(said, "could not be changed") || strings.Contains(said, "still in customers") {
		t.Errorf("apply: %d %s", code, said)
	}
	if list, _ := filepath.Glob(filepath.Join(s.dir, "state", "certificates", "*")); len(list) != 1 || !strings.HasSuffix(list[0], ".report.json") {
		t.Errorf("the certificates are %v", list)
	}
	if _, there := s.crmRows()["customers 7"]; there {
		t.Error("the row is there")
	}
	do("COMMIT")
	s.sql("INSERT INTO customers VALUES (99, 'Again', '" + clinicPhone(1, 7) + "')")
	if got := s.run("scan"); !strings.Contains(got, `"resurrections":1`) {
		t.Errorf("who came back before the plan was applied again is not told: %s", got)
	}
	s.sql("PRAGMA secure_delete = 1; DELETE FROM customers WHERE id = 99")
	if code, said := s.status("apply", "plan"); code != 0 || !strings.Contains(said, `"erased":1`) {
		t.Errorf("apply when nobody reads: %d %s", code, said)
	}
	for _, f := range []string{path, path + "-wal"} {
		if b, err := os.ReadFile(f); err == nil && strings.Contains(string(b), clinicPhone(1, 7)) {
			t.Errorf("%s holds her number", filepath.Base(f))
		}
	}
}

package main

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cratio/sutra/connectors/connectortest/server"
)

// TestDiscoverUnreadTable: a table of which the reader sees no row, or not all of them, is in
// the catalog that is proposed: without it no scan and no erasure would say that it was not
// looked into. Once it can be read its columns are proposed.
func TestDiscoverUnreadTable(t *testing.T) {
	ctx := context.Background()
	srv, err := server.StartPostgres(ctx, "", "fsync=off")
	if err != nil {
		t.Fatal(err)
	}
	defer stopped(t, srv.Stop)
	db, err := sql.Open("pgx", srv.DSN("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer stopped(t, db.Close)
	do := func(q string) {
		t.Helper()
		if _, err := db.Exec(q); err != nil {
			t.Fatalf("%s: %v", q, err)
		}
	}
	do("CREATE TABLE leads (id INT PRIMARY KEY, phone TEXT)")
	do("CREATE TABLE calls (id INT PRIMARY KEY, phone TEXT)")
	do("INSERT INTO leads SELECT i, (9822031400 + i)::text FROM generate_series(1, 9) i")
	do("INSERT INTO calls SELECT * FROM leads")
	do("CREATE ROLE reader LOGIN")
	do("GRANT SELECT, UPDATE, DELETE ON leads, calls TO reader")
	do("ALTER TABLE calls ENABLE ROW LEVEL SECURITY")
	scheme, rest, _ := strings.Cut(srv.DSN("postgres"), "//")
	_, rest, _ = strings.Cut(rest, "@")
	config := func(catalog string) string {
		return fmt.Sprintf("sources:\n  crm: {connector: postgres, url: %q%s}\n", scheme+"//reader@"+rest, catalog)
	}
	s := newBareSite(t, map[string]string{"sutra.yaml": config("")})
	if code, out := s.status("discover", "crm", "-o", filepath.Join(s.dir, "crm.yaml")); code != 3 {
		t.Fatalf("exit %d: %s", code, out)
	}
	if err := os.WriteFile(filepath.Join(s.dir, "sutra.yaml"), []byte(config(", catalog: crm.yaml")), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, command := range [][]string{{"scan"}, {"where", "9822031401"}, {"erase", "9822031401", "-o", "plan"}, {"apply", "plan"}, {"verify"}} {
		if code, out := s.status(command...); code != 3 || !strings.Contains(out, "row-level security hides rows of it") {
			t.Errorf("%v: exit %d: %s", command, code, out)
		}
	}
	do("ALTER TABLE calls DISABLE ROW LEVEL SECURITY")
	if out := s.run("discover", "crm"); !strings.Contains(out, `"dataset":"crm.calls","field":"phone"`) || !strings.Contains(out, `"unowned":1`) {
		t.Errorf("a table that can be read: %s", out)
	}
}

package main

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"testing"

	"github.com/cratio/sutra/connectors/connectortest/server"
)

// TestClosedTable: a table that the reader may not read any more is a gap, and what is
// known of it stays known: her rows are there. One that was dropped is gone.
func TestClosedTable(t *testing.T) {
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
	do("INSERT INTO leads VALUES (1, '9822031415'), (2, '9822031416')")
	do("INSERT INTO calls VALUES (1, '9822031415')")
	do("CREATE ROLE reader LOGIN")
	do("GRANT SELECT ON leads, calls TO reader")
	scheme, rest, _ := strings.Cut(srv.DSN("postgres"), "//")
	_, rest, _ = strings.Cut(rest, "@")
	const table = "      - name: %s\n        meta: {sutra: {class: account_crm, erase: delete}}\n        fields:\n          - {name: phone, data_categories: [user.contact.phone_number], fides_meta: {identity: phone_number}}\n"
	s := newBareSite(t, map[string]string{
		"sutra.yaml": fmt.Sprintf("sources:\n  crm: {connector: postgres, url: %q, catalog: crm.yaml}\n", scheme+"//reader@"+rest),
		"crm.yaml":   "dataset:\n  - fides_key: crm\n    collections:\n" + fmt.Sprintf(table+table, "leads", "calls"),
	})
	s.run("scan")
	for _, q := range []string{"REVOKE SELECT ON leads FROM reader", "REVOKE USAGE ON SCHEMA public FROM PUBLIC"} {
		do(q)
		if code, out := s.status("scan"); code != 3 || !strings.Contains(out, `"removed":0`) {
			t.Errorf("%s: exit %d: %s", q, code, out)
		}
		if code, out := s.status("where", "9822031415"); code != 3 || !strings.Contains(out, `"copies":2`) {
			t.Errorf("%s: exit %d: %s", q, code, out)
		}
	}
	do("GRANT USAGE ON SCHEMA public TO PUBLIC")
	do("DROP TABLE leads")
	if code, out := s.status("scan"); code != 3 || !strings.Contains(out, `"removed":1`) || !strings.Contains(out, "no such table") {
		t.Errorf("a dropped table: exit %d: %s", code, out)
	}
	if code, out := s.status("where", "9822031415"); code != 3 || !strings.Contains(out, `"copies":1`) {
		t.Errorf("a dropped table: exit %d: %s", code, out)
	}
}

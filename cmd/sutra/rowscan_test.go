package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/cratio/sutra/connectors/connectortest/server"
)

// TestRowsAreReadAgainAlone: scans that read only the rows that changed lead to the
// answers that a fresh graph gives over the same database.
func TestRowsAreReadAgainAlone(t *testing.T) {
	ctx := context.Background()
	srv, err := server.StartPostgres(ctx, "", "fsync=off")
	if err != nil {
		t.Fatal(err)
	}
	defer stopped(t, srv.Stop)
	c, late := pgConn(t, srv), pgConn(t, srv)
	do := func(c *pgx.Conn, q string) {
		t.Helper()
		if _, err := c.Exec(ctx, q); err != nil {
			t.Fatal(err)
		}
	}
	do(c, `CREATE TABLE leads (id BIGINT PRIMARY KEY, account_id TEXT NOT NULL, name TEXT, phone TEXT, email TEXT, remark TEXT, created_at TIMESTAMPTZ, updated_at TIMESTAMPTZ NOT NULL);
		INSERT INTO leads SELECT i, 'A' || i % 3, 'Asha ' || i, '+9198765' || lpad((i % 700)::text, 5, '0'), 'asha' || i || '@example.in', 'wants a call back', now() - interval '1 day', now() FROM generate_series(1, 2000) AS i;
		INSERT INTO leads VALUES (30001, 'A1', 'Ravi', '+919876500001', NULL, NULL, now(), now())`)
	files := map[string]string{"sutra.yaml": strings.Replace(sqlConfig, "${CRM_DSN}", srv.DSN("postgres"), 1), "crm.yaml": sqlCatalog}
	s := newBareSite(t, files)
	s.run("scan")
	do(late, "BEGIN; UPDATE leads SET phone = '+919876599991' WHERE id = 77")
	for _, step := range []struct {
		what, sql string
		records   int // read at the next scan
	}{
		{"a remark", "UPDATE leads SET remark = 'called' WHERE id % 100 = 7", 20},
		{"phones", "UPDATE leads SET phone = '+91987659' || lpad(id::text, 4, '0') WHERE id % 100 = 8", 40}, // and those of before: a transaction is open
		{"a late commit", "", 41},
		{"new rows", "INSERT INTO leads SELECT i, 'A0', 'Neha', '+919876500002', 'neha' || i || '@example.in', NULL, now(), now() FROM generate_series(2001, 2010) AS i", 10},
		{"an account", "UPDATE leads SET account_id = 'A2' WHERE id IN (1, 2, 3)", 3},
		{"nobody any more", "UPDATE leads SET phone = NULL, email = NULL, name = NULL WHERE id = 9", 1},
		{"the same once more", "UPDATE leads SET phone = '+919876500003', remark = 'x' WHERE id IN (9, 107)", 2},
		{"a row gone", "DELETE FROM leads WHERE id = 11", 2010}, // and one of a unit that was not counted before
		{"one gone and one come", "DELETE FROM leads WHERE id = 12; INSERT INTO leads VALUES (2011, 'A1', 'Ravi', '+919876500001', NULL, NULL, now(), now())", 2009},
		{"nothing", "", 0},
		{"all", "UPDATE leads SET remark = 'y'", 2010},
		{"one", "UPDATE leads SET phone = '+919876500004' WHERE id = 500", 1},
	} {
		if step.what == "a late commit" {
			do(late, "COMMIT")
		} else {
			do(c, step.sql)
		}
		if sum := last(t, s.run("scan")); sum["records"] != float64(step.records) || sum["gaps"] != 0.0 {
			t.Errorf("%s: %v records are read again, want %d (%v)", step.what, sum["records"], step.records, sum)
		}
		fresh := newBareSite(t, files)
		fresh.run("scan")
		for _, who := range []string{"+919876500001", "+919876500002", "+919876500003", "+919876500004", "+919876500008", "+919876590008", "+919876500077", "+919876599991", "asha9@example.in", "asha11@example.in", "asha12@example.in", "neha2003@example.in"} {
			if d := cmp.Diff(linesOf(fresh, "where", who), linesOf(s, "where", who)); d != "" {
				t.Errorf("%s: %s: %s", step.what, who, d)
			}
		}
		if d := cmp.Diff(linesOf(fresh, "map"), linesOf(s, "map")); d != "" {
			t.Errorf("%s: map: %s", step.what, d)
		}
	}
	if n := len(s.answer("+919876500001", "A1")); n != 2 {
		t.Errorf("%d copies of Ravi, want 2", n)
	}
}

func pgConn(t *testing.T, srv *server.Postgres) *pgx.Conn {
	c, err := pgx.Connect(context.Background(), srv.DSN("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stopped(t, func() error { return c.Close(context.Background()) }) })
	return c
}

// linesOf is what a command prints, lines and lists within them in any order: records
// that were read again alone stand behind the others.
func linesOf(s *site, args ...string) []string {
	code, out := s.status(args...)
	lines := strings.Split(strings.TrimSpace(out), "\n")
	for i, l := range lines {
		words := strings.FieldsFunc(l, func(r rune) bool { return strings.ContainsRune(",[]{}", r) })
		slices.Sort(words)
		lines[i] = strings.Join(words, ",")
	}
	slices.Sort(lines)
	return append(lines, fmt.Sprint("exit ", code))
}

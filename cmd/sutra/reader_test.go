package main

import (
	"context"
	"database/sql"
	"strings"
	"testing"

	"github.com/cratio/sutra/connectors/connectortest/server"
)

// readerServer starts a PostgreSQL with a role that may log in and owns nothing. It returns
// what runs a statement as the owner of the database, and the address of that role.
func readerServer(t *testing.T) (do func(query string), reader string) {
	t.Helper()
	srv, err := server.StartPostgres(context.Background(), "", "fsync=off")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stopped(t, srv.Stop) })
	db, err := sql.Open("pgx", srv.DSN("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stopped(t, db.Close) })
	do = func(query string) {
		t.Helper()
		if _, err := db.Exec(query); err != nil {
			t.Fatalf("%s: %v", query, err)
		}
	}
	do("CREATE ROLE reader LOGIN")
	scheme, rest, _ := strings.Cut(srv.DSN("postgres"), "//")
	_, rest, _ = strings.Cut(rest, "@")
	return do, scheme + "//reader@" + rest
}

package main

import (
	"database/sql"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
	_ "modernc.org/sqlite"
)

// makeSQLite runs a script on a database: sqlite FILE SCRIPT.
func makeSQLite(ts *testscript.TestScript, _ bool, args []string) {
	db, err := sql.Open("sqlite", "file:"+ts.MkAbs(args[0]))
	ts.Check(err)
	script := strings.TrimSpace(ts.ReadFile(args[1]))
	_, err = db.Exec(script)
	ts.Check(err)
	ts.Check(db.Close())
}

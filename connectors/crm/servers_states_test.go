package crm

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cratio/sutra/connectors"
)

// TestServerReadsAnotherState: rows that go between the listing and the reading and come back
// later are not taken for read. A server that cannot read in the state of the listing says
// in which state it read.
func TestServerReadsAnotherState(t *testing.T) {
	onServers(t, func(t *testing.T, kind string) {
		f := serverFixture(t, kind, "a: id! v~", "CREATE TABLE a (id INTEGER PRIMARY KEY, v TEXT);\nINSERT INTO a VALUES (1, 'x'), (2, 'y')")
		read := func(u connectors.Unit) (string, int) {
			t.Helper()
			print, rows := "", 0
			for b, err := range f.src.Read(context.Background(), u) {
				if err != nil {
					t.Fatal(err)
				}
				print, rows = b.Fingerprint, rows+int(b.Rows.NumRows())
			}
			return print, rows
		}
		listed := f.units()[0]
		if print, rows := read(listed); print != "" || rows != 2 {
			t.Errorf("%d rows, read in a state of its own: %q", rows, print)
		}
		listed = f.units()[0]
		f.exec("DELETE FROM a WHERE id = 2")
		print, rows := read(listed)
		if kind == "postgres" { // it is read as it was listed
			if print != "" || rows != 2 {
				t.Errorf("%d rows, read in a state of its own: %q", rows, print)
			}
			return
		}
		if now := f.units()[0].Fingerprint; rows != 1 || print != now {
			t.Errorf("%d rows, read as %q and not as %q", rows, print, now)
		}
		f.exec("INSERT INTO a VALUES (2, 'y')")
		if back := f.units()[0].Fingerprint; back != listed.Fingerprint || back == print {
			t.Errorf("the rows that came back go by %q", back)
		}
	})
}

// TestMySQLFreshTables: a table of which the caller holds nothing is listed without a look at
// its rows, and goes by what it is read as; the next listing finds it so.
func TestMySQLFreshTables(t *testing.T) {
	f := serverFixture(t, "mysql", "a: id! v~\nb: id! v~\nc: v~\nd: id! v~", `CREATE TABLE a (id INTEGER PRIMARY KEY, v TEXT);
		CREATE TABLE b (id VARCHAR(9) PRIMARY KEY, v TEXT);
		CREATE TABLE c (v TEXT);
		CREATE TABLE d (id VARCHAR(9) PRIMARY KEY, v TEXT);
		INSERT INTO a VALUES (1, 'x'), (20000, 'y');
		INSERT INTO b VALUES ('k', 'x');
		INSERT INTO c VALUES ('x'), ('x')`)
	f.src.Expect(func(func(connectors.Known) bool) {}, nil)
	read := map[string]string{}
	for _, u := range f.units() {
		for b, err := range f.src.Read(context.Background(), u) {
			if err != nil {
				t.Fatal(err)
			}
			read[u.Key] = b.Fingerprint
		}
	}
	listed := map[string]string{}
	for _, u := range f.units() {
		listed[u.Key] = u.Fingerprint
	}
	if d := cmp.Diff(listed, read); d != "" || len(read) != 4 {
		t.Error(d, read)
	}
}

// TestMySQLForeignKeysFromAbroad: a user of one database alone does not see that a table of
// another refers to it, and is told so; with REFERENCES on all databases she does, and the
// cascade of that table takes no row along.
func TestMySQLForeignKeysFromAbroad(t *testing.T) {
	f := serverFixture(t, "mysql", "p: id! v~", "CREATE TABLE p (id INTEGER PRIMARY KEY, v TEXT);\nINSERT INTO p VALUES (1, 'hers')")
	database := f.rows("SELECT DATABASE()")[0]
	for _, q := range []string{"CREATE DATABASE `" + database + "_abroad`",
		"CREATE TABLE `" + database + "_abroad`.c (id INTEGER PRIMARY KEY, p INTEGER, v TEXT, FOREIGN KEY (p) REFERENCES `" + database + "`.p (id) ON DELETE CASCADE)",
		"INSERT INTO `" + database + "_abroad`.c VALUES (1, 1, 'a stranger')",
		"CREATE USER IF NOT EXISTS 'at_home'@'127.0.0.1'", "GRANT SELECT, UPDATE, DELETE ON `" + database + "`.* TO 'at_home'@'127.0.0.1'"} {
		f.exec(q)
	}
	h := *f
	h.dsn = strings.Replace(f.dsn, "root@", "at_home@", 1)
	if got := notes(t, h.open("p: id! v~", ""), "foreign keys", false); !strings.Contains(got, "GRANT REFERENCES") {
		t.Errorf("a user of one database: %q", got)
	}
	f.exec("GRANT REFERENCES ON *.* TO 'at_home'@'127.0.0.1'")
	h.src = h.open("p: id! v~", "")
	if got := notes(t, h.src, "foreign keys", false); strings.Contains(got, "GRANT REFERENCES") {
		t.Errorf("a user who sees all foreign keys: %q", got)
	}
	if _, _, err := h.src.EraseAll(context.Background(), []connectors.UnitEdits{work("p[1,10001)", del("pk=1")...)}); !errors.Is(err, connectors.ErrForbidden) {
		t.Errorf("a row to which one refers that cannot be looked at: %v", err)
	}
	if got := f.rows("SELECT v FROM `" + database + "_abroad`.c"); len(got) != 1 {
		t.Errorf("the cascade took a row: %q", got)
	}
}

// TestServerKeysThatAreTimes: rows whose key is a time without a zone are found by it, also
// where the configuration says which zone it is in.
func TestServerKeysThatAreTimes(t *testing.T) {
	onServers(t, func(t *testing.T, kind string) {
		typ := map[string]string{"postgres": "TIMESTAMP", "mysql": "DATETIME(3)"}[kind]
		for _, option := range []string{"", "sutra_timezone=UTC"} {
			f := serverFixture(t, kind, "calls: at! line! v~\nvisits: at! v~", "CREATE TABLE calls (at "+typ+", line INTEGER, v TEXT, PRIMARY KEY (at, line));\nCREATE TABLE visits (at "+typ+" PRIMARY KEY, v TEXT);\n"+
				"INSERT INTO calls VALUES ('2024-01-01 10:00:00', 1, 'hers'), ('2024-01-01 10:00:00.5', 1, 'his');\nINSERT INTO visits VALUES ('2024-01-01 10:00:00', 'hers'), ('2024-01-01 10:00:00.5', 'his')")
			f.src = f.open("calls: at! line! v~\nvisits: at! v~", option)
			for _, u := range f.units() {
				_, read := f.read(u.Key)
				var refs []connectors.Ref
				hers := ""
				for loc, r := range read {
					refs = append(refs, connectors.Ref{Locator: loc})
					if r["v"] == "hers" {
						hers = loc
					}
				}
				_, picked, _, err := f.collect(f.src.Pick(context.Background(), u, refs))
				if d := cmp.Diff(read, picked); d != "" || err != nil {
					t.Error(option, u.Key, d, err)
				}
				if out := f.erase(work(u.Key, del(hers)...)); out[0].Deleted != 1 || out[0].Missing != 0 {
					t.Errorf("%s %s: %+v", option, u.Key, out)
				}
			}
			for _, table := range []string{"calls", "visits"} {
				if got := f.rows("SELECT v FROM " + table); len(got) != 1 || got[0] != "his" {
					t.Errorf("%s %s holds %q", option, table, got)
				}
			}
		}
	})
}

package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestTableGoneSincePlanned: a table that was dropped, or whose column was renamed, after the
// plan was made is told; what the plan asks of the other tables is done.
func TestTableGoneSincePlanned(t *testing.T) {
	for _, kind := range []string{"sqlite", "postgres", "mysql"} {
		t.Run(kind, func(t *testing.T) {
			for _, c := range []struct {
				name, since, told string
				left              []string
			}{
				{"dropped", "DROP TABLE days", "no such table", []string{"2|9822031416", "2"}},
				{"renamed", "ALTER TABLE days RENAME TO tage", "no such table", []string{"2|9822031416", "2"}},
				{"column", "ALTER TABLE days RENAME COLUMN body TO txt", `field \"body\"`, []string{"1|<nil>", "2|9822031416", "2"}}, // her day still refers to her
			} {
				t.Run(c.name, func(t *testing.T) {
					s, db := siteOver(t, kind, untypedCatalog, "CREATE TABLE pupils (id INTEGER PRIMARY KEY, mobile VARCHAR(20))", "CREATE TABLE days (no INTEGER PRIMARY KEY, pupil_id INTEGER, body VARCHAR(20))",
						"CREATE TABLE letters (no INTEGER PRIMARY KEY, mobile VARCHAR(20))", "INSERT INTO pupils VALUES (1, '9822031415'), (2, '9822031416')",
						"INSERT INTO days VALUES (1, 1, 'late'), (2, 2, 'ill')", "INSERT INTO letters VALUES (1, '9822031415'), (2, '9822031416')")
					s.run("scan")
					s.run("erase", "9822031415", "-o", "gone")
					if _, err := db.Exec(c.since); err != nil {
						t.Fatal(err)
					}
					code, out := s.status("apply", "gone")
					if code != exitGaps || !strings.Contains(out, c.told) || !strings.Contains(out, `"failed":1`) {
						t.Errorf("apply ends %d: %s", code, out)
					}
					if d := cmp.Diff(c.left, append(query(t, db, "SELECT id, mobile FROM pupils ORDER BY 1"), query(t, db, "SELECT no FROM letters")...)); d != "" {
						t.Errorf("%s\n%s", d, out)
					}
				})
			}
		})
	}
}

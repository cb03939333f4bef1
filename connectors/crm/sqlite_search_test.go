package crm

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestSearchIndexForgets: a full-text index that triggers keep finds nothing of a row that
// was deleted or emptied, and the file holds none of its words.
func TestSearchIndexForgets(t *testing.T) {
	const keeps = `CREATE TRIGGER ai AFTER INSERT ON docs BEGIN INSERT INTO "docs fts" (rowid, body) VALUES (new.id, new.body); END;
		CREATE TRIGGER ad AFTER DELETE ON docs BEGIN %DELETE%; END;
		CREATE TRIGGER au AFTER UPDATE ON docs BEGIN %DELETE%; INSERT INTO "docs fts" (rowid, body) VALUES (new.id, new.body); END;`
	for _, c := range []struct{ name, index, drop string }{
		{"outside", `CREATE VIRTUAL TABLE "docs fts" USING fts5(body, content='docs', content_rowid='id', prefix='2 3')`, `INSERT INTO "docs fts" ("docs fts", rowid, body) VALUES ('delete', old.id, old.body)`},
		{"own", `CREATE VIRTUAL TABLE "docs fts" USING fts5(body)`, `DELETE FROM "docs fts" WHERE rowid = old.id`},
		{"none", `CREATE VIRTUAL TABLE "docs fts" USING fts5(body, content='', detail=none)`, `INSERT INTO "docs fts" ("docs fts", rowid, body) VALUES ('delete', old.id, old.body)`},
	} {
		t.Run(c.name, func(t *testing.T) {
			var rows strings.Builder
			rows.WriteString("CREATE TABLE docs (id INTEGER PRIMARY KEY, body TEXT);\n" + c.index + ";\n" + strings.ReplaceAll(keeps, "%DELETE%", c.drop))
			for range 40 { // segments of several writers
				rows.WriteString("INSERT INTO docs (body) VALUES ('asha likes tea');\n")
			}
			rows.WriteString("INSERT INTO docs VALUES (100, 'belazza likes tea'), (101, 'charuzza likes milk')")
			f := newFixture(t, "docs: id! body~", rows.String())
			if !f.rawHas("elazza") || !f.rawHas("haruzza") {
				t.Fatal("the words are not in the file")
			}
			f.erase(work("docs[1,10001)", append(del("pk=100"), emptyFields("pk=101", "body"))...))
			if f.rawHas("elazza") || f.rawHas("haruzza") {
				t.Error("words of what is gone are in the file")
			}
			if d := cmp.Diff([]string{"0", "40"}, append(f.rows(`SELECT count(*) FROM "docs fts" WHERE "docs fts" MATCH 'belazza OR charuzza OR milk'`), f.rows(`SELECT count(*) FROM "docs fts" WHERE "docs fts" MATCH 'tea'`)...)); d != "" {
				t.Error(d)
			}
		})
	}
}

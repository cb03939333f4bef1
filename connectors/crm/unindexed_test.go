package crm

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A check names the foreign keys without an index, and what refers by the catalog's word in a
// large table; what it says to create makes it silent.
func TestUnindexedReferences(t *testing.T) {
	onAll(t, func(t *testing.T, kind string) {
		f := newOn(t, kind, "p: id!\nkept: id!\nbare: id! p>p.id\nled: id! p>p.id\nsaid: id! p>p.id\nfew: id! p>p.id\npair: id!", `CREATE TABLE p (id INTEGER PRIMARY KEY, a INTEGER NOT NULL, b INTEGER NOT NULL, UNIQUE (a, b));
CREATE TABLE kept (id INTEGER PRIMARY KEY);
CREATE TABLE bare (id INTEGER PRIMARY KEY, p INTEGER, kept INTEGER, FOREIGN KEY (p) REFERENCES p(id), FOREIGN KEY (kept) REFERENCES kept(id));
CREATE TABLE led (id INTEGER PRIMARY KEY, p INTEGER, q INTEGER, FOREIGN KEY (p) REFERENCES p(id));
CREATE INDEX of_led ON led (p, q);
CREATE TABLE said (id INTEGER PRIMARY KEY, p INTEGER);
CREATE TABLE few (id INTEGER PRIMARY KEY, p INTEGER);
CREATE TABLE pair (id INTEGER PRIMARY KEY, a INTEGER, b INTEGER, FOREIGN KEY (a, b) REFERENCES p(a, b));
CREATE TABLE own (id INTEGER PRIMARY KEY, FOREIGN KEY (id) REFERENCES p(id))`)
		f.src.dataset.Collections[1].Erase = "keep"
		want := []string{`no index of table "bare" begins with p, which refers to table "p"`, `no index of table "pair" begins with a, b, which refers to table "p"`}
		switch kind {
		case "postgres": // an index of another kind, of some rows, or of other columns first serves nothing
			f.exec("CREATE INDEX of_bare ON bare USING brin (p)")
			f.exec("CREATE INDEX some_bare ON bare (p) WHERE id > 5")
			f.exec("CREATE INDEX of_pair ON pair (b, id, a)")
			f.exec("CREATE INDEX of_own ON own (id) WHERE id IS NOT NULL")
		case "mysql": // the server makes an index for each foreign key it knows
			want = nil
		}
		if kind != "sqlite" { // which makes no estimate
			f.exec("INSERT INTO said SELECT i, NULL FROM " + series(kind, 2*largeTable))
			f.exec("ANALYZE " + map[string]string{"postgres": "", "mysql": "TABLE "}[kind] + "said")
			f.exec("INSERT INTO few SELECT i, NULL FROM " + series(kind, 100))
			want = append(want, `no index of table "said" begins with p, which refers to table "p"`)
		}
		names := func() (out, todo []string) {
			for line := range strings.SplitSeq(notes(t, f.src, "foreign keys", false), "\n") {
				if who, rest, ok := strings.Cut(line, ": deletions in "); ok {
					_, sql, _ := strings.Cut(rest, "; ")
					out, todo = append(out, who), append(todo, strings.TrimSuffix(sql, " makes them fast"))
				}
			}
			slices.Sort(out)
			return out, todo
		}
		got, todo := names()
		if d := cmp.Diff(want, got); d != "" {
			t.Fatal(d)
		}
		for _, q := range todo {
			f.exec(q)
		}
		if got, _ := names(); len(got) > 0 {
			t.Errorf("after %q: %q", todo, got)
		}
	})
}

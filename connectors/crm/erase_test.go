package crm

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cratio/sutra/connectors"
)

// Redacting one column under every constraint that can refuse a null.
func TestEmptyUnderConstraints(t *testing.T) {
	cases := []struct {
		name, col, val string
		want           string // the stored value; "*" for any that keeps nothing of the old
		fails          bool
	}{
		{"nullable", "TEXT", "'Asha'", "<nil>", false},
		{"not null text", "TEXT NOT NULL", "'Asha'", "", false},
		{"not null integer", "INTEGER NOT NULL", "919876543210", "0", false},
		{"not null real", "REAL NOT NULL", "9.5", "0", false},
		{"not null blob", "BLOB NOT NULL", "x'417368'", "x''", false},
		{"not null json", "JSON NOT NULL", `'{"n":"Asha"}'`, "{}", false},
		{"not null json list", "JSON NOT NULL", `'["Asha"]'`, "[]", false},
		{"zero, nullable", "INTEGER", "0", "<nil>", false},
		{"one of two, nullable", "TEXT CHECK (v IN ('M', 'F'))", "'M'", "<nil>", false},
		{"unique nullable", "TEXT UNIQUE", "'Asha'", "<nil>", false},
		{"unique not null", "TEXT UNIQUE NOT NULL", "'Asha'", "erased-1", false},
		{"unique not null integer", "INTEGER UNIQUE NOT NULL", "919876543210", "0", false},
		{"check refuses null", "TEXT CHECK (v IS NOT NULL)", "'Asha'", "", false},
		{"check refuses empty", "TEXT NOT NULL CHECK (v <> '')", "'Asha'", "erased-1", false},
		{"check wants a length", "TEXT NOT NULL CHECK (length(v) = 4)", "'Asha'", "xxxx", false},
		{"check wants digits", "TEXT NOT NULL CHECK (v GLOB '+[0-9][0-9][0-9]')", "'+917'", "+000", false},
		{"check wants one of two", "TEXT NOT NULL CHECK (v IN ('M', 'F'))", "'F'", "M", false},
		{"check wants a range", "INTEGER NOT NULL CHECK (v BETWEEN 18 AND 99)", "23", "18", false},
		{"check wants the country", "TEXT NOT NULL UNIQUE CHECK (v LIKE '+91%' AND length(v) = 13 AND v <> '')", "'+919876543210'", "*", false},
		{"check wants a mobile", "TEXT NOT NULL CHECK (v GLOB '[6-9]*' AND length(v) = 10)", "'9876543210'", "9999999999", false},
		{"check wants the very value", "TEXT NOT NULL CHECK (v = 'Asha')", "'Asha'", "", true},
		{"conflict clause ignores", "TEXT NOT NULL ON CONFLICT IGNORE", "'Asha'", "", false},
		{"conflict clause replaces", "TEXT NOT NULL UNIQUE ON CONFLICT REPLACE CHECK (v <> 'erased-1')", "'Asha'", "", false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			f := newFixture(t, "t: id! v~", fmt.Sprintf("CREATE TABLE t (id INTEGER PRIMARY KEY, v %s); INSERT INTO t VALUES (1, %s)", c.col, c.val))
			w := work("t[1,10001)", emptyFields("pk=1", "v"))
			if c.fails {
				before := f.dump()
				_, _, err := f.src.EraseAll(context.Background(), []connectors.UnitEdits{w})
				if err == nil || !strings.Contains(err.Error(), `table "t", column "v"`) || strings.Contains(err.Error(), "Asha") || f.dump() != before {
					t.Errorf("%v", err)
				}
				return
			}
			if o := f.erase(w); o[0] != (connectors.Outcome{Redacted: 1}) {
				t.Errorf("%+v", o)
			}
			if got := f.rows("SELECT +v FROM t"); got[0] != c.want && (c.want != "*" || strings.Contains(got[0], "76543")) {
				t.Errorf("stored %q, want %q", got, c.want)
			}
			if left, err := f.src.Residue(context.Background(), w.Unit, w.Edits); err != nil || len(left) > 0 {
				t.Errorf("residue: %v, %v", left, err)
			}
		})
	}
}

func TestManyRowsInOneUniqueColumn(t *testing.T) {
	onAll(t, func(t *testing.T, kind string) {
		f := newOn(t, kind, "t: id! phone@phone n@phone a~ b~", `CREATE TABLE t (id INTEGER PRIMARY KEY, phone TEXT NOT NULL UNIQUE, n INTEGER NOT NULL UNIQUE, a TEXT, b TEXT, CHECK (a IS NOT NULL OR b IS NOT NULL));
		INSERT INTO t VALUES (1,'a1',11,'x1','y1'),(2,'a2',22,'x2','y2'),(3,'a3',33,'x3','y3')`)
		all := []string{"phone", "n", "a", "b"}
		f.erase(work("t[1,10001)", emptyFields("pk=1", all...), emptyFields("pk=2", all...), emptyFields("pk=3", all...)))
		for _, r := range f.rows("SELECT * FROM t") {
			if strings.ContainsAny(r, "ay") && !strings.Contains(r, "erased-") {
				t.Error(r)
			}
		}
		if n := f.rows("SELECT count(DISTINCT n), count(*) FROM t WHERE n NOT IN (11,22,33)"); n[0] != "3|3" {
			t.Error(n)
		}
	})
}

func TestSetKeepsTheStorageForm(t *testing.T) {
	f := newFixture(t, "t: id! v~ w~ i~ r~ u~ s~", `CREATE TABLE t (id INTEGER PRIMARY KEY, v BLOB, w TEXT, i INTEGER, r REAL, u BLOB, s INT GENERATED ALWAYS AS (length(w)) STORED);
		INSERT INTO t (id,v,w,i,r,u) VALUES (1, CAST('abc7' AS BLOB), 'abc7', 77, 7.5, x'FFFE37004200'), (2, x'00', 'b', 7, 7, x'')`)
	o := f.erase(work("t[1,10001)", replace("pk=1", "7", "9"), replace("pk=2", "7", "seven")))
	if o[0].Redacted != 2 {
		t.Errorf("%+v", o)
	}
	want := []string{"1|blob|abc9|text|abc9|integer|99|real|9.5|FFFE39004200", "2|blob|\x00|text|b|null|<nil>|null|<nil>|"}
	if d := cmp.Diff(want, f.rows("SELECT id, typeof(v), CAST(v AS TEXT), typeof(w), w, typeof(i), i, typeof(r), r, hex(u) FROM t")); d != "" {
		t.Error(d)
	}
}

// TestSetKeepsOtherBytes: a text in Latin-1 keeps its letters when a number is cut out of it.
func TestSetKeepsOtherBytes(t *testing.T) {
	f := newFixture(t, "t: id! v~ w~", `CREATE TABLE t (id INTEGER PRIMARY KEY, v BLOB, w TEXT);
		INSERT INTO t VALUES (1, x'E939E8', CAST(x'FC39' AS TEXT))`)
	f.erase(work("t[1,10001)", replace("pk=1", "9", "[erased]")))
	if d := cmp.Diff([]string{"E95B6572617365645DE8|FC5B6572617365645D"}, f.rows("SELECT hex(v), hex(w) FROM t")); d != "" {
		t.Error(d)
	}
}

func TestKeysOfAllKinds(t *testing.T) {
	f := newFixture(t, "comp: a! b! v~\nuid: id! v~\nnokey: v~\nwo: k! v~\nloose: k! v~\nlooser: k! v~\ntwice: k! v~", `
		CREATE TABLE comp (a TEXT, b TEXT, v, PRIMARY KEY (a, b)); INSERT INTO comp VALUES ('x,y','z','gone'), ('x','y,z','stays'), ('x',NULL,'nullkey'), (NULL,'z','stays too');
		CREATE TABLE uid (id BLOB PRIMARY KEY, v); INSERT INTO uid VALUES (x'FF01','gone'), (x'FF02','stays');
		CREATE TABLE nokey (v, rowid); INSERT INTO nokey VALUES ('stays', 1), ('gone', 1), ('stays', 2);
		CREATE TABLE wo (k TEXT PRIMARY KEY, v) WITHOUT ROWID; INSERT INTO wo VALUES ('', 'gone'), ('0', 'stays'), ('00', 'stays');
		CREATE TABLE loose (k, v); INSERT INTO loose VALUES (42, 'one'), ('43', 'two'), (0, 'gone'), ('false', 'stays');
		CREATE TABLE looser (k, v); INSERT INTO looser VALUES (42, 'one'), ('42', 'two');
		CREATE TABLE twice (k INTEGER, v); INSERT INTO twice VALUES (42, 'one'), (42, 'two')`)
	out := f.erase(work("comp[1,10001)", del(`pk=x\,y,z`, "rowid=3", "pk=x", "pk=x,,z")...), work("uid[1,10001)", del("pk=x'ff01'")...),
		work("nokey[1,10001)", del("pk=2")...), work("wo[,)", del("pk=")...), work("loose[1,10001)", del("pk=0")...))
	if out[0].Deleted != 2 || out[0].Missing != 2 {
		t.Errorf("%+v", out[0])
	}
	for i, o := range out[1:] {
		if o.Deleted != 1 {
			t.Errorf("%d: %+v", i, o)
		}
	}
	if s := f.dump(); strings.Contains(s, "gone") || strings.Count(s, "stays") != 8 {
		t.Error(s)
	}
	for table, why := range map[string]string{"looser": "spelled alike", "twice": "several rows"} {
		_, _, err := f.src.Erase(context.Background(), connectors.Unit{Key: table + "[1,10001)"}, del("pk=42"))
		if err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%s: an ambiguous key: %v", table, err)
		}
	}
}

const family = `
	CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT NOT NULL, phone TEXT UNIQUE, boss INTEGER REFERENCES people(id) ON DELETE CASCADE, account_id TEXT, remark TEXT, status TEXT, at TEXT);
	CREATE TABLE notes (id INTEGER PRIMARY KEY, person INTEGER REFERENCES people(id) ON DELETE CASCADE, body TEXT);
	CREATE TABLE calls (id INTEGER PRIMARY KEY, person INTEGER REFERENCES people ON DELETE SET NULL, note_id INTEGER REFERENCES notes(id) ON DELETE RESTRICT);
	INSERT INTO people VALUES (1,'Asha','111',NULL,'A1','likes tea','open','2024-01-02T03:04:05'),(2,'Bela','222',1,'A1','r2','open',''),(3,'Charu','333',2,'A1','r3','open',''),(4,'Dev','444',4,'A1','r4','open','');
	INSERT INTO notes VALUES (10,1,'on Asha'),(20,2,'on Bela'),(30,3,'on Charu');
	INSERT INTO calls VALUES (100,1,10),(200,2,20),(300,NULL,30)`

const familyCatalog = "people: id! name~ phone@phone boss account_id:account remark~\nnotes: id! person>people.id body~\ncalls: id! person>people.id note_id"

type referenceCase struct {
	name   string
	w      []connectors.UnitEdits
	want   []connectors.Outcome
	people string // what is left, as id:name
	others string // ids of notes and calls
}

func TestReferences(t *testing.T) {
	people := func(l ...string) connectors.UnitEdits { return work("people[1,10001)", del(l...)...) }
	notes := func(l ...string) connectors.UnitEdits { return work("notes[1,10001)", del(l...)...) }
	calls := func(l ...string) connectors.UnitEdits { return work("calls[1,10001)", del(l...)...) }
	cases := []referenceCase{
		{"self reference of its own row", []connectors.UnitEdits{people("pk=4")}, []connectors.Outcome{{Deleted: 1}}, "1:Asha 2:Bela 3:Charu", "10 20 30 100 200 300"},
		{"others refer: a shell", []connectors.UnitEdits{people("pk=1")}, []connectors.Outcome{{Redacted: 1, Shells: 1}}, "1: 2:Bela 3:Charu 4:Dev", "10 20 30 100 200 300"},
		{"whole chain goes, parents first in the plan", []connectors.UnitEdits{people("pk=1", "pk=2", "pk=3"), notes("pk=10", "pk=20", "pk=30"), calls("pk=100", "pk=200", "pk=300")},
			[]connectors.Outcome{{Deleted: 3}, {Deleted: 3}, {Deleted: 3}}, "4:Dev", ""},
		{"a shell keeps the rows above it", []connectors.UnitEdits{people("pk=1", "pk=2", "pk=3"), notes("pk=10", "pk=20"), calls("pk=100", "pk=200")},
			[]connectors.Outcome{{Redacted: 3, Shells: 3}, {Deleted: 2}, {Deleted: 2}}, "1: 2: 3: 4:Dev", "30 300"},
		{"restrict between rows that both go", []connectors.UnitEdits{notes("pk=10"), calls("pk=100")}, []connectors.Outcome{{Deleted: 1}, {Deleted: 1}}, "1:Asha 2:Bela 3:Charu 4:Dev", "20 30 200 300"},
		{"shell in the middle", []connectors.UnitEdits{notes("pk=30"), people("pk=3")}, []connectors.Outcome{{Redacted: 1, Shells: 1}, {Redacted: 1, Shells: 1}}, "1:Asha 2:Bela 3: 4:Dev", "10 20 30 100 200 300"},
	}
	onAll(t, func(t *testing.T, kind string) {
		for _, c := range cases {
			t.Run(c.name, func(t *testing.T) { testReferences(t, kind, c) })
		}
		f := newOn(t, kind, familyCatalog, family)
		f.erase(people("pk=1"))
		if got := f.rows("SELECT * FROM people WHERE id = 1"); got[0] != "1||<nil>|<nil>|A1|<nil>|<nil>|2024-01-02T03:04:05" {
			t.Errorf("the shell holds %s", got)
		}
	})
}

func testReferences(t *testing.T, kind string, c referenceCase) {
	f := newOn(t, kind, familyCatalog, family)
	got := f.erase(c.w...)
	for i := range got {
		got[i].Gone = false
	}
	if d := cmp.Diff(c.want, got); d != "" {
		t.Error(d)
	}
	if s := strings.Join(f.rows("SELECT concat(id, ':', name) FROM people ORDER BY id"), " "); s != c.people {
		t.Errorf("people %s", s)
	}
	if s := strings.Join(append(f.rows("SELECT id FROM notes ORDER BY id"), f.rows("SELECT id FROM calls ORDER BY id")...), " "); s != c.others {
		t.Errorf("others %s", s)
	}
	if kind != "sqlite" {
		return
	}
	if bad := f.rows("PRAGMA foreign_key_check"); len(bad) > 0 {
		t.Error(bad)
	}
}

func TestCyclesAndDiamonds(t *testing.T) {
	f := newFixture(t, "a: id! b v~\nb: id! c v~\nc: id! a d v~\nd: id! v~", `
		CREATE TABLE a (id INTEGER PRIMARY KEY, b INTEGER NOT NULL REFERENCES b(id) ON DELETE RESTRICT DEFERRABLE INITIALLY DEFERRED, v);
		CREATE TABLE b (id INTEGER PRIMARY KEY, c INTEGER NOT NULL REFERENCES c(id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED, v);
		CREATE TABLE c (id INTEGER PRIMARY KEY, a INTEGER NOT NULL REFERENCES a(id) DEFERRABLE INITIALLY DEFERRED, d INTEGER REFERENCES d(id) ON DELETE SET NULL, v);
		CREATE TABLE d (id INTEGER PRIMARY KEY, v);
		INSERT INTO d VALUES (1,'x'),(2,'y'); INSERT INTO a VALUES (1,1,'x'),(2,2,'y'); INSERT INTO b VALUES (1,1,'x'),(2,2,'y'); INSERT INTO c VALUES (1,1,1,'x'),(2,2,2,'y')`)
	one := func(t string) connectors.UnitEdits { return work(t+"[1,10001)", del("pk=1")...) }
	two := func(t string) connectors.UnitEdits { return work(t+"[1,10001)", del("pk=2")...) }
	f.erase(one("d"), one("a"), one("b"), one("c"))
	if s := f.dump(); strings.Contains(s, "x") || strings.Count(s, "y") != 4 {
		t.Error(s)
	}
	out := f.erase(two("d"), two("a"), two("b")) // c stays, so all of them do
	for _, o := range out {
		if o.Shells != 1 {
			t.Errorf("%+v", out)
		}
	}
	if got := f.rows("SELECT c.id, c.d, c.v, a.v, b.v, d.v FROM c JOIN a ON a.id = c.a JOIN b ON b.id = a.b JOIN d ON d.id = c.d"); got[0] != "2|2|y|<nil>|<nil>|<nil>" {
		t.Error(got)
	}
}

// A reference that only the catalog knows holds a row as a foreign key does, also
// between a text and a number.
func TestReferencesOfTheCatalog(t *testing.T) {
	onAll(t, func(t *testing.T, kind string) {
		f := newOn(t, kind, "p: id! name~\nk: id! p_ref>p.id memo~", `CREATE TABLE p (id INTEGER PRIMARY KEY, name TEXT);
			CREATE TABLE k (id INTEGER PRIMARY KEY, p_ref TEXT, memo TEXT);
		INSERT INTO p VALUES (1,'Asha'),(2,'Bela');
			INSERT INTO k VALUES (1,'1','m'),(2,'x','m')`)
		out := f.erase(work("p[1,10001)", del("pk=1", "pk=2")...))
		if out[0] != (connectors.Outcome{Deleted: 1, Redacted: 1, Shells: 1}) {
			t.Errorf("%+v", out)
		}
	})
}

func TestChangedSincePlanned(t *testing.T) {
	onAll(t, func(t *testing.T, kind string) {
		f := newOn(t, kind, "t: id! v~", "CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT);\nINSERT INTO t VALUES (1,'a'),(2,'b')")
		es := del("pk=1", "pk=2")
		es[1].Check = func(m map[string]string) error {
			if m["v"] != "planned" {
				return errors.New("secret " + m["v"])
			}
			return nil
		}
		before := f.dump()
		_, _, err := f.src.Erase(context.Background(), connectors.Unit{Key: "t[1,10001)"}, es)
		if !errors.Is(err, connectors.ErrChanged) || strings.Contains(err.Error(), "secret") || f.dump() != before {
			t.Errorf("%v", err)
		}
		f.exec("UPDATE t SET v = 'planned' WHERE id = 2")
		f.erase(work("t[1,10001)", es...))
	})
}

// What several edits of one row come to.
func TestEditsOfOneRow(t *testing.T) {
	onAll(t, func(t *testing.T, kind string) {
		f := newOn(t, kind, "t: id! v~ w~", "CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT, w TEXT);\nINSERT INTO t VALUES (1,'her and him','5'),(2,'x','y'),(3,'x','y')")
		_, out, err := f.src.EraseAll(context.Background(), []connectors.UnitEdits{
			work("t[1,10001)", replace("pk=1", "her", "-"), replace("pk=1", "him", "-"), emptyFields("pk=2", "v")),
			work("t[1,10001)", del("pk=2", "pk=2", "pk=9")...)})
		if err != nil {
			t.Fatal(err)
		}
		want := []connectors.Outcome{{Redacted: 2, Missing: 1}, {Deleted: 1, Missing: 2}}
		if d := cmp.Diff(want, out); d != "" {
			t.Error(d)
		}
		if d := cmp.Diff([]string{"1|- and -|5", "3|x|y"}, f.rows("SELECT * FROM t ORDER BY id")); d != "" {
			t.Error(d)
		}
		if _, _, err := f.src.Erase(context.Background(), connectors.Unit{Key: "t[1,10001)"}, []connectors.Edit{{Locator: "pk=3"}}); err == nil {
			t.Error("an edit without an action was taken")
		}
	})
}

func TestReadOnly(t *testing.T) {
	f := newFixture(t, "t: id! v~", "CREATE TABLE t (id INTEGER PRIMARY KEY, v); INSERT INTO t VALUES (1,'a')")
	if err := os.Chmod(f.path, 0o444); err != nil {
		t.Fatal(err)
	}
	if _, _, err := f.src.Erase(context.Background(), connectors.Unit{Key: "t[1,10001)"}, del("pk=1")); !errors.Is(err, connectors.ErrReadOnly) {
		t.Errorf("%v", err)
	}
	if l, _ := f.read("t[1,10001)"); len(l) != 1 {
		t.Error("the row is gone")
	}
}

// A key that foreign keys refer to stays as long as somebody does; a declaration
// that the database itself cannot use does not stop an erasure.
func TestReferredColumnsAndBrokenKeys(t *testing.T) {
	f := newFixture(t, "p: id! phone@phone v~\nk: id! phone@phone\nz: id! v~", `CREATE TABLE p (id INTEGER PRIMARY KEY, phone TEXT UNIQUE, v);
		CREATE TABLE k (id INTEGER PRIMARY KEY, phone TEXT REFERENCES p(phone) ON UPDATE CASCADE); CREATE TABLE z (id INTEGER PRIMARY KEY, v REFERENCES nowhere(x), w REFERENCES p(v));
		INSERT INTO p VALUES (1,'111','hers'),(2,'222','his'); INSERT INTO k VALUES (1,'111'),(2,'222'); INSERT INTO z VALUES (1,'v','hers')`)
	ctx := context.Background()
	edits := []connectors.Edit{emptyFields("pk=1", "phone", "v")}
	if _, _, err := f.src.EraseAll(ctx, []connectors.UnitEdits{work("p[1,10001)", edits...), work("z[1,10001)", del("pk=1")...)}); err != nil {
		t.Fatal(err)
	}
	if got := f.rows("SELECT phone, v FROM p WHERE id = 1 UNION ALL SELECT phone, '' FROM k WHERE id = 1"); got[0] != "111|<nil>" || got[1] != "111|" {
		t.Error(got)
	}
	if left, err := f.src.Residue(ctx, connectors.Unit{Key: "p[1,10001)"}, edits); err != nil || len(left) != 1 {
		t.Errorf("a phone that had to stay is no residue: %v %v", left, err)
	}
	f.erase(work("p[1,10001)", emptyFields("pk=2", "phone", "v")), work("k[1,10001)", del("pk=2")...))
}

func TestSeventyThousandKeys(t *testing.T) {
	n := 35_000 // of parents, and as many children
	if testing.Short() {
		n /= 10
	}
	onAll(t, func(t *testing.T, kind string) {
		f := newOn(t, kind, "p: id! name~\nc: id! p>p.id body~", `CREATE TABLE p (id VARCHAR(20) PRIMARY KEY, name TEXT);
			CREATE TABLE c (id INTEGER PRIMARY KEY, p VARCHAR(20) REFERENCES p(id), body TEXT);
			CREATE INDEX c_p ON c (p);
			INSERT INTO p SELECT concat('lead-', i), concat('n', i) FROM `+series(kind, n+1)+`;
			INSERT INTO c SELECT i, concat('lead-', i), 'b' FROM `+series(kind, n+1))
		var ps, cs []string
		for i := 1; i <= n; i++ {
			ps, cs = append(ps, fmt.Sprintf("pk=lead-%d", i)), append(cs, fmt.Sprintf("pk=%d", i))
		}
		start := time.Now()
		_, out, err := f.src.EraseAll(context.Background(), []connectors.UnitEdits{work(f.units()[0].Key, del(ps...)...), work("c[1,10001)", del(cs...)...)})
		if err != nil || out[0].Deleted != n || out[1].Deleted != n {
			t.Fatalf("%+v %v", out, err)
		}
		t.Logf("%d rows in %v", 2*n, time.Since(start))
		if got := f.rows("SELECT (SELECT count(*) FROM p), (SELECT count(*) FROM c)"); got[0] != "1|1" {
			t.Error(got)
		}
	})
}

func TestCutJSONAndSoftDeletedRows(t *testing.T) {
	f := newFixture(t, "dead: id! body{ deleted_at", `CREATE TABLE dead (id INTEGER PRIMARY KEY, body BLOB, deleted_at TEXT);
		INSERT INTO dead VALUES (1, CAST('{"name":"Asha","pho' AS BLOB), '2024-01-01'), (2, CAST('{"n":' AS BLOB) || x'FF41736861', NULL)`)
	locs, recs := f.read("dead[1,10001)")
	if len(locs) != 2 || recs["pk=1"]["body"] != `{"name":"Asha","pho` || !strings.Contains(recs["pk=2"]["body"], "Asha") {
		t.Error(recs)
	}
	f.erase(work("dead[1,10001)", replace("pk=1", "Asha", "-"), replace("pk=2", "Asha", "-")))
	if got := f.dump(); strings.Contains(got, "Asha") || strings.Contains(got, "41736861") {
		t.Error(got)
	}
}

func TestTableIsGone(t *testing.T) {
	f := newFixture(t, "t: id!\nnone: id!", "CREATE TABLE t (id INTEGER PRIMARY KEY)")
	for _, key := range []string{"none[,)", "unknown[,)", "junk"} {
		if _, _, err := f.src.Erase(context.Background(), connectors.Unit{Key: key}, del("pk=1")); err == nil {
			t.Errorf("%s: no error", key)
		}
		if _, err := f.src.Residue(context.Background(), connectors.Unit{Key: key}, del("pk=1")); err == nil {
			t.Errorf("%s: proven", key)
		}
	}
}

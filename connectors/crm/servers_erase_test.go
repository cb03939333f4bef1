package crm

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cratio/sutra/connectors"
)

// Redacting one column under every type and constraint that can refuse a null.
func TestServerEmptyUnderConstraints(t *testing.T) {
	cases := []struct {
		name, col, val string
		want           string // the stored value; a prefix when it ends in "*"
		kinds          string // "" for all
		fails          bool
	}{
		{"nullable", "TEXT", "'Asha'", "<nil>", "", false},
		{"not null text", "VARCHAR(30) NOT NULL", "'Asha'", "", "", false},
		{"not null integer", "INTEGER NOT NULL", "919876543", "0", "", false},
		{"not null small", "SMALLINT NOT NULL UNIQUE CHECK (v <> 0)", "91", "-3*", "", false},
		{"not null real", "DOUBLE PRECISION NOT NULL", "9.5", "0", "", false},
		{"not null decimal", "DECIMAL(9,2) NOT NULL", "9.5", "0.00", "", false},
		{"not null date", "DATE NOT NULL", "'1990-05-06'", "1970-01-02", "", false},
		{"not null time", "TIME NOT NULL", "'10:20:30'", "00:00:00", "", false},
		{"not null document", "JSON NOT NULL", `'{"n":"Asha"}'`, "{}", "", false},
		{"not null list", "JSON NOT NULL", `'["Asha"]'`, "[]", "", false},
		{"not null boolean", "BOOLEAN NOT NULL", "true", "false", "postgres", false},
		{"not null uuid", "UUID NOT NULL", "'6f2c1e7a-0000-4000-8000-000000000001'", zeroUUID, "postgres", false},
		{"unique uuid", "UUID NOT NULL UNIQUE CHECK (v <> '" + zeroUUID + "')", "'6f2c1e7a-0000-4000-8000-000000000001'", erasedUUID + "*", "postgres", false},
		{"not null array", "TEXT[] NOT NULL", "'{Asha}'", "{}", "postgres", false},
		{"not null bytes", "BYTEA NOT NULL", "'Asha'", `\x`, "postgres", false},
		{"not null address", "INET NOT NULL", "'10.1.2.3'", "0.0.0.0*", "postgres", false},
		{"not null range", "INT4RANGE NOT NULL", "'[3,5)'", "empty", "postgres", false},
		{"unsigned", "INTEGER UNSIGNED NOT NULL UNIQUE CHECK (v <> 0)", "91", "2*", "mysql", false},
		{"enum", "ENUM('Open','Won') NOT NULL", "'Won'", "Open", "mysql", false},
		{"a label for unknown", "ENUM('Open','Won','Not known') NOT NULL", "'Won'", "Not known", "mysql", false},
		{"the first label beside one for unknown", "ENUM('F','M','unknown') NOT NULL", "'F'", "unknown", "mysql", false},
		{"the first label, nullable", "ENUM('F','M')", "'F'", "<nil>", "mysql", false},
		{"no, nullable", "BOOLEAN", "false", "<nil>", "postgres", false},
		{"none, nullable", "INTEGER", "0", "<nil>", "", false},
		{"that day, nullable", "DATE", "'1970-01-02'", "<nil>", "", false},
		{"unique nullable", "VARCHAR(30) UNIQUE", "'Asha'", "<nil>", "", false},
		{"unique not null", "VARCHAR(30) UNIQUE NOT NULL", "'Asha'", "erased-1", "", false},
		{"unique and short", "VARCHAR(12) UNIQUE NOT NULL CHECK (v <> 'erased-1' AND v <> '')", "'Asha'", "erased-*", "", false},
		{"length exactly", "VARCHAR(30) NOT NULL CHECK (char_length(v) = 4)", "'Asha'", "xxxx", "", false},
		{"longer than the column", "VARCHAR(5) NOT NULL CHECK (v <> '')", "'Asha'", "xxxx", "", false},
		{"a number, unique", "VARCHAR(13) NOT NULL UNIQUE CHECK (v LIKE '+91%' OR v LIKE '+00%')", "'+919876543210'", "+000*", "", false},
		{"an address with a sign", "VARCHAR(60) NOT NULL UNIQUE CHECK (v LIKE '%@%')", "'asha@example.com'", "xxxx@xxxxxxx.xxx", "", false},
		{"one of two", "CHAR(1) NOT NULL CHECK (v IN ('M', 'F'))", "'F'", "M", "", false},
		{"a range", "INTEGER NOT NULL CHECK (v BETWEEN 18 AND 99)", "23", "18", "", false},
		{"a number with the country, unique", "VARCHAR(13) NOT NULL UNIQUE CHECK (v LIKE '+91%' AND char_length(v) = 13)", "'+919876543210'", "+91000*", "", false},
		{"a mobile", "VARCHAR(10) NOT NULL CHECK (v >= '6' AND char_length(v) = 10)", "'9876543210'", "9999999999", "", false},
		{"a tax number, unique", "VARCHAR(10) NOT NULL UNIQUE CHECK (v ~ '^[A-Z]{5}[0-9]{4}[A-Z]$' AND v <> 'XXXPX0000X')", "'ABCPK1003Z'", "*", "postgres", false},
		{"a tax number", "VARCHAR(10) NOT NULL CHECK (v RLIKE BINARY '^[A-Z]{5}[0-9]{4}[A-Z]$')", "'ABCPK1003Z'", "XXXPX0000X", "mysql", false},
		{"capitals", "VARCHAR(10) NOT NULL CHECK (v ~ '^[A-Z]{2}-[A-Z]{3}$')", "'MH-ABC'", "XX-XXX", "postgres", false},
		{"more than nothing", "DECIMAL(9,2) NOT NULL CHECK (v > 0)", "9.5", "1.00", "", false},
		{"the very value", "VARCHAR(30) NOT NULL CHECK (v = 'Asha')", "'Asha'", "", "", true},
	}
	onServers(t, func(t *testing.T, kind string) {
		for i, c := range cases {
			if c.kinds != "" && c.kinds != kind {
				continue
			}
			t.Run(c.name, func(t *testing.T) {
				name := fmt.Sprintf("c%d", i)
				f := serverFixture(t, kind, name+": id! v~", fmt.Sprintf("CREATE TABLE %s (id INTEGER PRIMARY KEY, v %s);\nINSERT INTO %s VALUES (1, %s)", name, c.col, name, c.val))
				w := work(name+"[1,10001)", emptyFields("pk=1", "v"))
				if c.fails {
					before := f.dump()
					_, _, err := f.src.EraseAll(context.Background(), []connectors.UnitEdits{w})
					if err == nil || !strings.Contains(err.Error(), `column "v"`) || strings.Contains(err.Error(), "Asha") || f.dump() != before {
						t.Errorf("%v", err)
					}
					return
				}
				if o := f.erase(w); o[0] != (connectors.Outcome{Redacted: 1}) {
					t.Errorf("%+v", o)
				}
				cast := "v::text"
				if kind == "mysql" {
					cast = "CAST(v AS CHAR)"
				}
				got := f.rows("SELECT " + cast + " FROM " + name)[0]
				if head, ok := strings.CutSuffix(c.want, "*"); ok && !strings.HasPrefix(got, head) || !ok && got != c.want {
					t.Errorf("stored %q, want %q", got, c.want)
				}
			})
		}
	})
}

// Rows without a key are named by their content; those that are alike go one by one.
func TestServerTablesWithoutAKey(t *testing.T) {
	onServers(t, func(t *testing.T, kind string) {
		f := serverFixture(t, kind, "log: at phone@phone\nu: k v~", `CREATE TABLE log (at INTEGER, phone VARCHAR(20), v TEXT);
			CREATE TABLE u (k INTEGER NOT NULL UNIQUE, v TEXT);
			INSERT INTO u VALUES (7,'x'),(8,'y');
			INSERT INTO log VALUES (1,'+919876500001','a'),(1,'+919876500001','a'),(1,'+919876500001','a'),(2,NULL,'b'),(3,'+919876500002','c')`)
		locs, recs := f.read("log[,)")
		var hers []string
		for _, l := range locs {
			if recs[l]["phone"] == "+919876500001" {
				hers = append(hers, l)
			}
		}
		if len(locs) != 5 || len(hers) != 3 || strings.Contains(strings.Join(locs, ""), "98765") {
			t.Fatalf("locators %v", locs)
		}
		out := f.erase(work("log[,)", del(hers...)...), work("u[1,10001)", del("pk=7")...))
		if out[0].Deleted != 3 || out[1].Deleted != 1 {
			t.Errorf("%+v", out)
		}
		if got := strings.Join(f.rows("SELECT concat(at, v) FROM log ORDER BY 1"), " "); got != "2b 3c" {
			t.Error(got)
		}
		locs, recs = f.read("log[,)")
		for _, l := range locs {
			if recs[l]["v"] == "c" {
				if _, out, err := f.src.EraseAll(context.Background(), []connectors.UnitEdits{work("log[,)", emptyFields(l, "phone", "v"))}); err != nil || out[0].Redacted != 1 {
					t.Errorf("%+v %v", out, err)
				}
			}
		}
		if got := f.rows("SELECT count(*), count(phone), count(v) FROM log"); got[0] != "2|0|1" {
			t.Error(got)
		}
	})
}

// Rows that refer to one another in a ring, where no reference may be null.
func TestServerRings(t *testing.T) {
	onServers(t, func(t *testing.T, kind string) {
		late, off, on := " DEFERRABLE INITIALLY DEFERRED", "BEGIN", "COMMIT"
		if kind == "mysql" {
			late, off, on = "", "SET foreign_key_checks = 0", "SET foreign_key_checks = 1"
		}
		f := serverFixture(t, kind, "a: id! b v~\nb: id! a v~\ns: id! up v~", "")
		conn, err := f.db.Conn(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		for _, q := range []string{
			"CREATE TABLE a (id INTEGER PRIMARY KEY, b INTEGER NOT NULL, v TEXT)", "CREATE TABLE b (id INTEGER PRIMARY KEY, a INTEGER NOT NULL, v TEXT, FOREIGN KEY (a) REFERENCES a(id) ON DELETE CASCADE" + late + ")",
			"CREATE TABLE s (id INTEGER PRIMARY KEY, up INTEGER NOT NULL, v TEXT, FOREIGN KEY (up) REFERENCES s(id) ON DELETE RESTRICT)", off,
			"INSERT INTO a VALUES (1,1,'hers'),(2,2,'y'),(3,3,'hers')", "INSERT INTO b VALUES (1,1,'hers'),(2,2,'y'),(3,3,'y')", "INSERT INTO s VALUES (1,2,'hers'),(2,3,'hers'),(3,1,'hers'),(4,4,'y'),(5,4,'y')", on,
			"ALTER TABLE a ADD FOREIGN KEY (b) REFERENCES b(id) ON DELETE RESTRICT",
		} {
			if _, err := conn.ExecContext(context.Background(), q); err != nil {
				t.Fatalf("%s: %v", q, err)
			}
		}
		if err := conn.Close(); err != nil {
			t.Fatal(err)
		}
		out := f.erase(work("a[1,10001)", del("pk=1", "pk=3")...), work("b[1,10001)", del("pk=1")...), work("s[1,10001)", del("pk=1", "pk=2", "pk=3")...))
		want := []connectors.Outcome{{Deleted: 1, Redacted: 1, Shells: 1}, {Deleted: 1, Gone: false}, {Deleted: 3}}
		if d := cmp.Diff(want, out); d != "" {
			t.Error(d)
		}
		got := strings.Join(f.rows("SELECT concat('a', id, coalesce(v, '-')) FROM a UNION ALL SELECT concat('b', id, coalesce(v, '-')) FROM b UNION ALL SELECT concat('s', id, coalesce(v, '-')) FROM s ORDER BY 1"), " ")
		if got != "a2y a3- b2y b3y s4y s5y" {
			t.Error(got)
		}
	})
}

// Composite keys and references, bytes as keys, keys with signs in them.
func TestServerKeysOfAllKinds(t *testing.T) {
	onServers(t, func(t *testing.T, kind string) {
		bytes, lit := "BYTEA", func(h string) string { return `'\x` + h + `'` }
		if kind == "mysql" {
			bytes, lit = "VARBINARY(9)", func(h string) string { return "x'" + h + "'" }
		}
		f := serverFixture(t, kind, "comp: a! b! v~\nkid: id! a b v~\nuid: id! v~\nday: d! v~", `CREATE TABLE comp (a VARCHAR(9), b VARCHAR(9), v TEXT, PRIMARY KEY (a, b));
			CREATE TABLE kid (id INTEGER PRIMARY KEY, a VARCHAR(9), b VARCHAR(9), v TEXT, FOREIGN KEY (a, b) REFERENCES comp (a, b) ON DELETE CASCADE);
			CREATE TABLE uid (id `+bytes+` PRIMARY KEY, v TEXT);
			CREATE TABLE day (d DATE PRIMARY KEY, v TEXT);
			INSERT INTO comp VALUES ('x,y','z','gone'),('x','y,z','stays'),('p','q','gone'),('','','gone');
			INSERT INTO kid VALUES (1,'x,y','z','gone'),(2,'p','q','stays'),(3,'x',NULL,'stays');
			INSERT INTO uid VALUES (`+lit("ff01")+`,'gone'),(`+lit("ff02")+`,'stays'),(`+lit("41")+`,'gone');
			INSERT INTO day VALUES ('2024-01-02','gone'),('2024-01-03','stays')`)
		out := f.erase(work("comp[,)", del(`pk=x\,y,z`, "pk=p,q", "pk=x", "pk=x,,z", "pk=,")...), work("kid[1,10001)", del("pk=1", "pk=one", "pk=99999999999999999999")...),
			work("uid[,)", del("pk=x'ff01'", "pk=A")...), work("day[,)", del("pk=2024-01-02", "pk=never")...))
		want := []connectors.Outcome{{Deleted: 2, Redacted: 1, Shells: 1, Missing: 2}, {Deleted: 1, Missing: 2}, {Deleted: 2}, {Deleted: 1, Missing: 1}}
		if d := cmp.Diff(want, out); d != "" {
			t.Error(d)
		}
		if s := f.dump(); strings.Contains(s, "gone") || strings.Count(s, "stays") != 5 {
			t.Error(s)
		}
	})
}

// What stands against a change is an error before the first one.
func TestServerRefusals(t *testing.T) {
	onServers(t, func(t *testing.T, kind string) {
		ctx := context.Background()
		f := serverFixture(t, kind, "t: id! v~\nr: id! name~\nn: id! v~", `CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT);
			CREATE TABLE r (id INTEGER PRIMARY KEY, renamed TEXT);
			INSERT INTO t VALUES (1,'x');
			INSERT INTO r VALUES (1,'x')`)
		before := f.dump()
		for _, w := range []connectors.UnitEdits{work("r[1,10001)", del("pk=1")...), work("n[,)", del("pk=1")...)} {
			if _, _, err := f.src.EraseAll(ctx, []connectors.UnitEdits{work("t[1,10001)", del("pk=1")...), w}); err == nil {
				t.Errorf("%s was changed", w.Unit.Key)
			}
		}
		_, _, gaps, err := f.collect(f.src.Read(ctx, connectors.Unit{Key: "r[1,10001)"}))
		if err != nil || len(gaps) != 1 || !strings.Contains(gaps[0], `"name"`) {
			t.Errorf("a renamed column: gaps %q, %v", gaps, err)
		}
		reader := readerOf(f)
		if _, _, err := reader.EraseAll(ctx, []connectors.UnitEdits{work("t[1,10001)", del("pk=1")...)}); !errors.Is(err, connectors.ErrReadOnly) {
			t.Errorf("a user who may only read: %v", err)
		}
		if _, _, err := reader.EraseAll(ctx, []connectors.UnitEdits{work("t[1,10001)", emptyFields("pk=1", "v"))}); !errors.Is(err, connectors.ErrReadOnly) {
			t.Errorf("a user who may only read: %v", err)
		}
		if f.dump() != before {
			t.Error("something was changed")
		}
		fs, err := reader.Check(ctx)
		if err != nil {
			t.Fatal(err)
		}
		told := false
		for _, x := range fs {
			told = told || x.What == "permissions" && !x.OK && strings.Contains(x.Note, `"t"`)
		}
		if !told {
			t.Errorf("check does not tell what the user may not do: %+v", fs)
		}
	})
}

// readerOf opens the fixture's database as a user who may only read.
func readerOf(f *fixture) *source {
	name := strings.ToLower(strings.ReplaceAll("reader_"+f.t.Name(), "/", "_"))[:28]
	if f.kind == "mysql" {
		f.exec("CREATE USER IF NOT EXISTS '" + name + "'@'127.0.0.1'")
		f.exec("GRANT SELECT ON `" + f.rows("SELECT DATABASE()")[0] + "`.* TO '" + name + "'@'127.0.0.1'")
		r := *f
		r.dsn = strings.Replace(f.dsn, "root@", name+"@", 1)
		return r.open("t: id! v~", "")
	}
	f.exec("CREATE ROLE " + name + " LOGIN")
	f.exec("GRANT SELECT ON ALL TABLES IN SCHEMA public TO " + name)
	r := *f
	r.dsn = strings.Replace(f.dsn, "sutra@", name+"@", 1)
	return r.open("t: id! v~", "")
}

// TestTriggersAreTold: what a trigger writes of the rows that go is a gap of the
// change; a trigger on the other event, and a search index, say nothing.
func TestTriggersAreTold(t *testing.T) {
	const tables = `CREATE TABLE c (id INTEGER PRIMARY KEY, v TEXT);
		CREATE TABLE e (id INTEGER PRIMARY KEY, v TEXT);
		CREATE TABLE audit (id INTEGER, v TEXT);
		INSERT INTO c VALUES (1, 'x'), (2, 'y');
		INSERT INTO e VALUES (1, 'x');
		`
	check := func(t *testing.T, f *fixture) {
		t.Helper()
		out := f.erase(work("c[1,10001)", del("pk=1")...), work("e[1,10001)", del("pk=1")...), work("c[1,10001)", emptyFields("pk=2", "v")))
		if !strings.HasPrefix(out[0].Left, `the trigger keeps of table "c" writes to audit`) || out[1].Left+out[2].Left != "" {
			t.Errorf("%+v", out)
		}
	}
	t.Run("sqlite", func(t *testing.T) {
		check(t, newFixture(t, "c: id! v~\ne: id! v~", tables+`CREATE VIRTUAL TABLE words USING fts5(v, content='e', content_rowid='id');
			INSERT INTO words(rowid, v) VALUES (1, 'x');
			CREATE TRIGGER keeps AFTER DELETE ON c BEGIN INSERT INTO audit VALUES (OLD.id, OLD.v); END;
			CREATE TRIGGER edits AFTER UPDATE ON e BEGIN INSERT INTO audit VALUES (OLD.id, OLD.v); END;
			CREATE TRIGGER finds AFTER DELETE ON e BEGIN INSERT INTO words(words, rowid, v) VALUES ('delete', OLD.id, OLD.v); END;`))
	})
	t.Run("sqlite search index", func(t *testing.T) {
		f := newFixture(t, "c: id! v~\ne: id! v~", tables+`CREATE VIRTUAL TABLE words USING fts5(v, content='E', content_rowid='id'); INSERT INTO words(words) VALUES ('rebuild')`)
		out := f.erase(work("c[1,10001)", del("pk=1")...), work("e[1,10001)", del("pk=1")...))
		if out[0].Left != "" || out[1].Left != `the search index "words" holds words of table "e" and no trigger follows what is deleted: rebuild it` {
			t.Errorf("%+v", out)
		}
	})
	onServers(t, func(t *testing.T, kind string) {
		if kind == "mysql" {
			check(t, serverFixture(t, kind, "c: id! v~\ne: id! v~", tables+`CREATE TRIGGER keeps AFTER DELETE ON c FOR EACH ROW INSERT INTO audit VALUES (OLD.id, OLD.v);
				CREATE TRIGGER edits AFTER UPDATE ON e FOR EACH ROW INSERT INTO audit VALUES (OLD.id, OLD.v)`))
			return
		}
		check(t, serverFixture(t, kind, "c: id! v~\ne: id! v~", tables+`CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO audit VALUES (OLD.id, OLD.v); RETURN NULL; END $$;
			CREATE TRIGGER keeps AFTER DELETE ON c FOR EACH ROW EXECUTE FUNCTION keep();
			CREATE TRIGGER edits AFTER UPDATE ON e FOR EACH ROW EXECUTE FUNCTION keep()`))
	})
}

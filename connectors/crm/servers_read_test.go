package crm

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/connectortest"
)

func TestServersConform(t *testing.T) {
	onServers(t, func(t *testing.T, kind string) {
		for name, key := range map[string]string{"integer": "id integer primary key", "text": "id varchar(40) primary key"} {
			t.Run(name, func(t *testing.T) {
				connectortest.Run(t, connectortest.Suite{
					Open: func(t testing.TB) connectors.Source {
						f := serverFixture(t, kind, "leads: id! phone@phone", `create table leads(`+key+`, phone text, remark text not null);
							insert into leads values ('1', '+919876500001', 'a'), ('2', null, 'b'), ('15000', '+919876500002', 'c')`)
						return f.open("leads: id! phone@phone", "")
					},
					MinRecords: 3, Unknown: "leads[990001,1000001)", Collection: "leads", Field: "phone",
				})
			})
		}
	})
}

func TestServerUnits(t *testing.T) {
	onServers(t, func(t *testing.T, kind string) {
		f := serverFixture(t, kind, "leads: id! name~\nkv: k! v~\nempty: id!\nnothing: id!\nv: id!", `
			CREATE TABLE leads (id BIGINT PRIMARY KEY, name TEXT);
			INSERT INTO leads VALUES (-10000,'a'),(0,'b'),(1,'c'),(10000,'d'),(10001,'e'),(9223372036854775807,'z'),(-9223372036854775807,'y');
			CREATE TABLE kv (k VARCHAR(9) PRIMARY KEY, v TEXT);
			INSERT INTO kv VALUES ('x', '1');
			CREATE TABLE empty (id INTEGER PRIMARY KEY);
			CREATE VIEW v AS SELECT id FROM leads`)
		us := f.units()
		total := 0
		for _, u := range us {
			_, recs, _, err := f.collect(f.src.Read(context.Background(), u))
			if strings.HasPrefix(u.Key, "leads") {
				total += len(recs)
			}
			refused := u.Key == "nothing[,)" || u.Key == "v[,)"
			if (err != nil) != refused || errors.Is(err, connectors.ErrNotFound) {
				t.Errorf("%s: %v", u.Key, err)
			}
		}
		if total != 7 {
			t.Errorf("%d rows of 7 read in %v", total, keys(us))
		}
		if _, _, _, err := f.collect(f.src.Read(context.Background(), connectors.Unit{Key: "leads[50001,60001)"})); !errors.Is(err, connectors.ErrNotFound) {
			t.Errorf("a range without rows: %v", err)
		}
		f.exec("DELETE FROM leads WHERE id IN (9223372036854775807, -9223372036854775807)")
		want := []string{"leads[-19999,-9999)", "leads[-9999,1)", "leads[1,10001)", "leads[10001,20001)", "kv[,)", "nothing[,)", "v[,)"}
		if d := cmp.Diff(want, keys(f.units())); d != "" {
			t.Error(d)
		}
	})
}

// series is a query of the numbers 1 to n as column i.
func series(kind string, n int) string {
	switch kind {
	case "sqlite":
		return fmt.Sprintf("(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i < %d) SELECT i FROM n) AS n", n)
	case "mysql":
		return fmt.Sprintf("(SELECT seq AS i FROM seq_1_to_%d) AS n", n)
	}
	return fmt.Sprintf("(SELECT generate_series(1, %d::bigint) AS i) AS n", n)
}

func TestServerSparseNumbersWidenTheRanges(t *testing.T) {
	onServers(t, func(t *testing.T, kind string) {
		f := serverFixture(t, kind, "t: id!", "CREATE TABLE t (id BIGINT PRIMARY KEY);\nINSERT INTO t SELECT i * 1000000007 FROM "+series(kind, 6000))
		us := f.units()
		if rows := len(f.readAll()); len(us) >= manyUnits || rows != 6000 {
			t.Errorf("%d units, %d rows", len(us), rows)
		}
	})
}

// Tables with keys that are no single number are cut where their keys tell, and the
// cuts stay where they are when rows come and go.
func TestServerCuts(t *testing.T) {
	onServers(t, func(t *testing.T, kind string) {
		text := map[string]string{"postgres": "md5(i::text)", "mysql": "md5(i)"}[kind]
		f := serverFixture(t, kind, "s: id! v~\nc: a! b! v~\np: phone@phone v~", `CREATE TABLE s (id VARCHAR(40) PRIMARY KEY, v TEXT);
			CREATE TABLE c (a INTEGER, b VARCHAR(40), v TEXT, PRIMARY KEY (b, a));
			CREATE TABLE p (phone VARCHAR(40) PRIMARY KEY, v TEXT);
			INSERT INTO s SELECT `+text+`, 'v' FROM `+series(kind, 60000)+`;
			INSERT INTO c SELECT i % 7, `+text+`, 'v' FROM `+series(kind, 30000)+`;
			INSERT INTO p SELECT `+text+`, 'v' FROM `+series(kind, 30000))
		before := f.units()
		count := map[string]int{}
		for _, u := range before {
			name, _, _ := strings.Cut(u.Key, "[")
			count[name]++
		}
		if count["s"] < 3 || count["c"] < 2 || count["p"] != 1 {
			t.Errorf("units: %v", count)
		}
		if n := len(f.readAll()); n != 120000 {
			t.Errorf("%d rows", n)
		}
		f.exec("INSERT INTO s VALUES ('a new one', 'v'), ('zz', 'v')")
		f.exec("DELETE FROM s WHERE id IN (SELECT * FROM (SELECT min(id) FROM s WHERE id > '5') AS x)")
		after := f.units()
		same, kept := 0, 0
		for _, u := range after {
			if slices.Contains(before, u) {
				same++
			}
			if slices.Contains(keys(before), u.Key) {
				kept++
			}
		}
		if kept < len(before)-2 || same < len(before)-5 {
			t.Errorf("of %d units %d keep their names and %d their fingerprints", len(before), kept, same)
		}
		if n := len(f.readAll()); n != 120001 {
			t.Errorf("%d rows", n)
		}
	})
}

// A fingerprint changes with every change of a row, and with nothing else.
func TestServerFingerprints(t *testing.T) {
	onServers(t, func(t *testing.T, kind string) {
		clock, old, set, still := "", "", "", ""
		if kind == "mysql" {
			clock = ", at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP"
			old, set, still = ", '2024-01-01 00:00:00'", ", at = '2024-02-02 00:00:00'", ", at = at"
		}
		f := serverFixture(t, kind, "a: id! v~\nb: id! v~\nc: k! v~", `CREATE TABLE a (id INTEGER PRIMARY KEY, v TEXT`+clock+`);
			CREATE TABLE b (id INTEGER PRIMARY KEY, v TEXT, w INTEGER);
			CREATE TABLE c (k VARCHAR(9), v TEXT);
			INSERT INTO a VALUES (1,'x'`+old+`),(2,'y'`+old+`),(20000,'z'`+old+`);
			INSERT INTO b VALUES (1,'x',1),(2,'y',2),(20000,'z',3);
			INSERT INTO c VALUES ('1','x'),('1','x'),(NULL,'y')`)
		prints := func() map[string]string {
			out := map[string]string{}
			for _, u := range f.units() {
				out[u.Key] = u.Fingerprint
			}
			return out
		}
		for _, step := range []struct{ q, changes string }{
			{"UPDATE a SET v = 'x2'" + set + " WHERE id = 1", "a[1,10001)"},
			{"UPDATE b SET w = 2 WHERE id = 1", "b[1,10001)"},
			{"DELETE FROM b WHERE id = 2", "b[1,10001)"},
			{"INSERT INTO b VALUES (2,'y',2)", "b[1,10001)"},
			{"UPDATE b SET v = NULL WHERE id = 20000", "b[10001,20001)"},
			{"UPDATE c SET v = 'y2' WHERE v = 'y'", "c[,)"},
			{"UPDATE b SET v = 'nobody' WHERE id = 5", ""},
			{"UPDATE a SET v = 'x3' WHERE id = 1", "a[1,10001)"},
			{"UPDATE a SET v = 'x4' WHERE id = 1", "a[1,10001)"}, // in the same tick of a server's clock
			{"UPDATE a SET v = 'z2'" + still + " WHERE id = 20000", "a[10001,20001)"},
			{"UPDATE a SET v = 'z3'" + still + " WHERE id = 20000", "a[10001,20001)"},
		} {
			before := prints()
			if d := cmp.Diff(before, prints()); d != "" {
				t.Fatalf("two listings differ: %s", d)
			}
			f.exec(step.q)
			for k, fp := range prints() {
				if (fp != before[k]) != (k == step.changes) {
					t.Errorf("%s: the fingerprint of %s", step.q, k)
				}
			}
		}
	})
}

func TestPostgresValues(t *testing.T) {
	f := serverFixture(t, "postgres", "t: id! tags~ body{", `CREATE TYPE mood AS ENUM ('sad', 'happy');
		CREATE DOMAIN short AS varchar(5);
		CREATE TABLE t (id UUID PRIMARY KEY, b BOOLEAN, n NUMERIC(12,3), f DOUBLE PRECISION, m mood, at TIMESTAMPTZ, naive TIMESTAMP, d DATE, raw BYTEA, bin BYTEA, tags TEXT[], nums INT[][],
			body JSONB, s short, dbl INTEGER GENERATED ALWAYS AS (length(s)) STORED, ip INET, "Odd ""name?" TEXT);
		INSERT INTO t (id,b,n,f,m,at,naive,d,raw,bin,tags,nums,body,s,ip,"Odd ""name?") VALUES ('6f2c1e7a-0000-4000-8000-000000000001', true, 12.500, 0.1, 'happy', '2024-01-01 00:00:00+00',
			'2024-01-01 00:00:00', '2024-01-01', 'Asha', '\xff00', '{"a,b","c\"d",NULL}', '{{1,2},{3,4}}', '{"b":1,"a":"x"}', 'xyz', '10.0.0.7', 'q')`)
	_, recs := f.read("t[,)")
	want := record{"id": "6f2c1e7a-0000-4000-8000-000000000001", "b": "true", "n": "12.500", "f": "0.1", "m": "happy", "at": "2024-01-01 05:30:00+05:30", "naive": "2024-01-01 00:00:00",
		"d": "2024-01-01", "raw": "Asha", "bin": "\uFFFD\x00", "tags": `["a,b","c\"d",null]`, "nums": `[[1,2],[3,4]]`, "body": `{"a": "x", "b": 1}`, "s": "xyz", "dbl": "3", "ip": "10.0.0.7", `Odd "name?`: "q"}
	loc := "pk=6f2c1e7a-0000-4000-8000-000000000001"
	if d := cmp.Diff(want, recs[loc]); d != "" {
		t.Error(d)
	}
	_, picked, _, err := f.collect(f.src.Pick(context.Background(), f.units()[0], []connectors.Ref{{Collection: "t", Locator: loc}}))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(recs, picked); d != "" {
		t.Errorf("picked: %s", d)
	}
	utc := &fixture{t: t, kind: f.kind, dsn: f.dsn, src: f.open("t: id!", "sutra_timezone=UTC")}
	if _, recs := utc.read("t[,)"); recs[loc]["naive"] != "2024-01-01 05:30:00+05:30" {
		t.Errorf("a timestamp without a zone, in UTC: %s", recs[loc]["naive"])
	}
	f.erase(work("t[,)", replace(loc, "a,b", "-"), replace(loc, "Asha", "Bela"), replace(loc, "x", "-")))
	if got := f.rows(`SELECT tags::text, convert_from(raw, 'UTF8'), body::text, s FROM t`); got[0] != `{-,"c\"d",NULL}|Bela|{"a": "-", "b": 1}|-yz` {
		t.Error(got)
	}
	f.erase(work("t[,)", emptyFields(loc, "b", "n", "f", "m", "at", "naive", "d", "raw", "bin", "tags", "nums", "body", "s", "ip", `Odd "name?`)))
	_, recs = f.read("t[,)")
	if d := cmp.Diff(record{"id": want["id"]}, recs[loc]); d != "" {
		t.Error(d)
	}
}

func TestMySQLValues(t *testing.T) {
	f := serverFixture(t, "mysql", "t: id! v~ body{", `SET sql_mode = '';
		CREATE TABLE t (id VARCHAR(20) COLLATE utf8mb4_general_ci PRIMARY KEY, u BIGINT UNSIGNED, n DECIMAL(12,3), f DOUBLE, m ENUM('sad','happy'), at TIMESTAMP NULL, dt DATETIME, zero DATE, raw VARBINARY(20), bits BIT(4),
			body JSON, l1 VARCHAR(20) CHARACTER SET latin1, s VARCHAR(5), dbl INT AS (length(s)) STORED, tm TIME, y YEAR, v TEXT)`)
	conn, err := f.db.Conn(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range []string{"SET sql_mode = ''", "SET time_zone = '+00:00'",
		`INSERT INTO t (id,u,n,f,m,at,dt,zero,raw,bits,body,l1,s,tm,y,v) VALUES ('Asha',18446744073709551615,12.5,0.1,'happy','2024-01-01 00:00:00','2024-01-01 00:00:00','0000-00-00',x'ff00',5,'{"a":"x"}','caf` + "\u00e9" + `','xyz','10:11:12',2024,'q')`} {
		if _, err := conn.ExecContext(context.Background(), q); err != nil {
			t.Fatal(err)
		}
	}
	if err := conn.Close(); err != nil {
		t.Fatal(err)
	}
	_, recs := f.read("t[,)")
	want := record{"id": "Asha", "u": "18446744073709551615", "n": "12.500", "f": "0.1", "m": "happy", "at": "2024-01-01 05:30:00", "dt": "2024-01-01 00:00:00", "zero": "0000-00-00", "raw": "\uFFFD\x00",
		"bits": "5", "body": `{"a":"x"}`, "l1": "café", "s": "xyz", "dbl": "3", "tm": "10:11:12", "y": "2024", "v": "q"}
	if d := cmp.Diff(want, recs["pk=Asha"]); d != "" {
		t.Error(d)
	}
	f.erase(work("t[,)", replace("pk=Asha", "x", "-"), replace("pk=Asha", "caf", "-")))
	if got := f.rows(`SELECT body, l1, s, zero FROM t`); got[0] != `{"a":"-"}|-é|-yz|0000-00-00` {
		t.Error(got)
	}
	// Another spelling of a key is another record, whatever the collation says.
	out := f.erase(work("t[,)", del("pk=ASHA")...))
	if out[0].Missing != 1 || out[0].Deleted != 0 {
		t.Errorf("%+v", out)
	}
	f.erase(work("t[,)", emptyFields("pk=Asha", "u", "n", "f", "m", "at", "dt", "zero", "raw", "bits", "body", "l1", "s", "tm", "y", "v")))
	_, recs = f.read("t[,)")
	for k, v := range recs["pk=Asha"] {
		if k != "id" && k != "zero" { // a zero date says nothing
			t.Errorf("%s is still %q", k, v)
		}
	}
}

// TestServerFoldedKeys: keys that a server compares without regard to case are known
// as such, and the parts of composite ones are spelled in one case on both ends.
func TestServerFoldedKeys(t *testing.T) {
	for kind, ddl := range map[string]string{
		"mysql": `CREATE TABLE a (id VARCHAR(9) COLLATE utf8mb4_general_ci PRIMARY KEY);
			CREATE TABLE b (id VARCHAR(9) COLLATE utf8mb4_bin PRIMARY KEY);
			CREATE TABLE e (id VARCHAR(9) COLLATE utf8mb4_unicode_ci PRIMARY KEY);
			CREATE TABLE g (id DECIMAL(9,2) PRIMARY KEY);
			CREATE TABLE c (x VARCHAR(9) COLLATE utf8mb4_general_ci, y VARCHAR(9) COLLATE utf8mb4_bin, PRIMARY KEY (x, y));
			CREATE TABLE d (id INT PRIMARY KEY, x VARCHAR(9) COLLATE utf8mb4_general_ci, y VARCHAR(9) COLLATE utf8mb4_bin, FOREIGN KEY (x, y) REFERENCES c (x, y));`,
		"postgres": `CREATE EXTENSION IF NOT EXISTS citext; CREATE TABLE a (id citext PRIMARY KEY); CREATE TABLE b (id text PRIMARY KEY);
			CREATE COLLATION ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
			CREATE TABLE e (id text COLLATE ci PRIMARY KEY);
			CREATE TABLE g (id numeric PRIMARY KEY);
			CREATE TABLE c (x citext, y text, PRIMARY KEY (x, y));
			CREATE TABLE d (id int PRIMARY KEY, x citext, y text, FOREIGN KEY (x, y) REFERENCES c);`,
	} {
		t.Run(kind, func(t *testing.T) {
			f := serverFixture(t, kind, "a:\nb:\nc:\nd:\ne:\ng:", ddl+`
				INSERT INTO c VALUES ('Ab', 'Cd');
				INSERT INTO d VALUES (1, 'aB', 'Cd');`)
			set, err := f.src.Describe(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			for name, want := range map[string]bool{"a": true, "b": false, "e": true, "g": true} {
				c, _ := set.Collection(name)
				if id, _ := c.Field("id"); (id.Folding != connectors.FoldNothing) != want {
					t.Errorf("table %s: folding is %v", name, id.Folding)
				}
			}
			for _, table := range []string{"c", "d"} {
				for u, err := range f.src.Units(context.Background()) {
					if err != nil {
						t.Fatal(err)
					}
					if !strings.HasPrefix(u.Key, table+"[") {
						continue
					}
					_, recs := f.read(u.Key)
					for _, r := range recs {
						if r["(x+y)"] != "ab,Cd" {
							t.Errorf("table %s: the key is %q", table, r["(x+y)"])
						}
					}
				}
			}
		})
	}
}

func TestServerOptions(t *testing.T) {
	onServers(t, func(t *testing.T, kind string) {
		f := serverFixture(t, kind, "t: id!", "CREATE TABLE t (id INTEGER PRIMARY KEY)")
		for param, part := range map[string]string{"sutra_connections=0": "1 to 100", "sutra_connection=3": "no such setting", "sutra_timezone=Nowhere": "time zone", "sutra_statement_timeout=5": "duration"} {
			k, sep := Postgres(), "&"
			if kind == "mysql" {
				k, sep = MySQL(), "?"
			}
			_, err := k.Open(context.Background(), connectors.Config{Name: "crm", URL: f.dsn + sep + param})
			if err == nil || !strings.Contains(err.Error(), part) {
				t.Errorf("%s: %v", param, err)
			}
		}
		one := f.open("t: id!", "sutra_connections=1&sutra_rows_per_second=1000000&sutra_region=ap-south-1")
		f.exec("INSERT INTO t VALUES (1),(2)")
		alone := &fixture{t: t, kind: kind, dsn: f.dsn, db: f.db, src: one}
		if n := len(alone.readAll()); n != 2 {
			t.Errorf("%d rows with one connection", n)
		}
		alone.erase(work("t[1,10001)", del("pk=1")...))
		if r, err := one.Region(context.Background()); r != "ap-south-1" || err != nil {
			t.Errorf("region %q, %v", r, err)
		}
	})
}

// Readers of one listing see one state of the database, whatever is written
// meanwhile.
func TestPostgresSharedState(t *testing.T) {
	f := serverFixture(t, "postgres", "a: id! v~\nb: id! v~", `CREATE TABLE a (id INTEGER PRIMARY KEY, v TEXT);
		CREATE TABLE b (id INTEGER PRIMARY KEY, v TEXT);
		INSERT INTO a VALUES (1,'old');
		INSERT INTO b VALUES (1,'old')`)
	us := f.units()
	f.exec("UPDATE a SET v = 'new'; UPDATE b SET v = 'new'")
	value := func(u connectors.Unit) string {
		_, recs, _, err := f.collect(f.src.Read(context.Background(), u))
		if err != nil {
			t.Fatal(err)
		}
		return recs["pk=1"]["v"]
	}
	if a, b, again := value(us[0]), value(us[1]), value(us[0]); a != "old" || b != "old" || again != "new" {
		t.Errorf("read in the listing's state: %s, %s; then: %s", a, b, again)
	}
	us = f.units()
	f.exec("SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE state = 'idle in transaction' AND application_name = 'sutra' AND datname = current_database()") // waits until it is gone
	f.exec("UPDATE a SET v = 'newest'")
	if a := value(us[0]); a != "newest" {
		t.Errorf("after the state was lost: %s", a)
	}
	if n := f.rows("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'sutra' AND datname = current_database()"); n[0] > "4" {
		t.Errorf("%s connections are open", n[0])
	}
}

func TestPostgresPartitionsAndInheritance(t *testing.T) {
	f := serverFixture(t, "postgres", "calls: id! note~\ncalls_1: id!\nbase: id! v~\nkid: id! v~\nm: id!\nother.t: id! v~", `CREATE TABLE calls (id INTEGER PRIMARY KEY, note TEXT) PARTITION BY RANGE (id);
		CREATE TABLE calls_1 PARTITION OF calls FOR VALUES FROM (0) TO (100);
		CREATE TABLE calls_2 PARTITION OF calls FOR VALUES FROM (100) TO (200);
		INSERT INTO calls VALUES (1,'a'),(150,'b');
		CREATE TABLE base (id INTEGER PRIMARY KEY, v TEXT);
		CREATE TABLE kid (PRIMARY KEY (id)) INHERITS (base);
		INSERT INTO base VALUES (1,'base');
		INSERT INTO kid VALUES (1,'kid');
		CREATE MATERIALIZED VIEW m AS SELECT id FROM base;
		CREATE SCHEMA other;
		CREATE TABLE other.t (id INTEGER PRIMARY KEY, v TEXT);
		INSERT INTO other.t VALUES (1,'o')`)
	got := map[string]string{}
	for _, u := range f.units() {
		locs, recs, _, err := f.collect(f.src.Read(context.Background(), u))
		if err != nil {
			got[u.Key] = "refused"
		}
		for _, l := range locs {
			got[u.Key] += l + recs[l]["v"] + recs[l]["note"] + " "
		}
	}
	want := map[string]string{"calls[1,10001)": "pk=1a pk=150b ", "calls_1[,)": "refused", "base[1,10001)": "pk=1base ", "kid[1,10001)": "pk=1kid ", "m[,)": "refused", "other.t[1,10001)": "pk=1o "}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	f.erase(work("calls[1,10001)", del("pk=150")...), work("base[1,10001)", del("pk=1")...), work("other.t[1,10001)", emptyFields("pk=1", "v")))
	if got := f.rows("SELECT (SELECT count(*) FROM calls), (SELECT count(*) FROM ONLY base), (SELECT count(*) FROM kid), (SELECT v IS NULL FROM other.t)"); got[0] != "1|0|1|true" {
		t.Error(got)
	}
}

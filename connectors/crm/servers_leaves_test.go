package crm

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/cratio/sutra/connectors"
)

// Rows that nothing refers to are deleted and checked in one visit; a row that is not
// what the plan saw, or that is not named, brings all of them back.
func TestServerLeaves(t *testing.T) {
	const ddl = `CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT);
		INSERT INTO t VALUES (1,'a'),(2,'b'),(3,'c')`
	changed := func(loc string, want error, asked *int) connectors.Edit {
		return connectors.Edit{Locator: loc, Action: connectors.Delete, Check: func(map[string]string) error { *asked++; return want }}
	}
	onServers(t, func(t *testing.T, kind string) {
		t.Run("stale", func(t *testing.T) {
			f := serverFixture(t, kind, "t: id! v~", ddl)
			before, asked := f.dump(), 0
			w := work("t[1,10001)", changed("pk=1", nil, &asked), changed("pk=2", connectors.ErrChanged, &asked), changed("pk=3", nil, &asked))
			if _, _, err := f.src.EraseAll(context.Background(), []connectors.UnitEdits{w}); !errors.Is(err, connectors.ErrChanged) || asked != 3 {
				t.Errorf("%v after %d checks", err, asked)
			}
			if after := f.dump(); after != before {
				t.Errorf("%s\n%s", before, after)
			}
		})
		t.Run("asked twice", func(t *testing.T) {
			f := serverFixture(t, kind, "t: id! v~", ddl)
			out := f.erase(work("t[1,10001)", del("pk=1", "pk=1", "pk=9")...), work("t[10001,20001)", del("pk=1", "pk=3")...))
			if out[0] != (connectors.Outcome{Deleted: 1, Missing: 2}) || out[1] != (connectors.Outcome{Deleted: 1, Missing: 1, Gone: true}) {
				t.Errorf("%+v", out)
			}
			if got := f.rows("SELECT * FROM t"); len(got) != 1 || got[0] != "2|b" {
				t.Error(got)
			}
		})
	})
	t.Run("a key like another", func(t *testing.T) { // the server takes Asha for ASHA
		f := serverFixture(t, "mysql", "t: code! v~", "CREATE TABLE t (code VARCHAR(20) COLLATE utf8mb4_general_ci PRIMARY KEY, v TEXT);\nINSERT INTO t VALUES ('Asha-1','a'),('x','b')")
		before := f.dump()
		if out := f.erase(work("t[,)", del("pk=ASHA-1")...)); out[0] != (connectors.Outcome{Missing: 1}) || f.dump() != before {
			t.Errorf("%+v %s", out, f.dump())
		}
	})
	t.Run("a row that does not go", func(t *testing.T) { // it is not counted as one that was gone already
		f := serverFixture(t, "postgres", "t: id! v~", ddl)
		f.exec("CREATE FUNCTION stays() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'")
		f.exec("CREATE TRIGGER stays BEFORE DELETE ON t FOR EACH ROW WHEN (OLD.id = 2) EXECUTE FUNCTION stays()")
		before := f.dump()
		if _, _, err := f.src.EraseAll(context.Background(), []connectors.UnitEdits{work("t[1,10001)", del("pk=1", "pk=2")...)}); err == nil || !strings.Contains(err.Error(), "1 rows answered instead of 2") || f.dump() != before {
			t.Errorf("%v\n%s", err, f.dump())
		}
	})
}

// Foreign keys and triggers of a single partition count for the table that it is a
// part of: a cascade takes no row along that no plan lists.
func TestServerPartitionsOfTheirOwn(t *testing.T) {
	f := serverFixture(t, "postgres", "p: id! v~\nc: id! p v~\nlog: at v~", `CREATE TABLE p (id INTEGER PRIMARY KEY, v TEXT) PARTITION BY RANGE (id);
		CREATE TABLE p_low PARTITION OF p FOR VALUES FROM (0) TO (100);
		CREATE TABLE p_high PARTITION OF p FOR VALUES FROM (100) TO (200);
		CREATE TABLE c (id INTEGER PRIMARY KEY, p INTEGER REFERENCES p_low(id) ON DELETE CASCADE, v TEXT);
		CREATE TABLE log (at INTEGER, v TEXT);
		CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO log VALUES (OLD.id, OLD.v); RETURN OLD; END';
		CREATE TRIGGER keep BEFORE DELETE ON p_high FOR EACH ROW EXECUTE FUNCTION keep();
		INSERT INTO p VALUES (1,'hers'),(2,'hers'),(101,'hers');
		INSERT INTO c VALUES (11,1,'hers'),(12,2,'a stranger')`)
	out := f.erase(work("p[1,10001)", del("pk=1", "pk=2", "pk=101")...), work("c[1,10001)", del("pk=11")...))
	if got := f.rows("SELECT * FROM c"); len(got) != 1 || got[0] != "12|2|a stranger" {
		t.Errorf("%v", got)
	}
	if out[0].Deleted != 2 || out[0].Shells != 1 || !strings.Contains(out[0].Left, "keep") {
		t.Errorf("%+v", out)
	}
}

// A rule copies as a trigger does.
func TestServerRules(t *testing.T) {
	f := serverFixture(t, "postgres", "t: id! v~", `CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT);
		CREATE TABLE archive (id INTEGER, v TEXT);
		CREATE RULE put_by AS ON DELETE TO t DO ALSO INSERT INTO archive VALUES (OLD.id, OLD.v);
		INSERT INTO t VALUES (1,'Asha')`)
	_, out, err := f.src.EraseAll(context.Background(), []connectors.UnitEdits{work("t[1,10001)", del("pk=1")...)})
	if err != nil || out[0].Deleted != 1 || !strings.Contains(out[0].Left, "put_by") || !strings.Contains(out[0].Left, "archive") {
		t.Errorf("%+v %v", out, err)
	}
}

// What a trigger does with the row is found in its text, or said to be unknown.
func TestWritesTo(t *testing.T) {
	for body, want := range map[string]string{
		"BEGIN INSERT INTO log VALUES (OLD.id); RETURN OLD; END":                            "log",
		"INSERT IGNORE INTO `log` SELECT OLD.phone":                                         "`log`",
		"MERGE INTO crm.log USING (SELECT OLD.*) o ON true":                                 "crm.log",
		"UPDATE people SET last_phone = OLD.phone WHERE id = 1":                             "people",
		"UPDATE ONLY people AS p SET\n last = to_jsonb(NEW) WHERE p.id = 1":                 "people",
		"UPDATE people SET calls = calls - 1 WHERE id = OLD.lead_id":                        "",
		"EXECUTE format('INSERT INTO %I SELECT ($1).*', TG_TABLE_NAME || '_old') USING OLD": elsewhere,
		"PERFORM put_by(OLD)":                            elsewhere,
		"CALL put_by(OLD.phone)":                         elsewhere,
		"PERFORM count_again()":                          "",
		"BEGIN NEW.updated_at := now(); RETURN NEW; END": "",
	} {
		if got := writesTo(body); got != want {
			t.Errorf("%s: %q, want %q", body, got, want)
		}
	}
}

// A row is found by a key whose cast to text is not what the server sends.
func TestServerAddressKeys(t *testing.T) {
	f := serverFixture(t, "postgres", "net: m! v~\npair: k! m! v~", `CREATE TABLE net (m INET PRIMARY KEY, v TEXT);
		CREATE TABLE pair (k BOOLEAN, m INET, v TEXT, PRIMARY KEY (k, m));
		INSERT INTO net VALUES ('10.0.0.1','hers'),('10.0.0.1/8','a stranger'),('::1','hers');
		INSERT INTO pair VALUES (true,'10.0.0.1','hers'),(false,'10.0.0.1','a stranger')`)
	hers := map[string][]string{}
	for _, k := range []string{"net[,)", "pair[,)"} {
		_, recs := f.read(k)
		for loc, r := range recs {
			if r["v"] == "hers" {
				hers[k] = append(hers[k], loc)
			}
		}
	}
	if out := f.erase(work("net[,)", del(hers["net[,)"]...)...), work("pair[,)", del(hers["pair[,)"]...)...)); out[0].Deleted != 2 || out[1].Deleted != 1 {
		t.Errorf("%v: %+v", hers, out)
	}
	if got := strings.Join(f.rows("SELECT v FROM net UNION ALL SELECT v FROM pair"), ","); got != "a stranger,a stranger" {
		t.Error(got)
	}
}

// A materialized view keeps what is erased from under it: it is named, when it holds
// personal columns.
func TestServerMaterializedViews(t *testing.T) {
	f := serverFixture(t, "postgres", "t: id! phone@phone n\nu: id! phone@phone", `CREATE TABLE t (id INTEGER PRIMARY KEY, phone TEXT, n INTEGER);
		CREATE TABLE u (id INTEGER PRIMARY KEY, phone TEXT);
		CREATE VIEW v AS SELECT id, phone FROM t;
		CREATE MATERIALIZED VIEW "Book" AS SELECT upper(phone) AS p FROM v;
		CREATE MATERIALIZED VIEW counts AS SELECT n, count(*) FROM t GROUP BY n;
		INSERT INTO t VALUES (1,'+919876500001',1),(2,'+919876500002',1);
		INSERT INTO u VALUES (1,'+919876500001')`)
	_, out, err := f.src.EraseAll(context.Background(), []connectors.UnitEdits{work("t[1,10001)", append(del("pk=1"), emptyFields("pk=2", "phone"))...), work("u[1,10001)", del("pk=1")...)})
	if err != nil || out[0].Left != `the materialized view "Book" holds what it found in table "t" before: refresh it` || out[1].Left != "" {
		t.Errorf("%+v %v", out, err)
	}
}

// Tables whose names differ in case only are two: what refers to the one is not joined
// to rows of the other, and keeps none of them.
func TestServerNamesThatDifferInCase(t *testing.T) {
	onServers(t, func(t *testing.T, kind string) {
		q := `"`
		if kind == "mysql" {
			q = "`"
		}
		f := serverFixture(t, kind, "p: id! v~\nP: id! v~\nc: id! p v~\nC: id! p v~", strings.ReplaceAll(`CREATE TABLE 'p' (id INTEGER PRIMARY KEY, v VARCHAR(20));
			CREATE TABLE 'P' (id INTEGER PRIMARY KEY, v VARCHAR(20));
			CREATE TABLE 'c' (id INTEGER PRIMARY KEY, p INTEGER, v VARCHAR(20), CONSTRAINT one FOREIGN KEY (p) REFERENCES 'p'(id));
			CREATE TABLE 'C' (id INTEGER PRIMARY KEY, p INTEGER, v VARCHAR(20), CONSTRAINT two FOREIGN KEY (p) REFERENCES 'P'(id) ON DELETE CASCADE)`, "'", q))
		for _, x := range []string{"INSERT INTO 'p' VALUES (1,'hers')", "INSERT INTO 'P' VALUES (1,'a stranger')", "INSERT INTO 'C' VALUES (1,1,'a stranger')"} {
			f.exec(strings.NewReplacer("INTO '", "INTO "+q, "' VALUES", q+" VALUES").Replace(x))
		}
		d, err := f.src.Describe(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		for coll, want := range map[string]string{"c": "p", "C": "P"} {
			c, _ := d.Collection(coll)
			field, _ := c.Field("p")
			if len(field.References) != 1 || field.References[0].Collection != want {
				t.Errorf("%s refers to %v", coll, field.References)
			}
		}
		_, out, err := f.src.EraseAll(context.Background(), []connectors.UnitEdits{work("p[1,10001)", del("pk=1")...)})
		if err != nil || out[0] != (connectors.Outcome{Deleted: 1, Gone: true}) {
			t.Errorf("%+v %v", out, err)
		}
		if got := f.rows("SELECT (SELECT count(*) FROM " + q + "P" + q + "), (SELECT count(*) FROM " + q + "C" + q + ")"); got[0] != "1|1" {
			t.Error(got)
		}
	})
}

// So are columns.
func TestServerColumnsThatDifferInCase(t *testing.T) {
	f := serverFixture(t, "postgres", "t: id! Phone@phone phone@phone", `CREATE TABLE t (id INTEGER PRIMARY KEY, "Phone" TEXT, phone TEXT, "PHONE" TEXT);
		INSERT INTO t VALUES (1,'+919876500001','+919876500002','+919876500003')`)
	for tb, err := range f.src.Sample(context.Background(), 5, 1) {
		if err != nil || len(tb.Gaps) > 0 {
			t.Fatal(err, tb.Gaps)
		}
		var got []string
		for _, c := range tb.Columns {
			got = append(got, fmt.Sprint(c.Name, c.Cells))
		}
		if strings.Join(got, " ") != "id[{0 1}] Phone[{0 +919876500001}] phone[{0 +919876500002}] PHONE[{0 +919876500003}]" {
			t.Error(got)
		}
	}
	if out := f.erase(work("t[1,10001)", emptyFields("pk=1", "Phone"))); out[0].Redacted != 1 {
		t.Errorf("%+v", out)
	}
	if got := f.rows("SELECT * FROM t"); got[0] != "1|<nil>|+919876500002|+919876500003" {
		t.Error(got)
	}
}

package crm

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cratio/sutra/connectors"
)

func TestServerSample(t *testing.T) {
	onServers(t, func(t *testing.T, kind string) {
		f := serverFixture(t, kind, "t: id!", "")
		remark, inline := "COMMENT ON COLUMN contacts.ph IS 'as dialled'", ""
		if kind == "mysql" {
			remark, inline = "SELECT 1", " COMMENT 'as dialled'"
		}
		for _, q := range []string{"CREATE TABLE contacts (id INTEGER PRIMARY KEY, ph VARCHAR(20)" + inline + ", extra JSON)", remark,
			"CREATE TABLE notes (a INTEGER, b INTEGER, contact INTEGER, body TEXT, PRIMARY KEY (a, b), FOREIGN KEY (contact) REFERENCES contacts(id))",
			"CREATE TABLE log (body TEXT)", "CREATE VIEW v AS SELECT id FROM contacts",
			"INSERT INTO contacts SELECT i, concat('+9198765', i), NULL FROM " + series(kind, 500), "INSERT INTO notes SELECT i, 1, i, concat('note ', i) FROM " + series(kind, 300), "INSERT INTO log VALUES ('x'), ('x')"} {
			f.exec(q)
		}
		got := map[string]connectors.Table{}
		for tb, err := range f.src.Sample(context.Background(), 40, 7) {
			if err != nil || len(tb.Gaps) > 0 {
				t.Fatal(err, tb.Gaps)
			}
			got[tb.Name] = tb
		}
		if len(got) != 3 {
			t.Fatalf("%d tables", len(got))
		}
		c := got["contacts"]
		if c.Total != 500 || c.Rows != 40 || len(c.Columns) != 3 || len(c.Columns[1].Cells) != 40 || c.Columns[1].Comment != "as dialled" || !c.Columns[0].PrimaryKey || c.Columns[2].Look != connectors.LookJSON {
			t.Errorf("contacts: %d of %d rows, columns %+v", c.Rows, c.Total, c.Columns)
		}
		n := got["notes"]
		if d := cmp.Diff([]connectors.Reference{{Collection: "contacts", Field: "id"}}, n.Columns[2].References); d != "" || !n.Columns[0].PrimaryKey || !n.Columns[1].PrimaryKey {
			t.Errorf("notes: %s", d)
		}
		if l := got["log"]; l.Total != 2 || l.Rows != 2 { // the rows are alike
			t.Errorf("log: %+v", l)
		}
	})
}

// A table that does not answer, because others hold it, does not keep the others from being
// sampled.
func TestServerSampleBesideAHeldTable(t *testing.T) {
	f := serverFixture(t, "postgres", "b: id!", "CREATE TABLE a (id INTEGER PRIMARY KEY);\nCREATE TABLE b (id INTEGER PRIMARY KEY, a INTEGER REFERENCES a);\nCREATE TABLE c (id INTEGER PRIMARY KEY, a INTEGER REFERENCES a);\n"+
		"INSERT INTO a VALUES (1);\nINSERT INTO b VALUES (1, 1);\nINSERT INTO c VALUES (1, 1)")
	tx, err := f.db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec("LOCK TABLE a IN ACCESS EXCLUSIVE MODE"); err != nil {
		t.Fatal(err)
	}
	got := map[string]int{}
	for tb, err := range f.open("b: id!", "sutra_lock_timeout=200ms").Sample(context.Background(), 40, 7) {
		if err != nil {
			t.Fatal(err)
		}
		got[tb.Name] = tb.Rows
	}
	if d := cmp.Diff(map[string]int{"a": 0, "b": 1, "c": 1}, got); d != "" {
		t.Error(d)
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
}

// A table that does not answer while units are listed is a gap of its own; the others are
// listed and read.
func TestPostgresListsBesideAHeldTable(t *testing.T) {
	f := serverFixture(t, "postgres", "b: id!", "CREATE TABLE a (id INTEGER PRIMARY KEY);\nCREATE TABLE b (id INTEGER PRIMARY KEY);\nINSERT INTO a VALUES (1);\nINSERT INTO b VALUES (1)")
	tx, err := f.db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec("LOCK TABLE a IN ACCESS EXCLUSIVE MODE"); err != nil {
		t.Fatal(err)
	}
	f.src = f.open("a: id!\nb: id!", "sutra_lock_timeout=200ms")
	said := func() map[string]string {
		out := map[string]string{}
		for _, u := range f.units() {
			_, recs, _, err := f.collect(f.src.Read(context.Background(), u))
			if out[u.Key] = fmt.Sprint(len(recs)); err != nil {
				out[u.Key] = fmt.Sprint(errors.Is(err, connectors.ErrClosed), strings.Contains(err.Error(), "held by another transaction"))
			}
		}
		return out
	}
	if d := cmp.Diff(map[string]string{"a[,)": "true true", "b[1,10001)": "1"}, said()); d != "" {
		t.Error(d)
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(map[string]string{"a[1,10001)": "1", "b[1,10001)": "1"}, said()); d != "" {
		t.Error(d)
	}
}

// notes are the lines of check of one kind.
func notes(t *testing.T, s *source, what string, ok bool) string {
	t.Helper()
	fs, err := s.Check(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, f := range fs {
		if f.What == what && f.OK == ok {
			out = append(out, f.Note)
		}
	}
	return strings.Join(out, "\n")
}

func TestServerCheck(t *testing.T) {
	onServers(t, func(t *testing.T, kind string) {
		f := serverFixture(t, kind, "p: id! gone~\nc: id! p>p.id v~\ntwo: id!\npets: id!", `CREATE TABLE p (id INTEGER PRIMARY KEY, name TEXT);
			CREATE TABLE c (id INTEGER PRIMARY KEY, p INTEGER, v TEXT, FOREIGN KEY (p) REFERENCES p(id) ON DELETE CASCADE);
			CREATE TABLE audit (id INTEGER PRIMARY KEY, phone TEXT);
			CREATE TABLE two (id INTEGER PRIMARY KEY, a INTEGER, b INTEGER, FOREIGN KEY (a) REFERENCES p(id), FOREIGN KEY (b) REFERENCES p(id));
			CREATE TABLE pets (id INTEGER PRIMARY KEY, owner_id INTEGER, FOREIGN KEY (owner_id) REFERENCES p(id))`)
		trigger := []string{"CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO audit VALUES (OLD.id, OLD.v); RETURN OLD; END $$", "CREATE TRIGGER keeps AFTER DELETE ON c FOR EACH ROW EXECUTE FUNCTION keep()"}
		if kind == "mysql" {
			trigger = []string{"CREATE TRIGGER keeps AFTER DELETE ON c FOR EACH ROW INSERT INTO audit VALUES (OLD.id, OLD.v)"}
		}
		for _, q := range trigger {
			f.exec(q)
		}
		for _, c := range []struct {
			what string
			ok   bool
			has  []string
		}{
			{"reachable", true, []string{"answers"}},
			{"permissions", true, []string{"can be read and changed"}},
			{"foreign keys", true, []string{"c to p (CASCADE)"}},
			{"references", false, []string{`table "two" refers to table "p" by several foreign keys`, `table "pets" refers to table "p" by owner_id: by that name`}},
			{"triggers", false, []string{"keeps, which writes to audit"}},
			{"catalog", false, []string{`field "gone" of the catalog is not in table "p"`, `column "name" of table "p" looks personal`, `table "audit" is in no catalog collection and has columns that look personal: phone`}},
			{"left behind", false, []string{"the space of deleted rows"}},
			{"region", true, []string{"sutra_region"}},
		} {
			got := notes(t, f.src, c.what, c.ok)
			for _, h := range c.has {
				if !strings.Contains(got, h) {
					t.Errorf("%s, %v: %q is not in %q", c.what, c.ok, h, got)
				}
			}
		}
	})
}

// A user who may change some columns only, or sees some only: check says so, and on MariaDB,
// which does not list the other columns, the table is not read.
func TestServerPrivilegesOnColumns(t *testing.T) {
	onServers(t, func(t *testing.T, kind string) {
		f := serverFixture(t, kind, "t: id! v~", "CREATE TABLE t (id INTEGER PRIMARY KEY, v VARCHAR(9));\nCREATE TABLE half (id INTEGER PRIMARY KEY, v VARCHAR(9), w VARCHAR(9));\nINSERT INTO t VALUES (1, 'x');\nINSERT INTO half VALUES (1, 'x', 'y')")
		who := "columns" + strings.ReplaceAll(kind, "postgres", "")
		user, host := who, "sutra@"
		if kind == "mysql" {
			user, host = "'"+who+"'@'127.0.0.1'", "root@"
			f.exec("CREATE USER " + user)
		} else {
			f.exec("CREATE ROLE " + user + " LOGIN")
		}
		f.exec("GRANT SELECT, DELETE ON t TO " + user)
		f.exec("GRANT UPDATE (v) ON t TO " + user)
		f.exec("GRANT SELECT (id, v), UPDATE (v), DELETE ON half TO " + user)
		r := *f
		r.dsn = strings.Replace(f.dsn, host, who+"@", 1)
		r.src = r.open("t: id! v~\nhalf: id! v~", "")
		if got := notes(t, r.src, "permissions", false); !strings.Contains(got, `table "t": the user may UPDATE some of its columns only`) {
			t.Errorf("said of a user who may update one column: %q", got)
		}
		for _, u := range r.units() {
			_, recs, _, err := r.collect(r.src.Read(context.Background(), u))
			if half := strings.HasPrefix(u.Key, "half"); half != (err != nil) || half != (len(recs) == 0) {
				t.Errorf("%s: %d records, %v", u.Key, len(recs), err)
			}
		}
	})
}

// Where the server tells when its log ends, so does the list of what is left behind.
func TestMySQLBinaryLog(t *testing.T) {
	f := serverFixture(t, "mysql", "t: id!", "CREATE TABLE t (id INTEGER PRIMARY KEY)")
	left, err := f.src.Leftovers(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	found := false
	for _, l := range left {
		if strings.Contains(l.What, "binary log") {
			found = true
			if d := time.Until(l.Until); d < 47*time.Hour || d > 49*time.Hour {
				t.Errorf("the log is said to end in %v", d)
			}
		}
	}
	if !found {
		t.Errorf("%+v", left)
	}
}

// After an erasure dead rows are removed, with their entries in the indexes and the
// samples of the planner.
func TestPostgresVacuum(t *testing.T) {
	f := serverFixture(t, "postgres", "t: id! phone@phone", "CREATE TABLE t (id INTEGER PRIMARY KEY, phone TEXT);\nCREATE INDEX t_phone ON t (phone);\nINSERT INTO t SELECT i, '+91987650' || i FROM "+series("postgres", 300)+";\nANALYZE t")
	hers := "+91987650150"
	if got := f.rows("SELECT count(*) FROM pg_stats WHERE tablename = 't' AND histogram_bounds::text LIKE '%+91987650%'"); got[0] == "0" {
		t.Fatal("the planner has no samples: the test proves nothing")
	}
	f.exec("DELETE FROM t WHERE id > 200 OR id < 100")
	var locs []string
	for _, r := range f.rows("SELECT id FROM t WHERE id <> 200") {
		locs = append(locs, "pk="+r)
	}
	f.erase(work("t[1,10001)", del(locs...)...))
	left, err := f.src.Leftovers(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range left {
		if strings.Contains(l.What, "dead rows") {
			t.Errorf("said to be left: %s", l.What)
		}
	}
	f.exec("CREATE EXTENSION IF NOT EXISTS pageinspect")
	pages := "generate_series(0, pg_relation_size('t') / current_setting('block_size')::int - 1) AS page"
	if got := f.rows("SELECT count(*) FROM " + pages + ", heap_page_items(get_raw_page('t', page::int)) WHERE t_data IS NOT NULL"); got[0] != "1" {
		t.Errorf("%s rows are in the pages, want the one that stays", got[0])
	}
	if got := f.rows("SELECT count(*) FROM pg_stats WHERE tablename = 't' AND (histogram_bounds::text LIKE '%" + hers[:9] + "%' OR most_common_vals::text LIKE '%" + hers[:9] + "%')"); got[0] != "0" {
		t.Error("the planner still holds samples of the values")
	}
}

// TestPostgresSlowVacuum: a VACUUM that takes longer than a statement may does not fail the
// change, which is done; that dead rows are there is told.
func TestPostgresSlowVacuum(t *testing.T) {
	f := serverFixture(t, "postgres", "t: id! phone@phone", "CREATE TABLE t (id INTEGER PRIMARY KEY, phone TEXT);\nINSERT INTO t SELECT i, '+91987650' || i FROM "+series("postgres", 9000)+
		";\nDO $$BEGIN EXECUTE format('ALTER DATABASE %I SET vacuum_cost_delay = 100', current_database()); EXECUTE format('ALTER DATABASE %I SET vacuum_cost_limit = 1', current_database()); END$$")
	hasty := *f
	hasty.src = f.open("t: id! phone@phone", "sutra_statement_timeout=2s")
	hasty.erase(work("t[1,10001)", del("pk=5", "pk=5000")...))
	if got := left(t, hasty.src); !strings.Contains(got, `table "t" could not be vacuumed`) {
		t.Errorf("said to be left: %s", got)
	}
	if hasty.src.untidy != nil {
		t.Error(hasty.src.untidy)
		hasty.src.untidy = nil
	}
}

// TestPostgresNoVacuum: a VACUUM that the server cannot do, here as the planner's samples of an
// index fail, does not fail the change either; the table behind it is vacuumed.
func TestPostgresNoVacuum(t *testing.T) {
	f := serverFixture(t, "postgres", "a: id! phone@phone\nb: id! phone@phone", `CREATE FUNCTION ends(TEXT) RETURNS TEXT IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN right($1, 4); END';
		CREATE TABLE a (id INTEGER PRIMARY KEY, phone TEXT); CREATE INDEX ON a (ends(phone)); CREATE TABLE b (id INTEGER PRIMARY KEY, phone TEXT);
		INSERT INTO a VALUES (1, '9822031415'), (2, '9822031416'); INSERT INTO b SELECT * FROM a;
		CREATE OR REPLACE FUNCTION ends(TEXT) RETURNS TEXT IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RAISE ''no more''; END'`)
	f.erase(work("a[1,10001)", del("pk=1")...))
	f.erase(work("b[1,10001)", del("pk=1")...))
	if got := left(t, f.src); !strings.Contains(got, `table "a" could not be vacuumed`) || strings.Contains(got, `table "b" could not`) {
		t.Errorf("said to be left: %s", got)
	}
	if err := f.src.untidy; err != nil {
		t.Error(err)
		f.src.untidy = nil
	}
}

func TestCloudRegion(t *testing.T) {
	for host, want := range map[string]string{"crm.abc123.ap-south-1.rds.amazonaws.com": "ap-south-1", "crm.cluster-ro-x.ap-south-2.rds.amazonaws.com": "ap-south-2",
		"crm.abc.cn-north-1.rds.amazonaws.com.cn": "cn-north-1", "127.0.0.1": "", "db.example.com": "", "/run/postgresql": "", "rds.amazonaws.com": ""} {
		if got := cloudRegion(host); got != want {
			t.Errorf("%s: %q, want %q", host, got, want)
		}
	}
}

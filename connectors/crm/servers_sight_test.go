package crm

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/cratio/sutra/connectors"
)

// TestPostgresUnreadableTables: a table that the user may not read, or not wholly,
// is a gap of its own; the others are read.
func TestPostgresUnreadableTables(t *testing.T) {
	f := serverFixture(t, "postgres", "t: id! v~\nhidden: id!\nhalf: id!\nsecret: id!", `CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT);
		CREATE TABLE hidden (id INTEGER PRIMARY KEY);
		CREATE TABLE half (id INTEGER PRIMARY KEY, v TEXT);
		CREATE TABLE secret (id INTEGER PRIMARY KEY);
		INSERT INTO t VALUES (1, 'x');
		INSERT INTO half VALUES (1, 'x');
		INSERT INTO hidden VALUES (1);
		INSERT INTO secret VALUES (1);
		ALTER TABLE hidden ENABLE ROW LEVEL SECURITY`)
	readerOf(f)
	role := f.rows("SELECT rolname FROM pg_roles WHERE rolname LIKE 'reader\\_%unreadable%' OR rolname LIKE 'reader\\_testpostgresunr%'")[0]
	f.exec("REVOKE SELECT ON half, secret FROM " + role)
	f.exec("GRANT SELECT (id) ON half TO " + role)
	r := *f
	r.dsn = strings.Replace(f.dsn, "sutra@", role+"@", 1)
	src := r.open("t: id! v~\nhidden: id!\nhalf: id!\nsecret: id!", "")
	said := map[string]string{}
	for u, err := range src.Units(context.Background()) {
		if err != nil {
			t.Fatal(err)
		}
		_, recs, _, err := f.collect(src.Read(context.Background(), u))
		said[u.Key] = fmt.Sprint(len(recs))
		if err != nil {
			said[u.Key] = err.Error()
		}
	}
	for unit, want := range map[string]string{"t[1,10001)": "1", "hidden[,)": "row-level security", "half[,)": "lacks the privilege SELECT", "secret[,)": "lacks the privilege SELECT"} {
		if !strings.Contains(said[unit], want) {
			t.Errorf("%s: %q", unit, said[unit])
		}
	}
}

// TestPostgresClosedSchema: a table in a schema that the user may not look into is a gap
// that names the schema, whether the catalog names the schema or not.
func TestPostgresClosedSchema(t *testing.T) {
	f := serverFixture(t, "postgres", "closed: id! v~", `CREATE TABLE closed (id INTEGER PRIMARY KEY, v TEXT);
		CREATE SCHEMA sales;
		CREATE TABLE sales.leads (id INTEGER PRIMARY KEY);
		INSERT INTO closed VALUES (1, 'x')`)
	readerOf(f)
	role := f.rows("SELECT rolname FROM pg_roles WHERE rolname LIKE 'reader\\_testpostgresclo%'")[0]
	f.exec("REVOKE USAGE ON SCHEMA public FROM PUBLIC, " + role)
	r := *f
	r.dsn = strings.Replace(f.dsn, "sutra@", role+"@", 1)
	src := r.open("closed: id! v~\nsales.leads: id!\nnowhere: id!", "")
	for u, err := range src.Units(context.Background()) {
		if err != nil {
			t.Fatal(err)
		}
		_, _, _, err := f.collect(src.Read(context.Background(), u))
		want := map[string]string{"closed[,)": `USAGE on the schema "public"`, "sales.leads[,)": `USAGE on the schema "sales"`, "nowhere[,)": "no such table"}[u.Key]
		if err == nil || want == "" || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", u.Key, err)
		}
	}
}

// TestMySQLHiddenForeignKeys: a user who may only read sees the foreign keys all the
// same; one who does not see all tables empties rows, because a table out of sight
// may refer to them and go with them.
func TestMySQLHiddenForeignKeys(t *testing.T) {
	f := serverFixture(t, "mysql", "p: id! v~\nc: id! v~", `CREATE TABLE p (id INTEGER PRIMARY KEY, v TEXT);
		CREATE TABLE c (id INTEGER PRIMARY KEY, `+"`the p`"+` INTEGER, v TEXT, FOREIGN KEY (`+"`the p`"+`) REFERENCES p (id) ON DELETE CASCADE);
		INSERT INTO p VALUES (1, 'Asha');
		INSERT INTO c VALUES (1, 1, 'stranger')`)
	readerOf(f)
	r := *f
	reader := strings.ToLower(strings.ReplaceAll("reader_"+f.t.Name(), "/", "_"))[:28]
	r.dsn = strings.Replace(f.dsn, "root@", reader+"@", 1)
	set, err := r.open("p: id! v~\nc: id! v~", "").Describe(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	c, _ := set.Collection("c")
	if ref, _ := c.Field("the p"); len(ref.References) != 1 {
		t.Errorf("a reader sees %+v", c.Fields)
	}
	database := f.rows("SELECT DATABASE()")[0]
	f.exec("CREATE ROLE IF NOT EXISTS readers")
	f.exec("GRANT SELECT ON `" + database + "`.* TO readers")
	f.exec("CREATE USER IF NOT EXISTS 'by_role'@'127.0.0.1'")
	f.exec("GRANT readers TO 'by_role'@'127.0.0.1'")
	f.exec("SET DEFAULT ROLE readers FOR 'by_role'@'127.0.0.1'")
	b := *f
	b.dsn = strings.Replace(f.dsn, "root@", "by_role@", 1)
	set, err = b.open("p: id! v~\nc: id! v~", "").Describe(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	c, _ = set.Collection("c")
	if ref, _ := c.Field("the p"); len(ref.References) != 1 {
		t.Errorf("a reader by a role sees %+v", c.Fields)
	}
	if got := notes(t, b.open("p: id! v~", ""), "permissions", false); strings.Contains(got, "one by one") {
		t.Errorf("a reader of the whole database: %q", got)
	}
	f.exec("CREATE USER IF NOT EXISTS 'half_sighted'@'127.0.0.1'")
	f.exec("GRANT SELECT, UPDATE, DELETE ON `" + database + "`.p TO 'half_sighted'@'127.0.0.1'")
	h := *f
	h.dsn = strings.Replace(f.dsn, "root@", "half_sighted@", 1)
	h.src = h.open("p: id! v~", "")
	if out := h.erase(work("p[1,10001)", del("pk=1")...)); out[0].Shells != 1 {
		t.Errorf("%+v", out)
	}
	if got := f.rows("SELECT v FROM c"); len(got) != 1 || got[0] != "stranger" {
		t.Errorf("the cascade took a row: %q", got)
	}
	if got := f.rows("SELECT v FROM p"); len(got) != 1 || got[0] != "<nil>" {
		t.Errorf("the row holds %q", got)
	}
}

// TestMySQLManyRowsAlike: more rows that are alike in every column than are changed
// at a time.
func TestMySQLManyRowsAlike(t *testing.T) {
	const rows = mysqlChunk + 10
	f := serverFixture(t, "mysql", "log: phone@phone v~", fmt.Sprintf(`CREATE TABLE log (phone VARCHAR(20), v TEXT);
		INSERT INTO log SELECT '+919876500001', 'a' FROM seq_1_to_%d`, rows))
	locs, _ := f.read("log[,)")
	var edits []connectors.Edit
	for _, l := range locs {
		edits = append(edits, emptyFields(l, "phone", "v"))
	}
	if out := f.erase(work("log[,)", edits...)); out[0].Redacted != rows {
		t.Errorf("%+v", out)
	}
	if got := f.rows("SELECT count(*), count(phone), count(v) FROM log"); got[0] != fmt.Sprintf("%d|0|0", rows) {
		t.Error(got)
	}
}

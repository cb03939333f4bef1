package crm

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/cratio/sutra/connectors"
)

// TestPostgresSamplesOfParents: the server samples a table together with those that inherit
// from it; what is erased from one of these is in no sample afterwards.
func TestPostgresSamplesOfParents(t *testing.T) {
	f := serverFixture(t, "postgres", "kid: id! phone@phone", `CREATE TABLE "Root" (id INTEGER, phone TEXT);
		CREATE TABLE mid (more TEXT) INHERITS ("Root");
		CREATE TABLE kid (PRIMARY KEY (id)) INHERITS (mid);
		INSERT INTO "Root" SELECT i, 'r' || i FROM generate_series(1, 20) i;
		INSERT INTO kid SELECT i, 'k' || i FROM generate_series(1, 20) i;
		INSERT INTO kid SELECT 100 + i, '9822031416' FROM generate_series(1, 20) i;
		ANALYZE`)
	const samples = "SELECT tablename, inherited FROM pg_stats WHERE most_common_vals::text LIKE '%9822031416%' OR histogram_bounds::text LIKE '%9822031416%' ORDER BY 1"
	if got := f.rows(samples); len(got) != 3 {
		t.Fatalf("sampled in %q", got)
	}
	var locs []string
	for i := range 20 {
		locs = append(locs, fmt.Sprintf("pk=%d", 101+i))
	}
	f.erase(work("kid[1,10001)", del(locs...)...))
	f.src.tidy(context.Background())
	if got := f.rows(samples); len(got) != 0 {
		t.Errorf("still sampled in %q", got)
	}
}

// TestPostgresLargeObjects: what a row names is not in its table and is told to be left.
func TestPostgresLargeObjects(t *testing.T) {
	f := serverFixture(t, "postgres", "docs: id! name~\nplain: id! name~", `CREATE TABLE docs (id INTEGER PRIMARY KEY, name TEXT, scan OID);
		CREATE TABLE plain (id INTEGER PRIMARY KEY, name TEXT);
		INSERT INTO docs VALUES (1, 'Asha', NULL), (2, 'Bela', NULL), (3, 'Charu', NULL);
		INSERT INTO plain VALUES (1, 'Asha')`)
	left := func(w connectors.UnitEdits) string {
		_, out, err := f.src.EraseAll(t.Context(), []connectors.UnitEdits{w})
		if err != nil {
			t.Fatal(err)
		}
		return out[0].Left
	}
	if s := left(work("docs[1,10001)", del("pk=1")...)); s != "" {
		t.Errorf("there is no large object: %s", s)
	}
	f.exec("UPDATE docs SET scan = lo_from_bytea(0, convert_to('papers of ' || name, 'UTF8'))")
	if s := left(work("docs[1,10001)", del("pk=2")...)); !strings.Contains(s, `column "scan"`) {
		t.Errorf("deleted: %q", s)
	}
	if s := left(work("docs[1,10001)", emptyFields("pk=3", "name"))); !strings.Contains(s, `column "scan"`) {
		t.Errorf("emptied: %q", s)
	}
	if s := left(work("plain[1,10001)", del("pk=1")...)); s != "" {
		t.Errorf("a table that names none: %s", s)
	}
	list, err := f.src.Leftovers(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var told []string
	for _, l := range list {
		if strings.Contains(l.What, "large objects") {
			told = append(told, l.What)
		}
	}
	if len(told) != 1 || !strings.Contains(told[0], `column "scan" of table "docs"`) {
		t.Errorf("left behind for good: %q", told)
	}
}

// TestPostgresCompiledTriggers: a trigger without a text may write the rows elsewhere, but for
// those that are known; one of them removes large objects.
func TestPostgresCompiledTriggers(t *testing.T) {
	f := serverFixture(t, "postgres", "docs: id! name~\nplain: id! name~", `CREATE TABLE docs (id INTEGER PRIMARY KEY, name TEXT, scan OID, at TIMESTAMP);
		CREATE TABLE plain (id INTEGER PRIMARY KEY, name TEXT);
		CREATE FUNCTION stamp() RETURNS trigger LANGUAGE C AS '$libdir/moddatetime', 'moddatetime';
		CREATE FUNCTION manage() RETURNS trigger LANGUAGE C AS '$libdir/lo', 'lo_manage';
		CREATE FUNCTION history() RETURNS trigger LANGUAGE C AS '$libdir/refint', 'check_primary_key';
		CREATE TRIGGER a BEFORE UPDATE ON docs FOR EACH ROW EXECUTE FUNCTION stamp('at');
		CREATE TRIGGER b BEFORE UPDATE OR DELETE ON docs FOR EACH ROW EXECUTE FUNCTION manage('scan');
		CREATE TRIGGER c AFTER UPDATE ON plain FOR EACH ROW EXECUTE FUNCTION history('id', 'docs', 'id');
		INSERT INTO docs SELECT i, 'Asha', lo_from_bytea(0, 'papers') FROM generate_series(1, 3) i;
		INSERT INTO plain VALUES (1, 'Asha')`)
	_, out, err := f.src.EraseAll(t.Context(), []connectors.UnitEdits{work("docs[1,10001)", append(del("pk=2"), emptyFields("pk=3", "name"))...), work("plain[1,10001)", emptyFields("pk=1", "name"))})
	if err != nil {
		t.Fatal(err)
	}
	if out[0].Left != "" || !strings.Contains(out[1].Left, elsewhere) {
		t.Errorf("left: %q, %q", out[0].Left, out[1].Left)
	}
	if n := f.rows("SELECT count(*) FROM pg_largeobject_metadata")[0]; n != "2" {
		t.Errorf("%s large objects", n)
	}
}

// TestPostgresHeirs: a query of a table finds the rows of those that inherit from it; one that
// no collection describes is told, also when the table itself is empty, and is read when one does.
func TestPostgresHeirs(t *testing.T) {
	f := serverFixture(t, "postgres", "base: id! name~\nbranch: id! name~\nplain: id! name~", `CREATE TABLE base (id INTEGER PRIMARY KEY, name TEXT);
		CREATE TABLE branch (more TEXT, PRIMARY KEY (id)) INHERITS (base);
		CREATE SCHEMA far;
		CREATE TABLE far."Leaf" () INHERITS (branch);
		CREATE TABLE plain (id INTEGER PRIMARY KEY, name TEXT) PARTITION BY RANGE (id);
		CREATE TABLE plain_1 PARTITION OF plain DEFAULT;
		INSERT INTO plain VALUES (1, 'Asha');
		INSERT INTO branch VALUES (1, 'Asha', 'x');
		INSERT INTO far."Leaf" VALUES (2, 'Bela', 'y')`)
	told := map[string]int{}
	for _, u := range f.units() {
		if _, _, _, err := f.collect(f.src.Read(t.Context(), u)); err != nil {
			told[u.Key]++
			if !strings.Contains(err.Error(), "inherits from") {
				t.Errorf("%s: %v", u.Key, err)
			}
		}
	}
	if len(told) != 1 || told["far.Leaf[,)"] != 1 {
		t.Errorf("told: %v", told)
	}
	f.src = f.open("base: id! name~\nbranch: id! name~\nplain: id! name~\nfar.Leaf: id name~", "")
	if n := len(f.readAll()); n != 3 {
		t.Errorf("%d rows are read", n)
	}
}

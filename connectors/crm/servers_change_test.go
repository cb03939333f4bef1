package crm

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cratio/sutra/connectors"
)

// A column that takes nothing that could stand for its value is a rule of the database's
// own: the row is refused alone, and the others can be tried without it.
func TestNoValueIsForbidden(t *testing.T) {
	onAll(t, func(t *testing.T, kind string) {
		f := newOn(t, kind, "t: id! v~", "CREATE TABLE t (id INTEGER PRIMARY KEY, v VARCHAR(9) NOT NULL CHECK (v = 'Asha'));\nINSERT INTO t VALUES (1, 'Asha'), (2, 'Asha');\n")
		_, _, err := f.src.EraseAll(context.Background(), []connectors.UnitEdits{work("t[1,10001)", emptyFields("pk=1", "v"))})
		if !errors.Is(err, connectors.ErrForbidden) || !strings.Contains(err.Error(), `column "v": no empty value`) || strings.Contains(err.Error(), "Asha") {
			t.Errorf("%v", err)
		}
	})
}

// keptRows is a table whose phone takes but a number, with a trigger that keeps of every
// row what it was.
func keptRows(t *testing.T, kind string) *fixture {
	f := serverFixture(t, kind, "t: id! name~ phone@phone", `CREATE TABLE t (id INTEGER PRIMARY KEY, name VARCHAR(20) NOT NULL, phone VARCHAR(20) NOT NULL CHECK (char_length(phone) = 10));
CREATE TABLE kept (n INTEGER, name VARCHAR(20), phone VARCHAR(20));
INSERT INTO t VALUES (1, 'Asha', '9820141234'), (2, 'Bela', '9820141235')`)
	if kind == "postgres" {
		f.exec("CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO kept VALUES (OLD.id, OLD.name, OLD.phone); RETURN NEW; END $$")
		f.exec("CREATE TRIGGER k BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION keep()")
	} else {
		f.exec("CREATE TRIGGER k BEFORE UPDATE ON t FOR EACH ROW INSERT INTO kept VALUES (OLD.id, OLD.name, OLD.phone)")
	}
	return f
}

// However many values have to be tried, a row is changed by one statement: a trigger
// keeps it as it was, not half emptied, when the name is there and the number by which it
// would be found is gone. A row in which nothing is to do is not named as copied.
func TestServerTriggersSeeOneChange(t *testing.T) {
	onServers(t, func(t *testing.T, kind string) {
		f := keptRows(t, kind)
		edit := work("t[1,10001)", emptyFields("pk=1", "name", "phone"))
		_, out, err := f.src.EraseAll(context.Background(), []connectors.UnitEdits{edit})
		if err != nil || out[0].Redacted != 1 || !strings.Contains(out[0].Left, `trigger k of table "t" writes to kept`) {
			t.Errorf("%+v %v", out, err)
		}
		if d := cmp.Diff([]string{"1|Asha|9820141234"}, f.rows("SELECT n, name, phone FROM kept")); d != "" {
			t.Error(d)
		}
		_, out, err = f.src.EraseAll(context.Background(), []connectors.UnitEdits{edit})
		if err != nil || out[0].Left != "" {
			t.Errorf("a second time: %+v %v", out, err)
		}
	})
}

// A row that is named by its content is found again while values are tried for it.
func TestServerRowsWithoutAKeyUnderConstraints(t *testing.T) {
	onServers(t, func(t *testing.T, kind string) {
		f := serverFixture(t, kind, "t: name~ phone@phone", `CREATE TABLE t (name VARCHAR(20) NOT NULL CHECK (name <> ''), phone VARCHAR(20) NOT NULL CHECK (char_length(phone) = 10));
INSERT INTO t VALUES ('Asha', '9820141234'), ('Bela', '9820141235')`)
		locs, recs := f.read("t[,)")
		for _, l := range locs {
			if recs[l]["name"] == "Asha" {
				if _, out, err := f.src.EraseAll(context.Background(), []connectors.UnitEdits{work("t[,)", emptyFields(l, "name", "phone"))}); err != nil || out[0].Redacted != 1 {
					t.Errorf("%+v %v", out, err)
				}
			}
		}
		got := strings.Join(f.rows("SELECT name, phone FROM t ORDER BY phone DESC"), " ")
		if !strings.HasPrefix(got, "Bela|9820141235 ") || strings.Contains(got, "Asha") || strings.Contains(got, "9820141234") {
			t.Error(got)
		}
	})
}

// A trigger that writes where the user may not refuses its own table's rows and no others.
func TestServerTriggerWithoutPermission(t *testing.T) {
	f := keptRows(t, "postgres")
	f.exec("CREATE ROLE clerk_t LOGIN")
	f.exec("GRANT SELECT, UPDATE, DELETE ON t TO clerk_t")
	t.Cleanup(func() { f.exec("DROP OWNED BY clerk_t"); f.exec("DROP ROLE clerk_t") })
	clerk := *f
	clerk.dsn = strings.Replace(f.dsn, "sutra@", "clerk_t@", 1)
	_, _, err := clerk.open("t: id! name~ phone@phone", "").EraseAll(context.Background(), []connectors.UnitEdits{work("t[1,10001)", emptyFields("pk=1", "name"))})
	if !errors.Is(err, connectors.ErrForbidden) || !strings.Contains(err.Error(), "permission denied for table kept") {
		t.Errorf("%v", err)
	}
}

// A table that the user may not read may refer to any row: such rows are emptied instead
// of deleted, and nothing else stops.
func TestPostgresHiddenReferrers(t *testing.T) {
	const cat = "people: id! phone@phone ref~\nvisits: id! phone@phone"
	for name, hide := range map[string]string{
		"no privilege": "REVOKE ALL ON secrets FROM clerk_h",
		"row security": "ALTER TABLE secrets ENABLE ROW LEVEL SECURITY",
	} {
		t.Run(name, func(t *testing.T) {
			f := serverFixture(t, "postgres", cat, `CREATE TABLE people (id INTEGER PRIMARY KEY, phone TEXT, ref TEXT UNIQUE);
CREATE TABLE visits (id INTEGER PRIMARY KEY, phone TEXT);
CREATE TABLE secrets (id INTEGER PRIMARY KEY, person INTEGER REFERENCES people ON DELETE CASCADE, ref TEXT REFERENCES people (ref));
INSERT INTO people VALUES (1, '9820141234', 'r1'), (2, '9820141235', 'r2');
INSERT INTO visits VALUES (1, '9820141234'), (2, '9820141235');
INSERT INTO secrets VALUES (1, 1, 'r1'), (2, 2, 'r2');
CREATE ROLE clerk_h LOGIN;
GRANT SELECT, UPDATE, DELETE ON people, visits, secrets TO clerk_h;
`+hide)
			t.Cleanup(func() { f.exec("DROP OWNED BY clerk_h"); f.exec("DROP ROLE clerk_h") })
			clerk := *f
			clerk.dsn = strings.Replace(f.dsn, "sutra@", "clerk_h@", 1)
			_, out, err := clerk.open(cat, "").EraseAll(context.Background(), []connectors.UnitEdits{work("people[1,10001)", del("pk=1")...), work("visits[1,10001)", del("pk=1")...)})
			if err != nil || out[0].Shells != 1 || out[1].Deleted != 1 {
				t.Fatalf("%+v %v", out, err)
			}
			got := append(f.rows("SELECT id, phone, ref FROM people ORDER BY id"), f.rows("SELECT count(*) FROM secrets")...)
			if d := cmp.Diff([]string{"1|<nil>|r1", "2|9820141235|r2", "2"}, got); d != "" {
				t.Error(d)
			}
		})
	}
}

// Composite values are looked into like documents, and changed without becoming text.
func TestPostgresCompositeTypes(t *testing.T) {
	f := serverFixture(t, "postgres", "t: id! must may list whole", `CREATE TYPE spot AS (line TEXT, pin TEXT);
CREATE TYPE card AS (phone TEXT, email TEXT, at spot);
CREATE DOMAIN known AS card;
CREATE TABLE t (id INTEGER PRIMARY KEY, must card NOT NULL, may known, list card[], whole card);
INSERT INTO t SELECT i, ROW('98201412' || i, 'a' || i || '@example.com', ROW('x', '411001'))::card, ROW('98201412' || i, NULL, NULL)::card,
  ARRAY[ROW('98201412' || i, 'a', NULL)::card, ROW('9999', 'b "c", (d)', NULL)::card], ROW('98201412' || i, 'keep', ROW('k', 'p'))::card FROM generate_series(34, 35) i`)
	_, recs := f.read("t[1,10001)")
	if got := recs["pk=34"]["must"]; got != `{"phone":"9820141234","email":"a34@example.com","at":{"line":"x","pin":"411001"}}` {
		t.Errorf("read as %s", got)
	}
	for b, err := range f.src.Read(context.Background(), connectors.Unit{Key: "t[1,10001)"}) {
		if err != nil {
			t.Fatal(err)
		}
		for i, a := range b.Rows.Schema().Fields()[1:] {
			if look := connectors.FieldOf(a).Look; i > 0 && look != connectors.LookJSON {
				t.Errorf("%s is looked into as %q", a.Name, look)
			}
		}
	}
	f.erase(work("t[1,10001)", emptyFields("pk=34", "must", "may")))
	cut := replace("pk=34", "9820141234", "[erased]")
	if out := f.erase(work("t[1,10001)", cut)); out[0].Redacted != 1 {
		t.Errorf("%+v", out)
	}
	want := []string{`(,,)|<nil>|{"([erased],a,)","(9999,\"b \"\"c\"\", (d)\",)"}|([erased],keep,"(k,p)")`,
		`(9820141235,a35@example.com,"(x,411001)")|(9820141235,,)|{"(9820141235,a,)","(9999,\"b \"\"c\"\", (d)\",)"}|(9820141235,keep,"(k,p)")`}
	if d := cmp.Diff(want, f.rows("SELECT must, may, list::text, whole FROM t ORDER BY id")); d != "" {
		t.Error(d)
	}
}

// A foreign key to a unique column beside the primary key joins as well, and one that the
// catalog takes for other people does not.
func TestDescribeOtherKeys(t *testing.T) {
	onAll(t, func(t *testing.T, kind string) {
		f := newOn(t, kind, "people: id! phone@phone\norders: id! helper>mention\nbills: id!", `CREATE TABLE people (id INTEGER PRIMARY KEY, phone VARCHAR(20));
CREATE TABLE orders (id INTEGER PRIMARY KEY, no VARCHAR(20) UNIQUE, person INTEGER, helper INTEGER, FOREIGN KEY (person) REFERENCES people (id), FOREIGN KEY (helper) REFERENCES people (id));
CREATE TABLE bills (id INTEGER PRIMARY KEY, order_no VARCHAR(20), helper INTEGER, FOREIGN KEY (order_no) REFERENCES orders (no));
`)
		f.src.dataset.Collections[1].Fields[1] = connectors.CatalogField{Name: "helper", Role: "mention"}
		d, err := f.src.Describe(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		orders, bills := d.Collections[1], d.Collections[2]
		no, _ := orders.Field("no")
		ref, _ := bills.Field("order_no")
		if !no.Referred || len(ref.References) != 1 || ref.References[0] != (connectors.Reference{Dataset: "crm", Collection: "orders", Field: "no"}) {
			t.Errorf("%+v %+v", no, ref)
		}
		key := connectors.Resolve("crm", orders, no)
		if d := cmp.Diff([]string{"crm.orders.no"}, key.Keys); d != "" {
			t.Error(d)
		}
		person, _ := orders.Field("person")
		helper, _ := orders.Field("helper")
		if len(helper.References) != 0 || len(person.References) != 1 {
			t.Errorf("%+v %+v", person, helper)
		}
	})
}

// A column that the catalog lists without a word goes with an emptied row when its name
// speaks of a person, whatever its type.
func TestShellsKeepNoPersonalNumbers(t *testing.T) {
	onAll(t, func(t *testing.T, kind string) {
		f := newOn(t, kind, "people: id! phone@phone birth_year points", `CREATE TABLE people (id INTEGER PRIMARY KEY, phone VARCHAR(20), birth_year SMALLINT, points INTEGER);
CREATE TABLE bills (id INTEGER PRIMARY KEY, person INTEGER, FOREIGN KEY (person) REFERENCES people (id));
INSERT INTO people VALUES (1, '9820141234', 1990, 7), (2, '9820141235', 1991, 8);
INSERT INTO bills VALUES (1, 1);
`)
		if out := f.erase(work("people[1,10001)", del("pk=1")...)); out[0].Shells != 1 {
			t.Errorf("%+v", out)
		}
		if d := cmp.Diff([]string{"1|<nil>|<nil>|7", "2|9820141235|1991|8"}, f.rows("SELECT * FROM people ORDER BY id")); d != "" {
			t.Error(d)
		}
	})
}

package main

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cratio/sutra/connectors/connectortest/server"
)

// spacedTables is a CRM whose keys are texts; %s is the type of every key. What refers to a
// contact is a foreign key, a type with an id, and a part of a composite key; an export
// refers to them too. Nobody stands in these but by the key.
const spacedTables = `CREATE TABLE contacts (id %[1]s PRIMARY KEY, full_name VARCHAR(60), phone VARCHAR(20));
CREATE TABLE notes (id INTEGER PRIMARY KEY, contact_id %[1]s REFERENCES contacts(id), body VARCHAR(80));
CREATE TABLE remarks (id INTEGER PRIMARY KEY, ref_type VARCHAR(20), ref_id %[1]s, body VARCHAR(80));
CREATE TABLE visits (contact_id %[1]s, no INTEGER, body VARCHAR(80), PRIMARY KEY (contact_id, no), FOREIGN KEY (contact_id) REFERENCES contacts(id));
CREATE TABLE bills (id INTEGER PRIMARY KEY, visitor %[1]s, visit INTEGER, body VARCHAR(80), FOREIGN KEY (visitor, visit) REFERENCES visits(contact_id, no))`

const spacedCatalog = `dataset:
  - fides_key: crm
    collections:
      - name: contacts
        meta: {sutra: {class: account_crm, erase: delete}}
        fields:
          - {name: id, fides_meta: {primary_key: true}}
          - {name: full_name, data_categories: [user.name]}
          - {name: phone, data_categories: [user.contact.phone_number], fides_meta: {identity: phone_number}}
      - {name: notes, meta: {sutra: {class: account_crm, erase: delete}}, fields: [{name: body, data_categories: [user.content]}]}
      - {name: remarks, meta: {sutra: {class: account_crm, erase: delete, refs: [{type: ref_type, id: ref_id}]}}, fields: [{name: body, data_categories: [user.content]}]}
      - {name: visits, meta: {sutra: {class: account_crm, erase: delete}}, fields: [{name: body, data_categories: [user.content]}]}
      - {name: bills, meta: {sutra: {class: account_crm, erase: delete}}, fields: [{name: body, data_categories: [user.content]}]}
`

const spacedExports = `dataset:
  - fides_key: exports
    collections:
      - name: sheets
        meta: {sutra: {class: account_crm, erase: delete}}
        fields:
          - {name: contact, fides_meta: {references: [{dataset: crm, field: contacts.id, direction: from}]}}
          - {name: body, data_categories: [user.content]}
`

// spaced is a person of that CRM: her key, and how the records spell it that refer to her.
type spaced struct{ key, spelled string }

func (p spaced) rows(n int) []string {
	return []string{
		fmt.Sprintf("INSERT INTO contacts VALUES ('%s', 'Person %s', '98220314%02d')", p.key, string(rune('A'+n)), n+10),
		fmt.Sprintf("INSERT INTO notes VALUES (%d, '%s', 'note')", n, p.spelled),
		fmt.Sprintf("INSERT INTO remarks VALUES (%d, 'Contact', '%s', 'remark')", n, p.spelled),
		fmt.Sprintf("INSERT INTO visits VALUES ('%s', 7, 'visit')", p.spelled),
		fmt.Sprintf("INSERT INTO bills VALUES (%d, '%s', 7, 'bill')", n, p.spelled),
	}
}

// TestKeysThatDifferInSpaces: what the database tells apart is two people, of whom one is
// erased and the other keeps every record; what it takes for one key is one.
func TestKeysThatDifferInSpaces(t *testing.T) {
	apart := []spaced{{"a", "a"}, {"a ", "a "}, {" a", " a"}, {"a  ", "a  "}, {"b", "b"}}
	padded := []spaced{{"a", "a"}, {" a", " a  "}, {"b ", "b"}}
	for _, c := range []struct {
		name, kind, key string
		people          []spaced
	}{
		{"postgres text", "postgres", "TEXT", apart},
		{"postgres varchar", "postgres", "VARCHAR(10)", apart},
		{"postgres char", "postgres", "CHAR(6)", padded},
		{"sqlite", "sqlite", "TEXT", apart},
		{"sqlite rtrim", "sqlite", "TEXT COLLATE RTRIM", padded},
		{"mariadb", "mysql", "VARCHAR(10) COLLATE utf8mb4_general_ci", padded},
		{"mariadb nopad", "mysql", "VARCHAR(10) COLLATE utf8mb4_nopad_bin", apart},
	} {
		t.Run(c.name, func(t *testing.T) {
			empty := databasesOf(t, c.kind)
			for whose := range c.people {
				url, err := empty(fmt.Sprintf("p%d", whose))
				if err != nil {
					t.Fatal(err)
				}
				spacedKeys(t, c.kind, url, c.key, c.people, whose)
				if t.Failed() {
					return
				}
			}
		})
	}
}

// spacedKeys erases one of the people and compares what is left.
func spacedKeys(t *testing.T, kind, url, key string, people []spaced, whose int) {
	db := databaseOf(t, kind, url, strings.Split(fmt.Sprintf(spacedTables, key), ";\n")...)
	sheet := "contact,body\n"
	for n, p := range people {
		for _, q := range p.rows(n) {
			if _, err := db.Exec(q); err != nil {
				t.Fatalf("%s: %v", q, err)
			}
		}
		sheet += fmt.Sprintf("\"%s\",row %d\n", p.spelled, n)
	}
	s := newBareSite(t, map[string]string{
		"sutra.yaml": fmt.Sprintf("sources:\n  exports: {connector: files, url: \"file:exports/\", catalog: exports.yaml}\n  crm: {connector: %s, url: %q, catalog: crm.yaml}\n", kind, url),
		"crm.yaml":   spacedCatalog, "exports.yaml": spacedExports, "exports/sheets/a.csv": sheet,
	})
	s.run("scan")
	s.run("erase", fmt.Sprintf("98220314%02d", whose+10), "-o", "plan")
	s.run("apply", "plan")
	want := map[string][]string{}
	var lines []string
	for n := range people {
		if n == whose {
			continue
		}
		want["contacts"] = append(want["contacts"], "Person "+string(rune('A'+n)))
		want["visits"] = append(want["visits"], "visit")
		for _, table := range []string{"notes", "remarks", "bills"} {
			want[table] = append(want[table], fmt.Sprint(n))
		}
		lines = append(lines, fmt.Sprintf("row %d", n))
	}
	got := map[string][]string{}
	for table, col := range map[string]string{"contacts": "full_name", "notes": "id", "remarks": "id", "visits": "body", "bills": "id"} {
		got[table] = query(t, db, fmt.Sprintf("SELECT %s FROM %s ORDER BY %[1]s", col, table))
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("%q erased: %s", people[whose].key, d)
	}
	var left []string
	data, err := os.ReadFile(filepath.Join(s.dir, "exports/sheets/a.csv"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.SplitSeq(string(data), "\n") {
		if _, body, ok := strings.Cut(line, ","); ok && body != "body" {
			left = append(left, body)
		}
	}
	if d := cmp.Diff(lines, left); d != "" {
		t.Errorf("%q erased, in the export: %s", people[whose].key, d)
	}
	if code, out := s.status("verify"); code != exitDone {
		t.Errorf("verify ends %d: %s", code, out)
	}
	if out := s.run("where", "contact:"+people[(whose+1)%len(people)].key); !strings.Contains(out, `"copies":6`) {
		t.Errorf("where for the key of another, %q: %s", people[(whose+1)%len(people)].key, out)
	}
}

// siteOver is a site over a new database of a product with something in it, which is open for
// the length of the test.
func siteOver(t *testing.T, kind, catalog string, statements ...string) (*site, *sql.DB) {
	t.Helper()
	url, err := databasesOf(t, kind)("crm")
	if err != nil {
		t.Fatal(err)
	}
	db := databaseOf(t, kind, url, statements...)
	return newBareSite(t, map[string]string{"sutra.yaml": fmt.Sprintf("sources:\n  crm: {connector: %s, url: %q, catalog: crm.yaml}\n", kind, url), "crm.yaml": catalog}), db
}

// databaseOf opens a database of a product for the length of the test and makes what is in it.
func databaseOf(t *testing.T, kind, url string, statements ...string) *sql.DB {
	t.Helper()
	db, err := sql.Open(map[string]string{"sqlite": "sqlite", "postgres": "pgx", "mysql": "mysql"}[kind], url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stopped(t, db.Close) })
	for _, q := range statements {
		if _, err := db.Exec(q); err != nil {
			t.Fatalf("%s: %v", q, err)
		}
	}
	return db
}

// databasesOf returns what makes an empty database of a product.
func databasesOf(t *testing.T, kind string) func(name string) (string, error) {
	t.Helper()
	ctx := context.Background()
	if kind == "sqlite" {
		dir := t.TempDir()
		return func(name string) (string, error) { return "file:" + filepath.Join(dir, name+".db"), nil }
	}
	if kind == "postgres" {
		srv, err := server.StartPostgres(ctx, "", "fsync=off")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { stopped(t, srv.Stop) })
		return func(name string) (string, error) { return srv.Database(ctx, name) }
	}
	srv, err := server.StartMariaDB(ctx, "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stopped(t, srv.Stop) })
	return func(name string) (string, error) { return srv.Database(ctx, name) }
}

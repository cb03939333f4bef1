package crm

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow/go/v17/arrow/memory"
	"go.uber.org/goleak"

	"github.com/cratio/sutra/connectors"
)

// withServers stops the servers that tests started before goroutines are counted.
type withServers struct{ *testing.M }

func (m withServers) Run() int {
	code := m.M.Run()
	if err := servers.stop(); err != nil {
		fmt.Println(err)
		return 1
	}
	return code
}

func TestMain(m *testing.M) { goleak.VerifyTestMain(withServers{m}) }

// fixture is a database file with a source over it.
type fixture struct {
	t    testing.TB
	kind string // "sqlite", "postgres", "mysql"
	path string // of the file
	dsn  string // of the server's database
	db   *sql.DB
	src  *source
}

// field describes a catalog field in short: "id!" is a primary key, "phone@phone"
// an identity, "contact_id>contacts.id" a reference (of several, one after another), "body{" an object, "note~" free
// text of a person, "x:account" the account field.
func field(c *connectors.Collection, spec string) {
	f := connectors.CatalogField{}
	name := spec
	refs := strings.Split(name, ">")
	name = refs[0]
	for _, ref := range refs[1:] {
		coll, fld, _ := strings.Cut(ref, ".")
		f.References = append(f.References, connectors.Reference{Dataset: "crm", Collection: coll, Field: fld})
	}
	if n, id, ok := strings.Cut(name, "@"); ok {
		name, f.Identity, f.Categories = n, id, []string{"user.contact"}
	}
	if n, ok := strings.CutSuffix(name, "!"); ok {
		name, f.PrimaryKey = n, true
	}
	if n, ok := strings.CutSuffix(name, "{"); ok {
		name, f.DataType, f.Categories = n, "object", []string{"user"}
	}
	if n, ok := strings.CutSuffix(name, "~"); ok {
		name, f.Categories = n, []string{"user.content"}
	}
	if n, ok := strings.CutSuffix(name, ":account"); ok {
		name, c.Account, f.Categories = n, n, []string{"system.operations"}
	}
	f.Name = name
	c.Fields = append(c.Fields, f)
}

// catalog makes a dataset of lines "table: field field ...".
func catalog(text string) connectors.Dataset {
	ds := connectors.Dataset{Key: "crm"}
	for _, line := range strings.Split(strings.TrimSpace(text), "\n") {
		name, fields, _ := strings.Cut(strings.TrimSpace(line), ":")
		c := connectors.Collection{Name: name}
		for _, f := range strings.Fields(fields) {
			field(&c, f)
		}
		ds.Collections = append(ds.Collections, c)
	}
	return ds
}

func newFixture(t testing.TB, cat, ddl string) *fixture {
	t.Helper()
	return openFixture(t, filepath.Join(t.TempDir(), "crm.db"), cat, ddl)
}

func openFixture(t testing.TB, path, cat, ddl string) *fixture {
	t.Helper()
	f := &fixture{t: t, kind: "sqlite", path: path}
	d, err := openSQLite("file:" + path)
	if err != nil {
		t.Fatal(err)
	}
	f.db, err = sql.Open("sqlite", d.dsn("rwc"))
	if err != nil {
		t.Fatal(err)
	}
	f.db.SetMaxOpenConns(1)
	f.exec(ddl)
	src, err := SQLite().Open(context.Background(), connectors.Config{Name: "crm", URL: "file:" + path, Dataset: catalog(cat)})
	if err != nil {
		t.Fatal(err)
	}
	f.src = src.(digesting).source
	mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
	f.src.mem = mem
	t.Cleanup(func() {
		if err := errors.Join(f.src.Close(), f.db.Close(), d.close()); err != nil {
			t.Error(err)
		}
		mem.AssertSize(t, 0)
	})
	return f
}

func (f *fixture) exec(q string, args ...any) {
	f.t.Helper()
	if _, err := f.db.Exec(q, args...); err != nil {
		f.t.Fatalf("%s: %v", q, err)
	}
}

// rows returns every row of a query as text.
func (f *fixture) rows(q string) []string {
	f.t.Helper()
	rs, err := f.db.Query(q)
	if err != nil {
		f.t.Fatal(err)
	}
	defer rs.Close()
	names, err := rs.Columns()
	if err != nil {
		f.t.Fatal(err)
	}
	var out []string
	for rs.Next() {
		v, p := make([]any, len(names)), make([]any, len(names))
		for i := range v {
			p[i] = &v[i]
		}
		if err := rs.Scan(p...); err != nil {
			f.t.Fatal(err)
		}
		var parts []string
		for _, x := range v {
			if s, ok := x.([]byte); ok {
				x = fmt.Sprintf("x'%x'", s)
				if f.kind == "mysql" {
					x = string(s)
				}
			}
			parts = append(parts, fmt.Sprint(x))
		}
		out = append(out, strings.Join(parts, "|"))
	}
	if err := rs.Err(); err != nil {
		f.t.Fatal(err)
	}
	return out
}

func (f *fixture) units() []connectors.Unit {
	f.t.Helper()
	var out []connectors.Unit
	for u, err := range f.src.Units(context.Background()) {
		if err != nil {
			f.t.Fatal(err)
		}
		out = append(out, u)
	}
	return out
}

type record map[string]string

// collect drains batches: locators in order, records by locator, gaps.
func (f *fixture) collect(seq func(func(connectors.Batch, error) bool)) (locs []string, recs map[string]record, gaps []string, err error) {
	recs = map[string]record{}
	for b, e := range seq {
		if e != nil {
			return locs, recs, gaps, e
		}
		for _, g := range b.Gaps {
			gaps = append(gaps, g.Reason)
		}
		for i := range int(b.Rows.NumRows()) {
			loc, _ := connectors.Value(b.Rows, 0, i)
			r := record{}
			for c := 1; c < int(b.Rows.NumCols()); c++ {
				if v, ok := connectors.Value(b.Rows, c, i); ok {
					r[b.Rows.ColumnName(c)] = strings.Clone(v)
				}
			}
			locs = append(locs, strings.Clone(loc))
			recs[locs[len(locs)-1]] = r
		}
	}
	return locs, recs, gaps, nil
}

func (f *fixture) read(key string) ([]string, map[string]record) {
	f.t.Helper()
	locs, recs, _, err := f.collect(f.src.Read(context.Background(), connectors.Unit{Key: key}))
	if err != nil {
		f.t.Fatal(err)
	}
	return locs, recs
}

func del(locs ...string) []connectors.Edit {
	var out []connectors.Edit
	for _, l := range locs {
		out = append(out, connectors.Edit{Locator: l, Action: connectors.Delete})
	}
	return out
}

// emptyFields is a redaction that empties the named fields.
func emptyFields(loc string, names ...string) connectors.Edit {
	return connectors.Edit{Locator: loc, Action: connectors.Redact, Rewrite: func(fl connectors.Field, _ string) (string, connectors.Verdict) {
		for _, n := range names {
			if n == fl.Name {
				return "", connectors.Empty
			}
		}
		return "", connectors.Same
	}}
}

// replace is a redaction that replaces a text in every field.
func replace(loc, old, now string) connectors.Edit {
	return connectors.Edit{Locator: loc, Action: connectors.Redact, Rewrite: func(_ connectors.Field, v string) (string, connectors.Verdict) {
		if strings.Contains(v, old) {
			return strings.ReplaceAll(v, old, now), connectors.Set
		}
		return "", connectors.Same
	}}
}

func work(key string, edits ...connectors.Edit) connectors.UnitEdits {
	return connectors.UnitEdits{Unit: connectors.Unit{Key: key}, Edits: edits}
}

// erase runs EraseAll twice and asks for residue after the first: the second run
// must find nothing to do but shells.
func (f *fixture) erase(w ...connectors.UnitEdits) []connectors.Outcome {
	f.t.Helper()
	ctx := context.Background()
	_, out, err := f.src.EraseAll(ctx, w)
	if err != nil {
		f.t.Fatal(err)
	}
	for _, x := range w {
		left, err := f.src.Residue(ctx, x.Unit, x.Edits)
		if err != nil || len(left) != 0 {
			f.t.Fatalf("residue %d, %v", len(left), err)
		}
	}
	before := f.dump()
	_, again, err := f.src.EraseAll(ctx, w)
	if err != nil {
		f.t.Fatal(err)
	}
	for _, o := range again {
		if o.Deleted != 0 || o.Redacted != o.Shells {
			f.t.Fatalf("the second run did something: %+v", o)
		}
	}
	if after := f.dump(); before != after {
		f.t.Fatalf("the second run changed rows:\n%s\n%s", before, after)
	}
	if f.kind != "sqlite" {
		return out
	}
	if s := f.rows("PRAGMA integrity_check"); len(s) != 1 || s[0] != "ok" {
		f.t.Fatalf("integrity: %v", s)
	}
	return out
}

// dump is the whole content as text.
func (f *fixture) dump() string {
	f.t.Helper()
	var b strings.Builder
	names := map[string]string{
		"sqlite":   "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY 1",
		"postgres": "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY 1",
		"mysql":    "SELECT table_name FROM information_schema.tables WHERE table_schema = database() ORDER BY 1",
	}
	for _, t := range f.rows(names[f.kind]) {
		b.WriteString(t + "\n" + strings.Join(f.rows(`SELECT * FROM `+f.src.d.quote(t)+` ORDER BY 1`), "\n") + "\n")
	}
	return b.String()
}

// rawHas reports whether a text stands in the bytes of the database's files.
func (f *fixture) rawHas(text string) bool {
	f.t.Helper()
	for _, suffix := range []string{"", "-wal", "-journal"} {
		b, err := os.ReadFile(f.path + suffix)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			f.t.Fatal(err)
		}
		if bytes.Contains(b, []byte(text)) {
			return true
		}
	}
	return false
}

func (f *fixture) impatient() { f.src.d.(*sqlite).busy = 50 * time.Millisecond }

package crm

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/apache/arrow/go/v17/arrow/memory"
	_ "github.com/jackc/pgx/v5/stdlib"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/connectortest/server"
)

// serverPool is the servers that the tests of this package share; each is started
// for the first test that asks for it.
type serverPool struct {
	mu    sync.Mutex
	pg    *server.Postgres
	maria *server.MariaDB
	n     int
}

var servers serverPool

func (p *serverPool) stop() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	var errs []error
	if p.pg != nil {
		errs = append(errs, p.pg.Stop())
	}
	if p.maria != nil {
		errs = append(errs, p.maria.Stop())
	}
	return errors.Join(errs...)
}

// database makes an empty database.
func (p *serverPool) database(t testing.TB, kind string) string {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	ctx := context.Background()
	p.n++
	name := fmt.Sprintf("t%d", p.n)
	var dsn string
	var err error
	switch kind {
	case "postgres":
		if p.pg == nil {
			if p.pg, err = server.StartPostgres(ctx, "", "fsync=off", "max_connections=60", "deadlock_timeout=100ms"); err != nil {
				t.Fatal(err)
			}
		}
		dsn, err = p.pg.Database(ctx, name)
	default:
		if p.maria == nil {
			if p.maria, err = server.StartMariaDB(ctx, "", "innodb-flush-log-at-trx-commit=0", "innodb-buffer-pool-size=256M", "log-bin=log", "binlog-expire-logs-seconds=172800"); err != nil {
				t.Fatal(err)
			}
		}
		dsn, err = p.maria.Database(ctx, name)
	}
	if err != nil {
		t.Fatal(err)
	}
	return dsn
}

// onServers runs a test on every server.
func onServers(t *testing.T, fn func(t *testing.T, kind string)) {
	for _, kind := range []string{"postgres", "mysql"} {
		t.Run(kind, func(t *testing.T) { fn(t, kind) })
	}
}

// onAll runs a test on every database product.
func onAll(t *testing.T, fn func(t *testing.T, kind string)) {
	t.Run("sqlite", func(t *testing.T) { fn(t, "sqlite") })
	onServers(t, fn)
}

func newOn(t testing.TB, kind, cat, ddl string) *fixture {
	t.Helper()
	if kind == "sqlite" {
		return newFixture(t, cat, ddl)
	}
	if kind == "mysql" { // it wants the columns named
		ddl = strings.ReplaceAll(ddl, "REFERENCES people ON", "REFERENCES people(id) ON")
	}
	return serverFixture(t, kind, cat, ddl)
}

// serverFixture is a database of a server with a source over it.
func serverFixture(t testing.TB, kind, cat, ddl string) *fixture {
	t.Helper()
	return openServer(t, kind, servers.database(t, kind), cat, ddl)
}

func openServer(t testing.TB, kind, dsn, cat, ddl string) *fixture {
	t.Helper()
	f := &fixture{t: t, kind: kind, dsn: dsn, db: connect(t, kind, dsn)}
	for _, q := range strings.Split(ddl, ";\n") {
		if strings.TrimSpace(q) != "" {
			f.exec(q)
		}
	}
	f.src = f.open(cat, "")
	return f
}

// connect opens a database beside the source.
func connect(t testing.TB, kind, dsn string) *sql.DB {
	t.Helper()
	name := "pgx"
	if kind == "mysql" {
		name = "mysql"
	}
	db, err := sql.Open(name, dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// open opens another source over the fixture's database; params are added to its
// url.
func (f *fixture) open(cat, params string) *source {
	f.t.Helper()
	kind := Postgres()
	url := f.dsn
	if f.kind == "mysql" {
		kind = MySQL()
	}
	if params != "" {
		sep := "?"
		if strings.Contains(url, "?") {
			sep = "&"
		}
		url += sep + params
	}
	src, err := kind.Open(context.Background(), connectors.Config{Name: "crm", URL: url, Dataset: catalog(cat)})
	if err != nil {
		f.t.Fatal(err)
	}
	s := src.(*source)
	mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
	s.mem = mem
	f.t.Cleanup(func() {
		if err := s.Close(); err != nil {
			f.t.Error(err)
		}
		mem.AssertSize(f.t, 0)
	})
	return s
}

// readAll reads every unit of the listing.
func (f *fixture) readAll() map[string]record {
	f.t.Helper()
	out := map[string]record{}
	for _, u := range f.units() {
		locs, recs, _, err := f.collect(f.src.Read(context.Background(), u))
		if err != nil {
			f.t.Fatalf("%s: %v", u.Key, err)
		}
		name, _, _ := strings.Cut(u.Key, "[")
		for _, l := range locs {
			if _, twice := out[name+" "+l]; twice {
				f.t.Fatalf("%s %s is read twice", name, l)
			}
			out[name+" "+l] = recs[l]
		}
	}
	return out
}

package crm

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/connectortest/server"
)

// benchPeople is how many people are erased.
func benchPeople() int {
	if n, err := strconv.Atoi(os.Getenv("SUTRA_SQL_PEOPLE")); err == nil && n > 0 {
		return n
	}
	return 10_000
}

var benchChildren = []string{"calls", "notes", "tickets", "tasks", "visits"}

// benchServer is a server with the tables of the benchmark.
type benchServer struct {
	kind  string
	dsn   string
	used  func() (time.Duration, error) // its processor time
	exec  func(q string) error
	count func(q string) (string, error)
	one   func(id int64) error // erases one person in a transaction of its own
}

// tables makes leads, ten times as many as are erased, each with a row in
// every child table.
func (p benchServer) tables(b *testing.B, people int) {
	b.Helper()
	numbers, first, last := fmt.Sprintf("generate_series(1, %d) AS s(i)", 10*people), "'+91' || (9000000000 + i)", []string{"ANALYZE", "CHECKPOINT"}
	name, mail := "'Asha ' || i", "'asha' || i || '@example.in'"
	if p.kind == "mysql" {
		numbers, first, last = fmt.Sprintf("(SELECT seq AS i FROM seq_1_to_%d) AS s", 10*people), "CONCAT('+91', 9000000000 + i)", []string{"ANALYZE TABLE leads, " + strings.Join(benchChildren, ", ")}
		name, mail = "CONCAT('Asha ', i)", "CONCAT('asha', i, '@example.in')"
	}
	stmts := []string{"DROP TABLE IF EXISTS " + strings.Join(benchChildren, ", ") + ", leads",
		"CREATE TABLE leads (id BIGINT PRIMARY KEY, account_id TEXT NOT NULL, name TEXT, phone TEXT, email TEXT, created_at TIMESTAMP)",
		"INSERT INTO leads SELECT i, 'A1', " + name + ", " + first + ", " + mail + ", now() FROM " + numbers}
	for _, t := range benchChildren {
		stmts = append(stmts, "CREATE TABLE "+t+" (id BIGINT PRIMARY KEY, lead_id BIGINT NOT NULL, phone TEXT, body TEXT, FOREIGN KEY (lead_id) REFERENCES leads(id) ON DELETE CASCADE)",
			"INSERT INTO "+t+" SELECT id, id, phone, 'asked for the price of a press' FROM leads")
		if p.kind == "postgres" { // the other product makes one by itself
			stmts = append(stmts, "CREATE INDEX ON "+t+" (lead_id)")
		}
	}
	for _, q := range append(stmts, last...) {
		if err := p.exec(q); err != nil {
			b.Fatal(err)
		}
	}
}

// benchDeletes are the statements that erase one person, children first.
func benchDeletes(mark string) []string {
	var out []string
	for _, t := range benchChildren {
		out = append(out, "DELETE FROM "+t+" WHERE lead_id = "+mark)
	}
	return append(out, "DELETE FROM leads WHERE id = "+mark)
}

// BenchmarkPostgresErase erases people of a PostgreSQL server as initdb makes it.
func BenchmarkPostgresErase(b *testing.B) {
	ctx := context.Background()
	p, err := server.StartPostgres(ctx, "", "max_wal_size=4GB")
	if err != nil {
		b.Fatal(err)
	}
	defer p.Stop()
	c, err := pgx.Connect(ctx, p.DSN("postgres"))
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close(ctx)
	benchErase(b, benchServer{kind: "postgres", dsn: p.DSN("postgres"), used: p.CPU,
		exec: func(q string) error { _, err := c.Exec(ctx, q); return err },
		count: func(q string) (out string, err error) {
			err = c.QueryRow(ctx, q).Scan(&out)
			return out, err
		},
		one: func(id int64) error {
			tx, err := c.Begin(ctx)
			if err != nil {
				return err
			}
			for _, q := range benchDeletes("$1") {
				if _, err := tx.Exec(ctx, q, id); err != nil {
					return err
				}
			}
			return tx.Commit(ctx)
		}})
}

// BenchmarkMariaDBErase erases people of a MariaDB server as mariadb-install-db makes it.
func BenchmarkMariaDBErase(b *testing.B) {
	ctx := context.Background()
	p, err := server.StartMariaDB(ctx, "")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := p.Stop(); err != nil {
			b.Error(err)
		}
	})
	dsn, err := p.Database(ctx, "crm")
	if err != nil {
		b.Fatal(err)
	}
	db := connect(b, "mysql", dsn)
	var stmts []*sql.Stmt
	benchErase(b, benchServer{kind: "mysql", dsn: dsn, used: p.CPU,
		exec: func(q string) error { _, err := db.ExecContext(ctx, q); return err },
		count: func(q string) (out string, err error) {
			err = db.QueryRowContext(ctx, q).Scan(&out)
			return out, err
		},
		one: func(id int64) error {
			for _, q := range benchDeletes("?")[len(stmts):] { // they are prepared once
				s, err := db.PrepareContext(ctx, q)
				if err != nil {
					return err
				}
				stmts = append(stmts, s)
			}
			tx, err := db.BeginTx(ctx, nil)
			if err != nil {
				return err
			}
			for _, s := range stmts {
				if _, err := tx.StmtContext(ctx, s).ExecContext(ctx, id); err != nil {
					return err
				}
			}
			return tx.Commit()
		}})
}

// benchErase erases people, scattered over the tables, as apply does: in transactions
// of 5,000 rows, each row checked, its units looked at after. Beside it stands one
// transaction a person, six prepared statements by key, without checks. Both servers
// write their log to the disk at every commit, as a database that keeps customers
// does: ten thousand waits for the plain program, a dozen for the batches. Where the disk
// answers at once, or fsync is off, less is gained by that; the processor time, which
// leaves all waiting out, tells what remains. The VACUUM that removes PostgreSQL's dead rows is measured
// apart: the plain program has none.
func benchErase(b *testing.B, p benchServer) {
	ctx, people := context.Background(), benchPeople()
	for b.Loop() {
		p.tables(b, people)
		m := measure(b, p)
		for i := range people {
			if err := p.one(int64(10*i + 5)); err != nil {
				b.Fatal(err)
			}
		}
		single, singleCPU := m()
		want := benchRemaining(b, p)

		p.tables(b, people)
		cat := "leads: id! account_id:account name~ phone@phone email@email"
		for _, t := range benchChildren {
			cat += "\n" + t + ": id! lead_id>leads.id phone@phone body~"
		}
		kind := Postgres()
		if p.kind == "mysql" {
			kind = MySQL()
		}
		src, err := kind.Open(ctx, connectors.Config{Name: "crm", URL: p.dsn, Dataset: catalog(cat)})
		if err != nil {
			b.Fatal(err)
		}
		m = measure(b, p)
		for _, w := range benchWork(people) {
			if _, _, err := src.(*source).EraseAll(ctx, w); err != nil {
				b.Fatal(err)
			}
		}
		batched, batchedCPU := m()
		if err := src.Close(); err != nil { // it removes dead rows first
			b.Fatal(err)
		}
		whole, _ := m()
		if got := benchRemaining(b, p); got != want {
			b.Fatalf("left are %s and %s", got, want)
		}
		b.ReportMetric(single.Seconds(), "s/one-by-one")
		b.ReportMetric(batched.Seconds(), "s/batched")
		b.ReportMetric(single.Seconds()/batched.Seconds(), "x_than_one_transaction_a_person")
		b.ReportMetric(single.Seconds()/whole.Seconds(), "x_with_vacuum")
		b.ReportMetric(singleCPU.Seconds()/batchedCPU.Seconds(), "x_in_cpu")
		b.ReportMetric(singleCPU.Seconds(), "cpu-s/one-by-one")
		b.ReportMetric(batchedCPU.Seconds(), "cpu-s/batched")
	}
}

// measure begins to measure the time, and the processor time of the server and of this
// process together.
func measure(b *testing.B, p benchServer) func() (wall, cpu time.Duration) {
	b.Helper()
	used := func() time.Duration {
		d, err := p.used()
		if err != nil {
			b.Fatal(err)
		}
		var r syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
			b.Fatal(err)
		}
		return d + time.Duration(r.Utime.Nano()+r.Stime.Nano())
	}
	at, cpu := time.Now(), used()
	return func() (time.Duration, time.Duration) { return time.Since(at), used() - cpu }
}

// benchWork is the edits, children first, in transactions of 5,000.
func benchWork(people int) [][]connectors.UnitEdits {
	const batch = 5000
	var out [][]connectors.UnitEdits
	n := batch
	for _, t := range append(benchChildren[:len(benchChildren):len(benchChildren)], "leads") {
		for i := range people {
			if n == batch {
				out, n = append(out, nil), 0
			}
			id := int64(10*i + 5)
			unit := unitKey(t, aligned(id, unitRows))
			last := &out[len(out)-1]
			if k := len(*last); k == 0 || (*last)[k-1].Unit.Key != unit {
				*last = append(*last, work(unit))
			}
			u := &(*last)[len(*last)-1]
			u.Edits = append(u.Edits, connectors.Edit{Locator: fmt.Sprintf("pk=%d", id), Action: connectors.Delete, Check: func(v map[string]string) error {
				if len(v) == 0 {
					return connectors.ErrChanged
				}
				return nil
			}})
			n++
		}
	}
	return out
}

// benchRemaining counts the rows that are left.
func benchRemaining(b *testing.B, p benchServer) string {
	b.Helper()
	var parts []string
	for _, t := range append(benchChildren[:len(benchChildren):len(benchChildren)], "leads") {
		parts = append(parts, "(SELECT concat(count(*), '/', sum(id)) FROM "+t+")")
	}
	out, err := p.count("SELECT concat_ws(' ', " + strings.Join(parts, ", ") + ")")
	if err != nil {
		b.Fatal(err)
	}
	return out
}

package crm

import (
	"context"
	"fmt"
	"os"
	"strconv"
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

// benchTables makes leads, ten times as many as are erased, each with a row in
// every child table.
func benchTables(b *testing.B, c *pgx.Conn, people int) {
	b.Helper()
	stmts := []string{"DROP TABLE IF EXISTS calls, notes, tickets, tasks, visits, leads",
		"CREATE TABLE leads (id BIGINT PRIMARY KEY, account_id TEXT NOT NULL, name TEXT, phone TEXT, email TEXT, created_at TIMESTAMPTZ)",
		fmt.Sprintf("INSERT INTO leads SELECT i, 'A1', 'Asha ' || i, '+91' || (9000000000 + i), 'asha' || i || '@example.in', now() FROM generate_series(1, %d) AS i", 10*people)}
	for _, t := range benchChildren {
		stmts = append(stmts, "CREATE TABLE "+t+" (id BIGINT PRIMARY KEY, lead_id BIGINT NOT NULL REFERENCES leads(id) ON DELETE CASCADE, phone TEXT, body TEXT)",
			"INSERT INTO "+t+" SELECT id, id, phone, 'asked for the price of a press' FROM leads", "CREATE INDEX ON "+t+" (lead_id)")
	}
	for _, q := range append(stmts, "ANALYZE", "CHECKPOINT") {
		if _, err := c.Exec(context.Background(), q); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkPostgresErase erases people, scattered over the tables, as apply does: in
// transactions of 5,000 rows, each row checked before, its units looked at after.
// Beside it stands one transaction a person, six prepared statements by key, without
// checks. The VACUUM that removes the dead rows is measured apart: the plain program
// has none. The server syncs its log as servers do.
func BenchmarkPostgresErase(b *testing.B) {
	ctx, people := context.Background(), benchPeople()
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
	for b.Loop() {
		benchTables(b, c, people)
		m := measure(b, p)
		for i := range people {
			if err := erasePerson(ctx, c, int64(10*i+5)); err != nil {
				b.Fatal(err)
			}
		}
		single, singleCPU := m()
		want := benchRemaining(b, c)

		benchTables(b, c, people)
		cat := "leads: id! account_id:account name~ phone@phone email@email"
		for _, t := range benchChildren {
			cat += "\n" + t + ": id! lead_id>leads.id phone@phone body~"
		}
		src, err := Postgres().Open(ctx, connectors.Config{Name: "crm", URL: p.DSN("postgres"), Dataset: catalog(cat)})
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
		if got := benchRemaining(b, c); got != want {
			b.Fatalf("left are %s and %s", got, want)
		}
		b.ReportMetric(single.Seconds(), "s/one-by-one")
		b.ReportMetric(batched.Seconds(), "s/batched")
		b.ReportMetric(single.Seconds()/batched.Seconds(), "times-faster")
		b.ReportMetric(single.Seconds()/whole.Seconds(), "times-faster-with-vacuum")
		b.ReportMetric(singleCPU.Seconds(), "cpu-s/one-by-one")
		b.ReportMetric(batchedCPU.Seconds(), "cpu-s/batched")
	}
}

// measure begins to measure the time, and the processor time of the server and of this
// process together.
func measure(b *testing.B, p *server.Postgres) func() (wall, cpu time.Duration) {
	b.Helper()
	used := func() time.Duration {
		d, err := p.CPU()
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

func erasePerson(ctx context.Context, c *pgx.Conn, id int64) error {
	tx, err := c.Begin(ctx)
	if err != nil {
		return err
	}
	for _, t := range append(benchChildren[:len(benchChildren):len(benchChildren)], "leads") {
		col := "lead_id"
		if t == "leads" {
			col = "id"
		}
		if _, err := tx.Exec(ctx, "DELETE FROM "+t+" WHERE "+col+" = $1", id); err != nil {
			return err
		}
	}
	return tx.Commit(ctx)
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
func benchRemaining(b *testing.B, c *pgx.Conn) string {
	b.Helper()
	var out string
	err := c.QueryRow(context.Background(), `SELECT concat_ws(' ', (SELECT count(*) || '/' || sum(id) FROM leads), (SELECT count(*) || '/' || sum(id) FROM calls), (SELECT count(*) || '/' || sum(id) FROM notes),
		(SELECT count(*) || '/' || sum(id) FROM tickets), (SELECT count(*) || '/' || sum(id) FROM tasks), (SELECT count(*) || '/' || sum(id) FROM visits))`).Scan(&out)
	if err != nil {
		b.Fatal(err)
	}
	return out
}

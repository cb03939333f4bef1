package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/cratio/sutra/connectors/connectortest/server"
)

// sqlRows is the size of the table of leads.
func sqlRows() int {
	if n, err := strconv.Atoi(os.Getenv("SUTRA_SQL_ROWS")); err == nil && n > 0 {
		return n
	}
	return 5_000_000
}

const sqlColumns = "id, account_id, name, phone, email, remark, created_at, updated_at"

const sqlConfig = `sources:
  crm: {connector: postgres, url: "${CRM_DSN}", catalog: crm.yaml}
`

const sqlCatalog = `dataset:
  - fides_key: crm
    collections:
      - name: leads
        meta: {sutra: {class: account_crm, account: account_id, recorded_at: created_at, erase: delete}}
        fields:
          - {name: id, fides_meta: {primary_key: true}}
          - {name: account_id}
          - {name: name, data_categories: [user.name]}
          - {name: phone, data_categories: [user.contact.phone_number], fides_meta: {identity: phone}}
          - {name: email, data_categories: [user.contact.email], fides_meta: {identity: email}}
          - {name: remark, data_categories: [user.content]}
          - {name: created_at}
          - {name: updated_at}
`

// BenchmarkSQL scans a table of leads into the graph with the real program, and
// beside it reads the same columns with pgx and throws them away. Then 1 % of the rows
// change and it scans again: once the newest rows, as in a CRM from one night to the
// next, and twice rows scattered over the whole table, where no range can be skipped: a
// remark of theirs, and their phone number.
// Two leads belong to one person. Processor time includes the server's.
func BenchmarkSQL(b *testing.B) {
	ctx, rows := context.Background(), sqlRows()
	bin := benchBinary(b)
	p, err := server.StartPostgres(ctx, "", "max_wal_size=8GB", "fsync=off")
	if err != nil {
		b.Fatal(err)
	}
	defer p.Stop()
	c, err := pgx.Connect(ctx, p.DSN("postgres"))
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close(ctx)
	do := func(q string) {
		if _, err := c.Exec(ctx, q); err != nil {
			b.Fatal(err)
		}
	}
	do("CREATE TABLE leads (id BIGINT PRIMARY KEY, account_id TEXT NOT NULL, name TEXT, phone TEXT, email TEXT, remark TEXT, created_at TIMESTAMPTZ, updated_at TIMESTAMPTZ NOT NULL)")
	do(fmt.Sprintf(`INSERT INTO leads SELECT i, 'A' || p %% 3, 'Asha ' || p, '+91' || (9000000000 + p * 7 %% 999999999), 'asha' || p || '@example.in', 'asked for the price of a press, wants a call back', now() - interval '1 day', now()
		FROM (SELECT i, i %% %d AS p FROM generate_series(1, %d) AS i) AS x ORDER BY i`, max(rows/2, 1), rows))
	do("VACUUM ANALYZE leads")
	for b.Loop() {
		dir := sqlSite(b, bin)
		plain := sqlMeasure(b, p, func() (time.Duration, int64) { return sqlPlain(b, c), 0 })
		scan := sqlMeasure(b, p, sqlScan(b, bin, dir, p.DSN("postgres"), rows, rows))
		do(fmt.Sprintf("UPDATE leads SET remark = remark || '.', updated_at = now() WHERE id > %d", rows-rows/100))
		night := sqlMeasure(b, p, sqlScan(b, bin, dir, p.DSN("postgres"), rows/100, rows/50+20_000))
		do("UPDATE leads SET remark = remark || '.', updated_at = now() WHERE id % 100 = 7")
		all := sqlMeasure(b, p, sqlScan(b, bin, dir, p.DSN("postgres"), rows/100, rows))
		do("UPDATE leads SET phone = '+9170' || lpad(id::text, 8, '0'), updated_at = now() WHERE id % 100 = 8")
		phones := sqlMeasure(b, p, sqlScan(b, bin, dir, p.DSN("postgres"), rows/100, rows))
		b.ReportMetric(float64(rows)/scan.wall.Seconds(), "scan_rows/s")
		b.ReportMetric(scan.wall.Seconds()/plain.wall.Seconds(), "scan_times_plain")
		b.ReportMetric(scan.cpu.Seconds()/plain.cpu.Seconds(), "scan_cpu_times_plain")
		b.ReportMetric(night.wall.Seconds()/scan.wall.Seconds(), "newest_1pct_of_scan")
		b.ReportMetric(night.cpu.Seconds()/scan.cpu.Seconds(), "newest_1pct_cpu_of_scan")
		b.ReportMetric(all.wall.Seconds()/scan.wall.Seconds(), "scattered_1pct_of_scan")
		b.ReportMetric(all.cpu.Seconds()/scan.cpu.Seconds(), "scattered_1pct_cpu_of_scan")
		b.ReportMetric(phones.wall.Seconds()/scan.wall.Seconds(), "scattered_1pct_phones_of_scan")
		b.ReportMetric(phones.cpu.Seconds()/scan.cpu.Seconds(), "scattered_1pct_phones_cpu_of_scan")
		b.ReportMetric(float64(scan.rss)/(1<<20), "scan_MiB")
		b.ReportMetric(float64(night.rss)/(1<<20), "newest_1pct_MiB")
		b.ReportMetric(float64(max(all.rss, phones.rss))/(1<<20), "scattered_1pct_MiB")
	}
}

// sqlUse is what one run took.
type sqlUse struct {
	wall, cpu time.Duration
	rss       int64
}

// sqlMeasure runs a job, which returns the processor time that it took on this side of
// the connection and the peak of memory of a program that it started.
func sqlMeasure(b *testing.B, p *server.Postgres, job func() (time.Duration, int64)) sqlUse {
	b.Helper()
	used := func() time.Duration {
		d, err := p.CPU()
		if err != nil {
			b.Fatal(err)
		}
		return d
	}
	at, cpu := time.Now(), used()
	client, rss := job()
	return sqlUse{time.Since(at), used() - cpu + client, rss}
}

// sqlOwn is the processor time of the benchmark itself. It counts for what is read here;
// while a program scans, the benchmark does nothing but watch its memory.
func sqlOwn(b *testing.B) time.Duration {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		b.Fatal(err)
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

// sqlPlain reads the table as fast as pgx can and throws it away.
func sqlPlain(b *testing.B, c *pgx.Conn) time.Duration {
	before := sqlOwn(b)
	rows, err := c.Query(context.Background(), "SELECT "+sqlColumns+" FROM leads", pgx.QueryExecModeSimpleProtocol)
	if err != nil {
		b.Fatal(err)
	}
	var bytes int64
	for rows.Next() {
		for _, v := range rows.RawValues() {
			bytes += int64(len(v))
		}
	}
	if err := rows.Err(); err != nil || bytes == 0 {
		b.Fatal(err, bytes)
	}
	return sqlOwn(b) - before
}

func sqlSite(b *testing.B, bin string) string {
	dir := b.TempDir()
	benchRun(b, bin, dir, "init", "new")
	key, err := os.ReadFile(filepath.Join(dir, "new", "sutra.key"))
	for name, text := range map[string][]byte{"sutra.key": key, "sutra.yaml": []byte(sqlConfig), "crm.yaml": []byte(sqlCatalog)} {
		err = errors.Join(err, os.WriteFile(filepath.Join(dir, name), text, 0o600))
	}
	if err != nil {
		b.Fatal(err)
	}
	return dir
}

// sqlScan scans, and wants a number of records read between least and most.
func sqlScan(b *testing.B, bin, dir, dsn string, least, most int) func() (time.Duration, int64) {
	return func() (time.Duration, int64) {
		b.Setenv("CRM_DSN", dsn)
		r := benchRun(b, bin, dir, "--json", "scan")
		var sum struct{ Records, Gaps int }
		if err := json.Unmarshal([]byte(r.out), &sum); err != nil || sum.Records < least || sum.Records > most || sum.Gaps > 0 {
			b.Fatalf("scan: %s", r.out)
		}
		return r.cpu, r.rss
	}
}

package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// benchRecordings is how many objects the bucket of BenchmarkRecordings has: those of
// SUTRA_BENCH_RECORDINGS, or as many as take a minute.
func benchRecordings() int {
	if n, err := strconv.Atoi(os.Getenv("SUTRA_BENCH_RECORDINGS")); err == nil && n >= 2*lakeAccount {
		return n / lakeAccount * lakeAccount
	}
	return 100_000
}

// BenchmarkRecordings runs the real program on a bucket of call recordings that comes to a
// graph of the CRM: scan, scan again, plan and apply of the retention (90 days, 30 for one
// account), verify. It fails unless exactly the objects that were due are gone, a caller's
// recordings are found by name, sidecar and call log, and no job took more than a GiB of
// its own.
func BenchmarkRecordings(b *testing.B) {
	bin, n := benchBinary(b), benchRecordings()
	for b.Loop() {
		l := newLake(n)
		l.start(b)
		dir := b.TempDir()
		benchConfig(b, bin, dir)
		lakeConfig(b, l, dir)
		job := func(name string, args ...string) string {
			calls := l.calls.Load()
			r := benchRun(b, bin, dir, append([]string{"--json"}, args...)...)
			fmt.Fprintf(os.Stderr, "%-8s %8.1f s wall %8.1f s CPU %5d MiB of its own %6d MiB with mapped files %9d requests\n", name, r.wall.Seconds(), r.cpu.Seconds(), r.anon>>20, r.rss>>20, l.calls.Load()-calls)
			b.ReportMetric(r.wall.Seconds(), name+"_s")
			b.ReportMetric(float64(r.anon>>20), name+"_MiB")
			if r.anon >= memoryBound {
				b.Errorf("%s took %d MiB", name, r.anon>>20)
			}
			return r.out
		}
		job("crm", "scan", "crm") // a source that comes to a graph takes another way than the first
		if out := job("scan", "scan"); !strings.Contains(out, `"gaps":0`) {
			b.Fatalf("scan: %s", out)
		}
		if out := job("again", "scan"); !strings.Contains(out, `"scanned":0,`) {
			b.Fatalf("scan again: %s", out)
		}
		each := lakeAccount/lakeCallers + lakeLogs/lakeCallers // and the rows of the call log
		if out := job("where", "where", "--account", "A0000", lakeObject{caller: 7}.phone()); strings.Count(out, `"type":"copy"`) != each {
			b.Fatalf("where: want %d copies: %s", each, out)
		}
		job("retain", "retain", "-o", "plan")
		job("approve", "apply", "plan", "--approve", "dpo")
		due := 0
		for i := range n {
			if l.at(i).due() {
				due++
			}
		}
		if out := job("apply", "apply", "plan"); !strings.Contains(out, fmt.Sprintf(`"erased":%d,`, due)) || !strings.Contains(out, `"failed":0,"residue":0,`) {
			b.Fatalf("apply: want %d erased: %s", due, out)
		}
		if out := job("verify", "verify"); !strings.Contains(out, `"residue":0`) {
			b.Fatalf("verify: %s", out)
		}
		for i := range n {
			if l.at(i).due() != l.deleted(i) {
				b.Fatalf("object %d: due %v, deleted %v", i, l.at(i).due(), l.deleted(i))
			}
		}
		if w := l.wrong.Load(); w > 0 {
			b.Fatalf("%d requests were not understood", w)
		}
		b.ReportMetric(float64(due), "erased")
		b.ReportMetric(float64(stateSize(b, dir))/float64(n), "state_bytes/object")
	}
}

// lakeConfig writes the configuration, and a CRM whose call log says who is in the
// recordings that say nothing themselves.
func lakeConfig(b *testing.B, l *lake, dir string) {
	const config = `sources:
  crm: {connector: sqlite, url: "file:crm.db", catalog: catalog.yaml}
  recordings: {connector: recordings, url: "s3://lake/calls/", account: {path: 1}}
`
	const catalog = `dataset:
  - fides_key: crm
    collections:
      - name: accounts
        meta: {sutra: {accounts: true, class: account_crm, account: id, trigger: terminated_at, erase: keep}}
        fields: [{name: recording_retention_days, meta: {sutra: {override: call_recording}}}]
      - name: calls
        meta: {sutra: {class: account_crm, account: account_id, recorded_at: called_at, erase: delete}}
        fields:
          - {name: phone, data_categories: [user.contact.phone_number], fides_meta: {identity: phone_number}}
          - {name: recording, fides_meta: {references: [{dataset: recordings, field: calls.key}]}}
`
	err := errors.Join(os.WriteFile(filepath.Join(dir, "sutra.yaml"), []byte(config), 0o600), os.WriteFile(filepath.Join(dir, "catalog.yaml"), []byte(catalog), 0o600))
	if err != nil {
		b.Fatal(err)
	}
	db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "crm.db"))
	if err != nil {
		b.Fatal(err)
	}
	tx, err := db.BeginTx(context.Background(), nil)
	if err != nil {
		b.Fatal(err)
	}
	exec := func(q string, args ...any) {
		if _, err := tx.Exec(q, args...); err != nil {
			b.Fatal(err)
		}
	}
	exec("CREATE TABLE accounts (id TEXT PRIMARY KEY, terminated_at TEXT, recording_retention_days INTEGER)")
	exec("CREATE TABLE calls (id INTEGER PRIMARY KEY, account_id TEXT NOT NULL, phone TEXT, called_at TEXT, recording TEXT)")
	for a := range l.n / lakeAccount {
		exec("INSERT INTO accounts VALUES (?, NULL, NULL)", fmt.Sprintf("A%04d", a))
		for i := a * lakeAccount; i < a*lakeAccount+lakeLogs; i++ {
			o := l.at(i)
			exec("INSERT INTO calls (account_id, phone, called_at, recording) VALUES (?, ?, ?, ?)", fmt.Sprintf("A%04d", a), o.phone(), o.at.Format("2006-01-02T15:04:05Z07:00"), strings.TrimPrefix(l.key(i), "calls/"))
		}
	}
	exec("UPDATE accounts SET recording_retention_days = ? WHERE id = ?", lakeShortDays, fmt.Sprintf("A%04d", lakeShort))
	if err := errors.Join(tx.Commit(), db.Close()); err != nil {
		b.Fatal(err)
	}
}

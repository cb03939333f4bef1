package main

import (
	"bufio"
	"bytes"
	"context"
	stdcsv "encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"

	"github.com/cratio/sutra/pipeline"
)

// plainDecode reads the same files with encoding/csv, encoding/json and parquet-go.
func plainDecode(b *testing.B, dir string) (records int) {
	files, err := filepath.Glob(filepath.Join(dir, "data/*/*"))
	if err != nil {
		b.Fatal(err)
	}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			b.Fatal(err)
		}
		switch filepath.Ext(name) {
		case ".csv":
			r := stdcsv.NewReader(bytes.NewReader(data))
			r.ReuseRecord = true
			for _, err = r.Read(); err == nil; _, err = r.Read() {
				records++
			}
			records-- // the header
		case ".jsonl":
			s := bufio.NewScanner(bytes.NewReader(data))
			for err = nil; s.Scan() && err == nil; records++ {
				var x benchRow
				err = json.Unmarshal(s.Bytes(), &x)
			}
		default:
			var rows []benchRow
			rows, err = parquet.Read[benchRow](bytes.NewReader(data), int64(len(data)))
			records += len(rows)
		}
		if err != nil && !errors.Is(err, io.EOF) {
			b.Fatal(err)
		}
	}
	return records
}

// ownDecode reads the same files through sutra's own readers and does nothing
// with the records.
func ownDecode(b *testing.B, s *pipeline.Site) (records int) {
	for _, src := range s.Sources {
		for u, err := range src.Conn.Units(context.Background()) {
			if err != nil {
				b.Fatal(err)
			}
			for batch, err := range src.Conn.Read(context.Background(), u) {
				if err != nil {
					b.Fatal(err)
				}
				records += int(batch.Rows.NumRows())
			}
		}
	}
	return records
}

// cpuTime is the processor time that this process has used.
func cpuTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// benchSite opens the site inside this process.
func benchSite(b *testing.B, dir string) *pipeline.Site {
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		b.Fatal(err)
	}
	out := &sink{w: null, stderr: null}
	a := &app{stdout: out, stderr: null, config: filepath.Join(dir, "sutra.yaml"), json: true, quiet: true, workers: 2, out: newPrinter(out, null, true, true)}
	s, err := a.open(context.Background(), false)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := null.Close(); err != nil {
			b.Error(err)
		}
	})
	return s
}

// BenchmarkJobs measures scan, re-scan, where, access, retention and erase. Ratios:
// the scan against plainly decoding the same files on one core (wall and processor
// time) and against sutra's own decoding, the re-scans against the scan.
func BenchmarkJobs(b *testing.B) {
	bin := benchBinary(b)
	n := benchRows() + bulkRows + 10*oldPeople*oldTickets
	for b.Loop() {
		dir := benchWorld(b, bin)
		at, cpu := time.Now(), cpuTime(b)
		if got := plainDecode(b, dir); got != n {
			b.Fatalf("the plain decoders read %d of %d records", got, n)
		}
		plain, plainCPU := time.Since(at), cpuTime(b)-cpu
		scan := benchRun(b, bin, dir, "--json", "scan")
		if !strings.Contains(scan.out, fmt.Sprintf(`"records":%d`, n)) {
			b.Fatalf("scan: %s", scan.out)
		}
		b.ReportMetric(float64(n)/scan.wall.Seconds(), "scan_records/s")
		b.ReportMetric(scan.wall.Seconds()/plain.Seconds(), "scan_times_plain")
		b.ReportMetric(scan.cpu.Seconds()/plainCPU.Seconds(), "scan_cpu_times_plain")
		b.ReportMetric(float64(scan.rss)/(1<<20), "scan_MiB")
		b.ReportMetric(float64(stateSize(b, dir))/float64(n), "state_bytes/record")
		again := benchRun(b, bin, dir, "--json", "scan")
		b.ReportMetric(again.wall.Seconds()/scan.wall.Seconds(), "unchanged_of_scan")
		touch(b, dir, benchRows()/perFile/20)
		some := benchRun(b, bin, dir, "--json", "scan")
		b.ReportMetric(some.wall.Seconds()/scan.wall.Seconds(), "5pct_changed_of_scan")
		benchAsk(b, dir, n, plainCPU, scan)
		benchGive(b, bin, dir)
		benchErase(b, bin, dir)
	}
}

// benchAsk asks for a thousand people in one process, after it has measured how
// long sutra's own decoding takes.
func benchAsk(b *testing.B, dir string, n int, plainCPU time.Duration, scan ran) {
	s := benchSite(b, dir)
	cpu := cpuTime(b)
	if got := ownDecode(b, s); got != n {
		b.Fatalf("sutra's decoders read %d of %d records", got, n)
	}
	own := cpuTime(b) - cpu
	b.ReportMetric(own.Seconds()/plainCPU.Seconds(), "decode_cpu_of_plain")
	b.ReportMetric(scan.cpu.Seconds()/own.Seconds(), "scan_cpu_times_own_decode")
	var took []time.Duration
	people := benchRows() / 10
	for i := range 1000 {
		p := 1 + i*(people-1)/1000
		at := time.Now()
		copies, err := s.Where(context.Background(), []string{fmt.Sprintf("asha%d@example.in", p)}, "")
		took = append(took, time.Since(at))
		if err != nil || copies < 9 {
			b.Fatalf("where: %d copies, %v", copies, err)
		}
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "where_p50_ms")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "where_p99_ms")
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
}

// fidesRows is how many rows a second the HTML package of Fides was once reported to
// take (2,500 to 3,000); it is not run here. BenchmarkFides runs it, on these rows of
// six short fields, of which it takes more.
const fidesRows = 3000

// benchGive writes the bundles of the person with 50 records and of the one with
// many.
func benchGive(b *testing.B, bin, dir string) {
	few := benchRun(b, bin, dir, "--json", "access", "asha0@example.in", "-o", "few.zip")
	b.ReportMetric(float64(few.wall.Milliseconds()), "access_50_ms")
	b.ReportMetric(float64(few.rss)/(1<<20), "access_50_MiB")
	many := benchRun(b, bin, dir, "--json", "access", "veena@example.in", "-o", "many.zip")
	if !strings.Contains(many.out, fmt.Sprintf(`"records":%d`, bulkRows)) {
		b.Fatalf("access: %s", many.out)
	}
	b.ReportMetric(bulkRows/many.wall.Seconds(), "access_rows/s")
	b.ReportMetric(bulkRows/many.wall.Seconds()/fidesRows, "access_times_fides")
	b.ReportMetric(float64(many.rss)/(1<<20), "access_many_MiB")
}

// benchErase erases one person, then a thousand in one plan, then, by their retention,
// the old tickets of a thousand.
func benchErase(b *testing.B, bin, dir string) {
	b.ReportMetric(float64(eraseFrom(b, bin, dir, 7, 1).Milliseconds()), "erase_1_ms")
	b.ReportMetric(float64(eraseFrom(b, bin, dir, 100, 1000).Milliseconds()), "erase_1000_ms")
	plan := benchRun(b, bin, dir, "--json", "retain", "-o", "old")
	apply := benchRun(b, bin, dir, "--json", "apply", "old")
	if !strings.Contains(apply.out, fmt.Sprintf(`"erased":%d`, oldPeople*oldTickets)) || !strings.Contains(apply.out, `"residue":0`) {
		b.Fatalf("apply: %s\n%s", plan.out, apply.out)
	}
	b.ReportMetric(float64((plan.wall + apply.wall).Milliseconds()), "retain_1000_ms")
}

// eraseFrom erases n people in one plan, and returns how long planning and applying
// took.
func eraseFrom(b *testing.B, bin, dir string, first, n int) time.Duration {
	var list strings.Builder
	for i := range n {
		fmt.Fprintf(&list, "asha%d@example.in\n", first+i)
	}
	if err := os.WriteFile(filepath.Join(dir, "people"), []byte(list.String()), 0o600); err != nil {
		b.Fatal(err)
	}
	name := fmt.Sprintf("plan%d", first)
	plan := benchRun(b, bin, dir, "--json", "erase", "--from", "people", "-o", name)
	apply := benchRun(b, bin, dir, "--json", "apply", name)
	if !strings.Contains(apply.out, `"residue":0`) || strings.Contains(plan.out, `"records":0`) {
		b.Fatalf("apply: %s\n%s", plan.out, apply.out)
	}
	return plan.wall + apply.wall
}

// touch changes n tables without changing their number of records.
func touch(b *testing.B, dir string, n int) {
	for i := range n {
		name := filepath.Join(dir, fmt.Sprintf("data/leads/%04d.csv", i*3+3))
		data, err := os.ReadFile(name)
		if err == nil {
			err = os.WriteFile(name, bytes.Replace(data, []byte("call back"), []byte("call soon"), 1), 0o644)
		}
		if err != nil {
			b.Fatal(err)
		}
	}
}

func stateSize(b *testing.B, dir string) (size int64) {
	err := filepath.WalkDir(filepath.Join(dir, "state"), func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		var st syscall.Stat_t
		err = syscall.Stat(path, &st)
		size += st.Blocks * 512
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	return size
}

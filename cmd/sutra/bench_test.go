package main

import (
	"bufio"
	"bytes"
	stdcsv "encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"
)

// The benchmarks of whole jobs run the real program on exports of SUTRA_BENCH_ROWS
// records in three formats, and beside each the plainest program that could do it.

func benchRows() int {
	if n, err := strconv.Atoi(os.Getenv("SUTRA_BENCH_ROWS")); err == nil && n > 0 {
		return n
	}
	return 300_000
}

const benchFiles = 30

type benchRow struct {
	ID     string `parquet:"id" json:"id"`
	Name   string `parquet:"name" json:"name"`
	Phone  string `parquet:"phone" json:"phone"`
	Email  string `parquet:"email" json:"email"`
	Remark string `parquet:"remark" json:"remark"`
	At     string `parquet:"at" json:"at"`
}

var (
	benchFirst = strings.Fields("Asha Bela Chitra Deepak Esha Farhan Gita Harsh Indira Jatin Kavita Lalit Meena Nikhil Omkar Pooja Rohit Sunita Tarun Usha Vijay Yash Zoya Ananya Bharat")
	benchLast  = strings.Fields("Verma Rao Sharma Iyer Khan Patel Singh Gupta Nair Joshi Das Mehta Reddy Kulkarni Bose Chauhan Pillai Shetty Mishra Yadav Kaur Fernandes Thakur Saxena")
)

// benchPerson makes row i. A person has ten rows, which stand far apart in
// different files; the first one has 50.
func benchPerson(i int) benchRow {
	people := benchRows() / 10
	p := i % people
	if i < 40 {
		p = 0
	}
	name := benchFirst[p%len(benchFirst)] + " " + benchLast[p/len(benchFirst)%len(benchLast)]
	at := time.Unix(1_776_000_000+int64(i)*37, 0).In(time.FixedZone("", 19800)).Format(time.RFC3339)
	return benchRow{strconv.Itoa(i), name, fmt.Sprintf("+9198%08d", 10_000_000+p*7), fmt.Sprintf("asha%d@example.in", p), "asked for the price of a press, wants a call back", at}
}

// benchWorld writes the exports and the configuration.
func benchWorld(b *testing.B, bin string) string {
	dir := b.TempDir()
	write := func(name string, data []byte) {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, data, 0o644)); err != nil {
			b.Fatal(err)
		}
	}
	per := benchRows() / benchFiles
	for f := range benchFiles {
		var rows []benchRow
		for i := f * per; i < (f+1)*per; i++ {
			rows = append(rows, benchPerson(i))
		}
		var out bytes.Buffer
		switch name := fmt.Sprintf("data/leads/%02d", f); f % 3 {
		case 0:
			w := stdcsv.NewWriter(&out)
			err := w.Write([]string{"id", "name", "phone", "email", "remark", "at"})
			for _, r := range rows {
				err = errors.Join(err, w.Write([]string{r.ID, r.Name, r.Phone, r.Email, r.Remark, r.At}))
			}
			if w.Flush(); err != nil {
				b.Fatal(err)
			}
			write(name+".csv", out.Bytes())
		case 1:
			enc := json.NewEncoder(&out)
			for _, r := range rows {
				if err := enc.Encode(r); err != nil {
					b.Fatal(err)
				}
			}
			write(name+".jsonl", out.Bytes())
		default:
			if err := parquet.Write(&out, rows); err != nil {
				b.Fatal(err)
			}
			write(name+".parquet", out.Bytes())
		}
	}
	write("sutra.yaml", []byte("sources:\n  files: {connector: files, url: \"file:data/\", catalog: catalog.yaml, account: A1}\n"))
	write("catalog.yaml", []byte(`dataset:
  - fides_key: files
    collections:
      - name: leads
        meta: {sutra: {class: account_crm, recorded_at: at, erase: delete}}
        fields:
          - {name: id}
          - {name: name, data_categories: [user.name]}
          - {name: phone, data_categories: [user.contact.phone_number], fides_meta: {identity: phone}}
          - {name: email, data_categories: [user.contact.email], fides_meta: {identity: email}}
          - {name: remark, data_categories: [user.content]}
          - {name: at}
`))
	benchRun(b, bin, dir, "init", "new")
	key, err := os.ReadFile(filepath.Join(dir, "new", "sutra.key"))
	if err != nil {
		b.Fatal(err)
	}
	write("sutra.key", key)
	return dir
}

// ran is what one run of the program took.
type ran struct {
	wall time.Duration
	rss  int64 // bytes at its peak
	out  string
}

func benchRun(b *testing.B, bin, dir string, args ...string) ran {
	b.Helper()
	c := exec.Command(bin, args...)
	c.Dir = dir
	var errs bytes.Buffer
	c.Stderr = &errs
	at := time.Now()
	out, err := c.Output()
	if err != nil {
		b.Fatalf("sutra %s: %v\n%s", args[0], err, errs.String())
	}
	use, ok := c.ProcessState.SysUsage().(*syscall.Rusage)
	if !ok {
		b.Fatal("no resource usage on this system")
	}
	return ran{time.Since(at), use.Maxrss << 10, string(out)}
}

func benchBinary(b *testing.B) string {
	bin := filepath.Join(b.TempDir(), "sutra")
	if out, err := exec.Command("go", "build", "-o", bin, ".").CombinedOutput(); err != nil {
		b.Fatalf("build: %v\n%s", err, out)
	}
	return bin
}

// plainDecode reads the same files with encoding/csv, encoding/json and parquet-go.
func plainDecode(b *testing.B, dir string) (records int) {
	files, err := filepath.Glob(filepath.Join(dir, "data/leads/*"))
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

// BenchmarkJobs measures scan, re-scan, where, access and erase. Ratios: the scan
// against plainly decoding the same files, the re-scans against the scan.
func BenchmarkJobs(b *testing.B) {
	bin := benchBinary(b)
	n := benchRows() / benchFiles * benchFiles
	for b.Loop() {
		dir := benchWorld(b, bin)
		at := time.Now()
		if got := plainDecode(b, dir); got != n {
			b.Fatalf("the plain decoders read %d of %d records", got, n)
		}
		plain := time.Since(at)
		scan := benchRun(b, bin, dir, "--json", "scan")
		if !strings.Contains(scan.out, fmt.Sprintf(`"records":%d`, n)) {
			b.Fatalf("scan: %s", scan.out)
		}
		b.ReportMetric(float64(n)/scan.wall.Seconds(), "scan_records/s")
		b.ReportMetric(scan.wall.Seconds()/plain.Seconds(), "scan_times_plain")
		b.ReportMetric(float64(scan.rss)/(1<<20), "scan_MiB")
		b.ReportMetric(float64(stateSize(b, dir))/float64(n), "state_bytes/record")
		again := benchRun(b, bin, dir, "--json", "scan")
		b.ReportMetric(again.wall.Seconds()/scan.wall.Seconds(), "unchanged_of_scan")
		touch(b, dir, 2)
		some := benchRun(b, bin, dir, "--json", "scan")
		b.ReportMetric(some.wall.Seconds()/scan.wall.Seconds(), "7pct_changed_of_scan")
		benchAsk(b, bin, dir)
	}
}

// benchAsk measures what is done for one person: the first one has 50 records.
func benchAsk(b *testing.B, bin, dir string) {
	where := benchRun(b, bin, dir, "--json", "where", "asha0@example.in")
	if strings.Count(where.out, `"type":"copy"`) != 50 {
		b.Fatalf("where: %s", where.out)
	}
	b.ReportMetric(float64(where.wall.Milliseconds()), "where_ms")
	access := benchRun(b, bin, dir, "--json", "access", "asha0@example.in", "-o", "a.zip")
	b.ReportMetric(float64(access.wall.Milliseconds()), "access_ms")
	b.ReportMetric(float64(access.rss)/(1<<20), "access_MiB")
	plan := benchRun(b, bin, dir, "--json", "erase", "asha0@example.in", "-o", "plan")
	apply := benchRun(b, bin, dir, "--json", "apply", "plan")
	if !strings.Contains(apply.out, `"erased":50`) || !strings.Contains(apply.out, `"residue":0`) {
		b.Fatalf("apply: %s", apply.out)
	}
	b.ReportMetric(float64((plan.wall + apply.wall).Milliseconds()), "erase_ms")
}

// touch changes files without changing their number of records.
func touch(b *testing.B, dir string, n int) {
	for i := range n {
		name := filepath.Join(dir, fmt.Sprintf("data/leads/%02d.csv", i*3+3))
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

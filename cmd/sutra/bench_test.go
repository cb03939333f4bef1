package main

import (
	"bytes"
	stdcsv "encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
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
// leads (a million unless told) in files of 10,000, in three formats, and beside
// each the plainest program that could do it. Beside the leads stand the many
// leads of one person, and tickets, some of which are past their retention.

func benchRows() int {
	if n, err := strconv.Atoi(os.Getenv("SUTRA_BENCH_ROWS")); err == nil && n >= 50*perFile {
		return n / perFile * perFile
	}
	return 1_000_000
}

const (
	perFile    = 10_000
	bulkRows   = 100_000 // leads of the person who has many
	oldPeople  = 1_000   // whose tickets are past their retention
	oldTickets = 5       // of each of them
)

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
	for f := range benchRows() / perFile {
		var rows []benchRow
		for i := f * perFile; i < (f+1)*perFile; i++ {
			rows = append(rows, benchPerson(i))
		}
		var out bytes.Buffer
		switch name := fmt.Sprintf("data/leads/%04d", f); f % 3 {
		case 0:
			write(name+".csv", benchCSV(b, rows))
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
	var bulk, tickets []benchRow
	for i := range bulkRows {
		r := benchPerson(i + 1000)
		r.ID, r.Name, r.Phone, r.Email = fmt.Sprint("b", i), "Veena Murthy", "+919700012345", "veena@example.in"
		bulk = append(bulk, r)
	}
	for i := range 10 * oldPeople * oldTickets {
		r := benchPerson(i + 2000)
		r.ID = fmt.Sprint("t", i)
		if i%10 == 0 { // of another thousand people
			r.Phone, r.At = fmt.Sprintf("+9199%08d", 10_000_000+i/10%oldPeople*7), "2019-01-05T10:00:00+05:30"
			r.Email = fmt.Sprintf("old%d@example.in", i/10%oldPeople)
		}
		tickets = append(tickets, r)
	}
	write("data/leads/bulk.csv", benchCSV(b, bulk))
	write("data/tickets/all.csv", benchCSV(b, tickets))
	benchConfig(b, bin, dir)
	return dir
}

// benchConfig writes configuration, catalog and key.
func benchConfig(b *testing.B, bin, dir string) {
	write := func(name string, data []byte) {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			b.Fatal(err)
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
      - name: tickets
        meta: {sutra: {class: support_ticket, recorded_at: at, trigger: at, erase: delete}}
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
}

// benchCSV writes rows as a table.
func benchCSV(b *testing.B, rows []benchRow) []byte {
	var out bytes.Buffer
	w := stdcsv.NewWriter(&out)
	err := w.Write([]string{"id", "name", "phone", "email", "remark", "at"})
	for _, r := range rows {
		err = errors.Join(err, w.Write([]string{r.ID, r.Name, r.Phone, r.Email, r.Remark, r.At}))
	}
	if w.Flush(); errors.Join(err, w.Error()) != nil {
		b.Fatal(err)
	}
	return out.Bytes()
}

// ran is what one run of the program took.
type ran struct {
	wall time.Duration
	cpu  time.Duration
	rss  int64 // bytes at its peak
	anon int64 // of these, its own: files that it maps are not in it
	out  string
}

func benchRun(b *testing.B, bin, dir string, args ...string) ran {
	b.Helper()
	c := exec.Command(bin, args...)
	c.Dir = dir
	var errs bytes.Buffer
	c.Stderr = &errs
	var out bytes.Buffer
	c.Stdout = &out
	at := time.Now()
	if err := c.Start(); err != nil {
		b.Fatal(err)
	}
	peak, done := make(chan [2]int64), make(chan struct{})
	go func() {
		all, own := peakOf(c.Process.Pid, done)
		peak <- [2]int64{all, own}
	}()
	err := c.Wait()
	wall := time.Since(at)
	close(done)
	most := <-peak
	if err != nil {
		b.Fatalf("sutra %s: %v\n%s", args[0], err, errs.String())
	}
	use, ok := c.ProcessState.SysUsage().(*syscall.Rusage)
	if !ok {
		b.Fatal("no resource usage on this system")
	}
	return ran{wall, time.Duration(use.Utime.Nano() + use.Stime.Nano()), most[0], most[1], out.String()}
}

// peakOf watches the most memory that a process has used, in bytes, until done: all of
// it, and what is its own. What the kernel tells at the end of a process counts what its
// parent used before it began. Of a long run it looks less often: looking takes time from
// the process.
func peakOf(pid int, done chan struct{}) (all, own int64) {
	wait := 2 * time.Millisecond
	for n := 0; ; n++ {
		if n == 100 {
			wait = 20 * time.Millisecond
		}
		select {
		case <-done:
			return all, own
		case <-time.After(wait):
		}
		data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
		if err != nil {
			continue // it is gone
		}
		all, own = max(all, statusBytes(data, "VmHWM:")), max(own, statusBytes(data, "RssAnon:"))
	}
}

// statusBytes is a size of a process's status, 0 when it does not tell it.
func statusBytes(status []byte, name string) int64 {
	_, rest, ok := strings.Cut(string(status), name)
	if !ok {
		return 0
	}
	kb, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
	if err != nil {
		return 0
	}
	return kb << 10
}

func benchBinary(b *testing.B) string {
	bin := filepath.Join(b.TempDir(), "sutra")
	if out, err := exec.Command("go", "build", "-o", bin, ".").CombinedOutput(); err != nil {
		b.Fatalf("build: %v\n%s", err, out)
	}
	return bin
}

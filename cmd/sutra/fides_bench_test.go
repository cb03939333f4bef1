//go:build interop

package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// fidesAtOnce is how many rows Fides is given: it holds its whole package in memory.
const fidesAtOnce = 20_000

// BenchmarkFides makes the bundle of the person with many records, and gives her first
// rows to the package builder of Fides, in the Python named by FIDES_PYTHON. sutra is
// measured as a whole command, which starts, finds the person and reads her records
// from their source; Fides has the rows in memory already, and its start is not
// counted. Its pages are not compressed.
func BenchmarkFides(b *testing.B) {
	python := os.Getenv("FIDES_PYTHON")
	if python == "" {
		b.Fatal("FIDES_PYTHON names no Python with Fides: make bench-access")
	}
	bin := benchBinary(b)
	for b.Loop() {
		dir := benchWorld(b, bin)
		benchRun(b, bin, dir, "--json", "scan")
		many := benchRun(b, bin, dir, "--json", "access", "veena@example.in", "-o", "many.zip")
		if !strings.Contains(many.out, fmt.Sprintf(`"records":%d`, bulkRows)) {
			b.Fatalf("access: %s", many.out)
		}
		few := benchRun(b, bin, dir, "--json", "access", "asha0@example.in", "-o", "few.zip")
		f := fides(b, python, filepath.Join(dir, "data/leads/bulk.csv"))
		b.ReportMetric(bulkRows/many.wall.Seconds(), "access_rows/s")
		b.ReportMetric(bulkRows/many.cpu.Seconds(), "access_rows/cpu_s")
		b.ReportMetric(float64(many.rss-few.rss)/bulkRows, "access_bytes/row")
		b.ReportMetric(float64(f.Rows)/f.Seconds, "fides_rows/s")
		b.ReportMetric(float64(f.Rows)/f.CPU, "fides_rows/cpu_s")
		b.ReportMetric(f.Memory/float64(f.Rows), "fides_bytes/row")
		b.ReportMetric(bulkRows/many.wall.Seconds()*f.Seconds/float64(f.Rows), "access_times_fides")
		b.ReportMetric(bulkRows/many.cpu.Seconds()*f.CPU/float64(f.Rows), "access_cpu_times_fides")
	}
}

// fidesTook is what fides_package.py prints.
type fidesTook struct {
	Rows, Items, Held    int
	Seconds, CPU, Memory float64 // processor seconds; bytes at the peak, more than before
}

// fides builds Fides' package of the first rows of a table.
func fides(b *testing.B, python, table string) (f fidesTook) {
	c := exec.Command(python, "interop/fides_package.py", table, fmt.Sprint(fidesAtOnce))
	c.Env = append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1")
	var errs strings.Builder
	c.Stderr = &errs
	out, err := c.Output()
	if err == nil {
		err = json.Unmarshal(out, &f)
	}
	if err != nil || f.Items != fidesAtOnce || f.Held < 50 {
		b.Fatalf("fides: %v %+v\n%s", err, f, errs.String())
	}
	return f
}

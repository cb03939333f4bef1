package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// memoryBound is how much memory a scan may take, whatever its input.
const memoryBound = 1 << 30

// largeInputs are inputs that are large in every way that a reader could stumble
// over: what comes before, what is repeated how often, what comes behind.
var largeInputs = []struct {
	name, head, repeat string
	times              int
	tail               string
}{
	{"long.csv", "id,phone\n1,9820145678\n2,", strings.Repeat("x", 1<<10), 100 << 10, "\n3,9820145679\n"},
	{"wide.csv", strings.Repeat("c,", 16_000) + "c\n", strings.Repeat("value,", 16_000) + "v\n", 800, ""},
	{"values.jsonl", `{"id":"1","x":[1`, ",1", 25 << 20, "]}\n{\"id\":\"2\",\"phone\":\"9820145678\"}\n"},
	{"text.jsonl", `{"id":"1","remark":"`, "100% off & more, call 98201 45678 or asha%40example.com ", 1 << 20, "\"}\n"},
	{"document.json", `{"id":"1","x":[1`, `,{"a":1}`, 30 << 20, "]}"},
	{"array.json", `[{"id":"0"}`, `,{"id":"1","phone":"9820145678","nested":{"a":[1,2,3]}}`, 1 << 20, "]"},
}

// BenchmarkMemory scans such inputs with the real program, two at a time, and fails
// when the program takes a GiB. What is too large must be told as a gap.
func BenchmarkMemory(b *testing.B) {
	bin := benchBinary(b)
	for b.Loop() {
		dir := b.TempDir()
		for _, h := range largeInputs {
			writeHostile(b, filepath.Join(dir, "data/leads", h.name), h.head, h.repeat, h.times, h.tail)
		}
		benchConfig(b, bin, dir)
		c := exec.Command(bin, "--json", "scan", "--workers", "2")
		c.Dir = dir
		out, err := c.Output()
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.ExitCode() != exitGaps {
			b.Fatalf("scan: %v, want the status of gaps\n%s", err, out)
		}
		for _, want := range []string{`long.csv","reason":"line 3: a line of more than`, `values.jsonl","reason":"line 1: the JSON holds more than`, `document.json","reason":"object: a record of more than`} {
			if !strings.Contains(string(out), want) {
				b.Fatalf("scan does not tell of %s:\n%s", want, out)
			}
		}
		use, ok := c.ProcessState.SysUsage().(*syscall.Rusage)
		if !ok {
			b.Fatal("no resource usage on this system")
		}
		if use.Maxrss<<10 >= memoryBound {
			b.Fatalf("the scan took %d MiB", use.Maxrss>>10)
		}
		b.ReportMetric(float64(use.Maxrss)/1024, "peak_MiB")
	}
}

func writeHostile(b *testing.B, path, head, repeat string, times int, tail string) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		b.Fatal(err)
	}
	f, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	w := bufio.NewWriterSize(f, 1<<20)
	_, err = fmt.Fprint(w, head)
	for i := 0; i < times && err == nil; i++ {
		_, err = w.WriteString(repeat)
	}
	if err == nil {
		_, err = w.WriteString(tail)
	}
	if err := errors.Join(err, w.Flush(), f.Close()); err != nil {
		b.Fatal(err)
	}
}

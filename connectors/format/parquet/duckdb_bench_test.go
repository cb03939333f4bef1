//go:build interop

package parquet

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/blob"
	"github.com/cratio/sutra/connectors/format"
)

// python runs a script of the folder interop and returns what it printed. The
// variable PARQUET_PYTHON names the interpreter; see interop/venv.sh.
func python(t testing.TB, args ...string) string {
	t.Helper()
	py := os.Getenv("PARQUET_PYTHON")
	if py == "" {
		t.Fatal("PARQUET_PYTHON is not set: make bench-parquet and make interop-parquet set it")
	}
	args[0] = filepath.Join("interop", args[0])
	cmd := exec.Command(py, args...)
	var diag bytes.Buffer
	cmd.Stderr = &diag
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(args, " "), err, diag.String())
	}
	return string(out)
}

// cost is what a run took.
type cost struct {
	wall, cpu float64 // seconds
	peak      int64   // bytes of memory at most, where it is known
}

func (c cost) String() string { return fmt.Sprintf("%.2f s wall, %.2f s CPU", c.wall, c.cpu) }

// spent measures fn: the memory of this process is what the kernel saw at most.
func spent(t testing.TB, fn func()) cost {
	t.Helper()
	if err := os.WriteFile("/proc/self/clear_refs", []byte("5"), 0o600); err != nil {
		t.Fatal(err)
	}
	var a, b syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &a); err != nil {
		t.Fatal(err)
	}
	from := time.Now()
	fn()
	wall := time.Since(from).Seconds()
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &b); err != nil {
		t.Fatal(err)
	}
	cpu := func(r *syscall.Rusage) int64 { return r.Utime.Nano() + r.Stime.Nano() }
	return cost{wall: wall, cpu: float64(cpu(&b)-cpu(&a)) / 1e9, peak: mostMemory(t)}
}

func mostMemory(t testing.TB) int64 {
	t.Helper()
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(b), "VmHWM:")
	kb, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return kb << 10
}

// median of the walls; a machine is noisy.
func median(list []cost) cost {
	slices.SortFunc(list, func(a, b cost) int {
		if a.wall < b.wall {
			return -1
		}
		return 1
	})
	return list[len(list)/2]
}

// BenchmarkDuckDB erases rows of a file of five million through the whole path
// that sutra takes, beside DuckDB and beside a copy, and compares the results.
// BENCH_DIR is where the files are kept, BENCH_ROUNDS how often each is done.
func BenchmarkDuckDB(b *testing.B) {
	dir := os.Getenv("BENCH_DIR")
	if dir == "" {
		b.Fatal("BENCH_DIR is not set: make bench-parquet sets it")
	}
	rounds, err := strconv.Atoi(os.Getenv("BENCH_ROUNDS"))
	if err != nil {
		rounds = 3
	}
	if _, err := os.Stat(filepath.Join(dir, "arrow.parquet")); err != nil {
		python(b, "bench.py", "make", dir)
	}
	for _, file := range []string{"duckdb", "arrow"} {
		for _, n := range []int{1, 100, 5000} {
			b.Run(fmt.Sprintf("%s/%d", file, n), func(b *testing.B) {
				for b.Loop() {
					race(b, dir, filepath.Join(dir, file+".parquet"), n, rounds)
				}
			})
		}
	}
	for _, file := range []string{"duckdb", "arrow"} {
		b.Run(file+"/decode", func(b *testing.B) {
			for b.Loop() {
				decodeRace(b, filepath.Join(dir, file+".parquet"), rounds)
			}
		})
	}
}

// race does each of the three once a round, so that they see the same machine.
func race(b *testing.B, dir, file string, n, rounds int) {
	store := filepath.Join(dir, "store")
	ours, theirs, ids := filepath.Join(store, "x.parquet"), filepath.Join(dir, "theirs.parquet"), filepath.Join(dir, "ids.csv")
	rng := rand.New(rand.NewPCG(7, uint64(n)))
	var edits []connectors.Edit
	var list strings.Builder
	gone := slices.Clone(rng.Perm(totalRows(b, file))[:n]) // not the memory of all
	for _, id := range gone {
		fmt.Fprintln(&list, id)
		edits = append(edits, edit(id, connectors.Delete, nil))
	}
	if err := os.WriteFile(ids, []byte(list.String()), 0o600); err != nil {
		b.Fatal(err)
	}
	var mine, duck, plain []cost
	var did *work
	for range rounds {
		copyFile(b, file, ours)
		syscall.Sync()
		did = &work{}
		mine = append(mine, spent(b, func() { eraseIn(b, store, edits, did) }))
		syscall.Sync()
		plain = append(plain, spent(b, func() { copyFile(b, file, filepath.Join(dir, "copy.parquet")) }))
		syscall.Sync()
		var d cost
		if _, err := fmt.Sscan(python(b, "bench.py", "copy", file, theirs, ids), &d.wall, &d.cpu); err != nil {
			b.Fatal(err)
		}
		duck = append(duck, d)
	}
	python(b, "bench.py", "same", ours, theirs)
	m, d, p := median(mine), median(duck), median(plain)
	fmt.Printf("\n%s, %d rows: sutra %v, %d MB of memory; DuckDB %v; cp + fsync %.2f s. Of DuckDB's wall %.3f, of its CPU %.3f, of cp + fsync %.2f; size %.3f of DuckDB's\n",
		filepath.Base(file), n, m, m.peak>>20, d, p.wall, m.wall/d.wall, m.cpu/d.cpu, m.wall/p.wall, size(b, ours)/size(b, theirs))
	fmt.Printf("%s\n  %d MB were decompressed, %d MB compressed anew; of the changed pages %d MB stayed compressed as they were and %d MB with other distances\n",
		least(b, file, gone), did.unpacked.Load()>>20, did.packed.Load()>>20, did.kept.Load()>>20, did.carried.Load()>>20)
	b.ReportMetric(m.wall/d.wall, "of-DuckDB")
	b.ReportMetric(m.wall/p.wall, "of-copy")
	b.ReportMetric(float64(m.peak>>20), "MB-peak")
}

// least says how large the data pages are that hold one of the rows: no rewrite of
// pages can do with less, and a dictionary that loses an entry comes on top.
func least(b *testing.B, file string, rows []int) string {
	fh, err := os.Open(file)
	if err != nil {
		b.Fatal(err)
	}
	defer fh.Close()
	f, err := openFile(fh, int64(size(b, file)))
	if err != nil {
		b.Fatal(err)
	}
	var hit, all, hitBytes, allBytes, dicts int
	for _, g := range f.groups {
		var drop []int64
		for _, row := range rows {
			if r := int64(row) - g.first; r >= 0 && r < g.rows {
				drop = append(drop, r)
			}
		}
		slices.Sort(drop)
		for k := range g.chunks {
			table, err := f.pages(&g.chunks[k], g.rows)
			if err != nil {
				b.Fatal(err)
			}
			at := table.pages
			if table.dict != nil {
				at = append(at, *table.dict)
			}
			for i := range at {
				rp, err := f.page(&at[i], &g.chunks[k], nil)
				if err != nil {
					b.Fatal(err)
				}
				switch {
				case rp.kind == dictPage && len(drop) > 0:
					dicts += rp.size
				case rp.kind != dictPage && at[i].touches(drop):
					hit, hitBytes = hit+1, hitBytes+rp.size
				}
				all, allBytes = all+1, allBytes+rp.size
			}
		}
	}
	return fmt.Sprintf("  %d of %d pages, %d of %d MB, hold a row that goes; the dictionaries of their groups hold %d MB", hit, all, hitBytes>>20, allBytes>>20, dicts>>20)
}

func size(b *testing.B, file string) float64 {
	fi, err := os.Stat(file)
	if err != nil {
		b.Fatal(err)
	}
	return float64(fi.Size())
}

func totalRows(b *testing.B, file string) int {
	fh, err := os.Open(file)
	if err != nil {
		b.Fatal(err)
	}
	defer fh.Close()
	f, err := openFile(fh, int64(size(b, file)))
	if err != nil {
		b.Fatal(err)
	}
	return int(f.footer.int(3, 0))
}

// copyFile is cp and fsync.
func copyFile(b *testing.B, from, to string) {
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		b.Fatal(err)
	}
	if out, err := exec.Command("cp", from, to).CombinedOutput(); err != nil {
		b.Fatalf("cp: %v %s", err, out)
	}
	fh, err := os.OpenFile(to, os.O_WRONLY, 0)
	if err != nil {
		b.Fatal(err)
	}
	if err := fh.Sync(); err != nil {
		b.Fatal(err)
	}
	if err := fh.Close(); err != nil {
		b.Fatal(err)
	}
}

// eraseIn erases in the object x.parquet of a folder.
func eraseIn(b *testing.B, folder string, edits []connectors.Edit, did *work) {
	ctx := context.Background()
	conf := connectors.Config{Name: "bench", URL: "file:" + folder}
	src, err := format.Open(ctx, conf, func(blob.Object, string) (format.Codec, error) {
		return &codec{dataset: "set", cat: peopleCat, mem: memory.DefaultAllocator, work: did}, nil
	}, nil)
	if err != nil {
		b.Fatal(err)
	}
	_, out, err := src.Erase(ctx, connectors.Unit{Key: "x.parquet"}, edits)
	if err != nil || out.Deleted != len(edits) {
		b.Fatal(out, err)
	}
	if err := src.Close(); err != nil {
		b.Fatal(err)
	}
}

// decodeRace reads three of the twenty columns on one thread.
func decodeRace(b *testing.B, file string, rounds int) {
	cols := []string{"phone", "name", "city"}
	var mine, duck []cost
	for range rounds {
		mine = append(mine, spent(b, func() {
			fh, err := os.Open(file)
			if err != nil {
				b.Fatal(err)
			}
			defer fh.Close()
			in := format.Input{At: func() (io.ReaderAt, int64, error) { return fh, int64(size(b, file)), nil }}
			rows := int64(0)
			err = Narrow("set", peopleCat, cols).Decode(context.Background(), in, func(x connectors.Batch) error {
				rows += x.Rows.NumRows()
				x.Rows.Release()
				return nil
			})
			if err != nil || int(rows) != totalRows(b, file) {
				b.Fatal(rows, err)
			}
		}))
		var d cost
		if _, err := fmt.Sscan(python(b, "bench.py", "read", file, strings.Join(cols, ",")), &d.wall, &d.cpu); err != nil {
			b.Fatal(err)
		}
		duck = append(duck, d)
	}
	m, d := median(mine), median(duck)
	fmt.Printf("\n%s, 3 of 20 columns: sutra %v; DuckDB on one thread %v. Of its wall %.3f, of its CPU %.3f\n", filepath.Base(file), m, d, m.wall/d.wall, m.cpu/d.cpu)
	b.ReportMetric(m.cpu/d.cpu, "of-DuckDB-CPU")
}

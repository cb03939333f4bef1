//go:build interop

package parquet

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	pq "github.com/parquet-go/parquet-go"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/format"
)

// TestInterop erases rows of files that other programs wrote, and lets PyArrow
// and DuckDB judge the results, row by row. What was erased must not stand in the
// bytes, packed or unpacked.
func TestInterop(t *testing.T) {
	dir := t.TempDir()
	t.Log(python(t, "files.py", "make", dir))
	if os.Getenv("PARQUET_SPARK") != "" {
		t.Log(python(t, "files.py", "spark", dir))
	}
	goWriters(t, dir)
	files, err := filepath.Glob(filepath.Join(dir, "*.parquet"))
	if err != nil || len(files) < 40 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	var jobs strings.Builder
	n := 0
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		pf, err := openFile(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			t.Fatalf("%s: %v", f, err)
		}
		for k, rows := range choices(int(pf.footer.int(3, 0))) {
			after := fmt.Sprintf("%s.after%d.parquet", strings.TrimSuffix(f, ".parquet"), k)
			if err := os.WriteFile(after, erased(t, f, data, rows), 0o600); err != nil {
				t.Fatal(err)
			}
			var texts []string
			for _, r := range rows {
				texts = append(texts, strconv.Itoa(r))
			}
			fmt.Fprintln(&jobs, f, after, strings.Join(texts, ","))
			n++
		}
	}
	cmd := exec.Command(os.Getenv("PARQUET_PYTHON"), "interop/files.py", "all", dir)
	cmd.Stdin = strings.NewReader(jobs.String())
	out, err := cmd.CombinedOutput()
	if err != nil || strings.Contains(string(out), "FAIL") {
		t.Errorf("%v\n%s", err, out)
	}
	t.Logf("%d files, %d erasures compared\n%s", len(files), n, out)
}

// choices are the sets of rows that are erased of a file of n rows, one time each.
func choices(n int) [][]int {
	if n == 0 {
		return nil
	}
	rng := rand.New(rand.NewPCG(3, uint64(n)))
	out := [][]int{{n / 3}, {0, n - 1}}
	if n > 4 {
		out = append(out, rng.Perm(n)[:n/5])
		var stretch []int
		for i := n / 4; i < n*3/4; i++ {
			stretch = append(stretch, i)
		}
		out = append(out, stretch)
	}
	return out
}

func erased(t *testing.T, name string, data []byte, rows []int) []byte {
	t.Helper()
	var list []connectors.Edit
	for _, r := range rows {
		list = append(list, edit(r, connectors.Delete, nil))
	}
	var out bytes.Buffer
	edits := format.NewEdits(list)
	if _, err := New("set", peopleCat).Rewrite(context.Background(), input(data), &out, edits); err != nil {
		t.Fatalf("%s without %v: %v", name, rows, err)
	}
	if o := edits.Outcome(); o.Deleted != len(rows) || o.Missing > 0 {
		t.Fatalf("%s: %+v", name, o)
	}
	plain, err := unpackAll(out.Bytes())
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	for _, r := range rows {
		if bytes.Contains(plain, []byte(token(r))) || bytes.Contains(out.Bytes(), []byte(token(r))) {
			t.Errorf("%s without %v: row %d still stands in the bytes", name, rows, r)
		}
	}
	return out.Bytes()
}

// goWriters adds files of the Go implementations.
func goWriters(t *testing.T, dir string) {
	for name, c := range codecs {
		for version := 1; version <= 2; version++ {
			type row struct {
				ID    int64    `parquet:"id"`
				Email string   `parquet:"email"`
				City  string   `parquet:"city,dict"`
				Score *float64 `parquet:"score,split"`
				Seq   int64    `parquet:"seq,delta"`
				Tags  []string `parquet:"tags,list"`
			}
			var rows []row
			for i := range 200 {
				r := row{ID: int64(i), Email: token(i) + "@example.com", City: fmt.Sprint("city ", i%9), Seq: int64(i * i)}
				if i%3 > 0 {
					r.Score, r.Tags = ptr(float64(i)/3), []string{token(i), "x"}
				}
				rows = append(rows, r)
			}
			data := write(t, rows, 70, pq.Compression(c), pq.DataPageVersion(version), pq.PageBufferSize(400), pq.BloomFilters(pq.SplitBlockFilter(10, "email")))
			put(t, filepath.Join(dir, fmt.Sprintf("parquetgo_%s_v%d.parquet", name, version)), data)
		}
	}
	for _, name := range append(slices.Clone(golden), shapes...) { // Arrow Go among them
		put(t, filepath.Join(dir, name+".parquet"), readGolden(t, name))
	}
}

func put(t *testing.T, name string, data []byte) {
	t.Helper()
	if err := os.WriteFile(name, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

package parquet

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cratio/sutra/connectors"
)

// The files under testdata hold the same 60 rows, written by other programs:
// PyArrow (version 1 and 2 pages, page indexes, bloom filters, the delta
// encodings, checksums), DuckDB and a plain script.
var golden = []string{"arrow_v1", "arrow_v2", "duckdb", "mini"}

// shapes holds files of few rows in the ways of other writers; see
// testdata/README.md.
var shapes = []string{"pages_v1", "pages_v2", "int96", "delta", "arrowgo_v1", "arrowgo_v2", "spark"}

func TestShapes(t *testing.T) {
	for _, name := range shapes {
		t.Run(name, func(t *testing.T) {
			data := readGolden(t, name)
			checkMetadata(t, data)
			n := len(flat(t, data))
			for _, rows := range [][]int{{n / 3}, {0, n - 1}, {1, 2, 3, 11, 12, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39}} {
				gone := map[int]bool{}
				var list []connectors.Edit
				for _, r := range rows {
					gone[r] = true
					list = append(list, edit(r, connectors.Delete, nil))
				}
				after, left, _ := rewrite(t, peopleCat, data, list...)
				if left != n-len(rows) {
					t.Errorf("%d rows are left of %d without %d", left, n, len(rows))
				}
				checkErased(t, data, after, gone)
			}
		})
	}
}

func readGolden(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name+".parquet"))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func expected(t testing.TB) []map[string]string {
	t.Helper()
	text, err := os.ReadFile("testdata/expected.json")
	if err != nil {
		t.Fatal(err)
	}
	var rows []map[string]string
	if err := json.Unmarshal(text, &rows); err != nil {
		t.Fatal(err)
	}
	return rows
}

// sameRows compares the columns that the file has.
func sameRows(t *testing.T, got, want []map[string]string) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d rows, want %d", len(got), len(want))
	}
	for i, w := range want {
		for k, v := range got[i] {
			if k == connectors.LocatorColumn || k == "event_date" || k == "score" { // the last is read where it has no bounds
				continue
			}
			if w[k] != v {
				t.Errorf("row %d: %s is %q, want %q", i+1, k, v, w[k])
			}
		}
		for _, k := range []string{"id", "email", "params"} {
			if _, ok := got[i][k]; !ok && w[k] != "" {
				t.Errorf("row %d has no %s", i+1, k)
			}
		}
	}
}

func TestGoldenDecode(t *testing.T) {
	for _, name := range golden {
		t.Run(name, func(t *testing.T) {
			rows, gaps, err := rowsOf(t, peopleCat, readGolden(t, name))
			if err != nil || len(gaps) > 0 {
				t.Fatal(err, gaps)
			}
			sameRows(t, rows, expected(t))
			if name != "mini" && len(rows[4]) < 13 {
				t.Errorf("columns are missing: %v", rows[4])
			}
			if rows[59][connectors.LocatorColumn] != "row 60" {
				t.Errorf("locator %q", rows[59][connectors.LocatorColumn])
			}
		})
	}
}

func TestGoldenErase(t *testing.T) {
	for _, name := range golden {
		t.Run(name, func(t *testing.T) {
			data := readGolden(t, name)
			gone := map[int]bool{}
			var list []connectors.Edit
			for _, i := range []int{0, 1, 2, 3, 26, 27, 58, 59} {
				gone[i] = true
				list = append(list, edit(i, connectors.Delete, nil))
			}
			after, left, _ := rewrite(t, peopleCat, data, list...)
			if left != 52 {
				t.Fatalf("%d rows are left", left)
			}
			checkErased(t, data, after, gone)
			rows, gaps, err := rowsOf(t, peopleCat, after)
			if err != nil || len(gaps) > 0 {
				t.Fatal(err, gaps)
			}
			var want []map[string]string
			for i, w := range expected(t) {
				if !gone[i] {
					want = append(want, w)
				}
			}
			sameRows(t, rows, want)
		})
	}
}

func TestGoldenRedact(t *testing.T) {
	for _, name := range golden {
		t.Run(name, func(t *testing.T) {
			who := 29
			after, _, out := rewrite(t, peopleCat, readGolden(t, name), edit(who, connectors.Redact, func(f connectors.Field, v string) (string, connectors.Verdict) {
				if f.Look == connectors.LookJSON || !strings.Contains(v, token(who)) {
					return v, connectors.Same
				}
				return strings.ReplaceAll(v, token(who), "gone"), connectors.Set
			}))
			if out.Redacted != 1 {
				t.Fatalf("%+v", out)
			}
			plain, err := unpackAll(after)
			if err != nil {
				t.Fatal(err)
			}
			if bytes.Contains(plain, []byte(token(who))) {
				t.Error("the redacted value still stands in the bytes")
			}
			want := expected(t)
			for k, v := range want[who] {
				want[who][k] = strings.ReplaceAll(v, token(who), "gone")
			}
			rows, gaps, err := rowsOf(t, peopleCat, after)
			if err != nil || len(gaps) > 0 {
				t.Fatal(err, gaps)
			}
			sameRows(t, rows, want)
			if n := len(flat(t, after)); n != 60 {
				t.Error(fmt.Sprint(n, " rows"))
			}
		})
	}
}

package parquet

import (
	"bytes"
	"strings"
	"testing"

	pq "github.com/parquet-go/parquet-go"

	"github.com/cratio/sutra/connectors"
)

// TestEditedPage drops the first row of a page, changes a value in it that others have, too,
// and empties a nested value in another row group: what the metadata say holds, and what went
// stands nowhere.
func TestEditedPage(t *testing.T) {
	type geo struct {
		Who string `parquet:"who,dict"`
	}
	type row struct {
		City string `parquet:"city,dict"`
		Geo  *geo   `parquet:"geo,optional"`
	}
	var rows []row
	for i := range 40 {
		rows = append(rows, row{[]string{"Pune", "Kochi"}[i%2], &geo{token(i)}})
	}
	const dropped, changed, emptied = 0, 7, 29
	for _, version := range []int{1, 2} {
		data := write(t, rows, len(rows)/2, pq.DataPageVersion(version), pq.BloomFilters(pq.SplitBlockFilter(10, "city")))
		now := func(f connectors.Field, v string) (string, connectors.Verdict) {
			switch {
			case f.Name == "city":
				return "Surat", connectors.Set
			case f.Look == connectors.LookJSON:
				return "", connectors.Empty
			}
			return v, connectors.Same
		}
		city := func(f connectors.Field, v string) (string, connectors.Verdict) {
			if f.Name == "city" {
				return now(f, v)
			}
			return v, connectors.Same
		}
		after, left, _ := rewrite(t, peopleCat, data, edit(dropped, connectors.Delete, nil), edit(changed, connectors.Redact, city), edit(emptied, connectors.Redact, now))
		if left != len(rows)-1 {
			t.Fatalf("%d rows are left", left)
		}
		checkMetadata(t, after)
		all, err := unpackAll(after)
		if err != nil {
			t.Fatal(err)
		}
		for i, want := range map[int]bool{dropped: false, changed: true, emptied: false} {
			if got := bytes.Contains(all, []byte(token(i))); got != want {
				t.Errorf("version %d: the value of row %d stands in the bytes: %v", version, i, got)
			}
		}
		if n := strings.Count(string(all), "Surat"); n == 0 {
			t.Error("the new value stands nowhere")
		}
		f, err := openFile(bytes.NewReader(after), int64(len(after)))
		if err != nil {
			t.Fatal(err)
		}
		for i := range f.groups[0].chunks {
			if f.groups[0].chunks[i].rec.int(6, 0) == 0 {
				t.Errorf("version %d: column %d lost its column index", version, i)
			}
		}
	}
}

// TestCountedNulls: nulls that nobody counted stay uncounted.
func TestCountedNulls(t *testing.T) {
	l := &leaf{typ: pInt64, width: 8}
	for _, c := range []struct{ counted, more, want int64 }{{-1, 2, -9}, {1, 2, 3}, {2, -2, 0}, {1, -2, -9}} {
		var st record
		if c.counted >= 0 {
			st.setInt(3, tI64, c.counted)
		}
		now := statistics(l, st, nil, nil, c.more)
		if got := now.int(3, -9); got != c.want {
			t.Errorf("%d and %d more are %d, want %d", c.counted, c.more, got, c.want)
		}
	}
}

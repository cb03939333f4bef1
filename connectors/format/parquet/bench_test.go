package parquet

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"testing"

	pq "github.com/parquet-go/parquet-go"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/format"
)

const benchRows = 200_000

// twenty makes a file of twenty string columns, half of them with a dictionary.
func twenty(b *testing.B) []byte {
	b.Helper()
	g := pq.Group{}
	for i := range 20 {
		n := pq.Optional(pq.String())
		if i%2 == 0 {
			n = pq.Encoded(n, &pq.RLEDictionary)
		} else {
			n = pq.Encoded(n, &pq.Plain)
		}
		g[fmt.Sprintf("c%02d", i)] = n
	}
	var out bytes.Buffer
	w := pq.NewWriter(&out, pq.NewSchema("s", g), pq.Compression(&pq.Zstd))
	row := make(pq.Row, 20)
	for i := range benchRows {
		for k := range row {
			v := fmt.Sprintf("value %d %d", k, i)
			if k%2 == 0 {
				v = fmt.Sprintf("value %d %d", k, i*7%1000)
			}
			row[k] = pq.ByteArrayValue([]byte(v)).Level(0, 1, k)
		}
		if _, err := w.WriteRows([]pq.Row{row}); err != nil {
			b.Fatal(err)
		}
		if i%50_000 == 49_999 {
			if err := w.Flush(); err != nil {
				b.Fatal(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		b.Fatal(err)
	}
	return out.Bytes()
}

// BenchmarkDecode reads three of twenty string columns; the values view of
// parquet-go is there to compare.
func BenchmarkDecode(b *testing.B) {
	data := twenty(b)
	cols := []string{"c00", "c01", "c02"}
	b.Run("sutra", func(b *testing.B) {
		for b.Loop() {
			err := Narrow("set", peopleCat, cols).Decode(context.Background(), input(data), func(x connectors.Batch) error {
				x.Rows.Release()
				return nil
			})
			if err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(benchRows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
	})
	b.Run("parquet-go", func(b *testing.B) {
		for b.Loop() {
			f, err := pq.OpenFile(bytes.NewReader(data), int64(len(data)))
			if err != nil {
				b.Fatal(err)
			}
			vals := make([]pq.Value, 1024)
			for _, g := range f.RowGroups() {
				for _, c := range g.ColumnChunks()[:len(cols)] {
					drain(b, c.Pages(), vals)
				}
			}
		}
		b.ReportMetric(float64(benchRows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
	})
}

func drain(b *testing.B, pages pq.Pages, vals []pq.Value) {
	for {
		p, err := pages.ReadPage()
		if err == io.EOF {
			break
		}
		if err != nil {
			b.Fatal(err)
		}
		for r := p.Values(); ; {
			if _, err := r.ReadValues(vals); err != nil {
				break
			}
		}
		pq.Release(p)
	}
	if err := pages.Close(); err != nil {
		b.Fatal(err)
	}
}

func BenchmarkErase(b *testing.B) {
	data := twenty(b)
	for _, n := range []int{1, 100} {
		b.Run(strings.TrimSpace(fmt.Sprint(n, " rows")), func(b *testing.B) {
			var list []connectors.Edit
			for i := range n {
				list = append(list, edit(1000+i*benchRows/n/2, connectors.Delete, nil))
			}
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				if _, err := New("set", peopleCat).Rewrite(context.Background(), input(data), io.Discard, format.NewEdits(list)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

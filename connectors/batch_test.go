package connectors_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/cratio/sutra/connectors"
)

// cells are the values of a batch, row by row; nil is null.
type cells [][]*string

func cellsOf(b connectors.Batch) (out cells) {
	for r := range int(b.Rows.NumRows()) {
		row := make([]*string, b.Rows.NumCols())
		for c := range row {
			if v, ok := connectors.Value(b.Rows, c, r); ok {
				v = strings.Clone(v)
				row[c] = &v
			}
		}
		out = append(out, row)
	}
	return out
}

// TestBuilderAgainstModel builds batches in every way and compares what is in them
// with what was put in, batch after batch in memory that is used again.
func TestBuilderAgainstModel(t *testing.T) {
	mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
	defer mem.AssertSize(t, 0)
	value := rapid.SampledFrom([]string{"", "a", "12345678", "0123456789abcdef", "0123456789abcdefg", strings.Repeat("long ", 100)})
	rapid.Check(t, func(t *rapid.T) {
		width := rapid.IntRange(1, 4).Draw(t, "width")
		fields := make([]connectors.Field, width)
		for i := range fields {
			fields[i].Name = fmt.Sprintf("c%d", i)
		}
		b := connectors.NewBuilder(mem, "leads", fields)
		defer b.Release()
		for range rapid.IntRange(1, 3).Draw(t, "batches") {
			var want cells
			var at []int64
			placed := false
			add := func() []*string {
				loc := fmt.Sprintf("row %d", len(want))
				row := make([]*string, width+1)
				row[0] = &loc
				want = append(want, row)
				pos := int64(0)
				if rapid.Bool().Draw(t, "placed") {
					pos, placed = int64(len(want)*10), true
					b.RowAt(loc, pos)
				} else {
					b.Row(loc)
				}
				at = append(at, pos)
				return row
			}
			many := rapid.SampledFrom([]int{1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 300}).Draw(t, "times")
			for range rapid.IntRange(1, 8).Draw(t, "steps") * many {
				if rapid.Bool().Draw(t, "one") {
					row := add()
					for range rapid.IntRange(0, width+1).Draw(t, "sets") {
						i, v := rapid.IntRange(0, width-1).Draw(t, "column"), value.Draw(t, "value")
						b.Set(i, v)
						if row[i+1] == nil { // the first counts
							row[i+1] = &v
						}
					}
					continue
				}
				n, eol := rapid.IntRange(1, 5).Draw(t, "rows"), rapid.IntRange(1, 2).Draw(t, "line end")
				text, ends := "", []int32{-int32(eol)}
				for range n {
					row := add()
					for i := range width {
						v := value.Draw(t, "cell")
						text += v
						ends = append(ends, int32(len(text)))
						if v != "" {
							row[i+1] = &v
						}
						if text += ","; i == width-1 && eol == 2 {
							text += "\n"
						}
					}
				}
				b.Fill([]byte(text), ends, n, eol)
			}
			out := b.Flush()
			if diff := cmp.Diff(want, cellsOf(out)); diff != "" {
				t.Fatal(diff)
			}
			for i := range out.Rows.Columns() {
				nulls := 0
				for _, r := range want {
					if r[i] == nil {
						nulls++
					}
				}
				if got := out.Rows.Column(i).NullN(); got != nulls {
					t.Fatalf("column %d says %d nulls of %d", i, got, nulls)
				}
			}
			if !placed {
				at = nil
			}
			if diff := cmp.Diff(at, out.At); diff != "" {
				t.Fatal(diff)
			}
			out.Rows.Release()
		}
	})
}

// TestBatchOutlivesBuilder reads a batch when its builder is gone.
func TestBatchOutlivesBuilder(t *testing.T) {
	mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
	defer mem.AssertSize(t, 0)
	b := connectors.NewBuilder(mem, "leads", []connectors.Field{{Name: "id"}})
	b.Row("row 1")
	b.Set(0, "7")
	first := b.Flush()
	b.Row("row 2")
	b.Release()
	if v, ok := connectors.Value(first.Rows, 1, 0); !ok || v != "7" {
		t.Errorf("%q %v", v, ok)
	}
	first.Rows.Release()
}

// TestWideBatchesAreShort holds the memory of a table of thousands of columns.
func TestWideBatchesAreShort(t *testing.T) {
	b := connectors.NewBuilder(memory.DefaultAllocator, "leads", make([]connectors.Field, 16_000))
	defer b.Release()
	for range 100 {
		b.Row("row")
	}
	if !b.Full() || b.Room() != 0 {
		t.Errorf("100 rows of 16,000 columns are not full")
	}
}

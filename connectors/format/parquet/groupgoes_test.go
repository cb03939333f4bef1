package parquet

import (
	"testing"

	pq "github.com/parquet-go/parquet-go"

	"github.com/cratio/sutra/connectors"
)

// TestGroupThatGoes holds that a row group all of whose rows are erased leaves nothing
// behind: it may be so small that it looks like the gap between two groups that stay, and
// what it held may stand in the metadata of the footer.
func TestGroupThatGoes(t *testing.T) {
	type row struct {
		ID    int64  `parquet:"id"`
		Email string `parquet:"email"`
	}
	for name, codec := range codecs {
		for _, gone := range [][]int{{1}, {1, 2}, {0, 2, 4}, {5}} {
			var rows []row
			for i := range 6 {
				rows = append(rows, row{int64(i), token(i) + "@example.com"})
			}
			data := write(t, rows, 1, pq.Compression(codec), pq.KeyValueMetadata("origin", "for "+token(1)+"@example.com, "+token(2)+"@example.com"))
			var list []connectors.Edit
			for _, i := range gone {
				list = append(list, edit(i, connectors.Delete, nil))
			}
			after, left, _ := rewrite(t, peopleCat, data, list...)
			if left != len(rows)-len(gone) {
				t.Fatalf("%s: %d rows are left", name, left)
			}
			set := map[int]bool{}
			for _, i := range gone {
				set[i] = true
			}
			checkErased(t, data, after, set)
		}
	}
}

package parquet

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"github.com/cratio/sutra/connectors"
)

// TestEmptyPage holds that no page without a value is left in a chunk that is cut. Arrow
// writes such pages, and takes one that begins a chunk for the end of the column: the rows
// that stay could not be read any more.
func TestEmptyPage(t *testing.T) {
	data := readGolden(t, "empty_page")
	if emptyPages(t, data) == 0 {
		t.Fatal("the file has no page without a value")
	}
	after, left, _ := rewrite(t, peopleCat, data, edit(0, connectors.Delete, nil))
	if left != 1 {
		t.Fatalf("%d rows are left", left)
	}
	if n := emptyPages(t, after); n > 0 {
		t.Errorf("%d pages without a value are left", n)
	}
	checkMetadata(t, after)
	rows, gaps, err := rowsOf(t, peopleCat, after)
	if err != nil || len(gaps) > 0 || len(rows) != 1 || rows[0]["email"] != "b2@example.org" {
		t.Errorf("%v, %v, %v", rows, gaps, err)
	}
}

func emptyPages(t *testing.T, data []byte) int {
	t.Helper()
	f, err := openFile(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, g := range f.groups {
		for i := range g.chunks {
			for pg := newPager(f, &g.chunks[i]); ; {
				rp, err := pg.next()
				if errors.Is(err, io.EOF) {
					break
				}
				if err != nil {
					t.Fatal(err)
				}
				if rp.kind != dictPage && rp.n == 0 {
					n++
				}
			}
		}
	}
	return n
}

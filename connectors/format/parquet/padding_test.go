package parquet

import (
	"bytes"
	"errors"
	"hash/crc32"
	"io"
	"slices"
	"testing"

	pq "github.com/parquet-go/parquet-go"

	"github.com/cratio/sutra/connectors"
)

// TestPaddingBeyond: a page in which only what fills its last group up points behind a
// dictionary that became shorter is written anew, as Polars refuses it else.
func TestPaddingBeyond(t *testing.T) {
	type row struct {
		Who string `parquet:"who,dict"`
	}
	const entries, width, last = 30, 5, 3
	var b bytes.Buffer
	w := pq.NewGenericWriter[row](&b, pq.Compression(&pq.Uncompressed), pq.PageBufferSize(4*entries))
	for i := range entries + last {
		if i >= entries {
			i %= 2
		}
		if _, err := w.Write([]row{{token(i)}}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	data := b.Bytes()
	page, body := lastPage(t, data)
	filled := packBits([]byte{width}, []uint32{0, 1, 0, entries - 1, entries - 1, entries - 1, entries - 1, entries - 1}, width)
	head := page.head.clone()
	head.setInt(4, tI32, int64(int32(crc32.ChecksumIEEE(filled))))
	again := append(head.encode(nil), filled...)
	if len(again) != len(page.all) {
		t.Fatalf("the last page has %d bytes, not %d", len(page.all), len(again))
	}
	copy(data[body-page.headLen:], again)
	before := flat(t, data)
	for _, gone := range []int{entries - 1, 2} {
		after, _, _ := rewrite(t, peopleCat, data, edit(gone, connectors.Delete, nil))
		checkMetadata(t, after)
		page, _ := lastPage(t, after)
		if got := slices.Max(unpackBits(nil, page.body[2:], width, 8)); got >= entries-1 {
			t.Errorf("without row %d the last group is filled up with entry %d of %d", gone+1, got, entries-1)
		}
		if got, want := flat(t, after), slices.Delete(slices.Clone(before), gone, gone+1); !slices.EqualFunc(got, want, slices.Equal) {
			t.Errorf("without row %d: %v, want %v", gone+1, got, want)
		}
	}
}

// lastPage is the last page of a file, and where its body stands.
func lastPage(t *testing.T, data []byte) (last *rawPage, body int) {
	t.Helper()
	f, err := openFile(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	ch := &f.groups[0].chunks[0]
	for pg := newPager(f, ch); ; {
		rp, err := pg.next()
		if errors.Is(err, io.EOF) {
			return last, int(ch.start+ch.size) - len(last.body)
		}
		if err != nil {
			t.Fatal(err)
		}
		last = rp
	}
}

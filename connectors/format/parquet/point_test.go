package parquet

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	pq "github.com/parquet-go/parquet-go"
	"pgregory.net/rapid"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/format"
)

// meter counts the bytes that are read, and written other than as ranges.
type meter struct {
	io.ReaderAt
	size          int64
	read, written atomic.Int64
	moved         int64
	out           bytes.Buffer
}

func newMeter(data []byte) *meter {
	return &meter{ReaderAt: bytes.NewReader(data), size: int64(len(data))}
}

func (m *meter) ReadAt(b []byte, off int64) (int, error) {
	m.read.Add(int64(len(b)))
	return m.ReaderAt.ReadAt(b, off)
}

func (m *meter) Write(b []byte) (int, error) {
	m.written.Add(int64(len(b)))
	return m.out.Write(b)
}

func (m *meter) CopyOld(off, n int64) error {
	m.moved += n
	_, err := io.Copy(&m.out, io.NewSectionReader(m.ReaderAt, off, n))
	return err
}

func (m *meter) input() format.Input {
	return format.Input{Key: "x.parquet", At: func() (io.ReaderAt, int64, error) { return m, m.size, nil }}
}

func pick(t testing.TB, m *meter, rows ...int) map[string]map[string]string {
	t.Helper()
	got := map[string]map[string]string{}
	var refs []connectors.Ref
	for _, r := range rows {
		refs = append(refs, connectors.Ref{Collection: "people", Locator: fmt.Sprintf("row %d", r+1)})
	}
	err := New("set", peopleCat).(*codec).DecodeAt(context.Background(), m.input(), refs, func(b connectors.Batch) error {
		defer b.Rows.Release()
		for r := range int(b.Rows.NumRows()) {
			x := map[string]string{}
			for i, f := range b.Rows.Schema().Fields() {
				if v, ok := connectors.Value(b.Rows, i, r); ok {
					x[f.Name] = string([]byte(v))
				}
			}
			if got[x[connectors.LocatorColumn]] != nil {
				t.Errorf("%s came twice", x[connectors.LocatorColumn])
			}
			got[x[connectors.LocatorColumn]] = x
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// TestDecodeAtProperty checks that single rows are what Decode says of them,
// whatever the pages look like.
func TestDecodeAtProperty(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.IntRange(1, 400).Draw(rt, "rows")
		data := write(t, people(n), rapid.IntRange(1, n).Draw(rt, "group"), pq.DataPageVersion(rapid.IntRange(1, 2).Draw(rt, "version")),
			pq.PageBufferSize(rapid.SampledFrom([]int{64, 500, 100000}).Draw(rt, "page")), pq.Compression(codecs[rapid.SampledFrom([]string{"none", "zstd"}).Draw(rt, "codec")]))
		all, _, err := rowsOf(t, peopleCat, data)
		if err != nil {
			rt.Fatal(err)
		}
		rows := rapid.SliceOfN(rapid.IntRange(0, n+2), 1, 9).Draw(rt, "which")
		want := map[string]map[string]string{}
		for _, r := range rows {
			if r < n {
				delete(all[r], "score") // read where it has no bounds
				want[all[r][connectors.LocatorColumn]] = all[r]
			}
		}
		got := pick(rt2{t, rt}, newMeter(data), rows...)
		for _, x := range got { // columns in which nothing can be found are handed out all the same
			if x["score"] == "" || x["half"] == "" {
				rt.Fatal("columns are missing")
			}
			for _, k := range []string{"score", "half", "ok"} {
				delete(x, k)
			}
		}
		if d := cmp.Diff(want, got); d != "" {
			rt.Fatal(d)
		}
	})
}

// rt2 is a testing.TB that fails the rapid run too.
type rt2 struct {
	testing.TB
	rt *rapid.T
}

func (r rt2) Fatal(args ...any)                 { r.rt.Fatal(args...) }
func (r rt2) Errorf(format string, args ...any) { r.rt.Errorf(format, args...) }

type letter struct {
	ID    int64  `parquet:"id"`
	Email string `parquet:"email"`
	Text  string `parquet:"text"`
}

// large is a file of fifty row groups of about a megabyte, whose pages are small
// against it.
func large(t testing.TB) []byte {
	rows := make([]letter, 50_000)
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range rows {
		text := make([]byte, 1000)
		for k := range text {
			text[k] = byte('a' + rng.IntN(26))
		}
		rows[i] = letter{int64(i), token(i) + "@example.com", string(text)}
	}
	return write(t, rows, 1000, pq.PageBufferSize(64<<10))
}

// TestFewBytes counts what one row of a large file costs: to read it, and to
// erase it. Ranges that the store moves by itself cost nothing.
func TestFewBytes(t *testing.T) {
	data := large(t)
	m := newMeter(data)
	if got := pick(t, m, 30_000); len(got) != 1 || got["row 30001"]["id"] != "30000" {
		t.Fatalf("%v", got)
	}
	if share := float64(m.read.Load()) / float64(m.size); share > 0.01 {
		t.Errorf("reading one row reads %.4f of the object", share)
	}
	m = newMeter(data)
	if _, err := New("set", peopleCat).Rewrite(context.Background(), m.input(), m, newEdits(30_000)); err != nil {
		t.Fatal(err)
	}
	checkErased(t, data, m.out.Bytes(), map[int]bool{30_000: true})
	cost := float64(m.read.Load()+m.written.Load()) / float64(m.size)
	if cost > 0.03 || m.moved+m.written.Load() != int64(m.out.Len()) {
		t.Errorf("erasing one row reads %d and writes %d of %d bytes", m.read.Load(), m.written.Load(), m.size)
	}
	t.Logf("of %d bytes: %d read, %d written, %d moved", m.size, m.read.Load(), m.written.Load(), m.moved)
}

// TestBytesOfPlainPages erases a row whose value stands in a dictionary that its writer
// gave up: the pages behind, which hold their values, are not read, for their headers say so.
func TestBytesOfPlainPages(t *testing.T) {
	type note struct {
		Text string `parquet:"text,dict"`
	}
	rows := make([]note, 60_000)
	for i := range rows {
		rows[i].Text = fmt.Sprintf("%s %s %s", token(i), token(i+100_000), token(i+200_000))
	}
	data := write(t, rows, len(rows), pq.DictionaryMaxBytes(64<<10), pq.PageBufferSize(64<<10))
	f, err := openFile(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	table, err := f.pages(&f.groups[0].chunks[0], int64(len(rows)))
	if err != nil || table.dict == nil || len(table.pages) < 5 {
		t.Fatal("the file is not what it is for", err, len(table.pages))
	}
	m := newMeter(data)
	if _, err := New("set", peopleCat).Rewrite(context.Background(), m.input(), m, newEdits(5)); err != nil {
		t.Fatal(err)
	}
	checkErased(t, data, m.out.Bytes(), map[int]bool{5: true})
	if m.read.Load() > m.size/2 {
		t.Errorf("%d of %d bytes are read", m.read.Load(), m.size)
	}
	t.Logf("%d of %d bytes in %d pages", m.read.Load(), m.size, len(table.pages))
}

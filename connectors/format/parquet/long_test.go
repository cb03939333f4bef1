package parquet

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/snappy"
	pq "github.com/parquet-go/parquet-go"

	"github.com/cratio/sutra/connectors"
)

// inParts has every page of the test read in parts of a few values.
func inParts(t testing.TB) {
	from, values, size := longFrom, partValues, partBytes
	t.Cleanup(func() { longFrom, partValues, partBytes = from, values, size })
	longFrom, partValues, partBytes = 1, 7, 64
}

// TestInParts repeats what is shown of pages, with pages read in parts.
func TestInParts(t *testing.T) {
	inParts(t)
	for name, test := range map[string]func(*testing.T){
		"shapes": TestDecodeShapes, "golden": TestGoldenDecode, "columns": TestColumns, "numbers": TestDecodeOnlyNumbers,
		"small batches": TestBatchesStaySmall, "points": TestDecodeAtProperty, "narrow": TestNarrow, "stops": TestStopsWhenAsked,
	} {
		t.Run(name, test)
	}
}

// TestPartsEqualPages decodes one file both ways, of every codec and version.
func TestPartsEqualPages(t *testing.T) {
	type remark struct {
		person
		Note  *string  `parquet:"note,optional,plain"`
		Count *int64   `parquet:"count,optional,plain"`
		All   string   `parquet:"all,plain"`
		Each  []string `parquet:"each,list" parquet-element:",plain"`
	}
	rows := make([]remark, 900)
	for i, p := range people(len(rows)) {
		rows[i].person, rows[i].All, rows[i].Each = p, fmt.Sprint("all ", i), make([]string, i%4)
		if i%5 > 0 {
			rows[i].Note, rows[i].Count = ptr(strings.Repeat(fmt.Sprint("long ", i), 1+i%7*9)), ptr(int64(i))
		}
	}
	for name, c := range codecs {
		for version := 1; version <= 2; version++ {
			data := write(t, rows, 400, pq.DataPageVersion(version), pq.Compression(c), pq.PageBufferSize(1<<20))
			whole, gaps, err := rowsOf(t, peopleCat, data)
			if err != nil || len(gaps) > 0 || len(whole) != len(rows) {
				t.Fatal(name, version, gaps, err)
			}
			t.Run(fmt.Sprint(name, version), func(t *testing.T) {
				inParts(t)
				parts, gaps, err := rowsOf(t, peopleCat, data)
				if err != nil || len(gaps) > 0 {
					t.Fatal(gaps, err)
				}
				if d := cmp.Diff(whole, parts); d != "" {
					t.Error(d)
				}
			})
		}
	}
}

// TestLongPageMemory reads a file whose pages hold a whole column each.
func TestLongPageMemory(t *testing.T) {
	const n = 20_000
	rng := rand.New(rand.NewPCG(3, 4))
	type plain struct {
		ID   int64  `parquet:"id,plain"`
		Text string `parquet:"text,plain"`
	}
	rows := make([]plain, n)
	for i := range rows {
		text := make([]byte, 1500)
		for k := range text {
			text[k] = byte(' ' + rng.IntN(95)) // so that nothing is a copy of what stands far before it
		}
		rows[i] = plain{int64(i), string(text)}
	}
	for _, name := range []string{"zstd", "snappy"} {
		data := write(t, rows, n, pq.PageBufferSize(1<<30), pq.Compression(codecs[name]))
		for range 3 { // what lies in pools goes with the second
			runtime.GC()
		}
		var before, now runtime.MemStats
		runtime.ReadMemStats(&before)
		most, seen := uint64(0), 0
		cat := connectors.Collection{Name: "letters", Fields: []connectors.CatalogField{{Name: "id"}, {Name: "text"}}}
		err := New("set", cat).Decode(t.Context(), input(data), func(b connectors.Batch) error {
			if b.Rows == nil {
				return nil
			}
			seen += int(b.Rows.NumRows())
			b.Rows.Release()
			if seen%4096 > 0 {
				return nil
			}
			runtime.GC()
			runtime.ReadMemStats(&now)
			most = max(most, now.HeapAlloc)
			return nil
		})
		if err != nil || seen != n {
			t.Fatal(name, seen, err)
		}
		if held := int64(most) - int64(before.HeapAlloc); held > 16<<20 { // the page of the texts alone unpacks to 30 MB
			t.Errorf("%s: %d MiB are held", name, held>>20)
		}
	}
}

// TestLongPageDamage cuts and changes pages that are read in parts: it is noticed, as it is
// when a page is read as a whole.
func TestLongPageDamage(t *testing.T) {
	inParts(t)
	data := write(t, people(50), 50, pq.Compression(codecs["zstd"]), pq.PageBufferSize(1<<20))
	f, err := openFile(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	for k := range f.groups[0].chunks {
		ch := &f.groups[0].chunks[k]
		if ch.leaf.typ != pBytes {
			continue
		}
		bad := slices.Clone(data)
		for i := range int64(12) {
			bad[ch.start+ch.size-1-i] ^= 0x5a
		}
		if _, gaps, err := rowsOf(t, peopleCat, bad); err == nil && len(gaps) == 0 {
			t.Errorf("the damage of column %d is not noticed", k)
		}
	}
}

// failsLate is a file of which the second reading of a place fails, as that of a store may.
type failsLate struct {
	*bytes.Reader
	from, to int64
	n        int
	err      error
}

func (f *failsLate) ReadAt(p []byte, off int64) (int, error) {
	if off >= f.from && off < f.to {
		if f.n++; f.n > 1 {
			return 0, f.err
		}
	}
	return f.Reader.ReadAt(p, off)
}

// TestLongPageReadFails tells what went wrong with the reading, and does not call the page
// damaged for it, also where it is read a second time.
func TestLongPageReadFails(t *testing.T) {
	text := make([]byte, 300<<10)
	rng := rand.New(rand.NewPCG(7, 8))
	for i := range text {
		text[i] = byte(rng.Uint32())
	}
	size := len(text) + 4 + 60
	body := []byte{byte(size) | 0x80, byte(size>>7) | 0x80, byte(size >> 14)}
	n := len(text) + 3
	body = append(body, 62<<2, byte(n), byte(n>>8), byte(n>>16), byte(size-4), byte((size-4)>>8), byte((size-4)>>16), 0)
	body = append(append(body, text...), 59<<2|3, byte(n), byte(n>>8), byte(n>>16), 0) // a copy of what stands far before it
	failed := errors.New("the store does not answer")
	for _, c := range []struct {
		version, times int // how often the place can be read
		want           error
	}{{1, 2, nil}, {1, 1, failed}, {2, 2, nil}, {2, 1, failed}} {
		times, want := c.times, c.want
		kind, of, levels, l := byte(0), []byte{0x2c, 0x15, 2, 0x15, 0, 0, 0}, []byte(nil), &leaf{typ: pBytes}
		if c.version == 2 { // one value that is not null, its level in two bytes
			kind, of = 6, []byte{0x5c, 0x15, 2, 0x15, 0, 0x15, 2, 0x15, 0, 0x15, 4, 0x15, 0, 0, 0}
			levels, l = []byte{2, 1}, &leaf{typ: pBytes, def: 1}
		}
		all := append(slices.Clone(levels), body...)
		head := []byte{0x15, kind, 0x15}
		head = append(binary.AppendVarint(append(binary.AppendVarint(head, int64(size+len(levels))), 0x15), int64(len(all))), of...)
		data := append(slices.Clone(head), all...)
		at := int64(len(head) + len(levels))
		f := &failsLate{Reader: bytes.NewReader(data), from: at, to: at + 1, n: 1 - times, err: failed}
		h, k, err := parseRecord(data)
		if err != nil || k != len(head) {
			t.Fatal(k, err)
		}
		rp := &rawPage{head: h, headLen: k, packed: int64(len(all))}
		if err := rp.check(); err != nil {
			t.Fatal(err)
		}
		g, err := openLong(&pager{r: f, end: int64(len(data))}, rp, l, cSnappy)
		if err != nil {
			t.Fatal(err)
		}
		var p page
		if err := g.next(&p); !errors.Is(err, want) {
			t.Errorf("version %d, the place can be read %d times: %v, not %v", c.version, times, err, want)
		}
		if want == nil && (p.values.n != 1 || len(p.at(0)) != size-4) {
			t.Errorf("%d values", p.values.n)
		}
	}
}

func FuzzUnsnappy(f *testing.F) {
	f.Add(snappy.Encode(nil, []byte(strings.Repeat("asked for the price ", 9000))))
	f.Add(snappy.Encode(nil, []byte("short")))
	f.Add([]byte{200, 1, 0xf0, 63})
	f.Fuzz(func(t *testing.T, packed []byte) {
		size, err := snappy.DecodedLen(packed)
		if err != nil || size > 1<<24 {
			return
		}
		want, wantErr := snappy.Decode(nil, packed)
		u, err := newUnsnappy(bufio.NewReader(bytes.NewReader(packed)), size, func() ([]byte, error) { return packed, nil })
		var got []byte
		if err == nil {
			got, err = io.ReadAll(u)
		}
		if (err == nil) != (wantErr == nil) {
			t.Fatalf("%v, the library: %v", err, wantErr)
		}
		if err == nil && !bytes.Equal(got, want) {
			t.Fatal("it is unpacked to something else")
		}
	})
}

// TestUnsnappyFar undoes a copy that reaches back farther than writers go.
func TestUnsnappyFar(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	text := make([]byte, 600<<10)
	for i := range text {
		text[i] = byte(rng.Uint32())
	}
	n := len(text)
	size := n + 60
	packed := []byte{byte(size) | 0x80, byte(size>>7) | 0x80, byte(size >> 14)}
	packed = append(packed, 62<<2, byte(n-1), byte((n-1)>>8), byte((n-1)>>16))
	packed = append(packed, text...)
	packed = append(packed, 59<<2|3, byte(n), byte(n>>8), byte(n>>16), 0)
	want := append(slices.Clone(text), text[:60]...)
	if lib, err := snappy.Decode(nil, packed); err != nil || !bytes.Equal(lib, want) {
		t.Fatal("the library: ", err)
	}
	u, err := newUnsnappy(bufio.NewReader(bytes.NewReader(packed)), size, func() ([]byte, error) { return packed, nil })
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(u); err != nil || !bytes.Equal(got, want) {
		t.Fatalf("%d bytes, %v", len(got), err)
	}
}

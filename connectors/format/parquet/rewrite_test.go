package parquet

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	pq "github.com/parquet-go/parquet-go"
	pqcompress "github.com/parquet-go/parquet-go/compress"
	"pgregory.net/rapid"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/format"
)

var codecs = map[string]pqcompress.Codec{
	"none": &pq.Uncompressed, "snappy": &pq.Snappy, "gzip": &pq.Gzip, "zstd": &pq.Zstd, "lz4": &pq.Lz4Raw, "brotli": &pq.Brotli,
}

// schemaBytes returns the schema elements as they stand in the footer.
func schemaBytes(t testing.TB, data []byte) []byte {
	t.Helper()
	f, err := openFile(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	return f.footer.find(2).raw
}

// checkErased verifies a deletion with parquet-go's reader: the other rows are
// equal to the bit, nothing of the erased rows is in the bytes.
func checkErased(t testing.TB, before, after []byte, gone map[int]bool) {
	t.Helper()
	var want [][]string
	for i, r := range flat(t, before) {
		if !gone[i] {
			want = append(want, r)
		}
	}
	got := flat(t, after)
	if len(got) != len(want) {
		t.Fatalf("%d rows are left, want %d", len(got), len(want))
	}
	for i := range want {
		if !slices.Equal(got[i], want[i]) {
			t.Fatalf("row %d changed:\n%v\n%v", i+1, got[i], want[i])
		}
	}
	plain, err := unpackAll(after)
	if err != nil {
		t.Fatal(err)
	}
	for i := range gone {
		// The names of an even and the following odd row are shared.
		if n := bytes.Count(after, []byte(token(i)+"@")) + bytes.Count(plain, []byte(token(i)+"@")); n > 0 {
			t.Errorf("row %d still stands in the bytes", i+1)
		}
		if gone[i^1] && (bytes.Contains(after, []byte(token(i))) || bytes.Contains(plain, []byte(token(i)))) {
			t.Errorf("row %d still stands in the bytes", i+1)
		}
	}
	if !bytes.Equal(schemaBytes(t, before), schemaBytes(t, after)) {
		t.Error("the schema changed")
	}
	checkMetadata(t, after)
}

// wholeIndices reports dictionary indices without the byte that is their width, or with a
// run that has fewer bytes than its header says: other readers refuse them.
func wholeIndices(rp *rawPage, c *chunk) error {
	if rp.kind == dictPage || !isDictEnc(rp.enc) {
		return nil
	}
	_, b, err := rp.levels(c.leaf, c.codec, make([]byte, rp.size))
	if err != nil {
		return err
	}
	_, err = wholeRuns(b) // parquet-go writes an empty one where there are nulls alone
	return err
}

// wholeRuns is wholeIndices for the values of a page. It counts the runs of no value.
func wholeRuns(b []byte) (empty int, err error) {
	if len(b) == 0 {
		return 0, errors.New("indices without a width")
	}
	width := int(b[0])
	for b = b[1:]; len(b) > 0; {
		h, k := binary.Uvarint(b)
		size := (width + 7) / 8
		if h&1 != 0 {
			size = int(h>>1) * width
		}
		if h>>1 == 0 {
			empty++
		}
		if k <= 0 || k+size > len(b) {
			return empty, fmt.Errorf("a run of %d bytes of indices has %d", size, len(b)-k)
		}
		b = b[k+size:]
	}
	return empty, nil
}

// unpackAll returns everything of a file decompressed, page by page.
func unpackAll(data []byte) ([]byte, error) {
	f, err := openFile(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, err
	}
	var out []byte
	for _, g := range f.groups {
		for i := range g.chunks {
			p := newPager(f, &g.chunks[i])
			for {
				rp, err := p.next()
				if err != nil {
					break
				}
				out = append(out, rp.head.encode(nil)...)
				body, skip, codec := rp.body, 0, g.chunks[i].codec
				if rp.kind == dataPageV2 {
					if !rp.head.sub(8).bool(7, true) {
						codec = cNone
					}
					skip = int(rp.head.sub(8).int(5, 0) + rp.head.sub(8).int(6, 0))
				}
				b, err := decompress(codec, nil, body[skip:], rp.size-skip)
				if err != nil {
					return nil, err
				}
				out = append(out, b...)
				if err := wholeIndices(rp, &g.chunks[i]); err != nil {
					return nil, err
				}
			}
		}
	}
	return append(out, f.footer.encode(nil)...), nil
}

func TestEraseProperty(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.IntRange(1, 50).Draw(rt, "rows")
		name := rapid.SampledFrom([]string{"none", "snappy", "gzip", "zstd", "lz4", "brotli"}).Draw(rt, "codec")
		opts := []pq.WriterOption{
			pq.Compression(codecs[name]), pq.DataPageVersion(rapid.IntRange(1, 2).Draw(rt, "version")),
			pq.PageBufferSize(rapid.SampledFrom([]int{64, 500, 100000}).Draw(rt, "page")),
			pq.DataPageStatistics(rapid.Bool().Draw(rt, "stats")), pq.KeyValueMetadata("origin", "export"),
			pq.BloomFilters(pq.SplitBlockFilter(10, "email")),
		}
		data := write(t, people(n), rapid.IntRange(1, n).Draw(rt, "group"), opts...)
		gone := map[int]bool{}
		var list []connectors.Edit
		for _, i := range rapid.SliceOfDistinct(rapid.IntRange(0, n-1), rapid.ID[int]).Draw(rt, "gone") {
			gone[i] = true
			list = append(list, edit(i, connectors.Delete, nil))
		}
		list = append(list, edit(n+5, connectors.Delete, nil))
		after, left, out := rewrite(t, peopleCat, data, list...)
		if left != n-len(gone) || out.Deleted != len(gone) || out.Missing != 1 {
			rt.Fatalf("left %d of %d, outcome %+v", left, n, out)
		}
		checkMetadata(t, data)
		if len(gone) == 0 && !bytes.Equal(after, data) {
			rt.Fatal("nothing was erased, and the file changed")
		}
		checkErased(t, data, after, gone)
		if t.Failed() {
			rt.Fatal("see above")
		}
		texts, gaps, err := rowsOf(t, peopleCat, after)
		if err != nil || len(gaps) > 0 || len(texts) != left {
			rt.Fatalf("decoding the result: %d rows, %v, %v", len(texts), gaps, err)
		}
	})
}

// TestUntouchedBytes checks that groups and pages without an erased row keep
// their bytes.
func TestUntouchedBytes(t *testing.T) {
	data := write(t, people(90), 30, pq.PageBufferSize(300), pq.Compression(&pq.Zstd))
	after, _, _ := rewrite(t, peopleCat, data, edit(35, connectors.Delete, nil))
	old, err := openFile(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	now, err := openFile(bytes.NewReader(after), int64(len(after)))
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range []int{0, 2} {
		a, b := old.groups[i], now.groups[i]
		lo, hi := a.span()
		lo2, hi2 := b.span()
		if !bytes.Equal(data[lo:hi], after[lo2:hi2]) {
			t.Errorf("row group %d changed", i+1)
		}
		for k := range a.chunks {
			x, y := a.chunks[k], b.chunks[k]
			if x.rec.int(7, 0) != y.rec.int(7, 0) || !bytes.Equal(x.meta.find(12).raw, y.meta.find(12).raw) {
				t.Errorf("column index or statistics of column %d of row group %d are lost", k, i+1)
			}
		}
	}
}

// scrub is a redaction that treats every kind of column of one row.
func scrub(who int) func(connectors.Field, string) (string, connectors.Verdict) {
	return func(f connectors.Field, v string) (string, connectors.Verdict) {
		switch {
		case f.Name == "name" || f.Name == "email" || f.Name == "geo" && f.Look == connectors.LookJSON:
			return "", connectors.Empty
		case f.Name == "seq" || f.Name == "uuid" || f.Name == "amount":
			return "", connectors.Empty
		case f.Name == "seq32":
			return "no number", connectors.Set
		case f.Name == "day":
			return "2024-02-29", connectors.Set
		case f.Look != connectors.LookJSON && strings.Contains(v, token(who)):
			return strings.ReplaceAll(v, token(who), "[gone]"), connectors.Set
		}
		return v, connectors.Same
	}
}

func TestRedact(t *testing.T) {
	for _, version := range []int{1, 2} {
		data := write(t, people(60), 20, pq.DataPageVersion(version), pq.PageBufferSize(400), pq.Compression(&pq.Snappy))
		who := 27
		before, _, _ := rowsOf(t, peopleCat, data)
		after, left, out := rewrite(t, peopleCat, data, edit(who, connectors.Redact, scrub(who)))
		if left != 60 || out.Redacted != 1 {
			t.Fatalf("left %d, %+v", left, out)
		}
		plain, err := unpackAll(after)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(plain, []byte(token(who))) || bytes.Contains(after, []byte(token(who))) {
			t.Error("the redacted value still stands in the bytes")
		}
		checkMetadata(t, after)
		rows, gaps, err := rowsOf(t, peopleCat, after)
		if err != nil || len(gaps) > 0 {
			t.Fatal(err, gaps)
		}
		flatAfter, flatBefore := flat(t, after), flat(t, data)
		for i := range rows {
			if i == who {
				continue
			}
			if fmt.Sprint(rows[i]) != fmt.Sprint(before[i]) || !slices.Equal(flatAfter[i], flatBefore[i]) {
				t.Errorf("row %d changed", i+1)
			}
		}
		want := map[string]string{"email": "", "seq": "0", "uuid": "00000000-0000-0000-0000-000000000000", "amount": "0.00", "day": "2024-02-29",
			"delta": "pre [gone]", "tags": `["tag 0 [gone]","tag 1 [gone]","tag 2 [gone]"]`, "city": before[who]["city"]}
		for k, v := range want {
			if got, ok := rows[who][k]; !ok || got != v {
				t.Errorf("%s is %q, want %q", k, got, v)
			}
		}
		for _, k := range []string{"name", "seq32", "geo"} {
			if v, ok := rows[who][k]; ok {
				t.Errorf("%s is %q, want null", k, v)
			}
		}
		if got := rows[who]["params"]; got != strings.ReplaceAll(before[who]["params"], token(who), "[gone]") {
			t.Errorf("params is %s", got)
		}
		again, _, out := rewrite(t, peopleCat, after, edit(who, connectors.Redact, func(f connectors.Field, v string) (string, connectors.Verdict) {
			if f.Name == "day" || f.Name == "seq32" {
				return v, connectors.Same
			}
			return scrub(who)(f, v)
		}))
		if out.Redacted != 0 || !bytes.Equal(again, after) {
			t.Errorf("a second run changed the file again: %+v", out)
		}
	}
}

func TestBlankNested(t *testing.T) {
	data := write(t, people(40), 40, pq.PageBufferSize(200))
	who := 31
	after, _, _ := rewrite(t, peopleCat, data, edit(who, connectors.Redact, func(f connectors.Field, v string) (string, connectors.Verdict) {
		if f.Look == connectors.LookJSON {
			return "", connectors.Empty
		}
		return v, connectors.Same
	}))
	before, _, _ := rowsOf(t, peopleCat, data)
	rows, gaps, err := rowsOf(t, peopleCat, after)
	if err != nil || len(gaps) > 0 {
		t.Fatal(err, gaps)
	}
	for i := range rows {
		if i != who && fmt.Sprint(rows[i]) != fmt.Sprint(before[i]) {
			t.Errorf("row %d changed", i+1)
		}
	}
	for _, k := range []string{"tags", "bare", "params", "attrs", "geo"} {
		if v, ok := rows[who][k]; ok {
			t.Errorf("%s is %q, want none", k, v)
		}
		if _, ok := before[who][k]; !ok {
			t.Errorf("%s was empty before", k)
		}
	}
	if got := flat(t, after); len(got) != 40 {
		t.Errorf("%d rows", len(got))
	}
}

func TestRewriteAll(t *testing.T) {
	data := write(t, people(10), 4)
	var list []connectors.Edit
	for i := range 10 {
		list = append(list, edit(i, connectors.Delete, nil))
	}
	after, left, out := rewrite(t, peopleCat, data, list...)
	if left != 0 || out.Deleted != 10 {
		t.Fatalf("left %d, %+v", left, out)
	}
	if rows, _, err := rowsOf(t, peopleCat, after); err != nil || len(rows) != 0 {
		t.Fatal(rows, err)
	}
}

// TestNarrow checks that Narrow reads less, and that its Rewrite still redacts
// every column.
func TestNarrow(t *testing.T) {
	data := write(t, people(6), 6)
	c := Narrow("set", peopleCat, []string{"city"})
	err := c.Decode(context.Background(), input(data), func(b connectors.Batch) error {
		defer b.Rows.Release()
		if b.Rows.NumCols() != 2 {
			t.Errorf("%d columns", b.Rows.NumCols())
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	blank := func(connectors.Field, string) (string, connectors.Verdict) { return "", connectors.Empty }
	if _, err := c.Rewrite(context.Background(), input(data), &out, format.NewEdits([]connectors.Edit{edit(4, connectors.Redact, blank)})); err != nil {
		t.Fatal(err)
	}
	rows, _, err := rowsOf(t, peopleCat, out.Bytes())
	if err != nil || rows[4]["email"] != "" || rows[4]["id"] != "0" {
		t.Errorf("%v, %v", rows[4], err)
	}
}

func TestRewriteCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	var out bytes.Buffer
	data := write(t, people(10), 4)
	if _, err := New("set", peopleCat).Rewrite(ctx, input(data), &out, format.NewEdits(nil)); err == nil {
		t.Fatal("a cancelled rewrite did not fail")
	}
}

// TestExact checks that an exact edit refuses what a column cannot hold, where an
// erasure would empty the cell.
func TestExact(t *testing.T) {
	data := write(t, people(6), 6)
	set := func(f connectors.Field, v string) (string, connectors.Verdict) {
		if f.Name == "id" {
			return "no number", connectors.Set
		}
		return "", connectors.Same
	}
	e := edit(4, connectors.Redact, set)
	e.Exact = true
	var out bytes.Buffer
	_, err := New("set", peopleCat).Rewrite(context.Background(), input(data), &out, format.NewEdits([]connectors.Edit{e}))
	if !errors.Is(err, connectors.ErrUnfit) {
		t.Errorf("%v", err)
	}
}

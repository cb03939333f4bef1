package parquet

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	pq "github.com/parquet-go/parquet-go"

	"github.com/cratio/sutra/connectors"
)

// TestRecutDictionary erases entries of a large dictionary: most blocks stay as they
// were, and the erased value is gone from the rest.
func TestRecutDictionary(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	rows := make([]wide2, 40_000)
	for i := range rows {
		var raw [4]byte
		for k := range raw {
			raw[k] = byte(rng.Uint32())
		}
		rows[i].Text = fmt.Sprintf("user %06d of the example company %s", i, hex.EncodeToString(raw[:]))
	}
	data := write(t, rows, len(rows), zstdWriter)
	for _, i := range []int{30_000, 39_999, 5} {
		after, _, _ := rewrite(t, peopleCat, data, edit(i, connectors.Delete, nil))
		checkMetadata(t, after)
		plain, err := unpackAll(after)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(plain, []byte(rows[i].Text)) {
			t.Errorf("row %d still stands in the bytes", i)
		}
		want := append(flat(t, data)[:i:i], flat(t, data)[i+1:]...)
		if got := flat(t, after); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("other rows than row %d changed", i)
		}
		old, now := bytesOfDictionary(t, data), bytesOfDictionary(t, after)
		if n, least := sameBlocks(t, old, now), i*len(rows[i].Text)/zstdBlock; n < least {
			t.Errorf("row %d: %d blocks are as before, want %d", i, n, least)
		}
	}
}

// TestRecutPage erases rows of large pages, with levels before the values and without.
func TestRecutPage(t *testing.T) {
	type optional struct {
		Mail *string `parquet:"mail,optional,plain"`
	}
	type required struct {
		Mail string `parquet:"mail,plain"`
	}
	rng := rand.New(rand.NewPCG(11, 12))
	var some []optional
	var all []required
	for range 40_000 {
		v := fmt.Sprintf("user%d@example.%s", rng.IntN(100_000_000), []string{"com", "in", "org"}[rng.IntN(3)])
		some, all = append(some, optional{&v}), append(all, required{v})
	}
	some[31_000].Mail = nil
	for name, data := range map[string][]byte{
		"version 2":           write(t, some, len(some), zstdWriter, pq.DataPageVersion(2), pq.PageBufferSize(8<<20)),
		"version 1":           write(t, some, len(some), zstdWriter, pq.DataPageVersion(1), pq.PageBufferSize(8<<20)),
		"version 1, required": write(t, all, len(all), zstdWriter, pq.DataPageVersion(1), pq.PageBufferSize(8<<20)),
	} {
		for _, i := range []int{30_000, 31_000, 39_999, 5} {
			after, _, _ := rewrite(t, peopleCat, data, edit(i, connectors.Delete, nil))
			checkMetadata(t, after)
			plain, err := unpackAll(after)
			if err != nil {
				t.Fatal(err)
			}
			if bytes.Contains(plain, []byte(all[i].Mail)) {
				t.Errorf("%s: row %d still stands in the bytes", name, i)
			}
			want := append(flat(t, data)[:i:i], flat(t, data)[i+1:]...)
			if got := flat(t, after); fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("%s: other rows than row %d changed", name, i)
			}
			old, now := valuesOf(t, data), valuesOf(t, after)
			if n, least := sameBlocks(t, old, now), i*20/zstdBlock; n < least && !(name == "version 2" && i == 31_000) {
				t.Errorf("%s: row %d: %d blocks are as before, want %d", name, i, n, least)
			}
		}
	}
}

// sameBlocks counts the blocks of a frame that are the next ones of another too, the
// bit that marks the last aside.
func sameBlocks(t *testing.T, old, now []byte) int {
	t.Helper()
	list := func(frame []byte) (out []string) {
		rest, _, err := frameBlocks(frame)
		if err != nil {
			t.Fatal(err)
		}
		for last := false; !last; {
			var b block
			if b, rest, err = nextBlock(rest); err != nil {
				t.Fatal(err)
			}
			last = b.last
			out = append(out, string(b.body))
		}
		return out
	}
	n, next := 0, list(now)
	for _, b := range list(old) {
		if i := slices.Index(next, b); i >= 0 {
			n, next = n+1, next[i+1:]
		}
	}
	return n
}

// valuesOf returns the compressed values of the first page, which has no dictionary.
func valuesOf(t *testing.T, data []byte) []byte {
	t.Helper()
	f, err := openFile(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	rp, err := newPager(f, &f.groups[0].chunks[0]).next()
	if err != nil {
		t.Fatal(err)
	}
	d := rp.head.sub(8)
	return rp.body[d.int(5, 0)+d.int(6, 0):]
}

var zstdWriter = pq.Compression(&pq.Zstd)

// bytesOfDictionary returns the compressed dictionary of the first column.
func bytesOfDictionary(t *testing.T, data []byte) []byte {
	t.Helper()
	f, err := openFile(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	rp, err := newPager(f, &f.groups[0].chunks[0]).next()
	if err != nil || rp.kind != dictPage {
		t.Fatal(rp.kind, err)
	}
	return rp.body
}

package parquet

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/klauspost/compress/zstd"
	pq "github.com/parquet-go/parquet-go"

	"github.com/cratio/sutra/connectors"
)

// mails makes the PLAIN bytes of n addresses, which hold many short matches.
func mails(n int) []byte {
	rng := rand.New(rand.NewPCG(5, 6))
	var out []byte
	for range n {
		v := fmt.Sprintf("user%d@example.%s", rng.IntN(100_000_000), []string{"com", "in", "org"}[rng.IntN(3)])
		out = append(append(out, byte(len(v)), 0, 0, 0), v...)
	}
	return out
}

// frameOf is what a writer makes of src; a cut one is flushed where it says.
func frameOf(t *testing.T, src []byte, cut int, opts ...zstd.EOption) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := zstd.NewWriter(&out, append(opts, zstd.WithEncoderConcurrency(1))...)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	}()
	if cut == 0 {
		return w.EncodeAll(src, nil)
	}
	for len(src) > 0 {
		n := min(cut, len(src))
		if _, err := w.Write(src[:n]); err != nil {
			t.Fatal(err)
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		src = src[n:]
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// TestResume takes bytes out of the content of a frame and looks at how much of the
// frame is kept.
func TestResume(t *testing.T) {
	src := mails(40_000)
	plain := frameOf(t, src, 0, zstd.WithEncoderCRC(false))
	long := bytes.Repeat([]byte("a"), 1<<20)
	for _, tc := range []struct {
		name  string
		frame []byte
		src   []byte
		at    int // where 20 bytes go
		same  int // what the caller says
		keep  int // blocks; -1: it is refused
	}{
		{name: "in the middle", frame: plain, at: 600_000, same: 600_000, keep: 4},
		{name: "at the start of a block", frame: plain, at: 4 * zstdBlock, same: 4 * zstdBlock, keep: 4},
		{name: "one byte before it", frame: plain, at: 4*zstdBlock - 1, same: 4*zstdBlock - 1, keep: 3},
		{name: "near the end", frame: plain, at: len(src) - 30, same: len(src) - 30, keep: len(src) / zstdBlock},
		{name: "near the start", frame: plain, at: 300_000, same: 300_000, keep: 2},
		{name: "in the first block", frame: plain, at: 100_000, same: 100_000, keep: -1},
		{name: "a frame of the best search", frame: frameOf(t, src, 0, zstd.WithEncoderLevel(zstd.SpeedBestCompression)), at: 600_000, same: 600_000, keep: 4},
		{name: "a frame with a window and a checksum", frame: frameOf(t, src, zstdBlock, zstd.WithEncoderCRC(true)), at: 600_000, same: 600_000, keep: 4},
		{name: "smaller blocks", frame: frameOf(t, src, 100_000), at: 600_000, same: 600_000, keep: 4},
		{name: "one byte again and again", frame: frameOf(t, long, 0), src: long, at: 700_000, same: 700_000, keep: 5},
		{name: "more changed than is said", frame: plain, at: 300_000, same: 600_000, keep: -1},
		{name: "no frame", frame: nil, at: 600_000, same: 600_000, keep: -1},
		{name: "half a frame", frame: plain[:1000], at: 600_000, same: 600_000, keep: -1},
		{name: "a frame of another page", frame: frameOf(t, mails(41_000)[999:], 0), at: 600_000, same: 600_000, keep: -1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if tc.src == nil {
				tc.src = src
			}
			want := append(bytes.Clone(tc.src[:tc.at]), tc.src[tc.at+20:]...)
			p, err := newPacker()
			if err != nil {
				t.Fatal(err)
			}
			got, ok := p.resume(nil, want, former{frame: tc.frame, same: tc.same}, false)
			if ok != (tc.keep >= 0) {
				t.Fatalf("accepted: %t", ok)
			}
			if !ok {
				return
			}
			back, err := inflate(cZstd, make([]byte, len(want)), got)
			if err != nil || !bytes.Equal(back, want) {
				t.Fatal("the frame holds something else")
			}
			blocks, _, ok := leadingBlocks(tc.frame, tc.keep)
			if !ok || !bytes.HasPrefix(got[9:], blocks) {
				t.Errorf("the first %d blocks are not those of the old frame", tc.keep)
			}
			if more, _, ok := leadingBlocks(tc.frame, tc.keep+1); ok && bytes.HasPrefix(got[9:], more) {
				t.Error("more is kept than stayed the same")
			}
			if pair := p.pack(nil, want, former{ratio: 10, frame: tc.frame, same: tc.same}); !bytes.Equal(pair, got) && len(pair) > len(got) {
				t.Errorf("pack does not use it: %d and %d bytes", len(pair), len(got))
			}
		})
	}
}

// TestLeadingBlocks asks for more than a frame has.
func TestLeadingBlocks(t *testing.T) {
	src := mails(40_000)
	frame := frameOf(t, src, 0)
	all := (len(src) + zstdBlock - 1) / zstdBlock
	for _, tc := range []struct {
		frame []byte
		n     int
		ok    bool
	}{{frame, 0, true}, {frame, all - 1, true}, {frame, all, false}, {frame[:1000:1000], 0, true}, {frame[:1000:1000], 1, false}, {frame[:11:11], 1, false}, {nil, 0, false}} {
		if _, _, ok := leadingBlocks(tc.frame, tc.n); ok != tc.ok {
			t.Errorf("%d blocks of a frame of %d bytes: %t", tc.n, len(tc.frame), ok)
		}
	}
}

// TestResumeDictionary erases entries of a large dictionary: the frame begins as
// before, and the erased value is gone from the rest.
func TestResumeDictionary(t *testing.T) {
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
		blocks, _, ok := leadingBlocks(old, i*len(rows[i].Text)/zstdBlock)
		if kept := i > 20_000; !ok || kept != (len(blocks) > 0 && bytes.HasPrefix(now[9:], blocks)) {
			t.Errorf("row %d: the blocks before it are kept: %t", i, !kept)
		}
	}
}

// TestResumePage erases rows of large pages whose levels do not stand before the
// values: they begin as before too.
func TestResumePage(t *testing.T) {
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
			blocks, _, ok := leadingBlocks(old, i*20/zstdBlock)
			if kept := i > 20_000 && i != 31_000 || i == 31_000 && name != "version 2"; !ok || kept != (len(blocks) > 0 && bytes.HasPrefix(now[9:], blocks)) {
				t.Errorf("%s: row %d: the blocks before it are kept: %t", name, i, !kept)
			}
		}
	}
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

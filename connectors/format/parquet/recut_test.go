package parquet

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/klauspost/compress/huff0"
	"github.com/klauspost/compress/zstd"
	"pgregory.net/rapid"
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
func frameOf(t tester, src []byte, cut int, opts ...zstd.EOption) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := zstd.NewWriter(&out, append(opts, zstd.WithEncoderConcurrency(1))...)
	if err != nil {
		t.Fatal(err)
	}
	for cut > 0 && len(src) > 0 && err == nil {
		n := min(cut, len(src))
		if _, err = w.Write(src[:n]); err == nil {
			err = w.Flush()
		}
		src = src[n:]
	}
	if cut == 0 {
		out.Write(w.EncodeAll(src, nil))
		w.Reset(nil)
	}
	if err != nil || w.Close() != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// flushedOnce is a frame with a block that ends at a place, and full ones.
func flushedOnce(t tester, src []byte, at int) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := zstd.NewWriter(&out, zstd.WithEncoderConcurrency(1))
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range [][]byte{src[:at], src[at:]} {
		if _, err = w.Write(part); err == nil {
			err = w.Flush()
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// changeAt is a change and the bytes that come.
type changeAt struct {
	change
	text []byte
}

// changedBy makes the new content and the changes.
func changedBy(old []byte, list ...changeAt) (src []byte, changes []change) {
	at := 0
	for _, c := range list {
		c.come = len(c.text)
		src = append(append(src, old[at:c.at]...), c.text...)
		at = c.at + c.gone
		changes = append(changes, c.change)
	}
	return append(src, old[at:]...), changes
}

// recutOf cuts a frame anew and checks what it holds; nil when it is refused.
func recutOf(t tester, p *packer, frame, src []byte, changes []change) (out []byte, did carried) {
	t.Helper()
	out, ok := p.recut(nil, src, former{frame: frame, changes: changes, did: &did})
	if !ok {
		return nil, did
	}
	if back, err := inflate(cZstd, make([]byte, len(src)), out); err != nil || !bytes.Equal(back, src) {
		t.Fatalf("the frame of %d bytes holds something else: %v", len(out), err)
	}
	return out, did
}

func cutAt(at, n int) changeAt { return changeAt{change: change{at: at, gone: n}} }

// recutCase is a frame, what changes in its content, and how many blocks are used again
// at least.
type recutCase struct {
	name          string
	frame, src    []byte // a plain frame, mails
	list          []changeAt
	kept, carried int
	refused       bool
}

func recutCases(t *testing.T, src []byte) []recutCase {
	noise := make([]byte, 600_000)
	rng := rand.New(rand.NewPCG(1, 1))
	for i := range noise {
		noise[i] = byte(rng.Uint32())
	}
	swap := func(at int, text string) changeAt {
		return changeAt{change{at: at, gone: len(text)}, []byte(text)}
	}
	plain := frameOf(t, src, 0, zstd.WithEncoderCRC(false))
	const block = zstdBlock
	return []recutCase{
		{name: "in the middle", list: []changeAt{cutAt(600_000, 20)}, kept: 4, carried: 1},
		{name: "in the first block", list: []changeAt{cutAt(100_000, 20)}, carried: 5},
		{name: "at the start", list: []changeAt{cutAt(0, 20)}, kept: 5},
		{name: "at the start of a block", list: []changeAt{cutAt(4*block, 20)}, kept: 4, carried: 1},
		{name: "one byte before it", list: []changeAt{cutAt(4*block-1, 20)}, kept: 3},
		{name: "at the end", list: []changeAt{cutAt(len(src)-20, 20)}, kept: len(src) / block},
		{name: "several blocks", list: []changeAt{cutAt(200_000, 400_000)}, kept: 1},
		{name: "all but one byte", list: []changeAt{cutAt(1, len(src)-1)}},
		{name: "two in one block", list: []changeAt{cutAt(600_000, 20), cutAt(600_040, 20)}, kept: 4},
		{name: "two that touch each other", list: []changeAt{cutAt(600_000, 20), cutAt(600_020, 20)}, kept: 4},
		{name: "as long as before", list: []changeAt{swap(300_000, "other bytes, never seen")}, kept: 2, carried: 3},
		{name: "longer, in a full block", list: []changeAt{{change{at: 300_000, gone: 3}, bytes.Repeat([]byte("more"), 50)}}, kept: 2},
		{name: "a block and more comes", list: []changeAt{{change{at: 300_000}, mails(9_000)}}, kept: 2},
		{name: "at the end comes something", list: []changeAt{{change{at: len(src)}, []byte("one more")}}, kept: len(src) / block},
		{name: "the last entry moves into a gap", list: []changeAt{swap(300_000, string(src[len(src)-20:])), cutAt(len(src)-20, 20)}, kept: 2, carried: 3},
		{name: "a frame of the best search", frame: frameOf(t, src, 0, zstd.WithEncoderLevel(zstd.SpeedBestCompression)), list: []changeAt{cutAt(600_000, 20)}, kept: 4},
		{name: "a frame with a window and a checksum", frame: frameOf(t, src, block, zstd.WithEncoderCRC(true)), list: []changeAt{cutAt(600_000, 20)}, kept: 4},
		{name: "smaller blocks", frame: frameOf(t, src, 100_000), list: []changeAt{cutAt(600_000, 20)}, kept: 4},
		{name: "a smaller block among full ones", frame: flushedOnce(t, src, 50_000), list: []changeAt{cutAt(600_000, 20)}, kept: 4},
		{name: "blocks of few sequences", frame: frameOf(t, src, 700), list: []changeAt{cutAt(600_000, 20)}, kept: 4},
		{name: "one byte again and again", src: bytes.Repeat([]byte("a"), 1<<20), list: []changeAt{cutAt(700_000, 20)}, kept: 5},
		{name: "bytes that are not compressed", src: noise, list: []changeAt{cutAt(300_000, 20)}, kept: 3},
		{name: "nothing is left", list: []changeAt{cutAt(0, len(src))}, refused: true},
		{name: "no change", refused: true},
		{name: "no frame", frame: []byte{}, list: []changeAt{cutAt(600_000, 20)}, refused: true},
		{name: "half a frame", frame: plain[:len(plain)/2], list: []changeAt{cutAt(600_000, 20)}, refused: true},
		{name: "a longer frame", frame: frameOf(t, mails(41_000), 0), list: []changeAt{cutAt(600_000, 20)}, refused: true},
		{name: "a shorter frame", frame: frameOf(t, mails(39_000), 0), list: []changeAt{cutAt(600_000, 20)}, refused: true},
	}
}

// TestRecut changes the content of a frame and looks at how much of it is used again.
func TestRecut(t *testing.T) {
	const block = zstdBlock
	src := mails(40_000)
	for _, tc := range recutCases(t, src) {
		t.Run(tc.name, func(t *testing.T) {
			if tc.src == nil {
				tc.src = src
			}
			if tc.frame == nil {
				tc.frame = frameOf(t, tc.src, 0, zstd.WithEncoderCRC(false))
			}
			now, changes := changedBy(tc.src, tc.list...)
			p := newTestPacker(t)
			got, did := recutOf(t, p, tc.frame, now, changes)
			if (got == nil) != tc.refused {
				t.Fatalf("refused: %t", got == nil)
			}
			if did.blocks < tc.kept*block || did.literals < tc.carried*block {
				t.Errorf("%d and %d blocks are used again, want %d and %d", did.blocks/block, did.literals/block, tc.kept, tc.carried)
			}
			if !tc.refused && len(got) > len(tc.frame)+len(tc.frame)/20+300+max(0, len(now)-len(tc.src)) {
				t.Errorf("%d bytes instead of %d", len(got), len(tc.frame))
			}
			if pair := p.pack(nil, now, former{ratio: 10, frame: tc.frame, changes: changes}); !tc.refused && !bytes.Equal(pair, got) {
				t.Error("pack does not use it")
			}
		})
	}
}

// TestRecutUntrue says that the changes are elsewhere than they are: that is refused, or
// costs bytes, and never gives another content for the blocks behind.
func TestRecutUntrue(t *testing.T) {
	src := mails(20_000)
	frame := frameOf(t, src, 0)
	now, _ := changedBy(src, cutAt(200_000, 20))
	for _, list := range [][]change{
		{{at: 200_000, gone: 21}},
		{{at: len(src), gone: 20}},
		{{at: 200_000, gone: 10}, {at: 200_005, gone: 10}},
		{{at: 200_000, gone: -1, come: -21}},
		{{at: -5, gone: 20}},
	} {
		if _, ok := newTestPacker(t).recut(nil, now, former{frame: frame, changes: list}); ok {
			t.Errorf("%v is accepted", list)
		}
	}
}

// TestRecutLibzstd changes a frame of the reference implementation at every place, and
// the result again.
func TestRecutLibzstd(t *testing.T) {
	frame, err := os.ReadFile("testdata/libzstd.zst")
	if err != nil {
		t.Fatal(err)
	}
	d, err := unzstd()
	if err != nil {
		t.Fatal(err)
	}
	src, err := d.DecodeAll(frame, make([]byte, 0, 1<<20))
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	r := sequenceReader{}
	r.begin()
	rest, _, err := frameBlocks(frame)
	for last := false; !last && err == nil; {
		var b block
		if b, rest, err = nextBlock(rest); err != nil || b.kind != compressedBlock {
			continue
		}
		last = b.last
		_, kind, _, seqs, failed := literalsOf(b.body)
		if err = failed; err == nil {
			err = r.read(seqs)
		}
		seen[fmt.Sprint("literals ", kind)] = true
		for k, mode := range r.modes {
			if len(r.list) > 0 {
				seen[fmt.Sprintf("%d%d", k, mode)] = true
			}
		}
	}
	for _, want := range strings.Fields("01 02 03 11 12 13 21 22 23") {
		if err != nil || !seen[want] || !seen["literals 3"] || !seen["literals 0"] {
			t.Fatalf("the frame does not hold what it is for: %s, %v, %v", want, seen, err)
		}
	}
	p := newTestPacker(t)
	for at := 0; at+40 < len(src); at += 1009 {
		for _, c := range []changeAt{cutAt(at, 17), {change{at: at, gone: 17}, []byte("seventeen letters")}} {
			now, changes := changedBy(src, c)
			once, did := recutOf(t, p, frame, now, changes)
			if once == nil || did.blocks == 0 {
				t.Fatal("it is refused, or nothing is kept", at, did)
			}
			again, changes := changedBy(now, cutAt(len(now)-at-30, 17))
			if twice, _ := recutOf(t, p, once, again, changes); twice == nil {
				t.Fatal("a frame of our own is refused", at)
			}
		}
	}
}

// drawnContent makes content of several kinds.
func drawnContent(t *rapid.T) []byte {
	rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
	var src []byte
	for range rapid.IntRange(1, 6).Draw(t, "parts") {
		n := rapid.SampledFrom([]int{3, 40, 3000, 20_000}).Draw(t, "values")
		kind := rapid.IntRange(0, 5).Draw(t, "kind")
		for i := range n {
			switch kind {
			case 0:
				src = binary.LittleEndian.AppendUint64(src, 1_672_531_200_000_000+uint64(i)*13_000_000)
			case 1:
				src = fmt.Appendf(src, "\x0d\x00\x00\x00+91%d", 6_000_000_000+rng.Int64N(3_999_999_999))
			case 2:
				src = append(src, 7)
			case 3:
				src = fmt.Appendf(src, "please %d call %d back", rng.IntN(3), rng.IntN(5))
			case 4:
				src = binary.LittleEndian.AppendUint64(src, rng.Uint64())
			default:
				src = append(src, byte(rng.IntN(3)))
			}
		}
	}
	return src
}

// TestRecutAtRandom changes frames of several writers at several places, again and again.
func TestRecutAtRandom(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		src := drawnContent(t)
		level := rapid.SampledFrom([]zstd.EncoderLevel{zstd.SpeedFastest, zstd.SpeedDefault, zstd.SpeedBetterCompression, zstd.SpeedBestCompression}).Draw(t, "level")
		frame := frameOf(t, src, rapid.SampledFrom([]int{0, 0, 500, 70_000, 200_000}).Draw(t, "flush"), zstd.WithEncoderLevel(level), zstd.WithEncoderCRC(rapid.Bool().Draw(t, "sum")))
		p := newTestPacker(t)
		for range 3 {
			var list []changeAt
			at := 0
			for range rapid.SampledFrom([]int{1, 1, 2, 5, 60}).Draw(t, "changes") {
				at += rapid.IntRange(0, len(src)/3+1).Draw(t, "next")
				gone := rapid.SampledFrom([]int{0, 1, 8, 17, 17, 300, 140_000}).Draw(t, "gone")
				if at+gone > len(src) {
					break
				}
				c := cutAt(at, gone)
				if come := rapid.SampledFrom([]int{0, 0, 1, gone, gone, 150_000}).Draw(t, "come"); come > 0 {
					c.text = bytes.Repeat([]byte("fresh"), come/5+1)[:come]
				}
				list, at = append(list, c), at+gone
			}
			now, changes := changedBy(src, list...)
			got, _ := recutOf(t, p, frame, now, changes)
			if refused := len(now) == 0 || len(changes) == 0; (got == nil) != refused {
				t.Fatalf("refused: %t", got == nil)
			}
			if got == nil {
				return
			}
			src, frame = now, got
		}
	})
}

// FuzzRecut changes whatever is a frame, and finds nothing in what is none.
func FuzzRecut(f *testing.F) {
	frame := frameOf(f, mails(300), 0)
	f.Add(frame, 40, 20, []byte{})
	f.Add(frame, 40, 20, []byte("seventeen letters of it"))
	f.Add([]byte{0x28, 0xb5, 0x2f, 0xfd, 0, 0x40, 2, 0, 8, 7, 3, 0, 0, 7}, 30, 20, []byte{})
	f.Fuzz(func(t *testing.T, frame []byte, at, gone int, come []byte) {
		d, err := unzstd()
		if err != nil {
			t.Fatal(err)
		}
		src, err := d.DecodeAll(frame, make([]byte, 0, 1<<20))
		p := newTestPacker(t)
		if err != nil || at < 0 || gone < 0 || at > len(src) || gone > len(src)-at {
			p.recut(nil, mails(100), former{frame: frame, changes: []change{{at, gone, len(come)}}})
			return
		}
		now, changes := changedBy(src, changeAt{change{at: at, gone: gone}, come})
		recutOf(t, p, frame, now, changes)
	})
}

// TestRecutRawBlock changes a block that describes a table of literals, one that is not
// compressed, and one that repeats the table: each is written with it, so that those behind
// it which count on it stay.
func TestRecutRawBlock(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 3))
	skewed := func(from byte) []byte {
		out := make([]byte, zstdBlock)
		for i := range out {
			out[i] = from + byte(rng.IntN(16)*rng.IntN(16)/4)
		}
		return out
	}
	first, raw, second := skewed(0), skewed(100), skewed(0)
	p := newTestPacker(t)
	frame := p.frequencies(frameHead(nil, 3*zstdBlock), first, false)
	frame = append(blockHead(frame, rawBlock, zstdBlock, false), raw...)
	p.huff.Reuse = huff0.ReusePolicyMust
	packed, _, err := huff0.Compress4X(second, &p.huff)
	if err != nil {
		t.Fatal(err)
	}
	var head [8]byte
	binary.LittleEndian.PutUint64(head[:], uint64(treeless|3<<2|zstdBlock<<4|len(packed)<<22))
	frame = blockHead(frame, compressedBlock, 5+len(packed)+1, true)
	frame = append(append(append(frame, head[:5]...), packed...), 0)
	old := append(append(bytes.Clone(first), raw...), second...)
	if back, err := inflate(cZstd, make([]byte, len(old)), frame); err != nil || !bytes.Equal(back, old) {
		t.Fatal("the frame is not what it is for", err)
	}
	for at, kept := range map[int]int{10: 2, zstdBlock + 10: 1, 2*zstdBlock + 10: 2} {
		now, changes := changedBy(old, cutAt(at, 20))
		out, did := recutOf(t, p, frame, now, changes)
		if out == nil || did.blocks < kept*zstdBlock {
			t.Errorf("of a change at %d: it is refused, or of the blocks %d bytes are kept", at, did.blocks)
		}
		if at > 2*zstdBlock && len(out) > len(frame) {
			t.Error("the table stands in the frame twice")
		}
	}
}

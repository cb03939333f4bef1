package parquet

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// plainTexts makes the PLAIN bytes of byte arrays.
func plainTexts(n int, text func(i int) string) []byte {
	var out []byte
	for i := range n {
		s := text(i)
		out = append(binary.LittleEndian.AppendUint32(out, uint32(len(s))), s...)
	}
	return out
}

// tester is what testing and rapid have in common.
type tester interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

// packed returns a frame of src by what its values have in common, and checks that
// it is one of src.
func packed(t tester, p *packer, src []byte, g grid) []byte {
	t.Helper()
	frame := p.alignedBlocks(frameHead(nil, len(src)), src, 0, g)
	back, err := inflate(cZstd, make([]byte, len(src)), frame)
	if err != nil || !bytes.Equal(back, src) {
		t.Fatalf("the frame of %d bytes holds something else: %v", len(src), err)
	}
	return frame
}

func newTestPacker(t tester) *packer {
	t.Helper()
	p, err := newPacker()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestAligned packs columns whose values have something in common and looks at how
// much of it is found, beside the frequency of the bytes alone.
func TestAligned(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 10))
	var clock, same, doubles, pairs []byte
	for i := range 60_000 {
		clock = binary.LittleEndian.AppendUint64(clock, 1_672_531_200_000_000+uint64(i)*13_000_000)
		same = binary.LittleEndian.AppendUint64(same, 77)
		doubles = binary.LittleEndian.AppendUint64(doubles, rng.Uint64())
		pairs = append(pairs, 1, 2, 3, 4, byte(rng.Uint32()), byte(rng.Uint32()), byte(rng.Uint32()), byte(rng.Uint32()))
	}
	for _, tc := range []struct {
		name string
		src  []byte
		at   int
		wide int
		most int // of each thousand bytes of the frame by frequency
	}{
		{"times", clock, 0, 8, 620},
		{"one number again and again", same, 0, 8, 20},
		{"numbers at random", doubles, 0, 8, 1000},
		{"half of a number", pairs, 0, 8, 900},
		{"half of a number, in values of its size", pairs, 0, 4, 1000},
		{"behind levels", append([]byte{2, 0, 0, 0, 9, 9}, clock...), 6, 8, 620},
		{"behind levels that are not told of", append([]byte{2, 0, 0, 0, 9, 9}, clock...), 0, 8, 620},
		{"telephone numbers", plainTexts(60_000, func(int) string { return fmt.Sprintf("+91%d", 6_000_000_000+rng.Int64N(3_999_999_999)) }), 0, 0, 600},
		{"addresses of several lengths", mails(60_000), 0, 0, 450},
		{"more than a window, of few sizes", append(append(plainTexts(1, func(int) string { return "the first of its size, and far from the next" }), bytes.Repeat(clock, 20)...), mails(60_000)...), 0, 0, 1001},
		{"a value larger than a window, and another", plainTexts(2, func(int) string { return strings.Repeat(string(clock), 19) }), 0, 0, 1001},
		{"far from the last of its size", plainTexts(300_000, func(i int) string {
			if i%280_000 == 0 {
				return "the only one of its size, or nearly so"
			}
			return fmt.Sprintf("%030d", rng.Int64())
		}), 0, 0, 1001},
		{"empty texts", plainTexts(90_000, func(int) string { return "" }), 0, 0, 3000},
		{"one text", plainTexts(1, func(int) string { return string(clock) }), 0, 0, 1001},
		{"texts longer than a block", plainTexts(3, func(int) string { return string(clock[:200_000]) }), 0, 0, 400},
		{"a damaged length", append(mails(9_000), 255, 255, 255, 255, 1, 2, 3), 0, 0, 450},
		{"values that begin behind the end", clock, len(clock) + 5, 8, 1001},
		{"few bytes", []byte("abcdefghijk"), 0, 1, 1001},
		{"one byte", []byte("a"), 0, 1, 1001},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := newTestPacker(t)
			got := packed(t, p, tc.src, grid{known: true, at: tc.at, width: tc.wide})
			plain := p.literals(nil, tc.src)
			if len(got)*1000 > len(plain)*tc.most {
				t.Errorf("%d bytes, by frequency %d: more than %d of each thousand", len(got), len(plain), tc.most)
			}
			if again := packed(t, p, tc.src, grid{known: true, at: tc.at, width: tc.wide}); !bytes.Equal(got, again) {
				t.Error("a packer that was used makes another frame")
			}
		})
	}
}

// TestSequences writes blocks of sequences as they come, with many and few codes,
// matches as long as a block and more of them than two bytes count.
func TestSequences(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := newTestPacker(t)
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		src := []byte("what the first matches repeat")
		p.lits = append(p.lits, src...)
		shortest := rapid.SampledFrom([]int{leastMatch, 4, 9, 700, zstdBlock / 2}).Draw(t, "shortest")
		spread := rapid.SampledFrom([]int{1, 2, 50, 3000}).Draw(t, "spread")
		most, before := rapid.IntRange(0, 40).Draw(t, "literals"), len(src)
		for len(src)+most+shortest+spread < zstdBlock {
			lits := rng.IntN(most + 1)
			for range lits {
				src = append(src, byte(rng.IntN(7)))
				p.lits = append(p.lits, src[len(src)-1])
			}
			back, match := 1+rng.IntN(min(len(src), spread)), shortest+rng.IntN(spread)
			p.seqs = append(p.seqs, sequence{lit: uint32(before + lits), match: uint32(match), off: p.last.express(uint32(back), before+lits == 0)})
			for range match {
				src = append(src, src[len(src)-back])
			}
			before = 0
		}
		if len(p.seqs) == 0 {
			return
		}
		body := p.sequenceSection(p.literalSection(nil, p.lits))
		frame := append(blockHead(frameHead(nil, len(src)), compressedBlock, len(body), true), body...)
		if back, err := inflate(cZstd, make([]byte, len(src)), frame); err != nil || !bytes.Equal(back, src) {
			t.Fatalf("%d sequences: the frame holds something else: %v", len(p.seqs), err)
		}
	})
}

// TestAlignedAtRandom packs columns of every width with more and less in common.
func TestAlignedAtRandom(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := newTestPacker(t)
		var src []byte
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		for range rapid.IntRange(1, 12).Draw(t, "parts") {
			value := make([]byte, rapid.SampledFrom([]int{4, 5, 8, 9, 40, 300}).Draw(t, "width"))
			for i := range value {
				value[i] = byte(rng.Uint32())
			}
			noise := rapid.IntRange(0, 6).Draw(t, "noise")
			for range rapid.SampledFrom([]int{1, 3, 100, 5000, 70_000}).Draw(t, "repeats") {
				for range noise {
					value[rng.IntN(len(value))] = byte(rng.Uint32())
				}
				if src = append(src, value...); len(src) > 1<<20 {
					break
				}
			}
		}
		packed(t, p, src, grid{known: true, width: rapid.SampledFrom([]int{1, 2, 4, 5, 8, 9, 40, 300}).Draw(t, "grid"), at: rapid.IntRange(0, 20).Draw(t, "at")})
	})
}

// FuzzAligned packs whatever comes.
func FuzzAligned(f *testing.F) {
	f.Add(mails(40), 0, uint8(0), uint16(1))
	f.Add(bytes.Repeat([]byte{1, 2, 3, 4, 5, 6, 7, 8}, 50), 3, uint8(8), uint16(900))
	f.Add(bytes.Repeat([]byte("a"), 100), 0, uint8(1), uint16(3000))
	f.Fuzz(func(t *testing.T, part []byte, at int, width uint8, repeats uint16) {
		src := bytes.Repeat(part, int(min(uint64(repeats), uint64(1<<20)/uint64(len(part)+1)))+1)
		p := newTestPacker(t)
		packed(t, p, src, grid{known: true, at: max(0, at), width: int(width)})
		if again, err := inflate(cZstd, make([]byte, len(src)), p.pack(nil, src, former{ratio: 500, grid: grid{known: true, width: int(width)}})); err != nil || !bytes.Equal(again, src) {
			t.Fatal("the chosen frame holds something else")
		}
	})
}

// TestSequencesOfManyBits writes sequences of every number of bits, rare ones among
// others, and reads them again.
func TestSequencesOfManyBits(t *testing.T) {
	p := newTestPacker(t)
	var r sequenceReader
	for lit := range 36 {
		for match := range 53 {
			for off := 2; off < 24; off++ {
				p.seqs = p.seqs[:0]
				for i := range 40 + (lit+match+off)%9 {
					p.seqs = append(p.seqs, sequence{lit: 1 + uint32(i&1), match: 4, off: 5 + uint32(i&1)})
				}
				p.seqs = append(p.seqs, p.seqs[:9]...)
				p.seqs[20] = sequence{
					lit:   literalRamp.base[lit] + 1<<literalRamp.extra[lit] - 1,
					match: matchRamp.base[match] + 1<<matchRamp.extra[match] - 1,
					off:   1<<(off+1) - 1,
				}
				r.begin()
				if err := r.read(p.sequenceSection(nil)); err != nil || len(r.list) != len(p.seqs) {
					t.Fatalf("codes %d, %d, %d: %d sequences of %d, %v", lit, match, off, len(r.list), len(p.seqs), err)
				}
				for i, s := range r.list {
					if w := p.seqs[i]; s.lit != w.lit || s.match != w.match || s.off != w.off-3 {
						t.Fatalf("codes %d, %d, %d: sequence %d is %v instead of %v", lit, match, off, i, s, w)
					}
				}
			}
		}
	}
}

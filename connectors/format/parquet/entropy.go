package parquet

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"

	"github.com/klauspost/compress/huff0"
	"github.com/klauspost/compress/zstd"
)

// zstdBlock is how much a block of a zstd frame may hold.
const zstdBlock = 128 << 10

// Kinds of blocks, and of their literals.
const rawBlock, rleBlock, compressedBlock = 0, 1, 2

// packer compresses pages with zstd. It is used by one goroutine at a time.
type packer struct {
	enc  *zstd.Encoder
	huff huff0.Scratch
	kept huff0.Scratch // with the table of a frame that is used again
	try  []byte

	seqs   []sequence // of the block at hand
	lits   []byte
	bits   []byte // what stands for the sequences
	last   distances
	coders [3]coder
	cut    recutter
}

// packers are kept, for their tables are large.
var packers = sync.Pool{New: func() any {
	p, err := newPacker()
	if err != nil {
		return err
	}
	return p
}}

// packZstd returns a frame of src, in buf when that is large enough; see
// [packer.pack].
func packZstd(buf, src []byte, was former) ([]byte, error) {
	p, ok := packers.Get().(*packer)
	if !ok {
		return nil, errors.New("compressing a page: the zstd encoder cannot be made")
	}
	defer packers.Put(p)
	return p.pack(buf[:0], src, was), nil
}

func newPacker() (*packer, error) {
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderCRC(false), zstd.WithZeroFrames(true))
	if err != nil {
		return nil, fmt.Errorf("making a zstd encoder: %w", err)
	}
	return &packer{enc: enc}, nil
}

// former is what the writer of a page had, when the page is compressed anew.
type former struct {
	ratio   int      // how many bytes it took of each thousand
	frame   []byte   // the compressed page
	changes []change // where the content of the page is another, nil when that is not known
	grid    grid     // of the values of the new page
	did     *carried // where it is noted how much of the old frame stayed, or nil
	trial   *trial   // of an earlier page of the kind, or nil
}

// carried says of how many bytes of a page the blocks stayed as they were, and of how
// many more the literals.
type carried struct{ blocks, literals int }

// pack returns a frame of src, in dst, which is empty; was is the page that src takes
// the place of. Its frame is used again where that is known; else searching for repetition takes most of the time, and random digits and
// numbers hold hardly any, or what the value before has too: where the frequency of the
// bytes alone, or that value, gives nearly what the writer had, that is all that is
// used. It is also used where the fast search finds nothing and the writer had found
// something.
func (p *packer) pack(dst, src []byte, was former) []byte {
	if len(src) <= 2*zstdBlock && near(was.ratio) >= 1000 { // it was hardly smaller
		return stored(dst, src)
	}
	dense := len(was.changes) > len(src)/zstdBlock // every block is written anew
	if !dense {
		if out, ok := p.recut(dst, src, was); ok {
			return out
		}
	}
	plain, aligned := math.MaxInt, math.MaxInt
	enough := probed * near(was.ratio) / 1000
	if len(src) > 2*zstdBlock {
		plain, aligned = p.probe(src, was, enough)
		if plain <= enough {
			return p.literals(dst, src)
		}
		if aligned <= enough {
			return p.alignedBlocks(frameHead(dst, len(src)), src, 0, was.grid)
		}
	}
	if dense {
		if out, ok := p.recut(dst, src, was); ok {
			return out
		}
	}
	dst = p.enc.EncodeAll(src, dst)
	if n := min(plain, aligned); len(dst)*1000 > len(src)*near(was.ratio) && (n == math.MaxInt || n*(len(src)/probed) < len(dst)) {
		if aligned < plain {
			p.try = p.alignedBlocks(frameHead(p.try[:0], len(src)), src, 0, was.grid)
		} else {
			p.try = p.literals(p.try[:0], src)
		}
		if len(p.try) < len(dst) {
			return append(dst[:0], p.try...)
		}
	}
	return dst
}

// probed is how much of a page is tried out.
const probed = 32 << 10

// trial is what came of trying a part of a page, 0 where that was not done. Pages of one
// kind in a chunk are much alike.
type trial struct{ plain, aligned int }

// probe returns how many bytes a part of src takes by the
// frequency of its bytes, and by what values have in common when the first is not
// enough.
func (p *packer) probe(src []byte, was former, enough int) (plain, aligned int) {
	from := min(len(src)/2, 2*zstdBlock) // values are passed one by one up to here
	t := was.trial
	if t == nil {
		t = &trial{}
	}
	if t.plain == 0 {
		p.try = p.frequencies(p.try[:0], src[from:from+probed], true)
		t.plain = len(p.try)
	}
	if t.plain <= enough || !was.grid.known {
		return t.plain, math.MaxInt
	}
	if t.aligned == 0 {
		p.last = distances{}
		p.try = p.alignedBlock(p.try[:0], newAligner(src, was.grid), from, from+probed, true)
		t.aligned = len(p.try)
	}
	return t.plain, t.aligned
}

// near is how many bytes of each thousand a page may take instead of old.
func near(old int) int { return old + old/7 }

// stored writes a frame of bytes as they are.
func stored(dst, src []byte) []byte {
	dst = frameHead(slices.Grow(dst, len(src)+len(src)/zstdBlock*3+16), len(src))
	for n := 0; ; src = src[n:] {
		n = min(len(src), zstdBlock)
		dst = append(blockHead(dst, rawBlock, n, n == len(src)), src[:n]...)
		if n == len(src) {
			return dst
		}
	}
}

// literals writes a frame whose blocks have no matches.
func (p *packer) literals(dst, src []byte) []byte {
	dst = frameHead(dst, len(src))
	for len(src) > 0 {
		n := min(len(src), zstdBlock)
		dst = p.frequencies(dst, src[:n], n == len(src))
		src = src[n:]
	}
	return dst
}

// frequencies writes a block that holds b as literals.
func (p *packer) frequencies(dst, b []byte, last bool) []byte {
	head := len(dst)
	dst = p.literalSection(append(dst, 0, 0, 0), b)
	kind, n := dst[head+3]&3, len(dst)-head-3
	switch {
	case kind == rleBlock:
		return append(blockHead(dst[:head], rleBlock, len(b), last), b[0])
	case kind == rawBlock || n+1 >= len(b):
		return append(blockHead(dst[:head], rawBlock, len(b), last), b...)
	}
	blockHead(dst[:head], compressedBlock, n+1, last)
	return append(dst, 0) // no sequences
}

// leastTree is how many literals are worth a table at least.
const leastTree = 33

// literalSection writes the literals of a block.
func (p *packer) literalSection(dst, b []byte) []byte {
	n := len(b)
	if n < leastTree {
		return append(plainHead(dst, rawBlock, n), b...)
	}
	p.huff.Reuse = huff0.ReusePolicyNone
	packed, form, err := p.lettered(b, &p.huff)
	switch {
	case errors.Is(err, huff0.ErrUseRLE):
		return append(plainHead(dst, rleBlock, n), b[0])
	case err != nil || len(packed)+5 >= n:
		return append(plainHead(dst, rawBlock, n), b...)
	}
	return append(letteredHead(dst, compressedBlock, form, n, len(packed)), packed...)
}

// lettered compresses literals by the frequency of each, in one stream or in four, and
// returns the form that tells this.
func (p *packer) lettered(b []byte, s *huff0.Scratch) (packed []byte, form int, err error) {
	n := len(b)
	if n < 1<<10 {
		packed, _, err = huff0.Compress1X(b, s)
		return packed, 0, err
	}
	if packed, _, err = huff0.Compress4X(b, s); n < 1<<14 {
		return packed, 2, err
	}
	return packed, 3, err
}

// letteredHead begins a section of n literals that are compressed to size bytes.
func letteredHead(dst []byte, kind, form, n, size int) []byte {
	width := [4]int{10, 10, 14, 18}[form]
	head := uint64(kind) | uint64(form)<<2 | uint64(n)<<4 | uint64(size)<<(4+width)
	var raw [8]byte
	binary.LittleEndian.PutUint64(raw[:], head)
	return append(dst, raw[:(4+2*width)/8]...)
}

// plainHead begins a section of n literals that are not compressed.
func plainHead(dst []byte, kind, n int) []byte {
	switch {
	case n < 1<<5:
		return append(dst, byte(kind|n<<3))
	case n < 1<<12:
		return append(dst, byte(kind|1<<2|n<<4), byte(n>>4))
	}
	return append(dst, byte(kind|3<<2|n<<4), byte(n>>4), byte(n>>12))
}

func blockHead(dst []byte, kind, size int, last bool) []byte {
	h := kind<<1 | size<<3
	if last {
		h |= 1
	}
	return append(dst, byte(h), byte(h>>8), byte(h>>16))
}

// widest is the window that every reader of zstd is asked to support.
const widest = 8 << 20

// frameHead begins a frame of n bytes, its size in four bytes: one segment, or with a
// window when it is larger than some readers can hold.
func frameHead(dst []byte, n int) []byte {
	dst = append(dst, 0x28, 0xb5, 0x2f, 0xfd)
	if n > widest {
		dst = append(dst, 0x80, 13<<3)
	} else {
		dst = append(dst, 0x80|0x20)
	}
	return binary.LittleEndian.AppendUint32(dst, uint32(n))
}

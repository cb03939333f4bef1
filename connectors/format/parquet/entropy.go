package parquet

import (
	"encoding/binary"
	"errors"
	"fmt"
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
	try  []byte
	back []byte
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

// pack returns a frame of src, in dst, which is empty; was is the page that src takes
// the place of. Random digits and numbers hold hardly any repetition, and looking
// for it takes most of the time: where the frequency of the bytes alone gives nearly
// what the writer had, that is all that is used. It is also used where the fast
// search finds nothing and the writer had found something.
func (p *packer) pack(dst, src []byte, was former) []byte {
	if len(src) > 2*zstdBlock {
		at := len(src) / 2
		probe := src[at : at+zstdBlock/2]
		p.try = p.frequencies(p.try[:0], probe, true)
		if len(p.try)*1000 <= len(probe)*near(was.ratio) {
			return p.literals(dst, src)
		}
		if out, ok := p.resume(dst, src, was); ok {
			return out
		}
	}
	dst = p.enc.EncodeAll(src, dst)
	if len(dst)*1000 > len(src)*near(was.ratio) {
		p.try = p.literals(p.try[:0], src)
		if len(p.try) < len(dst) {
			return append(dst[:0], p.try...)
		}
	}
	return dst
}

// near is how many bytes of each thousand a page may take instead of old.
func near(old int) int { return old + old/7 }

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

// frequencies writes a block that holds b as literals: 1 KiB to 128 KiB of them,
// or fewer, which stay as they are.
func (p *packer) frequencies(dst, b []byte, last bool) []byte {
	var packed []byte
	err := huff0.ErrIncompressible
	if len(b) >= 1<<10 {
		p.huff.Reuse = huff0.ReusePolicyNone
		packed, _, err = huff0.Compress4X(b, &p.huff)
	}
	form, width := 3, 18
	switch {
	case errors.Is(err, huff0.ErrUseRLE):
		return append(blockHead(dst, rleBlock, len(b), last), b[0])
	case err != nil || len(packed)+8 >= len(b):
		return append(blockHead(dst, rawBlock, len(b), last), b...)
	case len(b) < 1<<14:
		form, width = 2, 14
	}
	head := binary.LittleEndian.AppendUint64(nil, uint64(compressedBlock)|uint64(form)<<2|uint64(len(b))<<4|uint64(len(packed))<<(4+width))
	head = head[:(4+2*width)/8]
	dst = blockHead(dst, compressedBlock, len(head)+len(packed)+1, last)
	return append(append(append(dst, head...), packed...), 0) // no sequences
}

func blockHead(dst []byte, kind, size int, last bool) []byte {
	h := kind<<1 | size<<3
	if last {
		h |= 1
	}
	return append(dst, byte(h), byte(h>>8), byte(h>>16))
}

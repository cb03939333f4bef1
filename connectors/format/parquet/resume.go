package parquet

import (
	"bytes"
	"encoding/binary"
	"math/bits"

	"github.com/klauspost/compress/zstd"
)

// former is what the writer of a page had, when the page is compressed anew.
type former struct {
	ratio int    // how many bytes it took of each thousand
	frame []byte // the compressed page, nil when nothing of it can stay
	same  int    // so many bytes at the start of its content are as before
	grid  grid   // of the values of the new page
	kept  *int   // where it is noted how much of the content stayed compressed, or nil
}

// resume writes a frame that begins with the blocks which the writer made of the
// part of src that is as before, and returns false when there are none or it
// cannot be done. The blocks that follow refer to no table and no distance of those:
// a search is made without them and repeats no distance before a block has had three
// of its own (TestResume and FuzzResume would notice if that changed), and what values
// have in common is written with distances of its own. How much the old blocks hold is found out by reading them: a
// wrong frame would be the loss of a column.
func (p *packer) resume(dst, src []byte, was former, aligned bool) ([]byte, bool) {
	keep := min(was.same, len(src)) / zstdBlock
	if keep == 0 || len(src) > widest {
		return dst, false
	}
	blocks, end, ok := leadingBlocks(was.frame, keep)
	if !ok {
		return dst, false
	}
	from, ok := p.holds(blocks, end, keep*zstdBlock, src)
	if !ok {
		return dst, false
	}
	if was.kept != nil {
		*was.kept = from
	}
	dst = append(frameHead(dst, len(src)), blocks...)
	if aligned {
		return p.alignedBlocks(dst, src, from, was.grid), true
	}
	p.try = p.enc.EncodeAll(src[from:], p.try[:0])
	var h zstd.Header
	if h.Decode(p.try) != nil || h.HasCheckSum {
		return dst[:0], false
	}
	return append(dst, p.try[h.HeaderSize:]...), true
}

// holds returns how many bytes the blocks hold, the last of which stands at end, and
// false unless src begins with them. They hold room at most.
func (p *packer) holds(blocks []byte, end, room int, src []byte) (int, bool) {
	window := max(bits.Len(uint(len(src))), 10) // a power of two that is enough
	p.try = append(p.try[:0], 0x28, 0xb5, 0x2f, 0xfd, 0, byte(window-10)<<3)
	end += len(p.try)
	p.try = append(p.try, blocks...)
	p.try[end] |= 1 // the last one
	if cap(p.back) < room {
		p.back = make([]byte, room)
	}
	d, err := unzstd()
	if err != nil {
		return 0, false
	}
	back, err := d.DecodeAll(p.try, p.back[:0:room])
	return len(back), err == nil && bytes.HasPrefix(src, back)
}

// leadingBlocks returns the first n blocks of a frame that has more than those, and
// where the last of them stands.
func leadingBlocks(frame []byte, n int) ([]byte, int, bool) {
	var h zstd.Header
	if h.Decode(frame) != nil || h.Skippable || h.DictionaryID != 0 {
		return nil, 0, false
	}
	at, last := h.HeaderSize, h.HeaderSize
	for range n {
		if len(frame)-at < 3 {
			return nil, 0, false
		}
		head := int(frame[at]) | int(frame[at+1])<<8 | int(frame[at+2])<<16
		size := head >> 3
		if head>>1&3 == rleBlock {
			size = 1
		}
		if head&1 != 0 || size > len(frame)-at-3 {
			return nil, 0, false
		}
		last = at
		at += 3 + size
	}
	return frame[h.HeaderSize:at], last - h.HeaderSize, true
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

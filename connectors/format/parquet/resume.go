package parquet

import (
	"bytes"
	"encoding/binary"

	"github.com/klauspost/compress/zstd"
)

// former is what the writer of a page had, when the page is compressed anew.
type former struct {
	ratio int    // how many bytes it took of each thousand
	frame []byte // the compressed page, nil when nothing of it can stay
	same  int    // so many bytes at the start of its content are as before
}

// resume writes a frame that begins with the blocks which the writer made of the
// part of src that is as before, and returns false when that is not worth it or
// cannot be done. The blocks that follow refer to nothing before them: not by
// distance, for they are made without it, and not by a repeated distance, which the
// fast search leaves out until a block has had three of its own. What the frame
// holds is compared with src all the same, for how much a block holds is a guess
// and a wrong frame would be the loss of a column.
func (p *packer) resume(dst, src []byte, was former) ([]byte, bool) {
	keep := min(was.same, len(src)) / zstdBlock
	if keep == 0 || 3*keep*zstdBlock < len(src) || len(src) > heldChunk { // reading it again costs more than that saves
		return dst, false
	}
	blocks, ok := leadingBlocks(was.frame, keep)
	if !ok {
		return dst, false
	}
	p.try = p.enc.EncodeAll(src[keep*zstdBlock:], p.try[:0])
	var h zstd.Header
	if h.Decode(p.try) != nil || h.HasCheckSum {
		return dst, false
	}
	frame := append(append(frameHead(dst, len(src)), blocks...), p.try[h.HeaderSize:]...)
	if cap(p.back) < len(src) {
		p.back = make([]byte, len(src))
	}
	back, err := inflate(cZstd, p.back[:len(src)], frame[len(dst):])
	if err != nil || !bytes.Equal(back, src) {
		return dst, false
	}
	return frame, true
}

// leadingBlocks returns the first n blocks of a frame that has more than those.
func leadingBlocks(frame []byte, n int) ([]byte, bool) {
	var h zstd.Header
	if h.Decode(frame) != nil || h.Skippable || h.DictionaryID != 0 {
		return nil, false
	}
	at := h.HeaderSize
	for range n {
		if len(frame)-at < 3 {
			return nil, false
		}
		head := int(frame[at]) | int(frame[at+1])<<8 | int(frame[at+2])<<16
		size := head >> 3
		if head>>1&3 == rleBlock {
			size = 1
		}
		if head&1 != 0 || size > len(frame)-at-3 {
			return nil, false
		}
		at += 3 + size
	}
	return frame[h.HeaderSize:at], true
}

// frameHead begins a frame of n bytes: one segment, its size in four bytes.
func frameHead(dst []byte, n int) []byte {
	dst = append(dst, 0x28, 0xb5, 0x2f, 0xfd, 0x80|0x20)
	return binary.LittleEndian.AppendUint32(dst, uint32(n))
}

package parquet

import (
	"encoding/binary"
	"math/bits"
	"slices"
)

// sequenceReader takes in the sequences of the blocks of a frame, one after the other.
type sequenceReader struct {
	tables [3]decoderTable
	last   distances
	modes  [3]int // of the block at hand
	list   []sequence
	blind  bool // some of the last distances are not known, they are 0
	room   []byte
}

// begin makes the reader one for the first block of a frame.
func (r *sequenceReader) begin() {
	for k := range r.tables {
		r.tables[k].known = false
	}
	r.last = firstDistances
}

// firstDistances are the last distances where a frame begins.
var firstDistances = distances{1, 4, 8}

// read fills the list with the sequences of a block; their distances count bytes.
func (r *sequenceReader) read(b []byte) error {
	r.list = r.list[:0]
	n, b, err := r.head(b)
	if n == 0 || err != nil {
		return err
	}
	return r.stream(b, n)
}

// head takes in how many sequences a block has and how they are written, and returns
// what follows.
func (r *sequenceReader) head(b []byte) (int, []byte, error) {
	if len(b) < 1 {
		return 0, nil, errFrame
	}
	n, head := int(b[0]), 1
	switch {
	case n == 0 && len(b) == 1:
		return 0, nil, nil
	case n == 255 && len(b) > 3:
		n, head = littleEndian(b[1:3])+0x7f00, 3
	case n >= 128 && n < 255 && len(b) > 2:
		n, head = (n-128)<<8+int(b[1]), 2
	case n == 0 || n >= 128:
		return 0, nil, errFrame
	}
	if len(b) <= head || b[head]&3 != 0 {
		return 0, nil, errFrame
	}
	modes := int(b[head])
	b = b[head+1:]
	var err error
	for k := range r.tables {
		r.modes[k] = modes >> (6 - 2*k) & 3
		if b, err = r.tables[k].read(k, r.modes[k], b); err != nil {
			return 0, nil, err
		}
	}
	return n, b, nil
}

// pass goes over a block that is taken to be full. The last one is read: those before it
// are not, and mostly it tells the distances that follow all the same.
func (r *sequenceReader) pass(b *block, blind, last bool) error {
	if b.kind != compressedBlock {
		if b.n != zstdBlock || last {
			return errFrame
		}
		return nil
	}
	_, _, n, rest, err := literalsOf(b.body)
	if err != nil {
		return err
	}
	if !last {
		_, _, err = r.head(rest)
		return err
	}
	if r.blind = blind; blind {
		r.last = distances{}
	}
	err = r.read(rest)
	r.blind = false
	for i := range r.list {
		n += int(r.list[i].match)
	}
	if err != nil || n != zstdBlock {
		return errFrame
	}
	return nil
}

// stream is the inverse of [packer.stream].
func (r *sequenceReader) stream(b []byte, n int) error {
	if len(b) == 0 || b[len(b)-1] == 0 || n > zstdBlock {
		return errFrame
	}
	const pad = 16 // bytes before the stream, so that whole words can be loaded
	buf := append(append(r.room[:0], make([]byte, pad)...), b...)
	r.room = buf
	end := len(buf)*8 - 9 + bits.Len8(b[len(b)-1])
	r.list = slices.Grow(r.list, n)[:n]
	ll, of, ml := &r.tables[literalLength], &r.tables[offsetCode], &r.tables[matchLength]
	w := topBits(buf, end)
	l := w >> 1 >> (63 - ll.log)
	w <<= ll.log
	o := w >> 1 >> (63 - of.log)
	w <<= of.log
	m := w >> 1 >> (63 - ml.log)
	end -= int(ll.log + of.log + ml.log)
	return r.values(buf, [3]uint64{l, o, m}, end, pad*8)
}

// values decodes the sequences, of which the first has the states from, out of a stream
// that goes from the bit end down to stop.
func (r *sequenceReader) values(buf []byte, from [3]uint64, end, stop int) error {
	ll, of, ml := &r.tables[literalLength].state, &r.tables[offsetCode].state, &r.tables[matchLength].state
	l, o, m := from[literalLength], from[offsetCode], from[matchLength]
	last, list := r.last, r.list
	for i := range list {
		if end < stop {
			return errFrame
		}
		ls, os, ms := ll[l&511], of[o&511], ml[m&511]
		w := topBits(buf, end)
		oe, me, le := os>>8&63, ms>>8&63, ls>>8&63
		states := (ls + ms + os) & 255
		extra := oe + me + le
		end -= int(extra + states)
		v := uint32(os>>32) + uint32(w>>1>>((63-oe)&63))
		w <<= oe
		if extra+states > 56 {
			if me+le+states > 57 {
				return errFrame // no writer makes these
			}
			w = topBits(buf, end+int(extra+states-oe))
		}
		match := uint32(ms>>32) + uint32(w>>1>>((63-me)&63))
		w <<= me
		lit := uint32(ls>>32) + uint32(w>>1>>((63-le)&63))
		w <<= le
		if i == len(list)-1 {
			end += int(states) // there is no next one
		}
		l = uint64(ls>>16&0xffff) + w>>1>>((63-ls)&63)
		w <<= ls & 63
		m = uint64(ms>>16&0xffff) + w>>1>>((63-ms)&63)
		w <<= ms & 63
		o = uint64(os>>16&0xffff) + w>>1>>((63-os)&63)
		off := v - 3
		if v > 3 {
			last[2], last[1], last[0] = last[1], last[0], off
		} else if off = last.resolve(v, lit == 0); off == 0 && !r.blind {
			return errFrame
		}
		list[i] = sequence{lit: lit, match: match, off: off}
	}
	r.last = last
	if end != stop {
		return errFrame
	}
	return nil
}

// topBits returns the 57 bits, or a few more, that stand before a bit of a stream, from
// the top of a word downwards.
func topBits(buf []byte, end int) uint64 {
	k := (end+7)>>3 - 8
	return binary.LittleEndian.Uint64(buf[k:]) << uint(8*k+64-end)
}

// resolve finds the distance that v, no more than 3, repeats; 0 is none that can be.
func (d *distances) resolve(v uint32, noLits bool) uint32 {
	if noLits {
		v++
	}
	switch v {
	case 2:
		d[0], d[1] = d[1], d[0]
	case 3:
		d[0], d[1], d[2] = d[2], d[0], d[1]
	case 4:
		d[0], d[1], d[2] = d[0]-1, d[0], d[1]
	}
	return d[0]
}

package parquet

import (
	"encoding/binary"
	"errors"
	"math/bits"
	"slices"
)

var (
	errLevels  = errors.New("the levels of a page are damaged")
	errIndices = errors.New("the dictionary indices of a page are damaged")
)

// unpackHybrid decodes n values of the given bit width from the RLE and
// bit-packing hybrid. They use buf when it is large enough.
func unpackHybrid(buf []uint32, b []byte, width, n int, bad error) ([]uint32, error) {
	if width > 32 {
		return nil, bad
	}
	out := buf[:0]
	if cap(out) < n {
		out = make([]uint32, 0, n)
	}
	if width == 0 {
		out = out[:n]
		clear(out)
		return out, nil
	}
	for len(out) < n {
		h, k := binary.Uvarint(b)
		if k <= 0 {
			return nil, bad
		}
		b = b[k:]
		if h&1 == 0 {
			w := (width + 7) / 8
			if len(b) < w || h>>1 == 0 {
				return nil, bad
			}
			var v uint32
			for i := range w {
				v |= uint32(b[i]) << (8 * i)
			}
			b = b[w:]
			for range min(h>>1, uint64(n-len(out))) {
				out = append(out, v)
			}
			continue
		}
		groups := h >> 1
		want := min(groups, uint64(n-len(out)+7)/8)
		have := uint64(len(b) / width) // some writers cut the padding of the last group
		if groups == 0 {
			return nil, bad
		}
		take := min(uint64(n-len(out)), want*8)
		if have < want && uint64(len(b))*8 < take*uint64(width) {
			return nil, bad
		}
		out = unpackBits(out, b, width, int(take))
		b = b[min(groups, have)*uint64(width):]
		if have < groups {
			b = nil
		}
	}
	return out, nil
}

// unpackBits appends n values that are packed with the given bit width, least
// significant bit first.
func unpackBits(out []uint32, b []byte, width, n int) []uint32 {
	mask := uint64(1)<<width - 1
	i, bit := 0, 0
	at := len(out)
	out = slices.Grow(out, n)[:at+n]
	for dst := out[at:]; len(dst)-i >= 8 && bit>>3+width+8 <= len(b); i, bit = i+8, bit+8*width {
		unpackEight((*[8]uint32)(dst[i:]), b[bit>>3:], width, mask)
	}
	out = out[:at+i]
	for ; i < n && bit>>3+8 <= len(b); i++ {
		v := binary.LittleEndian.Uint64(b[bit>>3:]) >> (bit & 7)
		out = append(out, uint32(v&mask))
		bit += width
	}
	for ; i < n; i++ {
		var tmp [8]byte
		if bit>>3 < len(b) {
			copy(tmp[:], b[bit>>3:])
		}
		v := binary.LittleEndian.Uint64(tmp[:]) >> (bit & 7)
		out = append(out, uint32(v&mask))
		bit += width
	}
	return out
}

// unpackEight unpacks eight values, which begin with a byte. Behind them stand eight bytes
// more at least.
func unpackEight(dst *[8]uint32, b []byte, width int, mask uint64) {
	switch {
	case width <= 8: // all of them fill a word at most
		v := binary.LittleEndian.Uint64(b)
		for k := range dst {
			dst[k] = uint32(v & mask)
			v >>= width & 63
		}
	case width <= 28: // two and the bits before them
		for k := 0; k < len(dst); k += 2 {
			v := binary.LittleEndian.Uint64(b[k*width>>3:]) >> (k * width & 7)
			dst[k], dst[k+1] = uint32(v&mask), uint32(v>>(width&63)&mask)
		}
	default:
		for k := range dst {
			v := binary.LittleEndian.Uint64(b[k*width>>3:]) >> (k * width & 7)
			dst[k] = uint32(v & mask)
		}
	}
}

// unpackLevels decodes n levels no larger than top.
func unpackLevels(b []byte, top, n int) ([]byte, error) {
	out := make([]byte, 0, n)
	width := bits.Len(uint(top))
	for len(out) < n {
		h, k := binary.Uvarint(b)
		if k <= 0 {
			return nil, errLevels
		}
		b = b[k:]
		if h&1 == 0 {
			if len(b) < 1 || h>>1 == 0 || int(b[0]) > top {
				return nil, errLevels
			}
			v := b[0]
			b = b[1:]
			at := len(out)
			out = out[:at+int(min(h>>1, uint64(n-at)))]
			fill(out[at:], v)
			continue
		}
		want := min(h>>1*8, uint64(n-len(out)))
		if h>>1 == 0 || uint64(len(b))*8 < want*uint64(width) {
			return nil, errLevels
		}
		out = unpackSmall(out, b, width, int(want))
		b = b[min(uint64(len(b)), h>>1*uint64(width)):]
	}
	for _, v := range out {
		if int(v) > top {
			return nil, errLevels
		}
	}
	return out, nil
}

func fill(b []byte, v byte) {
	for i := range b {
		b[i] = v
	}
}

// eightBits spreads the bits of a byte over the bytes of a word.
func eightBits(b byte) uint64 {
	const each, bit = 0x0101010101010101, 0x8040201008040201
	return (uint64(b)*each&bit + 0x7f7f7f7f7f7f7f7f) >> 7 & each
}

func unpackSmall(out, b []byte, width, n int) []byte {
	if width == 1 {
		for ; n >= 8; n, b = n-8, b[1:] {
			out = binary.LittleEndian.AppendUint64(out, eightBits(b[0]))
		}
		for i := range n {
			out = append(out, b[0]>>i&1)
		}
		return out
	}
	mask := uint32(1)<<width - 1
	for i := range n {
		bit := i * width
		v := uint32(b[bit>>3])
		if bit>>3+1 < len(b) {
			v |= uint32(b[bit>>3+1]) << 8
		}
		out = append(out, byte(v>>(bit&7)&mask))
	}
	return out
}

// unpackOldLevels decodes the deprecated BIT_PACKED levels, most significant bit
// first, and says how many bytes they took.
func unpackOldLevels(b []byte, top, n int) ([]byte, int, error) {
	width := bits.Len(uint(top))
	size := (n*width + 7) / 8
	if size > len(b) {
		return nil, 0, errLevels
	}
	out := make([]byte, n)
	for i := range out {
		for j := range width {
			bit := i*width + j
			out[i] = out[i]<<1 | b[bit>>3]>>(7-bit&7)&1
		}
		if int(out[i]) > top {
			return nil, 0, errLevels
		}
	}
	return out, size, nil
}

// packHybrid appends values of the given bit width: runs of eight or more as
// RLE, the others bit-packed.
func packHybrid[T byte | uint32](dst []byte, vals []T, width int) []byte {
	w := (width + 7) / 8
	for i := 0; i < len(vals); {
		if run := runLength(vals[i:]); run >= 8 || run == len(vals)-i {
			dst = binary.AppendUvarint(dst, uint64(run)<<1)
			for k := range w {
				dst = append(dst, byte(uint32(vals[i])>>(8*k)))
			}
			i += run
			continue
		}
		j := i
		for j < len(vals) && runLength(vals[j:min(len(vals), j+8)]) < 8 {
			j = min(j+8, len(vals))
		}
		dst = packBits(dst, vals[i:j], width)
		i = j
	}
	return dst
}

func runLength[T byte | uint32](vals []T) int {
	n := 1
	for n < len(vals) && vals[n] == vals[0] {
		n++
	}
	return n
}

// packBits appends one bit-packed run, filled up with zeros to a multiple of
// eight values.
func packBits[T byte | uint32](dst []byte, vals []T, width int) []byte {
	groups := (len(vals) + 7) / 8
	dst = binary.AppendUvarint(dst, uint64(groups)<<1|1)
	at, end := len(dst), len(dst)+groups*width
	dst = slices.Grow(dst, groups*width+8)[:end+8]
	var acc uint64
	have := 0
	for _, v := range vals {
		acc |= uint64(v) << have
		if have += width; have >= 32 {
			binary.LittleEndian.PutUint32(dst[at:], uint32(acc))
			at += 4
			acc >>= 32
			have -= 32
		}
	}
	binary.LittleEndian.PutUint64(dst[at:], acc)
	clear(dst[min(at+8, end):end])
	return dst[:end]
}

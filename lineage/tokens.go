package lineage

import (
	"encoding/binary"
	"math/bits"
)

// The tokens of a block stand in the order of its rows, and those of rows that follow one
// another in a table differ in one byte, see mac.token: as a rule a token is a neighbour of
// the one that stands as many places before it as a row has. A block therefore holds how
// many places that is, which tokens are such neighbours, and of these the byte.

const (
	// mostStride is up to how many places apart neighbours are looked for, strideTokens in
	// how many tokens of a block.
	mostStride   = 16
	strideTokens = 4 * mostStride
)

// neighbours reports that two tokens, or their first halves, differ in the byte at restAt
// at most.
func neighbours(a, b *Token, width int) bool {
	const family = ^uint64(0) >> 8 // without the last byte, which stands highest here
	x, y := binary.LittleEndian.Uint64(a[:]), binary.LittleEndian.Uint64(b[:])
	return (x^y)&family == 0 && (width == halfToken || [halfToken]byte(a[halfToken:]) == [halfToken]byte(b[halfToken:]))
}

// stride returns how many places before a token its neighbour stands, 0 when none has one.
func stride(list []Token, width int) int {
	for i := range list[:min(len(list), strideTokens)] {
		for n := 1; n <= min(i, mostStride); n++ {
			if neighbours(&list[i], &list[i-n], width) {
				return n
			}
		}
	}
	return 0
}

// appendTokens writes the tokens of a block, whole or their first halves.
func appendTokens(out []byte, list []Token, width int) []byte {
	n := stride(list, width)
	out = append(binary.AppendUvarint(out, uint64(len(list))), byte(n))
	if n == 0 {
		for i := range list {
			out = append(out, list[i][:width]...)
		}
		return out
	}
	at := len(out)
	for range (len(list) + 7) / 8 {
		out = append(out, 0)
	}
	for i := range list {
		if i >= n && neighbours(&list[i], &list[i-n], width) {
			out[at+i/8] |= 1 << (i % 8)
			out = append(out, list[i][restAt])
		} else {
			out = append(out, list[i][:width]...)
		}
	}
	return out
}

// tokens reads what appendTokens wrote, one behind the other. When no token has a neighbour
// they are part of the input.
func (d *decoder) tokens(width int) []byte {
	count := d.count(1)
	n := int(d.byte())
	if n == 0 {
		return d.take(count * width)
	}
	near := d.take((count + 7) / 8)
	ones := 0
	for _, b := range near {
		ones += bits.OnesCount8(b)
	}
	in := d.take((count-ones)*width + ones)
	if d.bad || ones > count {
		d.fail()
		return nil
	}
	out := make([]byte, 0, count*width)
	for i := range count {
		own := width
		if near[i/8]>>(i%8)&1 == 1 {
			own = 1
		}
		if len(in) < own || own == 1 && i < n {
			d.fail()
			return nil
		}
		if own == 1 {
			from := (i - n) * width
			out = append(out, out[from:from+width]...)
			out[i*width+restAt] = in[0]
		} else {
			out = append(out, in[:own]...)
		}
		in = in[own:]
	}
	return out
}

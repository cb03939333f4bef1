package parquet

import (
	"encoding/binary"
	"math/bits"
	"slices"
)

// sequence is a run of literals and the match that follows it, as a block of a zstd
// frame holds them.
type sequence struct {
	lit, match uint32
	off        uint32 // the distance as it is written: 1 to 3 repeat an earlier one, others are 3 larger
	codes      [3]uint8
}

// Kinds of codes of a sequence, in the order of their tables.
const literalLength, offsetCode, matchLength = 0, 1, 2

// leastMatch is the shortest match that a frame can hold.
const leastMatch = 3

// ramp is what the format fixes for a kind of length: plain codes from least on, then
// codes that are followed by more bits.
type ramp struct {
	base  [64]uint32
	extra [64]uint8
	short [128]uint8 // codes of the smallest lengths
	few   uint32     // how many those are
	over  int        // added to the position of the highest bit, it is the code of the others
}

var (
	literalRamp = newRamp(0, 16, 64, 19, 1, 1, 1, 1, 2, 2, 3, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16)
	matchRamp   = newRamp(leastMatch, 32, 128, 36, 1, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16)
)

func newRamp(least uint32, plain int, few uint32, over int, extra ...uint8) *ramp {
	r := &ramp{few: few, over: over}
	copy(r.extra[plain:], extra)
	at := least
	for c := range plain + len(extra) {
		r.base[c] = at
		for v := at - least; v < at-least+1<<r.extra[c] && v < few; v++ {
			r.short[v] = uint8(c)
		}
		at += 1 << r.extra[c]
	}
	return r
}

// code is the code of a length; v counts from the smallest one.
func (r *ramp) code(v uint32) uint8 {
	if v < r.few {
		return r.short[v&127]
	}
	return uint8(bits.Len32(v) - 1 + r.over)
}

// distances are the last three distances of a frame, 0 where they are not known.
type distances [3]uint32

// express returns how a distance is written and moves the history on; noLits tells
// that no literal stands before the match.
func (d *distances) express(off uint32, noLits bool) uint32 {
	switch {
	case noLits:
		if off == d[1] {
			d[0], d[1] = d[1], d[0]
			return 1
		}
	case off == d[0]:
		return 1
	case off == d[1]:
		d[0], d[1] = d[1], d[0]
		return 2
	}
	if !noLits && off == d[2] {
		d[0], d[1], d[2] = off, d[0], d[1]
		return 3
	}
	d[0], d[1], d[2] = off, d[0], d[1]
	return off + 3
}

// Logarithms of the sizes of tables.
const leastTable, mostTable = 5, 8

// coder encodes one kind of code with a finite state machine made for a block.
type coder struct {
	count [64]uint32
	norm  [64]uint16
	log   uint
	only  bool // a single code
	last  int  // the largest code
	next  [1 << mostTable]uint16
	order [1 << mostTable]uint8
	sym   [64]struct {
		bits uint32
		find int32
	}
}

// fit makes the machine for n codes that were counted.
func (c *coder) fit(n int) {
	used := 0
	for s, k := range c.count {
		if k > 0 {
			used++
			c.last = s
		}
	}
	if c.only = used == 1; c.only {
		c.log, c.next[0] = 0, 0
		c.sym[c.last].bits, c.sym[c.last].find = 0, 0
		return
	}
	c.log = uint(min(mostTable, max(leastTable, bits.Len(uint(n))-2)))
	for 1<<c.log < 2*used && c.log < mostTable {
		c.log++
	}
	c.normalize(n)
	c.build()
}

// normalize shares the states among the codes. Every code has one at least.
func (c *coder) normalize(n int) {
	left := 1 << c.log
	for s, k := range c.count {
		c.norm[s] = 0
		if k > 0 {
			c.norm[s] = uint16(max(1, (uint64(k)<<c.log+uint64(n)/2)/uint64(n)))
			left -= int(c.norm[s])
		}
	}
	for left != 0 {
		big := 0
		for s, k := range c.norm {
			if k > c.norm[big] {
				big = s
			}
		}
		step := left
		if left < 0 { // never more than half of it at once, so that it stays the largest for long
			step = -min(-left, max(1, int(c.norm[big])/4))
		}
		c.norm[big] = uint16(int(c.norm[big]) + step)
		left -= step
	}
}

// build lays the codes over the states.
func (c *coder) build() {
	size := 1 << c.log
	pos, mask, step := 0, size-1, size>>1+size>>3+3
	var start [64]int
	total := 0
	for s, k := range c.norm[:c.last+1] {
		start[s] = total
		for range k {
			c.order[pos] = uint8(s)
			pos = (pos + step) & mask
		}
		switch {
		case k == 0:
		case k == 1:
			c.sym[s].bits = uint32(c.log)<<16 - uint32(size)
			c.sym[s].find = int32(total) - 1
		default:
			out := uint32(c.log) - uint32(bits.Len16(k-1)-1)
			c.sym[s].bits = out<<16 - uint32(k)<<out
			c.sym[s].find = int32(total) - int32(k)
		}
		total += int(k)
	}
	for i, s := range c.order[:size] {
		c.next[start[s]] = uint16(size + i)
		start[s]++
	}
}

// first is the state that the machine begins with.
func (c *coder) first(s uint8) uint32 {
	if c.only {
		return 0
	}
	nb := (c.sym[s].bits + 1<<15) >> 16
	v := nb<<16 - c.sym[s].bits
	return uint32(c.next[int32(v>>nb)+c.sym[s].find])
}

// describe writes the table of the machine as a reader wants it.
func (c *coder) describe(dst []byte) []byte {
	if c.only {
		return append(dst, uint8(c.last))
	}
	w := bitWriter{out: dst}
	w.add(uint64(c.log-leastTable), 4)
	left, limit, width := 1<<c.log+1, 1<<c.log, c.log+1
	zero := false
	for s := 0; s <= c.last && left > 1; s++ {
		if zero {
			from := s
			for c.norm[s] == 0 {
				s++
			}
			for ; s-from >= 3; from += 3 {
				w.add(3, 2)
			}
			w.add(uint64(s-from), 2)
		}
		k := int(c.norm[s])
		most := 2*limit - 1 - left
		left -= k
		zero = k == 0
		v, n := k+1, width
		if v >= limit {
			v += most
		}
		if v < most {
			n--
		}
		w.add(uint64(v), n)
		for left < limit {
			width--
			limit >>= 1
		}
	}
	return w.flush()
}

// bitWriter writes bits, the least significant first.
type bitWriter struct {
	out  []byte
	acc  uint64
	have uint
}

// add appends n bits, no more than 32.
func (w *bitWriter) add(v uint64, n uint) {
	w.acc |= v << w.have
	if w.have += n; w.have >= 32 {
		w.out = binary.LittleEndian.AppendUint32(w.out, uint32(w.acc))
		w.acc >>= 32
		w.have -= 32
	}
}

// flush fills the last byte up with zeros.
func (w *bitWriter) flush() []byte {
	for w.have > 0 {
		w.out = append(w.out, byte(w.acc))
		w.acc >>= 8
		w.have -= min(8, w.have)
	}
	return w.out
}

// sequenceSection writes the sequences of a block.
func (p *packer) sequenceSection(dst []byte) []byte {
	n := len(p.seqs)
	switch {
	case n == 0:
		return append(dst, 0)
	case n < 128:
		dst = append(dst, byte(n))
	case n < 0x7f00:
		dst = append(dst, byte(n>>8+128), byte(n))
	default:
		dst = append(dst, 255, byte(n-0x7f00), byte((n-0x7f00)>>8))
	}
	p.count()
	modes := len(dst)
	dst = append(dst, 0)
	for k := range p.coders {
		c := &p.coders[k]
		c.fit(n)
		mode := byte(2) // a table of its own
		if c.only {
			mode = 1
		}
		dst[modes] |= mode << (6 - 2*k)
		dst = c.describe(dst)
	}
	return p.stream(dst)
}

// count finds the codes of the sequences. Equal codes follow each other so often that
// one counter for all of them would be waited for.
func (p *packer) count() {
	var odd, even [3][64]uint32
	put := func(s *sequence, count *[3][64]uint32) {
		lc, oc, mc := literalRamp.code(s.lit), uint8(bits.Len32(s.off)-1), matchRamp.code(s.match-leastMatch)
		s.codes = [3]uint8{lc, oc, mc}
		count[literalLength][lc&63]++
		count[offsetCode][oc&63]++
		count[matchLength][mc&63]++
	}
	i := 0
	for ; i+1 < len(p.seqs); i += 2 {
		put(&p.seqs[i], &even)
		put(&p.seqs[i+1], &odd)
	}
	if i < len(p.seqs) {
		put(&p.seqs[i], &even)
	}
	for k := range p.coders {
		for c := range odd[k] {
			p.coders[k].count[c] = odd[k][c] + even[k][c]
		}
	}
}

// stream writes the codes and what follows each, from the last sequence to the first.
func (p *packer) stream(dst []byte) []byte {
	ll, of, ml := &p.coders[literalLength], &p.coders[offsetCode], &p.coders[matchLength]
	end := &p.seqs[len(p.seqs)-1]
	l, o, m := ll.first(end.codes[0]), of.first(end.codes[1]), ml.first(end.codes[2])
	const room = 16 // a sequence takes 24 bits of states and 56 of others at most
	out := slices.Grow(p.bits[:0], room*(len(p.seqs)+2))
	p.bits, out = out, out[:cap(out)]
	at, w, have := 0, uint64(0), uint(0)
	for i := len(p.seqs) - 1; i >= 0; i-- {
		s := &p.seqs[i]
		lc, oc, mc := s.codes[0]&63, s.codes[1]&31, s.codes[2]&63
		if i < len(p.seqs)-1 {
			t := of.sym[oc]
			n := (o + t.bits) >> 16
			w |= uint64(o&(1<<(n&31)-1)) << (have & 63)
			have += uint(n)
			o = uint32(of.next[uint8(int32(o>>(n&31))+t.find)])
			t = ml.sym[mc]
			n = (m + t.bits) >> 16
			w |= uint64(m&(1<<(n&31)-1)) << (have & 63)
			have += uint(n)
			m = uint32(ml.next[uint8(int32(m>>(n&31))+t.find)])
			t = ll.sym[lc]
			n = (l + t.bits) >> 16
			w |= uint64(l&(1<<(n&31)-1)) << (have & 63)
			have += uint(n)
			l = uint32(ll.next[uint8(int32(l>>(n&31))+t.find)])
		}
		le, me := uint(literalRamp.extra[lc]), uint(matchRamp.extra[mc])
		x := uint64(s.lit-literalRamp.base[lc]) | uint64(s.match-matchRamp.base[mc])<<(le&63)
		if have+le+me+uint(oc) > 63 { // a full word could not be shifted out
			binary.LittleEndian.PutUint64(out[at:], w)
			at, w, have = at+int(have>>3), w>>(have&56), have&7
		}
		w |= x << (have & 63)
		have += le + me
		w |= uint64(s.off-1<<oc) << (have & 63)
		have += uint(oc)
		binary.LittleEndian.PutUint64(out[at:], w)
		at, w, have = at+int(have>>3), w>>(have&56), have&7
	}
	b := bitWriter{out: append(dst, out[:at]...), acc: w, have: have}
	b.add(uint64(m)&(1<<ml.log-1), ml.log)
	b.add(uint64(o)&(1<<of.log-1), of.log)
	b.add(uint64(l)&(1<<ll.log-1), ll.log)
	b.add(1, 1)
	return b.flush()
}

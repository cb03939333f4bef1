package parquet

import (
	"encoding/binary"
	"math/bits"
)

// grid is how PLAIN values stand in a page.
type grid struct {
	known bool
	at    int // where they begin
	width int // of each; 0: each follows its length
}

// plainGrid is the grid of values that begin at a place.
func plainGrid(l *leaf, enc int64, at int) grid {
	return grid{known: enc == ePlain && l.typ != pBool, at: at, width: l.width}
}

// leastRun is how many equal bytes make a match.
const leastRun = 4

// aligner goes over the values of a page and finds matches by looking at each beside
// the last one of its size: what the values of a column have in common, a scheme or the
// high bytes of a number, mostly stands at equal places. Nothing is searched, so a page
// takes a fraction of the time that a search takes.
type aligner struct {
	src   []byte
	width int
	next  int      // where the next value begins
	size  int      // bytes of the value at hand
	back  int      // how far before it the one beside it began, 0 when there is none
	sized [256]int // where the last value of a size began, and one more
}

func newAligner(src []byte, g grid) *aligner {
	return &aligner{src: src, width: g.width, next: min(g.at, len(src))}
}

// hop moves on to the next value. One with a damaged length goes on to the end.
func (a *aligner) hop() {
	rest := len(a.src) - a.next
	n := uint64(a.width)
	if n == 0 && rest >= 4 {
		n = uint64(binary.LittleEndian.Uint32(a.src[a.next:])) + 4
	}
	if n == 0 || n > uint64(rest) {
		n = uint64(rest)
	}
	a.back = min(a.size, widest/2)
	a.size = int(n)
	last := &a.sized[n&255]
	if *last > 0 && a.next+1-*last < widest/2 {
		a.back = a.next + 1 - *last
	}
	*last = a.next + 1
	a.next += a.size
}

// aligned takes src[from:to] apart into sequences and literals.
func (p *packer) aligned(a *aligner, from, to int) {
	if cap(p.lits) < zstdBlock+short {
		p.lits = make([]byte, zstdBlock+short)
	}
	p.seqs, p.lits = p.seqs[:0], p.lits[:0]
	at, lit := from, from
	if a.width > 0 && from >= a.next { // all have one size: no need to stop at each
		a.back = min(a.width, widest/2)
		if from-a.next < a.width {
			at = min(a.next+a.width, to)
		}
		at, lit = p.beside(a, at, to, to, lit)
	}
	for at < to {
		for a.next <= at && a.next < len(a.src) {
			a.hop()
		}
		end := to
		if a.next > at {
			end = min(a.next, to)
		}
		if a.back > 0 && at+8 <= len(a.src) {
			at, lit = p.beside(a, at, end, to, lit)
		} else {
			at = end
		}
	}
	p.lits = append(p.lits, a.src[lit:to]...)
}

// beside looks for matches from at to the end of a value, and returns where the next
// look begins and the first byte that no sequence holds. A match may reach over the
// end, as far as to.
func (p *packer) beside(a *aligner, at, end, to, lit int) (int, int) {
	src, back := a.src, a.back
	for at < end && at+8 <= len(src) {
		same := equalBytes(binary.LittleEndian.Uint64(src[at:]) ^ binary.LittleEndian.Uint64(src[at-back:]))
		same &= same >> 8
		same &= same >> 16
		if same == 0 {
			at += 9 - leastRun
			continue
		}
		from := at + bits.TrailingZeros64(same)>>3
		if from >= end {
			break
		}
		stop := from + leastRun + common(src[:to], from+leastRun, back)
		if stop > to {
			break
		}
		for from > lit && from > back && src[from-1] == src[from-1-back] {
			from--
		}
		p.add(src, lit, from, stop, back)
		at, lit = stop, stop
	}
	if at == lit {
		return max(at, end), lit
	}
	return end, lit
}

// equalBytes sets the top bit of each byte of x that is zero, and nothing else.
func equalBytes(x uint64) uint64 {
	const low = 0x7f7f7f7f7f7f7f7f
	return ^((x&low + low) | x | low)
}

// common counts the bytes from at on that are as those a distance before them.
func common(src []byte, at, back int) int {
	from := at
	for at+8 <= len(src) {
		x := binary.LittleEndian.Uint64(src[at:]) ^ binary.LittleEndian.Uint64(src[at-back:])
		if x != 0 {
			return at - from + bits.TrailingZeros64(x)>>3
		}
		at += 8
	}
	for at < len(src) && src[at] == src[at-back] {
		at++
	}
	return at - from
}

// add notes the literals src[lit:from] and the match src[from:stop].
func (p *packer) add(src []byte, lit, from, stop, back int) {
	n := len(p.lits)
	if k := from - lit; k <= short && lit+short <= len(src) && n+short <= cap(p.lits) {
		copyShort(p.lits[n:n+short], src[lit:lit+short])
		p.lits = p.lits[:n+k]
	} else {
		p.lits = append(p.lits, src[lit:from]...)
	}
	p.seqs = append(p.seqs, sequence{lit: uint32(from - lit), match: uint32(stop - from), off: p.last.express(uint32(back), from == lit)})
}

// alignedBlock writes src[from:to] as a block. It refers to nothing that was written
// by others but to the bytes before it.
func (p *packer) alignedBlock(dst []byte, a *aligner, from, to int, last bool) []byte {
	before := p.last
	p.aligned(a, from, to)
	head := len(dst)
	dst = append(dst, 0, 0, 0)
	dst = p.sequenceSection(p.literalSection(dst, p.lits))
	if n := len(dst) - head - 3; n < to-from && n <= zstdBlock {
		blockHead(dst[:head], compressedBlock, n, last)
		return dst
	}
	p.last = before // a reader of bytes as they are learns no distances
	return append(blockHead(dst[:head], rawBlock, to-from, last), a.src[from:to]...)
}

// alignedBlocks writes src from a place on as the rest of a frame.
func (p *packer) alignedBlocks(dst, src []byte, from int, g grid) []byte {
	a := newAligner(src, g)
	p.last = distances{}
	for from < len(src) {
		to := min(from+zstdBlock, len(src))
		dst = p.alignedBlock(dst, a, from, to, to == len(src))
		from = to
	}
	return dst
}

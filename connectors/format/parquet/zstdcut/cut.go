package zstdcut

import (
	"encoding/binary"
	"math"
	"sync"

	"github.com/cespare/xxhash/v2"
)

// Edit replaces the bytes [Lo, Hi) of a content by New.
type Edit struct {
	Lo, Hi int
	New    []byte
}

// Cut appends to dst a frame of content with the edits made, where src is one
// frame of content. The edits are in order and do not overlap. An error means
// that src is no frame that can be edited, or that the content would not fit into
// the blocks: compress it anew.
func Cut(dst, src, content []byte, edits []Edit) ([]byte, error) {
	e := editors.Get().(*editor)
	defer editors.Put(e)
	return e.cut(dst, src, content, edits)
}

var editors = sync.Pool{New: func() any { return &editor{} }}

// header is the head of a frame.
type header struct {
	window   int
	oneShot  bool // the window is the content
	exponent byte // the window's descriptor, without oneShot
	sized    bool
	sum      bool
	length   int
}

const magic = 0xfd2fb528

func readHeader(b []byte, content int) (h header, err error) {
	if len(b) < 6 || binary.LittleEndian.Uint32(b) != magic {
		return h, errDamaged
	}
	d := b[4]
	if d&0b1011 != 0 { // a dictionary, or a reserved bit
		return h, errDamaged
	}
	h.oneShot, h.sum, h.length = d&0x20 != 0, d&4 != 0, 5
	h.window = content
	if !h.oneShot {
		h.exponent = b[5]
		log := 10 + h.exponent>>3
		if log > 40 {
			return h, errDamaged
		}
		h.window = 1<<log + 1<<log/8*int(h.exponent&7)
		h.length++
	}
	size := []int{0, 2, 4, 8}[d>>6]
	if d>>6 == 0 && h.oneShot {
		size = 1
	}
	h.sized = size > 0
	h.length += size
	if h.length > len(b) || content > math.MaxInt32 {
		return h, errDamaged
	}
	return h, nil
}

func (h header) append(dst []byte, content int) []byte {
	d, size := byte(0), 0
	if h.sized {
		switch {
		case h.oneShot && content < 256:
			size = 1
		case content >= 256 && content < 65536+256:
			d, size = 0x40, 2
		default:
			d, size = 0x80, 4
		}
	}
	if h.oneShot {
		d |= 0x20
	}
	if h.sum {
		d |= 4
	}
	dst = append(binary.LittleEndian.AppendUint32(dst, magic), d)
	if !h.oneShot {
		dst = append(dst, h.exponent)
	}
	switch size {
	case 1:
		dst = append(dst, byte(content))
	case 2:
		dst = binary.LittleEndian.AppendUint16(dst, uint16(content-256))
	case 4:
		dst = binary.LittleEndian.AppendUint32(dst, uint32(content))
	}
	return dst
}

// editor holds the work on one frame.
type editor struct {
	decoder
	encoder
	content  []byte
	edits    []Edit
	moved    []int // by how much the content after the first i edits moved
	k        int   // edits that were passed
	begun    bool  // the new bytes of edit k are written
	at       int   // in the old content
	window   int
	most     int  // what a block may hold
	dirty    bool // the literals of the block are made anew
	lits     []byte
	pend     uint32 // literals since the last match
	litEnd   int    // literals of the block so far
	matchEnd int    // and bytes of matches
	seqs     []seq
}

func (e *editor) cut(dst, src, content []byte, edits []Edit) ([]byte, error) {
	h, err := readHeader(src, len(content))
	if err != nil {
		return nil, err
	}
	e.reset(content, edits, h.window)
	e.most = blockMost
	if !h.oneShot {
		e.most = min(blockMost, h.window)
	}
	size := len(content) + e.moved[len(edits)]
	out := h.append(dst, size)
	b := src[h.length:]
	for last := false; !last; {
		var blk block
		var n int
		if blk, last, n, err = e.read(b); err != nil {
			return nil, err
		}
		b = b[n:]
		if e.at+blk.size > len(content) || last && e.at+blk.size != len(content) {
			return nil, errDamaged
		}
		if out, err = e.block(out, &blk, last); err != nil {
			return nil, err
		}
	}
	if h.sum {
		if len(b) < 4 {
			return nil, errDamaged
		}
		b = b[4:]
		out = binary.LittleEndian.AppendUint32(out, uint32(e.sum()))
	}
	if len(b) > 0 {
		return nil, errDamaged
	}
	return out, nil
}

func (e *editor) reset(content []byte, edits []Edit, window int) {
	e.decoder.rep, e.encoder.rep = [3]uint32{1, 4, 8}, [3]uint32{1, 4, 8}
	e.decoder.tables, e.encoder.tables = [3]*table{}, [3]*table{}
	e.huffman = true
	e.content, e.edits, e.window = content, edits, window
	e.moved = append(e.moved[:0], 0)
	for i, x := range edits {
		e.moved = append(e.moved, e.moved[i]+len(x.New)-(x.Hi-x.Lo))
	}
	e.k, e.begun, e.at = 0, false, 0
}

// sum is the checksum of the edited content.
func (e *editor) sum() uint64 {
	h := xxhash.New()
	at := 0
	for _, x := range e.edits {
		for _, part := range [][]byte{e.content[at:x.Lo], x.New} {
			if _, err := h.Write(part); err != nil {
				return 0 // a hash does not fail
			}
		}
		at = x.Hi
	}
	if _, err := h.Write(e.content[at:]); err != nil {
		return 0
	}
	return h.Sum64()
}

// block writes one block of the new frame.
func (e *editor) block(out []byte, blk *block, last bool) ([]byte, error) {
	from, end := e.at, e.at+blk.size
	if e.k == len(e.edits) && e.k == 0 || e.k == 0 && e.edits[0].Lo > end {
		e.at = end
		e.encoder.rep = e.decoder.rep
		e.encoder.tables = e.decoder.tables
		return append(out, blk.raw...), nil
	}
	if blk.kind != compressedBlock && (e.k == len(e.edits) || e.edits[e.k].Lo > end) {
		e.at = end
		return append(out, blk.raw...), nil
	}
	e.dirty = blk.kind != compressedBlock || blk.treeless && !e.huffman || e.reaches(blk, end)
	if e.dirty && blk.size+e.growth(end, last) > e.most && e.k < len(e.edits) && e.edits[e.k].Lo == from && !e.begun {
		out = e.ahead(out, e.edits[e.k].New)
		e.begun = true
	}
	e.lits, e.seqs, e.pend, e.litEnd, e.matchEnd = e.lits[:0], e.seqs[:0], 0, 0, 0
	size := end - from
	if e.dirty {
		size += e.growth(end, last)
	}
	for i := range blk.seqs {
		s := &blk.seqs[i]
		e.literals(int(s.lit))
		e.match(s)
	}
	e.literals(end - e.at)
	if last {
		e.insert()
	}
	if size > e.most || size < 0 {
		return nil, errDamaged
	}
	if e.litEnd+e.matchEnd != size || !e.dirty && e.litEnd != blk.litSize {
		return nil, errDamaged
	}
	return e.write(out, blk, from, end, size, last)
}

// ahead writes new bytes as blocks of their own, when the block that they belong
// to would become too large.
func (e *editor) ahead(out, b []byte) []byte {
	for len(b) > 0 {
		n := min(len(b), e.most)
		e.lits = append(e.lits[:0], b[:n]...)
		b = b[n:]
		kept := e.huffman
		body := append(e.literalSection(e.body[:0]), 0) // no sequences
		e.body = body
		if len(body) >= n {
			e.huffman = kept
			out = append(blockHeader(out, rawBlock, n, false), e.lits...)
			continue
		}
		out = append(blockHeader(out, compressedBlock, len(body), false), body...)
	}
	return out
}

// growth is by how many bytes the content of the block up to end grows.
func (e *editor) growth(end int, last bool) int {
	n, begun := 0, e.begun
	for i := e.k; i < len(e.edits); i++ {
		x := &e.edits[i]
		if x.Lo > end || x.Lo == end && !last {
			break
		}
		if !begun {
			n += len(x.New)
		}
		begun = false
		n -= max(0, min(x.Hi, end)-max(x.Lo, e.at))
	}
	return n
}

// reaches reports whether an edit lies in the block, or a match of it takes
// bytes from an edited place.
func (e *editor) reaches(blk *block, end int) bool {
	if e.k < len(e.edits) && e.edits[e.k].Lo <= end {
		return true
	}
	at := e.at
	for i := range blk.seqs {
		s := &blk.seqs[i]
		at += int(s.lit)
		lo := at - int(s.off)
		if lo < e.edits[e.k-1].Hi {
			j := e.after(lo)
			if j < e.k && (e.edits[j].Lo < lo+int(s.match)) || s.match < 3 {
				return true
			}
			if int(s.off)+e.moved[e.k]-e.moved[j] > e.window {
				return true
			}
		}
		at += int(s.match)
	}
	return false
}

// after returns the first edit that ends behind an old position.
func (e *editor) after(pos int) int {
	lo, hi := 0, e.k
	for lo < hi {
		if m := int(uint(lo+hi) >> 1); e.edits[m].Hi <= pos {
			lo = m + 1
		} else {
			hi = m
		}
	}
	return lo
}

// insert writes the new bytes of edits that stand at the very end.
func (e *editor) insert() {
	for ; e.k < len(e.edits); e.k++ {
		if !e.begun {
			e.literal(e.edits[e.k].New)
		}
		e.begun = false
	}
}

// stretch passes over n bytes of the old content and calls keep for the parts
// that stay.
func (e *editor) stretch(n int, keep func(n int)) {
	end := e.at + n
	for e.at < end {
		if e.k < len(e.edits) && e.edits[e.k].Lo <= e.at {
			x := &e.edits[e.k]
			if !e.begun {
				e.literal(x.New)
				e.begun = true
			}
			e.at = min(end, max(e.at, x.Hi))
			if e.at >= x.Hi {
				e.k++
				e.begun = false
			}
			continue
		}
		stop := end
		if e.k < len(e.edits) {
			stop = min(end, e.edits[e.k].Lo)
		}
		keep(stop - e.at)
	}
}

// literals passes over n bytes that were literals.
func (e *editor) literals(n int) {
	if e.k == len(e.edits) || e.edits[e.k].Lo >= e.at+n {
		e.keepLiterals(n)
		return
	}
	e.stretch(n, e.keepLiterals)
}

func (e *editor) keepLiterals(n int) {
	e.literal(e.content[e.at : e.at+n])
	e.at += n
}

func (e *editor) literal(b []byte) {
	e.pend += uint32(len(b))
	e.litEnd += len(b)
	if e.dirty {
		e.lits = append(e.lits, b...)
	}
}

// match passes over a match.
func (e *editor) match(s *seq) {
	n, off := int(s.match), int(s.off)
	if (e.k == len(e.edits) || e.edits[e.k].Lo >= e.at+n) && (e.k == 0 || e.at-off >= e.edits[e.k-1].Hi) {
		e.emit(n, off)
		return
	}
	e.stretch(n, func(n int) { e.keepMatch(n, off) })
}

// keepMatch writes n bytes that stood off bytes earlier too.
func (e *editor) keepMatch(n, off int) {
	for n > 0 {
		src := e.at - off
		j := e.after(src)
		k := n
		inside := false
		if j < e.k && e.edits[j].Lo < src+n {
			if inside = e.edits[j].Lo <= src; inside {
				k = min(n, e.edits[j].Hi-src)
			} else {
				k = e.edits[j].Lo - src
			}
		}
		far := off + e.moved[e.k] - e.moved[j]
		if inside || k < 3 || far > e.window || far <= 0 {
			e.keepLiterals(k)
		} else {
			e.emit(k, far)
		}
		n -= k
	}
}

func (e *editor) emit(n, off int) {
	e.seqs = append(e.seqs, seq{lit: e.pend, match: uint32(n), off: uint32(off)})
	e.pend = 0
	e.at += n
	e.matchEnd += n
}

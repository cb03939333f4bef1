package parquet

import (
	"encoding/binary"
	"math/bits"
)

// heldIndices is a page of dictionary indices whose bytes stay as they are but where
// rows go or entries moved.
type heldIndices struct {
	room  []byte // the memory that they are in
	body  []byte // with the byte that is their width
	n     int    // how many there are
	spans []span // those that go
}

// mostEdits bounds the values of a page that are cut out of its runs: of one in so many
// the page is packed anew instead.
const mostEdits = 32

// reindexer edits runs of indices. What stays is copied, so that a compressed page keeps
// its blocks.
type reindexer struct {
	old, out []byte
	kept     int // up to here the old bytes are dealt with
	made     int // new bytes since the last that were kept
	edits    []change
	width    int
	at, n    int // values before the run at hand, and of all
	spans    []span
	moved    []int               // positions of values with another index, which do not go
	now      func(uint32) uint32 // the index that an entry has now
}

// reindex takes the spans out of n indices, with the byte that is their width before
// them, and renumbers those at the positions moved. It returns false when they
// are better packed anew.
func reindex(dst, b []byte, n int, spans []span, moved []int, now func(uint32) uint32) ([]byte, []change, bool) {
	if len(b) < 1 || b[0] == 0 || b[0] > 32 || (total(spans)+len(moved))*mostEdits > n {
		return dst, nil, false
	}
	r := &reindexer{old: b, out: dst, width: int(b[0]), n: n, spans: spans, moved: moved, now: now}
	r.keep(0, 1)
	p := 1
	for r.at < n {
		h, k := binary.Uvarint(b[p:])
		if k <= 0 || h>>1 == 0 {
			return dst, nil, false
		}
		from := p
		p += k
		size := (r.width + 7) / 8
		vals := min(h>>1, uint64(n-r.at))
		if h&1 != 0 {
			groups := min(h>>1, uint64(n-r.at+7)/8)
			size = min(int(groups)*r.width, len(b)-p) // some writers cut the padding of the last group
			vals = min(groups*8, uint64(n-r.at))
		}
		if size > len(b)-p || h&1 != 0 && uint64(size)*8 < vals*uint64(r.width) {
			return dst, nil, false
		}
		to := r.at + int(vals)
		whole := size // with what fills the run up, which its header counts
		if h&1 != 0 {
			whole = int(min(h>>1, uint64(len(b)-p))) * r.width // more than there is at the most
			whole = min(whole, len(b)-p)
		}
		switch {
		case !r.touched(to):
			end := p + whole
			if h&1 != 0 && to == n {
				end = min(end, p+int(vals)*r.width/8)
			}
			r.keep(from, end)
			r.pad(end, p+whole, int(vals)*r.width%8)
		case h&1 != 0:
			r.packed(p, p+size, to)
		default:
			r.run(p, p+size, to)
		}
		p += whole
		r.at = to
	}
	r.change(len(b))
	return r.out, r.edits, true
}

// touched reports whether a value before position to goes or moved, and none of those
// that did stands before the values at hand.
func (r *reindexer) touched(to int) bool {
	for len(r.spans) > 0 && r.spans[0].hi <= r.at {
		r.spans = r.spans[1:]
	}
	for len(r.moved) > 0 && r.moved[0] < r.at {
		r.moved = r.moved[1:]
	}
	return len(r.spans) > 0 && r.spans[0].lo < to || len(r.moved) > 0 && r.moved[0] < to
}

// keep copies old bytes.
func (r *reindexer) keep(from, to int) {
	if from == to {
		return
	}
	r.change(from)
	r.out = append(r.out, r.old[from:to]...)
	r.kept = to
}

// pad writes zeros in the place of old bytes but for the first bits: what fills a run up may
// be any indices, of which Polars wants each to have an entry.
func (r *reindexer) pad(from, to, bits int) {
	for i := from; i < to; i++ {
		b := byte(0)
		if i == from {
			b = r.old[i] & (1<<bits - 1)
		}
		r.out = append(r.out, b)
		r.made++
	}
}

// padTop is the largest index that fills the last run of n indices up, 0 when none does.
func padTop(b []byte, n int) (top uint32) {
	if len(b) < 1 || b[0] == 0 || b[0] > 32 {
		return 0
	}
	width := int(b[0])
	for p, at := 1, 0; at < n; {
		h, k := binary.Uvarint(b[p:])
		if k <= 0 || h>>1 == 0 {
			return 0
		}
		p += k
		if h&1 == 0 {
			at += int(min(h>>1, uint64(n-at)))
			p = min(len(b), p+(width+7)/8)
			continue
		}
		size := int(min(h>>1, uint64(len(b)-p)/uint64(width))) * width
		vals := min(size*8/width, n-at)
		if at += vals; at == n {
			for _, v := range unpackBits(nil, b[p:p+size], width, size*8/width)[vals:] {
				top = max(top, v)
			}
		}
		p += size
		if vals == 0 {
			return top
		}
	}
	return top
}

// change notes what was made instead of the old bytes up to a place.
func (r *reindexer) change(to int) {
	if to > r.kept || r.made > 0 {
		r.edits = append(r.edits, change{at: r.kept, gone: to - r.kept, come: r.made})
	}
	r.kept, r.made = to, 0
}

// run writes a run of one value without those that go.
func (r *reindexer) run(from, to, end int) {
	v := uint32(littleEndian(r.old[from:to]))
	if len(r.moved) > 0 && r.moved[0] < end {
		v = r.now(v)
	}
	left := end - r.at
	for _, s := range r.spans {
		left -= max(0, min(s.hi, end)-max(s.lo, r.at))
	}
	r.same(v, left)
}

// same writes a run of n times a value.
func (r *reindexer) same(v uint32, n int) {
	if n == 0 {
		return
	}
	before := len(r.out)
	r.out = binary.AppendUvarint(r.out, uint64(n)<<1)
	for k := range (r.width + 7) / 8 {
		r.out = append(r.out, byte(v>>(8*k)))
	}
	r.made += len(r.out) - before
}

// packed writes a bit-packed run. A group of eight that loses values becomes runs of one
// value, and those around it stay; a group where only indices change is packed again.
func (r *reindexer) packed(from, to, end int) {
	groups := (end - r.at + 7) / 8
	first := r.at
	for g := 0; g < groups; {
		stop := g // the groups up to here keep their values
		for stop < groups && !r.loses(first+8*stop, min(first+8*stop+8, end)) {
			stop++
		}
		if stop > g {
			before := len(r.out)
			r.out = binary.AppendUvarint(r.out, uint64(stop-g)<<1|1)
			r.made += len(r.out) - before
			for ; g < stop; g++ {
				r.group(from+g*r.width, min(from+(g+1)*r.width, to), first+8*g, min(first+8*g+8, end))
			}
		}
		if g < groups {
			r.single(from+g*r.width, min(from+(g+1)*r.width, to), first+8*g, min(first+8*g+8, end))
			g++
		}
	}
}

// loses reports whether a value between two positions goes.
func (r *reindexer) loses(lo, hi int) bool {
	for len(r.spans) > 0 && r.spans[0].hi <= lo {
		r.spans = r.spans[1:]
	}
	return len(r.spans) > 0 && r.spans[0].lo < hi
}

// group writes a group that loses nothing.
func (r *reindexer) group(from, to, lo, hi int) {
	for len(r.moved) > 0 && r.moved[0] < lo {
		r.moved = r.moved[1:]
	}
	if len(r.moved) == 0 || r.moved[0] >= hi {
		end := min(to, from+(hi-lo)*r.width/8)
		r.keep(from, end)
		r.pad(end, to, (hi-lo)*r.width%8)
		return
	}
	var vals [8]uint32
	r.unpack(&vals, from, to, lo, hi)
	before := len(r.out)
	var acc uint64
	have := 0
	for _, v := range vals {
		acc |= uint64(v) << have
		for have += r.width; have >= 8; have -= 8 {
			r.out = append(r.out, byte(acc))
			acc >>= 8
		}
	}
	r.made += len(r.out) - before
}

// single writes the values of a group that stay as runs.
func (r *reindexer) single(from, to, lo, hi int) {
	var vals [8]uint32
	r.unpack(&vals, from, to, lo, hi)
	n, last := 0, uint32(0)
	for i := lo; i < hi; i++ {
		if goes(r.spans, i) {
			continue
		}
		if n > 0 && vals[i-lo] != last {
			r.same(last, n)
			n = 0
		}
		n, last = n+1, vals[i-lo]
	}
	r.same(last, n)
}

// goes reports whether a position stands in one of the spans, of which the first ends
// behind it.
func goes(spans []span, i int) bool {
	for _, s := range spans {
		if i < s.hi {
			return i >= s.lo
		}
	}
	return false
}

// unpack reads the values of a group, with the indices that they have now.
func (r *reindexer) unpack(vals *[8]uint32, from, to, lo, hi int) {
	list := unpackBits(vals[:0], r.old[from:to], r.width, hi-lo)
	copy(vals[:], list)
	for _, m := range r.moved {
		if m >= hi {
			break
		}
		if m >= lo {
			vals[m-lo] = r.now(vals[m-lo])
		}
	}
}

// cutIndices takes the dropped rows out of a page of dictionary indices: it notes what
// goes and which entries are still used, and leaves the bytes for later.
func (c *cutter) cutIndices(p *cutPage, rp *rawPage) error {
	idx, err := c.openIndices(p, rp)
	if err != nil {
		return err
	}
	spans, err := c.cutLevels(p)
	if err != nil {
		return err
	}
	for _, s := range spans {
		for _, i := range idx[s.lo:s.hi] {
			c.dict.lose(i)
			c.gone(p, c.dict.vals.at(int(i)))
		}
	}
	at := 0
	for _, s := range spans {
		c.dict.use(p, idx[at:s.lo])
		at = s.hi
	}
	c.dict.use(p, idx[at:])
	p.held.spans = spans
	p.page.values.n -= total(spans)
	return nil
}

// openIndices decompresses a page of indices, decodes its levels and holds its bytes. The
// indices that it returns are valid until those of the next page.
func (c *cutter) openIndices(p *cutPage, rp *rawPage) ([]uint32, error) {
	c.work.unpack(rp)
	room := c.mem.take(rp.size)
	pg, b, err := rp.levelsOr(c.leaf, c.codec, room, true)
	if err != nil {
		return nil, err
	}
	n := pg.present(c.leaf)
	if !rp.compressed(c.codec) { // the bytes are those that the page stands in
		b = append(room[:0], b...)
	}
	p.held = &heldIndices{room: room[:0], body: b, n: n}
	p.page = pg
	p.page.values = values{n: n, isDict: true}
	if n == 0 {
		return nil, nil
	}
	v, err := decodeIndices(c.idx, b, n, len(c.dict.lost))
	c.idx = v.idx
	return v.idx, err
}

// reindex writes the indices of a page as they are now.
func (c *cutter) reindex(p *cutPage) ([]byte, error) {
	h, d := p.held, c.dict
	c.out.old = len(h.body)
	if h.n == total(h.spans) { // nulls are left: readers look for the width all the same
		c.out.edits = []change{{gone: len(h.body), come: 1}}
		return []byte{byte(bits.Len(uint(max(d.vals.n-1, 0))))}, nil
	}
	var idx []uint32
	var moved []int
	if d.remap != nil && int(p.top) >= d.least {
		v, err := decodeIndices(c.idx, h.body, h.n, len(d.lost))
		if c.idx = v.idx; err != nil {
			return nil, err
		}
		idx = v.idx
		for i, x := range idx {
			if d.now(x) != x && !goes(h.spans, i) {
				moved = append(moved, i)
			}
		}
	}
	out, edits, ok := reindex(c.renum[:0], h.body, h.n, h.spans, moved, d.now)
	if ok {
		c.renum, c.out.edits = out, edits
		return out, nil
	}
	if idx == nil && h.n > 0 {
		v, err := decodeIndices(c.idx, h.body, h.n, len(d.lost))
		if c.idx = v.idx; err != nil {
			return nil, err
		}
		idx = v.idx
	}
	idx = without(idx, h.spans)
	if d.remap != nil {
		for k, i := range idx {
			idx[k] = d.now(i)
		}
	}
	width := bits.Len(uint(max(d.vals.n-1, 0)))
	c.out.edits = nil
	return packHybrid([]byte{byte(width)}, idx, width), nil
}

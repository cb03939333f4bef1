package parquet

import (
	"bytes"
	"encoding/binary"
	"slices"
)

// cutDict is the dictionary of a chunk on its way.
type cutDict struct {
	raw     *rawPage
	leaf    *leaf
	vals    values
	lost    []bool   // by entry: it lost a use
	some    []uint32 // those that did
	used    []byte   // by entry: 1 where a page that was looked at uses it
	index   map[string]uint32
	grown   int // entries added at the end
	changed bool
	moved   bool     // entries are in another order
	fresh   []change // where the bytes of the page are others
	filled  []int    // the entry that came there
	remap   []uint32 // the new index of each entry from least on, when some went
	least   int      // then no entry before this one has a new index, but those that went
}

// newCutDict reads a dictionary page, into memory that the dictionary before it does not
// need any more.
func newCutDict(rp *rawPage, l *leaf, codec int64, s *scratch) (*cutDict, error) {
	if codec != cNone && cap(s.dictBuf) < rp.size && rp.size <= heldChunk {
		s.dictBuf = make([]byte, rp.size+rp.size/16)
	}
	v, err := rp.dictionary(l, codec, s.dictBuf, &s.dictVals)
	if err != nil {
		return nil, err
	}
	if v.lo != nil {
		s.dictVals.lo, s.dictVals.hi = v.lo, v.hi
	}
	s.lost, s.used = zeroed(s.lost, v.n), zeroed(s.used, v.n)
	return &cutDict{raw: rp, leaf: l, vals: v, lost: s.lost, used: s.used}, nil
}

// add returns the entry that holds val, a new one if need be. Entries stay
// unique: some readers count on that.
func (d *cutDict) add(val []byte) uint32 {
	if d.index == nil {
		d.index = make(map[string]uint32, d.vals.n)
		for i := range d.vals.n {
			d.index[string(d.vals.at(i))] = uint32(i)
		}
	}
	if i, ok := d.index[string(val)]; ok {
		return i
	}
	i := uint32(d.vals.n)
	d.index[string(val)] = i
	d.vals.push(val)
	d.grown++
	d.changed = true
	return i
}

// push appends a value.
func (v *values) push(val []byte) {
	at := uint32(len(v.data))
	v.data = append(v.data, val...)
	if v.width == 0 {
		v.lo, v.hi = append(v.lo, at), append(v.hi, uint32(len(v.data)))
	}
	v.n++
}

// settle finds out whether an entry lost its last use. If so, every entry
// without a use goes. Only the pages that use an entry which moves get new
// indices.
func (d *cutDict) settle(c *cutter) error {
	d.used = append(d.used, make([]byte, d.grown)...)
	for _, p := range c.pages { // others that are hit were looked at
		if p.full && p.page.isDict {
			d.use(p, p.page.idx)
		}
	}
	open := d.open(d.some)
	for _, p := range c.pages {
		if len(open) == 0 {
			return nil
		}
		if p.hit {
			continue
		}
		idx, err := c.indices(p)
		if err != nil {
			return err
		}
		if d.use(p, idx); len(idx) > 0 {
			open = d.open(open)
		}
	}
	if len(open) == 0 {
		return nil
	}
	var lost [][]byte
	for _, i := range open {
		lost = append(lost, bytes.Clone(d.vals.at(int(i))))
		c.left(d.vals.at(int(i)))
	}
	c.remap = d.shrink(c.remap)
	for _, p := range c.pages {
		p.changed = p.changed || p.shifts && int(p.top) >= d.least
		if err := c.widely(p, lost); err != nil {
			return err
		}
	}
	return nil
}

// widely looks for values that left the chunk among the bounds of a page that need not have
// had them: Polars gives each page of indices the bounds of the whole dictionary. Such a page
// is written anew.
func (c *cutter) widely(p *cutPage, lost [][]byte) error {
	if p.stat == nil && c.index != nil && !c.index.null[p.i] {
		p.stat = newExtent(c.leaf, c.index.min[p.i], c.index.max[p.i])
	}
	stats := []*extent{p.stat}
	if p.shifts && !p.hit {
		rp, err := c.read(p)
		if err != nil {
			return err
		}
		stats = append(stats, statBounds(c.leaf, rp.head.sub(5).sub(5)), statBounds(c.leaf, rp.head.sub(8).sub(8)))
	}
	for _, st := range stats {
		for _, v := range lost {
			if st != nil {
				st.gone(v)
			}
		}
		p.changed = p.changed || p.shifts && st != nil && (st.minGone || st.maxGone)
	}
	return nil
}

// use notes which entries a page uses.
func (d *cutDict) use(p *cutPage, idx []uint32) {
	top, used := p.top, d.used
	for _, i := range idx {
		top = max(top, i)
		used[i] = 1
	}
	p.top = top
}

// lose notes that an entry lost a use.
func (d *cutDict) lose(i uint32) {
	if !d.lost[i] {
		d.lost[i] = true
		d.some = append(d.some, i)
	}
}

// open returns those of a list of entries that no page uses so far, in the memory of
// the list.
func (d *cutDict) open(list []uint32) []uint32 {
	return slices.DeleteFunc(list, func(i uint32) bool { return d.used[i] != 0 })
}

// indices returns the dictionary indices of a page, nil when it has none. They
// are valid until the next page.
func (c *cutter) indices(p *cutPage) ([]uint32, error) {
	if p.raw == nil && c.holdsNone(p) {
		return nil, nil
	}
	rp, err := c.read(p)
	if err != nil || !isDictEnc(rp.enc) {
		return nil, err
	}
	p.shifts = true
	c.work.unpack(rp)
	pg, b, err := rp.levelsOr(c.leaf, c.codec, c.buf, true)
	if err != nil {
		return nil, err
	}
	if rp.compressed(c.codec) && cap(b) > cap(c.buf) {
		c.buf = b
	}
	if n := pg.present(c.leaf); n > 0 {
		pg.values, err = decodeIndices(c.idx, b, n, len(c.dict.lost))
		c.idx = pg.idx
		p.top = max(p.top, padTop(b, n))
	}
	return pg.idx, err
}

// headBytes is more than the header of a page mostly takes.
const headBytes = 1 << 10

// holdsNone reports whether the header of a page alone says that it has no indices: where a
// writer gave its dictionary up most pages have none, and need not be read. Whatever
// is wrong with a page is found by who reads it.
func (c *cutter) holdsNone(p *cutPage) bool {
	if p.n <= headBytes {
		return false
	}
	pg := &pager{r: c.f.r, off: p.off, end: p.off + p.n, buf: c.head}
	rp, err := pg.head()
	c.head = pg.buf
	return err == nil && (rp.kind == dataPage || rp.kind == dataPageV2) && int64(rp.headLen)+rp.packed == p.n && !isDictEnc(rp.enc)
}

func isDictEnc(enc int64) bool { return enc == ePlainDict || enc == eRLEDict }

// shrink drops the entries without a use and notes the new index of each, in memory that
// it returns. Others from the end move into the gaps and most stay where they are: a page
// whose indices stay true need not be written again.
func (d *cutDict) shrink(room []uint32) []uint32 {
	left, old := bytes.Count(d.used, []byte{1}), len(d.lost)
	moves := d.moves(left)
	d.least = left
	for _, m := range moves {
		d.least = min(d.least, m.from)
	}
	room = zeroed(room, d.vals.n-d.least)
	for i := range room {
		room[i] = uint32(d.least + i)
	}
	d.remap = room
	for _, m := range moves {
		if m.to < old {
			d.fresh = append(d.fresh, change{d.place(m.to), d.place(m.to+1) - d.place(m.to), d.sizeOf(m.from)})
			d.filled = append(d.filled, m.to)
		}
		d.vals.move(m.to, m.from)
		d.remap[m.from-d.least] = uint32(m.to)
		d.moved = true
	}
	if left < old {
		d.fresh = append(d.fresh, change{at: d.place(left), gone: d.raw.size - d.place(left)})
	}
	d.vals.remove([]span{{left, d.vals.n}})
	d.changed = true
	return room
}

// now is the index that an entry has now.
func (d *cutDict) now(i uint32) uint32 {
	if d.remap == nil || int(i) < d.least {
		return i
	}
	return d.remap[int(i)-d.least]
}

// place is where an entry of the old page stands in it.
func (d *cutDict) place(i int) int {
	switch {
	case i < 0 || i >= len(d.lost):
		return d.raw.size
	case d.leaf.width > 0:
		return i * d.leaf.width
	}
	return int(d.vals.lo[i]) - 4 // behind its length
}

// sizeOf is how many bytes an entry takes.
func (d *cutDict) sizeOf(i int) int {
	if d.leaf.width > 0 {
		return d.leaf.width
	}
	return int(d.vals.hi[i]-d.vals.lo[i]) + 4
}

// changes are those of the bytes of the page, of which there are size now.
func (d *cutDict) changes(size int) []change {
	more := size - d.raw.size
	for _, c := range d.fresh {
		more -= c.come - c.gone
	}
	if more == 0 {
		return d.fresh
	}
	return append(d.fresh, change{at: d.raw.size, come: more})
}

// move overwrites a value with another one.
func (v *values) move(to, from int) {
	if v.width > 0 {
		copy(v.at(to), v.at(from))
	} else {
		v.lo[to], v.hi[to] = v.lo[from], v.hi[from]
	}
}

// emitDict hands the dictionary page on. One that nothing uses any more goes.
func (c *cutter) emitDict(w *written, add func(piece) error) error {
	w.dict = true
	if c.dict == nil || !c.dict.changed {
		return add(piece{off: c.dictAt.off, n: c.dictAt.n})
	}
	old := c.dict.raw
	if c.dict.vals.n == 0 && !c.indexed() {
		w.dict = false
		w.lost[pageKind{dictPage, old.enc}]++
		w.unpack -= int64(old.headLen + old.size)
		return nil
	}
	all, size, err := c.encodeDict()
	if err != nil {
		return err
	}
	w.grow(all, size, old)
	return add(piece{raw: all})
}

// indexed reports whether a page of dictionary indices will be left. It is asked
// when no index is.
func (c *cutter) indexed() bool {
	for _, p := range c.pages {
		if p.shifts || (p.full || p.held != nil) && p.page.isDict && p.page.n > 0 {
			return true
		}
	}
	return false
}

// appendTo appends the PLAIN bytes of the entries: those of the old page but where they
// changed.
func (d *cutDict) appendTo(out []byte) []byte {
	if len(d.fresh) == 0 || d.grown > 0 {
		return appendPlain(out, &d.vals)
	}
	at, old := 0, d.vals.data[:d.raw.size]
	for i, c := range d.fresh {
		out = append(out, old[at:c.at]...)
		if c.come > 0 {
			e := d.vals.at(d.filled[i])
			out = append(binary.LittleEndian.AppendUint32(out, uint32(len(e))), e...)
		}
		at = c.at + c.gone
	}
	return append(out, old[at:]...)
}

// encodeDict writes the dictionary page anew.
func (c *cutter) encodeDict() ([]byte, int, error) {
	d := c.dict
	var vals []byte
	if d.leaf.typ == pBytes {
		c.body = d.appendTo(c.body[:0])
		vals = c.body
	} else {
		vals = d.vals.data[:d.vals.n*d.leaf.width]
	}
	packed, err := c.pack(vals, former{ratio: d.raw.ratio(), frame: d.raw.body, changes: d.changes(len(vals)), grid: plainGrid(d.leaf, ePlain, 0), trial: &c.tried[0]})
	if err != nil {
		return nil, 0, err
	}
	h := d.raw.head.sub(7).clone()
	h.setInt(1, tI32, int64(d.vals.n))
	if d.grown > 0 || d.moved {
		h.drop(3) // sorted
	}
	return c.seal(d.raw.head, 7, h, len(vals), packed), len(vals), nil
}

package parquet

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
)

// placed is a page as it was written.
type placed struct {
	at, size int64 // at counts from the start of the chunk
	row      int64 // its first row
}

// written is a rewritten chunk. Its offsets count from the start of the chunk.
type written struct {
	list   []piece
	data   int64 // of the first data page
	dict   bool  // it begins with a dictionary page
	size   int64 // bytes, headers included
	unpack int64 // how many more than before, when decompressed
	pages  []placed
	mid    bool               // a page does not begin with a row
	lost   map[pageKind]int64 // pages that are gone; both versions count as dataPage
	stat   record             // its statistics
	filter []byte             // its bloom filter; nil: as it was
	index  []byte             // its column index, nil without one
	values int64
}

// pageKind is a page type and the encoding of its values.
type pageKind struct{ kind, enc int64 }

// emit hands the parts of the new chunk to put, in their order.
func (c *cutter) emit(put func(piece) error) (*written, error) {
	w := &written{lost: map[pageKind]int64{}, values: c.ch.values}
	add := func(p piece) error {
		w.size += p.size()
		return put(p)
	}
	if c.dictAt != nil {
		if err := c.emitDict(w, add); err != nil {
			return nil, err
		}
	}
	w.data = w.size
	row := int64(0)
	for _, p := range c.pages {
		x := piece{off: p.off, n: p.n}
		if p.changed {
			var err error
			if x.raw, err = c.renew(w, p); err != nil {
				return nil, err
			}
			if x.raw == nil {
				continue
			}
		}
		w.pages = append(w.pages, placed{at: w.size, size: x.size(), row: row})
		w.mid = w.mid || p.mid
		row += p.left
		if err := add(x); err != nil {
			return nil, err
		}
	}
	for _, p := range c.pages {
		c.release(p)
	}
	if c.dict != nil {
		c.mem.give(c.dict.raw.all)
	}
	w.values += c.values
	return w, nil
}

// grow counts the decompressed bytes of a page that replaces another.
func (w *written) grow(all []byte, size int, old *rawPage) {
	_, head, err := parseRecord(all)
	if err != nil {
		head = old.headLen
	}
	w.unpack += int64(head+size) - int64(old.headLen+old.size)
}

// renew writes a changed page; nil when nothing of it is left.
func (c *cutter) renew(w *written, p *cutPage) ([]byte, error) {
	rp, err := c.read(p)
	if err != nil {
		return nil, err
	}
	var vals []byte
	c.out.reset()
	switch {
	case p.full:
	case p.held != nil:
		vals, err = c.reindex(p)
	case p.hit:
		vals, err = c.splice(p, rp)
	default:
		if _, err = c.openIndices(p, rp); err == nil {
			vals, err = c.reindex(p)
		}
	}
	if err != nil {
		return nil, err
	}
	defer c.release(p)
	if p.page.n == 0 {
		p.gone = true
		w.lost[pageKind{dataPage, rp.enc}]++
		w.unpack -= int64(rp.headLen + rp.size)
		return nil, nil
	}
	if p.full && p.page.isDict && c.dict.remap != nil {
		for k, i := range p.page.idx {
			p.page.idx[k] = c.dict.now(i)
		}
	}
	if vals == nil {
		dict := 0
		if p.page.isDict {
			dict = c.dict.vals.n
		}
		if vals, err = encodeValues(c.leaf, rp.enc, &p.page.values, dict); err != nil {
			return nil, err
		}
	}
	if err := c.pageBounds(p, rp, vals); err != nil {
		return nil, err
	}
	all, size, err := c.encode(p, rp, vals)
	if err != nil {
		return nil, err
	}
	w.grow(all, size, rp)
	return all, nil
}

// release lets go of what is held of a page.
func (c *cutter) release(p *cutPage) {
	if p.raw != nil {
		c.mem.give(p.raw.all)
	}
	if p.held != nil {
		c.mem.give(p.held.room)
	}
	p.page, p.raw, p.held = page{}, nil, nil
}

// pageBounds writes the bounds of a cut page into the column index.
func (c *cutter) pageBounds(p *cutPage, rp *rawPage, vals []byte) error {
	if c.index == nil || p.stat == nil || c.index.null[p.i] {
		return nil
	}
	if p.page.values.n == 0 {
		c.index.null[p.i], c.index.min[p.i], c.index.max[p.i] = true, nil, nil
		return nil
	}
	lo, hi, err := p.stat.settle(func(each func([]byte) bool) error {
		if p.page.isDict {
			v, err := decodeIndices(c.idx, vals, p.page.values.n, c.dict.vals.n)
			c.idx = v.idx
			for i := 0; err == nil && i < v.n && each(c.dict.vals.at(int(v.idx[i]))); i++ {
			}
			return err
		}
		v, err := decodeValues(c.leaf, rp.enc, vals, p.page.values.n, -1)
		for i := 0; err == nil && i < v.n && each(v.at(i)); i++ {
		}
		return err
	})
	if err != nil {
		return err
	}
	if lo == nil || hi == nil { // nothing that can be compared
		c.index = nil
		return nil
	}
	c.index.min[p.i], c.index.max[p.i] = lo, hi
	return nil
}

// finish works out what the metadata say of the values of the new chunk. old is
// the bloom filter that the chunk had, nil without one.
func (c *cutter) finish(w *written, old []byte) error {
	if c.index != nil {
		c.index.keep(func(i int) bool { return !c.pages[i].gone })
		w.index = c.index.encode(c.leaf)
	}
	if st := c.ch.meta.sub(12); c.ch.meta.has(12) {
		if !c.hold { // too large to be read again
			c.stat.min, c.stat.max = c.stat.kept()
			c.stat.minGone, c.stat.maxGone = false, false
		}
		lo, hi, err := c.stat.settle(func(each func([]byte) bool) error { return c.scan(w, each) })
		if err != nil {
			return err
		}
		w.stat = statistics(c.leaf, st, lo, hi, c.nulls)
	}
	if old == nil || !c.stale {
		return nil
	}
	w.filter = []byte{}
	if b := emptyBloom(old); b != nil && c.hold {
		err := c.scan(w, func(v []byte) bool { b.add(v); return true })
		if err != nil {
			return err
		}
		w.filter = b.encode()
	}
	return nil
}

// scan calls each with the values of the new chunk, those of the dictionary once,
// until it returns false.
func (c *cutter) scan(w *written, each func(v []byte) bool) error {
	pg := &pager{r: &pieces{list: w.list, old: c.f.r}, end: w.size, ahead: readAhead}
	var dict values
	var used []bool
	for {
		rp, err := pg.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if rp.kind == indexPage {
			continue
		}
		c.work.unpack(rp)
		if rp.kind == dictPage {
			if dict, err = rp.dictionary(c.leaf, c.codec, nil, &values{}); err != nil {
				return err
			}
			used = make([]bool, dict.n)
			continue
		}
		pd, err := rp.decode(c.leaf, c.codec, dict.n, nil)
		if err != nil {
			return err
		}
		for _, i := range pd.idx {
			if used[i] {
				continue
			}
			if used[i] = true; !each(dict.at(int(i))) {
				return nil
			}
		}
		for i := 0; !pd.isDict && i < pd.values.n; i++ {
			if !each(pd.at(i)) {
				return nil
			}
		}
	}
}

// encode writes a cut page in the way the old one was written: its version,
// encoding and codec.
func (c *cutter) encode(p *cutPage, rp *rawPage, vals []byte) (all []byte, size int, err error) {
	var rep, def []byte
	if c.leaf.rep > 0 {
		rep = encodeLevels(p.page.rep, c.leaf.rep)
	}
	if c.leaf.def > 0 {
		def = encodeLevels(p.page.def, c.leaf.def)
	}
	if c.leaf.def > 0 && p.page.def == nil { // it has no null
		def = append(binary.AppendUvarint(nil, uint64(p.page.n)<<1), byte(c.leaf.def))
	}
	if rp.kind == dataPageV2 {
		return c.encodeV2(p, rp, rep, def, vals)
	}
	body := c.body[:0]
	for _, levels := range [][]byte{rep, def} {
		if levels != nil {
			body = binary.LittleEndian.AppendUint32(body, uint32(len(levels)))
			body = append(body, levels...)
		}
	}
	was := former{ratio: rp.ratio(), frame: rp.body, grid: plainGrid(c.leaf, rp.enc, len(body))}
	was.changes, was.trial = c.out.changes(rp.size, len(body), len(vals)), c.trialOf(rp)
	if len(body) == 0 {
		body = vals
	} else {
		body = append(body, vals...)
		c.body = body
	}
	packed, err := c.pack(body, was)
	if err != nil {
		return nil, 0, err
	}
	d := rp.head.sub(5).clone()
	d.setInt(1, tI32, int64(p.page.n))
	d.setInt(3, tI32, eRLE)
	d.setInt(4, tI32, eRLE)
	d.drop(5) // statistics
	return c.seal(rp.head, 5, d, len(body), packed), len(body), nil
}

func (c *cutter) encodeV2(p *cutPage, rp *rawPage, rep, def, vals []byte) ([]byte, int, error) {
	d := rp.head.sub(8).clone()
	packed := vals
	if d.bool(7, true) {
		var err error
		levels := int(max(0, d.int(5, 0)) + max(0, d.int(6, 0))) // which are not compressed
		was := former{ratio: rp.ratio(), frame: rp.body[levels:], grid: plainGrid(c.leaf, rp.enc, 0)}
		was.changes, was.trial = c.out.changes(rp.size-levels, 0, len(vals)), c.trialOf(rp)
		if packed, err = c.pack(vals, was); err != nil {
			return nil, 0, err
		}
	}
	d.setInt(1, tI32, int64(p.page.n))
	d.setInt(2, tI32, int64(p.page.n-p.page.values.n))
	d.setInt(3, tI32, p.left)
	d.setInt(5, tI32, int64(len(def)))
	d.setInt(6, tI32, int64(len(rep)))
	d.drop(8) // statistics
	size := len(rep) + len(def) + len(vals)
	return c.seal(rp.head, 8, d, size, rep, def, packed), size, nil
}

// trialOf is that of pages of a kind.
func (c *cutter) trialOf(rp *rawPage) *trial {
	if isDictEnc(rp.enc) {
		return &c.tried[1]
	}
	return &c.tried[2]
}

// pack compresses a page. The result is valid until the next one.
func (c *cutter) pack(b []byte, was former) ([]byte, error) {
	var did carried
	was.did = &did
	out, err := compress(c.codec, c.packed, b, was)
	if err == nil && c.codec != cNone {
		c.packed = out
		c.work.pack(len(b), did)
	}
	return out, err
}

// seal puts a changed page header in front of its body. A checksum stays a
// checksum.
func (c *cutter) seal(head record, id int16, sub record, size int, body ...[]byte) []byte {
	h := head.clone()
	h.set(id, tStruct, sub.encode(nil))
	n, sum := 0, uint32(0)
	for _, b := range body {
		n += len(b)
	}
	h.setInt(2, tI32, int64(size))
	h.setInt(3, tI32, int64(n))
	if h.has(4) {
		for _, b := range body {
			sum = crc32.Update(sum, crc32.IEEETable, b)
		}
		h.setInt(4, tI32, int64(int32(sum)))
	}
	out := h.encode(c.mem.take(64 + n))
	for _, b := range body {
		out = append(out, b...)
	}
	return out
}

package parquet

import (
	"encoding/binary"
	"hash/crc32"
	"io"
)

// counter counts what is written.
type counter struct {
	w io.Writer
	n int64
}

func (c *counter) Write(b []byte) (int, error) {
	n, err := c.w.Write(b)
	c.n += int64(n)
	return n, err
}

// placed is a page as it was written.
type placed struct {
	at   int64
	size int64
	row  int64 // its first row
	kind int64
	enc  int64
}

// written is a rewritten chunk.
type written struct {
	start, data  int64 // offsets of the chunk and of its first data page
	dict         int64 // offset of the dictionary page, 0 without one
	size, unpack int64 // bytes, headers included, compressed and not
	values       int64
	nulls        int64 // how many more than before
	pages        []placed
	aligned      bool // every page begins with a row
}

// write writes the pages that load left.
func (c *cutter) write(w *counter) (*written, error) {
	out := &written{start: w.n, nulls: c.nulls, aligned: true}
	if c.dict != nil {
		out.dict = w.n
		all, size := c.dict.raw.all, c.dict.raw.size
		if c.dict.changed {
			var err error
			if all, size, err = c.dict.encode(c.codec); err != nil {
				return nil, err
			}
		}
		if err := out.put(w, all, c.dict.raw, size, 0); err != nil {
			return nil, err
		}
	}
	out.data = w.n
	row := int64(0)
	for _, p := range c.pages {
		all, size, n := p.raw.all, p.raw.size, p.raw.n
		if p.changed {
			if p.page.n == 0 {
				continue
			}
			var err error
			if all, size, err = c.encode(p); err != nil {
				return nil, err
			}
			n = p.page.n
		}
		if err := out.put(w, all, p.raw, size, row); err != nil {
			return nil, err
		}
		out.aligned = out.aligned && !p.mid
		out.values += int64(n)
		row += p.rows
	}
	out.size = w.n - out.start
	return out, nil
}

// put writes one page, whose body has size bytes when it is decompressed.
func (out *written) put(w *counter, all []byte, rp *rawPage, size int, row int64) error {
	_, head, err := parseRecord(all)
	if err != nil {
		return errPage
	}
	out.pages = append(out.pages, placed{at: w.n, size: int64(len(all)), row: row, kind: rp.kind, enc: rp.enc})
	out.unpack += int64(head + size)
	_, err = w.Write(all)
	return err
}

// encode writes a cut page in the way the old one was written: its version,
// encoding and codec.
func (c *cutter) encode(p *cutPage) (all []byte, size int, err error) {
	dict := 0
	if c.dict != nil {
		dict = c.dict.vals.n
	}
	vals, err := encodeValues(c.leaf, p.raw.enc, &p.page.values, dict)
	if err != nil {
		return nil, 0, err
	}
	var rep, def []byte
	if c.leaf.rep > 0 {
		rep = encodeLevels(p.page.rep, c.leaf.rep)
	}
	if c.leaf.def > 0 {
		def = encodeLevels(p.page.def, c.leaf.def)
	}
	if p.raw.kind == dataPageV2 {
		return c.encodeV2(p, rep, def, vals)
	}
	var body []byte
	for _, levels := range [][]byte{rep, def} {
		if levels != nil {
			body = binary.LittleEndian.AppendUint32(body, uint32(len(levels)))
			body = append(body, levels...)
		}
	}
	body = append(body, vals...)
	packed, err := compress(c.codec, body)
	if err != nil {
		return nil, 0, err
	}
	d := p.raw.head.sub(5).clone()
	d.setInt(1, tI32, int64(p.page.n))
	d.setInt(3, tI32, eRLE)
	d.setInt(4, tI32, eRLE)
	d.drop(5) // statistics
	return finish(p.raw.head, 5, d, packed, len(body)), len(body), nil
}

func (c *cutter) encodeV2(p *cutPage, rep, def, vals []byte) ([]byte, int, error) {
	d := p.raw.head.sub(8).clone()
	packed := vals
	if d.bool(7, true) {
		var err error
		if packed, err = compress(c.codec, vals); err != nil {
			return nil, 0, err
		}
	}
	d.setInt(1, tI32, int64(p.page.n))
	d.setInt(2, tI32, int64(p.page.n-p.page.values.n))
	d.setInt(3, tI32, p.rows)
	d.setInt(5, tI32, int64(len(def)))
	d.setInt(6, tI32, int64(len(rep)))
	d.drop(8) // statistics
	body := append(append(append([]byte(nil), rep...), def...), packed...)
	size := len(rep) + len(def) + len(vals)
	return finish(p.raw.head, 8, d, body, size), size, nil
}

// encode writes the dictionary page anew.
func (d *cutDict) encode(codec int64) ([]byte, int, error) {
	vals, err := encodeValues(d.leaf, ePlain, &d.vals, 0)
	if err != nil {
		return nil, 0, err
	}
	packed, err := compress(codec, vals)
	if err != nil {
		return nil, 0, err
	}
	h := d.raw.head.sub(7).clone()
	h.setInt(1, tI32, int64(d.vals.n))
	if d.grown > 0 {
		h.drop(3) // sorted
	}
	return finish(d.raw.head, 7, h, packed, len(vals)), len(vals), nil
}

// finish puts a changed page header in front of its body. A checksum stays a
// checksum.
func finish(head record, id int16, sub record, body []byte, size int) []byte {
	h := head.clone()
	h.set(id, tStruct, sub.encode(nil))
	h.setInt(2, tI32, int64(size))
	h.setInt(3, tI32, int64(len(body)))
	if h.has(4) {
		h.setInt(4, tI32, int64(int32(crc32.ChecksumIEEE(body))))
	}
	return append(h.encode(nil), body...)
}

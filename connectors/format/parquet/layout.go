package parquet

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"sort"
)

// moved is where a chunk stands in the new file.
type moved struct {
	group   int // in the new file
	old     *chunk
	rec     record // the new ColumnChunk, without index and bloom offsets
	delta   int64  // by how much its bytes moved; of no meaning with cut
	cut     *written
	columns []byte // column index to write
	offsets []byte // offset index to write
	bloom   []byte
}

// span returns the bytes from the first to the last chunk of a group.
func (g *group) span() (lo, hi int64) {
	lo = int64(-1)
	for i := range g.chunks {
		c := &g.chunks[i]
		if c.size == 0 {
			continue
		}
		if lo < 0 || c.start < lo {
			lo = c.start
		}
		hi = max(hi, c.start+c.size)
	}
	return lo, hi
}

// alone reports whether no chunk of another group lies within the span of g.
func (f *file) alone(g *group) bool {
	lo, hi := g.span()
	for _, o := range f.groups {
		if o == g || o.bad != nil {
			continue
		}
		if a, b := o.span(); a < hi && b > lo && a >= 0 {
			return false
		}
	}
	return true
}

// copyRange copies bytes of the old file.
func (f *file) copyRange(w io.Writer, off, n int64, buf []byte) error {
	m, err := io.CopyBuffer(struct{ io.Writer }{w}, struct{ io.Reader }{io.NewSectionReader(f.r, off, n)}, buf)
	if err == nil && m < n {
		err = io.ErrUnexpectedEOF
	}
	return err
}

// shifted returns the ColumnChunk of a chunk whose bytes were copied.
func shifted(c *chunk, delta int64) record {
	rec, meta := c.rec.clone(), c.meta.clone()
	for _, id := range []int16{9, 10, 11} {
		if v := meta.int(id, 0); v > 0 {
			meta.setInt(id, tI64, v+delta)
		}
	}
	rec.set(3, tStruct, meta.encode(nil))
	if v := rec.int(2, 0); v >= c.start && v <= c.start+c.size {
		rec.setInt(2, tI64, v+delta)
	} else {
		rec.setInt(2, tI64, 0) // it pointed to a copy of the metadata outside of the chunk
	}
	return rec
}

// recut returns the ColumnChunk of a rewritten chunk. Statistics, bloom filter
// and indexes go with the values they were made of; the count of nulls stays
// true.
func recut(c *chunk, w *written) record {
	rec, meta := c.rec.clone(), c.meta.clone()
	meta.setInt(5, tI64, w.values)
	meta.setInt(6, tI64, w.unpack)
	meta.setInt(7, tI64, w.size)
	meta.drop(10, 14, 15, 16, 17)
	switch {
	case w.dict > 0 && meta.int(11, 0) > 0:
		meta.setInt(11, tI64, w.dict)
		meta.setInt(9, tI64, w.data)
	case w.dict > 0: // an old writer: the data "begins" with the dictionary
		meta.setInt(9, tI64, w.dict)
	default:
		meta.drop(11)
		meta.setInt(9, tI64, w.data)
	}
	if st := meta.sub(12); meta.has(12) {
		nulls := st.int(3, -1)
		meta.drop(12)
		if nulls >= 0 && nulls+w.nulls >= 0 {
			var ns record
			ns.setInt(3, tI64, nulls+w.nulls)
			meta.set(12, tStruct, ns.encode(nil))
		}
	}
	if meta.has(13) {
		meta.setList(13, tStruct, w.encodingStats())
	}
	rec.set(3, tStruct, meta.encode(nil))
	if rec.int(2, 0) != 0 {
		rec.setInt(2, tI64, w.start)
	}
	rec.drop(4, 5, 6, 7)
	return rec
}

// encodingStats counts the pages by type and encoding.
func (w *written) encodingStats() [][]byte {
	type key struct{ kind, enc int64 }
	count := map[key]int64{}
	for _, p := range w.pages {
		enc := p.enc
		if p.kind == dictPage {
			enc = ePlain
		}
		count[key{p.kind, enc}]++
	}
	var keys []key
	for k := range count {
		keys = append(keys, k)
	}
	sort.Slice(keys, func(i, j int) bool {
		a, b := keys[i], keys[j]
		return a.kind > b.kind || a.kind == b.kind && a.enc < b.enc
	})
	var out [][]byte
	for _, k := range keys {
		var r record
		r.setInt(1, tI32, k.kind)
		r.setInt(2, tI32, k.enc)
		r.setInt(3, tI32, count[k])
		out = append(out, r.encode(nil))
	}
	return out
}

// sidecars loads the indexes and the bloom filter that go with a chunk into the
// new file.
func (f *file) sidecars(m *moved) error {
	rec := m.old.rec
	had := rec.int(4, 0) > 0 && rec.int(5, 0) > 0
	if m.cut != nil {
		if had && m.cut.aligned {
			m.offsets = m.cut.offsetIndex()
		}
		return nil
	}
	var err error
	if off, n := rec.int(6, 0), rec.int(7, 0); off > 0 && n > 0 {
		if m.columns, err = f.bytesAt(off, n); err != nil {
			return err
		}
	}
	if had {
		b, err := f.bytesAt(rec.int(4, 0), rec.int(5, 0))
		if err != nil {
			return err
		}
		if m.offsets, err = shiftOffsets(b, m.delta); err != nil {
			return err
		}
	}
	if off := m.old.meta.int(14, 0); off > 0 {
		m.bloom, err = f.bloom(off, m.old.meta.int(15, 0))
	}
	return err
}

// bloom reads a bloom filter; n is its length if the metadata tells it.
func (f *file) bloom(off, n int64) ([]byte, error) {
	if n > 0 {
		return f.bytesAt(off, n)
	}
	head, err := f.bytesAt(off, min(64, f.size-off))
	if err != nil {
		return nil, err
	}
	rec, k, err := parseRecord(head)
	if err != nil {
		return nil, errors.New("a bloom filter is damaged")
	}
	return f.bytesAt(off, int64(k)+rec.int(1, 0))
}

// shiftOffsets moves the page offsets of an offset index.
func shiftOffsets(b []byte, delta int64) ([]byte, error) {
	if delta == 0 {
		return b, nil
	}
	rec, _, err := parseRecord(b)
	if err != nil {
		return nil, errors.New("an offset index is damaged")
	}
	elem, pages := rec.list(1)
	for i, raw := range pages {
		p, _, err := parseRecord(raw)
		if err != nil {
			return nil, errors.New("an offset index is damaged")
		}
		p.setInt(1, tI64, p.int(1, 0)+delta)
		pages[i] = p.encode(nil)
	}
	rec.setList(1, elem, pages)
	return rec.encode(nil), nil
}

func (w *written) offsetIndex() []byte {
	var pages [][]byte
	for _, p := range w.pages {
		if p.kind == dictPage {
			continue
		}
		var r record
		r.setInt(1, tI64, p.at)
		r.setInt(2, tI32, p.size)
		r.setInt(3, tI64, p.row)
		pages = append(pages, r.encode(nil))
	}
	var out record
	out.setList(1, tStruct, pages)
	return out.encode(nil)
}

// sortedBy reports whether one of the leaf columns stands in the sort order of
// the group.
func (g *group) sortedBy(leaf int) bool {
	_, cols := g.rec.list(4)
	for _, raw := range cols {
		if r, _, err := parseRecord(raw); err == nil && r.int(1, -1) == int64(leaf) {
			return true
		}
	}
	return false
}

// endMark is what follows the footer: its length and the magic bytes.
func endMark(footer []byte) []byte {
	var b bytes.Buffer
	b.Write(footer)
	b.Write(binary.LittleEndian.AppendUint32(nil, uint32(len(footer))))
	b.WriteString("PAR1")
	return b.Bytes()
}

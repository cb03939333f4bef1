package parquet

import (
	"bytes"
	"encoding/binary"
	"errors"
)

// moved is where a chunk stands in the new file.
type moved struct {
	group   *movedGroup
	number  int // of its group in the old file, from 1
	old     *chunk
	touched bool
	rec     record   // the new ColumnChunk
	delta   int64    // by how much its bytes moved, when it is not touched
	start   int64    // where it begins, when it is
	cut     *written // when it is touched
	erased  []string // values that were taken out of it
	ready   chan struct{}
}

// movedGroup is a row group of the old file, and of the new one unless it goes.
type movedGroup struct {
	old    *group
	plan   *groupPlan
	chunks []*moved
	goes   bool // it loses all its rows: nothing of it is written, not even as a gap between others
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

// shifted returns the ColumnChunk of a chunk whose bytes were copied, without what
// stands outside of it.
func shifted(c *chunk, delta int64) record {
	rec, meta := c.rec.clone(), c.meta.clone()
	rec.drop(4, 5, 6, 7) // their place is not known yet
	meta.drop(14, 15)
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

// recut returns the ColumnChunk of a rewritten chunk, without what stands outside
// of it. The sizes that were counted of its levels and values go.
func recut(c *chunk, w *written, start int64) record {
	rec, meta := c.rec.clone(), c.meta.clone()
	meta.setInt(5, tI64, w.values)
	meta.setInt(6, tI64, max(0, meta.int(6, 0)+w.unpack))
	meta.setInt(7, tI64, w.size)
	meta.drop(10, 14, 15, 16, 17)
	rec.drop(4, 5, 6, 7)
	switch {
	case w.dict && meta.int(11, 0) > 0:
		meta.setInt(11, tI64, start)
		meta.setInt(9, tI64, start+w.data)
	case w.dict: // an old writer: the data "begins" with the dictionary
		meta.setInt(9, tI64, start)
	default:
		meta.drop(11)
		meta.setInt(9, tI64, start+w.data)
	}
	if meta.has(12) {
		meta.set(12, tStruct, w.stat.encode(nil))
	}
	if meta.has(13) {
		meta.setList(13, tStruct, w.encodingStats(meta))
	}
	rec.set(3, tStruct, meta.encode(nil))
	if rec.int(2, 0) != 0 {
		rec.setInt(2, tI64, start)
	}
	return rec
}

// encodingStats counts the pages by type and encoding, without those that went.
func (w *written) encodingStats(meta record) [][]byte {
	_, old := meta.list(13)
	var out [][]byte
	for _, raw := range old {
		r, _, err := parseRecord(raw)
		if err != nil {
			continue
		}
		gone := w.lost[pageKind{dataPage, r.int(2, -1)}] // some writers say the wrong version
		if r.int(1, -1) == dictPage {
			gone = 0
			for k, n := range w.lost {
				if k.kind == dictPage {
					gone = n
				}
			}
		}
		if n := r.int(3, 0) - gone; n > 0 {
			r.setInt(3, tI32, n)
			out = append(out, r.encode(nil))
		}
	}
	return out
}

// gap copies the bytes between two parts that stay when they are few.
func (rw *rewriter) gap(s *segment) {
	o := rw.out
	end := o.off + o.length
	if n := s.off - end; rw.kept && o.length > 0 && n > 0 && n <= gapBytes {
		o.length += n
		o.n += n
	}
}

// index writes an index that was made anew, and notes its place.
func (rw *rewriter) index(rec *record, at int16, b []byte) error {
	if len(b) == 0 {
		rec.drop(at, at+1)
		return nil
	}
	rec.setInt(at, tI64, rw.out.n)
	rec.setInt(at+1, tI32, int64(len(b)))
	_, err := rw.out.Write(b)
	return err
}

// offsets writes the offset index of a chunk.
func (rw *rewriter) offsets(s *segment) error {
	m := s.m
	if m.touched {
		if m.cut.mid {
			return rw.index(&m.rec, 4, nil)
		}
		return rw.index(&m.rec, 4, m.cut.offsetIndex(m.start))
	}
	if m.delta == 0 {
		m.rec.setInt(4, tI64, rw.out.n)
		m.rec.setInt(5, tI32, s.n)
		return rw.out.copy(s.off, s.n)
	}
	b, err := rw.f.near(s.off, s.n)
	if err == nil {
		b, err = shiftOffsets(b, m.delta)
	}
	if err != nil {
		return err
	}
	return rw.index(&m.rec, 4, b)
}

// bloom reads the bloom filter of a chunk, nil when it has none.
func (f *file) bloom(ch *chunk) ([]byte, error) {
	off, n := ch.meta.int(14, 0), ch.meta.int(15, 0)
	if off <= 0 {
		return nil, nil
	}
	if n <= 0 {
		var err error
		if n, err = f.bloomSize(off); err != nil {
			return nil, err
		}
	}
	return f.bytesAt(off, n)
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

// offsetIndex returns the offset index of a chunk that begins at start.
func (w *written) offsetIndex(start int64) []byte {
	var pages [][]byte
	for _, p := range w.pages {
		var r record
		r.setInt(1, tI64, start+p.at)
		r.setInt(2, tI32, p.size)
		r.setInt(3, tI64, p.row)
		pages = append(pages, r.encode(nil))
	}
	var out record
	out.setList(1, tStruct, pages)
	return out.encode(nil)
}

// record is the new RowGroup, the i-th, without its columns.
func (mg *movedGroup) record(i int) record {
	g, p := mg.old, mg.plan
	rec := g.rec.clone()
	var size, packed int64
	start, changed := int64(-1), p.touched()
	for k, m := range mg.chunks {
		changed = changed || m.touched // it may lose no row, and what stood idle in a dictionary
		meta := m.rec.sub(3)
		size += meta.int(6, 0)
		packed += meta.int(7, 0)
		at := meta.int(9, 0)
		if d := meta.int(11, 0); d > 0 {
			at = min(at, d)
		}
		if m.old.size > 0 && (start < 0 || at < start) {
			start = at
		}
		if p.leaves[k] != nil && g.sortedBy(k) {
			rec.drop(4)
		}
	}
	if changed {
		rec.setInt(2, tI64, size)
		rec.setInt(3, tI64, g.rows-int64(len(p.drop)))
		if rec.has(6) {
			rec.setInt(6, tI64, packed)
		}
	}
	if rec.int(5, 0) > 0 && start >= 0 {
		rec.setInt(5, tI64, start)
	}
	if rec.has(7) {
		rec.setInt(7, tI16, int64(i))
	}
	return rec
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

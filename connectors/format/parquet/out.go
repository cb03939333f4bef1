package parquet

import (
	"io"
	"slices"

	"github.com/cratio/sutra/connectors/format"
)

// output is the file that is being written: bytes, and ranges of the old file,
// of which neighbours become one.
type output struct {
	in     format.Input
	w      io.Writer
	n      int64 // bytes so far, the pending range included
	off    int64 // pending range of the old file
	length int64
}

// copy appends a range of the old file.
func (o *output) copy(off, n int64) error {
	o.n += n
	if o.length > 0 && o.off+o.length == off {
		o.length += n
		return nil
	}
	if err := o.flush(); err != nil {
		return err
	}
	o.off, o.length = off, n
	return nil
}

// flush hands the pending range on.
func (o *output) flush() error {
	n := o.length
	o.length = 0
	return format.CopyRange(o.in, o.w, o.off, n)
}

// Write implements io.Writer.
func (o *output) Write(b []byte) (int, error) {
	if err := o.flush(); err != nil {
		return 0, err
	}
	n, err := o.w.Write(b)
	o.n += int64(n)
	return n, err
}

// piece is a part of a rewritten chunk: new bytes, or a range of the old file.
type piece struct {
	raw    []byte
	off, n int64 // without raw
}

func (p *piece) size() int64 {
	if p.raw != nil {
		return int64(len(p.raw))
	}
	return p.n
}

// put appends a piece.
func (o *output) put(p piece) error {
	if p.raw == nil {
		return o.copy(p.off, p.n)
	}
	_, err := o.Write(p.raw)
	return err
}

// pieces is a rewritten chunk as an io.ReaderAt.
type pieces struct {
	list []piece
	old  io.ReaderAt
}

// ReadAt implements io.ReaderAt.
func (p *pieces) ReadAt(b []byte, off int64) (int, error) {
	done := 0
	for i := range p.list {
		x := &p.list[i]
		if off >= x.size() {
			off -= x.size()
			continue
		}
		if done == len(b) {
			break
		}
		k := int(min(int64(len(b)-done), x.size()-off))
		if x.raw != nil {
			copy(b[done:done+k], x.raw[off:])
		} else if m, err := x.read(p.old, b[done:done+k], off); m < k {
			return done + m, err
		}
		done, off = done+k, 0
	}
	if done < len(b) {
		return done, io.EOF
	}
	return done, nil
}

func (p *piece) read(r io.ReaderAt, b []byte, off int64) (int, error) {
	n, err := r.ReadAt(b, p.off+off)
	if n < len(b) && err == nil {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// side says which part of a chunk a segment is.
type side uint8

const (
	data side = iota
	bloomFilter
	columnIndex
	offsetIndex
)

// segment is a part of the old file that has a place in the new one.
type segment struct {
	side   side
	off, n int64
	after  int64 // no earlier than here, in offsets of the old file
	m      *moved
}

// gapBytes is how much that no chunk lays claim to is copied between two parts
// that stay: padding, and the copies of the metadata that some writers put behind
// each chunk.
const gapBytes = 1 << 10

// segments lists what goes into the new file, in the order of the old one.
func (f *file) segments(list [][]*moved) ([]segment, error) {
	var out []segment
	for _, group := range list {
		for _, m := range group {
			ch := m.old
			if ch.size > 0 {
				out = append(out, segment{side: data, off: ch.start, n: ch.size, after: ch.start, m: m})
			}
			for _, s := range []segment{
				{side: bloomFilter, off: ch.meta.int(14, 0), n: ch.meta.int(15, 0)},
				{side: columnIndex, off: ch.rec.int(6, 0), n: ch.rec.int(7, 0)},
				{side: offsetIndex, off: ch.rec.int(4, 0), n: ch.rec.int(5, 0)},
			} {
				if s.side == bloomFilter && s.off > 0 && s.n <= 0 {
					n, err := f.bloomSize(s.off)
					if err != nil {
						return nil, err
					}
					s.n = n
				}
				if s.off <= 0 || s.n <= 0 {
					continue
				}
				if s.n > f.size || s.off > f.size-s.n {
					return nil, errFooter
				}
				s.m, s.after = m, max(s.off, ch.start+ch.size) // what a rewrite leaves is known by then
				out = append(out, s)
			}
		}
	}
	slices.SortStableFunc(out, func(a, b segment) int {
		switch {
		case a.after != b.after:
			return int(min(max(a.after-b.after, -1), 1))
		case a.off != b.off:
			return int(min(max(a.off-b.off, -1), 1))
		}
		return 0
	})
	return out, nil
}

// bloomSize reads the length of a bloom filter whose metadata does not tell it.
func (f *file) bloomSize(off int64) (int64, error) {
	if off >= f.size {
		return 0, errFooter
	}
	head, err := f.near(off, min(64, f.size-off))
	if err != nil {
		return 0, err
	}
	rec, k, err := parseRecord(head)
	if n := rec.int(1, -1); err == nil && n >= 0 && n < f.size {
		return int64(k) + n, nil
	}
	return 0, errBloom
}

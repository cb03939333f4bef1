package parquet

import (
	"bytes"
	"errors"
	"hash/crc32"
	"io"
	"math/bits"
)

// Page types.
const (
	dataPage   = 0
	indexPage  = 1
	dictPage   = 2
	dataPageV2 = 3
)

const maxPageValues = 1 << 26

var (
	errPage   = errors.New("a page header is damaged")
	errCutOff = errors.New("a column ends in the middle of a page")
	errSum    = errors.New("the checksum of a page does not match")
)

// rawPage is a page as it stands in the file. Its slices are valid until the
// pager moves on.
type rawPage struct {
	head    record
	headLen int
	all     []byte // header and body
	body    []byte
	kind    int64
	size    int   // of the body when it is decompressed
	n       int   // values, nulls included
	rows    int   // rows of a version 2 page, else -1
	enc     int64 // of the values
}

// pager walks over the pages of a chunk.
type pager struct {
	r        io.ReaderAt
	off, end int64  // what is not read yet
	win      []byte // what is read and not used yet
	buf      []byte
}

const readAhead = 256 << 10

func newPager(f *file, c *chunk) *pager {
	return &pager{r: f.r, off: c.start, end: c.start + c.size}
}

// fill makes the window hold n bytes, or all that is left of the chunk.
func (p *pager) fill(n int) error {
	if len(p.win) >= n || p.off >= p.end {
		return nil
	}
	want := int(min(int64(max(n, readAhead)-len(p.win)), p.end-p.off))
	have := len(p.win)
	if cap(p.buf) < have+want {
		nb := make([]byte, have+want)
		copy(nb, p.win)
		p.buf = nb
	} else {
		p.buf = p.buf[:cap(p.buf)]
		copy(p.buf, p.win)
	}
	m, err := p.r.ReadAt(p.buf[have:have+want], p.off)
	if m < want {
		if err == nil || errors.Is(err, io.EOF) {
			return errCutOff
		}
		return err
	}
	p.off += int64(want)
	p.win = p.buf[:have+want]
	return nil
}

// next returns the next page, or io.EOF after the last one.
func (p *pager) next() (*rawPage, error) {
	var k int
	var size int64
	for want := 1 << 10; ; want *= 4 {
		if err := p.fill(want); err != nil {
			return nil, err
		}
		if len(p.win) == 0 {
			return nil, io.EOF
		}
		head, n, err := parseRecord(p.win)
		if err == nil {
			k, size = n, head.int(3, -1)
			break
		}
		if !errors.Is(err, errShort) || p.off >= p.end {
			return nil, errPage
		}
	}
	if size < 0 || size > int64(len(p.win)-k)+p.end-p.off {
		return nil, errCutOff
	}
	if err := p.fill(k + int(size)); err != nil {
		return nil, err
	}
	if k+int(size) > len(p.win) {
		return nil, errCutOff
	}
	// The window may have moved: the header is read again from where it stands.
	head, k, err := parseRecord(p.win)
	if err != nil {
		return nil, errPage
	}
	rp := &rawPage{head: head, headLen: k, all: p.win[:k+int(size)], body: p.win[k : k+int(size)]}
	p.win = p.win[k+int(size):]
	return rp, rp.check()
}

func (rp *rawPage) check() error {
	h := rp.head
	rp.kind, rp.size, rp.rows = h.int(1, -1), int(h.int(2, -1)), -1
	var n int64
	switch rp.kind {
	case dataPage:
		d := h.sub(5)
		n, rp.enc = d.int(1, -1), d.int(2, -1)
	case dataPageV2:
		d := h.sub(8)
		n, rp.enc, rp.rows = d.int(1, -1), d.int(4, -1), int(d.int(3, -1))
		if rp.rows < 0 || int64(rp.rows) > n {
			return errPage
		}
	case dictPage:
		n = h.sub(7).int(1, -1)
	case indexPage:
		return nil
	default:
		return errPage
	}
	if n < 0 || n > maxPageValues || rp.size < 0 || rp.size > maxPage {
		return errPage
	}
	rp.n = int(n)
	if h.has(4) && uint32(h.int(4, 0)) != crc32.ChecksumIEEE(rp.body) {
		return errSum
	}
	return nil
}

// page is a decoded data page.
type page struct {
	n        int
	rep, def []byte // nil where the maximum level is 0
	values
}

// dictionary decodes a dictionary page.
func (rp *rawPage) dictionary(l *leaf, codec int64) (values, error) {
	b, err := decompress(codec, nil, rp.body, rp.size)
	if err != nil {
		return values{}, err
	}
	if codec == cNone {
		b = bytes.Clone(b) // the window moves on, the dictionary stays
	}
	return decodeValues(l, ePlain, b, rp.n, -1)
}

// levels decompresses a data page and decodes its levels. It returns the bytes
// of the values, which use buf when it is large enough.
func (rp *rawPage) levels(l *leaf, codec int64, buf []byte) (page, []byte, error) {
	if rp.kind == dataPageV2 {
		return rp.levelsV2(l, codec, buf)
	}
	p := page{n: rp.n}
	b, err := decompress(codec, buf, rp.body, rp.size)
	if err != nil {
		return p, nil, err
	}
	d := rp.head.sub(5)
	if p.rep, b, err = levelsV1(b, d.int(4, eRLE), l.rep, rp.n); err != nil {
		return p, nil, err
	}
	p.def, b, err = levelsV1(b, d.int(3, eRLE), l.def, rp.n)
	return p, b, err
}

func levelsV1(b []byte, enc int64, top, n int) ([]byte, []byte, error) {
	if top == 0 {
		return nil, b, nil
	}
	if enc == eBitPacked {
		out, k, err := unpackOldLevels(b, top, n)
		return out, b[k:], err
	}
	s := scanner{b: b}
	head := s.take(4)
	if s.err != nil {
		return nil, nil, errLevels
	}
	run := s.take(uint64(le32(head)))
	if s.err != nil {
		return nil, nil, errLevels
	}
	out, err := unpackLevels(run, top, n)
	return out, b[s.p:], err
}

func (rp *rawPage) levelsV2(l *leaf, codec int64, buf []byte) (p page, b []byte, err error) {
	p.n = rp.n
	d := rp.head.sub(8)
	dl, rl := d.int(5, -1), d.int(6, -1)
	if dl < 0 || rl < 0 || dl > int64(len(rp.body)) || rl > int64(len(rp.body))-dl || dl+rl > int64(rp.size) {
		return p, nil, errPage
	}
	if l.rep > 0 {
		if p.rep, err = unpackLevels(rp.body[:rl], l.rep, rp.n); err != nil {
			return p, nil, err
		}
	}
	if l.def > 0 {
		if p.def, err = unpackLevels(rp.body[rl:rl+dl], l.def, rp.n); err != nil {
			return p, nil, err
		}
	}
	if !d.bool(7, true) {
		codec = cNone
	}
	b, err = decompress(codec, buf, rp.body[rl+dl:], rp.size-int(rl+dl))
	return p, b, err
}

// present counts the values that are not null.
func (p *page) present(l *leaf) int {
	if p.def == nil {
		return p.n
	}
	n, top := 0, byte(l.def)
	for _, d := range p.def {
		if d == top {
			n++
		}
	}
	return n
}

// decode reads a whole data page.
func (rp *rawPage) decode(l *leaf, codec int64, dict int, buf []byte) (page, error) {
	p, b, err := rp.levels(l, codec, buf)
	if err != nil {
		return p, err
	}
	p.values, err = decodeValues(l, rp.enc, b, p.present(l), dict)
	return p, err
}

// encodeLevels packs levels no larger than top.
func encodeLevels(levels []byte, top int) []byte {
	return packHybrid(nil, levels, bits.Len(uint(top)))
}

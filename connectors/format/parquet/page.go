package parquet

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
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
	errPage      = errors.New("a page header is damaged")
	errLargePage = fmt.Errorf("a page of more than %d MiB", maxPage>>20)
	errCutOff    = errors.New("a column ends in the middle of a page")
	errSum       = errors.New("the checksum of a page does not match")
)

// rawPage is a page as it stands in the file. Its slices are valid until the
// pager moves on.
type rawPage struct {
	head    record
	headLen int
	packed  int64  // bytes of the body
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
	ahead    int    // how many bytes are read at a time, at least
	win      []byte // what is read and not used yet
	buf      []byte
}

// How many bytes are read at a time: by a reader that wants every page, and by
// one that skips most of them.
const (
	readAhead = 256 << 10
	lookAhead = 64 << 10
)

func newPager(f *file, c *chunk) *pager {
	return &pager{r: f.r, off: c.start, end: c.start + c.size, ahead: readAhead}
}

// fill makes the window hold n bytes, or all that is left of the chunk.
func (p *pager) fill(n int) error {
	if len(p.win) >= n || p.off >= p.end {
		return nil
	}
	want := int(min(int64(max(n, p.ahead)-len(p.win)), p.end-p.off))
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

// pos is the offset of the next page.
func (p *pager) pos() int64 { return p.off - int64(len(p.win)) }

// seek moves on to the page at off.
func (p *pager) seek(off int64) {
	if k := off - p.pos(); k >= 0 && k <= int64(len(p.win)) {
		p.win = p.win[k:]
		return
	}
	p.off, p.win = off, nil
}

// head reads the header of the next page and stays before it. It returns io.EOF
// after the last page. The page has no body yet.
func (p *pager) head() (*rawPage, error) {
	for want := 1 << 10; ; want *= 4 {
		if err := p.fill(want); err != nil {
			return nil, err
		}
		if len(p.win) == 0 {
			return nil, io.EOF
		}
		head, k, err := parseRecord(p.win)
		if err == nil {
			rp := &rawPage{head: head, headLen: k, packed: head.int(3, -1)}
			if rp.packed < 0 || rp.packed > int64(len(p.win)-k)+p.end-p.off {
				return nil, errCutOff
			}
			return rp, rp.check()
		}
		if !errors.Is(err, errShort) || p.off >= p.end {
			return nil, errPage
		}
	}
}

// body loads the page whose header was read, and moves past it.
func (p *pager) body(rp *rawPage) error {
	n := rp.headLen + int(rp.packed)
	if err := p.fill(n); err != nil {
		return err
	}
	if n > len(p.win) {
		return errCutOff
	}
	// The window may have moved: the header is read again from where it stands.
	head, k, err := parseRecord(p.win)
	if err != nil || k != rp.headLen {
		return errPage
	}
	rp.head, rp.all, rp.body = head, p.win[:n], p.win[k:n]
	p.win = p.win[n:]
	if head.has(4) && uint32(head.int(4, 0)) != crc32.ChecksumIEEE(rp.body) {
		return errSum
	}
	return nil
}

// skip moves past the page whose header was read.
func (p *pager) skip(rp *rawPage) { p.seek(p.pos() + int64(rp.headLen) + rp.packed) }

// next returns the next page, or io.EOF after the last one.
func (p *pager) next() (*rawPage, error) {
	rp, err := p.head()
	if err != nil {
		return nil, err
	}
	return rp, p.body(rp)
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
	if n < 0 || n > maxPageValues || rp.size < 0 {
		return errPage
	}
	if rp.size > maxPage || rp.packed > maxPage {
		return errLargePage
	}
	rp.n = int(n)
	return nil
}

// page is a decoded data page.
type page struct {
	n        int
	rep, def []byte // nil where the maximum level is 0
	values
}

// dictionary decodes a dictionary page. The values use buf when it is large enough,
// and the memory of old ones.
func (rp *rawPage) dictionary(l *leaf, codec int64, buf []byte, old *values) (values, error) {
	b, err := decompress(codec, buf, rp.body, rp.size)
	if err != nil {
		return values{}, err
	}
	if codec == cNone {
		b = bytes.Clone(b) // the window moves on, the dictionary stays
	}
	return old.decode(l, ePlain, b, rp.n, -1)
}

// levels decompresses a data page and decodes its levels. It returns the bytes
// of the values, which use buf when it is large enough.
func (rp *rawPage) levels(l *leaf, codec int64, buf []byte) (page, []byte, error) {
	return rp.levelsOr(l, codec, buf, false)
}

// levelsOr is levels; with sparse a page of a column without repetition that holds no
// null has no definition levels.
func (rp *rawPage) levelsOr(l *leaf, codec int64, buf []byte, sparse bool) (page, []byte, error) {
	sparse = sparse && l.rep == 0
	if rp.kind == dataPageV2 {
		return rp.levelsV2(l, codec, buf, sparse)
	}
	p := page{n: rp.n}
	b, err := decompress(codec, buf, rp.body, rp.size)
	if err != nil {
		return p, nil, err
	}
	d := rp.head.sub(5)
	if p.rep, b, err = levelsV1(b, d.int(4, eRLE), l.rep, rp.n, false); err != nil {
		return p, nil, err
	}
	p.def, b, err = levelsV1(b, d.int(3, eRLE), l.def, rp.n, sparse)
	return p, b, err
}

// allTop reports whether n levels are one run of the largest.
func allTop(b []byte, top, n int) bool {
	h, k := binary.Uvarint(b)
	return k > 0 && h&1 == 0 && h>>1 >= uint64(n) && len(b) > k && int(b[k]) == top
}

func levelsV1(b []byte, enc int64, top, n int, sparse bool) ([]byte, []byte, error) {
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
	if sparse && allTop(run, top, n) {
		return nil, b[s.p:], nil
	}
	out, err := unpackLevels(run, top, n)
	return out, b[s.p:], err
}

func (rp *rawPage) levelsV2(l *leaf, codec int64, buf []byte, sparse bool) (p page, b []byte, err error) {
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
	if l.def > 0 && !(sparse && allTop(rp.body[rl:rl+dl], l.def, rp.n)) {
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

// compressed reports whether the values of the page are compressed.
func (rp *rawPage) compressed(codec int64) bool {
	return codec != cNone && (rp.kind != dataPageV2 || rp.head.sub(8).bool(7, true))
}

// ratio is how many bytes of each thousand the compressed page takes.
func (rp *rawPage) ratio() int { return int(rp.packed * 1000 / int64(max(1, rp.size))) }

// present counts the values that are not null.
func (p *page) present(l *leaf) int {
	if p.def == nil {
		return p.n
	}
	return bytes.Count(p.def, []byte{byte(l.def)})
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
	if n := len(levels); n > 0 && bytes.Count(levels, levels[:1]) == n {
		return append(binary.AppendUvarint(nil, uint64(n)<<1), levels[0])
	}
	return packHybrid(nil, levels, bits.Len(uint(top)))
}

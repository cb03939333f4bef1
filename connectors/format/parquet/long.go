package parquet

import (
	"bufio"
	"cmp"
	"encoding/binary"
	"errors"
	"hash"
	"hash/crc32"
	"io"
	"slices"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// Most writers begin a page every megabyte, but some make one of a whole column of a row
// group, and a reader of rows has a page of every column at hand. Such a page is not
// unpacked as a whole: its values are read part by part, and each part is to a stream
// what a page is.
var (
	// longFrom is from how many bytes on a page is read in parts.
	longFrom = 8 << 20
	// A part ends after so many values, or when they are so many bytes.
	partValues, partBytes = 32 << 10, 1 << 20
)

// mostLevels bounds the levels in front of the values, packed.
const mostLevels = 64 << 20

// longPage is a page that is read in parts.
type longPage struct {
	leaf *leaf
	page page // the levels of all of it
	at   int  // how many values, nulls included, were handed on

	body   *longBody
	values *bufio.Reader
	unread int64 // bytes, unpacked, that were not taken yet

	data   []byte // of the part that was read last
	lo, hi []uint32
}

// longBody is a page as it stands in the file.
type longBody struct {
	r    io.Reader
	sum  hash.Hash32 // nil when the page has no checksum
	want uint32
	err  error // of the reading itself, which a decompressor may call damage
}

func (b *longBody) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	if b.sum != nil {
		b.sum.Write(p[:n])
	}
	if err != nil && !errors.Is(err, io.EOF) {
		b.err = err
	}
	return n, err
}

// inParts reports whether a page is one to be read in parts, and can be: its values stand
// one after the other, and what packs them can be undone from the front.
func (rp *rawPage) inParts(l *leaf, codec int64) bool {
	if rp.size < longFrom || rp.kind != dataPage && rp.kind != dataPageV2 || rp.enc != ePlain || l.typ == pBool {
		return false
	}
	if d := rp.head.sub(5); rp.kind == dataPage && (d.int(4, eRLE) != eRLE || d.int(3, eRLE) != eRLE) {
		return false
	}
	switch codec {
	case cNone, cGzip, cBrotli, cZstd, cSnappy:
		return true
	}
	return false
}

// openLong begins to read a page in parts. The pager stands before it, and moves past it.
func openLong(p *pager, rp *rawPage, l *leaf, codec int64) (*longPage, error) {
	if !rp.compressed(codec) {
		codec = cNone
	}
	if codec != cNone && int64(rp.size/maxRatio) > rp.packed {
		return nil, errBomb
	}
	if codec == cNone && int64(rp.size) != rp.packed {
		return nil, errCompressed
	}
	from := p.pos() + int64(rp.headLen)
	g := &longPage{leaf: l, page: page{n: rp.n}, body: &longBody{r: io.NewSectionReader(p.r, from, rp.packed)}, unread: int64(rp.size)}
	if rp.head.has(4) {
		g.body.sum, g.body.want = crc32.NewIEEE(), uint32(rp.head.int(4, 0))
	}
	levels := int64(0) // bytes that are not compressed with the values
	var err error
	if rp.kind == dataPageV2 {
		levels, err = g.levelsV2(rp)
	}
	if err == nil {
		err = g.unpack(codec, func() ([]byte, error) {
			b := make([]byte, rp.packed-levels)
			_, err := io.ReadFull(io.NewSectionReader(p.r, from+levels, rp.packed-levels), b)
			g.body.err = cmp.Or(g.body.err, err)
			return b, err
		})
	}
	if err == nil && rp.kind == dataPage {
		err = g.levelsV1()
	}
	p.skip(rp)
	return g, err
}

// levelsV2 reads the levels of a page of version 2, which are not compressed, and returns
// how many bytes they are.
func (g *longPage) levelsV2(rp *rawPage) (int64, error) {
	d := rp.head.sub(8)
	dl, rl := d.int(5, -1), d.int(6, -1)
	if dl < 0 || rl < 0 || dl > rp.packed || rl > rp.packed-dl || dl+rl > min(g.unread, mostLevels) {
		return 0, errPage
	}
	b := make([]byte, rl+dl)
	if _, err := io.ReadFull(g.body, b); err != nil {
		return 0, cmp.Or(g.body.err, errCutOff)
	}
	g.unread -= rl + dl
	return rl + dl, g.setLevels(b[:rl], b[rl:])
}

// levelsV1 reads the levels of a page of version 1.
func (g *longPage) levelsV1() (err error) {
	var rep, def []byte
	if g.leaf.rep > 0 {
		rep, err = g.levels()
	}
	if err == nil && g.leaf.def > 0 {
		def, err = g.levels()
	}
	if err != nil {
		return err
	}
	return g.setLevels(rep, def)
}

// levels reads a run of levels behind its length.
func (g *longPage) levels() ([]byte, error) {
	var head [4]byte
	if err := g.take(head[:]); err != nil {
		return nil, err
	}
	n := int64(binary.LittleEndian.Uint32(head[:]))
	if n > min(g.unread, mostLevels) {
		return nil, errLevels
	}
	b := make([]byte, n)
	return b, g.take(b)
}

// setLevels decodes levels. A page of a column without repetition that holds no null has no
// definition levels.
func (g *longPage) setLevels(rep, def []byte) (err error) {
	if g.leaf.rep > 0 {
		if g.page.rep, err = unpackLevels(rep, g.leaf.rep, g.page.n); err != nil {
			return err
		}
	}
	if g.leaf.def > 0 && (g.leaf.rep > 0 || !allTop(def, g.leaf.def, g.page.n)) {
		g.page.def, err = unpackLevels(def, g.leaf.def, g.page.n)
	}
	return err
}

// unpack has the values come out of the body. again reads all that there is to unpack once
// more.
func (g *longPage) unpack(codec int64, again func() ([]byte, error)) (err error) {
	packed := bufio.NewReaderSize(g.body, 64<<10)
	r := io.Reader(packed)
	switch codec {
	case cGzip:
		r, err = gzip.NewReader(packed)
	case cBrotli:
		r = brotli.NewReader(packed)
	case cZstd:
		r, err = zstd.NewReader(packed, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxPage))
	case cSnappy:
		r, err = newUnsnappy(packed, int(g.unread), again)
	}
	if err != nil {
		return cmp.Or(g.body.err, errCompressed)
	}
	g.values = bufio.NewReaderSize(r, 64<<10)
	return nil
}

// take fills b with the next bytes.
func (g *longPage) take(b []byte) error {
	if int64(len(b)) > g.unread {
		return errValues
	}
	g.unread -= int64(len(b))
	if _, err := io.ReadFull(g.values, b); err != nil {
		return cmp.Or(g.body.err, errCompressed)
	}
	return nil
}

// next makes p the next part. It returns io.EOF when there is none, after it has looked
// whether the page was whole.
func (g *longPage) next(p *page) error {
	if g.at == g.page.n {
		return g.end()
	}
	n := min(partValues, g.page.n-g.at)
	part := page{n: n}
	if g.page.rep != nil {
		part.rep = g.page.rep[g.at : g.at+n]
	}
	if g.page.def != nil {
		part.def = g.page.def[g.at : g.at+n]
	}
	have := part.present(g.leaf)
	part.width = g.leaf.width
	part.data, part.lo, part.hi = g.data[:0], g.lo[:0], g.hi[:0]
	if err := g.read(&part, have); err != nil {
		return err
	}
	g.data, g.lo, g.hi = part.data, part.lo, part.hi
	if part.values.n < have { // it ends behind its last value
		part.n = part.endOf(g.leaf)
		if part.rep != nil {
			part.rep = part.rep[:part.n]
		}
		if part.def != nil {
			part.def = part.def[:part.n]
		}
	}
	g.at += part.n
	*p = part
	return nil
}

// read reads up to n values.
func (g *longPage) read(p *page, n int) error {
	if p.width > 0 {
		p.data = slices.Grow(p.data, n*p.width)[:n*p.width]
		p.values.n = n
		return g.take(p.data)
	}
	p.data = slices.Grow(p.data, partBytes/4)
	for p.values.n < n && len(p.data) < partBytes {
		var head [4]byte
		if err := g.take(head[:]); err != nil {
			return err
		}
		k := int64(binary.LittleEndian.Uint32(head[:]))
		if k > g.unread {
			return errValues
		}
		lo := len(p.data)
		p.data = slices.Grow(p.data, int(k)+short)[:lo+int(k)]
		if err := g.take(p.data[lo:]); err != nil {
			return err
		}
		p.lo, p.hi = append(p.lo, uint32(lo)), append(p.hi, uint32(len(p.data)))
		p.values.n++
	}
	return nil
}

// endOf is how many levels there are up to the last value that was read.
func (p *page) endOf(l *leaf) int {
	if p.def == nil {
		return p.values.n
	}
	left := p.values.n
	for i, d := range p.def {
		if int(d) != l.def {
			continue
		}
		if left--; left == 0 {
			return i + 1
		}
	}
	return p.n
}

// end looks whether the page was what its header says.
func (g *longPage) end() error {
	n, err := io.Copy(io.Discard, g.values)
	if err != nil || n != g.unread {
		return cmp.Or(g.body.err, errCompressed)
	}
	if _, err := io.Copy(io.Discard, g.body); err != nil {
		return err
	}
	if g.body.sum != nil && g.body.sum.Sum32() != g.body.want {
		return errSum
	}
	return io.EOF
}

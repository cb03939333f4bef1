package parquet

import (
	"bytes"
	"errors"
	"io"
	"math"
)

// pageAt is a page of a chunk as far as it is known without its values.
type pageAt struct {
	off, n int64 // header and body
	row    int64 // the first row that begins in it, or would
	rows   int64 // how many rows begin in it
	mid    bool  // it begins within a row
}

// touches reports whether a value of one of the sorted rows stands in the page.
func (p *pageAt) touches(rows []int64) bool {
	from := p.row
	if p.mid {
		from--
	}
	i := lowerBound(rows, from)
	return i < len(rows) && rows[i] < p.row+p.rows
}

// lowerBound returns the index of the first of the sorted rows that is not less
// than row.
func lowerBound(rows []int64, row int64) int {
	lo, hi := 0, len(rows)
	for lo < hi {
		if m := int(uint(lo+hi) >> 1); rows[m] < row {
			lo = m + 1
		} else {
			hi = m
		}
	}
	return lo
}

// pageTable is where the pages of a chunk stand.
type pageTable struct {
	dict  *pageAt // nil without a dictionary
	pages []pageAt
}

// wholeChunk is the size of a chunk up to which looking for its pages costs more
// than reading it.
const wholeChunk = 64 << 10

// pages finds the pages of a chunk of a group of so many rows: through the offset
// index, else by walking over the page headers.
func (f *file) pages(ch *chunk, rows int64) (*pageTable, error) {
	if ch.size > wholeChunk {
		if t := f.indexed(ch, rows); t != nil {
			return t, nil
		}
	}
	t := &pageTable{}
	pg := newPager(f, ch)
	pg.ahead = lookAhead
	left, row := ch.values, int64(0)
	for left > 0 {
		at := pg.pos()
		rp, err := pg.head()
		if errors.Is(err, io.EOF) {
			return nil, errEnds
		}
		if err != nil {
			return nil, err
		}
		p := pageAt{off: at, n: int64(rp.headLen) + rp.packed, row: row}
		switch rp.kind {
		case indexPage:
			pg.skip(rp)
			continue
		case dictPage:
			if t.dict != nil || len(t.pages) > 0 {
				return nil, errPage
			}
			t.dict = &p
			pg.skip(rp)
			continue
		}
		if left -= int64(rp.n); left < 0 {
			return nil, errPage
		}
		if err := p.count(pg, rp, ch); err != nil {
			return nil, err
		}
		row += p.rows
		t.pages = append(t.pages, p)
	}
	if row != rows {
		return nil, errLonger
	}
	return t, nil
}

// count finds out how many rows begin in a page and moves past it.
func (p *pageAt) count(pg *pager, rp *rawPage, ch *chunk) error {
	switch {
	case ch.leaf.rep == 0:
		p.rows = int64(rp.n)
	case rp.kind == dataPageV2: // its pages begin with a row
		p.rows = int64(rp.rows)
	default:
		if err := pg.body(rp); err != nil {
			return err
		}
		pd, _, err := rp.levels(ch.leaf, ch.codec, nil)
		if err != nil {
			return err
		}
		p.rows = int64(bytes.Count(pd.rep, []byte{0}))
		p.mid = rp.n > 0 && pd.rep[0] != 0
		if p.mid && p.row == 0 {
			return errLevels
		}
		return nil
	}
	pg.skip(rp)
	return nil
}

// indexed reads the table from the offset index; nil when there is none, or one
// that cannot be true.
func (f *file) indexed(ch *chunk, rows int64) *pageTable {
	off, n := ch.rec.int(4, 0), ch.rec.int(5, 0)
	if off <= 0 || n <= 0 || n > f.size || off > f.size-n {
		return nil
	}
	raw, err := f.near(off, n)
	if err != nil {
		return nil
	}
	rec, _, err := parseRecord(raw)
	if err != nil {
		return nil
	}
	_, list := rec.list(1)
	t := &pageTable{}
	for _, raw := range list {
		r, _, err := parseRecord(raw)
		if err != nil {
			return nil
		}
		t.pages = append(t.pages, pageAt{off: r.int(1, -1), n: r.int(2, -1), row: r.int(3, -1)})
	}
	if !t.fits(ch, rows) {
		return nil
	}
	if at := t.pages[0].off; at > ch.start {
		t.dict = &pageAt{off: ch.start, n: at - ch.start}
	}
	return t
}

// fits checks that the pages follow each other to the end of the chunk, and
// completes them.
func (t *pageTable) fits(ch *chunk, rows int64) bool {
	if len(t.pages) == 0 || t.pages[0].off < ch.start || t.pages[0].row != 0 {
		return false
	}
	for i := range t.pages {
		p := &t.pages[i]
		next, row := ch.start+ch.size, rows
		if i+1 < len(t.pages) {
			next, row = t.pages[i+1].off, t.pages[i+1].row
		}
		if p.n <= 0 || p.n > math.MaxInt32 || p.off+p.n != next || row < p.row || row > rows {
			return false
		}
		p.rows = row - p.row
	}
	return true
}

// page reads one page of a table. Its bytes use buf when that is large enough.
func (f *file) page(p *pageAt, ch *chunk, buf []byte) (*rawPage, error) {
	buf, err := f.bytesInto(buf, p.off, p.n)
	if err != nil {
		return nil, err
	}
	rp, err := (&pager{win: buf}).next()
	if err != nil {
		return nil, err
	}
	if int64(len(rp.all)) != p.n || rp.kind != dictPage && ch.leaf.rep == 0 && int64(rp.n) != p.rows {
		return nil, errPage
	}
	return rp, nil
}

package parquet

import (
	"bytes"
	"slices"
	"sync"
)

// cutter rewrites one chunk without the dropped rows and with the edited
// values. Pages without such a row stay as they are.
type cutter struct {
	f     *file
	ch    *chunk
	leaf  *leaf
	codec int64
	rows  int64   // of the group
	drop  []int64 // sorted
	edits map[int64]*rowEdit
	// erased, when not nil, is told what was taken out.
	erased func(val []byte)
	work   *work
	mem    *spares
	// hold keeps what was read of a page between the two passes.
	hold bool
	// whole says that the dictionary may hold what no row has.
	whole bool

	hitRows []int64 // dropped or edited, sorted
	pages   []*cutPage
	dictAt  *pageAt
	dict    *cutDict // nil without a dictionary, or when no page needs it
	index   *colIndex
	stat    *extent

	stale         bool  // the chunk has other values than before
	nulls, values int64 // how many more the chunk has than before
	row           int64 // rows that began so far in the page at hand
	j             int   // position of the next value in its row
	at            *cutPage
	tried         [3]trial // of the dictionary, of indices and of other values
	*scratch
}

// scratch is memory that one chunk after the other is cut with.
type scratch struct {
	out       gone
	buf, body []byte
	head      []byte // of a page of which no more is needed
	packed    []byte
	dictBuf   []byte   // the values of the dictionary
	idx       []uint32 // of a page that is looked at
	renum     []byte   // indices of a page that changed
	dictVals  values
	lost      []bool
	used      []byte
	remap     []uint32
}

var scratches = sync.Pool{New: func() any { return &scratch{} }}

// cutPage is a data page on its way. Without changed it stays as it was.
type cutPage struct {
	pageAt
	i       int  // its number
	hit     bool // a row of it is dropped or edited
	changed bool
	gone    bool     // nothing of it is left
	raw     *rawPage // when it is held
	page    page     // decoded and cut, when full
	full    bool
	held    *heldIndices // of a page of indices that is hit or about to be written
	shifts  bool         // it holds indices of a dictionary of which entries may go
	top     uint32       // the largest of them
	left    int64        // rows that begin in it after the cut
	stat    *extent
}

// prepare finds the pages, cuts those whose values stand in the dictionary or are
// edited, and settles what becomes of the dictionary.
func (c *cutter) prepare() error {
	table, err := c.f.pages(c.ch, c.rows)
	if err != nil {
		return err
	}
	c.hitRows = append(c.hitRows, c.drop...)
	for row := range c.edits {
		c.hitRows = append(c.hitRows, row)
	}
	slices.Sort(c.hitRows)
	c.stat = statBounds(c.leaf, c.ch.meta.sub(12))
	if off, n := c.ch.rec.int(6, 0), c.ch.rec.int(7, 0); off > 0 && n > 0 {
		raw, err := c.f.near(off, n)
		if err != nil {
			return err
		}
		c.index = parseColIndex(c.leaf, bytes.Clone(raw), len(table.pages))
	}
	c.dictAt = table.dict
	for i := range table.pages {
		p := &cutPage{pageAt: table.pages[i], i: i, left: table.pages[i].rows}
		// A page without a value goes, too: as the first of its chunk it means the end of the
		// column to Arrow's reader.
		p.hit = p.touches(c.hitRows) || p.rows == 0 && !p.mid
		c.pages = append(c.pages, p)
	}
	for _, p := range c.pages {
		if err := c.first(p); err != nil {
			return err
		}
	}
	if err := c.tidy(); err != nil {
		return err
	}
	if c.dict != nil {
		return c.dict.settle(c)
	}
	return nil
}

// first is the first look at a page that is hit.
func (c *cutter) first(p *cutPage) error {
	if !p.hit {
		return nil
	}
	p.changed = true
	if c.index != nil {
		p.stat = newExtent(c.leaf, c.index.min[p.i], c.index.max[p.i])
		if c.index.null[p.i] {
			p.stat = newExtent(c.leaf, nil, nil)
		}
	}
	rp, err := c.read(p)
	if err != nil {
		return err
	}
	edited := false
	for row := range c.edits {
		edited = edited || p.touches([]int64{row})
	}
	if !isDictEnc(rp.enc) && !edited {
		return nil
	}
	if isDictEnc(rp.enc) {
		if err := c.loadDict(); err != nil {
			return err
		}
	}
	if edited {
		if err := c.decode(p); err != nil {
			return err
		}
		return c.cut(p)
	}
	return c.cutIndices(p, rp)
}

// read returns the bytes of a page.
func (c *cutter) read(p *cutPage) (*rawPage, error) {
	if p.raw != nil {
		return p.raw, nil
	}
	var buf []byte
	if c.hold && p.n <= heldChunk {
		buf = c.mem.take(int(p.n))
	}
	rp, err := c.f.page(&p.pageAt, c.ch, buf)
	if err != nil {
		return nil, err
	}
	if rp.kind == dictPage || rp.kind == indexPage {
		return nil, errPage
	}
	if c.hold {
		p.raw = rp
	}
	return rp, nil
}

func (c *cutter) loadDict() error {
	if c.dict != nil {
		return nil
	}
	if c.dictAt == nil {
		return errIndices
	}
	var buf []byte
	if c.dictAt.n <= heldChunk {
		buf = c.mem.take(int(c.dictAt.n))
	}
	rp, err := c.f.page(c.dictAt, c.ch, buf)
	if err != nil {
		return err
	}
	if rp.kind != dictPage {
		return errPage
	}
	c.work.unpack(rp)
	c.dict, err = newCutDict(rp, c.leaf, c.codec, c.scratch)
	return err
}

// decode makes the decoded values of a page.
func (c *cutter) decode(p *cutPage) error {
	if p.full {
		return nil
	}
	rp, err := c.read(p)
	if err != nil {
		return err
	}
	n := -1
	if c.dict != nil {
		n = c.dict.vals.n
	}
	c.work.unpack(rp)
	p.page, err = rp.decode(c.leaf, c.codec, n, nil)
	p.full = err == nil
	return err
}

// cutLevels takes the dropped rows out of the levels of a page and returns which
// of its values go with them.
func (c *cutter) cutLevels(p *cutPage) ([]span, error) {
	pg := &p.page
	if pg.rep != nil && int64(bytes.Count(pg.rep, []byte{0})) != p.rows {
		return nil, errLevels
	}
	levels := p.levelSpans(pg, c.drop)
	spans := pg.valueSpans(c.leaf, levels)
	n, vals := total(levels), total(spans)
	p.left = p.rows - int64(lowerBound(c.drop, p.row+p.rows)-lowerBound(c.drop, p.row))
	pg.n -= n
	if pg.rep != nil {
		pg.rep = without(pg.rep, levels)
		p.mid = pg.n > 0 && pg.rep[0] != 0
	}
	if pg.def != nil {
		pg.def = without(pg.def, levels)
	}
	c.count(p, -int64(n), -int64(n-vals))
	return spans, nil
}

// count notes how many values and nulls more a page has.
func (c *cutter) count(p *cutPage, values, nulls int64) {
	c.values += values
	c.nulls += nulls
	if x := c.index; x != nil && x.nulls != nil {
		x.nulls[p.i] += nulls
	}
}

// gone notes that a value left a page. A value of the dictionary has not left the
// chunk for that.
func (c *cutter) gone(p *cutPage, v []byte) {
	if p.stat != nil {
		p.stat.gone(v)
	}
	if c.erased != nil {
		c.erased(v)
	}
}

// left notes that a value may have left the chunk.
func (c *cutter) left(v []byte) {
	c.stale = true
	c.stat.gone(v)
}

func (c *cutter) came(p *cutPage, v []byte) {
	c.stale = true
	c.stat.came(v)
	if p.stat != nil {
		p.stat.came(v)
	}
}

// splice takes the dropped rows out of a page that has no dictionary indices, and
// returns its values, encoded.
func (c *cutter) splice(p *cutPage, rp *rawPage) ([]byte, error) {
	if cap(c.buf) < rp.size {
		c.buf = make([]byte, rp.size)
	}
	c.work.unpack(rp)
	pg, b, err := rp.levelsOr(c.leaf, c.codec, c.buf, true)
	if err != nil {
		return nil, err
	}
	if !rp.compressed(c.codec) {
		b = bytes.Clone(b)
	}
	n := pg.present(c.leaf)
	p.page, p.full = pg, true
	spans, err := c.cutLevels(p)
	if err != nil {
		return nil, err
	}
	vals, err := spliceValues(c.leaf, rp.enc, b, n, spans, &c.out)
	if err != nil {
		return nil, err
	}
	c.out.old = len(b)
	for i := range c.out.lo {
		c.gone(p, c.out.at(i))
		c.left(c.out.at(i))
	}
	p.page.values.n = n - total(spans)
	return vals, nil
}

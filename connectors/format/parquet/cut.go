package parquet

import (
	"bytes"
	"errors"
	"io"
)

// cutter rewrites one chunk without the dropped rows and with the edited
// values. Pages without such a row are kept as they are.
type cutter struct {
	leaf  *leaf
	codec int64
	drop  []bool
	edits map[int64]*rowEdit

	pages []*cutPage
	dict  *cutDict // nil without a dictionary page
	nulls int64    // how many nulls more the chunk has than before
	row   int64    // rows that began so far
	j     int      // position of the next value in its row
}

// cutPage is a data page on its way. Without changed it is written as it was.
type cutPage struct {
	raw     *rawPage
	page    page // decoded and cut, when full
	full    bool
	changed bool
	mid     bool  // the page begins within a row
	rows    int64 // rows that begin in the page, after the cut
}

// load reads the whole chunk, which belongs to a group of so many rows, and cuts
// the pages that hold changed rows.
func (c *cutter) load(f *file, ch *chunk, rows int64) error {
	buf, err := f.bytesAt(ch.start, ch.size)
	if err != nil {
		return err
	}
	pg := &pager{win: buf}
	left := ch.values
	for left > 0 {
		rp, err := pg.next()
		if err != nil {
			if errors.Is(err, io.EOF) {
				return errEnds
			}
			return err
		}
		switch rp.kind {
		case indexPage:
			continue
		case dictPage:
			if c.dict != nil {
				return errPage
			}
			if c.dict, err = newCutDict(rp, c.leaf, c.codec); err != nil {
				return err
			}
			continue
		}
		if left -= int64(rp.n); left < 0 {
			return errPage
		}
		if err := c.add(rp); err != nil {
			return err
		}
	}
	if c.row != rows {
		return errLonger
	}
	if c.dict != nil {
		return c.dict.settle(c)
	}
	return nil
}

// add takes a page in and cuts it when one of its rows is changed.
func (c *cutter) add(rp *rawPage) error {
	p := &cutPage{raw: rp}
	c.pages = append(c.pages, p)
	begins := int64(rp.n)
	if c.leaf.rep > 0 {
		if err := c.decode(p); err != nil {
			return err
		}
		begins = int64(bytes.Count(p.page.rep, []byte{0}))
		p.mid = rp.n > 0 && p.page.rep[0] != 0
	}
	from := c.row
	if p.mid {
		if from--; from < 0 {
			return errLevels
		}
	}
	if !c.hit(from, c.row+begins) {
		c.row += begins
		c.j = 0
		p.rows = begins
		return nil
	}
	if err := c.decode(p); err != nil {
		return err
	}
	return c.cut(p)
}

// hit reports whether one of the rows [from, to) is changed.
func (c *cutter) hit(from, to int64) bool {
	if c.drop != nil {
		if to > int64(len(c.drop)) {
			return true // the cut finds the error
		}
		for _, d := range c.drop[from:to] {
			if d {
				return true
			}
		}
	}
	if int64(len(c.edits)) < to-from {
		for row := range c.edits {
			if row >= from && row < to {
				return true
			}
		}
		return false
	}
	for row := from; row < to; row++ {
		if c.edits[row] != nil {
			return true
		}
	}
	return false
}

func (c *cutter) decode(p *cutPage) error {
	if p.full {
		return nil
	}
	n := -1
	if c.dict != nil {
		n = c.dict.vals.n
	}
	var err error
	p.page, err = p.raw.decode(c.leaf, c.codec, n, nil)
	p.full = err == nil
	return err
}

// picker collects what a cut page keeps.
type picker struct {
	old   *page
	out   page
	owned bool // the bytes of old are a copy
	index func(val []byte) uint32
}

// cut drops and edits values of a decoded page.
func (c *cutter) cut(p *cutPage) error {
	old := p.page
	out := picker{old: &old}
	out.out.width, out.out.isDict = old.width, old.isDict
	if old.isDict {
		out.index = c.dict.add
	}
	vi := 0
	for i := range old.n {
		if old.rep == nil || old.rep[i] == 0 {
			c.row++
			c.j = 0
			if c.drop == nil || c.row > int64(len(c.drop)) || !c.drop[c.row-1] {
				p.rows++
			}
		} else {
			c.j++
		}
		row, src := c.row-1, -1
		if c.drop != nil && row >= int64(len(c.drop)) {
			return errLonger
		}
		if old.def == nil || int(old.def[i]) == c.leaf.def {
			src = vi
			vi++
		}
		c.one(&out, row, i, src)
	}
	c.nulls += int64(out.out.n-out.out.values.n) - int64(old.n-old.values.n)
	p.page, p.changed = out.out, true
	p.mid = len(p.page.rep) > 0 && p.page.rep[0] != 0
	return nil
}

// one decides on the i-th value of a page; src is its place among the values
// that are not null, or -1.
func (c *cutter) one(out *picker, row int64, i, src int) {
	if c.drop != nil && c.drop[row] {
		c.gone(out.old, src)
		return
	}
	e := c.edits[row]
	if e == nil {
		out.keep(i, src)
		return
	}
	if e.blank {
		c.gone(out.old, src)
		switch {
		case c.j > 0:
		case c.leaf.def == 0:
			out.put(0, 0, c.leaf.zero())
		default:
			out.put(0, 0, nil)
		}
		return
	}
	for _, cell := range e.cells {
		if cell.j != c.j {
			continue
		}
		c.gone(out.old, src)
		rep, def := out.old.levelsAt(i)
		if cell.val == nil {
			def--
		}
		out.put(rep, def, cell.val)
		return
	}
	out.keep(i, src)
}

func (p *page) levelsAt(i int) (rep, def byte) {
	if p.rep != nil {
		rep = p.rep[i]
	}
	if p.def != nil {
		def = p.def[i]
	}
	return rep, def
}

// gone notes that a dictionary entry lost a use.
func (c *cutter) gone(p *page, src int) {
	if src >= 0 && p.isDict {
		c.dict.lost[p.idx[src]] = true
	}
}

// keep copies the i-th value.
func (k *picker) keep(i, src int) {
	rep, def := k.old.levelsAt(i)
	k.levels(rep, def)
	if src < 0 {
		return
	}
	v := &k.out.values
	v.n++
	switch {
	case v.isDict:
		v.idx = append(v.idx, k.old.idx[src])
	case v.width > 0:
		v.data = append(v.data, k.old.at(src)...)
	default: // the bytes stay in the old page
		v.data = k.old.data
		v.lo, v.hi = append(v.lo, k.old.lo[src]), append(v.hi, k.old.hi[src])
	}
}

func (k *picker) levels(rep, def byte) {
	k.out.n++
	if k.old.rep != nil {
		k.out.rep = append(k.out.rep, rep)
	}
	if k.old.def != nil {
		k.out.def = append(k.out.def, def)
	}
}

// put adds a value of its own, null when val is nil.
func (k *picker) put(rep, def byte, val []byte) {
	k.levels(rep, def)
	if val == nil {
		return
	}
	v := &k.out.values
	v.n++
	switch {
	case v.isDict:
		v.idx = append(v.idx, k.index(val))
	case v.width > 0:
		v.data = append(v.data, val...)
	default:
		// Old and new values share one block of bytes, which grows at its end.
		if !k.owned {
			k.old.data, k.owned = bytes.Clone(k.old.data), true
		}
		k.old.data = append(k.old.data, val...)
		v.data = k.old.data
		end := uint32(len(v.data))
		v.lo, v.hi = append(v.lo, end-uint32(len(val))), append(v.hi, end)
	}
}

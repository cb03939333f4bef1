package parquet

import (
	"bytes"
)

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
	c.row, c.at = p.row, p
	if !p.mid {
		c.j = 0
	}
	p.left = 0
	drop := c.drop
	for i := range old.n {
		if old.rep == nil || old.rep[i] == 0 {
			c.row++
			c.j = 0
			if !has(drop, c.row-1) {
				p.left++
			}
		} else {
			c.j++
		}
		row, src := c.row-1, -1
		if row < 0 || row >= c.rows {
			return errLonger
		}
		if old.def == nil || int(old.def[i]) == c.leaf.def {
			src = vi
			vi++
		}
		c.one(&out, row, i, src)
	}
	c.count(p, int64(out.out.n-old.n), int64(out.out.n-out.out.values.n)-int64(old.n-old.values.n))
	p.page = out.out
	p.mid = len(p.page.rep) > 0 && p.page.rep[0] != 0
	return nil
}

// one decides on the i-th value of a page; src is its place among the values
// that are not null, or -1.
func (c *cutter) one(out *picker, row int64, i, src int) {
	if has(c.drop, row) {
		c.lost(out.old, src)
		return
	}
	e := c.edits[row]
	if e == nil {
		out.keep(i, src)
		return
	}
	if e.blank {
		c.lost(out.old, src)
		switch {
		case c.j > 0:
		case c.leaf.def == 0:
			c.came(c.at, c.leaf.zero())
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
		c.lost(out.old, src)
		rep, def := out.old.levelsAt(i)
		if cell.val == nil {
			def--
		} else {
			c.came(c.at, cell.val)
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

// lost notes that the value at src went.
func (c *cutter) lost(p *page, src int) {
	switch {
	case src < 0:
	case p.isDict:
		c.dict.lose(p.idx[src])
		c.gone(c.at, c.dict.vals.at(int(p.idx[src])))
	default:
		c.gone(c.at, p.at(src))
		c.left(p.at(src))
	}
}

// has reports whether row is one of the sorted rows.
func has(rows []int64, row int64) bool {
	i := lowerBound(rows, row)
	return i < len(rows) && rows[i] == row
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

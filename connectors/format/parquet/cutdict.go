package parquet

// cutDict is the dictionary of a chunk on its way.
type cutDict struct {
	raw     *rawPage
	leaf    *leaf
	vals    values
	lost    map[uint32]bool // entries that lost a use
	index   map[string]uint32
	grown   int // entries added at the end
	changed bool
}

func newCutDict(rp *rawPage, l *leaf, codec int64) (*cutDict, error) {
	v, err := rp.dictionary(l, codec)
	return &cutDict{raw: rp, leaf: l, vals: v, lost: map[uint32]bool{}}, err
}

// add returns the entry that holds val, a new one if need be. Entries stay
// unique: some readers count on that.
func (d *cutDict) add(val []byte) uint32 {
	if d.index == nil {
		d.index = make(map[string]uint32, d.vals.n)
		for i := range d.vals.n {
			d.index[string(d.vals.at(i))] = uint32(i)
		}
	}
	if i, ok := d.index[string(val)]; ok {
		return i
	}
	i := uint32(d.vals.n)
	d.index[string(val)] = i
	d.vals.push(val)
	d.grown++
	d.changed = true
	return i
}

// push appends a value.
func (v *values) push(val []byte) {
	at := uint32(len(v.data))
	v.data = append(v.data, val...)
	if v.width == 0 {
		v.lo, v.hi = append(v.lo, at), append(v.hi, uint32(len(v.data)))
	}
	v.n++
}

// settle finds out whether an entry lost its last use. If so, every entry
// without a use goes and the pages of the chunk get new indices.
func (d *cutDict) settle(c *cutter) error {
	if len(d.lost) == 0 {
		return nil
	}
	used := make([]bool, d.vals.n)
	open := len(d.lost)
	mark := func(p *cutPage) {
		for _, i := range p.page.idx {
			if !used[i] {
				used[i] = true
				if d.lost[i] {
					open--
				}
			}
		}
	}
	for _, full := range []bool{true, false} {
		for _, p := range c.pages {
			if open == 0 {
				return nil
			}
			if !isDictEnc(p.raw.enc) || p.changed != full {
				continue
			}
			if err := c.decode(p); err != nil {
				return err
			}
			mark(p)
		}
	}
	if open == 0 {
		return nil
	}
	remap := d.shrink(used)
	for _, p := range c.pages {
		if !isDictEnc(p.raw.enc) {
			continue
		}
		for k, i := range p.page.idx {
			p.page.idx[k] = remap[i]
		}
		p.changed = true
	}
	return nil
}

func isDictEnc(enc int64) bool { return enc == ePlainDict || enc == eRLEDict }

// shrink drops the entries without a use and returns the new index of each.
func (d *cutDict) shrink(used []bool) []uint32 {
	remap := make([]uint32, d.vals.n)
	out := values{width: d.vals.width}
	for i, u := range used {
		if u {
			remap[i] = uint32(out.n)
			out.push(d.vals.at(i))
		}
	}
	d.vals, d.changed = out, true
	return remap
}

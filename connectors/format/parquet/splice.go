package parquet

import (
	"encoding/binary"
)

// span is a run of positions, hi not included.
type span struct{ lo, hi int }

// gone is what was taken out of a page: values that are not null, valid until
// the next page.
type gone struct {
	data   []byte
	lo, hi []uint32
	cuts   []span   // where the bytes of the values were taken out
	edits  []change // or where they are others
	old    int      // how many they were before
}

func (g *gone) reset() {
	g.data, g.lo, g.hi, g.cuts, g.edits, g.old = g.data[:0], g.lo[:0], g.hi[:0], nil, nil, 0
}

// changes are those of the content of a page of so many bytes, of which the first,
// before the values, gave way to head bytes; vals bytes of values are left.
func (g *gone) changes(size, head, vals int) []change {
	if g.cuts == nil && g.edits == nil {
		return nil
	}
	var out []change
	at := size - g.old
	if at > 0 || head > 0 {
		out = append(out, change{0, at, head})
	}
	left := g.old
	for _, s := range g.cuts {
		out = append(out, change{at: at + s.lo, gone: s.hi - s.lo})
		left -= s.hi - s.lo
	}
	for _, c := range g.edits {
		out = append(out, change{at: at + c.at, gone: c.gone, come: c.come})
		left += c.come - c.gone
	}
	if left > vals { // what no value laid claim to
		out = append(out, change{at: size - left + vals, gone: left - vals})
	}
	return out
}

func (g *gone) add(v []byte) {
	g.lo = append(g.lo, uint32(len(g.data)))
	g.data = append(g.data, v...)
	g.hi = append(g.hi, uint32(len(g.data)))
}

func (g *gone) at(i int) []byte { return g.data[g.lo[i]:g.hi[i]] }

// levelSpans returns the positions in a page of the values of dropped rows. The
// rows are sorted.
func (p *pageAt) levelSpans(pg *page, drop []int64) []span {
	var out []span
	add := func(lo, hi int) {
		if k := len(out) - 1; k >= 0 && out[k].hi == lo {
			out[k].hi = hi
		} else {
			out = append(out, span{lo, hi})
		}
	}
	if pg.rep == nil {
		for _, r := range drop[lowerBound(drop, p.row):] {
			if r >= p.row+p.rows {
				break
			}
			add(int(r-p.row), int(r-p.row)+1)
		}
		return out
	}
	row := p.row
	if p.mid {
		row--
	}
	rest := drop[lowerBound(drop, row):]
	for i := 0; i < pg.n && len(rest) > 0; row++ {
		end := i + 1
		for end < pg.n && pg.rep[end] != 0 {
			end++
		}
		if rest[0] == row {
			add(i, end)
			rest = rest[1:]
		}
		i = end
	}
	return out
}

// valueSpans turns positions among all values into positions among those that
// are not null.
func (pg *page) valueSpans(l *leaf, levels []span) []span {
	if pg.def == nil {
		return levels
	}
	part := page{}
	count := func(lo, hi int) int {
		part.n, part.def = hi-lo, pg.def[lo:hi]
		return part.present(l)
	}
	out := make([]span, 0, len(levels))
	at, v := 0, 0
	for _, s := range levels {
		lo := v + count(at, s.lo)
		v = lo + count(s.lo, s.hi)
		at = s.hi
		if v > lo {
			out = append(out, span{lo, v})
		}
	}
	return out
}

// without returns list without the spans, in the same memory.
func without[T any](list []T, spans []span) []T {
	if len(spans) == 0 {
		return list
	}
	n := spans[0].lo
	for i, s := range spans {
		hi := len(list)
		if i+1 < len(spans) {
			hi = spans[i+1].lo
		}
		n += copy(list[n:], list[s.hi:hi])
	}
	return list[:n]
}

func total(spans []span) int {
	n := 0
	for _, s := range spans {
		n += s.hi - s.lo
	}
	return n
}

// spliceValues takes values out of the bytes of a page without decoding the
// others where the encoding allows that, and notes them in out. n is how many
// values there are. It may write into b.
func spliceValues(l *leaf, enc int64, b []byte, n int, spans []span, out *gone) ([]byte, error) {
	switch {
	case enc == ePlain && l.width > 0 && l.typ != pBool:
		if n > len(b)/l.width {
			return nil, errValues
		}
		wide := make([]span, len(spans))
		for i, s := range spans {
			for k := s.lo; k < s.hi; k++ {
				out.add(b[k*l.width : (k+1)*l.width])
			}
			wide[i] = span{s.lo * l.width, s.hi * l.width}
		}
		out.cuts = wide
		return without(b[:n*l.width], wide), nil
	case enc == ePlain && l.typ == pBytes:
		return splicePlain(b, n, spans, out)
	case enc == eSplit && l.width > 1:
		return spliceSplit(l, b, n, spans, out)
	}
	v, err := decodeValues(l, enc, b, n, -1)
	if err != nil {
		return nil, err
	}
	for _, s := range spans {
		for k := s.lo; k < s.hi; k++ {
			out.add(v.at(k))
		}
	}
	v.remove(spans)
	return encodeValues(l, enc, &v, 0)
}

// remove takes values out of v.
func (v *values) remove(spans []span) {
	v.n -= total(spans)
	switch {
	case v.isDict:
		v.idx = without(v.idx, spans)
	case v.width > 0:
		wide := make([]span, len(spans))
		for i, s := range spans {
			wide[i] = span{s.lo * v.width, s.hi * v.width}
		}
		v.data = without(v.data, wide)
	default:
		v.lo, v.hi = without(v.lo, spans), without(v.hi, spans)
	}
}

// splicePlain hops over byte arrays from length to length.
func splicePlain(b []byte, n int, spans []span, out *gone) ([]byte, error) {
	p, k := 0, 0
	cuts := make([]span, len(spans))
	hop := func() bool {
		if len(b)-p < 4 {
			return false
		}
		size := uint64(binary.LittleEndian.Uint32(b[p:])) + 4
		if size > uint64(len(b)-p) {
			return false
		}
		p += int(size)
		k++
		return true
	}
	for i, s := range spans {
		for k < s.lo {
			if !hop() {
				return nil, errValues
			}
		}
		cuts[i].lo = p
		for k < s.hi {
			at := p
			if !hop() {
				return nil, errValues
			}
			out.add(b[at+4 : p])
		}
		cuts[i].hi = p
	}
	for k < n {
		if !hop() {
			return nil, errValues
		}
	}
	out.cuts = cuts
	return without(b[:p], cuts), nil
}

// spliceSplit takes values out of each stream of BYTE_STREAM_SPLIT.
func spliceSplit(l *leaf, b []byte, n int, spans []span, out *gone) ([]byte, error) {
	if n > len(b)/l.width {
		return nil, errValues
	}
	var val [64]byte
	one := val[:0]
	for _, s := range spans {
		for k := s.lo; k < s.hi; k++ {
			one = one[:0]
			for w := range l.width {
				one = append(one, b[w*n+k])
			}
			out.add(one)
		}
	}
	cuts := make([]span, 0, len(spans)*l.width)
	for w := range l.width {
		for _, s := range spans {
			lo, hi := w*n+s.lo, w*n+s.hi
			if k := len(cuts) - 1; k >= 0 && cuts[k].hi == lo {
				cuts[k].hi = hi
			} else {
				cuts = append(cuts, span{lo, hi})
			}
		}
	}
	out.cuts = cuts
	return without(b[:n*l.width], cuts), nil
}

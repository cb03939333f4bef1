package lineage

import (
	"cmp"
	"encoding/binary"
	"slices"
)

// The tokens of rows that follow one another differ in one byte, see mac.token, and so do
// their ids by one each. Such postings stand in a run as one stretch: what they share, and
// that byte of each. They stay together when runs are merged, as nothing else is likely to
// stand between them.

// stretch is postings whose tokens differ in the byte at restAt only, each from the one
// before it, and whose ids follow one another.
type stretch struct {
	posting        // the first one
	from, to int32 // the bytes of the others in pageful.bytes
}

// family is what the tokens of a stretch have in common of their first halves.
func (p *posting) family() uint64 { return p.hi >> 8 }

// follows reports whether x may stand behind p in a stretch, n places behind its first.
func (p *posting) follows(last *posting, n int, x *posting) bool {
	return x.rid == p.rid+RID(n) && x.lo == p.lo && x.family() == p.family() && x.hi != last.hi
}

// pageful is postings that were read from runs.
type pageful struct {
	list      []posting
	stretches []stretch
	bytes     []byte
}

func (g *pageful) reset() { g.list, g.stretches, g.bytes = g.list[:0], g.stretches[:0], g.bytes[:0] }

// count returns how many postings there are.
func (g *pageful) count() int { return len(g.list) + len(g.stretches) + len(g.bytes) }

// each calls fn for each posting of a stretch.
func (g *pageful) each(s *stretch, fn func(posting)) {
	fn(s.posting)
	for i, b := range g.bytes[s.from:s.to] {
		fn(posting{s.family()<<8 | uint64(b), s.lo, s.rid + RID(i) + 1})
	}
}

// plain returns all postings one by one.
func (g *pageful) plain() []posting {
	for i := range g.stretches {
		g.each(&g.stretches[i], func(x posting) { g.list = append(g.list, x) })
	}
	g.stretches, g.bytes = g.stretches[:0], g.bytes[:0]
	return g.list
}

const (
	// mostStretch is how many postings follow the first of a stretch at most.
	mostStretch = 255
	// followed is set in a posting's first byte that is written, of whose bits the first
	// ones are known, when others follow it in a stretch.
	followed = 1 << 63
)

// appendPostings writes postings of one part: the rest of the token, how far the id is
// from the one before, and behind the first one of a stretch the number of the others and
// their bytes.
func appendPostings(out []byte, list []posting) []byte {
	const most = tokenRest + binary.MaxVarintLen64 + 1 + mostStretch
	last := RID(0)
	for len(list) > 0 {
		x, n := &list[0], 1
		for n < len(list) && n <= mostStretch && x.follows(&list[n-1], n, &list[n]) {
			n++
		}
		out = slices.Grow(out, most)
		b := out[len(out) : len(out)+most]
		hi := x.hi << 8 &^ followed
		if n > 1 {
			hi |= followed
		}
		binary.BigEndian.PutUint64(b, hi)
		binary.BigEndian.PutUint64(b[tokenRest-8:], x.lo)
		end := tokenRest + binary.PutVarint(b[tokenRest:], int64(x.rid-last))
		if n > 1 {
			b[end] = byte(n - 1)
			end++
			for i := range list[1:n] {
				b[end+i] = byte(list[1+i].hi)
			}
			end += n - 1
		}
		out, last = out[:len(out)+end], list[n-1].rid
		list = list[n:]
	}
	return out
}

// readPostings adds what appendPostings wrote, of a part that begins with a name.
func readPostings(to *pageful, first *name16, data []byte) error {
	last, high := RID(0), binary.BigEndian.Uint64(first[:])
	for len(data) > 0 {
		if len(data) <= tokenRest {
			return errBlock
		}
		hi := binary.BigEndian.Uint64(data)
		x := posting{hi: high | hi&^followed>>8, lo: binary.BigEndian.Uint64(data[tokenRest-8:])}
		step, n := binary.Varint(data[tokenRest:])
		if n <= 0 {
			return errBlock
		}
		last += RID(step)
		x.rid, data = last, data[tokenRest+n:]
		if hi&followed == 0 {
			to.list = append(to.list, x)
			continue
		}
		if len(data) == 0 || data[0] == 0 || len(data) <= int(data[0]) {
			return errBlock
		}
		others := data[1 : 1+int(data[0])]
		from := len(to.bytes)
		to.bytes = append(to.bytes, others...)
		to.stretches = append(to.stretches, stretch{x, int32(from), int32(len(to.bytes))})
		last += RID(len(others))
		data = data[1+len(others):]
	}
	return nil
}

// inTurn calls fn for every token of what was read, whose single postings are sorted
// already, with its ids, in order.
func (p *partReader) inTurn(fn func(token *name16, rids []RID) error) (err error) {
	list, stretches := p.read.list, p.read.stretches
	slices.SortFunc(stretches, func(a, b stretch) int { return cmp.Or(cmp.Compare(a.family(), b.family()), cmp.Compare(a.lo, b.lo)) })
	for len(stretches) > 0 {
		family := stretches[0].family()
		n, m := 0, 1
		for n < len(list) && list[n].family() < family {
			n++
		}
		if p.rids, err = groupPostings(list[:n], p.rids, fn); err != nil {
			return err
		}
		list, n = list[n:], 0
		for n < len(list) && list[n].family() == family {
			n++
		}
		for m < len(stretches) && stretches[m].family() == family {
			m++
		}
		done := false
		if n == 0 && m == 1 {
			done, err = p.inOrder(&stretches[0], fn)
		}
		if err == nil && !done {
			err = p.mix(list[:n], stretches[:m], fn)
		}
		if err != nil {
			return err
		}
		list, stretches = list[n:], stretches[m:]
	}
	p.rids, err = groupPostings(list, p.rids, fn)
	return err
}

// inOrder calls fn for every token of a stretch, in order; false when one stands in it
// twice, and then fn was not called.
func (p *partReader) inOrder(s *stretch, fn func(token *name16, rids []RID) error) (bool, error) {
	var places [256]uint16 // of the postings by their bytes, counted from 1
	places[byte(s.hi)] = 1
	for i, b := range p.read.bytes[s.from:s.to] {
		if places[b] != 0 {
			return false, nil
		}
		places[b] = uint16(i) + 2
	}
	x := s.posting
	name := x.name() // it leaves for fn, and is made once
	p.rids = append(p.rids[:0], 0)
	for b, at := range places {
		if at == 0 {
			continue
		}
		name[restAt], p.rids[0] = byte(b), s.rid+RID(at)-1
		if err := fn(&name, p.rids); err != nil {
			return true, err
		}
	}
	return true, nil
}

// mix calls fn for every token of single postings and of stretches, in order.
func (p *partReader) mix(list []posting, stretches []stretch, fn func(token *name16, rids []RID) error) (err error) {
	p.mixed = append(p.mixed[:0], list...)
	for i := range stretches {
		p.read.each(&stretches[i], func(x posting) { p.mixed = append(p.mixed, x) })
	}
	slices.SortFunc(p.mixed, comparePostings)
	p.rids, err = groupPostings(p.mixed, p.rids, fn)
	return err
}

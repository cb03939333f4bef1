package lineage

import (
	"bytes"
	"slices"
)

// The records of a person who has many are alike: in a block mostly all of them have
// the same identifiers and names. Those are made once, and shared.

// lastRow is what a view read last, to be shared with the next row where that is alike.
// In a block of half tokens equal halves are of one token (see half).
type lastRow struct {
	shape  *shape
	places []int // of its tokens
	edges  []Edge
	tail   []byte // nil: there is none to share
	names  []Name
	labels []Name
}

// edges returns the edges of the present row and goes on to the next.
func (v *blockView) edges(sh *shape) ([]Edge, bool) {
	if len(sh.edges) == 0 {
		return nil, true
	}
	v.places = v.places[:0]
	for range sh.edges {
		at := v.edge - v.again
		if v.repeats > 0 && v.bitmap[v.edge/8]>>(v.edge%8)&1 == 1 {
			at = v.ref(v.again)
			v.again++
		}
		v.edge++
		if (at+1)*v.width > len(v.tokens) {
			return nil, false
		}
		v.places = append(v.places, at)
	}
	l := v.last
	if l != nil && l.shape == sh && slices.Equal(l.places, v.places) {
		return l.edges, true
	}
	out := slices.Clone(sh.edges)
	for i, at := range v.places {
		copy(out[i].Token[:], v.tokens[at*v.width:(at+1)*v.width])
	}
	if l != nil {
		l.shape, l.edges = sh, out
		l.places, v.places = v.places, l.places
	}
	return out, true
}

// readTail reads names, labels and facts of a row. Facts are never shared.
func (v *blockView) readTail(tail []byte, s *Sighting) error {
	if len(tail) == 0 {
		return nil
	}
	l := v.last
	if l != nil && bytes.Equal(l.tail, tail) {
		s.Names, s.Labels = l.names, l.labels
		return nil
	}
	err := readTail(tail, s)
	if l == nil || err != nil {
		return err
	}
	if slices.EqualFunc(l.names, s.Names, slices.Equal) {
		s.Names = l.names
	}
	l.tail, l.names, l.labels = tail, s.Names, s.Labels
	if s.Facts != nil {
		l.tail = nil
	}
	return nil
}

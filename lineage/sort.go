package lineage

import (
	"cmp"
	"encoding/binary"
	"math/bits"
	"slices"
)

// posting says that a sighting may carry a token, whose halves are kept as numbers
// in the order of their bytes.
type posting struct {
	hi, lo uint64
	rid    RID
}

func newPosting(t *Token, rid RID) posting {
	return posting{binary.BigEndian.Uint64(t[:]), binary.BigEndian.Uint64(t[8:]), rid}
}

func (p *posting) name() (n name16) {
	binary.BigEndian.PutUint64(n[:], p.hi)
	binary.BigEndian.PutUint64(n[8:], p.lo)
	return n
}

// comparePostings orders by token, then by record.
func comparePostings(a, b posting) int {
	switch {
	case a.hi != b.hi:
		return cmp.Compare(a.hi, b.hi)
	case a.lo != b.lo:
		return cmp.Compare(a.lo, b.lo)
	}
	return cmp.Compare(a.rid, b.rid)
}

// partBits is how many first bits of their tokens postings of a part have in common. A
// part of ten million records is small enough for a core's cache when it is sorted.
const partBits = 10

// postings collects postings in parts. Tokens are hashes, so the parts are of even size.
type postings struct {
	parts [1 << partBits][]posting
	count int
}

func (p *postings) add(list []posting) {
	for _, x := range list {
		k := x.hi >> (64 - partBits)
		p.parts[k] = append(p.parts[k], x)
	}
	p.count += len(list)
}

func (p *postings) reset() {
	for i := range p.parts {
		p.parts[i] = p.parts[i][:0]
	}
	p.count = 0
}

// sort sorts all parts.
func (p *postings) sort() {
	var scratch []posting
	for i := range p.parts {
		p.parts[i], scratch = sortPart(p.parts[i], scratch)
	}
}

// sortPart sorts postings of one part: they are dealt out by the bits that follow, and
// each small heap is sorted, unless it is in order already, as heaps of one token are. It
// returns the sorted list, which may be the scratch space, and scratch space for the next
// call, which may be the list.
func sortPart(list, scratch []posting) (sorted, spare []posting) {
	if len(list) < 64 {
		slices.SortFunc(list, comparePostings)
		return list, scratch
	}
	if cap(scratch) < len(list) {
		scratch = make([]posting, len(list)*5/4)
	}
	scratch = scratch[:len(list)]
	var heads [1<<maxDeal + 1]uint32
	deal := min(maxDeal, bits.Len(uint(len(list)))-2)
	at, shift := heads[:1<<deal+1], 64-deal
	for i := range list {
		at[list[i].hi<<partBits>>shift+1]++
	}
	for i := range at[1:] {
		at[i+1] += at[i]
	}
	for i := range list {
		k := list[i].hi << partBits >> shift
		scratch[at[k]] = list[i]
		at[k]++
	}
	from := uint32(0)
	for _, to := range at[:1<<deal] { // each is where the next heap begins by now
		if heap := scratch[from:to]; len(heap) > 1 && !slices.IsSortedFunc(heap, comparePostings) {
			slices.SortFunc(heap, comparePostings)
		}
		from = to
	}
	return scratch, list
}

// maxDeal is by how many bits a part is dealt out at most.
const maxDeal = 12

// groups calls fn for every token with its ids, in order. Ids are in ascending order,
// each once; the slice is valid during the call. The postings must be sorted.
func (p *postings) groups(fn func(token *name16, rids []RID) error) (err error) {
	var rids []RID
	for i := range p.parts {
		if rids, err = groupPostings(p.parts[i], rids, fn); err != nil {
			return err
		}
	}
	return nil
}

// groupPostings is groups for one list. It returns its working space, for use again.
func groupPostings(list []posting, rids []RID, fn func(token *name16, rids []RID) error) ([]RID, error) {
	var name name16 // it leaves for fn, and is made once
	for len(list) > 0 {
		name = list[0].name()
		rids = rids[:0]
		n := 0
		for n < len(list) && list[n].hi == list[0].hi && list[n].lo == list[0].lo {
			if len(rids) == 0 || rids[len(rids)-1] != list[n].rid {
				rids = append(rids, list[n].rid)
			}
			n++
		}
		if err := fn(&name, rids); err != nil {
			return rids, err
		}
		list = list[n:]
	}
	return rids, nil
}

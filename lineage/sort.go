package lineage

import (
	"cmp"
	"encoding/binary"
	"slices"

	"golang.org/x/sync/errgroup"
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

// postings collects postings by the first byte of their token. Tokens are hashes, so
// the parts are of even size, small enough for the caches when they are sorted.
type postings struct {
	parts [256][]posting
	count int
}

func (p *postings) add(list []posting) {
	for _, x := range list {
		k := x.hi >> 56
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

// sort sorts all parts, on the given number of cores.
func (p *postings) sort(cores int) error {
	var group errgroup.Group
	step := (len(p.parts) + cores - 1) / cores
	for from := 0; from < len(p.parts); from += step {
		group.Go(func() error {
			var scratch []posting
			for i := from; i < min(from+step, len(p.parts)); i++ {
				scratch = sortPart(p.parts[i], scratch)
			}
			return nil
		})
	}
	return group.Wait()
}

// sortPart sorts postings whose tokens have the first byte in common: they are dealt
// out by the second, and each small heap is sorted. It returns the scratch space for
// the next call.
func sortPart(list, scratch []posting) []posting {
	if len(list) < 512 {
		slices.SortFunc(list, comparePostings)
		return scratch
	}
	if cap(scratch) < len(list) {
		scratch = make([]posting, len(list)*5/4)
	}
	scratch = scratch[:len(list)]
	var at [257]int
	for i := range list {
		at[list[i].hi>>48&0xff+1]++
	}
	for i := range 256 {
		at[i+1] += at[i]
	}
	start := at
	for i := range list {
		k := list[i].hi >> 48 & 0xff
		scratch[start[k]] = list[i]
		start[k]++
	}
	for i := range 256 {
		slices.SortFunc(scratch[at[i]:at[i+1]], comparePostings)
	}
	copy(list, scratch)
	return scratch
}

// groups calls fn for every token with its ids, in order. Ids are in ascending order,
// each once; the slice is valid during the call. The postings must be sorted.
func (p *postings) groups(fn func(token *name16, rids []RID) error) error {
	var rids []RID
	for i := range p.parts {
		list := p.parts[i]
		for len(list) > 0 {
			name := list[0].name()
			rids = rids[:0]
			n := 0
			for n < len(list) && list[n].hi == list[0].hi && list[n].lo == list[0].lo {
				if len(rids) == 0 || rids[len(rids)-1] != list[n].rid {
					rids = append(rids, list[n].rid)
				}
				n++
			}
			if err := fn(&name, rids); err != nil {
				return err
			}
			list = list[n:]
		}
	}
	return nil
}

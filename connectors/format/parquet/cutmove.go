package parquet

import (
	"bytes"
	"cmp"
	"slices"
)

// move is an entry of a dictionary that goes to another place.
type move struct{ to, from int }

// How many entries of the end are looked at for one that takes as many bytes as another,
// and of how many in a dictionary it is one at most: the pages that use them are written
// again.
const (
	mostAlike = 64
	alikeOf   = 64
)

// moves says which entries fill the places of those without a use when left are left, in
// the order of the places. An entry that takes as many bytes as the one that went leaves
// all bytes behind it where they were, and with them the blocks of a compressed page. When
// none of the end does, one a little before the end is taken, and that one's place is
// filled instead: then only the bytes from there on move.
func (d *cutDict) moves(left int) []move {
	var out []move
	used := d.used
	var tail []int // entries that cannot stay where they are
	for i := left; i < d.vals.n; i++ {
		if used[i] != 0 {
			tail = append(tail, i)
		}
	}
	near := left // from here on an entry may be taken
	if d.grown == 0 {
		near -= min(left/alikeOf, mostAlike)
	}
	var taken [mostAlike]bool
	for gap := 0; gap < left; gap++ {
		next := bytes.IndexByte(used[gap:left], 0)
		if next < 0 {
			break
		}
		gap += next
		k, size := len(tail)-1, d.sizeOf(gap)
		for i := k; i >= max(0, k-mostAlike); i-- {
			if d.sizeOf(tail[i]) == size {
				k = i
				break
			}
		}
		to := gap
		if d.sizeOf(tail[k]) != size {
			for j := left - 1; j >= max(near, gap+1); j-- {
				if used[j] != 0 && !taken[left-1-j] && d.sizeOf(j) == size {
					taken[left-1-j] = true
					out = append(out, move{to: gap, from: j})
					to = j
					break
				}
			}
		}
		out = append(out, move{to: to, from: tail[k]})
		tail = slices.Delete(tail, k, k+1)
	}
	slices.SortFunc(out, func(a, b move) int { return cmp.Compare(a.to, b.to) })
	return out
}

package lineage

import (
	"math/rand/v2"
	"slices"
	"testing"
)

func TestSortPostings(t *testing.T) {
	for _, n := range []int{0, 1, 100, 40_000} {
		r := rand.New(rand.NewPCG(1, uint64(n)))
		list := make([]posting, n)
		for i := range list {
			for k := range list[i].token {
				list[i].token[k] = byte(r.IntN(256))
			}
			if i > 0 && r.IntN(3) == 0 { // equal tokens, and tokens with equal beginnings
				list[i].token = list[i-1].token
				if r.IntN(2) == 0 {
					list[i].token[15]++
				}
			}
			list[i].rid = RID(r.Uint64())
		}
		want := slices.Clone(list)
		slices.SortFunc(want, func(a, b posting) int {
			if c := slices.Compare(a.token[:], b.token[:]); c != 0 {
				return c
			}
			if a.rid < b.rid {
				return -1
			}
			return 1
		})
		sortPostings(list)
		if !slices.Equal(list, want) {
			t.Errorf("%d postings are not in order", n)
		}
	}
}

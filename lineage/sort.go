package lineage

import (
	"cmp"
	"encoding/binary"
	"runtime"
	"slices"
	"sync"
)

// comparePostings orders by token, then by record. The halves of a token are
// compared as numbers, which is the order of their bytes.
func comparePostings(a, b posting) int {
	if x, y := binary.BigEndian.Uint64(a.token[:]), binary.BigEndian.Uint64(b.token[:]); x != y {
		return cmp.Compare(x, y)
	}
	if x, y := binary.BigEndian.Uint64(a.token[8:]), binary.BigEndian.Uint64(b.token[8:]); x != y {
		return cmp.Compare(x, y)
	}
	return cmp.Compare(a.rid, b.rid)
}

// sortPostings sorts on all cores. Tokens are hashes, so their first byte divides
// a list into even parts: one pass puts every posting in its part, and the parts
// are sorted at the same time.
func sortPostings(list []posting) {
	const small = 1 << 14
	if len(list) < small {
		slices.SortFunc(list, comparePostings)
		return
	}
	var start [257]int
	for i := range list {
		start[int(list[i].token[0])+1]++
	}
	for i := range 256 {
		start[i+1] += start[i]
	}
	at := start
	sorted := make([]posting, len(list))
	for i := range list {
		k := list[i].token[0]
		sorted[at[k]] = list[i]
		at[k]++
	}
	copy(list, sorted)
	var wg sync.WaitGroup
	turn := make(chan struct{}, runtime.GOMAXPROCS(0))
	for k := range 256 {
		part := list[start[k]:start[k+1]]
		turn <- struct{}{}
		wg.Go(func() {
			slices.SortFunc(part, comparePostings)
			<-turn
		})
	}
	wg.Wait()
}

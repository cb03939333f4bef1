package lineage

import (
	"bytes"
	"slices"
)

// samePostings asks for the postings of tokens one by one and together.
func samePostings(t interface{ Fatalf(string, ...any) }, g *Graph, tokens []Token) {
	tokens = slices.Clone(tokens)
	slices.SortFunc(tokens, func(a, b Token) int { return bytes.Compare(a[:], b[:]) })
	lists, err := g.PostingsOf(tokens)
	if err != nil || len(lists) != len(tokens) {
		t.Fatalf("postings of %d tokens: %d lists, %v", len(tokens), len(lists), err)
	}
	for i, tok := range tokens {
		if want, err := g.Postings(tok); err != nil || !slices.Equal(lists[i], want) {
			t.Fatalf("token %d of %d: %v, alone %v (%v)", i, len(tokens), lists[i], want, err)
		}
	}
}

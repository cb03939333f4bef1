package lineage

import (
	"cmp"
	"encoding/binary"
	"slices"

	"github.com/dgraph-io/badger/v4"
)

// Blocks hold the first halves of tokens. The postings hold them whole, and every
// edge that is visible has its posting, so the second half is found there. That two
// tokens begin with the same 64 bits is next to impossible; should it happen, the
// one whose postings name the sighting is meant.

// halfEdge is an edge whose token is to be completed.
type halfEdge struct {
	half uint64
	rid  RID
	edge *Edge
}

// knownTokens bounds the cache of completed tokens.
const knownTokens = 1 << 14

func (g *Graph) known(half uint64) (Token, bool) {
	g.mu.RLock()
	defer g.mu.RUnlock()
	t, ok := g.tokens[half]
	return t, ok
}

func (g *Graph) remember(list []Token) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.tokens)+len(list) > knownTokens {
		clear(g.tokens)
	}
	for _, t := range list {
		g.tokens[binary.BigEndian.Uint64(t[:])] = t
	}
}

// complete fills in the second halves of the edges' tokens.
func (g *Graph) complete(tx *badger.Txn, list []halfEdge) error {
	list = slices.DeleteFunc(list, func(h halfEdge) bool {
		t, ok := g.known(h.half)
		if ok {
			h.edge.Token = t
		}
		return ok
	})
	if len(list) == 0 {
		return nil
	}
	slices.SortFunc(list, func(a, b halfEdge) int { return cmp.Compare(a.half, b.half) })
	b := g.newBuckets(tx)
	defer b.close()
	var found []Token
	for i := 0; i < len(list); {
		bucket := uint32(list[i].half >> (64 - g.bits))
		j := i
		for j < len(list) && uint32(list[j].half>>(64-g.bits)) == bucket {
			j++
		}
		tokens, err := completeBucket(b, bucket, list[i:j])
		if err != nil {
			return err
		}
		if len(list) <= knownTokens/4 {
			found = append(found, tokens...)
		}
		i = j
	}
	g.remember(found)
	return nil
}

// completeBucket completes the tokens of one bucket, which are sorted, and returns
// those whose first half no other token has.
func completeBucket(b *buckets, bucket uint32, list []halfEdge) ([]Token, error) {
	whole := make([]Token, 0, len(list))
	var twins []uint64 // first halves that several tokens share
	at, last := 0, uint64(0)
	err := b.each(bucket, func(e *entries) (bool, error) {
		half := binary.BigEndian.Uint64(e.name[:])
		if half < last { // the next segment
			at = 0
		}
		last = half
		for at < len(list) && list[at].half < half {
			at++
		}
		if at == len(list) {
			at, last = 0, 0
			return false, nil
		}
		if list[at].half != half {
			return true, nil
		}
		t := Token(e.name)
		if k := slices.IndexFunc(whole, func(w Token) bool { return w == t }); k < 0 {
			if slices.ContainsFunc(whole, func(w Token) bool { return [8]byte(w[:8]) == [8]byte(t[:8]) }) {
				twins = append(twins, half)
			}
			whole = append(whole, t)
		}
		return true, nil
	})
	if err != nil {
		return nil, err
	}
	whole = slices.DeleteFunc(whole, func(t Token) bool { return slices.Contains(twins, binary.BigEndian.Uint64(t[:])) })
	for _, h := range list {
		k := slices.IndexFunc(whole, func(t Token) bool { return binary.BigEndian.Uint64(t[:]) == h.half })
		if k < 0 {
			t, err := bearer(b, bucket, h)
			if err != nil {
				return nil, err
			}
			h.edge.Token = t
			continue
		}
		h.edge.Token = whole[k]
	}
	return whole, nil
}

// bearer returns the token with the given first half whose postings name the
// sighting. None, or several, is an error: the graph never guesses who is meant.
func bearer(b *buckets, bucket uint32, h halfEdge) (Token, error) {
	var found []Token
	err := b.each(bucket, func(e *entries) (bool, error) {
		if binary.BigEndian.Uint64(e.name[:]) != h.half {
			return true, nil
		}
		rids, err := readRIDs(nil, e.value)
		if t := Token(e.name); slices.Contains(rids, h.rid) && !slices.Contains(found, t) {
			found = append(found, t)
		}
		return true, err
	})
	if err != nil || len(found) != 1 {
		return Token{}, cmp.Or(err, errBlock)
	}
	return found[0], nil
}

package lineage

import (
	"fmt"
	"testing"
)

// indexed is a memView that finds its records by number and token.
type indexed struct {
	memView
	by map[Token][]RID
}

func index(v memView) indexed {
	x := indexed{v, map[Token][]RID{}}
	for _, f := range v {
		for _, e := range f.Record.Edges {
			x.by[e.Token] = append(x.by[e.Token], f.RID)
		}
	}
	return x
}

func (x indexed) Postings(t Token) ([]RID, error) { return x.by[t], nil }

func (x indexed) PostingsOf(tokens []Token) (out [][]RID, _ error) {
	for _, t := range tokens {
		out = append(out, x.by[t])
	}
	return out, nil
}

func (x indexed) Load(rids []RID) ([]Found, error) {
	out := make([]Found, len(rids))
	for i, id := range rids {
		out[i] = x.memView[id-1]
	}
	return out, nil
}

// TestVeryManyRecords: one number in 70,000 records of one person, some of which do
// not say their account, is hers in all of them; one that a switchboard's people
// share is refused once for each of them, and not for each pair of its records.
func TestVeryManyRecords(t *testing.T) {
	const hers, shared = 70_000, 20_000
	kinds := Kinds{
		Unique: func(k string) bool { return k == "contact" },
		Link:   func(k string) bool { return k == "contact" || k == "ping" },
		Medium: func(string) bool { return false },
	}
	lines := []string{"c0 a Asha_Rao =contact:0 phone:1"}
	for i := range hers {
		account := "a"
		if i%20 == 0 {
			account = "-"
		}
		lines = append(lines, fmt.Sprintf("p%d %s - =ping:%d phone:1", i, account, i))
	}
	for i := range shared {
		lines = append(lines, fmt.Sprintf("s%d a - >contact:%d phone:2", i, 1+i%5))
	}
	r := NewResolver(index(world(lines)), kinds, DefaultLimits())
	p, err := r.Resolve(t.Context(), Query{tok("phone:1"), "phone"}, "")
	if err != nil || len(p.Copies) != hers+1 {
		t.Fatalf("%d copies: %v", len(p.Copies), err)
	}
	list, err := r.Candidates(t.Context(), Query{tok("phone:2"), "phone"}, "")
	if err != nil || len(list) != 5 {
		t.Fatalf("%d people: %v", len(list), err)
	}
	steps := 0
	for _, p := range list {
		steps += len(p.Possible)
	}
	if steps > 5*shared { // each record, for each of the five people
		t.Errorf("%d refused steps", steps)
	}
}

package lineage

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/cratio/sutra/connectors"
)

// peopleOf returns a record for each number, with two identifiers made of it and a sum.
func peopleOf(g *Graph, sum uint64, people ...int) []Sighting {
	out := make([]Sighting, len(people))
	for i, p := range people {
		out[i] = Sighting{Collection: "leads", Locator: fmt.Sprintf("pk=%d", i), Trigger: NoDate, Sum: sum, Edges: []Edge{
			{Token: g.Token("phone", fmt.Sprint(p)), Kind: "phone", Role: Subject}, {Token: g.Token("email", fmt.Sprint(p)), Kind: "email", Role: Subject},
		}}
	}
	return out
}

// writeWhole writes a unit whole in a scan, once for each list of rows.
func writeWhole(t *testing.T, g *Graph, unit string, versions ...[]Sighting) {
	t.Helper()
	w, err := g.Begin()
	if err != nil {
		t.Fatal(err)
	}
	for _, rows := range versions {
		u := connectors.Unit{Key: unit}
		uw, err := w.Unit("s", u)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(uw.Add(rows), uw.Commit(UnitState{Unit: u, Records: len(rows)})); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// chunks counts the chunks of postings.
func chunks(t *testing.T, g *Graph) (n int) {
	t.Helper()
	for k := range everything(t, g) {
		if k[0] == 'p' {
			n++
		}
	}
	return n
}

// TestKnownPostings writes a unit again and again: what it held is not stored once more,
// what is new is, and each record is found by what it has now and by nothing else, also
// after a compaction.
func TestKnownPostings(t *testing.T) {
	g := openWith(t, t.TempDir(), Options{direct: 1 << 30})
	defer closeGraph(t, g)
	people := make([]int, 3*blockRows+40)
	for i := range people {
		people[i] = i
	}
	other := slices.Clone(people)
	for i := range other {
		other[i] += 10_000
	}
	writeWhole(t, g, "first", nil)
	writeWhole(t, g, "other", peopleOf(g, 1, other...))
	writeWhole(t, g, "u", peopleOf(g, 1, people...))
	check := func(when string) {
		t.Helper()
		for p := range 1000 {
			var want []string
			for i, x := range people {
				if x == p {
					want = append(want, fmt.Sprintf("u pk=%d", i))
				}
			}
			for _, kind := range []string{"phone", "email"} {
				if got := locators(t, g, g.Token(kind, fmt.Sprint(p))); !slices.Equal(got, want) {
					t.Fatalf("%s: %s of %d is in %v, want %v", when, kind, p, got, want)
				}
			}
		}
	}
	steps := []struct {
		what   string
		change func()
		few    int // chunks at most
	}{
		{"nothing of the identifiers", func() {}, 0},
		{"one record", func() { people[200] = 700 }, 2 * blockRows},
		{"one record again", func() { people[200] = 701 }, 2 * blockRows},
		{"two records that change places", func() { people[5], people[6] = people[6], people[5] }, 2 * blockRows},
		{"the last record", func() { people = people[:len(people)-1] }, 2 * 40},
		{"the first record", func() { people = people[1:] }, 1 << 20},
		{"more records", func() { people = append(people, 800, 801, 802) }, 2 * 50},
		{"half of the unit", func() { people = people[:len(people)/2] }, 2 * blockRows},
	}
	for i, s := range steps {
		s.change()
		before := chunks(t, g)
		writeWhole(t, g, "u", peopleOf(g, uint64(i+2), people...))
		if n := chunks(t, g) - before; n > s.few {
			t.Errorf("%s: %d chunks of postings were stored, want at most %d", s.what, n, s.few)
		}
		check(s.what)
	}
	before := peopleOf(g, 50, people...)
	people[3] = 850
	writeWhole(t, g, "u", before, peopleOf(g, 50, people...))
	check("twice in one scan")
	if err := g.Compact(t.Context()); err != nil {
		t.Fatal(err)
	}
	check("compacted")
	writeWhole(t, g, "u", peopleOf(g, 99, people...))
	check("written again after it was compacted")
	people[0], people[1] = 900, 901
	writeWhole(t, g, "u", peopleOf(g, 99, people...))
	check("changed after it was compacted")
}

// TestBlockDigest: blocks have the same digest when each row has the same tokens, and
// only then.
func TestBlockDigest(t *testing.T) {
	of := func(rows []Sighting) uint64 {
		n, err := digestOf(new(encoder).encode(rows))
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	tokens := func(rows []Sighting) (out [][]Token) {
		for i := range rows {
			var list []Token
			for _, e := range rows[i].Edges {
				list = append(list, e.Token)
			}
			out = append(out, list)
		}
		return out
	}
	row := rapid.Custom(func(t *rapid.T) (s Sighting) {
		s.Trigger, s.Sum = NoDate, rapid.Uint64().Draw(t, "sum")
		for _, k := range rapid.SliceOfN(rapid.ByteRange(0, 3), 0, 3).Draw(t, "edges") {
			s.Edges = append(s.Edges, Edge{Token: Token{1, 15: k}, Kind: "phone", Role: Subject})
		}
		return s
	})
	x, y := Edge{Token: Token{1}}, Edge{Token: Token{2}}
	if of([]Sighting{{Edges: []Edge{x, y}}, {Edges: []Edge{x}}}) == of([]Sighting{{Edges: []Edge{x, x}}, {Edges: []Edge{y}}}) {
		t.Error("the digest does not tell which token comes again")
	}
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.SliceOfN(row, 0, 3).Draw(t, "a"), rapid.SliceOfN(row, 0, 3).Draw(t, "b")
		if got, want := of(a) == of(b), cmp.Equal(tokens(a), tokens(b)); got != want {
			t.Fatalf("the same digest: %v, the same tokens: %v", got, want)
		}
	})
	for n := range 10 {
		if _, err := digestOf(new(encoder).encode(nil)[:n]); n < 10 && !errors.Is(err, errBlock) {
			t.Errorf("%d bytes of a block: %v", n, err)
		}
	}
}

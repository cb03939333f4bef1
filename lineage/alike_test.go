package lineage

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestAlikeRecords holds the answers that alike records share against the question
// asked of each pair of records, in small worlds of all kinds.
func TestAlikeRecords(t *testing.T) {
	kinds := Kinds{
		Unique: func(k string) bool { return k == "contact" },
		Link:   func(k string) bool { return k == "contact" || k == "lead" || k == "stem" },
		Medium: func(k string) bool { return k == "stem" },
	}
	names := strings.Fields("- asha_verma asha_verma bela_rao asha +asha_verma +bela_rao")
	edges := strings.Fields("phone:1 phone:1 phone:2 email:1 email:2 landline:1 >contact:1 >contact:2 =contact:1 =lead:1 >lead:1 =stem:1 >stem:1 &phone:1 |phone:1 !phone:2 ~contact:1")
	asked := 0
	for seed := range uint64(400) {
		r := rand.New(rand.NewPCG(seed, 1))
		var lines []string
		for i := range 2 + r.IntN(12) {
			l := fmt.Sprintf("r%d a %s", i, names[r.IntN(len(names))])
			for range 1 + r.IntN(3) {
				l += " " + edges[r.IntN(len(edges))]
			}
			lines = append(lines, l)
		}
		v := world(lines)
		for i := range v {
			if r.IntN(4) > 0 {
				late := r.IntN(2)
				v[i].Record.RecordedAt = time.Date(2012+late*8, 1, 1+i, 0, 0, 0, 0, time.UTC)
				if seed%2 == 0 && len(v[i].Record.Names) > 0 { // a number that was given to somebody else
					v[i].Record.Names = []Name{testName([]string{"asha_verma", "bela_rao"}[late])}
				}
			}
		}
		res := NewResolver(v, kinds, DefaultLimits())
		for i := range v {
			for _, e := range v[i].Record.Edges {
				info, err := res.tokenInfo(e.Token, e.Kind, "a")
				if err != nil {
					t.Fatal(err)
				}
				l, _, err := res.next(&v[i], e, info)
				if err != nil {
					t.Fatal(err)
				}
				for _, f := range info.carriers {
					if f.RID == v[i].RID || !joinsAs(f, e.Token) {
						continue
					}
					want, err := res.leads(&v[i], f, e, info)
					if err != nil {
						t.Fatal(err)
					}
					asked++
					if slices.Contains(l.to, f) != want || slices.Contains(l.refused, f) == want {
						t.Fatalf("over %s, %q leads to %q: %v, want %v, in\n%s", e.Kind, lines[i], lines[f.RID-1], !want, want, strings.Join(lines, "\n"))
					}
				}
			}
		}
	}
	if asked < 1000 {
		t.Fatalf("only %d pairs were asked about", asked)
	}
}

// TestVeryManyAlike: a number in 60,000 records of two people by name, and of nobody:
// each of the latter could be anybody's. Asking about each pair would not end.
func TestVeryManyAlike(t *testing.T) {
	const n = 20_000
	var lines []string
	for i := range 3 * n {
		lines = append(lines, fmt.Sprintf("r%d a %s phone:1", i, []string{"Asha_Rao", "Bela_Iyer", "-"}[i%3]))
	}
	no := func(string) bool { return false }
	r := NewResolver(index(world(lines)), Kinds{Unique: no, Link: no, Medium: no}, DefaultLimits())
	list, err := r.Candidates(t.Context(), Query{tok("phone:1"), "phone"}, "")
	if err != nil || len(list) != 2+n {
		t.Fatalf("%d people: %v", len(list), err)
	}
	steps := 0
	for i, p := range list {
		want := 1
		if i < 2 {
			want = n
		}
		if len(p.Copies) != want {
			t.Fatalf("person %d has %d copies, want %d", i, len(p.Copies), want)
		}
		steps += len(p.Possible)
	}
	if steps > 9*n { // for each kind of record, once
		t.Errorf("%d refused steps", steps)
	}
}

// TestVeryManyOfTwo: two people, each with 20,000 records, whom a record without a name
// holds together, or who had one number after the other. Comparing each name of one
// with each of the other would not end.
func TestVeryManyOfTwo(t *testing.T) {
	const n = 20_000
	no := func(string) bool { return false }
	for _, c := range []struct {
		name  string
		first string
		line  func(i int) string
	}{
		{"a record without a name", "r0 a - phone:1 phone:2", func(i int) string {
			return fmt.Sprintf("r%d a %s phone:%d", i, []string{"Asha_Rao", "Bela_Iyer", "Asha", "Bela"}[i%4], i%2+1)
		}},
		{"one after the other", "r0 a - email:1", func(i int) string {
			return fmt.Sprintf("r%d a %s phone:1", i, []string{"Asha_Rao", "Bela_Iyer", "Asha", "Bela"}[i%4])
		}},
	} {
		lines := []string{c.first}
		for i := range 2 * n {
			lines = append(lines, c.line(i))
		}
		v := world(lines)
		for i := range v[1:] {
			v[i+1].Record.RecordedAt = time.Date(2012+i%2*8, 1, 1, 0, 0, i%86400, 0, time.UTC)
		}
		r := NewResolver(index(v), Kinds{Unique: no, Link: no, Medium: no}, DefaultLimits())
		list, err := r.Candidates(t.Context(), Query{tok("phone:1"), "phone"}, "")
		if err != nil {
			t.Fatal(c.name, err)
		}
		for _, p := range list {
			if len(p.Copies) != n {
				t.Errorf("%s: a person with %d copies, want %d", c.name, len(p.Copies), n)
			}
		}
		if want := 1 + strings.Count(c.first, "email"); len(list) != want {
			t.Errorf("%s: %d people, want %d", c.name, len(list), want)
		}
	}
}

package lineage

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// dated is world with the months that stand behind an @ in the locators.
func dated(t testing.TB, lines []string) memView {
	v := world(lines)
	for i := range v {
		v[i].Record.Edges = slices.DeleteFunc(v[i].Record.Edges, func(e Edge) bool {
			if e.Kind == "left" { // left:1 means that she left phone:1
				v[i].Record.Facts = map[string]string{LeftFact(tok("phone:1")): "left"}
			}
			return e.Kind == "left"
		})
		loc, month, ok := strings.Cut(v[i].Record.Locator, "@")
		if !ok {
			continue
		}
		at, err := time.Parse("2006-01", month)
		if err != nil {
			t.Fatal(err)
		}
		v[i].Record.Locator, v[i].Record.RecordedAt = loc, at
	}
	return v
}

// said reads a word: "same phone:1 email:2" or "different ...".
func saidWord(s string) Word {
	w := strings.Fields(s)
	ka, _, _ := strings.Cut(w[1], ":")
	kb, _, _ := strings.Cut(w[2], ":")
	return Word{Account: "A", Same: w[0] == "same", A: tok(w[1]), AKind: ka, B: tok(w[2]), BKind: kb}
}

func askSaid(t *testing.T, v memView, ident string, words []string) string {
	t.Helper()
	kinds := Kinds{
		Unique: func(k string) bool { return k == "contact" },
		Link:   func(k string) bool { return k == "contact" || k == "lead" },
		Medium: func(string) bool { return false },
	}
	var list []Word
	for _, w := range words {
		list = append(list, saidWord(w))
	}
	kind, _, _ := strings.Cut(ident, ":")
	p, err := NewResolver(v, kinds, DefaultLimits()).WithWords(list).Resolve(t.Context(), Query{tok(ident), kind}, "")
	if people, ok := IsAmbiguous(err); ok {
		return fmt.Sprintf("%d people", len(people))
	}
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, c := range p.Copies {
		out = append(out, c.Record.Locator)
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

func TestAPersonsWordWins(t *testing.T) {
	two := []string{"c1 A asha_verma =contact:1 phone:1", "l1 A - phone:1 email:1", "c2 A asha_v =contact:2 phone:2", "l2 A - phone:2 email:2"}
	for _, tt := range []struct {
		name  string
		world []string
		words []string
		ident string
		want  string
	}{
		{"nothing joins them", two, nil, "phone:1", "c1 l1"},
		{"same joins, against the contacts' veto", two, []string{"same phone:1 phone:2"}, "email:1", "c1 c2 l1 l2"},
		{"same the other way round", two, []string{"same email:2 contact:1"}, "email:1", "c1 c2 l1 l2"},
		{"three in a chain", append(two, "c3 A - =contact:3 phone:3"), []string{"same phone:1 phone:2", "same phone:3 phone:2"}, "phone:3", "c1 c2 c3 l1 l2"},
		{"same leads on from an identifier that no record has any more", []string{"c2 A - =contact:2 phone:2", "n1 A - ?phone:1"}, []string{"same phone:1 phone:2"}, "phone:1", "c2"},
		{"and over one that no record has either", []string{"c3 A - =contact:3 phone:3"}, []string{"same phone:1 phone:2", "same phone:3 phone:2"}, "phone:1", "c3"},
		{"to several people, if more than one is left", []string{"c1 A - =contact:1 phone:1", "c3 A - =contact:3 phone:3"}, []string{"same phone:1 phone:2", "same phone:3 phone:2"}, "phone:2", "2 people"},
		{"but to nobody in another account", []string{"c2 B - =contact:2 phone:2"}, []string{"same phone:1 phone:2"}, "phone:1", ""},
		{"not in another account", []string{"c1 A - =contact:1 phone:1", "c2 B - =contact:2 phone:2"}, []string{"same phone:1 phone:2"}, "phone:1", "c1"},
		{"different splits what a number joined", []string{"l1 A asha_v email:1 phone:1", "l2 A asha_v email:2 phone:1"}, []string{"different email:1 email:2"}, "email:1", "l1"},
		{"and asking for the number is refused", []string{"l1 A - email:1 phone:1", "l2 A - email:2 phone:1"}, []string{"different email:1 email:2"}, "phone:1", "2 people"},
		{"what hangs on each side stays there", []string{"l1 A - email:1 phone:1 =lead:1", "n1 A - >lead:1", "l2 A - email:2 phone:1 =lead:2", "n2 A - >lead:2"},
			[]string{"different email:1 email:2"}, "email:2", "l2 n2"},
		{"a chain of records is cut in the middle", []string{"l1 A - email:1 phone:1", "l2 A - phone:1 phone:2", "l3 A - phone:2 phone:3", "l4 A - phone:3 email:4"},
			[]string{"different email:1 email:4"}, "email:1", "l1 l2"},
		{"a record as near to both is neither's", []string{"l1 A - email:1 phone:1", "l2 A - phone:1 phone:2", "l3 A - phone:2 email:3"},
			[]string{"different email:1 email:3"}, "email:1", "l1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for n := range 6 {
				v := dated(t, tt.world)
				rand.New(rand.NewPCG(1, uint64(n))).Shuffle(len(v), func(i, j int) { v[i], v[j] = v[j], v[i] })
				for i := range v {
					v[i].RID = RID(i + 1)
				}
				words := slices.Clone(tt.words)
				if n%2 == 1 {
					slices.Reverse(words)
				}
				if got := askSaid(t, v, tt.ident, words); got != tt.want {
					t.Fatalf("in order %d: %q, want %q", n, got, tt.want)
				}
			}
		})
	}
}

// A number that was silent for years and came back under another name belongs to
// somebody else now.
func TestReissuedNumber(t *testing.T) {
	for _, tt := range []struct {
		name  string
		world []string
		ident string
		want  string
	}{
		{"old owner", []string{"l1@2019-01 A asha_verma phone:1 email:1", "r1@2019-03 A - phone:1", "l2@2023-01 A ravi_rao phone:1 email:2", "r2@2023-05 A - phone:1"}, "email:1", "l1 r1"},
		{"new owner", []string{"l1@2019-01 A asha_verma phone:1 email:1", "r1@2019-03 A - phone:1", "l2@2023-01 A ravi_rao phone:1 email:2", "r2@2023-05 A - phone:1"}, "email:2", "l2 r2"},
		{"asking for the number", []string{"l1@2019-01 A asha_verma phone:1 email:1", "l2@2023-01 A ravi_rao phone:1 email:2"}, "phone:1", "2 people"},
		{"a record without a date is nobody's", []string{"l1@2019-01 A asha_verma phone:1 email:1", "x A - phone:1", "l2@2023-01 A ravi_rao phone:1 email:2"}, "email:2", "l2"},
		{"a silence under the same name", []string{"l1@2019-01 A asha_verma phone:1 email:1", "l2@2023-01 A a_verma phone:1 email:2"}, "email:1", "l1 l2"},
		{"a silence without names", []string{"l1@2019-01 A - phone:1 email:1", "l2@2023-01 A - phone:1 email:2"}, "email:1", "l1 l2"},
		{"another name without a silence", []string{"l1@2022-01 A asha_verma phone:1 email:1", "r1@2022-09 A - phone:1", "l2@2023-01 A ravi_rao phone:1 email:2"}, "email:1", "l1"},
		{"the contact moved on with her mail", []string{"c1@2019-01 A asha_verma =contact:1 phone:1 email:1", "l1@2023-02 A asha_verma email:1 phone:2", "l2@2023-01 A ravi_rao phone:1 email:2", "r2@2023-03 A - phone:1"}, "email:1", "c1 l1"},
		{"three owners", []string{"l1@2015-01 A asha_verma phone:1 email:1", "l2@2018-01 A ravi_rao phone:1 email:2", "l3@2022-01 A om_nair phone:1 email:3", "r3@2022-02 A - phone:1"}, "email:3", "l3 r3"},
		{"between two silences it may be either's", []string{"l1@2018-01 A asha_verma phone:1 email:1", "r1@2018-06 A - phone:1", "x1@2021-01 A - phone:1", "x2@2021-03 A - phone:1", "l2@2025-01 A ravi_rao phone:1 email:2"}, "email:1", "l1 r1"},
		{"nor is it the new owner's", []string{"l1@2018-01 A asha_verma phone:1 email:1", "r1@2018-06 A - phone:1", "x1@2021-01 A - phone:1", "x2@2021-03 A - phone:1", "l2@2025-01 A ravi_rao phone:1 email:2"}, "email:2", "l2"},
		{"between two silences with her mail", []string{"l1@2018-01 A asha_verma phone:1 email:1", "r1@2018-06 A - phone:1", "x1@2021-01 A - phone:1 email:1", "x2@2021-03 A - phone:1", "l2@2025-01 A ravi_rao phone:1 email:2"}, "email:1", "l1 r1 x1 x2"},
		{"she told that she left it", []string{"m1@2025-01 A - phone:1 email:1", "ch@2025-02 A - phone:1 phone:2 left:1", "m2@2025-03 A - phone:2", "n1@2025-06 A - phone:1 email:9"}, "email:1", "ch m1 m2"},
		{"the next owner", []string{"m1@2025-01 A - phone:1 email:1", "ch@2025-02 A - phone:1 phone:2 left:1", "m2@2025-03 A - phone:2", "n1@2025-06 A - phone:1 email:9"}, "email:9", "n1"},
		{"nobody came after her", []string{"m1@2025-01 A - phone:1 email:1", "ch@2025-02 A - phone:1 phone:2 left:1", "m2@2025-03 A - phone:2"}, "phone:1", "ch m1 m2"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for n := range 6 {
				v := dated(t, tt.world)
				rand.New(rand.NewPCG(2, uint64(n))).Shuffle(len(v), func(i, j int) { v[i], v[j] = v[j], v[i] })
				for i := range v {
					v[i].RID = RID(i + 1)
				}
				if got := askSaid(t, v, tt.ident, nil); got != tt.want {
					t.Fatalf("in order %d: %q, want %q", n, got, tt.want)
				}
			}
		})
	}
}

func TestExplainTellsOfTheWordThatLedOn(t *testing.T) {
	kinds := Kinds{Unique: func(string) bool { return false }, Link: func(string) bool { return false }, Medium: func(string) bool { return false }}
	r := NewResolver(dated(t, []string{"l2 A - phone:2", "n1 A - ?phone:1"}), kinds, DefaultLimits()).WithWords([]Word{saidWord("same phone:1 phone:2")})
	p, err := r.Resolve(t.Context(), Query{tok("phone:1"), "phone"}, "")
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Steps) != 1 || p.Steps[0].Token != tok("phone:1") || p.Steps[0].Rule != saidByHand {
		t.Errorf("steps %+v", p.Steps)
	}
	if len(p.Mentions) != 1 || p.Mentions[0].Record.Locator != "n1" {
		t.Errorf("mentions %+v", p.Mentions)
	}
}

func TestWordLeadsToWhereOnlyAnotherMentionsHer(t *testing.T) {
	kinds := Kinds{Unique: func(string) bool { return false }, Link: func(string) bool { return false }, Medium: func(string) bool { return false }}
	for _, ident := range []string{"phone:1", "phone:2"} {
		r := NewResolver(dated(t, []string{"n1 A - ?phone:1"}), kinds, DefaultLimits()).WithWords([]Word{saidWord("same phone:1 phone:2")})
		p, err := r.Resolve(t.Context(), Query{tok(ident), "phone"}, "")
		if err != nil {
			t.Fatal(err)
		}
		if len(p.Copies) != 0 || len(p.Mentions) != 1 || p.Mentions[0].Record.Locator != "n1" {
			t.Errorf("by %s: copies %+v, mentions %+v", ident, p.Copies, p.Mentions)
		}
	}
}

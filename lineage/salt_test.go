package lineage

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// otherKey returns a view as another installation's key makes it: other tokens, and other
// words of names in another order.
func otherKey(v memView, key int) memView {
	out := slices.Clone(v)
	for i := range out {
		s := &out[i].Record
		s.Edges = slices.Clone(s.Edges)
		for k := range s.Edges {
			s.Edges[k].Token = tokenOf(s.Edges[k].Token, key)
		}
		s.Names, s.Labels = namesOfKey(s.Names, key), namesOfKey(s.Labels, key)
	}
	return out
}

func tokenOf(t Token, key int) Token {
	h := sha256.Sum256(fmt.Appendf(t[:], "%d", key))
	return Token(h[:16])
}

func namesOfKey(list []Name, key int) []Name {
	out := make([]Name, len(list))
	for i, n := range list {
		for _, w := range n {
			v := w&ForeignScript | (w>>initialShift^uint32(key))&0x7f<<initialShift
			if !initialOnly(w) {
				h := sha256.Sum256(fmt.Appendf(nil, "%d %d", w, key))
				v |= uint32(h[0])<<16 | uint32(h[1])<<8 | 1
			}
			out[i] = append(out[i], v)
		}
		slices.Sort(out[i])
	}
	return out
}

// answer tells what records a question leads to, and how many identifiers are hers.
func answer(t *testing.T, v memView, ident string, key int) string {
	kind, _, _ := strings.Cut(ident, ":")
	link := func(k string) bool { return k == "contact" || k == "lead" || k == "stem" || k == "file" }
	kinds := Kinds{
		Unique: func(k string) bool { return k == "contact" }, Link: link, Medium: func(k string) bool { return k == "stem" },
		Device: func(k string) bool { return k == "cookie" }, Paper: func(k string) bool { return k == "pan" },
	}
	list, err := NewResolver(v, kinds, DefaultLimits()).Candidates(t.Context(), Query{tokenOf(tok(ident), key), kind}, "")
	if err != nil {
		t.Fatal(err)
	}
	if len(list) != 1 {
		return ""
	}
	var out []string
	for mark, of := range map[string][]Found{"": list[0].Copies, "?": list[0].Mentions, "~": list[0].Between} {
		for i := range of {
			out = append(out, mark+of[i].Record.Locator)
		}
	}
	slices.Sort(out)
	return fmt.Sprintf("%s %s, hers %d, others' %d", list[0].Account, strings.Join(out, " "), len(list[0].Tokens), len(list[0].Others))
}

// manyShapes makes a small world of all kinds of records, with few identifiers and names
// of which some agree with several others.
func manyShapes(r *rand.Rand) []string {
	pick := func(list ...string) string { return list[r.IntN(len(list))] }
	n := 2 + r.IntN(8)
	number := func(format string) string { return fmt.Sprintf(format, r.IntN(n)) }
	var out []string
	for i := range n {
		edges := map[string]string{}
		add := func(mark, ident string) {
			if ident = strings.ReplaceAll(ident, "#", fmt.Sprint(i)); edges[ident] == "" {
				edges[ident] = mark + ident
			}
		}
		switch r.IntN(8) {
		case 0:
			add("=", "contact:#")
			if r.IntN(3) == 0 {
				add("~", number("contact:%d"))
			}
		case 1:
			add(">", number("contact:%d"))
		case 2:
			add("=", "lead:#")
			add(pick(">", "?"), number("lead:%d"))
		case 3:
			add(">", number("lead:%d"))
		case 4:
			add(pick("=", "&", ">"), pick("stem:0", "stem:1"))
		case 5:
			add("=", "file:#")
			add(">", pick("stem:0", "stem:1"))
		case 6:
			add(">", number("file:%d"))
		}
		for range 1 + r.IntN(2) {
			add(pick("", "", "", "", "", "|", "?", "!"), pick("phone", "phone", "phone", "email", "email", "landline", "cookie", "pan")+pick(":0", ":1", ":2"))
		}
		name := pick("-", "-", "asha_verma", "a_verma", "asha_v", "anil_v", "asha", "ravi_verma", "bela_rao", "asha_k_verma", "+asha_verma", "+anil")
		out = append(out, fmt.Sprintf("%s%d A %s %s", pick("r", "q"), i, name, strings.Join(slices.Sorted(maps.Values(edges)), " ")))
	}
	return out
}

// TestKeyAndOrderDoNotMatter asks everything of many small worlds, under several keys and
// in several orders of arrival. Who stands behind an identifier of several people is
// refused, and not compared.
func TestKeyAndOrderDoNotMatter(t *testing.T) {
	for seed := range uint64(600) {
		r := rand.New(rand.NewPCG(1, seed))
		lines := manyShapes(r)
		idents := map[string]bool{}
		for _, l := range lines {
			for _, e := range strings.Fields(l)[3:] {
				idents[strings.TrimLeft(e, "=>&~|!?")] = true
			}
		}
		first := map[string]string{}
		for key := range 4 {
			for ident := range idents {
				got := answer(t, otherKey(world(lines), key), ident, key)
				if want := first[ident]; want != "" && got != "" && got != want {
					t.Fatalf("world %d, %s: %q, and under another key and in another order %q:\n%s", seed, ident, want, got, strings.Join(lines, "\n"))
				}
				first[ident] = got
			}
			r.Shuffle(len(lines), func(i, j int) { lines[i], lines[j] = lines[j], lines[i] })
		}
	}
}

// TestDifferentNames counts names of which some agree with several others, under many keys.
func TestDifferentNames(t *testing.T) {
	for _, c := range []struct {
		names string
		want  int
	}{
		{"a_verma asha_v anil_v", 2}, {"asha_verma a_verma asha_v anil_v", 2}, {"a_verma r_verma asha_v", 2}, {"asha_verma a_verma verma", 1},
		{"asha_ravi_verma a_verma r_verma", 1}, {"a_b_verma a_kiran_v anil_k_v b_rao", 3}, {"asha_verma bela_rao asha_rao", 3},
	} {
		var names []Name
		for _, n := range strings.Fields(c.names) {
			names = append(names, testName(n))
		}
		for key := range 200 {
			if got := nameGroups(namesOfKey(names, key)); got != c.want {
				t.Errorf("%s: %d clearly different names under key %d, want %d", c.names, got, key, c.want)
				break
			}
		}
	}
}

// TestMergedSeveralTimes asks for contacts whose rows say different things of their merges,
// in several orders.
func TestMergedSeveralTimes(t *testing.T) {
	long := []string{"c0 A - =contact:0 phone:0"}
	for i := range 99 {
		long = append(long, fmt.Sprintf("c%d A - =contact:%d ~contact:%d", i+1, i+1, i))
	}
	long = append(long, "l1 A - >contact:99 phone:9")
	for _, c := range []struct {
		name        string
		world       []string
		ident, want string
	}{
		{"an old export says otherwise", []string{"c1 A - =contact:1 phone:1", "c2 A - =contact:2 phone:2", "c3 A - =contact:3 ~contact:2 phone:3", "e3 A - =contact:3 ~contact:1"}, "phone:3", "c3 e3"},
		{"the old survivor was merged too", []string{"c1 A - =contact:1 ~contact:2 phone:1", "c2 A - =contact:2 phone:2", "c3 A - =contact:3 ~contact:2 phone:3", "e3 A - =contact:3 ~contact:1"}, "phone:3", "c1 c2 c3 e3"},
		{"in a circle", []string{"c1 A - =contact:1 ~contact:2 phone:1", "c2 A - =contact:2 ~contact:3", "e2 A - =contact:2 ~contact:1", "c3 A - =contact:3 ~contact:2 phone:3"}, "phone:3", "c1 c2 c3 e2"},
		{"many times", long, "phone:9", "all"},
	} {
		for seed := range uint64(8) {
			got := ask(t, world(c.world), c.ident, "")
			if n := len(strings.Fields(got)); n == len(c.world) {
				got = "all"
			}
			if want := c.want; got != want && (got != "all" || len(strings.Fields(want)) != len(c.world)) {
				t.Errorf("%s: got %q, want %q", c.name, got, want)
				break
			}
			rand.New(rand.NewPCG(seed, 1)).Shuffle(len(c.world), func(i, j int) { c.world[i], c.world[j] = c.world[j], c.world[i] })
		}
	}
}

// TestCrowdIsOneAskedAnyhow asks for somebody behind a landline of a crowd, before and after
// the landline itself, and where most that once had it are gone.
func TestCrowdIsOneAskedAnyhow(t *testing.T) {
	lines := []string{"r0 A asha_verma landline:1 email:1", "r1 A asha_verma landline:1 email:2"}
	for i := range DefaultLimits().Weak {
		lines = append(lines, fmt.Sprintf("x%d A bela_rao landline:1 phone:%d", i, i))
	}
	kinds := Kinds{Unique: func(string) bool { return false }, Link: func(string) bool { return false }, Medium: func(string) bool { return false }}
	for _, c := range []struct {
		first string // asked before
		gone  int    // how many of the others do not have it any more
		want  int
	}{{"email:1", 0, 1}, {"landline:1", 0, 1}, {"email:1", 400, 2}, {"landline:1", 400, 2}} {
		v := index(world(lines))
		for i := range c.gone {
			v.memView[2+i].Record.Edges = v.memView[2+i].Record.Edges[1:]
		}
		r := NewResolver(v, kinds, DefaultLimits())
		var err error
		var list []*Person
		for _, ident := range []string{c.first, "email:1"} {
			kind, _, _ := strings.Cut(ident, ":")
			if list, err = r.Candidates(t.Context(), Query{tok(ident), kind}, ""); err != nil {
				t.Fatal(err)
			}
		}
		if len(list) != 1 || len(list[0].Copies) != c.want {
			t.Errorf("after %s, %d gone: %d people, the first with %d records, want %d", c.first, c.gone, len(list), len(list[0].Copies), c.want)
		}
	}
}

// TestTwoContactsInOneRecord asks from both sides for what shares a number with a row that
// is tied to two contacts.
func TestTwoContactsInOneRecord(t *testing.T) {
	lines := world([]string{"a A asha_verma >contact:1 phone:1 email:1", "b A asha_verma >contact:1 >contact:2 phone:1 email:1"})
	r := NewResolver(lines, Kinds{Unique: func(k string) bool { return k == "contact" }, Link: func(k string) bool { return k == "contact" }, Medium: func(string) bool { return false }}, DefaultLimits())
	there, err := r.supported(&lines[0], &lines[1], tok("phone:1"))
	if err != nil {
		t.Fatal(err)
	}
	if back, err := r.supported(&lines[1], &lines[0], tok("phone:1")); err != nil || there != back {
		t.Errorf("there %v, back %v (%v)", there, back, err)
	}
}

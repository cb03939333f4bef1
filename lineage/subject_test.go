package lineage

import (
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// memView is a graph in memory.
type memView []Found

func (m memView) Postings(t Token) ([]RID, error) {
	var out []RID
	for _, f := range m {
		if slices.ContainsFunc(f.Record.Edges, func(e Edge) bool { return e.Token == t }) {
			out = append(out, f.RID)
		}
	}
	return out, nil
}

func (m memView) PostingsOf(tokens []Token) ([][]RID, error) {
	out := make([][]RID, len(tokens))
	for i, t := range tokens {
		var err error
		if out[i], err = m.Postings(t); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (m memView) Load(rids []RID) ([]Found, error) {
	var out []Found
	for _, id := range rids {
		for _, f := range m {
			if f.RID == id {
				out = append(out, f)
			}
		}
	}
	return out, nil
}

func tok(s string) Token {
	h := sha256.Sum256([]byte(s))
	return Token(h[:16])
}

var roleWords = map[string]Role{"": Subject, "?": Mention, ">": Link, "=": Key, "&": Member, "~": Merged, "!": Own, "|": Party}

// world builds a view from lines "locator account name edge edge ..." where an
// edge is a mark for its role and kind:value. A name that begins with + is a label; the
// first letter of a locator is the collection.
func world(lines []string) memView {
	unit := &UnitState{Source: "s"}
	var out memView
	for i, l := range lines {
		w := strings.Fields(l)
		s := Sighting{Collection: w[0][:1], Locator: w[0], Account: strings.Trim(w[1], "-")}
		if label, ok := strings.CutPrefix(w[2], "+"); ok {
			s.Labels = []Name{testName(label)}
		} else if w[2] != "-" {
			s.Names = []Name{testName(w[2])}
		}
		for _, e := range w[3:] {
			mark := ""
			if _, ok := roleWords[e[:1]]; ok {
				mark, e = e[:1], e[1:]
			}
			kind, _, _ := strings.Cut(e, ":")
			s.Edges = append(s.Edges, Edge{Token: tok(e), Kind: kind, Role: roleWords[mark], Weak: kind == "landline"})
		}
		out = append(out, Found{RID: RID(i + 1), Unit: unit, Record: s})
	}
	return out
}

func testName(s string) Name {
	var n Name
	for _, w := range strings.Split(s, "_") {
		h := sha256.Sum256([]byte(w))
		v := uint32(w[0]) << initialShift
		if len(w) > 1 {
			v |= uint32(h[0])<<16 | uint32(h[1])<<8 | 1
		}
		n = append(n, v)
	}
	slices.Sort(n)
	return n
}

func ask(t *testing.T, v memView, ident, account string) string {
	t.Helper()
	kinds := Kinds{
		Unique: func(k string) bool { return k == "contact" },
		Link:   func(k string) bool { return k == "contact" || k == "lead" || k == "stem" || k == "file" },
		Medium: func(k string) bool { return k == "stem" },
		Device: func(k string) bool { return k == "cookie" },
	}
	kind, _, _ := strings.Cut(ident, ":")
	p, err := NewResolver(v, kinds, DefaultLimits()).Resolve(t.Context(), Query{tok(ident), kind}, account)
	if list, ok := IsAmbiguous(err); ok {
		return fmt.Sprintf("%d people", len(list))
	}
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, c := range p.Copies {
		out = append(out, c.Record.Locator)
	}
	for _, c := range p.Mentions {
		out = append(out, "?"+c.Record.Locator)
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

func TestWhoIsOnePerson(t *testing.T) {
	tests := []struct {
		name    string
		world   []string
		ident   string
		account string
		want    string
	}{
		{"identifiers and links join", []string{
			"c1 A asha_verma =contact:1 phone:1", "l1 A asha_verma =lead:1 >contact:1 email:1", "n1 A - >lead:1", "x1 A bela_rao phone:9"}, "email:1", "", "c1 l1 n1"},
		{"a mention is not hers", []string{"c1 A - =contact:1 phone:1", "n1 A - ?phone:1 phone:2"}, "phone:1", "", "?n1 c1"},
		{"accounts never merge", []string{"c1 A - =contact:1 phone:1", "c2 B - =contact:2 phone:1"}, "phone:1", "", "2 people"},
		{"an account narrows", []string{"c1 A - =contact:1 phone:1", "c2 B - =contact:2 phone:1"}, "phone:1", "B", "c2"},
		{"a record takes the account of what is behind others without one", []string{"c1 A - =contact:1 email:1", "e1 - - cookie:1 email:1", "e2 - - cookie:1"}, "email:1", "", "c1 e1 e2"},
		{"it is looked for behind three of them", []string{"c1 A - =contact:1 email:1", "e1 - - phone:1 email:1", "e2 - - phone:1 phone:2", "e3 - - phone:2 phone:3", "e4 - - phone:3"}, "email:1", "", "c1 e1 e2 e3 e4"},
		{"the nearest account counts", []string{"c1 A - =contact:1 email:1", "c2 B - =contact:2 phone:2", "e1 - - cookie:1 email:1", "e2 - - cookie:1 phone:2", "e3 - - cookie:1"}, "email:1", "", "c1 e1"},
		{"a mention without an account is of the only one known", []string{"c1 A - =contact:1 phone:1", "m1 - - ?phone:1", "n1 - - ?phone:1 phone:7"}, "phone:1", "", "?m1 ?n1 c1"},
		{"a mention without an account of two of them", []string{"c1 A - =contact:1 phone:1", "c2 B - =contact:2 phone:1", "m1 - - ?phone:1"}, "phone:1", "B", "c2"},
		{"a record takes the account of what it joins", []string{"c1 A - =contact:1 phone:1", "r1 - - phone:1"}, "phone:1", "", "c1 r1"},
		{"a family phone joins nobody", []string{"c1 A asha_v =contact:1 phone:1 email:1", "c2 A ravi_v =contact:2 phone:1 email:2", "r1 A - phone:1"}, "email:1", "", "c1"},
		{"asking for it is refused", []string{"c1 A asha_v =contact:1 phone:1 email:1", "c2 A ravi_v =contact:2 phone:1 email:2"}, "phone:1", "", "2 people"},
		{"a family phone and the same full name", []string{"c1 A asha_verma =contact:1 phone:1", "c2 A ravi_verma =contact:2 phone:1", "l1 A asha_verma phone:1"}, "contact:1", "", "c1 l1"},
		{"a switchboard", []string{"c1 A - =contact:1 phone:0 email:1", "c2 A - =contact:2 phone:0", "c3 A - =contact:3 phone:0", "c4 A - =contact:4 phone:0", "r1 A - phone:0"}, "email:1", "", "c1"},
		{"leads of clearly different names", []string{"l1 A asha_verma phone:1 email:1", "l2 A rohit_verma phone:1 email:2"}, "email:1", "", "l1"},
		{"leads of agreeing names", []string{"l1 A asha_verma phone:1 email:1", "l2 A a_verma phone:1 email:2"}, "email:1", "", "l1 l2"},
		{"what others call her makes her nobody else", []string{"l1 A asha_verma phone:1", "r1 A +plumber_two phone:1", "r2 A - phone:1"}, "phone:1", "", "l1 r1 r2"},
		{"a label supports one of two", []string{"l1 A asha_verma phone:1 email:1", "l2 A rohit_verma phone:1 email:2", "r1 A +asha_verma phone:1"}, "email:1", "", "l1 r1"},
		{"a label of neither is nobody's", []string{"l1 A asha_verma phone:1 email:1", "l2 A rohit_verma phone:1 email:2", "r1 A +plumber_two phone:1"}, "email:1", "", "l1"},
		{"many labels make a number shared", []string{"l1 A asha_verma phone:1 email:1", "r1 A +bela_rao phone:1", "r2 A +chitra_s phone:1", "r3 A +dev_k phone:1"}, "email:1", "", "l1"},
		{"a merged contact", []string{"c1 A - =contact:1 phone:1", "c2 A - =contact:2 phone:1 ~contact:1"}, "phone:1", "", "c1 c2"},
		{"staff numbers never join", []string{"u1 A - !phone:1", "l1 A - phone:1 email:1", "l2 A - phone:1 email:2"}, "email:1", "", "l1"},
		{"a landline needs a name", []string{"l1 A asha_verma landline:1 email:1", "l2 A asha_verma landline:1", "l3 A bela_rao landline:1"}, "email:1", "", "l1 l2"},
		{"callers of a conference", []string{"e1 A - phone:1 &stem:x", "e2 A - phone:2 &stem:x", "a1 A - =file:x >stem:x"}, "phone:1", "", "a1 e1"},
		{"a call log of one of them and the number of the other in its name", []string{"l1 A asha_verma phone:1 email:1", "k1 A - phone:1 >stem:key", "m1 A - phone:1 &stem:x", "m2 A - phone:2 &stem:x",
			"a1 A - =stem:key >stem:x phone:2", "l2 A - phone:2 email:2"}, "email:1", "", "a1 k1 l1 m1"},
		{"the agent is none of them", []string{"u1 A - !phone:7", "m1 A - phone:1 &stem:x", "m2 A - phone:7 &stem:x", "a1 A - =stem:key >stem:x phone:1", "k1 A - >lead:1 >stem:key",
			"l1 A - =lead:1 phone:3"}, "phone:1", "", "a1 k1 l1 m1"},
		{"a recording of two, whose number is asked for", []string{"r3 A - >file:2 email:1 phone:2", "q7 A bela_rao >stem:1 email:3 |phone:1", "r1 A asha =stem:0 phone:1 |email:1", "q2 A +anil =file:2 >stem:1 email:1",
			"q0 A asha =file:0 >stem:0 email:3 |phone:2"}, "phone:1", "", "2 people"},
		{"a recording of which two call logs tell", []string{"c1 A - =contact:1 phone:1", "k1 A - phone:1 >stem:x", "c2 A - =contact:2 phone:2", "k2 A - phone:2 >stem:x", "a1 A - =stem:x"}, "contact:1", "", "a1 c1 k1"},
		{"two call logs without contacts", []string{"k1 A - phone:1 >stem:x", "k2 A - phone:2 >stem:x", "a1 A - =stem:x"}, "phone:1", "", "a1 k1"},
		{"two call logs with names", []string{"k1 A asha_verma phone:1 >stem:x", "k2 A bela_rao phone:2 >stem:x", "a1 A - =stem:x"}, "phone:1", "", "a1 k1"},
		{"a reference has the account of the row it leads to", []string{"c1 A - =contact:1 phone:1", "n1 - - >contact:1", "n2 B - >contact:1"}, "phone:1", "A", "c1 n1"},
		{"two call logs of two leads", []string{"l1 A - =lead:1 phone:1", "l2 A - =lead:2 phone:2", "k1 A - >lead:1 >stem:x", "k2 A - >lead:2 >stem:x", "a1 A - =stem:x"}, "phone:1", "", "a1 k1 l1"},
		{"two call logs of one lead", []string{"l1 A - =lead:1 phone:1", "k1 A - >lead:1 phone:3 >stem:x", "k2 A - >lead:1 phone:4 >stem:x", "a1 A - =stem:x"}, "phone:1", "", "a1 k1 k2 l1"},
		{"two call logs of one agent", []string{"u1 A - !phone:7", "k1 A - |phone:1 |phone:7 >stem:x", "k2 A - |phone:2 |phone:7 >stem:x", "a1 A - =stem:x"}, "phone:1", "", "a1 k1"},
		{"two call logs of one caller", []string{"u1 A - !phone:7", "k1 A - |phone:1 |phone:7 >stem:x", "k2 A - phone:1 email:1 >stem:x", "a1 A - =stem:x"}, "email:1", "", "a1 k1 k2"},
		{"a call log with a number, another with an address", []string{"k1 A - phone:1 >stem:x", "k2 A - email:1 >stem:x", "a1 A - =stem:x"}, "phone:1", "", "a1 k1 k2"},
		{"a recording named by its call log", []string{"l1 A - =lead:1 phone:1", "k1 A - >lead:1 >file:x", "a1 A - =file:x >stem:x"}, "phone:1", "", "a1 k1 l1"},
		{"the file of several records joins none", []string{"r1 A - =file:f phone:1", "r2 A - =file:f phone:2"}, "phone:1", "", "r1"},
		{"both sides of a call", []string{"k1 A - |phone:1 |phone:2", "c1 A - =contact:1 phone:1", "c2 A - =contact:2 phone:2"}, "contact:1", "", "c1 k1"},
		{"the agent's side of a call", []string{"k1 A - |phone:1 |phone:7", "u1 A - !phone:7", "k2 A - |phone:2 |phone:7"}, "phone:1", "", "k1"},
		{"a lead between two contacts is neither's", []string{"c1 A - =contact:1 phone:1", "c2 A - =contact:2 email:2", "l1 A - phone:1 email:2"}, "contact:1", "", "?l1 c1"},
		{"a record reached twice is listed once", []string{"r0 A - =contact:A0 phone:1", "r2 A - =contact:A2 phone:1", "r3 A ravi_verma |phone:1 |phone:2",
			"r1 A - =contact:A1 phone:1", "r4 A ravi_verma >contact:A1 phone:1"}, "phone:1", "", "3 people"},
		{"a form with his number and her address", []string{"l1 A lalit_modi phone:1 email:1", "l2 A mina_modi phone:2 email:2", "x1 A - phone:1 email:2", "x2 A - phone:1"}, "email:1", "", "?x1 l1 x2"},
		{"a card with the numbers of a couple", []string{"l1 A xavier_dias phone:1", "l2 A yamini_pai phone:2 email:2", "k1 A +xavier_dias phone:1 phone:2"}, "phone:1", "", "k1 l1"},
		{"a card with the numbers of a couple and half a name", []string{"l1 A xavier_d phone:1", "l2 A yamini_pai phone:2 email:2", "k1 A +xavier_d phone:1 phone:2"}, "phone:1", "", "k1 l1"},
		{"the other of the couple", []string{"l1 A xavier_dias phone:1", "l2 A yamini_pai phone:2 email:2", "k1 A +xavier_dias phone:1 phone:2"}, "email:2", "", "l2"},
		{"links hold records of different names together", []string{"l1 A xavier_dias =lead:1 phone:1", "o1 A - >lead:1 =lead:2", "p1 A yamini_pai >lead:2 phone:2"}, "phone:1", "", "l1 o1 p1"},
		{"an initial is no name of its own", []string{"l1 A r_verma phone:1 email:1", "l2 A ravi_verma phone:1 email:2", "l3 A rohit_verma phone:1 email:3"}, "email:2", "", "l2"},
		{"a browser of two people", []string{"l1 A asha_verma email:1 phone:1", "l2 A ravi_rao email:2 phone:2", "e1 A - cookie:1 email:1", "e2 A - cookie:1 email:2", "e3 A - cookie:1"}, "email:1", "", "e1 l1"},
		{"a browser of one person with two addresses", []string{"l1 A asha_verma email:1 email:2", "e1 A - cookie:1 email:1", "e2 A - cookie:1 email:2", "e3 A - cookie:1"}, "email:1", "", "e1 e2 e3 l1"},
		{"a browser of one person with three addresses", []string{"l1 A - email:1 email:2", "l2 A - email:2 email:3", "e1 A - cookie:1 email:1", "e3 A - cookie:1 email:3", "e2 A - cookie:1 email:2", "e4 A - cookie:1"}, "email:1", "", "e1 e2 e3 e4 l1 l2"},
		{"a browser of one person", []string{"e1 A - cookie:1 email:1", "e2 A - cookie:1 phone:1", "e3 A - cookie:1"}, "email:1", "", "e1 e2 e3"},
		{"a lead's id that was given twice", []string{"l1 A asha_verma >lead:1 phone:1", "l2 A ravi_rao >lead:1 phone:2", "l3 A asha_verma >lead:1 email:1"}, "phone:1", "", "l1 l3"},
		{"a lead that came again under another name", []string{"l1 A asha_verma >lead:1 phone:1", "l2 A verma_traders >lead:1 phone:1 email:1"}, "phone:1", "", "l1 l2"},
		{"a lead's id and the lead", []string{"l1 A asha_verma =lead:1 phone:1", "l2 A ravi_rao >lead:1 phone:2"}, "phone:1", "", "l1 l2"},
		{"an order that goes to somebody else who is known", []string{"l1 A hari_das =lead:1 phone:1", "o1 A gul_panag >lead:1 =file:o phone:2", "l2 A gul_panag phone:2 email:2", "n1 A - >lead:1", "n2 A - >file:o"}, "phone:1", "", "l1 n1"},
		{"whom it goes to", []string{"l1 A hari_das =lead:1 phone:1", "o1 A gul_panag >lead:1 =file:o phone:2", "l2 A gul_panag phone:2 email:2", "n1 A - >lead:1", "n2 A - >file:o"}, "email:2", "", "?o1 l2"},
		{"an order of a contact's", []string{"c1 A hari_das =contact:1 phone:1", "o1 A gul_panag >contact:1 phone:2", "l2 A gul_panag phone:2 email:2"}, "phone:1", "", "c1"},
		{"a claim that somebody else reported", []string{"l1 A hari_das =lead:1 phone:1", "p1 A - >lead:1 =file:p", "o1 A gul_panag >file:p phone:2", "l2 A gul_panag phone:2 email:2"}, "phone:1", "", "l1 p1"},
		{"an order under a name in short", []string{"l1 A hari_das =lead:1 phone:1", "o1 A h_das >lead:1 phone:2", "l2 A h_das phone:2"}, "phone:2", "", "l1 l2 o1"},
		{"a lead and the one that its parent id leads to", []string{"l1 A hari_das =lead:1 phone:1", "l2 A gul_panag =lead:2 >lead:1 phone:2", "n1 A - >lead:1", "n2 A - >lead:2"}, "phone:1", "", "l1 n1"},
		{"the other of the two", []string{"l1 A hari_das =lead:1 phone:1", "l2 A gul_panag =lead:2 >lead:1 phone:2", "n1 A - >lead:1", "n2 A - >lead:2"}, "phone:2", "", "l2 n2"},
		{"two who used one thing", []string{"l1 A hari_das =lead:1 phone:1", "l2 A gul_panag =lead:2 phone:2", "v1 A - =file:v", "u1 A - >lead:1 >file:v", "u2 A - >lead:2 >file:v"}, "phone:1", "", "l1 u1"},
		{"a lead that came again with an agreeing name", []string{"l1 A hari_das =lead:1 phone:1", "l2 A h_das =lead:2 >lead:1 phone:2"}, "phone:1", "", "l1 l2"},
		{"two leads of one contact", []string{"c1 A hari_das =contact:1 phone:1", "l1 A hari_das =lead:1 >contact:1 phone:1", "l2 A harry =lead:2 >contact:1 phone:2"}, "phone:2", "", "c1 l1 l2"},
		{"a recording that is named for one of two who were called", []string{"r0 A ravi_verma =file:0 >stem:1 phone:1 email:0", "r1 A asha_v &stem:1 |phone:1 email:1",
			"r4 A asha_v =lead:4 phone:2", "r5 A asha_verma =stem:0 email:0", "r6 A +asha_verma email:1 phone:2 email:0"}, "lead:4", "", "r0 r1 r4 r5 r6"},
		{"a row of a recording and what is called like the other who was called", []string{"r3 A asha_k_verma =file:3 >stem:1 phone:0", "q2 A +asha_verma =stem:1 pan:0", "q4 A - =stem:1 cookie:0",
			"r5 A +anil &stem:1 pan:0 phone:1", "r8 A anil_v =lead:8 email:1 phone:1"}, "lead:8", "", "q4 r3 r5 r8"},
		{"nobody", []string{"c1 A - phone:1"}, "phone:8", "", ""},
	}
	for _, c := range tests {
		t.Run(c.name, func(t *testing.T) {
			if got := ask(t, world(c.world), c.ident, c.account); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
			for seed := range uint64(5) { // the order of arrival does not matter
				lines := slices.Clone(c.world)
				rand.New(rand.NewPCG(seed, 1)).Shuffle(len(lines), func(i, j int) { lines[i], lines[j] = lines[j], lines[i] })
				if got := ask(t, world(lines), c.ident, c.account); got != c.want {
					t.Errorf("in another order: got %q, want %q", got, c.want)
				}
			}
		})
	}
}

func TestCompatibleNames(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"asha", "asha_verma", true}, {"a_verma", "asha_verma", true}, {"verma_asha", "asha_verma", true},
		{"kiran_k", "kiran_khan", true}, {"kiran_k", "kiran_kapoor", true}, {"kiran_k", "kiran_kaul", true}, {"k_khan", "kiran_khan", true},
		{"k_kiran", "kiran_verma", false}, {"sunil_k_sharma", "kavita_sharma", false}, {"sunil_k_sharma", "kavita", false},
		{"sunil_k_sharma", "sunil_sharma", true}, {"s_k_sharma", "sunil_sharma", true}, {"sunil_k_sharma", "sunil_kumar_sharma", true}, {"a_verma", "asha", true},
		{"rohit_verma", "asha_verma", false}, {"asha_rao", "asha_verma", false}, {"bela", "asha", false},
	} {
		if got := compatible(testName(c.a), testName(c.b)); got != c.want {
			t.Errorf("compatible(%s, %s) = %v", c.a, c.b, got)
		}
	}
	foreign := testName("asha_verma")
	for i := range foreign {
		foreign[i] = foreign[i]*31 | ForeignScript
	}
	if !compatible(foreign, testName("rohit_rao")) || sameFullName(foreign, testName("rohit_rao")) {
		t.Error("names in two scripts are neither different nor the same")
	}
	if diff := cmp.Diff(2, nameGroups([]Name{testName("asha_verma"), testName("asha"), testName("bela_rao"), nil})); diff != "" {
		t.Error(diff)
	}
}

package lineage

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// drawWorld draws a small world of contacts, leads and calls in two accounts,
// with few identifiers, so that many of them are shared.
func drawWorld(t *rapid.T) []string {
	names := rapid.SampledFrom([]string{"-", "asha", "asha_verma", "a_verma", "ravi_verma", "bela_rao"})
	account := rapid.SampledFrom([]string{"A", "A", "B"})
	contact := func(a string) string { return fmt.Sprintf("contact:%s%d", a, rapid.IntRange(1, 3).Draw(t, "contact")) }
	var out []string
	for i := range rapid.IntRange(2, 9).Draw(t, "records") {
		a := account.Draw(t, "account")
		l := []string{fmt.Sprintf("r%d", i), a, names.Draw(t, "name")}
		switch rapid.IntRange(0, 3).Draw(t, "shape") {
		case 0:
			l = append(l, fmt.Sprintf("=contact:%s%d", a, i))
		case 1:
			l = append(l, ">"+contact(a))
		}
		for range rapid.IntRange(1, 3).Draw(t, "identifiers") {
			mark := rapid.SampledFrom([]string{"", "", "", "?", "|", "!"}).Draw(t, "mark")
			kind := rapid.SampledFrom([]string{"phone", "phone", "email", "landline"}).Draw(t, "kind")
			l = append(l, fmt.Sprintf("%s%s:%d", mark, kind, rapid.IntRange(1, 3).Draw(t, "value")))
		}
		out = append(out, strings.Join(l, " "))
	}
	return out
}

func people(t *rapid.T, v memView, ident string) []string {
	kind, _, _ := strings.Cut(ident, ":")
	link := func(k string) bool { return k == "contact" }
	list, err := NewResolver(v, Kinds{Unique: link, Link: link, Medium: func(string) bool { return false }}, DefaultLimits()).Candidates(t.Context(), Query{tok(ident), kind}, "")
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, p := range list {
		var w []string
		for _, c := range p.Copies {
			if c.Record.Account != p.Account {
				t.Fatalf("%s of account %s stands in a person of account %s", c.Record.Locator, c.Record.Account, p.Account)
			}
			w = append(w, c.Record.Locator)
		}
		for _, c := range p.Mentions {
			w = append(w, "?"+c.Record.Locator)
		}
		slices.Sort(w)
		out = append(out, p.Account+" "+strings.Join(w, " "))
	}
	slices.Sort(out)
	return out
}

// TestOrderDoesNotMatter asks random worlds in two orders of arrival, and checks
// that no answer reaches across accounts. A question for a contact has the same
// answer to the letter; one for an identifier that may be shared finds the same
// records, which is less: into how many people they fall is not compared.
func TestOrderDoesNotMatter(t *testing.T) {
	records := func(list []string) []string {
		all := strings.Fields(strings.Join(list, " "))
		slices.Sort(all)
		return slices.Compact(all)
	}
	rapid.Check(t, func(t *rapid.T) {
		lines := drawWorld(t)
		other := rapid.Permutation(lines).Draw(t, "order")
		for _, ident := range []string{"contact:A0", "contact:A1", "contact:B1", "phone:1", "email:1", "landline:1"} {
			a, b := people(t, world(lines), ident), people(t, world(other), ident)
			if !strings.HasPrefix(ident, "contact:") {
				a, b = records(a), records(b)
			}
			if !slices.Equal(a, b) {
				t.Fatalf("%s: %q in one order, %q in another", ident, a, b)
			}
		}
	})
}

func TestSharedAndContested(t *testing.T) {
	contacts := func(n int) []string {
		var out []string
		for i := range n {
			out = append(out, fmt.Sprintf("c%d A - =contact:%d phone:0", i, i))
		}
		return out
	}
	for _, c := range []struct {
		contacts int
		want     mode
	}{{1, free}, {2, contested}, {3, contested}, {4, never}, {9, never}} {
		link := func(k string) bool { return k == "contact" }
		r := NewResolver(world(contacts(c.contacts)), Kinds{Unique: link, Link: link, Medium: func(string) bool { return false }}, DefaultLimits())
		info, err := r.tokenInfo(tok("phone:0"), "phone", "A")
		if err != nil {
			t.Fatal(err)
		}
		if info.mode != c.want {
			t.Errorf("%d contacts: mode %d (%s), want %d", c.contacts, info.mode, info.reason, c.want)
		}
	}
}

func TestSameFullName(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"asha_verma", "verma_asha", true}, {"asha_verma", "asha_k_verma", true}, {"asha", "asha", false}, {"a_verma", "asha_verma", false},
		{"asha_verma", "asha_rao", false}, {"asha_verma", "asha_verma_rao", true}, {"asha_verma_rao", "asha_verma_das", false},
	} {
		if got := sameFullName(testName(c.a), testName(c.b)); got != c.want {
			t.Errorf("sameFullName(%s, %s) = %v", c.a, c.b, got)
		}
	}
}

// TestWayDoesNotDependOnOrder holds that of two ways of one length the same is told in
// whatever order the records came.
func TestWayDoesNotDependOnOrder(t *testing.T) {
	lines := []string{"c A asha_verma =contact:1 phone:1 email:1", "a A asha_verma phone:1 phone:2", "b A asha_verma email:1 email:2", "d A asha_verma phone:2 email:2", "e A asha_verma phone:3 email:2", "f A asha_verma phone:2 phone:3"}
	want := []string{"a contact>phone", "b contact>email", "c contact", "d contact>email>email", "e contact>email>email", "f contact>phone>phone"}
	rapid.Check(t, func(t *rapid.T) {
		order := rapid.Permutation(lines).Draw(t, "order")
		link := func(k string) bool { return k == "contact" }
		list, err := NewResolver(world(order), Kinds{Unique: link, Link: link, Medium: func(string) bool { return false }}, DefaultLimits()).Candidates(t.Context(), Query{tok("contact:1"), "contact"}, "")
		if err != nil || len(list) != 1 {
			t.Fatal(list, err)
		}
		var got []string
		for _, c := range list[0].Copies {
			got = append(got, c.Record.Locator+" "+strings.Join(list[0].Via(c.RID), ">"))
		}
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Fatalf("%q in the order %q", got, order)
		}
	})
}

package lineage

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

// share lets neighbours that are alike share edges and names, as those of a block do.
func share(list memView) memView {
	out := slices.Clone(list)
	for i := 1; i < len(out); i++ {
		a, b := &out[i-1].Record, &out[i].Record
		if reflect.DeepEqual(a.Edges, b.Edges) {
			b.Edges = a.Edges
		}
		if reflect.DeepEqual(a.Names, b.Names) {
			b.Names = a.Names
		}
	}
	return out
}

// TestSharedAnswers asks worlds in which many records are alike, once as if each had its
// own edges and names, and once with those shared: the people are the same, and so is all
// that is said of them.
func TestSharedAnswers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var lines []string
		for _, l := range drawWorld(t) {
			place, rest, _ := strings.Cut(l, " ")
			rest += rapid.SampledFrom([]string{"", "", " =lead:1", " >lead:1", " &phone:3"}).Draw(t, "more")
			for n := range rapid.IntRange(1, 3).Draw(t, "alike") {
				lines = append(lines, fmt.Sprintf("%s.%d %s", place, n, rest))
			}
		}
		plain := world(lines)
		for i := range plain {
			switch rapid.IntRange(0, 7).Draw(t, "called") {
			case 0:
				plain[i].Record.Names = nil
			case 1:
				plain[i].Record.Names = []Name{testName("bela_rao")}
			case 2:
				plain[i].Record.Labels = []Name{testName(rapid.SampledFrom([]string{"asha", "ravi_verma"}).Draw(t, "label"))}
			}
			plain[i].Record.RecordedAt = time.Date(rapid.IntRange(2015, 2026).Draw(t, "year"), 1, 1, 0, 0, 0, 0, time.UTC)
		}
		sameShared(t, plain)
	})
}

// TestSharedEdgesOfManyLabels has records that differ only in what others call her.
func TestSharedEdgesOfManyLabels(t *testing.T) {
	var lines []string
	for i, label := range []string{"asha", "ravi", "bela", "chitra", "om"} {
		lines = append(lines, fmt.Sprintf("r%d A +%s phone:1", i, label))
	}
	sameShared(t, world(lines))
}

// TestFoundCopiesLittle takes sightings as they were loaded only where they stand there
// one behind the other, and are most of it: a person must not keep others' in memory.
func TestFoundCopiesLittle(t *testing.T) {
	loaded := make([]Found, 8)
	for i := range loaded {
		loaded[i].RID = RID(i + 1)
	}
	other := loaded[3]
	r := &Resolver{loaded: [][]Found{{{RID: 40}}, loaded}}
	for _, c := range []struct {
		list []*Found
		part bool
	}{
		{[]*Found{&loaded[2], &loaded[3], &loaded[4], &loaded[5], &loaded[6]}, true},
		{[]*Found{&loaded[2], &loaded[3], &loaded[4], &loaded[6], &loaded[7]}, false},
		{[]*Found{&loaded[2], &other, &loaded[4], &loaded[5], &loaded[6]}, false},
		{[]*Found{&loaded[4], &loaded[5], &loaded[6], &loaded[7], {RID: 9}}, false},
		{[]*Found{&loaded[2], &loaded[3], &loaded[4]}, false},
		{nil, false},
	} {
		var visits []*visit
		want := []Found{}
		for _, f := range c.list {
			visits, want = append(visits, &visit{f: f}), append(want, *f)
		}
		got := r.found(visits)
		if !reflect.DeepEqual(got, want) || cap(got) > len(want) {
			t.Errorf("%v: got %v, room for %d", want, got, cap(got))
		}
		if part := len(got) > 0 && &got[0] == c.list[0]; part != c.part {
			t.Errorf("%v: a part %v, want %v", want, part, c.part)
		}
	}
}

// sameShared compares the answers of a world with those of the one whose records share.
func sameShared(t interface {
	Fatal(...any)
	Fatalf(string, ...any)
	Context() context.Context
}, plain memView) {
	link := func(k string) bool { return k == "contact" || k == "lead" }
	kinds := Kinds{Unique: func(k string) bool { return k == "contact" }, Link: link, Medium: func(string) bool { return false }}
	for _, ident := range []string{"contact:A0", "contact:B1", "phone:1", "phone:3", "email:1", "lead:1"} {
		kind, _, _ := strings.Cut(ident, ":")
		var got [2][]*Person
		for i, v := range []memView{plain, share(plain)} {
			var err error
			if got[i], err = NewResolver(v, kinds, DefaultLimits()).Candidates(t.Context(), Query{tok(ident), kind}, ""); err != nil {
				t.Fatal(err)
			}
		}
		orderless := cmpopts.SortSlices(func(a, b Step) bool { return fmt.Sprint(a) < fmt.Sprint(b) })
		if diff := cmp.Diff(got[0], got[1], cmp.AllowUnexported(Person{}, reach{}), cmpopts.IgnoreUnexported(UnitState{}), orderless); diff != "" {
			t.Fatalf("%s: %s", ident, diff)
		}
	}
}

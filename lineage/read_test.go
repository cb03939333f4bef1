package lineage

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/cratio/sutra/connectors"
)

// TestAlikeSightings reads units in which sightings are like the one before, or have
// no identifiers at all, at the beginning and in the middle of blocks.
func TestAlikeSightings(t *testing.T) {
	g := create(t, t.TempDir())
	defer closeGraph(t, g)
	edges := [][]Edge{
		nil,
		{{Token: g.Token("phone", "1"), Kind: "phone", Role: Subject}},
		{{Token: Token{7: 1, 15: 1}, Kind: "phone", Role: Subject}},
		{{Token: Token{7: 1, 15: 2}, Kind: "phone", Role: Subject}}, // which begins alike, and may stand in another block
		{{Token: g.Token("phone", "1"), Kind: "phone", Role: Mention}, {Token: g.Token("email", "a"), Kind: "email", Role: Subject}},
	}
	names := [][]Name{nil, {testName("asha_verma")}, {testName("bela_rao"), testName("asha")}}
	unit := 0
	rapid.Check(t, func(rt *rapid.T) {
		unit++
		var want []Sighting
		for run := range rapid.IntRange(1, 6).Draw(rt, "runs") {
			e := rapid.SampledFrom(edges).Draw(rt, "edges")
			n := rapid.SampledFrom(names).Draw(rt, "names")
			for i := range rapid.SampledFrom([]int{1, 2, 5, blockRows - 1, blockRows, blockRows + 1}).Draw(rt, "alike") {
				want = append(want, Sighting{Collection: "leads", Locator: fmt.Sprintf("pk=%d.%d", run, i), Account: "A1", Trigger: NoDate, Edges: e, Names: n})
			}
		}
		w, err := g.Begin()
		if err != nil {
			rt.Fatal(err)
		}
		u := connectors.Unit{Key: fmt.Sprint("unit", unit), Fingerprint: "f"}
		uw, err := w.Unit("s", u)
		if err != nil {
			rt.Fatal(err)
		}
		if err := uw.Add(want); err != nil {
			rt.Fatal(err)
		}
		if err := uw.Commit(UnitState{Unit: u, Records: len(want), CommittedAt: time.Unix(1, 0)}); err != nil {
			rt.Fatal(err)
		}
		if err := w.Close(context.Background()); err != nil {
			rt.Fatal(err)
		}
		st, err := g.Unit("s", u.Key)
		if err != nil {
			rt.Fatal(err)
		}
		var rids []RID
		for i := range want {
			rids = append(rids, RID(uint64(st.ID)<<32|uint64(i)))
		}
		some, err := g.Load(rids)
		if err != nil {
			rt.Fatal(err)
		}
		all, err := g.UnitSightings(st.ID)
		if err != nil {
			rt.Fatal(err)
		}
		for _, list := range [][]Found{some, all} {
			var got []Sighting
			for _, f := range list {
				got = append(got, f.Record)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				rt.Fatal(diff)
			}
		}
	})
}

package lineage

import (
	"fmt"
	"testing"
	"unsafe"

	"pgregory.net/rapid"
)

// TestAddKeepsNothing overwrites everything that sightings refer to after they were
// added: what the writer keeps of them must not change.
func TestAddKeepsNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var rows []Sighting
		var lent [][]byte
		lend := func(s string) string {
			b := []byte(s)
			lent = append(lent, b)
			return unsafe.String(unsafe.SliceData(b), len(b))
		}
		for range rapid.IntRange(1, 5).Draw(t, "rows") {
			s := drawSighting(t)
			s.Locator, s.Within, s.Account = lend(s.Locator), lend(s.Within), lend(s.Account)
			rows = append(rows, s)
		}
		show := func(list []Sighting) string { return fmt.Sprintf("%#v", list) }
		before := show(rows)
		u := &UnitWriter{}
		if err := u.Add(rows); err != nil {
			t.Fatal(err)
		}
		for _, b := range lent {
			for i := range b {
				b[i] ^= 0xff
			}
		}
		for i := range rows {
			s := &rows[i]
			for k := range s.Edges {
				s.Edges[k] = Edge{Token: Token{0xff}, Kind: "overwritten"}
			}
			for _, list := range [][]Name{s.Names, s.Labels} {
				for k := range list {
					for w := range list[k] {
						list[k][w]++
					}
					list[k] = nil
				}
			}
			clear(s.Facts)
			*s = Sighting{}
		}
		if after := show(u.rows); after != before {
			t.Fatalf("kept:\n%s\nadded:\n%s", after, before)
		}
	})
}

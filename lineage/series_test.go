package lineage

import (
	"bytes"
	"testing"

	"pgregory.net/rapid"
)

// nameOf names a file of the given parts.
func nameOf(t rapid.TB, g *Graph, parts ...[]byte) string {
	name, err := g.Name(func(part func([]byte)) error {
		for _, p := range parts {
			part(p)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return name
}

// TestSeries holds that what is sealed in a series is the same bytes whenever it is the
// same, that other parts have another name, and that no item opens in another place, with
// another name, or with another key.
func TestSeries(t *testing.T) {
	one, err := newKeyring([32]byte{1})
	if err != nil {
		t.Fatal(err)
	}
	two, err := newKeyring([32]byte{2})
	if err != nil {
		t.Fatal(err)
	}
	g, other := &Graph{keys: one}, &Graph{keys: two}
	rapid.Check(t, func(t *rapid.T) {
		parts := rapid.SliceOfN(rapid.SliceOfN(rapid.Byte(), 0, 40), 1, 5).Draw(t, "parts")
		name := nameOf(t, g, parts...)
		if again := nameOf(t, g, parts...); again != name {
			t.Fatalf("the same parts are called %s and %s", name, again)
		}
		if whole := nameOf(t, g, bytes.Join(parts, nil)); len(parts) > 1 && whole == name {
			t.Fatal("where a part ends does not matter to the name")
		}
		if theirs := nameOf(t, other, parts...); theirs == name {
			t.Fatal("the name does not depend on the key")
		}
		series := func(g *Graph, name string) *Series {
			s, err := g.Series(name)
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
		for i, p := range parts {
			sealed := series(g, name).Seal(uint64(i), p)
			if !bytes.Equal(sealed, series(g, name).Seal(uint64(i), p)) {
				t.Fatal("the same item is other bytes the second time")
			}
			if back, err := series(g, name).Unseal(uint64(i), sealed); err != nil || !bytes.Equal(back, p) {
				t.Fatalf("%x came back as %x: %v", p, back, err)
			}
			for what, s := range map[string]*Series{"another name": series(g, name+"0"), "another key": series(other, name)} {
				if _, err := s.Unseal(uint64(i), sealed); err == nil {
					t.Fatalf("an item opens with %s", what)
				}
			}
			if _, err := series(g, name).Unseal(uint64(i)+1, sealed); err == nil {
				t.Fatal("an item opens in another place")
			}
		}
	})
}

package extract

import (
	"testing"

	"github.com/cratio/sutra/connectors"
)

// TestLinkSpaces holds that a key keeps the spaces around it where its database tells keys
// apart by them, each part of a composite one by itself, and inside of another value, where
// nobody knows.
func TestLinkSpaces(t *testing.T) {
	kept, behind, around := connectors.Comparison{Spaces: connectors.SpacesKept}, connectors.Comparison{Spaces: connectors.SpacesBehind, Folding: connectors.FoldCase}, connectors.Comparison{}
	x := &Extractor{Folding: map[string]connectors.Comparison{"c.kept.id": kept, "c.behind.id": behind, "c.around.id": around},
		Parts: map[string][]connectors.Comparison{"c.pair.a+b": {kept, around}}}
	for _, c := range []struct{ kind, raw, want string }{
		{"c.kept.id", " A ", " A "},
		{"c.kept.id", " ", " "},
		{"c.kept.id", "A\t", "A\t"},
		{"c.behind.id", " A  ", " a"},
		{"c.behind.id", "A\t", "a\t"},
		{"c.behind.id", "  ", ""},
		{"c.around.id", " 17 ", "17"},
		{"c.unknown.id", " 17 ", "17"},
		{"indiamart_query", " 17 ", "17"},
		{"c.pair.a+b", " A , 7 ", " A ,7"},
		{"c.kept.id", "", ""},
	} {
		id, ok := x.Link(c.kind, c.raw)
		if ok != (c.want != "") || ok && id.Value != c.want {
			t.Errorf("%s %q became %q, %v; want %q", c.kind, c.raw, id.Value, ok, c.want)
		}
	}
	for kind, want := range map[string]string{"c.kept.id": " A1 ", "calls.key": "A1", "indiamart_query": "A1"} {
		if id, _ := nestedLink(kind, " A1 "); id.Value != want {
			t.Errorf("%s in another value became %q, want %q", kind, id.Value, want)
		}
	}
}

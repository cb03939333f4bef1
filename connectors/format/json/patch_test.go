package json

import (
	stdjson "encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func find(t *testing.T, root *Node, ptr string) *Node {
	t.Helper()
	var hit *Node
	Walk(root, func(n *Node) bool {
		if Pointer(n) == ptr && hit == nil {
			hit = n
		}
		return true
	})
	if hit == nil {
		t.Fatalf("no node at %q", ptr)
	}
	return hit
}

func TestPatch(t *testing.T) {
	for _, c := range []struct {
		name, in string
		remove   []string
		set      map[string]string
		null     []string
		want     string
	}{
		{name: "first", in: `[1, 2, 3]`, remove: []string{"/0"}, want: `[2, 3]`},
		{name: "middle", in: `[1, 2, 3]`, remove: []string{"/1"}, want: `[1, 3]`},
		{name: "last", in: `[1, 2, 3]`, remove: []string{"/2"}, want: `[1, 2]`},
		{name: "ends", in: `[1, 2, 3]`, remove: []string{"/0", "/2"}, want: `[2]`},
		{name: "all", in: "[ 1,\n 2 ]", remove: []string{"/0", "/1"}, want: `[]`},
		{name: "indented", in: "{\n  \"a\": 1,\n  \"b\": 2,\n  \"c\": 3\n}\n", remove: []string{"/b"}, want: "{\n  \"a\": 1,\n  \"c\": 3\n}\n"},
		{name: "indented last", in: "{\n  \"a\": 1,\n  \"b\": 2\n}\n", remove: []string{"/b"}, want: "{\n  \"a\": 1\n}\n"},
		{name: "nested", in: `{"a":{"b":1},"c":2}`, remove: []string{"/a"}, null: []string{"/a/b"}, want: `{"c":2}`},
		{name: "set and remove neighbours", in: `[1,"a",3]`, remove: []string{"/2"}, set: map[string]string{"/1": "z"}, want: `[1,"z"]`},
		{name: "numbers keep", in: `{"a":1.50,"b":"x"}`, set: map[string]string{"/b": "y"}, want: `{"a":1.50,"b":"y"}`},
		{name: "html style", in: `["a\u0026b","a&b"]`, set: map[string]string{"/0": "c&<", "/1": "c&<"}, want: `["c\u0026\u003c","c&<"]`},
		{name: "ascii style", in: `["\u0905","अ"]`, set: map[string]string{"/0": "आ😀", "/1": "आ"}, want: `["\u0906\ud83d\ude00","आ"]`},
		{name: "slash style", in: `["a\/b","a/b"]`, set: map[string]string{"/0": "x/y", "/1": "x/y"}, want: `["x\/y","x/y"]`},
		{name: "upper hex", in: `["\u00E9"]`, set: map[string]string{"/0": "ê"}, want: `["\u00EA"]`},
		{name: "controls", in: `["x"]`, set: map[string]string{"/0": "a\x01\n\"\\"}, want: `["a\u0001\n\"\\"]`},
		{name: "container to null", in: `{"a":[1,{"b":2}],"c":1}`, null: []string{"/a"}, want: `{"a":null,"c":1}`},
		{name: "root", in: ` {"a":1} `, remove: []string{""}, want: ` null `},
		{name: "cut", in: `[1,2,"abc`, remove: []string{"/2"}, want: `[1,2`},
	} {
		data := []byte(c.in)
		root, err := Parse(data)
		if err != nil && c.name != "cut" {
			t.Fatalf("%s: %v", c.name, err)
		}
		var p Patch
		for _, x := range c.remove {
			p.Remove(find(t, root, x))
		}
		for x, s := range c.set {
			p.SetString(find(t, root, x), s)
		}
		for _, x := range c.null {
			p.SetNull(find(t, root, x))
		}
		if got := string(p.Apply(data)); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
		if string(data) != c.in {
			t.Errorf("%s: Apply changed its input", c.name)
		}
	}
}

func TestLoneSurrogateSurvives(t *testing.T) {
	data := []byte(`["\ud83d and \udc00"]`)
	root, err := Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	var p Patch
	n := root.Children[0]
	p.SetString(n, n.Text(data))
	if got := p.Apply(data); string(got) != string(data) {
		t.Fatalf("%s", got)
	}
}

// patchSome applies changes chosen by the bits of plan to a tree.
func patchSome(root *Node, plan []byte, text string) *Patch {
	var p Patch
	i := 0
	Walk(root, func(n *Node) bool {
		if i < len(plan) {
			switch plan[i] % 5 {
			case 1:
				p.Remove(n)
			case 2:
				p.SetString(n, text)
			case 3:
				p.SetNull(n)
			}
		}
		i++
		return true
	})
	return &p
}

func FuzzPatch(f *testing.F) {
	f.Add([]byte(`{"a":[1,"x\u0026",null],"b":{"c":"d"}}`), []byte{0, 1, 2, 3, 0, 1}, "né & <")
	f.Add([]byte("[ 1 ,\n2 , {} ]"), []byte{0, 1, 0, 1}, "\xff")
	f.Add([]byte(`["\/\ud800"]`), []byte{0, 2}, "/\xed\xa0\x80😀")
	f.Fuzz(func(t *testing.T, data, plan []byte, text string) {
		root, err := Parse(data)
		got := patchSome(root, plan, text).Apply(data)
		if err == nil && stdjson.Valid(data) && !stdjson.Valid(got) {
			t.Fatalf("%q patched to %q", data, got)
		}
	})
}

func TestQuoteRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.String().Draw(t, "s")
		st := style{html: rapid.Bool().Draw(t, "html"), slash: rapid.Bool().Draw(t, "slash"), ascii: rapid.Bool().Draw(t, "ascii"), upper: rapid.Bool().Draw(t, "upper")}
		lit := appendQuoted(nil, s, st)
		if !stdjson.Valid(lit) {
			t.Fatalf("invalid literal %s", lit)
		}
		n, err := Parse(lit)
		if err != nil || n.Text(lit) != strings.ToValidUTF8(s, "\uFFFD") {
			t.Fatalf("%q became %s (%v)", s, lit, err)
		}
		if st.ascii && strings.ContainsFunc(string(lit), func(r rune) bool { return r >= utf8.RuneSelf }) {
			t.Fatalf("not ASCII: %s", lit)
		}
	})
}

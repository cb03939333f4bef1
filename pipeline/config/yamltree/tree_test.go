package yamltree

import (
	"strings"
	"testing"
)

func dump(n *Node) string {
	switch {
	case n == nil:
		return "NIL"
	case n.Kind == Map:
		var s []string
		for _, e := range n.Entries {
			s = append(s, e.Key+":"+dump(e.Value))
		}
		return "{" + strings.Join(s, " ") + "}"
	case n.Kind == List:
		var s []string
		for _, x := range n.Items {
			s = append(s, dump(x))
		}
		return "[" + strings.Join(s, " ") + "]"
	case n.Kind == Null:
		return "~"
	case n.Kind == String:
		return "'" + n.Text + "'"
	}
	return n.Text
}

func TestParse(t *testing.T) {
	for _, c := range []struct{ in, want, errs string }{
		{"", "~", ""}, {"# only a comment\n", "~", ""}, {"a: 1\nb: [x, 2.5, true, null, ~]\n", "{a:1 b:['x' 2.5 true ~ ~]}", ""},
		{"a:\nb: |\n  two\n  lines\n", "{a:~ b:'two\nlines\n'}", ""}, {"a: &x {p: 1, q: 2}\nb: {<<: *x, q: 3}\n", "{a:{p:1 q:2} b:{q:3 p:1}}", ""},
		{"b: {<<: [{p: 1}, {p: 2, r: 3}]}", "{b:{p:1 r:3}}", ""}, {"a: *x", "{a:~}", `f:1: alias "x" has no anchor above it`},
		{"a: 1\n\"a\": 2\n", "{a:1}", `f:2: key "a" is given twice; the first is on line 1`},
		{"? [a]\n: 1\n", "NIL", "f:2: not YAML: found an invalid key for this map"}, {"null: 1\n1: 2\n", "{null:1 1:2}", ""},
		{"a: !!str 5", "{a:'5'}", ""}, {"a: {<<: 3}", "{a:{}}", `f:1: only a mapping can be merged with "<<"`},
	} {
		r := &Report{File: "f"}
		got := dump(Parse(r, []byte(c.in)))
		errs := ""
		if err := r.Err(); err != nil {
			errs = err.Error()
		}
		if got != c.want || errs != c.errs {
			t.Errorf("%q = %s (%s), want %s (%s)", c.in, got, errs, c.want, c.errs)
		}
	}
}

// Hostile files end with an error, quickly.
func TestBounds(t *testing.T) {
	bomb := "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
	for i := 1; i < 9; i++ {
		prev, cur := "a"+string(rune('0'+i-1)), "a"+string(rune('0'+i))
		bomb += cur + ": &" + cur + " [" + strings.TrimSuffix(strings.Repeat("*"+prev+", ", 10), ", ") + "]\n"
	}
	for name, in := range map[string]string{
		"flow": strings.Repeat("[", 1_000_000), "maps": strings.Repeat("{a: ", 100_000), "block": strings.Repeat("- ", 100_000),
		"tags": strings.Repeat("!a ", 100_000), "anchors": strings.Repeat("&a ", 100_000), "keys": strings.Repeat("? ", 100_000),
		"bomb": bomb, "size": strings.Repeat("#", MaxBytes+1), "unclosed": "a: [1, {b: \"", "tab": "a:\n\t- b",
	} {
		r := &Report{File: "f"}
		Parse(r, []byte(in))
		if r.Err() == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}

func TestNearest(t *testing.T) {
	words := []string{"connector", "url", "catalog", "account"}
	for in, want := range map[string]string{"conector": "connector", "ulr": "url", "Catalogue": "catalog", "acount": "account", "zzz": "", "": "", strings.Repeat("x", 200): ""} {
		if got := Nearest(in, words); got != want {
			t.Errorf("%s: %q, want %q", in, got, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"a: [1, {b: c}]\n", "a: &x {p: 1}\nb: {<<: *x}\n", "? a\n: |\n  x\n", "- - - !!str 1\n", "%YAML 1.2\n---\na\n...\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r := &Report{File: "f"}
		if n := Parse(r, data); n == nil && r.Err() == nil {
			t.Fatal("nothing and no error")
		}
	})
}

package json

import (
	stdjson "encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
)

// show prints a tree compactly, for tests.
func show(data []byte, n *Node) string {
	mark := ""
	if n.Cut {
		mark = "!"
	}
	switch n.Kind {
	case Object, Array:
		var parts []string
		for _, c := range n.Children {
			s := show(data, c)
			if n.Kind == Object {
				s = c.Key + ":" + s
			}
			parts = append(parts, s)
		}
		if n.Kind == Object {
			return "{" + strings.Join(parts, " ") + "}" + mark
		}
		return "[" + strings.Join(parts, " ") + "]" + mark
	case String:
		return fmt.Sprintf("%q", n.Text(data)) + mark
	case Broken:
		return "?" + n.Text(data) + mark
	}
	return n.Text(data) + mark
}

func TestParse(t *testing.T) {
	for _, c := range []struct {
		in, want string
		err      error
	}{
		{`{"a":1,"b":[true,false,null],"c":"x"}`, `{a:1 b:[true false null] c:"x"}`, nil},
		{" [ ] ", `[]`, nil},
		{`{}`, `{}`, nil},
		{`42`, `42`, nil},
		{`[0,-1.50e+3,1E5,NaN,-Infinity]`, `[0 -1.50e+3 1E5 NaN -Infinity]`, nil},
		{`{"a":1,"a":2,"A":3}`, `{a:1 a:2 A:3}`, nil},
		{`"\u0905\u0936\ud83d\ude00\n\/\""`, `"अश😀\n/\""`, nil},
		{`"\ud83d x"`, `"\xed\xa0\xbd x"`, nil},
		{"\"tab\there\"", `"tab\there"`, nil},
		{`{"\u0061b":1}`, `{ab:1}`, nil},
		// cut in the middle
		{`{"a":"+91 987`, `{a:"+91 987"!}!`, ErrCut},
		{`{"a":"x\u09`, `{a:"x\\u09"!}!`, ErrCut},
		{`{"a":[1,2`, `{a:[1 2!]!}!`, ErrCut},
		{`{"a":1,"bc`, `{a:1 bc:?!}!`, ErrCut},
		{`{"a":1,"b"`, `{a:1 b:?!}!`, ErrCut},
		{`{"a":1,"b":`, `{a:1 b:?!}!`, ErrCut},
		{`{"a":tr`, `{a:?tr!}!`, ErrCut},
		{`[-`, `[?-!]!`, ErrCut},
		{`{"a":1,`, `{a:1}!`, ErrCut},
		{`{`, `{}!`, ErrCut},
		{``, `?!`, ErrCut},
		// not JSON
		{`{"a":1 "b":2}`, `{a:1}!`, ErrSyntax},
		{`[1,]`, `[1]!`, ErrSyntax},
		{`[01]`, `[0]!`, ErrSyntax},
		{`{a:1}`, `{}!`, ErrSyntax},
		{`["\x"]`, `["\\x"]!`, ErrSyntax},
		{`{} {}`, `{}`, ErrSyntax},
		{`hello`, `?!`, ErrSyntax},
	} {
		n, err := Parse([]byte(c.in))
		if got := show([]byte(c.in), n); got != c.want {
			t.Errorf("Parse(%s) = %s, want %s", c.in, got, c.want)
		}
		if !errors.Is(err, c.err) || (err != nil) != (c.err != nil) {
			t.Errorf("Parse(%s): error %v, want %v", c.in, err, c.err)
		}
	}
}

func TestParseDeep(t *testing.T) {
	deep := strings.Repeat("[", MaxDepth+5) + `"]"` + strings.Repeat("]", MaxDepth+5)
	in := []byte(`{"a":` + deep + `,"b":"x"}`)
	n, err := Parse(in)
	if !errors.Is(err, ErrDeep) {
		t.Fatalf("error %v, want ErrDeep", err)
	}
	if b := n.Get("b"); b == nil || b.Text(in) != "x" {
		t.Fatal("the sibling after a deep subtree is lost")
	}
	broken := 0
	Walk(n, func(n *Node) bool {
		if n.Kind == Broken {
			broken++
		}
		return true
	})
	if broken != 1 {
		t.Fatalf("%d broken nodes, want 1", broken)
	}
	if _, err := Parse(in[:len(in)/2]); !errors.Is(err, ErrDeep) || !errors.Is(err, ErrCut) {
		t.Fatalf("cut in a deep subtree: %v", err)
	}
}

func TestPointer(t *testing.T) {
	in := []byte(`{"body":{"a/b~c":[10,{"x":1}]}}`)
	n, err := Parse(in)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	Walk(n, func(n *Node) bool {
		got = append(got, Pointer(n))
		return true
	})
	want := []string{"", "/body", "/body/a~1b~0c", "/body/a~1b~0c/0", "/body/a~1b~0c/1", "/body/a~1b~0c/1/x"}
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("pointers %q", got)
	}
}

// checkTree fails unless the spans nest and follow one another.
func checkTree(t *testing.T, data []byte, root *Node) {
	t.Helper()
	Walk(root, func(n *Node) bool {
		if n.Start > n.End || n.Start < 0 || n.End > len(data) || n.KeyStart > n.KeyEnd {
			t.Fatalf("bad span [%d,%d)", n.Start, n.End)
		}
		at := n.Start
		for i, c := range n.Children {
			if c.Parent != n || c.Index() != i || c.first() < at || c.End > n.End {
				t.Fatalf("child %d [%d,%d) of [%d,%d) out of place", i, c.first(), c.End, n.Start, n.End)
			}
			at = c.End
		}
		n.Text(data)
		return true
	})
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{`{"a":[1,"x\u00e9",null]}`, `{"a":"b`, `[[[`, `{"a":1,}`, `"\ud800"`, "\xef\xbb\xbf{}", `NaN`, `{"a":"\`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		root, err := Parse(data)
		checkTree(t, data, root)
		if stdjson.Valid(data) {
			if err != nil && !errors.Is(err, ErrDeep) {
				t.Fatalf("valid JSON refused: %v", err)
			}
			Walk(root, func(n *Node) bool {
				var s string
				if n.Kind == String && stdjson.Unmarshal(n.Raw(data), &s) == nil {
					if got := toValid(n.Text(data)); got != s && !strings.Contains(s, "\uFFFD") {
						t.Fatalf("text %q, want %q", got, s)
					}
				}
				return true
			})
		}
		var none Patch
		if string(none.Apply(data)) != string(data) {
			t.Fatal("an empty patch changed the document")
		}
	})
}

func row700() []byte {
	return []byte(`{"id":"8f14e45f-ceea-467f-a1d8-5b3c2f7a9b10","account_id":"A1","name":"Asha Verma","phone":"+91 98765 43210","email":"asha.verma@example.com",` +
		`"company":"Narmada Cables LLP","city":"Bhopal","state":"Madhya Pradesh","pincode":"462001","source":"indiamart","status":"contacted","score":72,` +
		`"value":125000.50,"created_at":"2026-04-21T10:15:00+05:30","updated_at":"2026-05-02T18:40:11+05:30","owner":"U17","tags":["hot","repeat"],` +
		`"remark":"Asked for a quote for 200 m of armoured cable, call back after the 5th; prefers WhatsApp over calls","utm":{"source":"google","medium":"cpc","campaign":"cables-q1"},` +
		`"whatsapp":true,"deleted":false,"next":null,"note":"kxabcdefghij delivered to the site office"}`)
}

func BenchmarkParse(b *testing.B) {
	row := row700()
	b.Run("sutra", func(b *testing.B) {
		b.SetBytes(int64(len(row)))
		b.ReportAllocs()
		var p Parser
		for b.Loop() {
			if _, err := p.Parse(row); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("stdmap", func(b *testing.B) {
		b.SetBytes(int64(len(row)))
		b.ReportAllocs()
		for b.Loop() {
			var m map[string]any
			if err := stdjson.Unmarshal(row, &m); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("oneshot", func(b *testing.B) {
		b.SetBytes(int64(len(row)))
		b.ReportAllocs()
		for b.Loop() {
			if _, err := Parse(row); err != nil {
				b.Fatal(err)
			}
		}
	})
}

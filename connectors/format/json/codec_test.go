package json

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/google/go-cmp/cmp"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/format"
)

func leadsCatalog() connectors.Collection {
	return connectors.Collection{Name: "leads", Fields: []connectors.CatalogField{
		{Name: "id", PrimaryKey: true},
		{Name: "phone", Identity: "phone"},
		{Name: "payload", DataType: "object"},
		{Name: "address.city"},
	}}
}

func input(data string) format.Input {
	return format.Input{Key: "x.json", Open: func() (io.ReadCloser, error) {
		return io.NopCloser(strings.NewReader(data)), nil
	}}
}

func newCodec(t *testing.T, lines bool) *Codec {
	t.Helper()
	c := New("crm", leadsCatalog(), lines).(*Codec)
	mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
	c.mem = mem
	t.Cleanup(func() { mem.AssertSize(t, 0) })
	return c
}

// decode returns "locator column=value ..." a record, and the gaps' locators.
func decode(t *testing.T, c *Codec, data string) (rows, gaps []string) {
	t.Helper()
	err := c.Decode(context.Background(), input(data), func(b connectors.Batch) error {
		for _, g := range b.Gaps {
			gaps = append(gaps, g.Locator)
		}
		if b.Rows == nil {
			return nil
		}
		defer b.Rows.Release()
		for r := range int(b.Rows.NumRows()) {
			var cells []string
			for i, f := range b.Rows.Schema().Fields() {
				v, ok := connectors.Value(b.Rows, i, r)
				if i == 0 {
					cells = append(cells, v)
				} else if ok {
					cells = append(cells, f.Name+"="+v)
				}
			}
			rows = append(rows, strings.Join(cells, "|"))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return rows, gaps
}

func wide(s string, little bool) string {
	var b []byte
	for _, u := range utf16.Encode([]rune("\uFEFF" + s)) {
		if little {
			b = append(b, byte(u), byte(u>>8))
		} else {
			b = append(b, byte(u>>8), byte(u))
		}
	}
	return string(b)
}

func TestDecode(t *testing.T) {
	for _, c := range []struct {
		name, in   string
		lines      bool
		rows, gaps []string
	}{
		{name: "lines", lines: true, in: "\xEF\xBB\xBF{\"id\":1,\"phone\":\"+91\\u00209\"}\r\n\r\n{bad\n{\"ID\":0042e1}\n{\"Id\":\"b\",\"x\":[1, 2]}",
			rows: []string{"line 1|id=1|phone=+91 9", `line 5|id=b|sutra.rest={"x":[1, 2]}`}, gaps: []string{"line 3", "line 4"}},
		{name: "array", in: ` [ {"id":1} , {"id":false,"payload":{"a": 1}},{oops},7,{"phone":null}]` + "\n",
			rows: []string{"/0|id=1", `/1|id=false|payload={"a": 1}`, "/3|sutra.rest=7", "/4"}, gaps: []string{"/2"}},
		{name: "empty array", in: "[ ]"},
		{name: "empty", in: " \n"},
		{name: "object", in: "{\n \"id\": \"a\",\n \"address\": {\"city\":\"Pune\",\"pin\": 1}\n}", rows: []string{`object|id=a|address.city=Pune|sutra.rest={"address":{"pin": 1}}`}},
		{name: "scalar", in: `"x"`, rows: []string{`object|sutra.rest="x"`}},
		{name: "lines named json", in: "{\"id\":1}\n\n{\"id\":2}\n", rows: []string{"line 1|id=1", "line 3|id=2"}},
		{name: "sequence", in: "{\n\"id\":1}\n{\n\"id\":2\n}\n", rows: []string{"line 1|id=1", "line 3|id=2"}},
		{name: "duplicates", in: `[{"Phone":"b","phone":"a","phone":"c"},{"phone":{"x":1}},{"PHONE":5}]`,
			rows: []string{`/0|phone=a|sutra.rest={"Phone":"b","phone":"c"}`, `/1|sutra.rest={"phone":{"x":1}}`, "/2|phone=5"}},
		{name: "dotted name", in: `{"address.city":"Goa","payload":"{\"a\":1}"}`, rows: []string{`object|payload={"a":1}|address.city=Goa`}},
		{name: "cut array", in: `[{"id":1},{"id":`, rows: []string{"/0|id=1"}, gaps: []string{"/1"}},
		{name: "cut after comma", in: `[{"id":1},`, rows: []string{"/0|id=1"}, gaps: []string{"/1"}},
		{name: "cut object", in: `{"id":`, gaps: []string{"object"}},
		{name: "astray", in: `[{"id":1} {"id":2}]`, rows: []string{"/0|id=1"}, gaps: []string{"/1"}},
		{name: "after the array", in: `[{"id":1}] x`, rows: []string{"/0|id=1"}, gaps: []string{""}},
		{name: "utf16le", in: wide(`[{"id":"अ😀"}]`, true), rows: []string{"/0|id=अ😀"}},
		{name: "utf16be lines", lines: true, in: wide("{\"id\":1}\n", false), rows: []string{"line 1|id=1"}},
		{name: "bad utf8", in: "[{\"id\":\"a\xffb\"}]", rows: []string{"/0|id=aÿb"}},
	} {
		rows, gaps := decode(t, newCodec(t, c.lines), c.in)
		if d := cmp.Diff(c.rows, rows); d != "" {
			t.Errorf("%s: %s", c.name, d)
		}
		if d := cmp.Diff(c.gaps, gaps); d != "" {
			t.Errorf("%s: gaps %s", c.name, d)
		}
	}
}

func TestDecodeRefusesWhatIsNoJSON(t *testing.T) {
	err := newCodec(t, false).Decode(context.Background(), input("<html>"), func(connectors.Batch) error { return nil })
	if !errors.Is(err, ErrSyntax) {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	err = newCodec(t, true).Decode(ctx, input("{}\n"), func(b connectors.Batch) error { return nil })
	if !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
}

func del(locs ...string) *format.Edits {
	var list []connectors.Edit
	for _, l := range locs {
		list = append(list, connectors.Edit{Collection: "leads", Locator: l, Action: connectors.Delete})
	}
	return format.NewEdits(list)
}

func rewrite(t *testing.T, c *Codec, in string, e *format.Edits) (string, int) {
	t.Helper()
	var out bytes.Buffer
	left, err := c.Rewrite(context.Background(), input(in), &out, e)
	if err != nil {
		t.Fatal(err)
	}
	return out.String(), left
}

func TestRewriteDelete(t *testing.T) {
	for _, c := range []struct {
		in    string
		lines bool
		del   []string
		want  string
		left  int
	}{
		{"[\n  {\"id\":1},\n  {\"id\":2},\n  {\"id\":3}\n]\n", false, []string{"/0"}, "[\n  {\"id\":2},\n  {\"id\":3}\n]\n", 2},
		{"[\n  {\"id\":1},\n  {\"id\":2},\n  {\"id\":3}\n]\n", false, []string{"/1"}, "[\n  {\"id\":1},\n  {\"id\":3}\n]\n", 2},
		{"[\n  {\"id\":1},\n  {\"id\":2},\n  {\"id\":3}\n]\n", false, []string{"/1", "/2"}, "[\n  {\"id\":1}\n]\n", 1},
		{"[ 1, 2 ]\n", false, []string{"/0", "/1"}, "[]\n", 0},
		{"[1,{bad},3]", false, []string{"/0", "/2"}, "[{bad}]", 1},
		{"[1,2,\"cut", false, []string{"/0"}, "[2,\"cut", 2},
		{"[1,2] tail", false, []string{"/0", "/1"}, "[] tail", 1},
		{"\xEF\xBB\xBF{\"id\":1}\r\n\r\n{\"id\":2}\r\n{\"id\":3}", true, []string{"line 1", "line 4"}, "\xEF\xBB\xBF\r\n{\"id\":2}\r\n", 1},
		{"{bad\n{}\n", true, []string{"line 2"}, "{bad\n", 1},
		{"{\"id\":1}", false, []string{"object"}, "", 0},
		{"{\"id\":1}\n{\"id\":2}\n", false, []string{"line 1"}, "{\"id\":2}\n", 1},
		{"{\n\"id\":1}\n{\n\"id\":2}\n{\n\"id\":3}\n", false, []string{"line 3"}, "{\n\"id\":1}\n{\n\"id\":3}\n", 2},
		{wide("[1,\"अ😀\",3]", true) + "z", false, []string{"/0"}, wide("[\"अ😀\",3]", true) + "z", 2},
	} {
		e := del(c.del...)
		got, left := rewrite(t, newCodec(t, c.lines), c.in, e)
		if !strings.HasSuffix(c.in, "z") && (got != c.want || left != c.left) {
			t.Errorf("%q without %v: %q, %d left; want %q, %d", c.in, c.del, got, left, c.want, c.left)
		}
		if strings.HasSuffix(c.in, "z") && got != c.want {
			t.Errorf("UTF-16: %q, want %q", got, c.want)
		}
		if o := e.Outcome(); o.Deleted != len(c.del) || o.Missing != 0 {
			t.Errorf("%q: outcome %+v", c.in, o)
		}
		if same, _ := rewrite(t, newCodec(t, c.lines), c.in, del("line 99", "/99")); same != c.in {
			t.Errorf("%q without edits became %q", c.in, same)
		}
	}
}

func TestRewriteRedact(t *testing.T) {
	in := `[{"id": 1.50, "phone": "\u002b91 98\/7", "payload": {"from": "+919",  "n":[1, "x"]}, "address": {"city":"Pune", "who": "Asha"}, "memo":"hi", "919":{"k": 1}}]`
	fn := func(f connectors.Field, v string) (string, connectors.Verdict) {
		switch f.Name {
		case "phone":
			return "", connectors.Empty
		case "payload":
			return strings.ReplaceAll(v, `"+919"`, `"[x]"`), connectors.Set
		case "address.city":
			return "a/b", connectors.Set
		case RestColumn:
			if v != `{"address":{"who": "Asha"},"memo":"hi","919":{"k": 1}}` {
				t.Errorf("rest is %s", v)
			}
			return `{"919":{"k":1},"address":{"who":"[y]"}}`, connectors.Set
		}
		return v, connectors.Same
	}
	edits := func() *format.Edits {
		return format.NewEdits([]connectors.Edit{{Collection: "leads", Locator: "/0", Action: connectors.Redact, Rewrite: fn}})
	}
	e := edits()
	got, left := rewrite(t, newCodec(t, false), in, e)
	want := `[{"id": 1.50, "phone": null, "payload": {"from": "[x]",  "n":[1, "x"]}, "address": {"city":"a/b", "who": "[y]"}, "919":{"k": 1}}]`
	if got != want || left != 1 || e.Outcome().Redacted != 1 {
		t.Fatalf("%s\n%d %+v", got, left, e.Outcome())
	}
}

func TestRewriteRest(t *testing.T) {
	for _, c := range []struct{ in, rest, want string }{
		{`{"a":1,"b":{"c":"d"}}`, `{"z":1,"b":{"c":"e"}}`, `{"z":1,"b":{"c":"e"}}`}, // renamed
		{`{"a":1,"b":2}`, `{}`, `{}`},
		{`{"id":5,"a":{"x":1}}`, `{"a":{"x":1,"y":2}}`, `{"id":5,"a":{"x":1,"y":2}}`},
		{`{"a":[1,{"x":"p"}],"id":5}`, `{"a":[1,{"x":"q"}]}`, `{"a":[1,{"x":"q"}],"id":5}`},
		{`{"a":[1, 2],"id":5}`, `{"a":[2]}`, `{"a":[2],"id":5}`},
		{`"words"`, `"other"`, `"other"`},
		{`{"a":1,"id":5}`, "", `{"id":5}`},
		{`{"address":{"city":"Pune","x":1}}`, "", `{"address":{"city":"Pune"}}`},
		// Windows-1252: what is not changed keeps its bytes, and what is keeps its letters.
		{"{\"a\":\"Jos\xe9 98\",\"caf\xe9\":\"No\xebl\",\"b\":[1,\"\xe9\"]}", `{"a":"José ö","café":"Noël","b":["é"]}`,
			"{\"a\":\"Jos\xe9 \\u00f6\",\"caf\xe9\":\"No\xebl\",\"b\":[\"\\u00e9\"]}"},
	} {
		fn := func(f connectors.Field, v string) (string, connectors.Verdict) {
			if f.Name != RestColumn {
				return v, connectors.Same
			}
			if c.rest == "" {
				return "", connectors.Empty
			}
			return c.rest, connectors.Set
		}
		e := format.NewEdits([]connectors.Edit{{Collection: "leads", Locator: "object", Action: connectors.Redact, Rewrite: fn}})
		if got, _ := rewrite(t, newCodec(t, false), c.in, e); got != c.want {
			t.Errorf("%s with rest %s: %s, want %s", c.in, c.rest, got, c.want)
		}
	}
}

// What is no UTF-8 is read as Windows-1252, a no-break space in a number included.
func TestWindows1252(t *testing.T) {
	in := "{\"id\":1,\"memo\":\"Jos\xe9 98111\xa022233\",\"phone\":\"\xe9\x81\"}"
	var got []string
	fn := func(f connectors.Field, v string) (string, connectors.Verdict) {
		got = append(got, f.Name+"="+v)
		if f.Name == RestColumn || f.Name == "phone" {
			return strings.Replace(v, "é", "é, ", 1), connectors.Set
		}
		return v, connectors.Same
	}
	e := format.NewEdits([]connectors.Edit{{Collection: "leads", Locator: "object", Action: connectors.Redact, Rewrite: fn}})
	out, _ := rewrite(t, newCodec(t, false), in, e)
	if want := "{\"id\":1,\"memo\":\"Jos\xe9,  98111\xa022233\",\"phone\":\"\xe9, \x81\"}"; out != want {
		t.Errorf("%q, want %q", out, want)
	}
	if want := []string{"id=1", "phone=é\u0081", RestColumn + `={"memo":"José 98111` + "\u00a022233\"}"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestLongRecords(t *testing.T) {
	long := `{"id":"` + strings.Repeat("x", 3*readSize) + `"}`
	c := newCodec(t, true)
	c.limit = 2 * readSize
	in := "{\"id\":1}\n" + long + "\n{\"id\":2}\n"
	rows, gaps := decode(t, c, in)
	if len(rows) != 2 || len(gaps) != 1 || gaps[0] != "line 2" {
		t.Fatalf("%v %v", rows, gaps)
	}
	if got, left := rewrite(t, c, in, del("line 1")); got != in[len("{\"id\":1}\n"):] || left != 2 {
		t.Fatalf("%d bytes, %d left", len(got), left)
	}
	a := newCodec(t, false)
	a.limit = 2 * readSize
	in = `[{"id":1},` + long + `, {"id":2}]`
	if rows, gaps = decode(t, a, in); len(rows) != 2 || len(gaps) != 1 || gaps[0] != "/1" {
		t.Fatalf("%v %v", rows, gaps)
	}
	if got, left := rewrite(t, a, in, del("/0", "/2")); got != "["+long+"]" || left != 1 {
		t.Fatalf("%d bytes, %d left", len(got), left)
	}
}

func TestManyGapsAreSummedUp(t *testing.T) {
	_, gaps := decode(t, newCodec(t, true), strings.Repeat("?\n", maxGaps+50))
	if len(gaps) != maxGaps+1 || gaps[maxGaps] != "" {
		t.Fatalf("%d gaps", len(gaps))
	}
}

func FuzzCodec(f *testing.F) {
	for _, s := range []string{"[1,{\"id\":2}]", "{\"id\":1}\n{}\n", "{\n}\n{}", "\xff\xfe[\x00]\x00", "[,", "\xef\xbb\xbf[{}", "[1,]", "{\"address\":{\"city\":1}}"} {
		f.Add(s, true)
		f.Add(s, false)
	}
	f.Fuzz(func(t *testing.T, in string, lines bool) {
		c := New("crm", leadsCatalog(), lines)
		var locs []string
		err := c.Decode(context.Background(), input(in), func(b connectors.Batch) error {
			if b.Rows != nil {
				for r := range int(b.Rows.NumRows()) {
					v, _ := connectors.Value(b.Rows, 0, r)
					locs = append(locs, v)
				}
				b.Rows.Release()
			}
			return nil
		})
		var same, none bytes.Buffer
		if _, rerr := c.Rewrite(context.Background(), input(in), &same, del()); (rerr == nil) != (err == nil) || (err == nil && same.String() != in) {
			t.Fatalf("%q became %q (%v, %v)", in, same.String(), err, rerr)
		}
		if err != nil {
			return
		}
		e := del(locs...)
		if _, err := c.Rewrite(context.Background(), input(in), &none, e); err != nil {
			t.Fatal(err)
		}
		if o := e.Outcome(); o.Deleted != len(locs) || o.Missing != 0 {
			t.Fatalf("%q: %+v of %d", in, o, len(locs))
		}
	})
}

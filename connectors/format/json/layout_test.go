package json

import (
	"bytes"
	"context"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/format"
)

// postLayout is a webhook with messages and their senders' entries.
func postLayout(root *Node, data []byte) ([]Item, string) {
	list := root.Get("messages")
	if list == nil || list.Kind != Array {
		return nil, "no messages"
	}
	var items []Item
	for _, m := range list.Children {
		it := Item{Collection: "messages", Node: m, Names: map[string]string{"sender": "from", "secret": ""}}
		people := root.Get("people")
		if people == nil {
			people = &Node{}
		}
		for _, p := range people.Children {
			if from, id := m.Match("sender"), p.Get("id"); from != nil && id != nil && from.Text(data) == id.Text(data) {
				it.Extra = append(it.Extra, Extra{Name: "person", Node: p.Get("name"), Part: p})
			}
		}
		if s := m.Get("system"); s != nil {
			it.Extra = append(it.Extra, Extra{Name: "new", Node: s.Get("new")})
		}
		items = append(items, it)
	}
	for _, n := range root.Get("others").orEmpty() {
		items = append(items, Item{Collection: "others", Node: n})
	}
	return items, ""
}

func (n *Node) orEmpty() []*Node {
	if n == nil {
		return nil
	}
	return n.Children
}

var postColls = []connectors.Collection{
	{Name: "messages", Fields: []connectors.CatalogField{{Name: "from"}, {Name: "person"}, {Name: "new"}}},
	{Name: "others", Fields: []connectors.CatalogField{{Name: "a"}}},
}

func layoutCodec() format.Codec { return NewLayout("x", postColls, postLayout, false) }

func textInput(text string) format.Input {
	return format.Input{Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(text)), nil }}
}

// layoutRows returns the records as "collection locator name=value ...".
func layoutRows(t testing.TB, text string) (rows []string, gaps []connectors.Gap) {
	t.Helper()
	err := layoutCodec().Decode(context.Background(), textInput(text), func(b connectors.Batch) error {
		gaps = append(gaps, b.Gaps...)
		if b.Rows == nil {
			return nil
		}
		defer b.Rows.Release()
		for row := range int(b.Rows.NumRows()) {
			loc, _ := connectors.Value(b.Rows, 0, row)
			loc = b.Collection + " " + loc
			for col := 1; col < int(b.Rows.NumCols()); col++ {
				if v, ok := connectors.Value(b.Rows, col, row); ok {
					loc += " " + b.Rows.ColumnName(col) + "=" + v
				}
			}
			rows = append(rows, loc)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return rows, gaps
}

const aPost = `{"people": [{"id": "1", "name": "Asha"}, {"id": "2", "name": "Ravi"}], "messages": [
  {"sender": "1", "text": "one", "secret": "s"}, {"sender": "2", "text": "two"}, {"sender": "1", "system": {"new": "9", "body": "x"}}], "others": [{"a": 1, "b": 2}]}`

func TestLayoutDecode(t *testing.T) {
	rows, gaps := layoutRows(t, aPost)
	want := []string{
		`messages /messages/0 from=1 person=Asha sutra.rest={"text":"one"}`,
		`messages /messages/1 from=2 person=Ravi sutra.rest={"text":"two"}`,
		`messages /messages/2 from=1 person=Asha new=9 sutra.rest={"system":{"body": "x"}}`,
		`others /others/0 a=1 sutra.rest={"b":2}`,
	}
	if diff := cmp.Diff(want, rows); diff != "" || len(gaps) > 0 {
		t.Error(diff, gaps)
	}
	lines := strings.ReplaceAll(aPost, "\n", "")
	rows, _ = layoutRows(t, lines+"\n"+lines+"\n")
	if len(rows) != 8 || !strings.HasPrefix(rows[3], "messages line 2/messages/0 ") {
		t.Errorf("of two lines: %q", rows)
	}
	rows, _ = layoutRows(t, "["+aPost+","+aPost+"]")
	if len(rows) != 8 || !strings.HasPrefix(rows[3], "messages /1/messages/0 ") {
		t.Errorf("of an array: %q", rows)
	}
	if _, gaps = layoutRows(t, `{"x": 1}`); len(gaps) != 1 || gaps[0].Locator != "object" {
		t.Errorf("gaps of a strange document: %v", gaps)
	}
}

func removal(coll, loc string) connectors.Edit {
	return connectors.Edit{Collection: coll, Locator: loc, Action: connectors.Delete}
}

func TestLayoutRewrite(t *testing.T) {
	for _, tt := range []struct {
		edits []connectors.Edit
		want  string
		left  int
	}{
		{nil, aPost, 1},
		{[]connectors.Edit{removal("messages", "/messages/0")}, strings.Replace(aPost, `{"sender": "1", "text": "one", "secret": "s"}, `, "", 1), 1},
		{[]connectors.Edit{removal("messages", "/messages/0"), removal("messages", "/messages/2")},
			`{"people": [{"id": "2", "name": "Ravi"}], "messages": [
  {"sender": "2", "text": "two"}], "others": [{"a": 1, "b": 2}]}`, 1},
		{[]connectors.Edit{removal("messages", "/messages/0"), removal("messages", "/messages/1"), removal("messages", "/messages/2"), removal("others", "/others/0")}, "", 0},
		{[]connectors.Edit{{Collection: "messages", Locator: "/messages/2", Action: connectors.Redact, Rewrite: func(f connectors.Field, v string) (string, connectors.Verdict) {
			switch {
			case f.Name == "new" || f.Name == "person":
				return "", connectors.Empty
			case f.Name == RestColumn:
				return strings.ReplaceAll(v, `"x"`, `"y"`), connectors.Set
			}
			return "", connectors.Same
		}}}, strings.Replace(strings.Replace(strings.Replace(aPost, `"9"`, "null", 1), `"x"`, `"y"`, 1), `"Asha"`, "null", 1), 1},
	} {
		var out bytes.Buffer
		ed := format.NewEdits(tt.edits)
		left, err := layoutCodec().Rewrite(context.Background(), textInput(aPost), &out, ed)
		if err != nil || left != tt.left || out.String() != tt.want {
			t.Errorf("%v: %d left, %v\n got %s\nwant %s", tt.edits, left, err, out.String(), tt.want)
		}
		if o := ed.Outcome(); o.Missing > 0 || o.Deleted+o.Redacted != len(tt.edits) {
			t.Errorf("%v: outcome %+v", tt.edits, o)
		}
	}
}

func FuzzLayout(f *testing.F) {
	f.Add(aPost)
	f.Add("[" + aPost + ",{}]")
	f.Add(`{"messages":[{"sender":{"a":"1"},"system":{"new":[1]}},7,"x"],"people":[1,{"id":"x"}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		if err := layoutCodec().Decode(context.Background(), textInput(text), func(b connectors.Batch) error {
			if b.Rows != nil {
				b.Rows.Release()
			}
			return nil
		}); err != nil {
			return // no JSON at all: the whole object is a gap
		}
		rows, gaps := layoutRows(t, text)
		var same bytes.Buffer
		if _, err := layoutCodec().Rewrite(context.Background(), textInput(text), &same, format.NewEdits(nil)); err != nil || same.String() != text {
			t.Fatalf("%q came out as %q: %v", text, same.String(), err)
		}
		if len(rows) == 0 || len(gaps) > 0 {
			return
		}
		part := strings.SplitN(rows[0], " ", 3)
		loc := part[1]
		if loc == "line" {
			loc += " " + strings.SplitN(part[2], " ", 2)[0]
		}
		var out bytes.Buffer
		ed := format.NewEdits([]connectors.Edit{removal(part[0], loc)})
		left, err := layoutCodec().Rewrite(context.Background(), textInput(text), &out, ed)
		if err != nil || ed.Outcome().Deleted != 1 {
			t.Fatalf("%q: %v, %+v", text, err, ed.Outcome())
		}
		if left == 0 {
			return
		}
		if again, _ := layoutRows(t, out.String()); len(again) != len(rows)-1 {
			t.Fatalf("%q: %d records, after one deletion %d: %q", text, len(rows), len(again), out.String())
		}
	})
}

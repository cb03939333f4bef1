package form

import (
	"bytes"
	"context"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/format"
)

var cat = connectors.Collection{Name: "leads", Fields: []connectors.CatalogField{{Name: "leadid"}, {Name: "name", Categories: []string{"user.name"}}, {Name: "mobile", Identity: "phone"}, {Name: "city"}}}

func input(text string) format.Input {
	return format.Input{Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(text)), nil }}
}

// read returns the records as "locator name=value ...", and the gaps' locators.
func read(t testing.TB, text string) (rows, gaps []string) { return readBy(t, New("x", cat), text) }

func readBy(t testing.TB, c format.Codec, text string) (rows, gaps []string) {
	t.Helper()
	err := c.Decode(context.Background(), input(text), func(b connectors.Batch) error {
		for _, g := range b.Gaps {
			gaps = append(gaps, g.Locator)
		}
		if b.Rows == nil {
			return nil
		}
		defer b.Rows.Release()
		for row := range int(b.Rows.NumRows()) {
			loc, _ := connectors.Value(b.Rows, 0, row)
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

func rewrite(t testing.TB, text string, edits ...connectors.Edit) (string, int) {
	return rewriteBy(t, New("x", cat), text, edits...)
}

func rewriteBy(t testing.TB, c format.Codec, text string, edits ...connectors.Edit) (string, int) {
	t.Helper()
	var out bytes.Buffer
	left, err := c.Rewrite(context.Background(), input(text), &out, format.NewEdits(edits))
	if err != nil {
		t.Fatal(err)
	}
	return out.String(), left
}

func TestDecode(t *testing.T) {
	for _, tt := range []struct {
		text       string
		rows, gaps []string
	}{
		{"", nil, nil},
		{"\r\n \n", nil, nil},
		{"leadid=J1&name=Asha+Verma&mobile=%2B919876500001", []string{"line 1 leadid=J1 name=Asha Verma mobile=+919876500001"}, nil},
		{"\xEF\xBB\xBFNAME=Asha&x=1&x=2&name=Ravi\n", []string{`line 1 name=Asha sutra.rest={"x":"1","x#2":"2","name":"Ravi"}`}, nil},
		{"GET /h?name=A%20B&mobile=1 HTTP/1.1\n\nno pairs here\nhttps://x/?name=C#frag=1\n", []string{"line 1 name=A B mobile=1", "line 4 name=C"}, []string{"line 3"}},
		{"name=100%&mobile=", []string{"line 1 name=100%"}, nil},
		{"name=A&mobile=1&x=name=B&mobile=2&name=C\nname=A&name=B\nname=A&mobile=1&name=A&mobile=2\n", []string{`line 2 name=A sutra.rest={"name":"B"}`, `line 3 name=A mobile=1 sutra.rest={"name":"A","mobile":"2"}`}, []string{"line 1"}},
		{"name=A&mobile=1&mobile=2&city=Pune&city=Goa\n", []string{`line 1 name=A mobile=1 city=Pune sutra.rest={"mobile":"2","city":"Goa"}`}, nil},
		{"=x&name=A&&debug", []string{`line 1 name=A sutra.rest={"text":"=x"}`}, nil},
		{"leadid=J1;name=Asha+Verma;note=a;b;mobile=1\n", []string{`line 1 leadid=J1 name=Asha Verma mobile=1 sutra.rest={"note":"a;b"}`}, nil},
		{"leadid=J1&amp;name=A;B=1&amp;mobile=1\n", []string{"line 1 leadid=J1 name=A;B=1 mobile=1"}, nil},
		{"name=Asha & Sons;mobile=1\n", []string{"line 1 name=Asha & Sons mobile=1"}, nil},
		{"name=Asha&note=ring me & my brother 9876500002&mobile=1\n", []string{`line 1 name=Asha mobile=1 sutra.rest={"note":"ring me ","text":" my brother 9876500002"}`}, nil},
		{`"GET /h?name=A HTTP/1.1" 200 "https://x/?m=9876500002"`, []string{`line 1 name=A sutra.rest={"text":" HTTP/1.1\" 200 \"https://x/?m=9876500002\""}`}, nil},
	} {
		rows, gaps := read(t, tt.text)
		if diff := cmp.Diff([][]string{tt.rows, tt.gaps}, [][]string{rows, gaps}); diff != "" {
			t.Errorf("%q: %s", tt.text, diff)
		}
	}
}

func TestRewrite(t *testing.T) {
	set := func(value string, v connectors.Verdict) func(connectors.Field, string) (string, connectors.Verdict) {
		return func(f connectors.Field, old string) (string, connectors.Verdict) {
			switch {
			case f.Name == "name":
				return value, v
			case f.Name == RestColumn:
				return strings.ReplaceAll(old, "Asha", "[erased]"), connectors.Set
			}
			return "", connectors.Same
		}
	}
	text := "\xEF\xBB\xBFleadid=J1&name=Asha+Verma&note=for+Asha&mobile=1\r\n\r\nGET /h?name=Ravi%20Rao HTTP/1.1\r\nplain"
	for _, tt := range []struct {
		edit connectors.Edit
		want string
		left int
	}{
		{connectors.Edit{Collection: "leads", Locator: "line 1", Action: connectors.Delete}, "\xEF\xBB\xBF\r\nGET /h?name=Ravi%20Rao HTTP/1.1\r\nplain", 2},
		{connectors.Edit{Collection: "leads", Locator: "line 3", Action: connectors.Delete}, text[:strings.Index(text, "GET")] + "plain", 2},
		{connectors.Edit{Collection: "leads", Locator: "line 1", Action: connectors.Redact, Rewrite: set("", connectors.Empty)},
			strings.Replace(strings.Replace(text, "Asha+Verma", "", 1), "for+Asha", "for+%5Berased%5D", 1), 3},
		{connectors.Edit{Collection: "leads", Locator: "line 3", Action: connectors.Redact, Rewrite: set("A & B", connectors.Set)}, strings.Replace(text, "Ravi%20Rao", "A%20%26%20B", 1), 3},
		{connectors.Edit{Collection: "leads", Locator: "line 4", Action: connectors.Delete}, text, 3},
		{connectors.Edit{Collection: "leads", Locator: "line 9", Action: connectors.Delete}, text, 3},
	} {
		got, left := rewrite(t, text, tt.edit)
		if got != tt.want || left != tt.left {
			t.Errorf("%s: %d left\n got %q\nwant %q", tt.edit.Locator, left, got, tt.want)
		}
	}
}

// Without edits every text comes out as it went in, and deleting a record takes
// its values out of the text.
func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lines := rapid.SliceOfN(rapid.StringMatching(`[a-z=&%+? .#{}"0-9]{0,30}`), 0, 6).Draw(t, "lines")
		text := strings.Join(lines, rapid.SampledFrom([]string{"\n", "\r\n"}).Draw(t, "end"))
		var out bytes.Buffer
		if _, err := New("x", cat).Rewrite(context.Background(), input(text), &out, format.NewEdits(nil)); err != nil || out.String() != text {
			t.Fatalf("%q came out as %q: %v", text, out.String(), err)
		}
	})
}

func FuzzForm(f *testing.F) {
	f.Add("leadid=J1&name=Asha+Verma&mobile=%2B919876500001\r\n")
	f.Add("GET /h?name=A%20B HTTP/1.1\n\n=&=%zz&name")
	f.Add("\xEF\xBB\xBFname=%ff&name=%E0%A4%86")
	f.Fuzz(func(t *testing.T, text string) {
		rows, _ := read(t, text)
		if got, _ := rewrite(t, text); got != text {
			t.Fatalf("%q came out as %q", text, got)
		}
		var edits []connectors.Edit
		for _, r := range rows {
			loc, _, _ := strings.Cut(r[len("line "):], " ")
			edits = append(edits, connectors.Edit{Collection: "leads", Locator: "line " + loc, Action: connectors.Delete})
		}
		out, _ := rewrite(t, text, edits...)
		if again, _ := read(t, out); len(again) > 0 {
			t.Fatalf("%q: after deleting everything there are still %q", text, again)
		}
	})
}

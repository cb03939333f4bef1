package csv

import (
	"bytes"
	"context"
	stdcsv "encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	stdutf16 "unicode/utf16"

	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/format"
	"github.com/cratio/sutra/connectors/format/utf16"
)

var leads = connectors.Collection{Name: "leads", RecordedAt: "at", Fields: []connectors.CatalogField{
	{Name: "id", PrimaryKey: true}, {Name: "name", Categories: []string{"user.name"}}, {Name: "phone", Identity: "phone"}, {Name: "at"},
}}

func input(data string) format.Input {
	return format.Input{Key: "leads.csv", Object: "leads.csv", Open: func() (io.ReadCloser, error) {
		return io.NopCloser(strings.NewReader(data)), nil
	}}
}

// readAll returns "locator: name=value ..." a record, and the gaps.
func readAll(t testing.TB, c format.Codec, data string) (rows, gaps []string, err error) {
	t.Helper()
	err = c.Decode(context.Background(), input(data), func(b connectors.Batch) error {
		for _, g := range b.Gaps {
			gaps = append(gaps, g.Locator+": "+g.Reason)
		}
		if b.Rows == nil {
			return nil
		}
		defer b.Rows.Release()
		for r := range int(b.Rows.NumRows()) {
			loc, _ := connectors.Value(b.Rows, 0, r)
			s := loc + ":"
			for col := 1; col < int(b.Rows.NumCols()); col++ {
				if v, ok := connectors.Value(b.Rows, col, r); ok {
					s += fmt.Sprintf(" %s=%q", b.Rows.ColumnName(col), v)
				}
			}
			rows = append(rows, s)
		}
		return nil
	})
	return rows, gaps, err
}

func wide(order utf16.Order, s string) string {
	var b []byte
	for _, u := range stdutf16.Encode([]rune(s)) {
		b = order.AppendUint16(b, u)
	}
	return string(b)
}

func TestDecode(t *testing.T) {
	le := charsetOf([]byte("\xff\xfe")).order
	be := charsetOf([]byte("\xfe\xff")).order
	one := []string{`row 1: id="1" name="Asha"`}
	for _, tt := range []struct {
		name, data string
		rows, gaps []string
	}{
		{"plain", "id,name\n1,Asha\n", one, nil},
		{"no header", "1,Asha,98201 45678\n2,Bela,9820145679\n", []string{`row 1: column 1="1" column 2="Asha" column 3="98201 45678"`, `row 2: column 1="2" column 2="Bela" column 3="9820145679"`},
			[]string{"line 1: the table has no header: its columns are told by what stands in them"}},
		{"no header and one row", "sep=;\nasha@example.com;Asha", []string{`row 1: column 1="asha@example.com" column 2="Asha"`},
			[]string{"line 1: the table has no header: its columns are told by what stands in them"}},
		{"a header with a number in it", "id,9820145678\n1,Asha\n", []string{`row 1: id="1" 9820145678="Asha"`},
			[]string{"line 1: a column is called by a telephone number or an e-mail address: whose it is, its values do not tell; rename the column"}},
		{"a title over the header", "Customers,\nid,name\n1,Asha\n", []string{`row 1: Customers="id" column 2="name"`, `row 2: Customers="1" column 2="Asha"`},
			[]string{"line 1: none of the columns that the catalog describes is in the header: it may be a line of title, or the columns have other names; what stands in the rows is told by its value alone"}},
		{"the header again", "id,name,phone\n1,Asha,9\nid,name,phone\n2,Uma,8\n", []string{`row 1: id="1" name="Asha" phone="9"`, `row 2: id="id" name="name" phone="phone"`, `row 3: id="2" name="Uma" phone="8"`}, nil},
		{"the header again in another order", "id,name,phone\n1,Asha,9\nid,Phone,name\n2,8,Uma\n", []string{`row 1: id="1" name="Asha" phone="9"`, `row 2: id="id" name="Phone" phone="name"`, `row 3: id="2" name="8" phone="Uma"`},
			[]string{"row 2: the header again, with its columns in another order: the rows below are read as if it were the first one; make a file of each part"}},
		{"bom and crlf", "\xef\xbb\xbfid,name\r\n1,Asha\r\n", one, nil},
		{"no last newline", "id,name\n1,Asha", one, nil},
		{"old mac", "id,name\r1,Asha\r", one, nil},
		{"sep line", "sep=;\r\nid;name\r\n1;Asha\r\n", one, nil},
		{"tabs", "id\tname\n1\tAsha\n", one, nil},
		{"pipes", "id|name\n1|Asha\n", one, nil},
		{"utf-16le", "\xff\xfe" + wide(le, "id\tname\r\n1\tAsha\r\n"), one, nil},
		{"utf-16be", "\xfe\xff" + wide(be, "id\tname\r\n1\tAsha\r\n"), one, nil},
		{"utf-16 without a mark", wide(le, "id\tname\r\n1\tAsha"), one, nil},
		{"utf-16 half a letter", wide(le, "id,name\n1,Asha\n") + "x", one, []string{": the text ends in half a UTF-16 letter"}},
		{"case and spaces in names", " ID , Name \n1,Asha\n", one, nil},
		{"quotes", "id,\"name\"\n1,\"said \"\"ok\"\",\nthen\"\n", []string{`row 1: id="1" name="said \"ok\",\nthen"`}, nil},
		{"text behind a quote", "id,name\n1,\"As\"\"h\"a\n", []string{`row 1: id="1" name="As\"ha"`}, nil},
		{"quote inside", "id,name\n1,5\" pipe\n", []string{`row 1: id="1" name="5\" pipe"`}, nil},
		{"blank lines", "\n\nid,name\n\n1,Asha\n  \n\r\n2,\n", []string{one[0], `row 2: id="2"`}, nil},
		{"duplicate and empty names", "id,id,,id#2\n1,2,3,4\n", []string{`row 1: id="1" id#2="2" column 3="3" id#2#2="4"`}, nil},
		{"wrong cells", "id,name\n1\n2,Asha\n1,2,3\n", []string{`row 2: id="2" name="Asha"`},
			[]string{"line 2: a row of 1 cells under a header of 2", "line 4: a row of 3 cells under a header of 2"}},
		{"empty cells behind the last", "id,name\n1,Asha,,\n2,,,\n", []string{one[0], `row 2: id="2"`}, nil},
		{"a row broken in two", "id,name,note\n1,Asha,met\nher,2026\n2,Uma\n", []string{`row 1: id="1" name="Asha" note="met"`},
			[]string{"line 3: a row of 2 cells under a header of 3", "line 4: a row of 2 cells under a header of 3"}},
		{"never closed", "id,name\n\"a\nb\",1\n1,\"x\n2,Asha\n", []string{`row 1: id="a\nb" name="1"`, `row 3: id="2" name="Asha"`},
			[]string{"line 4: a quote that is never closed, or in the middle of a cell"}},
		{"a lone quote that begins a cell", "id,name\n1,\"4 inch\n2,Asha\n3,\"said\"\n4,\"a\nb\" \n", []string{`row 2: id="2" name="Asha"`, `row 3: id="3" name="said"`, `row 4: id="4" name="a\nb "`},
			[]string{"line 2: a quote that is never closed, or in the middle of a cell"}},
		{"bad utf-8", "id,name\n1,As\xe9ha\n", []string{"row 1: id=\"1\" name=\"Aséha\""}, nil},
		{"header only", "id,name\n", nil, nil},
		{"nothing", "", nil, nil},
		{"single column", "name\nAsha\n\n\"\"\nRavi\n", []string{`row 1: name="Asha"`, `row 2:`, `row 3: name="Ravi"`}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
			defer mem.AssertSize(t, 0)
			c := New("leads", "files", leads, Options{Mem: mem})
			rows, gaps, err := readAll(t, c, tt.data)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tt.rows, rows); d != "" {
				t.Errorf("rows (-want +got):\n%s", d)
			}
			if d := cmp.Diff(tt.gaps, gaps); d != "" {
				t.Errorf("gaps (-want +got):\n%s", d)
			}
			rewrite(t, c, tt.data, nil, tt.data)
		})
	}
}

func TestDecodeErrors(t *testing.T) {
	for name, data := range map[string]string{
		"zero bytes":      "PK\x03\x04\x00\x00\n1,2\n",
		"unclosed header": "id,\"name\n1,2\n",
		"too wide":        strings.Repeat(",", maxColumns) + "\n",
	} {
		if _, _, err := readAll(t, New("leads", "files", leads, Options{}), data); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	boom := errors.New("boom")
	in := input("")
	in.Open = func() (io.ReadCloser, error) {
		return io.NopCloser(io.MultiReader(strings.NewReader("id,name\n1,Asha\n2,R"), &failing{boom})), nil
	}
	n := 0
	err := New("leads", "files", leads, Options{}).Decode(context.Background(), in, func(b connectors.Batch) error {
		n += int(b.Rows.NumRows())
		b.Rows.Release()
		return nil
	})
	if !errors.Is(err, boom) || n != 1 {
		t.Errorf("got %v after %d records, want boom after 1", err, n)
	}
}

type failing struct{ err error }

func (f *failing) Read([]byte) (int, error) { return 0, f.err }

// rewrite checks the result of a rewrite and returns its outcome.
func rewrite(t testing.TB, c format.Codec, data string, edits []connectors.Edit, want string) connectors.Outcome {
	t.Helper()
	var out bytes.Buffer
	e := format.NewEdits(edits)
	if _, err := c.Rewrite(context.Background(), input(data), &out, e); err != nil {
		t.Fatal(err)
	}
	if out.String() != want {
		t.Errorf("rewritten to %q, want %q", out.String(), want)
	}
	return e.Outcome()
}

func set(loc, field, value string, v connectors.Verdict) connectors.Edit {
	return connectors.Edit{Collection: "leads", Locator: loc, Action: connectors.Redact,
		Rewrite: func(f connectors.Field, _ string) (string, connectors.Verdict) {
			if f.Name == field {
				return value, v
			}
			return "", connectors.Same
		}}
}

func TestRewrite(t *testing.T) {
	le := charsetOf([]byte("\xff\xfe")).order
	del := connectors.Edit{Collection: "leads", Locator: "row 2", Action: connectors.Delete}
	for _, tt := range []struct {
		name, data string
		edit       connectors.Edit
		want       string
	}{
		{"delete", "id,name\r\n1,a\r\n2,\"b\nb\"\r\n\r\n3,c", del, "id,name\r\n1,a\r\n\r\n3,c"},
		{"delete the last", "id,name\n1,a\n2,b", del, "id,name\n1,a\n"},
		{"delete in utf-16", "\xff\xfe" + wide(le, "id\tname\r\n1\tஅ😀\r\n2\tb\r\n"), del, "\xff\xfe" + wide(le, "id\tname\r\n1\tஅ😀\r\n")},
		{"empty", "id,name\n1,a\n2,b\n", set("row 2", "name", "", connectors.Empty), "id,name\n1,a\n2,\n"},
		{"empty in quotes", "id,name\n1,a\n\"2\",\"b\"\n", set("row 2", "name", "", connectors.Empty), "id,name\n1,a\n\"2\",\"\"\n"},
		{"set needs quotes", "id;name\n1;a\n2;b\r\n", set("row 2", "name", `x;"y"`, connectors.Set), "id;name\n1;a\n2;\"x;\"\"y\"\"\"\r\n"},
		{"set keeps quotes", "id,name\n1,a\n2,\"b\"", set("row 2", "name", "x", connectors.Set), "id,name\n1,a\n2,\"x\""},
		{"only cell", "name\na\nb\nc\n", set("row 2", "name", "", connectors.Empty), "name\na\n\"\"\nc\n"},
		{"other bytes stay", "id,name,x\n1,a,\xe9\n2,b,\xe9\n", set("row 2", "name", "z", connectors.Set), "id,name,x\n1,a,\xe9\n2,z,\xe9\n"},
		{"gaps stay", "id,name\n1\n2,b\n\"3", del, "id,name\n1\n\"3"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			out := rewrite(t, New("leads", "files", leads, Options{}), tt.data, []connectors.Edit{tt.edit}, tt.want)
			if out.Deleted+out.Redacted != 1 || out.Missing != 0 {
				t.Errorf("outcome %+v", out)
			}
		})
	}
	out := rewrite(t, New("leads", "files", leads, Options{}), "id,name\n1,a\n", []connectors.Edit{del, set("row 1", "name", "a", connectors.Set)}, "id,name\n1,a\n")
	if want := (connectors.Outcome{Missing: 1}); out != want {
		t.Errorf("outcome %+v, want %+v", out, want)
	}
}

func TestLongLines(t *testing.T) {
	for _, order := range []utf16.Order{nil, charsetOf([]byte("\xff\xfe")).order} {
		text := "id,name\n1,a\n2," + strings.Repeat("x", maxRecord+100) + "\n3,c\n"
		if order != nil {
			text = "\xff\xfe" + wide(order, text)
		}
		c := New("leads", "files", leads, Options{})
		rows, gaps, err := readAll(t, c, text)
		if err != nil || len(rows) != 2 || rows[1] != `row 3: id="3" name="c"` || len(gaps) != 1 || gaps[0] != "line 3: a line of more than 16 MiB" {
			t.Fatalf("got %q, %q, %v", rows, gaps, err)
		}
		rewrite(t, c, text, nil, text)
	}
}

// TestModel compares with encoding/csv on tables that it wrote.
func TestModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		width := rapid.IntRange(2, 6).Draw(t, "width")
		value := rapid.StringOf(rapid.SampledFrom([]rune("ab ,;\"\n\téஅ😀")))
		table := rapid.SliceOfN(rapid.SliceOfN(value, width, width), 0, 30).Draw(t, "table")
		header := []string{"c0", "c1", "c2", "c3", "c4", "c5"}[:width]
		var buf bytes.Buffer
		w := stdcsv.NewWriter(&buf)
		w.UseCRLF = rapid.Bool().Draw(t, "crlf")
		if err := w.WriteAll(append([][]string{header}, table...)); err != nil {
			t.Fatal(err)
		}
		data := buf.String()
		if w.UseCRLF {
			for _, r := range table { // the writer turns \n inside cells into \r\n
				for i := range r {
					r[i] = strings.ReplaceAll(r[i], "\n", "\r\n")
				}
			}
		}
		c := New("leads", "files", connectors.Collection{Name: "leads"}, Options{Delimiter: ','})
		check := func(data string, table [][]string) {
			var got [][]string
			sc := newScanner(strings.NewReader(data))
			for {
				rec, err := sc.next()
				if err != nil {
					t.Fatal(err)
				}
				if rec == nil {
					break
				}
				var r []string
				for _, x := range rec.cells {
					r = append(r, string(rec.value(x, nil)))
				}
				got = append(got, r)
			}
			if d := cmp.Diff(append([][]string{header}, table...), got); d != "" {
				t.Fatalf("%q (-want +got):\n%s", data, d)
			}
		}
		check(data, table)
		var edits []connectors.Edit
		var left [][]string
		for i, r := range table {
			loc := fmt.Sprintf("row %d", i+1)
			switch rapid.IntRange(0, 2).Draw(t, "edit") {
			case 0:
				edits = append(edits, connectors.Edit{Collection: "leads", Locator: loc, Action: connectors.Delete})
				continue
			case 1:
				if r[1] != "" {
					v := value.Draw(t, "new")
					edits = append(edits, set(loc, "c1", v, connectors.Set))
					r = append([]string(nil), r...)
					r[1] = v
				}
			}
			left = append(left, r)
		}
		var out bytes.Buffer
		n, err := c.Rewrite(context.Background(), input(data), &out, format.NewEdits(edits))
		if err != nil || n != len(left) {
			t.Fatalf("%d left, %v; want %d", n, err, len(left))
		}
		check(out.String(), left)
	})
}

// TestRewriteWithoutHeader deletes the first record of a table that has no header.
func TestRewriteWithoutHeader(t *testing.T) {
	c := New("leads", "crm", leads, Options{})
	data := "\xef\xbb\xbf\r\n9,\"Asha\",9820145678\r\n8,Bela,9820145679\r\n7,Chetan,x"
	out := rewrite(t, c, data, []connectors.Edit{{Collection: "leads", Locator: "row 1", Action: connectors.Delete}}, "\xef\xbb\xbf\r\n8,Bela,9820145679\r\n7,Chetan,x")
	if out.Deleted != 1 {
		t.Errorf("%+v", out)
	}
}

// TestTwinColumns: a second column of a name carries what the catalog says of the first.
func TestTwinColumns(t *testing.T) {
	cat := connectors.Collection{Name: "leads", Account: "phone", Fields: []connectors.CatalogField{
		{Name: "phone", Identity: "phone", Categories: []string{"user.contact.phone_number"}, PrimaryKey: true}}}
	got := columns("files", cat, []string{"phone", "Phone", "other", "phone"})
	want := connectors.Field{Identity: "phone", Categories: []string{"user.contact.phone_number"}}
	for i, name := range map[int]string{1: "Phone", 3: "phone#2"} {
		want.Name = name
		got[i].Meaning = nil
		if diff := cmp.Diff(want, got[i]); diff != "" {
			t.Errorf("column %d: %s", i, diff)
		}
	}
	if got[2].Identity != "" {
		t.Errorf("a column that nobody described: %+v", got[2])
	}
}

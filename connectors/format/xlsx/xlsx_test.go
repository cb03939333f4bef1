package xlsx

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"github.com/cratio/sutra/connectors"
)

func TestDecode(t *testing.T) {
	rows, gaps, err := read(t, workbook(t))
	want := []string{
		"row 1 | id=1 | phone=9876540001 | name=Asha Verma | at=2026-04-21 10:15:00 | remark=urgent | Price=10",
		`row 2 | id=2 | phone=+91 98765 40002 | name=आशा वर्मा | at=2026-04-22 10:15:00 | remark=urgent | Price=20 | sutra.rest={"comment B4":"कल फिर"}`,
		`row 3 | id=3 | phone=98765 40003 | name=Ravi Rao | at=2026-04-21 10:15:00 | remark=only his words | Price=30 | sutra.rest={"link B5":"tel:+919876540003","comment C5":"call Ravi <again>"}`,
		`row 5 | id=5 | phone=98765 40005 | name=Om <Nair> & Sons | at=2026-04-21 10:15:00 | remark=urgent | Price=50 | sutra.rest={"link C7":"mailto:om.nair@example.in"}`,
		"sheet 2 row 1 | phone=98765 40009 | name=Ravi Rao", "sheet 3 row 1 | phone=98765 40009 | name=Ravi Rao",
	}
	if diff := cmp.Diff(want, rows); diff != "" || err != nil || len(gaps) > 0 {
		t.Error(diff, gaps, err)
	}
}

const styles = `<styleSheet><numFmts><numFmt numFmtId="164" formatCode="&quot;day&quot; 0"/><numFmt numFmtId="165" formatCode="[$-409]d\-mmm\-yy;@"/><numFmt numFmtId="14" formatCode="0.00"/></numFmts>` +
	`<cellStyleXfs><xf numFmtId="22"/></cellStyleXfs><cellXfs><xf numFmtId="0"/><xf numFmtId="22"/><xf numFmtId="164"/><xf numFmtId="165"/><xf numFmtId="14"/><xf/></cellXfs></styleSheet>`

func TestValues(t *testing.T) {
	book := strings.Replace(minimalBook, "<sheets>", `<workbookPr date1904="%s"/><sheets>`, 1)
	rels := `<Relationships><Relationship Id="r1" Type="http://x/worksheet" Target="s.xml"/><Relationship Id="r2" Type="http://x/sharedStrings" Target="Texts.xml"/><Relationship Id="r3" Type="http://x/styles" Target="st.xml"/></Relationships>`
	sst := `<sst><si><t>zero</t></si><si><r><t>one</t></r><rPh sb="0" eb="1"><t>no</t></rPh><r><rPr/><t xml:space="preserve"> &amp; two</t></r></si><si/><si><t>a_x000D_b_x005F_x0041_ _xD83D__xDE00_</t></si></sst>`
	for _, tt := range []struct{ epoch, cell, want string }{
		{"0", `<c><v>9.87654E+09</v></c>`, "9876540000"},
		{"0", `<c><v>9876540001</v></c>`, "9876540001"},
		{"0", `<c t="n"><v>9876540001.0</v></c>`, "9876540001"},
		{"0", `<c><v>0.10000000000000001</v></c>`, "0.1"},
		{"0", `<c><v>-1.5E-3</v></c>`, "-0.0015"},
		{"0", `<c><v>NaN</v></c>`, "NaN"},
		{"0", `<c s="1"><v>46133.427083333336</v></c>`, "2026-04-21 10:15:00"},
		{"0", `<c s="1"><v>46133.9999999</v></c>`, "2026-04-22 00:00:00"},
		{"1", `<c s="1"><v>44671.427083333336</v></c>`, "2026-04-21 10:15:00"},
		{"0", `<c s="1"><v>0.4270833</v></c>`, "10:15:00"},
		{"0", `<c s="1"><v>59</v></c>`, "1900-02-28 00:00:00"},
		{"0", `<c s="1"><v>61</v></c>`, "1900-03-01 00:00:00"},
		{"0", `<c s="1"><v>9876540001</v></c>`, "9876540001"},
		{"0", `<c s="2"><v>45000</v></c>`, "45000"},
		{"0", `<c s="3"><v>45000</v></c>`, "2023-03-15 00:00:00"},
		{"0", `<c s="4"><v>45000</v></c>`, "45000"},
		{"0", `<c s="99"><v>45000</v></c>`, "45000"},
		{"0", `<c t="d"><v>2026-04-21T10:15:00.000</v></c>`, "2026-04-21 10:15:00"},
		{"0", `<c t="b"><v>1</v></c>`, "TRUE"},
		{"0", `<c t="b"><v>false</v></c>`, "FALSE"},
		{"0", `<c t="e"><v>#N/A</v></c>`, "#N/A"},
		{"0", `<c t="str"><f>A1&amp;"x"</f><v>tab	&lt;_x0041_</v></c>`, "tab\t<A"},
		{"0", `<c t="s"><v>1</v></c>`, "one & two"},
		{"0", `<c t="s"><v>3</v></c>`, "a\rb_x0041_ 😀"},
		{"0", `<c t="inlineStr"><is><r><t>rich </t></r><r><t>text</t></r></is></c>`, "rich text"},
		{"0", `<c t="str"><v><![CDATA[<raw>]]></v></c>`, "<raw>"},
	} {
		data := parts(t, "XL/Workbook.xml", fmt.Sprintf(book, tt.epoch), "xl/_rels/workbook.xml.rels", rels, "xl/texts.xml", sst, "xl/st.xml", styles,
			"xl/s.xml", "<worksheet><sheetData>"+line("name")+"<row>"+tt.cell+"</row></sheetData></worksheet>")
		rows, gaps, err := read(t, data)
		if want := []string{"row 1 | name=" + tt.want}; !cmp.Equal(rows, want) || len(gaps) > 0 || err != nil {
			t.Errorf("%s: %q, %q, %v, want %q", tt.cell, rows, gaps, err, want)
		}
	}
}

func TestHandWritten(t *testing.T) {
	sheet := `<x:worksheet xmlns:x="m"><x:sheetData><x:row/><x:row><x:c t="inlineStr"><x:is><x:t>phone</x:t></x:is></x:c><x:c t="str"><x:v>name</x:v></x:c></x:row>` +
		`<x:row r="5"><x:c><x:v>9.87654E+09</x:v></x:c></x:row><x:row/><x:row><x:c r="B7" t="b"><x:v>1</x:v></x:c><x:c r="D7"><x:v>7</x:v></x:c></x:row>` +
		`<x:row><x:c t="str"><x:v>last</x:v></x:c></x:row></x:sheetData><x:controls><x:anchor><x:row>99</x:row></x:anchor></x:controls></x:worksheet>`
	data := raw(t, sheet)
	rows, gaps, err := read(t, data)
	if diff := cmp.Diff([]string{"row 3 | phone=9876540000", "row 5 | name=TRUE | column 4=7", "row 6 | phone=last"}, rows); diff != "" || err != nil || len(gaps) > 0 {
		t.Fatal(diff, gaps, err)
	}
	out, _, _ := rewrite(t, data, set("row 3", map[string]string{"phone": "x"}))
	if rows, _, err = read(t, out); err != nil || rows[0] != "row 3 | phone=x" {
		t.Error(rows, err)
	}
	for _, loc := range []string{"row 3", "row 5"} { // rows without numbers stay where they are
		out, left, _ := rewrite(t, data, remove(loc))
		want := []string{"row 3 | phone=9876540000", "row 6 | phone=last"}
		if loc == "row 3" {
			want[0] = "row 5 | name=TRUE | column 4=7"
		}
		if rows, _, err = read(t, out); !cmp.Equal(rows, want) || left != 2 || err != nil {
			t.Error(loc, rows, left, err)
		}
	}
}

// TestFields covers the choice of columns.
func TestFields(t *testing.T) {
	data := minimal(t, line("name", "NAME", "", "sutra.rest", "name#2")+line("1", "2", "3", "4", "5", "6"))
	rows, _, err := read(t, data)
	if want := "row 1 | name=1 | name#2=2 | column 3=3 | sutra.rest#2=4 | name#2#2=5 | column 6=6"; err != nil || !cmp.Equal(rows, []string{want}) {
		t.Error(rows, err)
	}
	own := func(n int) Options {
		return Options{Fields: func(header []string) []connectors.Field {
			return append([]connectors.Field{{Name: "column 6"}, {Name: "b"}, {Name: "c"}, {Name: "d"}, {Name: "e"}}, make([]connectors.Field, n)...)
		}}
	}
	var names []string
	err = New("leads", "files", cat, own(0)).Decode(context.Background(), input(data), func(b connectors.Batch) error {
		for _, f := range b.Rows.Schema().Fields() {
			names = append(names, f.Name)
		}
		b.Rows.Release()
		return nil
	})
	if want := "sutra.locator column 6 b c d e column 6#2 sutra.rest"; err != nil || strings.Join(names, " ") != want {
		t.Error(names, err)
	}
	gaps := 0
	err = New("leads", "files", cat, own(1)).Decode(context.Background(), input(data), func(b connectors.Batch) error { gaps += len(b.Gaps); return nil })
	if err != nil || gaps != 1 {
		t.Errorf("a wrong number of fields: %d gaps, %v", gaps, err)
	}
}

// TestWider has rows each of which is wider than the one before.
func TestWider(t *testing.T) {
	var b strings.Builder
	b.WriteString(line("phone"))
	for i := range 300 {
		fmt.Fprintf(&b, `<row><c r="%s%d"><v>%d</v></c></row>`, columnName(i), i+2, i)
	}
	rows, gaps, err := read(t, minimal(t, b.String()))
	if len(rows) != 300 || len(gaps) > 0 || err != nil || rows[299] != "row 300 | column 300=299" {
		t.Error(len(rows), gaps, err)
	}
}

// TestLikeExcelize reads more than a batch and compares with another reader.
func TestLikeExcelize(t *testing.T) {
	f := excelize.NewFile()
	w, err := f.NewStreamWriter("Sheet1")
	must(t, err, w.SetRow("A1", []any{"id", "phone", "name"}))
	for i := 2; i < 3000; i++ {
		must(t, w.SetRow(fmt.Sprintf("A%d", i), []any{i, 9_800_000_000 + i, fmt.Sprintf("नाम %d <&>", i)}))
	}
	must(t, w.Flush())
	data := saved(t, f)
	other, err := excelize.OpenReader(strings.NewReader(data))
	must(t, err)
	list, err := other.GetRows("Sheet1", excelize.Options{RawCellValue: true})
	must(t, err, other.Close())
	var want []string
	for i, r := range list[1:] {
		want = append(want, fmt.Sprintf("row %d | id=%s | phone=%s | name=%s", i+1, r[0], r[1], r[2]))
	}
	rows, gaps, err := read(t, data)
	if diff := cmp.Diff(want, rows); diff != "" || len(gaps) > 0 || err != nil {
		t.Error(diff, gaps, err)
	}
}

// TestStopped covers readers that fail, stop and are cancelled.
func TestStopped(t *testing.T) {
	data, boom := workbook(t), errors.New("boom")
	c := New("leads", "files", cat, Options{})
	err := c.Decode(context.Background(), input(data), func(b connectors.Batch) error { b.Rows.Release(); return boom })
	if !errors.Is(err, boom) {
		t.Errorf("a consumer's error is %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := c.Decode(ctx, input(data), nil); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	in := input(data)
	for at := int64(0); at < int64(len(data)); at += 997 { // the store fails: never a gap
		in.At = func() (io.ReaderAt, int64, error) {
			return &failing{strings.NewReader(data), at, boom}, int64(len(data)), nil
		}
		err := c.Decode(context.Background(), in, func(b connectors.Batch) error {
			if b.Rows != nil {
				b.Rows.Release()
			}
			return nil
		})
		if err != nil && !errors.Is(err, boom) {
			t.Errorf("failing at %d: %v", at, err)
		}
		if at < 4096 && err == nil {
			t.Errorf("failing at %d: no error", at)
		}
	}
}

type failing struct {
	io.ReaderAt
	at  int64
	err error
}

func (f *failing) ReadAt(p []byte, off int64) (int, error) {
	if off <= f.at && f.at < off+int64(len(p)) {
		return 0, f.err
	}
	return f.ReaderAt.ReadAt(p, off)
}

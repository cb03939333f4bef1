package xlsx

import (
	"archive/zip"
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"
	"pgregory.net/rapid"

	"github.com/cratio/sutra/connectors"
)

func TestDelete(t *testing.T) {
	data := workbook(t)
	if out, left, _ := rewrite(t, data, remove("row 4")); out != data || left != 6 {
		t.Error("a workbook without an edit of its records changed")
	}
	before := cells(t, data)
	out, left, o := rewrite(t, data, remove("row 3"), remove("sheet 2 row 1"), remove("row 99"))
	if left != 4 || o.Deleted != 2 || o.Missing != 1 {
		t.Errorf("%d left, %+v", left, o)
	}
	for k := range before {
		if strings.HasPrefix(k, "Old!") && strings.Contains(k, "2") || strings.HasPrefix(k, "Sheet1!") && strings.Contains(k, "5") {
			delete(before, k)
		}
	}
	if diff := cmp.Diff(before, cells(t, out)); diff != "" {
		t.Error(diff)
	}
	nowhere(t, out, "98765 40003", "9876540003", "only his", "call Ravi", "Clerk")
	all := fmt.Sprint(entries(t, out))
	for _, s := range []string{"Ravi Rao", "98765 40009", "कल फिर", "Boss"} {
		if !strings.Contains(all, s) {
			t.Errorf("%q is gone, which others use", s)
		}
	}
	if n := strings.Count(all, "<v:shape "); n != 1 {
		t.Errorf("%d boxes of comments, want 1", n)
	}
	out, left, _ = rewrite(t, out, remove("row 1"), remove("row 2"), remove("row 5"), remove("sheet 3 row 1"))
	if left != 0 {
		t.Errorf("%d left", left)
	}
	nowhere(t, out, "98765", "urgent", "Ravi Rao", "om.nair", "<hyperlink", "कल")
}

func TestRedact(t *testing.T) {
	data := workbook(t)
	before := cells(t, data)
	out, left, o := rewrite(t, data, set("row 5", map[string]string{"phone": "", "name": "[erased] <&>\n_x0041_", "Price": "n/a"}))
	if left != 6 || o.Redacted != 1 {
		t.Errorf("%d left, %+v", left, o)
	}
	delete(before, "Sheet1!B7")
	for ref, text := range map[string]string{"Sheet1!C7": "[erased] <&>\n_x0041_|", "Sheet1!F7": "n/a|"} {
		_, style, _ := strings.Cut(before[ref], "|")
		before[ref] = text + style
	}
	if diff := cmp.Diff(before, cells(t, out)); diff != "" {
		t.Error(diff)
	}
	nowhere(t, out, "98765 40005", "Nair")
	if again, _, o := rewrite(t, out, set("row 5", map[string]string{"phone": "", "name": "[erased] <&>\n_x0041_"})); again != out || o.Redacted != 0 {
		t.Error("a second redaction changed something")
	}
}

func TestRedactRest(t *testing.T) {
	data := workbook(t)
	out, _, o := rewrite(t, data, set("row 3", map[string]string{RestColumn: `{"comment C5":"call <him>"}`}), set("row 2", map[string]string{RestColumn: ""}),
		set("row 5", map[string]string{"name": "x"}))
	rows, _, err := read(t, out)
	if err != nil || o.Redacted != 3 || !strings.HasSuffix(rows[2], `Price=30 | sutra.rest={"comment C5":"call <him>"}`) || strings.Contains(rows[1], "rest") {
		t.Error(rows, o, err)
	}
	nowhere(t, out, "Ravi <", "Ravi &lt;", "कल", "tel:", "Boss")
	if c := cells(t, out); c["Sheet1!C5 comment"] != "call <him>" || c["Sheet1!B4 comment"] != "" || c["Sheet1!C7 link"] == "" {
		t.Error(c) // a link that does not say what is redacted stays
	}
	var b bytes.Buffer
	for _, bad := range []string{"x", "null", "[]"} {
		ed := []connectors.Edit{set("row 3", map[string]string{RestColumn: bad})}
		if err := rewriteError(data, &b, ed); err == nil || strings.Contains(err.Error(), "Ravi") {
			t.Errorf("a rest of %s: %v", bad, err)
		}
	}
}

// TestCopies covers what programs keep as copies of a cell.
func TestCopies(t *testing.T) {
	chart := `<c:chart xmlns:c="c"><c:strCache><c:ptCount val="3"/><c:pt idx="0"><c:v>Asha</c:v></c:pt><c:pt idx="1"><c:v>Ravi</c:v></c:pt><c:pt idx="2"><c:v>both</c:v></c:pt></c:strCache></c:chart>`
	table := `<table><autoFilter><filterColumn><filters><filter val="Asha"/><filter val="Ravi"/></filters><customFilters><customFilter operator="equal" val="Asha"></customFilter></customFilters></filterColumn></autoFilter></table>`
	types := `<Types><Override PartName="/xl/workbook.xml"/><Override PartName="/xl/calcChain.xml" ContentType="x"/></Types>`
	rels := strings.Replace(minimalRels, "</Rel", `<Relationship Id="r9" Type="http://x/calcChain" Target="calcChain.xml"/></Rel`, 1)
	sheet := `<worksheet><sheetData>` + line("name", "x") + `<row r="2"><c t="str"><f>UPPER("a")</f><v>Asha</v></c><c t="str"><v>both</v></c></row>` + line("Ravi", "both") +
		`</sheetData><autoFilter><filterColumn><filters><filter val="Asha"/><filter val="both"/></filters></filterColumn></autoFilter></worksheet>`
	data := parts(t, "[Content_Types].xml", types, "xl/workbook.xml", minimalBook, "xl/_rels/workbook.xml.rels", rels, "xl/s.xml", sheet,
		"xl/charts/chart1.xml", chart, "xl/tables/table1.xml", table, "xl/calcChain.xml", `<calcChain><c r="A2" i="1"/></calcChain>`)
	for _, edit := range []connectors.Edit{remove("row 1"), set("row 1", map[string]string{"name": ""})} {
		out, _, _ := rewrite(t, data, edit)
		nowhere(t, out, "Asha", "calcChain")
		got := entries(t, out)
		if want := strings.Replace(chart, `<c:pt idx="0"><c:v>Asha</c:v></c:pt>`, "", 1); got["xl/charts/chart1.xml"] != want {
			t.Error(got["xl/charts/chart1.xml"])
		}
		want := strings.NewReplacer(`"Asha"/>`, `""/>`, `"Asha"></customFilter>`, `""/>`).Replace(table)
		if got["xl/tables/table1.xml"] != want || !strings.Contains(got["xl/s.xml"], `<filter val=""/><filter val="both"/>`) {
			t.Error(got["xl/tables/table1.xml"], got["xl/s.xml"])
		}
		if rows, gaps, err := read(t, out); len(rows) == 0 || len(gaps) > 0 || err != nil {
			t.Error(rows, gaps, err)
		}
	}
}

// TestSharedFormulas proves that cells which share a formula keep it when the row
// goes in which it is written.
func TestSharedFormulas(t *testing.T) {
	sheet := line("phone", "twice") + `<row r="2"><c r="A2"><v>1</v></c><c r="B2" s="0"><f t="shared" ref="B2:B3" si="0">A2*2</f><v>22222</v></c><c r="C2"><v>33333</v></c></row>` +
		`<row r="3"><c r="A3"><v>5</v></c><c r="B3"><f t="shared" si="0"/><v>10</v></c></row>`
	var list []string
	for name, part := range entries(t, saved(t, excelize.NewFile())) {
		list = append(list, name, strings.Replace(part, "<sheetData></sheetData>", "<sheetData>"+sheet+"</sheetData>", 1))
	}
	data := parts(t, list...)
	for name, edit := range map[string]connectors.Edit{"delete": remove("row 1"), "redact": set("row 1", map[string]string{"phone": "", "twice": "", "column 3": ""})} {
		out, left, _ := rewrite(t, data, edit)
		nowhere(t, out, "22222", "33333")
		f, err := excelize.OpenReader(strings.NewReader(out))
		must(t, err)
		formula, err := f.GetCellFormula("Sheet1", "B3")
		must(t, err, f.Close())
		if formula != "A3*2" {
			t.Errorf("%s: the formula of the other cell is %q", name, formula)
		}
		rows, gaps, err := read(t, out)
		if want := []string{"row 2 | phone=5 | twice=10"}; !cmp.Equal(rows, want) || len(gaps) > 0 || err != nil || left != len(rows)+map[string]int{"redact": 1}[name] {
			t.Errorf("%s: %q, %q, %v, %d left", name, rows, gaps, err, left)
		}
	}
	data = minimal(t, line("phone")+`<row r="2"><c r="A2" t="str"><f>HYPERLINK("https://wa.me/919876540001","chat")</f><v>chat</v></c></row>`)
	rows, _, err := read(t, data)
	if len(rows) != 1 || !strings.Contains(rows[0], `"formula A2":"HYPERLINK(\"https://wa.me/919876540001\"`) || err != nil {
		t.Error(rows, err)
	}
	out, _, _ := rewrite(t, data, set("row 1", map[string]string{RestColumn: "{}"}))
	nowhere(t, out, "9876540001")
	if rows, _, err = read(t, out); !cmp.Equal(rows, []string{"row 1 | phone=chat"}) || err != nil {
		t.Error(rows, err)
	}
}

// TestThreads covers threads of comments, and comments where no row stands.
func TestThreads(t *testing.T) {
	rels := `<Relationships><Relationship Id="c" Type="x/comments" Target="../comments1.xml"/><Relationship Id="t" Type="x/threadedComment" Target="../threads/t.xml"/></Relationships>`
	notes := `<comments><authors><author>A</author><author>B</author></authors><commentList><comment ref="A3" authorId="0"><text><t>note</t></text></comment><comment ref="A1" authorId="1"><text><t>head</t></text></comment></commentList></comments>`
	threads := `<ThreadedComments><threadedComment ref="A3" id="1"><text>ask @Asha</text><mentions><mention startIndex="4"/></mentions></threadedComment><threadedComment ref="A3" id="2" parentId="1"><text>done</text></threadedComment></ThreadedComments>`
	data := parts(t, "xl/workbook.xml", minimalBook, "xl/_rels/workbook.xml.rels", strings.Replace(minimalRels, "/xl/s", "worksheets/s", 1),
		"xl/worksheets/s.xml", `<worksheet><sheetData>`+line("phone")+`<row r="5"><c><v>1</v></c></row></sheetData></worksheet>`,
		"xl/worksheets/_rels/s.xml.rels", rels, "xl/comments1.xml", notes, "xl/threads/t.xml", threads)
	rows, gaps, err := read(t, data)
	want := []string{`row 2 | sutra.rest={"comment A3":"note","thread A3":"ask @Asha","thread A3#2":"done"}`, "row 4 | phone=1"}
	if diff := cmp.Diff(want, rows); diff != "" || len(gaps) != 1 || !strings.Contains(gaps[0], "sheet 1: the worksheet has 1 comments") || err != nil {
		t.Error(diff, gaps, err)
	}
	out, _, _ := rewrite(t, data, set("row 2", map[string]string{RestColumn: `{"thread A3":"ask her","thread A3#2":"done"}`}))
	nowhere(t, out, "@Asha", "note", "mention", ">A<")
	if rows, _, err = read(t, out); rows[0] != `row 2 | sutra.rest={"thread A3":"ask her","thread A3#2":"done"}` || err != nil {
		t.Error(rows, err)
	}
	out, left, _ := rewrite(t, data, remove("row 2"), remove("row 4"))
	nowhere(t, out, "Asha", "done", "note")
	if rows, _, err = read(t, out); len(rows) > 0 || left != 1 || err != nil { // the comment on the header is not read
		t.Error(rows, left, err)
	}
}

// TestPackage proves that parts which did not change are copied as they are packed,
// in their order, and that the others keep their headers.
func TestPackage(t *testing.T) {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	must(t, w.SetComment("kept"))
	for _, e := range [][2]string{{"docProps/app.xml", "<x/>"}, {"xl/workbook.xml", minimalBook}, {"xl/media/", ""}, {"xl/_rels/workbook.xml.rels", minimalRels}, {"xl/s.xml", "<worksheet><sheetData>" + line("phone") + line("1") + line("2") + "</sheetData></worksheet>"}, {"z", "z"}} {
		h := &zip.FileHeader{Name: e[0], Method: zip.Deflate, Modified: time.Date(2020, 1, 2, 3, 4, 6, 0, time.UTC), Comment: "c", Extra: []byte{9, 9, 1, 0, 7}}
		if e[0] == "z" || e[1] == "" {
			h.Method = zip.Store
		}
		f, err := w.CreateHeader(h)
		must(t, err)
		_, err = f.Write([]byte(e[1]))
		must(t, err)
	}
	must(t, w.Close())
	out, _, _ := rewrite(t, b.String(), remove("row 1"))
	old, err := zip.NewReader(bytes.NewReader(b.Bytes()), int64(b.Len()))
	must(t, err)
	now, err := zip.NewReader(strings.NewReader(out), int64(len(out)))
	must(t, err)
	if now.Comment != "kept" || len(now.File) != len(old.File) {
		t.Fatalf("%q, %d parts", now.Comment, len(now.File))
	}
	for i, f := range old.File {
		a, b := f.FileHeader, now.File[i].FileHeader
		if a.Name == "xl/s.xml" {
			a.CRC32, a.CompressedSize, a.CompressedSize64, a.UncompressedSize, a.UncompressedSize64 = b.CRC32, b.CompressedSize, b.CompressedSize64, b.UncompressedSize, b.UncompressedSize64
		}
		if diff := cmp.Diff(a, b); diff != "" {
			t.Error(diff)
		}
	}
}

// TestModel writes tables with excelize, deletes and redacts at random, and lets
// excelize read what is left.
func TestModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.OneOf(rapid.StringOfN(rapid.SampledFrom([]rune("ab_x0 <>&\"'\n\tआ😀]")), 1, 12, -1), rapid.SampledFrom([]string{"shared", "_x0041_", "9876540001"}))
		rows := rapid.IntRange(1, 8).Draw(t, "rows")
		f := excelize.NewFile()
		for col, h := range []string{"id", "phone", "name"} {
			ref := string(rune('A' + col))
			mustR(t, f.SetCellStr("Sheet1", ref+"1", h))
			for r := range rows {
				mustR(t, f.SetCellStr("Sheet1", fmt.Sprintf("%s%d", ref, r+2), value.Draw(t, "value")))
			}
		}
		var buf bytes.Buffer
		mustR(t, f.Write(&buf))
		want := map[string]string{}
		var edits []connectors.Edit
		for r := range rows {
			loc := fmt.Sprintf("row %d", r+1)
			action := rapid.IntRange(0, 2).Draw(t, "action")
			for col, name := range []string{"id", "phone", "name"} {
				ref := fmt.Sprintf("%c%d", 'A'+col, r+2)
				v, err := f.GetCellValue("Sheet1", ref)
				mustR(t, err)
				switch {
				case action == 0:
				case action == 1 && name == "name":
					want[ref] = value.Draw(t, "new")
					edits = append(edits, set(loc, map[string]string{"name": want[ref]}))
				default:
					want[ref] = v
				}
			}
			if action == 0 {
				edits = append(edits, remove(loc))
			}
		}
		var out bytes.Buffer
		if err := rewriteError(buf.String(), &out, edits); err != nil {
			t.Fatal(err)
		}
		g, err := excelize.OpenReader(&out)
		mustR(t, err)
		got := map[string]string{}
		for r := range rows {
			for col := range 3 {
				ref := fmt.Sprintf("%c%d", 'A'+col, r+2)
				v, err := g.GetCellValue("Sheet1", ref)
				mustR(t, err)
				if v != "" {
					got[ref] = v
				}
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatal(diff)
		}
		mustR(t, f.Close())
		mustR(t, g.Close())
	})
}

func mustR(t *rapid.T, err error) {
	if err != nil {
		t.Fatal(err)
	}
}

// TestNoHeader deletes the first record of a worksheet without a header: the rows keep
// their numbers, and the next one is no header either.
func TestNoHeader(t *testing.T) {
	data := minimal(t, line("Asha", "9820145678")+line("Bela", "9820145679"))
	want := []string{"row 1 | column 1=Asha | column 2=9820145678", "row 2 | column 1=Bela | column 2=9820145679"}
	for n := range want {
		rows, gaps, err := read(t, data)
		if diff := cmp.Diff(want[n:], rows); diff != "" || err != nil || len(gaps) != 1 || !strings.Contains(gaps[0], connectors.NoHeader) {
			t.Error(diff, gaps, err)
		}
		data, _, _ = rewrite(t, data, remove(fmt.Sprintf("row %d", n+1)))
	}
	nowhere(t, data, "Asha", "Bela", "9820145678", "9820145679")
}

package xlsx

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/format"
)

var cat = connectors.Collection{Name: "leads", Fields: []connectors.CatalogField{{Name: "id", PrimaryKey: true}, {Name: "phone", Identity: "phone"}, {Name: "name"}, {Name: "at"}, {Name: "remark"}}}

func codecOf() format.Codec { return New("leads", "files", cat, Options{}) }

func input(data string) format.Input {
	return format.Input{
		Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(data)), nil },
		At:   func() (io.ReaderAt, int64, error) { return strings.NewReader(data), int64(len(data)), nil },
	}
}

func read(data string) (rows, gaps []string, err error) {
	err = codecOf().Decode(context.Background(), input(data), func(b connectors.Batch) error {
		for _, g := range b.Gaps {
			gaps = append(gaps, g.Reason)
		}
		if b.Rows == nil {
			return nil
		}
		defer b.Rows.Release()
		for row := range int(b.Rows.NumRows()) {
			loc, _ := connectors.Value(b.Rows, 0, row)
			for col := 1; col < int(b.Rows.NumCols()); col++ {
				if v, ok := connectors.Value(b.Rows, col, row); ok {
					loc += " | " + b.Rows.ColumnName(col) + "=" + v
				}
			}
			rows = append(rows, loc)
		}
		return nil
	})
	return rows, gaps, err
}

// workbook makes one with what real ones have: styles, dates, numbers as phones,
// merged cells, formulas, rich text, a second and a hidden sheet.
func workbook(t testing.TB) string {
	t.Helper()
	f := excelize.NewFile()
	date, err := f.NewStyle(&excelize.Style{NumFmt: 22})
	must := func(errs ...error) {
		t.Helper()
		for _, e := range errs {
			if e != nil {
				t.Fatal(e)
			}
		}
	}
	must(err)
	bold, err := f.NewStyle(&excelize.Style{Font: &excelize.Font{Bold: true}, Fill: excelize.Fill{Type: "pattern", Color: []string{"FFFF00"}, Pattern: 1}})
	must(err)
	at := time.Date(2026, 4, 21, 10, 15, 0, 0, time.UTC)
	rows := [][]any{{"ID", "Phone", "Name", "At", "Remark", "Price"}, {1, 9876540001, "Asha Verma", at, "urgent", 10}, {2, "+91 98765 40002", "आशा वर्मा", at.AddDate(0, 0, 1), "urgent", 20},
		{3, "98765 40003", "Ravi Rao", at, "only his words", 30}, {5, "98765 40005", "Om <Nair> & Sons", at, "urgent", 50}}
	for i, r := range rows {
		n := i + 2
		if i == 4 {
			n++ // a blank row
		}
		must(f.SetSheetRow("Sheet1", fmt.Sprintf("A%d", n), &r))
		if i > 0 {
			must(f.SetCellStyle("Sheet1", fmt.Sprintf("D%d", n), fmt.Sprintf("D%d", n), date), f.SetCellStyle("Sheet1", fmt.Sprintf("C%d", n), fmt.Sprintf("C%d", n), bold),
				f.SetCellFormula("Sheet1", fmt.Sprintf("G%d", n), fmt.Sprintf("F%d*2", n)))
		}
	}
	must(f.MergeCell("Sheet1", "H3", "I4"), f.SetCellRichText("Sheet1", "E5", []excelize.RichTextRun{{Text: "only his "}, {Text: "words", Font: &excelize.Font{Bold: true}}}))
	for _, name := range []string{"Old", "Hidden"} {
		_, err := f.NewSheet(name)
		must(err, f.SetSheetRow(name, "A1", &[]any{"Phone", "Name"}), f.SetSheetRow(name, "A2", &[]any{"98765 40009", "Ravi Rao"}))
	}
	must(f.SetSheetVisible("Hidden", false))
	var b bytes.Buffer
	must(f.Write(&b), f.Close())
	return b.String()
}

func TestDecode(t *testing.T) {
	rows, gaps, err := read(workbook(t))
	want := []string{
		"row 1 | id=1 | phone=9876540001 | name=Asha Verma | at=2026-04-21 10:15:00 | remark=urgent | Price=10",
		"row 2 | id=2 | phone=+91 98765 40002 | name=आशा वर्मा | at=2026-04-22 10:15:00 | remark=urgent | Price=20",
		"row 3 | id=3 | phone=98765 40003 | name=Ravi Rao | at=2026-04-21 10:15:00 | remark=only his words | Price=30",
		"row 5 | id=5 | phone=98765 40005 | name=Om <Nair> & Sons | at=2026-04-21 10:15:00 | remark=urgent | Price=50",
		"sheet 2 row 1 | phone=98765 40009 | name=Ravi Rao", "sheet 3 row 1 | phone=98765 40009 | name=Ravi Rao",
	}
	if diff := cmp.Diff(want, rows); diff != "" || err != nil || len(gaps) > 0 {
		t.Error(diff, gaps, err)
	}
}

func rewrite(t testing.TB, data string, edits ...connectors.Edit) (string, int, connectors.Outcome) {
	t.Helper()
	var out bytes.Buffer
	ed := format.NewEdits(edits)
	left, err := codecOf().Rewrite(context.Background(), input(data), &out, ed)
	if err != nil {
		t.Fatal(err)
	}
	return out.String(), left, ed.Outcome()
}

// unpacked returns every part of a package in one text.
func unpacked(t testing.TB, data string) string {
	t.Helper()
	z, err := zip.NewReader(strings.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, f := range z.File {
		r, err := f.Open()
		if err == nil {
			_, err = io.Copy(&all, r)
		}
		if err != nil {
			t.Fatal(err)
		}
		all.WriteString("\n" + f.Name + "\n")
	}
	return all.String()
}

// cells returns what another program sees: value, style and formula by place.
func cells(t testing.TB, data string) map[string]string {
	t.Helper()
	f, err := excelize.OpenReader(strings.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, sheet := range f.GetSheetList() {
		for row := 1; row <= 8; row++ {
			for _, col := range "ABCDEFGHI" {
				ref := fmt.Sprintf("%c%d", col, row)
				v, err1 := f.GetCellValue(sheet, ref)
				s, err2 := f.GetCellStyle(sheet, ref)
				fm, err3 := f.GetCellFormula(sheet, ref)
				if err1 != nil || err2 != nil || err3 != nil {
					t.Fatal(err1, err2, err3)
				}
				if v != "" || fm != "" {
					out[sheet+"!"+ref] = fmt.Sprintf("%s|%d|%s", v, s, fm)
				}
			}
		}
		m, err := f.GetMergeCells(sheet)
		if err != nil {
			t.Fatal(err)
		}
		out[sheet+"!merged"] = fmt.Sprint(m)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return out
}

func remove(locator string) connectors.Edit {
	return connectors.Edit{Collection: "leads", Locator: locator, Action: connectors.Delete}
}

func TestDelete(t *testing.T) {
	data := workbook(t)
	if out, left, _ := rewrite(t, data); out != data || left != 6 {
		t.Error("a workbook without edits changed")
	}
	before := cells(t, data)
	out, left, o := rewrite(t, data, remove("row 3"), remove("sheet 2 row 1"))
	if left != 4 || o.Deleted != 2 || o.Missing != 0 {
		t.Errorf("%d left, %+v", left, o)
	}
	for _, ref := range strings.Fields("Sheet1!A5 Sheet1!B5 Sheet1!C5 Sheet1!D5 Sheet1!E5 Sheet1!F5 Sheet1!G5 Old!A2 Old!B2") {
		delete(before, ref)
	}
	if diff := cmp.Diff(before, cells(t, out)); diff != "" {
		t.Error(diff)
	}
	all := unpacked(t, out)
	if strings.Contains(all, "98765 40003") || strings.Contains(all, "only his") {
		t.Error("something of him is left in the bytes")
	}
	if !strings.Contains(all, "Ravi Rao") || !strings.Contains(all, "98765 40009") {
		t.Error("a text that another sheet uses is gone")
	}
	out, left, _ = rewrite(t, out, remove("row 1"), remove("row 2"), remove("row 5"), remove("sheet 3 row 1"))
	if left != 0 || strings.Contains(unpacked(t, out), "98765 40009") || strings.Contains(unpacked(t, out), "urgent") {
		t.Errorf("%d left", left)
	}
}

func TestRedact(t *testing.T) {
	data := workbook(t)
	before := cells(t, data)
	out, left, o := rewrite(t, data, connectors.Edit{Collection: "leads", Locator: "row 5", Action: connectors.Redact, Rewrite: func(f connectors.Field, v string) (string, connectors.Verdict) {
		switch f.Name {
		case "phone":
			return "", connectors.Empty
		case "name":
			return "[erased] <&>", connectors.Set
		}
		return "", connectors.Same
	}})
	if left != 6 || o.Redacted != 1 {
		t.Errorf("%d left, %+v", left, o)
	}
	delete(before, "Sheet1!B7")
	_, style, _ := strings.Cut(before["Sheet1!C7"], "|")
	before["Sheet1!C7"] = "[erased] <&>|" + style
	if diff := cmp.Diff(before, cells(t, out)); diff != "" {
		t.Error(diff)
	}
	if all := unpacked(t, out); strings.Contains(all, "98765 40005") || strings.Contains(all, "Nair") {
		t.Error("something of her is left in the bytes")
	}
	if again, _, _ := rewrite(t, out, remove("row 9")); again != out {
		t.Error("an edit of a row that is not there changed the workbook")
	}
}

// parts makes a package of parts.
func parts(t testing.TB, list ...string) string {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i := 0; i < len(list); i += 2 {
		f, err := w.Create(list[i])
		if err == nil {
			_, err = io.WriteString(f, list[i+1])
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

const (
	minimalBook = `<workbook xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="a" r:id="r1"/></sheets></workbook>`
	minimalRels = `<Relationships><Relationship Id="r1" Type="http://x/worksheet" Target="/xl/s.xml"/></Relationships>`
)

func minimal(t testing.TB, sheet string, more ...string) string {
	return parts(t, append([]string{"xl/workbook.xml", minimalBook, "xl/_rels/workbook.xml.rels", minimalRels, "xl/s.xml", sheet}, more...)...)
}

func TestHandWritten(t *testing.T) {
	sheet := `<x:worksheet xmlns:x="m"><x:sheetData><x:row><x:c t="inlineStr"><x:is><x:t>phone</x:t></x:is></x:c><x:c t="str"><x:v>name</x:v></x:c></x:row>` +
		`<x:row r="4"><x:c><x:v>9.87654E+09</x:v></x:c></x:row><x:row/><x:row><x:c r="B6" t="b"><x:v>1</x:v></x:c><x:c r="D6"><x:v>7</x:v></x:c></x:row></x:sheetData></x:worksheet>`
	data := minimal(t, sheet)
	rows, _, err := read(data)
	if diff := cmp.Diff([]string{"row 3 | phone=9876540000", "row 5 | name=TRUE | column 4=7"}, rows); diff != "" || err != nil {
		t.Fatal(diff, err)
	}
	out, _, _ := rewrite(t, data, connectors.Edit{Collection: "leads", Locator: "row 3", Action: connectors.Redact, Rewrite: func(connectors.Field, string) (string, connectors.Verdict) { return "x", connectors.Set }})
	if rows, _, err = read(out); err != nil || rows[0] != "row 3 | phone=x" {
		t.Error(rows, err)
	}
}

func TestRefused(t *testing.T) {
	for name, data := range map[string]string{
		"an old file": "\xD0\xCF\x11\xE0 and so on", "no archive": "PK\x03\x04", "a path that leads out": minimal(t, "<worksheet/>", "../x", "y"),
		"a sheet that is not there": parts(t, "xl/workbook.xml", minimalBook, "xl/_rels/workbook.xml.rels", minimalRels), "a text that is not there": minimal(t, `<row><c t="s"><v>5</v></c></row>`),
		"cut in the middle": minimal(t, `<row><c><v>5</v>`), "too wide": minimal(t, `<row><c r="ZZZZ1"><v>5</v></c></row>`),
	} {
		if _, _, err := read(data); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if _, gaps, err := read(parts(t, "a.txt", "x")); err != nil || len(gaps) != 1 {
		t.Errorf("no workbook: %v, %v", gaps, err)
	}
	if _, gaps, err := read(minimal(t, "<worksheet/>", "xl/comments1.xml", "<comments/>", "xl/pivotCache/a.xml", "x")); err != nil || len(gaps) != 2 {
		t.Errorf("comments: %v, %v", gaps, err)
	}
}

func FuzzWorkbook(f *testing.F) {
	f.Add(`<row><c t="inlineStr"><is><t>phone</t></is></c></row><row><c><v>9876540001</v></c></row>`)
	f.Add(`<x:row r="3"><x:c r="B3" s="1"><x:v>45000.5</x:v><x:f>A1</x:f></x:c></x:row><row/>`)
	f.Fuzz(func(t *testing.T, sheet string) {
		data := minimal(t, sheet)
		rows, _, err := read(data)
		if err != nil || len(rows) == 0 {
			return
		}
		loc, _, _ := strings.Cut(rows[0], " |")
		var out bytes.Buffer
		left, err := codecOf().Rewrite(context.Background(), input(data), &out, format.NewEdits([]connectors.Edit{remove(loc)}))
		if err != nil || left != len(rows)-1 {
			t.Fatalf("%q: %d left of %d, %v", sheet, left, len(rows), err)
		}
		if left == 0 {
			return
		}
		again, _, err := read(out.String())
		if err != nil || len(again) != left {
			t.Fatalf("%q: %q, then %q: %v", sheet, rows, again, err)
		}
	})
}

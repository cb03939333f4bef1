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

	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/xuri/excelize/v2"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/format"
)

var cat = connectors.Collection{Name: "leads", Fields: []connectors.CatalogField{{Name: "id", PrimaryKey: true}, {Name: "phone", Identity: "phone"}, {Name: "name"}, {Name: "at"}, {Name: "remark"}}}

func input(data string) format.Input {
	return format.Input{
		Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(data)), nil },
		At:   func() (io.ReaderAt, int64, error) { return strings.NewReader(data), int64(len(data)), nil },
	}
}

// read returns "locator | name=value ..." a record, and the gaps.
func read(t testing.TB, data string) (rows, gaps []string, err error) {
	t.Helper()
	mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
	defer mem.AssertSize(t, 0)
	c := New("leads", "files", cat, Options{}).(*codec)
	c.mem = mem
	err = c.Decode(context.Background(), input(data), func(b connectors.Batch) error {
		for _, g := range b.Gaps {
			gaps = append(gaps, strings.TrimPrefix(g.Locator+": "+g.Reason, ": "))
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

func rewrite(t testing.TB, data string, edits ...connectors.Edit) (string, int, connectors.Outcome) {
	t.Helper()
	var out bytes.Buffer
	ed := format.NewEdits(edits)
	left, err := New("leads", "files", cat, Options{}).Rewrite(context.Background(), input(data), &out, ed)
	if err != nil {
		t.Fatal(err)
	}
	return out.String(), left, ed.Outcome()
}

func remove(locator string) connectors.Edit {
	return connectors.Edit{Collection: "leads", Locator: locator, Action: connectors.Delete}
}

// set gives fields of a record new texts; an empty one empties the field.
func set(locator string, texts map[string]string) connectors.Edit {
	return connectors.Edit{Collection: "leads", Locator: locator, Action: connectors.Redact, Rewrite: func(f connectors.Field, _ string) (string, connectors.Verdict) {
		switch text, ok := texts[f.Name]; {
		case !ok:
			return "", connectors.Same
		case text == "":
			return "", connectors.Empty
		default:
			return text, connectors.Set
		}
	}}
}

func must(t testing.TB, errs ...error) {
	t.Helper()
	for _, e := range errs {
		if e != nil {
			t.Fatal(e)
		}
	}
}

func saved(t testing.TB, f *excelize.File) string {
	t.Helper()
	var b bytes.Buffer
	must(t, f.Write(&b), f.Close())
	return b.String()
}

// workbook makes one with what real ones have: styles, dates, numbers as phones,
// merged cells, formulas, rich text, comments, links, a second and a hidden sheet.
func workbook(t testing.TB) string {
	t.Helper()
	f := excelize.NewFile()
	date, err := f.NewStyle(&excelize.Style{NumFmt: 22})
	must(t, err)
	bold, err := f.NewStyle(&excelize.Style{Font: &excelize.Font{Bold: true}, Fill: excelize.Fill{Type: "pattern", Color: []string{"FFFF00"}, Pattern: 1}})
	must(t, err)
	at := time.Date(2026, 4, 21, 10, 15, 0, 0, time.UTC)
	rows := [][]any{{"ID", "Phone", " Name ", "At", "Remark", "Price"}, {1, 9876540001, "Asha Verma", at, "urgent", 10}, {2, "+91 98765 40002", "आशा वर्मा", at.AddDate(0, 0, 1), "urgent", 20},
		{3, "98765 40003", "Ravi Rao", at, "only his words", 30}, {5, "98765 40005", "Om <Nair> & Sons", at, "urgent", 50}}
	for i, r := range rows {
		n := i + 2
		if i == 4 {
			n++ // a blank row
		}
		must(t, f.SetSheetRow("Sheet1", fmt.Sprintf("A%d", n), &r))
		if i > 0 {
			must(t, f.SetCellStyle("Sheet1", fmt.Sprintf("D%d", n), fmt.Sprintf("D%d", n), date), f.SetCellStyle("Sheet1", fmt.Sprintf("C%d", n), fmt.Sprintf("C%d", n), bold),
				f.SetCellFormula("Sheet1", fmt.Sprintf("G%d", n), fmt.Sprintf("F%d*2", n)))
		}
	}
	must(t, f.MergeCell("Sheet1", "H3", "I4"), f.SetCellRichText("Sheet1", "E5", []excelize.RichTextRun{{Text: "only his "}, {Text: "words", Font: &excelize.Font{Bold: true}}}),
		f.AddComment("Sheet1", excelize.Comment{Cell: "C5", Author: "Clerk", Text: "call Ravi <again>"}), f.AddComment("Sheet1", excelize.Comment{Cell: "B4", Author: "Boss", Text: "कल फिर"}),
		f.SetCellHyperLink("Sheet1", "B5", "tel:+919876540003", "External"), f.SetCellHyperLink("Sheet1", "C7", "mailto:om.nair@example.in", "External"))
	for _, name := range []string{"Old", "Hidden"} {
		_, err := f.NewSheet(name)
		must(t, err, f.SetSheetRow(name, "A1", &[]any{"Phone", "Name"}), f.SetSheetRow(name, "A2", &[]any{"98765 40009", "Ravi Rao"}))
	}
	must(t, f.SetSheetVisible("Hidden", false))
	return saved(t, f)
}

// entries returns the unpacked parts of a package.
func entries(t testing.TB, data string) map[string]string {
	t.Helper()
	z, err := zip.NewReader(strings.NewReader(data), int64(len(data)))
	must(t, err)
	out := map[string]string{}
	for _, f := range z.File {
		r, err := f.Open()
		must(t, err)
		all, err := io.ReadAll(r)
		must(t, err, r.Close())
		out[f.Name] = string(all)
	}
	return out
}

// nowhere checks that texts are in no part of a package.
func nowhere(t testing.TB, data string, texts ...string) {
	t.Helper()
	for name, part := range entries(t, data) {
		for _, s := range texts {
			if strings.Contains(part, s) {
				t.Errorf("%q is left in %s", s, name)
			}
		}
	}
}

// cells returns what another program sees: value, style and formula by place,
// merged cells, comments and links.
func cells(t testing.TB, data string) map[string]string {
	t.Helper()
	f, err := excelize.OpenReader(strings.NewReader(data))
	must(t, err)
	out := map[string]string{}
	for _, sheet := range f.GetSheetList() {
		for row := 1; row <= 8; row++ {
			for _, col := range "ABCDEFGHI" {
				ref := fmt.Sprintf("%c%d", col, row)
				v, err1 := f.GetCellValue(sheet, ref)
				s, err2 := f.GetCellStyle(sheet, ref)
				fm, err3 := f.GetCellFormula(sheet, ref)
				yes, to, err4 := f.GetCellHyperLink(sheet, ref)
				must(t, err1, err2, err3, err4)
				if v != "" || fm != "" {
					out[sheet+"!"+ref] = fmt.Sprintf("%s|%d|%s", v, s, fm)
				}
				if yes {
					out[sheet+"!"+ref+" link"] = to
				}
			}
		}
		m, err1 := f.GetMergeCells(sheet)
		notes, err2 := f.GetComments(sheet)
		must(t, err1, err2)
		out[sheet+"!merged"] = fmt.Sprint(m)
		for _, n := range notes {
			out[sheet+"!"+n.Cell+" comment"] = n.Text
		}
	}
	must(t, f.Close())
	return out
}

// parts makes a package of parts.
func parts(t testing.TB, list ...string) string {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i := 0; i < len(list); i += 2 {
		f, err := w.Create(list[i])
		must(t, err)
		_, err = io.WriteString(f, list[i+1])
		must(t, err)
	}
	must(t, w.Close())
	return b.String()
}

const (
	minimalBook = `<workbook xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="a" r:id="r1"/></sheets></workbook>`
	minimalRels = `<Relationships><Relationship Id="r1" Type="http://x/worksheet" Target="/xl/s.xml"/></Relationships>`
)

// minimal makes a package with one worksheet of the given rows, and more parts.
func minimal(t testing.TB, rows string, more ...string) string {
	t.Helper()
	return raw(t, "<worksheet><sheetData>"+rows+"</sheetData></worksheet>", more...)
}

func raw(t testing.TB, sheet string, more ...string) string {
	t.Helper()
	return parts(t, append([]string{"xl/workbook.xml", minimalBook, "xl/_rels/workbook.xml.rels", minimalRels, "xl/s.xml", sheet}, more...)...)
}

// line makes a row of inline texts without numbers.
func line(list ...string) string {
	out := "<row>"
	for _, s := range list {
		out += `<c t="inlineStr"><is><t>` + s + "</t></is></c>"
	}
	return out + "</row>"
}

func rewriteError(data string, out *bytes.Buffer, edits []connectors.Edit) error {
	out.Reset()
	_, err := New("leads", "files", cat, Options{}).Rewrite(context.Background(), input(data), out, format.NewEdits(edits))
	return err
}

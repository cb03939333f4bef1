package xlsx

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"

	"github.com/cratio/sutra/connectors"
)

// wide is a text as the directory of a compound file has it.
func wide(s string) string {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return string(b)
}

const ole = "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"

// TestNoWorkbook covers objects that are something else: one gap, and no rewrite.
func TestNoWorkbook(t *testing.T) {
	locked := []byte(minimal(t, line("phone")))
	binary.LittleEndian.PutUint16(locked[bytes.LastIndex(locked, []byte("PK\x01\x02"))+8:], 1)
	for data, want := range map[string]string{
		ole + strings.Repeat("\x00", 66_000) + wide("EncryptedPackage"):  "an encrypted workbook",
		ole + strings.Repeat("\x00", 65_530) + wide("Workbook") + "\x00": "the old .xls format",
		ole + wide("WordDocument"):                                       "an old or encrypted Office file",
		"id,phone\n1,2\n":                                                "looks like text",
		"%PDF-1.7":                                                       "a PDF document",
		"":                                                               "looks like text",
		parts(t, "a.txt", "x"):                                           "without a workbook",
		parts(t, "xl/workbook.xml", "<document/>"):                       "whose workbook is none",
		parts(t, "_rels/.rels", `<Relationships><Relationship Type="x/officeDocument" Target="word/document.xml"/></Relationships>`): "without a workbook",
		parts(t, "_rels/.rels", `<Relationships><Relationship Type="x/officeDocument" Target="xl/workbook.bin"/></Relationships>`):   ".xlsb",
		string(locked): "with a password",
	} {
		_, gaps, err := read(t, data)
		if err != nil || len(gaps) != 1 || !strings.Contains(gaps[0], want) {
			t.Errorf("%s: %q, %v", want, gaps, err)
		}
		var out bytes.Buffer
		if err := rewriteError(data, &out, []connectors.Edit{remove("row 1")}); err == nil || out.Len() > 0 {
			t.Errorf("%s: rewritten, %v", want, err)
		}
	}
}

// TestEvil covers packages that are refused as a whole.
func TestEvil(t *testing.T) {
	var lots, bomb, twice bytes.Buffer
	w := zip.NewWriter(&lots)
	for i := range maxEntries + 1 {
		_, err := w.CreateHeader(&zip.FileHeader{Name: fmt.Sprint(i)})
		must(t, err)
	}
	must(t, w.Close())
	claim := func(out *bytes.Buffer, packed, unpacked uint64) {
		w := zip.NewWriter(out)
		f, err := w.CreateRaw(&zip.FileHeader{Name: "xl/workbook.xml", Method: zip.Deflate, CompressedSize64: packed, UncompressedSize64: unpacked})
		must(t, err)
		_, err = f.Write(make([]byte, packed))
		must(t, err, w.Close())
	}
	claim(&bomb, 1000, 1200*1000)
	claim(&twice, 1<<20, 2<<30)
	deep := strings.Repeat("<a>", 300) + strings.Repeat("</a>", 300)
	for name, tt := range map[string]struct{ data, want string }{
		"no archive":       {"PK\x03\x04", "zip"},
		"too many parts":   {lots.String(), "more than 100000 parts"},
		"a bomb":           {bomb.String(), "1100 times"},
		"a large part":     {twice.String(), "more than 1024 MiB"},
		"a path":           {minimal(t, line("a"), "../x", "y"), "leads out"},
		"an absolute path": {minimal(t, line("a"), "/x", "y"), "leads out"},
		"a drive":          {minimal(t, line("a"), "C:x", "y"), "leads out"},
		"a backslash":      {minimal(t, line("a"), `x\y`, "y"), "leads out"},
		"one name twice":   {minimal(t, line("a"), "XL/S.XML", "y"), "one name"},
		"deep":             {parts(t, "xl/workbook.xml", "<workbook>"+deep+"</workbook>"), "deeper than 256"},
		"a document type":  {parts(t, "xl/workbook.xml", `<!DOCTYPE x [<!ENTITY e "x">]><workbook/>`), "document type"},
		"a torn workbook":  {parts(t, "xl/workbook.xml", `<workbook><sheets>`), "unexpected EOF"},
		"a long token":     {parts(t, "xl/workbook.xml", `<workbook>`+strings.Repeat("0123456789abcdef", 1<<20+1)+`</workbook>`), "16 MiB"},
	} {
		if _, _, err := read(t, tt.data); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestLies has parts that unpack to more than the directory says.
func TestLies(t *testing.T) {
	data := []byte(minimal(t, line("phone")+line("9876540001")))
	at := bytes.LastIndex(data, []byte("PK\x01\x02"))
	for _, size := range []uint32{3, 1 << 20} {
		lie := bytes.Clone(data)
		binary.LittleEndian.PutUint32(lie[at+24:], size)
		_, gaps, err := read(t, string(lie))
		if err == nil && (len(gaps) != 1 || !strings.Contains(gaps[0], "sheet 1: the worksheet cannot be read to its end")) {
			t.Errorf("a part that should have %d bytes: %q, %v", size, gaps, err)
		}
	}
}

// TestBrokenSheets covers worksheets that cannot be read while others can.
func TestBrokenSheets(t *testing.T) {
	good := `<worksheet><sheetData>` + line("phone") + line("1") + `</sheetData></worksheet>`
	book := strings.Replace(minimalBook, `<sheets>`, `<sheets><sheet r:id="r0"/><sheet r:id="rc"/>`, 1)
	rels := `<Relationships><Relationship Id="r0" Type="x/worksheet" Target="bad.xml"/><Relationship Id="rc" Type="x/chartsheet" Target="c.xml"/><Relationship Id="r1" Type="x/worksheet" Target="/xl/s.xml"/></Relationships>`
	for bad, want := range map[string]string{
		`<worksheet><sheetData>` + line("phone") + `<row><c><v>5</v>`:                    "unexpected EOF",
		`<worksheet><sheetData><row><c></row></c></sheetData></worksheet>`:               "closed in their order",
		`<worksheet><sheetData><row r="0"/></sheetData></worksheet>`:                     "whose number is none",
		`<worksheet><sheetData><row r="99999999"/></sheetData></worksheet>`:              "more than 1048576 rows",
		`<worksheet><sheetData><row><c r="XFE1"/></row></sheetData></worksheet>`:         "more than 16384 columns",
		`<worksheet><sheetData><row><c t="s"><v>0</v></c></row></sheetData></worksheet>`: "header cannot be read",
		`<worksheet>&asha;</worksheet>`:                                                  "not well-formed at line 1",
		`<worksheet><hyperlinks><hyperlink ref="x"/></hyperlinks></worksheet>`:           "whose place is none",
		`<?xml version="1.0" encoding="UTF-16"?><worksheet/>`:                            "encoding",
	} {
		data := parts(t, "xl/workbook.xml", book, "xl/_rels/workbook.xml.rels", rels, "xl/bad.xml", bad, "xl/s.xml", good)
		rows, gaps, err := read(t, data)
		if !cmp.Equal(rows, []string{"sheet 2 row 1 | phone=1"}) || len(gaps) != 1 || !strings.HasPrefix(gaps[0], "sheet 1: ") || !strings.Contains(gaps[0], want) || err != nil {
			t.Errorf("%s: %q, %q, %v", want, rows, gaps, err)
		}
		if err := rewriteError(data, &bytes.Buffer{}, []connectors.Edit{remove("sheet 2 row 1")}); err == nil {
			t.Errorf("%s: rewritten", want)
		}
	}
	for _, torn := range []string{strings.Replace(rels, "bad.xml", "none.xml", 1), strings.Replace(rels, "bad.xml", "s.xml", 1), strings.Replace(rels, `"r0"`, `"r7"`, 1)} {
		_, gaps, err := read(t, parts(t, "xl/workbook.xml", book, "xl/_rels/workbook.xml.rels", torn, "xl/s.xml", good))
		if len(gaps) != 1 || !strings.Contains(gaps[0], "no part of its own") || err != nil {
			t.Errorf("a worksheet without a part: %q, %v", gaps, err)
		}
	}
}

// TestBrokenRows covers rows that cannot be read while others can: they stay, with
// the texts that they use.
func TestBrokenRows(t *testing.T) {
	rels := strings.Replace(minimalRels, "</Rel", `<Relationship Id="r9" Type="http://x/sharedStrings" Target="t.xml"/></Rel`, 1)
	for bad, want := range map[string]string{
		`<row r="2"><c t="s"><v>0</v></c></row>`:                                                    "not higher",
		`<row r="9"><c r="B9"/><c r="A9" t="s"><v>0</v></c></row>`:                                  "not in their order",
		`<row r="9"><c r="A9"/><c r="A9" t="s"><v>0</v></c></row>`:                                  "not in their order",
		`<row r="9"><c t="s"><v>7</v></c><c t="s"><v>0</v></c></row>`:                               "text that is not there",
		`<row r="9"><c t="b"><v>x</v></c><c t="s"><v>0</v></c></row>`:                               "neither 0 nor 1",
		`<row r="9"><c r="9"><v>5</v></c><c t="s"><v>0</v></c></row>`:                               "whose place is none",
		`<row r="9">` + strings.Repeat(`<c t="s"><v>1</v></c>`, 65) + `<c t="s"><v>0</v></c></row>`: "more than 64 MiB",
	} {
		data := parts(t, "xl/workbook.xml", minimalBook, "xl/_rels/workbook.xml.rels", rels, "xl/t.xml", "<sst><si><t>Asha</t></si><si><t>"+strings.Repeat("x", 1<<20)+"</t></si></sst>",
			"xl/s.xml", `<worksheet><sheetData>`+line("phone")+line("1")+`<row r="4"><c><v>2</v></c></row>`+bad+`</sheetData></worksheet>`)
		rows, gaps, err := read(t, data)
		if !cmp.Equal(rows, []string{"row 1 | phone=1", "row 3 | phone=2"}) || len(gaps) != 1 || !strings.Contains(gaps[0], want) || err != nil {
			t.Errorf("%s: %q, %q, %v", want, rows, gaps, err)
		}
		out, left, _ := rewrite(t, data, remove("row 1"), remove("row 3"))
		if all := entries(t, out); left != 1 || !strings.Contains(all["xl/t.xml"], "Asha") || !strings.Contains(all["xl/s.xml"], bad) {
			t.Errorf("%s: %d left", want, left)
		}
	}
	many := strings.Repeat(`<row r="1"/>`, maxGaps+5)
	if _, gaps, err := read(t, minimal(t, line("phone")+many)); len(gaps) != maxGaps+1 || !strings.Contains(gaps[maxGaps], "5 more") || err != nil {
		t.Errorf("%d gaps, %v", len(gaps), err)
	}
}

// TestUnread covers parts that may hold personal data and are not read.
func TestUnread(t *testing.T) {
	for part, want := range map[string]string{
		"xl/pivotCache/pivotCacheRecords1.xml": "pivot table", "xl/embeddings/oleObject1.bin": "embedded", "xl/externalLinks/externalLink1.xml": "other workbooks",
		"xl/comments7.xml": "comments", "xl/threadedComments/threadedComment1.xml": "comments", "xl/media/image1.png": "pictures", "docProps/thumbnail.jpeg": "pictures",
		"xl/worksheets/sheet9.xml": "does not name", "xl/revisions/revisionLog1.xml": "history", "xl/model/item.data": "data model", "xl/drawings/drawing1.xml": "drawings",
		"xl/macrosheets/sheet1.xml": "macros",
	} {
		data := minimal(t, line("phone")+line("1"), part, `<a:t>Asha</a:t>`)
		_, gaps, err := read(t, data)
		if len(gaps) != 1 || !strings.Contains(gaps[0], want) || strings.Contains(gaps[0], "Asha") || err != nil {
			t.Errorf("%s: %q, %v", part, gaps, err)
		}
		if _, left, _ := rewrite(t, data, remove("row 1")); left != 1 {
			t.Errorf("%s: %d left, though it is not read", part, left)
		}
	}
	for _, part := range []string{"xl/drawings/drawing1.xml", "docProps/app.xml", "xl/theme/theme1.xml", "xl/worksheets/_rels/x.xml.rels"} {
		data := minimal(t, line("phone")+line("1"), part, "<a/>")
		if _, gaps, err := read(t, data); len(gaps) > 0 || err != nil {
			t.Errorf("%s: %q, %v", part, gaps, err)
		}
		if _, left, _ := rewrite(t, data, remove("row 1")); left != 0 {
			t.Errorf("%s: %d left", part, left)
		}
	}
	sheet := `<worksheet><sheetData>` + line("phone") + line("1") + `</sheetData><scenarios><scenario name="x"/></scenarios></worksheet>`
	if _, gaps, err := read(t, raw(t, sheet)); len(gaps) != 1 || !strings.Contains(gaps[0], "scenarios") || err != nil {
		t.Errorf("scenarios: %q, %v", gaps, err)
	}
	for rule, want := range map[string]int{
		`<dataValidations><dataValidation type="list" sqref="A2"><formula1>"asha@example.in,none"</formula1></dataValidation></dataValidations>`:                     1,
		`<dataValidations><dataValidation type="list" sqref="A2"><formula1>"new,old"</formula1></dataValidation></dataValidations>`:                                  0,
		`<conditionalFormatting><cfRule type="expression"><formula>A2="98765 40001"</formula></cfRule></conditionalFormatting>`:                                      1,
		`<conditionalFormatting><cfRule type="cellIs" operator="equal"><formula>919876540001</formula></cfRule></conditionalFormatting>`:                             1,
		`<dataValidations><dataValidation type="whole" sqref="A2"><formula1>6000000000</formula1><formula2>9999999999</formula2></dataValidation></dataValidations>`: 0,
		`<conditionalFormatting><cfRule type="expression"><formula>C2&gt;1234567890</formula></cfRule></conditionalFormatting>`:                                      0,
	} {
		if _, gaps, err := read(t, raw(t, `<worksheet><sheetData>`+line("phone")+line("1")+`</sheetData>`+rule+`</worksheet>`)); len(gaps) != want || err != nil {
			t.Errorf("%s: %q, %v", rule, gaps, err)
		}
	}
}

// TestDefinedNames covers names that the workbook gives to places and to values.
func TestDefinedNames(t *testing.T) {
	for name, want := range map[string]int{`"Asha Verma"`: 1, `9876540001`: 1, `MATCH("asha@example.in",a!A1,0)`: 1, `'a b'!$A$1:$B$9`: 0, `42`: 0, `INDIRECT("A1")`: 0} {
		book := strings.Replace(minimalBook, "</sheets>", "</sheets><definedNames><definedName name=\"x\">"+strings.ReplaceAll(name, "<", "&lt;")+"</definedName></definedNames>", 1)
		data := parts(t, "xl/workbook.xml", book, "xl/_rels/workbook.xml.rels", minimalRels, "xl/s.xml", "<worksheet><sheetData>"+line("phone")+line("1")+"</sheetData></worksheet>")
		rows, gaps, err := read(t, data)
		if len(rows) != 1 || len(gaps) != want || err != nil || want == 1 && !strings.Contains(gaps[0], "defined names") {
			t.Errorf("%s: %q, %q, %v", name, rows, gaps, err)
		}
	}
}

// TestOtherSheets proves that sheets which are not read keep the texts they use.
func TestOtherSheets(t *testing.T) {
	rels := strings.Replace(minimalRels, "</Rel", `<Relationship Id="r9" Type="http://x/sharedStrings" Target="t.xml"/></Rel`, 1)
	data := parts(t, "xl/workbook.xml", minimalBook, "xl/_rels/workbook.xml.rels", rels, "xl/t.xml", "<sst><si><t>Asha</t></si><si><t>macro</t></si><si><t>stale</t></si></sst>",
		"xl/s.xml", `<worksheet><sheetData>`+line("phone")+`<row><c t="s"><v>0</v></c></row>`+line("1")+`</sheetData></worksheet>`,
		"xl/macrosheets/sheet1.xml", `<macrosheet><sheetData><row><c t="s"><v>1</v></c><c><v>2</v></c></row></sheetData></macrosheet>`)
	out, _, _ := rewrite(t, data, remove("row 1"))
	if got, want := entries(t, out)["xl/t.xml"], "<sst><si><t/></si><si><t>macro</t></si><si><t/></si></sst>"; got != want {
		t.Error(got)
	}
}

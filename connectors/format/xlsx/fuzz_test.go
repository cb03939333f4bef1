package xlsx

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/cratio/sutra/connectors/format"
)

// FuzzDecode takes any bytes for a workbook: nothing panics, and a rewrite without
// edits gives the same bytes.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(minimal(f, line("phone", "name")+line("9876540001", "Asha"))))
	f.Add([]byte(ole))
	f.Fuzz(func(t *testing.T, data []byte) {
		_, gaps, err := read(t, string(data))
		var out bytes.Buffer
		if werr := rewriteError(string(data), &out, nil); werr == nil && (err != nil || out.String() != string(data)) {
			t.Fatalf("Decode says %v and %q, a rewrite gives %d bytes of %d", err, gaps, out.Len(), len(data))
		} else if werr != nil && err == nil && len(gaps) == 0 {
			t.Fatalf("Decode sees nothing wrong, a rewrite says %v", werr)
		}
	})
}

const fuzzRels = `<Relationships><Relationship Id="c" Type="x/comments" Target="/xl/c.xml"/><Relationship Id="h" Type="x/hyperlink" Target="tel:1" TargetMode="External"/></Relationships>`

// FuzzRewrite makes a workbook of any XML. A deletion takes exactly one record
// away, leaves the others as they were, and can be read again.
func FuzzRewrite(f *testing.F) {
	f.Add(`<row><c t="inlineStr"><is><t>phone</t></is></c></row><row><c><v>9876540001</v></c></row>`, `<si><t>a</t></si>`, `<comment ref="A2"><text><t>x</t></text></comment>`, `<hyperlinks><hyperlink ref="A2" r:id="h"/></hyperlinks>`)
	f.Add(`<x:row r="3"><x:c r="B3" s="1"><x:v>45000.5</x:v><x:f>A1</x:f></x:c></x:row><row/><row><c t="s"><v>0</v></c></row>`, `<si><t>_x0041_</t></si>`, `<authors/>`, `<autoFilter><filterColumn><filters><filter val="1"/></filters></filterColumn></autoFilter>`)
	f.Add(`<row r="1"><c t="str"><v>h</v></c></row><row r="2"><c><f t="shared" ref="A2:A3" si="0">1</f><v>7</v></c></row><row><c><f t="shared" si="0"/><v>8</v></c></row>`, ``, ``, ``)
	f.Fuzz(func(t *testing.T, rows, texts, comments, tail string) {
		data := parts(t, "xl/workbook.xml", minimalBook, "xl/_rels/workbook.xml.rels", strings.Replace(minimalRels, "</Rel", `<Relationship Id="r9" Type="x/sharedStrings" Target="t.xml"/></Rel`, 1),
			"xl/s.xml", `<worksheet><sheetData>`+rows+`</sheetData>`+tail+`</worksheet>`, "xl/t.xml", "<sst>"+texts+"</sst>", "xl/_rels/s.xml.rels", fuzzRels, "xl/c.xml", "<comments><commentList>"+comments+"</commentList></comments>")
		list, gaps, err := read(t, data)
		if err != nil || len(list) == 0 || strings.Contains(strings.Join(gaps, "\n"), "to its end") {
			return
		}
		loc, _, _ := strings.Cut(list[0], " |")
		var out bytes.Buffer
		ed := format.NewEdits(nil)
		left, err := New("leads", "files", cat, Options{}).Rewrite(context.Background(), input(data), &out, ed)
		if err != nil || out.String() != data || left < len(list) {
			t.Fatalf("%d left of %d, %v", left, len(list), err)
		}
		now, after, o := rewrite(t, data, remove(loc))
		if after < left-1 || o.Deleted != 1 {
			t.Fatalf("%d left of %d, %+v", after, left, o)
		}
		again, gaps2, err := read(t, now)
		if err != nil || len(gaps2) != len(gaps) {
			t.Fatalf("%q, then %q, %v", gaps, gaps2, err)
		}
		if got, want := strings.Join(again, "\n"), strings.Join(list[1:], "\n"); got != want {
			t.Fatalf("%q, want %q", got, want)
		}
	})
}

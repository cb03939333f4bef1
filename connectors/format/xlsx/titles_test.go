package xlsx

import (
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
)

// TestTitles: what a workbook says of somebody in its properties and the names of its sheets,
// or prints on every page, is not read, and that is said; without it a workbook with nobody in it is clean.
func TestTitles(t *testing.T) {
	for header, want := range map[string]int{"&amp;CList of 9822031415": 1, "asha@example.com": 1, "&amp;P of &amp;N, 2026-11-01": 0} {
		sheet := "<worksheet><sheetData>" + line("phone") + line("1") + "</sheetData><headerFooter><oddHeader>" + header + "</oddHeader></headerFooter></worksheet>"
		if _, gaps, err := read(t, raw(t, sheet)); len(gaps) != want || err != nil {
			t.Errorf("%s: %q, %v", header, gaps, err)
		}
	}
	for _, c := range []struct {
		props excelize.DocProperties
		sheet string
		want  []string
	}{
		{excelize.DocProperties{Title: "Leads 2026-11-01 to 2026-11-30", Creator: "Asha Verma"}, "Nov 2026 (12-34)", nil},
		{excelize.DocProperties{Title: "List for asha@example.com"}, "a", []string{"properties"}},
		{excelize.DocProperties{Creator: "98220 31415"}, "a", []string{"properties"}},
		{excelize.DocProperties{Description: "call +44 20 7946 0958"}, "a", []string{"properties"}},
		{excelize.DocProperties{}, "Asha 9822031415", []string{"names of sheets"}},
		{excelize.DocProperties{}, "0 98220-31415", []string{"names of sheets"}},
	} {
		f := excelize.NewFile()
		must(t, f.SetSheetName("Sheet1", c.sheet), f.SetDocProps(&c.props), f.SetSheetRow(c.sheet, "A1", &[]any{"phone"}), f.SetSheetRow(c.sheet, "A2", &[]any{"1"}))
		rows, gaps, err := read(t, saved(t, f))
		if len(rows) != 1 || len(gaps) != len(c.want) || err != nil {
			t.Errorf("%s %v: %q, %q, %v", c.sheet, c.props.Title, rows, gaps, err)
			continue
		}
		for i, w := range c.want {
			if !strings.Contains(gaps[i], w) || strings.Contains(gaps[i], "31415") || strings.Contains(gaps[i], "asha") {
				t.Errorf("%s: %s", c.sheet, gaps[i])
			}
		}
	}
}

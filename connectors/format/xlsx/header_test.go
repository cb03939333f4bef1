package xlsx

import (
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
)

// TestHeaderGaps: what the header of a worksheet keeps back is told, as that of any other
// table. A worksheet of something else beside the one that the catalog describes is none.
func TestHeaderGaps(t *testing.T) {
	table := [][]any{{"name", "phone"}, {"Asha Verma", "98765 43210"}}
	for name, c := range map[string]struct {
		sheets [][][]any
		want   []string
	}{
		"a table":                       {[][][]any{table}, nil},
		"under a title":                 {[][][]any{append([][]any{{"Leads of May"}}, table...)}, []string{"sheet 1: none of the columns"}},
		"under a title, in the second":  {[][][]any{table, append([][]any{{"Leads of June"}}, table...)}, []string{"sheet 2: none of the columns"}},
		"a cover before it":             {[][][]any{{{"Report"}, {"made in 2026"}}, table}, nil},
		"sums behind it":                {[][][]any{table, {{"Month", "Total"}, {"May", 12000}}}, nil},
		"other columns alone":           {[][][]any{{{"who", "what"}, {"Asha", "called"}}}, []string{"sheet 1: none of the columns"}},
		"other columns with an address": {[][][]any{table, {{"who", "where"}, {"Asha", "asha@example.com"}}}, []string{"sheet 2: none of the columns"}},
		"a column called by a number":   {[][][]any{{{"name", "9876543210"}, {"Asha", "yes"}}}, []string{"sheet 1: a column is called by"}},
		"a column called by an address": {[][][]any{table, {{"name", "asha@example.com"}, {"May", 3}}}, []string{"sheet 2: a column is called by"}},
		"no header at all":              {[][][]any{{{"Asha Verma", "98765 43210"}}}, []string{"sheet 1: the table has no header"}},
	} {
		f := excelize.NewFile()
		for i, rows := range c.sheets {
			sheet := "Sheet" + string(rune('1'+i))
			if i > 0 {
				_, err := f.NewSheet(sheet)
				must(t, err)
			}
			for r, row := range rows {
				cell, err := excelize.CoordinatesToCellName(1, r+1)
				must(t, err, f.SetSheetRow(sheet, cell, &row))
			}
		}
		_, gaps, err := read(t, saved(t, f))
		if err != nil || len(gaps) != len(c.want) {
			t.Errorf("%s: %q, %v", name, gaps, err)
			continue
		}
		for i, w := range c.want {
			if !strings.HasPrefix(gaps[i], w) {
				t.Errorf("%s: %s", name, gaps[i])
			}
		}
	}
}

// TestSaidBeside: what a worksheet says when somebody fills a cell in, and who wrote a
// comment, is not read, and that is said where it may be somebody's.
func TestSaidBeside(t *testing.T) {
	for rule, want := range map[string]int{`prompt="ask 98765 43210"`: 1, `errorTitle="asha@example.com"`: 1, `prompt="a number of ten digits" error="2026-11-01"`: 0} {
		sheet := "<worksheet><sheetData>" + line("phone") + line("1") + `</sheetData><dataValidations count="1"><dataValidation sqref="A2" ` + rule + "/></dataValidations></worksheet>"
		if _, gaps, err := read(t, raw(t, sheet)); len(gaps) != want || err != nil {
			t.Errorf("%s: %q, %v", rule, gaps, err)
		}
	}
	for author, want := range map[string]int{"Priya": 0, "asha@example.com": 1} {
		f := excelize.NewFile()
		must(t, f.SetSheetRow("Sheet1", "A1", &[]any{"phone"}), f.SetSheetRow("Sheet1", "A2", &[]any{"1"}))
		must(t, f.AddComment("Sheet1", excelize.Comment{Cell: "A2", Author: author, Text: "later"}))
		if _, gaps, err := read(t, saved(t, f)); len(gaps) != want || err != nil {
			t.Errorf("%s: %q, %v", author, gaps, err)
		}
	}
}

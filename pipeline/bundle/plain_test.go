package bundle

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
	"unsafe"

	"pgregory.net/rapid"
)

// What is here writes records as the package did before it was made fast: byte by byte,
// and every record anew.

func plainJSONText(s string) []byte {
	b := []byte{'"'}
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c == '\n':
			b = append(b, `\n`...)
		case c == '\r':
			b = append(b, `\r`...)
		case c == '\t':
			b = append(b, `\t`...)
		case c < ' ' || c == 0x7f:
			b = append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		case r == utf8.RuneError && n == 1:
			b = append(b, "\uFFFD"...)
		default:
			b = append(b, s[i:i+n]...)
		}
		i += n
	}
	return append(b, '"')
}

func plainCSVCell(s string) string {
	quote := strings.ContainsAny(s, ",\"\n\r") || strings.HasPrefix(s, " ")
	for _, sign := range []string{"=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"} {
		if strings.HasPrefix(s, sign) {
			s = "'" + s
			break
		}
	}
	if quote {
		s = `"` + strings.ReplaceAll(s, `"`, `""`) + `"`
	}
	return s
}

func plainTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(ist).Format(time.RFC3339)
}

// plainMeta is a record's RowMeta in the order of metaNames.
func plainMeta(m RowMeta) [len(metaNames)]string {
	return [...]string{m.Unit, m.Locator, plainTime(m.RecordedAt), plainTime(m.EraseAfter), m.Class, m.Source, m.Role, m.Note}
}

func plainRowJSON(fields []FieldInfo, cells []Cell, m RowMeta) string {
	b := []byte("\n{")
	for i, f := range fields {
		b = append(append(b, plainJSONText(f.Name)...), ':')
		switch {
		case i >= len(cells) || cells[i].Kind == Null:
			b = append(b, "null"...)
		case cells[i].Kind == JSON && json.Valid([]byte(cells[i].Text)):
			var tidy bytes.Buffer
			_ = json.Compact(&tidy, []byte(cells[i].Text)) // it is valid
			b = append(b, tidy.Bytes()...)
		default:
			b = append(b, plainJSONText(cells[i].Text)...)
		}
		b = append(b, ',')
	}
	b = append(b, `"_record":{`...)
	comma := ""
	for i, v := range plainMeta(m) {
		if v != "" {
			b = append(append(append(b, comma+`"`...), metaNames[i]+`":`...), plainJSONText(v)...)
			comma = ","
		}
	}
	return string(append(b, "}}"...))
}

func plainRowCSV(fields []FieldInfo, cells []Cell, m RowMeta) string {
	var row []string
	for i := range fields {
		if i < len(cells) && cells[i].Kind != Null {
			row = append(row, plainCSVCell(cells[i].Text))
		} else {
			row = append(row, "")
		}
	}
	for i, v := range plainMeta(m) {
		if metaNames[i] != "recorded_at" && metaNames[i] != "erase_after" {
			v = plainCSVCell(v)
		}
		row = append(row, v)
	}
	return strings.Join(row, ",") + "\r\n"
}

// texts draws values of all lengths, in which signs stand at all places of a word.
var texts = rapid.OneOf(
	rapid.SampledFrom([]string{"", "files", "subject", "2026-06-27T12:00:01+05:30", "asked for the price of a press, wants a call back", "+919876543210"}),
	rapid.StringOfN(rapid.RuneFrom([]rune("abcdefghijklmnop ,=+-\"\\\n\r\t\x00\x1f\x7f\u0080éआ＝\uFFFD")), 0, 40, -1),
	rapid.Map(rapid.SliceOfN(rapid.SampledFrom([]byte("aaaaaaaaaaaaaaaa!~ \"\\,\n\r\x1f\x20\x7e\x7f\x80\xbf\xc3\xa9\xef\xff")), 0, 40), func(b []byte) string { return string(b) }),
)

// times draws times that often share their day, also before 1970, with fractions, and none.
var times = rapid.Custom(func(t *rapid.T) time.Time {
	day := rapid.SampledFrom([]time.Time{{}, at, at, at, at.AddDate(0, 0, 1), time.Unix(0, 0), time.Date(1969, 12, 31, 18, 29, 59, 0, time.UTC), time.Date(12026, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(-5, 1, 1, 0, 0, 0, 0, time.UTC)}).Draw(t, "day")
	if day.IsZero() {
		return day
	}
	return day.Add(time.Duration(rapid.Int64Range(-int64(30*time.Hour), int64(30*time.Hour)).Draw(t, "clock")))
})

// plainHead is the first line of the CSV.
func plainHead(fields []FieldInfo) string {
	var row []string
	for _, f := range fields {
		row = append(row, plainCSVCell(f.Name))
	}
	for _, n := range metaNames {
		row = append(row, "_record."+n)
	}
	return strings.Join(row, ",") + "\r\n"
}

// drawRow draws a record; texts of its place are mostly what stood before.
func drawRow(t *rapid.T) (cells []Cell, m RowMeta) {
	kept := rapid.SampledFrom([]string{"", "a", "a", "a", "b \"quoted\", with a comma", "\xff"})
	for range rapid.IntRange(0, len(leadFields)).Draw(t, "cells") {
		kind := rapid.SampledFrom([]Kind{Text, Text, Text, Null, JSON}).Draw(t, "kind")
		text := texts.Draw(t, "text")
		if kind == JSON && rapid.Bool().Draw(t, "valid") {
			text = `{ "q": [1, "` + strings.Repeat("a", len(text)) + `"] }`
		}
		cells = append(cells, Cell{kind, text})
	}
	return cells, RowMeta{Unit: kept.Draw(t, "unit"), Locator: texts.Draw(t, "locator"), RecordedAt: times.Draw(t, "recorded"), EraseAfter: times.Draw(t, "erase"),
		Class: kept.Draw(t, "class"), Source: kept.Draw(t, "source"), Role: kept.Draw(t, "role"), Note: kept.Draw(t, "note")}
}

// lend copies a record into memory that is used for other things when it is given back.
func lend(cells []Cell, m RowMeta) ([]Cell, RowMeta, func()) {
	var lent [][]byte
	text := func(s string) string {
		b := []byte(s)
		lent = append(lent, b)
		return unsafe.String(unsafe.SliceData(b), len(b))
	}
	cells = slices.Clone(cells)
	for i := range cells {
		cells[i].Text = text(cells[i].Text)
	}
	for _, s := range []*string{&m.Unit, &m.Locator, &m.Class, &m.Source, &m.Role, &m.Note} {
		*s = text(*s)
	}
	return cells, m, func() {
		for _, b := range lent {
			copy(b, bytes.Repeat([]byte("x"), len(b)))
		}
		clear(cells)
	}
}

// TestRowsAsBefore writes records of every kind, in two tables by turns, and compares the
// bytes with those of the plain way. Some are so many that they fill several batches, and
// some so large that they fill one alone.
func TestRowsAsBefore(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(r *rapid.T) {
		path := filepath.Join(dir, "b.zip")
		w, err := Create(path, options())
		ok(t, err)
		defer func() { ok(t, w.Abort(), os.RemoveAll(path)) }()
		names := [...]string{"one", "two"}
		var tables [len(names)]*Table
		var wantJSON, wantCSV [len(names)][]string
		for i, n := range names {
			tables[i], err = w.Dataset(n, leadFields)
			ok(t, err)
			wantCSV[i] = []string{plainHead(leadFields)}
		}
		times := rapid.SampledFrom([]int{1, 1, 1, 1, 1, 1, 1, 1, 1, 100}).Draw(r, "times")
		for range rapid.IntRange(0, 12).Draw(r, "rows") {
			cells, m := drawRow(r)
			if len(cells) > 0 && rapid.IntRange(0, 200).Draw(r, "large") == 0 {
				cells[0].Text = strings.Repeat("much, \"", rapid.SampledFrom([]int{20_000, 60_000}).Draw(r, "size"))
			} else if times > 1 {
				m.Note = strings.Repeat("n", 20)
			}
			i := rapid.IntRange(0, len(names)-1).Draw(r, "table")
			row, line := plainRowJSON(leadFields, cells, m), plainRowCSV(leadFields, cells, m)
			for range times {
				lent, at, back := lend(cells, m)
				ok(t, tables[i].Row(lent, at))
				back()
				wantJSON[i], wantCSV[i] = append(wantJSON[i], row), append(wantCSV[i], line)
			}
		}
		for _, tab := range tables {
			ok(t, tab.Close())
		}
		_, err = w.Close(info())
		ok(t, err)
		got := entries(t, path)
		for i, n := range names {
			end := "]\n"
			if len(wantJSON[i]) > 0 {
				end = "\n]\n"
			}
			sameText(r, got["data/"+n+".json"], "["+strings.Join(wantJSON[i], ",")+end)
			sameText(r, got["data/"+n+".csv"], strings.Join(wantCSV[i], ""))
		}
	})
}

// sameText compares long texts, and shows where they part.
func sameText(t *rapid.T, got, want string) {
	if got == want {
		return
	}
	i := 0
	for i < min(len(got), len(want)) && got[i] == want[i] {
		i++
	}
	t.Fatalf("after %d bytes %q\nwant\n%q", i, got[max(0, i-40):min(i+200, len(got))], want[max(0, i-40):min(i+200, len(want))])
}

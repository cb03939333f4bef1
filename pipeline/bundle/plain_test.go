package bundle

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

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

// TestRowsAsBefore writes records of every kind, and compares the bytes with those of the
// plain way.
func TestRowsAsBefore(t *testing.T) {
	kept := rapid.Custom(func(t *rapid.T) string { // mostly what stood before
		return rapid.SampledFrom([]string{"", "a", "a", "a", "b \"quoted\", with a comma", "\xff"}).Draw(t, "kept")
	})
	dir := t.TempDir()
	rapid.Check(t, func(r *rapid.T) {
		path := filepath.Join(dir, "b.zip")
		w, err := Create(path, options())
		ok(t, err)
		defer func() { ok(t, w.Abort()) }()
		tab, err := w.Dataset("crm.leads", leadFields)
		ok(t, err)
		wantJSON, wantCSV := string(tab.jsonChunk), string(tab.csvChunk)
		for i := range rapid.IntRange(1, 12).Draw(r, "rows") {
			var cells []Cell
			for range rapid.IntRange(0, len(leadFields)).Draw(r, "cells") {
				kind := rapid.SampledFrom([]Kind{Text, Text, Text, Null, JSON}).Draw(r, "kind")
				text := texts.Draw(r, "text")
				if kind == JSON && rapid.Bool().Draw(r, "valid") {
					text = `{ "q": [1, "` + strings.Repeat("a", len(text)) + `"] }`
				}
				cells = append(cells, Cell{kind, text})
			}
			m := RowMeta{Unit: kept.Draw(r, "unit"), Locator: texts.Draw(r, "locator"), RecordedAt: times.Draw(r, "recorded"), EraseAfter: times.Draw(r, "erase"),
				Class: kept.Draw(r, "class"), Source: kept.Draw(r, "source"), Role: kept.Draw(r, "role"), Note: kept.Draw(r, "note")}
			ok(t, tab.Row(cells, m))
			if i > 0 {
				wantJSON += ","
			}
			wantJSON += plainRowJSON(leadFields, cells, m)
			wantCSV += plainRowCSV(leadFields, cells, m)
		}
		if got := string(tab.jsonChunk); got != wantJSON {
			r.Fatalf("%q\nwant\n%q", got, wantJSON)
		}
		if got := string(tab.csvChunk); got != wantCSV {
			r.Fatalf("%q\nwant\n%q", got, wantCSV)
		}
		ok(t, tab.Close())
	})
}

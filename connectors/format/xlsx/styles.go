package xlsx

import (
	"encoding/xml"
	"math"
	"strconv"
	"strings"
	"time"
)

// loadStyles finds the cell styles that show a number as a date.
func (b *book) loadStyles(part string) (map[int]bool, error) {
	out := map[int]bool{}
	if part == "" {
		return out, nil
	}
	custom := map[int]bool{}
	style := -1
	err := b.scan(part, func(s *scanner, x xml.StartElement) error {
		id, err := strconv.Atoi(attr(x, "numFmtId"))
		switch {
		case s.is("styleSheet", "numFmts", "numFmt"):
			if err == nil {
				custom[id] = dateCode(attr(x, "formatCode"))
			}
		case s.is("styleSheet", "cellXfs", "xf"):
			style++
			if is, own := custom[id]; err == nil && (is || !own && builtinDate(id)) {
				out[style] = true
			}
		}
		return nil
	})
	return out, err
}

// builtinDate reports the number formats that ECMA-376 (18.8.30) reserves for
// dates and times, those of other languages included.
func builtinDate(id int) bool {
	return id >= 14 && id <= 22 || id >= 27 && id <= 36 || id >= 45 && id <= 47 || id >= 50 && id <= 58
}

// dateCode reports a format code with a part of a date in it.
func dateCode(code string) bool {
	if strings.EqualFold(code, "General") || strings.EqualFold(code, "Standard") {
		return false
	}
	quoted, bracket := false, false
	for i := 0; i < len(code); i++ {
		switch c := code[i]; {
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '[':
			bracket = true
		case c == ']':
			bracket = false
		case bracket:
		case c == '\\' || c == '_' || c == '*':
			i++
		case strings.IndexByte("yYmMdDhHsS", c) >= 0:
			return true
		}
	}
	return false
}

// lastDay is the day after the last of the calendar, 31 December 9999.
const lastDay = 2_958_466

// number writes a stored number: as a date where its style shows one, else in
// plain digits.
func (b *book) number(raw, style string) string {
	if len(b.dates) == 0 && digits(raw) {
		return raw
	}
	v, err := strconv.ParseFloat(raw, 64)
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
		return raw
	}
	n, err := strconv.Atoi(style)
	if err != nil {
		n = 0
	}
	switch {
	case b.dates[n] && v >= 0 && v < lastDay:
		return b.date(v)
	case digits(raw):
		return raw
	}
	return strconv.FormatFloat(v, 'f', -1, 64)
}

// digits reports a whole number as it is written in short.
func digits(raw string) bool {
	raw = strings.TrimPrefix(raw, "-")
	for i := 0; i < len(raw); i++ {
		if raw[i] < '0' || raw[i] > '9' {
			return false
		}
	}
	return raw != ""
}

// date converts a serial day. Day 60 of the 1900 calendar, 29 February 1900, never
// was; days before it are one off. Less than a day is a time alone.
func (b *book) date(serial float64) string {
	day, part := math.Modf(serial)
	at := time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)
	if b.epoch {
		at = time.Date(1904, 1, 1, 0, 0, 0, 0, time.UTC)
	} else if day < 60 {
		at = at.AddDate(0, 0, 1)
	}
	at = at.AddDate(0, 0, int(day)).Add(time.Duration(math.Round(part*86400)) * time.Second)
	if serial < 1 && !b.epoch {
		return at.Format(time.TimeOnly)
	}
	return at.Format(time.DateTime)
}

// isoDate writes a date that is stored as text (ISO 8601) in the same form.
func isoDate(raw string) string {
	for _, layout := range []string{"2006-01-02T15:04:05.999999999Z07:00", "2006-01-02T15:04:05.999999999", "2006-01-02T15:04", "2006-01-02"} {
		if at, err := time.Parse(layout, raw); err == nil {
			return at.Format(time.DateTime)
		}
	}
	return raw
}

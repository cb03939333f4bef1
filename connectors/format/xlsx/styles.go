package xlsx

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// loadStyles finds the cell styles that show a number as a date.
func (b *book) loadStyles() (map[int]bool, error) {
	var st struct {
		Formats []struct {
			ID   int    `xml:"numFmtId,attr"`
			Code string `xml:"formatCode,attr"`
		} `xml:"numFmts>numFmt"`
		Cells []struct {
			Format int `xml:"numFmtId,attr"`
		} `xml:"cellXfs>xf"`
	}
	if err := b.parse("xl/styles.xml", &st); err != nil {
		return nil, err
	}
	custom := map[int]bool{}
	for _, f := range st.Formats {
		custom[f.ID] = dateCode(f.Code)
	}
	out := map[int]bool{}
	for i, x := range st.Cells {
		is, own := custom[x.Format]
		out[i] = own && is || !own && builtinDate(x.Format)
	}
	return out, nil
}

// builtinDate reports the number formats that ECMA-376 (18.8.30) reserves for
// dates and times, those of other languages included.
func builtinDate(id int) bool {
	return id >= 14 && id <= 22 || id >= 27 && id <= 36 || id >= 45 && id <= 47 || id >= 50 && id <= 58
}

// dateCode reports a format code with a part of a date in it.
func dateCode(code string) bool {
	quoted, bracket := false, false
	for i := 0; i < len(code); i++ {
		switch c := code[i]; {
		case c == '"':
			quoted = !quoted
		case c == '[':
			bracket = true
		case c == ']':
			bracket = false
		case c == '\\' || c == '_' || c == '*':
			i++
		case !quoted && !bracket && strings.IndexByte("yYdDhHsS", c) >= 0:
			return true
		}
	}
	return false
}

// number writes a stored number: as a date where its style shows one, else in
// plain digits.
func (b *book) number(raw string, style int) string {
	v, err := strconv.ParseFloat(raw, 64)
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
		return raw
	}
	if b.dates[style] && v >= 0 && v < 2_958_466 {
		return b.date(v)
	}
	if strings.ContainsAny(raw, "eE") {
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return raw
}

// date converts a serial day. Day 60 of the 1900 calendar, 29 February 1900, never
// was; days before it are one off.
func (b *book) date(serial float64) string {
	base := time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)
	if b.epoch {
		base = time.Date(1904, 1, 1, 0, 0, 0, 0, time.UTC)
	} else if serial < 60 {
		base = base.AddDate(0, 0, 1)
	}
	day, part := math.Modf(serial)
	at := base.AddDate(0, 0, int(day)).Add(time.Duration(math.Round(part*86400)) * time.Second)
	return at.Format("2006-01-02 15:04:05")
}

package crm

import (
	"fmt"
	"strconv"
	"strings"
)

const (
	pkPrefix    = "pk="
	rowidPrefix = "rowid="
)

// joinKey spells the parts of a key. A key of one part is spelled as it is; in a
// composite key commas and backslashes are escaped.
func joinKey(parts []string) string {
	if len(parts) == 1 {
		return pkPrefix + parts[0]
	}
	var b strings.Builder
	b.WriteString(pkPrefix)
	for i, p := range parts {
		if i > 0 {
			b.WriteByte(',')
		}
		for _, r := range []byte(p) {
			if r == ',' || r == '\\' {
				b.WriteByte('\\')
			}
			b.WriteByte(r)
		}
	}
	return b.String()
}

// splitKey undoes joinKey for a key of n parts.
func splitKey(locator string, n int) ([]string, bool) {
	s, ok := strings.CutPrefix(locator, pkPrefix)
	if !ok {
		return nil, false
	}
	if n == 1 {
		return []string{s}, true
	}
	var parts []string
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s):
			i++
			b.WriteByte(s[i])
		case s[i] == ',':
			parts = append(parts, b.String())
			b.Reset()
		default:
			b.WriteByte(s[i])
		}
	}
	parts = append(parts, b.String())
	return parts, len(parts) == n
}

// rowNumber reads a locator that names a row by its number.
func rowNumber(locator, prefix string) (int64, bool) {
	s, ok := strings.CutPrefix(locator, prefix)
	if !ok {
		return 0, false
	}
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil && strconv.FormatInt(n, 10) == s
}

// unitKey spells a unit: "leads[1,10001)".
func unitKey(collection string, s span) string {
	end := func(p *int64) string {
		if p == nil {
			return ""
		}
		return strconv.FormatInt(*p, 10)
	}
	return collection + "[" + end(s.lo) + "," + end(s.hi) + ")"
}

// parseUnit undoes unitKey.
func parseUnit(key string) (string, span, error) {
	bad := func() (string, span, error) {
		return "", span{}, fmt.Errorf("the unit's key is not of the form table[lo,hi)")
	}
	i := strings.LastIndexByte(key, '[')
	if i < 0 || !strings.HasSuffix(key, ")") {
		return bad()
	}
	lo, hi, ok := strings.Cut(key[i+1:len(key)-1], ",")
	if !ok {
		return bad()
	}
	var s span
	for _, e := range []struct {
		text string
		to   **int64
	}{{lo, &s.lo}, {hi, &s.hi}} {
		if e.text == "" {
			continue
		}
		n, err := strconv.ParseInt(e.text, 10, 64)
		if err != nil {
			return bad()
		}
		*e.to = &n
	}
	return key[:i], s, nil
}

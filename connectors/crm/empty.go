package crm

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// What stands for a text that must be unique: erasedPrefix and the row's key, or
// at least minNonce random hexadecimal digits.
const (
	erasedPrefix = "erased-"
	nonceHex     = 16
	minNonce     = 4
	erasedMail   = "@erased.invalid"
	erasedUUID   = "e7a5ed00-0000-8000-8000-" // and 12 random digits
	zeroUUID     = "00000000-0000-0000-0000-000000000000"
	nowhere      = "\x00\x00\x00\x00\x01\x01\x00\x00\x00" + "\x00\x00\x00\x00\x00\x00\x00\x00" + "\x00\x00\x00\x00\x00\x00\x00\x00" // POINT(0 0), as MySQL stores it
	erasedDay    = "1970-01-02"                                                                                                     // stands for a date that may not be null; every product's types reach back to it
)

// erasedInts are the integers that stand for an emptied value where 0 is taken
// already, by the size of the column in bytes. Unsigned columns take their
// opposites as far as they fit.
func erasedInts(size int) (low, high int64) {
	switch size {
	case 1:
		return -128, -121
	case 2:
		return -32_000, -31_000
	case 3:
		return -8_380_000, -8_280_000
	case 4:
		return -2_140_000_000, -2_040_000_000
	}
	return -910_000_000_000_000_000, -900_000_000_000_000_000
}

func randomHex() string {
	var b [nonceHex / 2]byte
	rand.Read(b[:]) // never fails: crypto/rand ends the program instead
	return hex.EncodeToString(b[:])
}

func randomInt(low, high int64) int64 {
	var b [8]byte
	rand.Read(b[:])
	return high - int64(binary.BigEndian.Uint64(b[:])%uint64(high-low))
}

// candidates lists the values to try for a column, best first.
func (w *rowWriter) candidates(c change) []any {
	cl := w.t.l.cols[c.i]
	var out []any
	if !c.empty {
		if v, ok := w.j.s.d.restore(cl.column, c.text, c.old); ok {
			out = append(out, v)
		}
	}
	if c.exact {
		return out
	}
	if !cl.notNull {
		out = append(out, nil)
	}
	switch cl.kind {
	case kindOpen:
		return append(out, w.byValue(cl, c.old)...)
	case kindText:
		s, _ := spell(c.old, false)
		return append(out, w.texts(cl, s)...)
	}
	return append(out, cl.empties(c.old)...)
}

// byValue lists the empty values for a column whose values each have a type.
func (w *rowWriter) byValue(cl col, old any) []any {
	switch x := old.(type) {
	case int64:
		return append([]any{int64(0), randomInt(erasedInts(8))}, cl.allowed()...)
	case float64:
		return []any{float64(0), float64(randomInt(erasedInts(8)))}
	case []byte:
		return []any{[]byte{}, []byte(erasedPrefix + randomHex())}
	default:
		s, _ := spell(x, false)
		return w.texts(cl, s)
	}
}

// texts lists the empty texts for a column, those that fit into it.
func (w *rowWriter) texts(cl col, s string) []any {
	nonce := erasedPrefix + randomHex()
	own := nonce
	if !w.keyPersonal {
		own = erasedPrefix + w.key
	}
	plain := ""
	if t := strings.TrimSpace(s); cl.field.Look == "json" && t != "" {
		plain = "{}"
		if t[0] == '[' {
			plain = "[]"
		}
	}
	list := []string{plain, "", own}
	if cl.unique && cl.notNull {
		list = []string{own, plain}
	}
	list = append(list, nonce)
	if cl.size >= len(erasedPrefix)+minNonce && cl.size < len(nonce) {
		list = append(list, nonce[:cl.size])
	}
	list = append(list, mask(s), number(s))
	if strings.Contains(s, "@") {
		list = append(list, nonce+erasedMail)
	}
	list = append(list, numbers(s)...)
	list = append(list, capitals(s)...)
	if cl.fallback != "" {
		list = append(list, cl.fallback)
	}
	var out []any
	for _, x := range list {
		if cl.size == 0 || utf8.RuneCountInString(x) <= cl.size {
			out = append(out, x)
		}
	}
	return out
}

// empties lists the empty values of a column whose type is declared.
func (c *column) empties(old any) []any {
	s, _ := spell(old, false)
	switch c.kind {
	case kindInt:
		low, high := erasedInts(c.size)
		if c.unsigned {
			low, high = -high, -low
		}
		return append([]any{int64(0), randomInt(low, high), randomInt(low, high)}, c.allowed()...)
	case kindReal:
		low, high := erasedInts(2)
		return append([]any{"0", strconv.FormatInt(randomInt(erasedInts(8)), 10), strconv.FormatInt(randomInt(low, high), 10)}, c.allowed()...)
	case kindBool:
		return []any{"false", "true"}
	case kindBytes:
		return []any{[]byte{}, []byte(erasedPrefix + randomHex())}
	case kindJSON:
		if strings.HasPrefix(strings.TrimSpace(s), "[") {
			return []any{"[]", "{}"}
		}
		return []any{"{}", "[]"}
	case kindArray:
		if c.record != "" {
			return []any{"[]"}
		}
		return []any{"{}"}
	case kindUUID:
		return []any{zeroUUID, erasedUUID + randomHex()[:12]}
	case kindDate:
		return []any{erasedDay, erasedDay + " 00:" + strconv.FormatInt(randomInt(9, 59), 10) + ":" + strconv.FormatInt(randomInt(9, 59), 10)}
	case kindEnum:
		out := make([]any, 0, len(c.labels)+1)
		if l := c.saysNothing(); l != "" || slices.Contains(c.labels, "") {
			out = append(out, l)
		}
		for _, l := range c.labels {
			out = append(out, l)
		}
		return out
	}
	switch {
	case c.sqlType == "bit" && c.affinity == affNumeric: // a text is stored as the bits of its letters
		return []any{int64(0)}
	case c.sqlType == "point", c.sqlType == "geometry":
		return []any{nowhere}
	}
	return []any{mask(s), "00:00:00", "0.0.0.0", "0", "", "empty"}
}

// saysNothing is the label of an enumeration that tells nothing of anybody; "" when there is
// none.
func (c *column) saysNothing() string {
	i := slices.IndexFunc(c.labels, func(l string) bool {
		return sayNothing[strings.Join(strings.FieldsFunc(strings.ToLower(l), func(r rune) bool { return r == '_' || r == '-' || r == ' ' || r == '/' }), " ")]
	})
	if i < 0 {
		return ""
	}
	return c.labels[i]
}

var sayNothing = map[string]bool{"": true, "unknown": true, "unspecified": true, "undisclosed": true, "not known": true, "not specified": true, "not stated": true, "not disclosed": true,
	"prefer not to say": true, "na": true, "n a": true, "erased": true, "redacted": true, "anonymised": true, "anonymized": true}

// allowed is the number that a check of the column names, if one does.
func (c *column) allowed() []any {
	n, err := strconv.ParseInt(c.fallback, 10, 64)
	if err != nil {
		return nil
	}
	return []any{n}
}

// mask keeps the shape of a text and nothing of its content: digits become 0,
// letters and all other signs but ASCII punctuation become x.
func mask(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= '0' && r <= '9':
			return '0'
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= utf8.RuneSelf:
			return 'x'
		}
		return r
	}, s)
}

// The shape of a number that stands for another one: zeros that no telephone
// number begins with, then random digits.
const (
	numberZeros  = 3
	numberDigits = 9
)

// number is mask with random digits at the end, for numbers that must be unique.
func number(s string) string {
	m := []byte(mask(s))
	zeros := 0
	for _, b := range m {
		if b == '0' {
			zeros++
		}
	}
	if zeros < numberDigits {
		return string(m)
	}
	seen := 0
	for i, b := range m {
		if b != '0' {
			continue
		}
		if seen++; seen > numberZeros {
			m[i] = byte('0' + randomInt(-1, 9))
		}
	}
	return string(m)
}

// standIn reports a text that number made.
func standIn(s string) bool {
	digits := 0
	for _, r := range s {
		switch {
		case r >= '0' && r <= '9':
			if digits++; digits <= numberZeros && r != '0' {
				return false
			}
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= utf8.RuneSelf:
			return false
		}
	}
	return digits >= numberDigits
}

// spared reports whether a value says nothing of anybody, so that it may stay in a row that
// is emptied. Where there may be none, the first of an enumeration's labels, no, a number
// or a day is what somebody wrote, although emptying leaves the same in other columns.
func spared(c *column, v any, key string) bool {
	if l := c.saysNothing(); c.kind == kindEnum && v != nil && l != "" && c.notNull {
		s, _ := spell(v, false)
		return s == l
	}
	if v != nil && !c.notNull {
		switch c.kind {
		case kindEnum, kindBool, kindDate, kindInt, kindReal:
			return false
		case kindOpen: // a value of SQLite has the type, not its column
			switch v.(type) {
			case int64, float64:
				return false
			}
		}
	}
	return hollow(c, v, key)
}

// hollow reports whether a value is one that emptying leaves behind; key is the
// key in the row's locator.
func hollow(c *column, v any, key string) bool {
	switch x := v.(type) {
	case nil:
		return true
	case int64:
		low, high := erasedInts(c.size)
		return c.fallback == strconv.FormatInt(x, 10) || x == 0 || x >= low && x <= high || c.unsigned && x >= -high && x <= -low
	case float64:
		low, high := erasedInts(8)
		return x == 0 || x >= float64(low) && x <= float64(high)
	}
	s, _ := spell(v, false)
	switch c.kind {
	case kindReal:
		f, err := strconv.ParseFloat(s, 64)
		n, nerr := strconv.ParseFloat(c.fallback, 64)
		return err == nil && (hollow(c, f, key) || nerr == nil && f == n || f >= -32_000 && f <= -31_000 && f == float64(int64(f)))
	case kindBool:
		return s == "false"
	case kindUUID:
		return s == zeroUUID || strings.HasPrefix(s, erasedUUID)
	case kindDate:
		return strings.HasPrefix(s, erasedDay) || strings.Trim(s, "0-: .") == ""
	case kindEnum:
		return slices.Index(c.labels, s) == 0 || s == c.saysNothing()
	case kindJSON, kindArray:
		if s == "null" || c.record != "" && vacant(s, key) {
			return true
		}
	case kindOther:
		if s == "empty" || s == "POINT(0 0)" {
			return true
		}
	}
	if rest, ok := strings.CutPrefix(s, erasedPrefix); ok {
		rest = strings.TrimSuffix(rest, erasedMail)
		_, err := hex.DecodeString(rest + strings.Repeat("0", len(rest)%2))
		return rest == key || len(rest) >= minNonce && len(rest) <= nonceHex && err == nil
	}
	return mask(s) == s || shouted(s) || standIn(s) || standsIn(s) || c.fallback != "" && s == c.fallback
}

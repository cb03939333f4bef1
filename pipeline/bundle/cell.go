package bundle

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"time"
	"unicode/utf8"
)

// Kind says what a cell holds.
type Kind uint8

// The kinds of cell. The zero Cell is null.
const (
	Null Kind = iota
	Text      // a text
	JSON      // JSON text: it stands in the JSON file as what it is. Text that is no valid JSON is written as a text
)

// Cell is one value of a record.
type Cell struct {
	Kind Kind
	Text string
}

// String returns the cell of a text.
func String(s string) Cell { return Cell{Text, s} }

// cellOf turns a Go value into a cell.
func cellOf(v any) (Cell, error) {
	switch v := v.(type) {
	case nil:
		return Cell{}, nil
	case string:
		return Cell{Text, v}, nil
	case Cell:
		return v, nil
	case json.RawMessage:
		return Cell{JSON, string(v)}, nil
	case time.Time:
		return Cell{Text, v.In(ist).Format(time.RFC3339)}, nil
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return Cell{}, fmt.Errorf("a value of type %T cannot be written", v)
	}
	return Cell{JSON, string(bytes.TrimSpace(b.Bytes()))}, nil
}

const hexDigits = "0123456789abcdef"

// plainJSON are the ASCII characters that stand for themselves in a JSON string, and
// quoteCSV those for which a CSV cell is quoted.
var plainJSON, quoteCSV = func() (plain, quote [256]bool) {
	for c := 0x20; c < 0x7f; c++ {
		plain[c] = c != '"' && c != '\\'
	}
	for _, c := range ",\"\n\r" {
		quote[c] = true
	}
	return plain, quote
}()

// Eight bytes of a text are looked at together. A word of equal bytes times a byte
// repeats it; highs are the bits that no byte of ASCII has.
const (
	ones  = 0x0101010101010101
	highs = 0x80 * ones
)

// word returns the eight bytes of s from i on.
func word(s string, i int) uint64 {
	s = s[i : i+8]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 | uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

// has marks, by its high bit, the first byte of w that is c, and perhaps some behind it.
func has(w uint64, c byte) uint64 {
	w ^= ones * uint64(c)
	return (w - ones) &^ w & highs
}

// plainWord reports that plainJSON holds for all bytes of w.
func plainWord(w uint64) bool {
	return (w|(w-0x20*ones))&highs|has(w, '"')|has(w, '\\')|has(w, 0x7f) == 0
}

// bareWord reports that quoteCSV holds for no byte of w.
func bareWord(w uint64) bool {
	return has(w, ',')|has(w, '"')|has(w, '\n')|has(w, '\r') == 0
}

// appendJSONText appends s as a JSON string. Bytes that are no UTF-8 become U+FFFD.
func appendJSONText(b []byte, s string) []byte {
	b = append(b, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if plainJSON[c] {
			for i++; i+8 <= len(s) && plainWord(word(s, i)); {
				i += 8
			}
			continue
		}
		if c < utf8.RuneSelf {
			b = append(b, s[start:i]...)
			switch c {
			case '"', '\\':
				b = append(b, '\\', c)
			case '\n':
				b = append(b, '\\', 'n')
			case '\r':
				b = append(b, '\\', 'r')
			case '\t':
				b = append(b, '\\', 't')
			default:
				b = append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
			}
			i++
			start = i
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n == 1 {
			b = append(b, s[start:i]...)
			b = append(b, "\uFFFD"...)
			i++
			start = i
			continue
		}
		i += n
	}
	b = append(b, s[start:]...)
	return append(b, '"')
}

// appendCSV appends s as one CSV cell (RFC 4180). A text that a spreadsheet would
// take for a formula gets a ' in front, also behind the wide forms of the signs.
func appendCSV(b []byte, s string) []byte {
	formula, quote := false, false
	if s != "" {
		switch s[0] {
		case '=', '+', '-', '@', '\t', '\r', '\n':
			formula = true
		case ' ':
			quote = true
		case 0xEF:
			r, _ := utf8.DecodeRuneInString(s)
			formula = r == '＝' || r == '＋' || r == '－' || r == '＠'
		}
	}
	quote = quote || quoted(s)
	if quote {
		b = append(b, '"')
	}
	if formula {
		b = append(b, '\'')
	}
	if !quote {
		return append(b, s...)
	}
	start := 0
	for i := 0; i < len(s); i++ {
		if s[i] == '"' {
			b = append(b, s[start:i+1]...)
			b = append(b, '"')
			start = i + 1
		}
	}
	b = append(b, s[start:]...)
	return append(b, '"')
}

// quoted reports a character for which a CSV cell is quoted.
func quoted(s string) bool {
	i := 0
	for i+8 <= len(s) && bareWord(word(s, i)) {
		i += 8
	}
	for ; i < len(s); i++ {
		if quoteCSV[s[i]] {
			return true
		}
	}
	return false
}

// appendTime appends a time as RFC 3339 in IST; nothing for the zero time.
func appendTime(b []byte, t time.Time) []byte {
	if t.IsZero() {
		return b
	}
	return t.In(ist).AppendFormat(b, time.RFC3339)
}

// plural writes a count with its word.
func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}

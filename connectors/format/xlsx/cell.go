package xlsx

import (
	"encoding/xml"
	"errors"
	"strconv"
	"strings"
)

// cell is one cell of a row.
type cell struct {
	col    int    // from 0
	style  string // number of its style, or ""
	prefix string // of the namespace, with its colon, or ""
	value  string
	shared int  // number of its text, -1 if it has its own
	span   span // of <c> in the part
	// Of a formula: its element, and whether other cells share it.
	formula span
	master  bool
	quotes  string // the formula, when a text in it may be personal
}

// column returns the column of a reference such as C3, from 0.
func column(ref string) (int, bool) {
	n := 0
	for i := 0; i < len(ref); i++ {
		c := ref[i] &^ 0x20
		if c < 'A' || c > 'Z' {
			return n - 1, i > 0
		}
		if n = n*26 + int(c-'A') + 1; n > maxColumns {
			return n - 1, true
		}
	}
	return 0, false
}

// columnName is the inverse of column.
func columnName(col int) string {
	name := ""
	for col++; col > 0; col = (col - 1) / 26 {
		name = string(rune('A'+(col-1)%26)) + name
	}
	return name
}

// place reads a reference to a cell or the first cell of a range, and the cells
// that the range spans.
func place(ref string) (col, row, columns, rows int, ok bool) {
	first, last, isRange := strings.Cut(ref, ":")
	col, row, ok = cellAt(first)
	if !ok || !isRange {
		return col, row, 1, 1, ok
	}
	c, r, ok := cellAt(last)
	return col, row, c - col + 1, r - row + 1, ok && c >= col && r >= row
}

func cellAt(ref string) (col, row int, ok bool) {
	ref = strings.ReplaceAll(ref, "$", "")
	col, ok = column(ref)
	if !ok || col >= maxColumns {
		return 0, 0, false
	}
	row, err := strconv.Atoi(strings.TrimLeft(ref, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"))
	return col, row, err == nil && row > 0
}

// read reads a cell up to its end. buf is used for what is read.
func (c *cell) read(b *book, s *scanner, x xml.StartElement, buf []byte) ([]byte, error) {
	depth, kind := len(s.names), attr(x, "t")
	c.style, c.prefix, c.shared = attr(x, "s"), prefix(x.Name), -1
	at, value, rich := s.at, "", false
	for {
		tok, err := s.next()
		if err != nil {
			return buf, err
		}
		if len(s.names) < depth {
			c.span = s.here(at)
			if rich {
				c.value = value
				return buf, nil
			}
			return buf, c.decode(b, kind, value)
		}
		e, ok := tok.(xml.StartElement)
		if !ok || len(s.names) != depth+1 {
			continue
		}
		start := s.at
		switch e.Name.Local {
		case "v":
			buf, err = s.text(buf[:0], false)
			if !rich {
				value = stored(buf, kind)
			}
		case "is":
			buf, err = s.text(buf[:0], true)
			value, rich = string(appendText(nil, buf)), true
		case "f":
			buf, err = s.text(buf[:0], false)
			c.formula = s.here(start)
			c.master = shares(e)
			if !c.master && quotes(buf) {
				c.quotes = string(buf)
			}
		}
		if err != nil {
			return buf, err
		}
	}
}

// stored copies a stored value.
func stored(buf []byte, kind string) string {
	if kind == "str" {
		return string(appendText(nil, buf))
	}
	return string(buf)
}

var errBool = errors.New("a truth value that is neither 0 nor 1")

// decode makes the text of a stored value.
func (c *cell) decode(b *book, kind, raw string) (err error) {
	switch kind {
	case "s":
		if raw = strings.TrimSpace(raw); raw != "" {
			c.value, c.shared, err = b.texts.get(raw)
		}
		return err
	case "b":
		switch strings.TrimSpace(raw) {
		case "1", "true":
			c.value = "TRUE"
		case "0", "false":
			c.value = "FALSE"
		case "":
		default:
			return errBool
		}
	case "", "n":
		c.value = b.number(strings.TrimSpace(raw), c.style)
	case "d":
		c.value = isoDate(strings.TrimSpace(raw))
	default: // str, e, inlineStr
		c.value = raw
	}
	return nil
}

// shares reports a formula that cells beside this one take part in.
func shares(f xml.StartElement) bool {
	_, _, columns, rows, ok := place(attr(f, "ref"))
	return ok && columns*rows > 1
}

// quotes reports a formula with a text in it that may be an address or a number of
// somebody: HYPERLINK("mailto:...").
func quotes(formula []byte) bool {
	in, run := false, 0
	for _, c := range formula {
		switch {
		case c == '"':
			in, run = !in, 0
		case in && c == '@':
			return true
		case in && c >= '0' && c <= '9':
			if run++; run >= 6 {
				return true
			}
		case c != ' ' && c != '-':
			run = 0
		}
	}
	return false
}

// with writes a cell anew: with a text of its own, or, when that is empty, without
// a value.
func (c *cell) with(row int, text string) string {
	p := c.prefix
	open := c.open(row)
	if text == "" {
		return open + "/>"
	}
	return open + ` t="inlineStr"><` + p + "is><" + p + `t xml:space="preserve">` + storedText(text) + "</" + p + "t></" + p + "is></" + p + "c>"
}

// open begins a cell with its place and style.
func (c *cell) open(row int) string {
	out := "<" + c.prefix + `c r="` + columnName(c.col) + strconv.Itoa(row) + `"`
	if digits(c.style) {
		out += ` s="` + c.style + `"`
	}
	return out
}

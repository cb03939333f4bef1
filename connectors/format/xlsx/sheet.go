package xlsx

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// cell is one cell of a row that has a value.
type cell struct {
	col     int // from 0
	ref     string
	style   string
	prefix  string // of the namespace, with its colon, or ""
	value   string
	shared  int // number of its text, -1 if it has its own
	formula bool
	span    [2]int64 // of <c> in the part
}

// row is one row of a worksheet.
type row struct {
	number int // as the sheet counts, from 1
	cells  []cell
	span   [2]int64 // of <row> in the part
}

// sheet hands on the rows of a worksheet in their order.
func (b *book) sheet(part string, fn func(*row) error) error {
	r, err := b.reader(part)
	if err != nil {
		return err
	}
	err = b.rows(xml.NewDecoder(r), fn)
	if cerr := r.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return fmt.Errorf("reading a worksheet: %w", err)
	}
	return nil
}

func (b *book) rows(d *xml.Decoder, fn func(*row) error) error {
	last := 0
	for {
		at := d.InputOffset()
		tok, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		s, ok := tok.(xml.StartElement)
		if !ok || s.Name.Local != "row" {
			continue
		}
		x := &row{number: last + 1}
		if n, err := strconv.Atoi(attr(s, "r")); err == nil && n > last {
			x.number = n
		}
		last = x.number
		if err := b.cells(d, x); err != nil {
			return err
		}
		x.span = [2]int64{at, d.InputOffset()}
		if err := fn(x); err != nil {
			return err
		}
	}
}

// cells reads a row up to its end.
func (b *book) cells(d *xml.Decoder, x *row) error {
	col := 0
	for {
		at := d.InputOffset()
		tok, err := d.RawToken()
		if err != nil {
			return noEnd(err)
		}
		switch e := tok.(type) {
		case xml.EndElement:
			if e.Name.Local == "row" {
				return nil
			}
		case xml.StartElement:
			if e.Name.Local != "c" {
				continue
			}
			c := cell{col: col, ref: attr(e, "r"), style: attr(e, "s"), prefix: prefix(e), shared: -1}
			if n, ok := column(c.ref); ok {
				c.col = n
			}
			if c.col >= maxColumns {
				return fmt.Errorf("a row with more than %d columns", maxColumns)
			}
			col = c.col + 1
			if err := b.cell(d, attr(e, "t"), &c); err != nil {
				return err
			}
			c.span = [2]int64{at, d.InputOffset()}
			x.cells = append(x.cells, c)
		}
	}
}

// cell reads a cell up to its end.
func (b *book) cell(d *xml.Decoder, kind string, c *cell) error {
	var raw strings.Builder
	in := false
	for {
		tok, err := d.RawToken()
		if err != nil {
			return noEnd(err)
		}
		switch e := tok.(type) {
		case xml.StartElement:
			switch e.Name.Local {
			case "v":
				in = true
			case "f":
				c.formula = true
			case "is":
				text, err := richText(d, "is")
				if err != nil {
					return err
				}
				raw.WriteString(text)
			}
		case xml.CharData:
			if in {
				raw.Write(e)
			}
		case xml.EndElement:
			switch e.Name.Local {
			case "v":
				in = false
			case "c":
				return b.decode(kind, raw.String(), c)
			}
		}
	}
}

// decode makes the text of a stored value.
func (b *book) decode(kind, raw string, c *cell) error {
	switch kind {
	case "s":
		n, err := strconv.Atoi(strings.TrimSpace(raw))
		if raw == "" {
			return nil
		}
		if err != nil || n < 0 || n >= len(b.texts.value) {
			return errors.New("a cell refers to a text that is not there")
		}
		c.shared, c.value = n, b.texts.value[n]
	case "b":
		c.value = map[string]string{"1": "TRUE", "0": "FALSE"}[raw]
	case "", "n":
		style, err := strconv.Atoi(c.style)
		if err != nil {
			style = 0
		}
		c.value = b.number(strings.TrimSpace(raw), style)
	default: // inlineStr, str, d, e
		c.value = raw
	}
	return nil
}

func attr(s xml.StartElement, name string) string {
	for _, a := range s.Attr {
		if a.Name.Local == name && a.Name.Space == "" {
			return a.Value
		}
	}
	return ""
}

// column returns the column of a reference such as C3, from 0.
func column(ref string) (int, bool) {
	n := 0
	for i := 0; i < len(ref); i++ {
		c := ref[i] &^ 0x20
		if c < 'A' || c > 'Z' {
			return n - 1, i > 0
		}
		if n = n*26 + int(c-'A') + 1; n > maxColumns+1 {
			return n - 1, true
		}
	}
	return 0, false
}

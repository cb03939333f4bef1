package xlsx

import (
	"encoding/xml"
	"errors"
	"fmt"
	"strconv"
)

// Limits of a worksheet. The format itself has the same numbers of columns and
// rows.
const (
	maxColumns = 16_384
	maxRows    = 1_048_576
	maxRow     = 64 << 20 // bytes of the values of a row
)

// sheet is a worksheet.
type sheet struct {
	index int // from 1
	part  string
	extras
}

// row is one row of a worksheet.
type row struct {
	number int    // as the sheet counts, from 1
	broken string // why it cannot be read
	stands bool   // it has an element of its own
	named  bool   // and that says its number
	cells  []cell
	prefix string
	span   span    // of <row> in the part
	marks  []*mark // what hangs on its cells
}

var errColumns = fmt.Errorf("a row with more than %d columns", maxColumns)

// rows hands on the rows of a worksheet in their order. A row is valid until fn
// returns.
func (b *book) rows(part string, fn func(*row) error) error {
	r := rowReader{b: b}
	return b.scan(part, func(s *scanner, x xml.StartElement) error {
		if !s.is("worksheet", "sheetData", "row") {
			return nil
		}
		if err := r.read(s, x); err != nil {
			return err
		}
		return fn(&r.row)
	})
}

// rowReader reads the rows of a worksheet one after the other.
type rowReader struct {
	b    *book
	row  row
	last int // number of the last row that is in order
	buf  []byte
}

func (r *rowReader) read(s *scanner, x xml.StartElement) error {
	at, depth := s.at, len(s.names)
	r.row = row{number: r.last + 1, stands: true, cells: r.row.cells[:0], prefix: prefix(x.Name)}
	if ref := attr(x, "r"); ref != "" {
		n, err := strconv.Atoi(ref)
		if err != nil || n < 1 {
			return errors.New("a row whose number is none")
		}
		r.row.number, r.row.named = n, true
		if n <= r.last {
			r.row.broken = "its number is not higher than that of the row before"
		}
	}
	if r.row.number > maxRows {
		return fmt.Errorf("more than %d rows", maxRows)
	}
	r.last = max(r.last, r.row.number)
	next, bytes := 0, 0
	for {
		tok, err := s.next()
		if err != nil {
			return err
		}
		if len(s.names) < depth {
			r.row.span = s.here(at)
			return nil
		}
		e, ok := tok.(xml.StartElement)
		if !ok || e.Name.Local != "c" || len(s.names) != depth+1 {
			continue
		}
		if next, err = r.cell(s, e, next, &bytes); err != nil {
			return err
		}
	}
}

// cell reads a cell whose column is next unless it says so, and returns the column
// behind it.
func (r *rowReader) cell(s *scanner, x xml.StartElement, next int, bytes *int) (int, error) {
	c := cell{col: next}
	if ref := attr(x, "r"); ref != "" {
		col, ok := column(ref)
		if !ok {
			r.row.broken = "a cell whose place is none"
			col = next
		}
		c.col = col
	}
	if c.col >= maxColumns {
		return 0, errColumns
	}
	if c.col < next {
		r.row.broken = "its cells are not in their order"
	}
	var err error
	r.buf, err = c.read(r.b, s, x, r.buf)
	if errors.Is(err, errNoText) || errors.Is(err, errBool) {
		r.row.broken, err = err.Error(), nil
	}
	if err != nil {
		return 0, err
	}
	if *bytes += len(c.value) + len(c.quotes); *bytes > maxRow {
		r.row.broken = fmt.Sprintf("its values are more than %d MiB", maxRow>>20)
		c.value, c.quotes = "", ""
	}
	r.row.cells = append(r.row.cells, c)
	return max(next, c.col+1), nil
}

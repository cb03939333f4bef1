package bundle

import (
	"sync/atomic"
	"unsafe"
)

// batch holds records of a table until both of its files have them. It is filled by one
// goroutine, and then only read.
type batch struct {
	text  []byte // of all cells and locators
	cells []batchCell
	rows  []batchRow
	users atomic.Int32 // files that are to be written from it
}

// batchCell is a cell whose text begins where that of the one before ends.
type batchCell struct {
	kind Kind
	end  int
}

// batchRow is a record: its cells up to an end, and then the locator.
type batchRow struct {
	cells, end int
	meta       RowMeta // without the locator
}

const (
	// batchText is from how many bytes of text on a batch is full, batchRows from how
	// many records.
	batchText = 64 << 10
	batchRows = 256
)

// add takes over a record. The texts of its meta, but for the locator, are kept as they
// are.
func (b *batch) add(values []Cell, m *RowMeta) {
	for i := range values {
		b.text = append(b.text, values[i].Text...)
		b.cells = append(b.cells, batchCell{values[i].Kind, len(b.text)})
	}
	b.text = append(b.text, m.Locator...)
	b.rows = append(b.rows, batchRow{len(b.cells), len(b.text), *m})
	b.rows[len(b.rows)-1].meta.Locator = ""
}

func (b *batch) full() bool { return len(b.text) >= batchText || len(b.rows) >= batchRows }

// each calls fn with the records, and returns the space that it was given for cells. What
// fn is given is valid during the call: the bytes are filled anew when nobody has the
// batch any more.
func (b *batch) each(cells []Cell, fn func([]Cell, *RowMeta)) []Cell {
	var m RowMeta
	text, at, cell := unsafe.String(unsafe.SliceData(b.text), len(b.text)), 0, 0
	for i := range b.rows {
		r := &b.rows[i]
		cells = cells[:0]
		for ; cell < r.cells; cell++ {
			c := b.cells[cell]
			cells = append(cells, Cell{c.kind, text[at:c.end]})
			at = c.end
		}
		m = r.meta // the batch is read by others too
		m.Locator, at = text[at:r.end], r.end
		fn(cells, &m)
	}
	return cells
}

// empty makes a batch, that nobody has any more, one to be filled.
func (b *batch) empty() *batch {
	if cap(b.text) > 4*batchText { // one large record must not cost its memory for good
		b.text = nil
	}
	clear(b.rows)
	b.text, b.cells, b.rows = b.text[:0], b.cells[:0], b.rows[:0]
	return b
}

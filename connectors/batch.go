package connectors

import (
	"context"
	"iter"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
)

// BatchRows is how many records a connector puts in one batch unless the records
// are large.
const BatchRows = 1024

// BatchBytes is the size of values, in bytes, at which a batch is handed on even
// if it has fewer than [BatchRows] records.
const BatchBytes = 4 << 20

// batchCells bounds the cells of a batch, so that a table of thousands of columns
// does not need a thousand times the memory.
const batchCells = 1 << 18

// firstRoom is for how many records a builder makes room before it knows of more.
const firstRoom = 16

// Builder assembles batches of one collection. It is not safe for concurrent
// use.
type Builder struct {
	collection string
	schema     *arrow.Schema
	mem        *recycler
	cols       []textColumn // the locator's first
	at         []int64      // nil until a position is known
	rows       int
	limit      int // rows of a batch
	room       int // rows that a column makes room for at once
	bytes      int
}

// NewBuilder returns a builder for batches with the given columns; the locator
// column is added in front.
func NewBuilder(mem memory.Allocator, collection string, fields []Field) *Builder {
	af := make([]arrow.Field, 0, len(fields)+1)
	af = append(af, arrow.Field{Name: LocatorColumn, Type: arrow.BinaryTypes.String})
	for _, f := range fields {
		af = append(af, ArrowField(f))
	}
	return &Builder{
		collection: collection, schema: arrow.NewSchema(af, nil), mem: &recycler{mem: mem},
		cols: make([]textColumn, len(af)), limit: max(firstRoom, min(BatchRows, batchCells/len(af))), room: firstRoom,
	}
}

// Row starts the next record.
func (b *Builder) Row(locator string) {
	b.rows++
	b.cols[0].set(b, b.rows-1, locator)
	b.bytes += len(locator)
}

// RowAt starts the next record and says where its first byte stands; see
// [Batch.At].
func (b *Builder) RowAt(locator string, at int64) {
	b.Row(locator)
	if b.at == nil {
		b.at = make([]int64, 0, b.limit)
	}
	for len(b.at) < b.rows-1 {
		b.at = append(b.at, 0)
	}
	b.at = append(b.at, at)
}

// Set gives the value of the i-th field (from 0, the locator not counted) of the
// record that Row started. A field that is not set is null; setting one twice
// keeps the first value.
func (b *Builder) Set(i int, value string) {
	c := &b.cols[i+1]
	if c.n >= b.rows {
		return
	}
	c.set(b, b.rows-1, value)
	b.bytes += len(value)
}

// Fill gives all fields of the last n records that Row started, as they stand in
// a table of text: cell after cell and row after row, with one byte between two
// cells and eol bytes between two rows. ends[1+k] is the end of cell k in text;
// ends[0] is -eol, so that the first cell begins at 0. An empty cell is null.
// Fields that are set already are a fault of the caller.
func (b *Builder) Fill(text []byte, ends []int32, n, eol int) {
	width := len(b.cols) - 1
	for i := range width {
		c := &b.cols[i+1]
		c.nullTo(b, b.rows-n)
		gap := int32(1)
		if i == 0 {
			gap = int32(eol)
		}
		c.fill(b, text, ends[i:], n, width, gap)
	}
	b.bytes += int(ends[n*width])
}

// Len returns the number of records since the last Flush.
func (b *Builder) Len() int { return b.rows }

// Room returns how many records the batch takes before it is full.
func (b *Builder) Room() int { return max(0, b.limit-b.rows) }

// Full reports whether it is time to hand the batch on.
func (b *Builder) Full() bool { return b.rows >= b.limit || b.bytes >= BatchBytes }

// Flush returns the records so far as a batch, which the caller releases
// (Batch.Rows.Release), and starts anew.
func (b *Builder) Flush() Batch {
	arrays := make([]arrow.Array, len(b.cols))
	for i := range b.cols {
		arrays[i] = b.cols[i].finish(b)
	}
	out := Batch{Collection: b.collection, Rows: array.NewRecord(b.schema, arrays, int64(b.rows))}
	for _, a := range arrays {
		a.Release() // the record holds them
	}
	if len(b.at) > 0 {
		for len(b.at) < b.rows {
			b.at = append(b.at, 0)
		}
		out.At, b.at = b.at, nil
	}
	b.rows, b.bytes = 0, 0
	return out
}

// Release frees the builder's memory.
func (b *Builder) Release() {
	for i := range b.cols {
		b.cols[i].drop(b.mem)
	}
	b.mem.close()
}

// Value returns the text of column col at row, and false when it is null.
func Value(r arrow.Record, col, row int) (string, bool) {
	c := r.Column(col).(*array.String)
	if c.IsNull(row) {
		return "", false
	}
	return c.Value(row), true
}

// Pick yields the given records of a unit, through the source's [Picker] when it
// has one and by reading the whole unit otherwise. Batches may hold other
// records too; callers compare locators.
func Pick(ctx context.Context, s Source, u Unit, refs []Ref) iter.Seq2[Batch, error] {
	if p, ok := s.(Picker); ok {
		return p.Pick(ctx, u, refs)
	}
	return s.Read(ctx, u)
}

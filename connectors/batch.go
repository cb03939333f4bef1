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

// Builder assembles batches of one collection. It is not safe for concurrent
// use.
type Builder struct {
	collection string
	schema     *arrow.Schema
	rb         *array.RecordBuilder
	cols       []*array.StringBuilder
	rows       int
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
	s := arrow.NewSchema(af, nil)
	b := &Builder{collection: collection, schema: s, rb: array.NewRecordBuilder(mem, s)}
	for i := range af {
		b.cols = append(b.cols, b.rb.Field(i).(*array.StringBuilder))
	}
	return b
}

// Row starts the next record.
func (b *Builder) Row(locator string) {
	b.pad()
	b.cols[0].Append(locator)
	b.rows++
	b.bytes += len(locator)
}

// Set gives the value of the i-th field (from 0, the locator not counted) of the
// record that Row started. A field that is not set is null; setting one twice
// keeps the first value.
func (b *Builder) Set(i int, value string) {
	c := b.cols[i+1]
	for c.Len() < b.rows-1 {
		c.AppendNull()
	}
	if c.Len() >= b.rows {
		return
	}
	c.Append(value)
	b.bytes += len(value)
}

func (b *Builder) pad() {
	for _, c := range b.cols {
		for c.Len() < b.rows {
			c.AppendNull()
		}
	}
}

// Len returns the number of records since the last Flush.
func (b *Builder) Len() int { return b.rows }

// Full reports whether it is time to hand the batch on.
func (b *Builder) Full() bool { return b.rows >= BatchRows || b.bytes >= BatchBytes }

// Flush returns the records so far as a batch, which the caller releases
// (Batch.Rows.Release), and starts anew.
func (b *Builder) Flush() Batch {
	b.pad()
	r := b.rb.NewRecord()
	b.rows, b.bytes = 0, 0
	return Batch{Collection: b.collection, Rows: r}
}

// Release frees the builder's memory.
func (b *Builder) Release() { b.rb.Release() }

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

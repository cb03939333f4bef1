package parquet

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/format"
)

type codec struct {
	dataset string
	cat     connectors.Collection
	only    map[string]bool
	mem     memory.Allocator
	work    *work // nil unless somebody measures
}

// New returns the codec of Parquet objects whose rows are records of the
// collection cat. dataset is the fides_key that references are resolved against.
func New(dataset string, cat connectors.Collection) format.Codec {
	return &codec{dataset: dataset, cat: cat, mem: memory.DefaultAllocator}
}

// Narrow is like [New] but decodes only the named top-level columns; the pages
// of the others are not read. It is for looking up, not for scanning.
func Narrow(dataset string, cat connectors.Collection, columns []string) format.Codec {
	only := map[string]bool{}
	for _, c := range columns {
		only[c] = true
	}
	return &codec{dataset: dataset, cat: cat, only: only, mem: memory.DefaultAllocator}
}

// Stable reports whether locators keep their meaning after a rewrite. Row
// numbers do not.
func (c *codec) Stable() bool { return false }

// Decode implements [format.Codec]. A row group that cannot be read is a gap
// "row group N" (from 1) and its rows keep their numbers; when no row group can
// be read, or the footer cannot, it is an error.
func (c *codec) Decode(ctx context.Context, in format.Input, yield func(connectors.Batch) error) error {
	f, err := c.open(in)
	if err != nil {
		return err
	}
	cols := c.columns(f, true)
	schema := arrowSchema(cols)
	if gaps := slices.Concat(c.headerGaps(f.root), f.metadataGaps(), f.idleGaps()); len(gaps) > 0 {
		if err := yield(connectors.Batch{Collection: c.cat.Name, Gaps: gaps}); err != nil {
			return err
		}
	}
	var firstBad error
	good := 0
	var spent []*stream
	for i, g := range f.groups {
		if err := ctx.Err(); err != nil {
			return err
		}
		r := &groupReader{codec: c, g: g, cols: cols, schema: schema, spent: spent}
		bad, err := r.read(ctx, f, yield)
		spent = r.flat
		if err != nil {
			return err
		}
		if bad == nil {
			good++
			continue
		}
		if firstBad == nil {
			firstBad = fmt.Errorf("row group %d: %w", i+1, bad)
		}
		gap := connectors.Gap{Locator: fmt.Sprintf("row group %d", i+1), Reason: r.reason(bad)}
		if err := yield(connectors.Batch{Collection: c.cat.Name, Gaps: []connectors.Gap{gap}}); err != nil {
			return err
		}
	}
	if good == 0 && firstBad != nil {
		return fmt.Errorf("decoding the Parquet file: no row group can be read: %w", firstBad)
	}
	return nil
}

func (c *codec) open(in format.Input) (f *file, err error) {
	r, size, err := in.At()
	if err != nil {
		return nil, fmt.Errorf("opening the Parquet file: %w", err)
	}
	err = safely(func() error {
		f, err = openFile(r, size)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("decoding the Parquet file: %w", err)
	}
	return f, nil
}

var errDecoder = errors.New("the data is damaged in a way that the decoder does not know")

// safely turns a panic over damaged data into an error.
func safely(fn func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = panicked(p)
		}
	}()
	return fn()
}

func panicked(p any) error {
	if re, ok := p.(runtime.Error); ok {
		return fmt.Errorf("%w: %s", errDecoder, re.Error())
	}
	return errDecoder
}

func arrowSchema(cols []column) *arrow.Schema {
	fields := []arrow.Field{{Name: connectors.LocatorColumn, Type: arrow.BinaryTypes.String}}
	for _, c := range cols {
		fields = append(fields, connectors.ArrowField(c.field))
	}
	return arrow.NewSchema(fields, nil)
}

// groupReader reads the rows of one row group in batches.
type groupReader struct {
	codec  *codec
	g      *group
	cols   []column
	schema *arrow.Schema
	flat   []*stream
	nested []*assembler
	done   int64 // rows handed on
	loc    []byte
	guess  []int     // bytes of each column in a batch
	spent  []*stream // of the group before, for their memory
}

func (r *groupReader) reason(bad error) string {
	if r.done == 0 {
		return bad.Error()
	}
	return fmt.Sprintf("from row %d on: %v", r.g.first+r.done+1, bad)
}

// read hands the rows to yield. bad says why the rest of the group cannot be
// read; err ends the whole object.
func (r *groupReader) read(ctx context.Context, f *file, yield func(connectors.Batch) error) (bad, err error) {
	if r.g.bad != nil {
		return r.g.bad, nil
	}
	r.open(f, func(f *file, g *group, l *leaf) *stream { return newStream(f, &g.chunks[l.index], true) }, newReader)
	rows := r.startRows()
	for r.done < r.g.rows {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		n := int(min(int64(rows), r.g.rows-r.done))
		rec, size, bad := r.batch(n)
		if bad != nil {
			return bad, nil
		}
		r.done += int64(n)
		if err := yield(connectors.Batch{Collection: r.codec.cat.Name, Rows: rec}); err != nil {
			return nil, err
		}
		if size > connectors.BatchBytes {
			rows = max(1, rows*connectors.BatchBytes/size)
		} else if size < connectors.BatchBytes/4 {
			rows = min(connectors.BatchRows, rows*2)
		}
	}
	return r.finished(), nil
}

// open opens the columns: flat makes the streams of scalar ones, deep those of
// the leaves of nested ones.
func (r *groupReader) open(f *file, flat, deep func(*file, *group, *leaf) *stream) {
	r.flat = make([]*stream, len(r.cols))
	r.nested = make([]*assembler, len(r.cols))
	r.guess = make([]int, len(r.cols)+1)
	for i, c := range r.cols {
		if c.flat != nil {
			r.flat[i] = flat(f, r.g, c.flat)
			if i < len(r.spent) {
				r.flat[i].inherit(r.spent[i])
			}
		} else {
			r.nested[i] = newAssembler(f, r.g, c.node, deep)
		}
	}
}

// startRows guesses from the metadata how many rows make a batch.
func (r *groupReader) startRows() int {
	var size int64
	for _, c := range r.cols {
		for _, l := range c.node.leaves {
			size += max(0, r.g.chunks[l.index].meta.int(6, 0))
		}
	}
	if r.g.rows == 0 || size/r.g.rows < connectors.BatchBytes/connectors.BatchRows {
		return connectors.BatchRows
	}
	return int(max(1, connectors.BatchBytes/(size/r.g.rows)))
}

// batch reads n rows, column by column, and returns them with the bytes of
// their values.
func (r *groupReader) batch(n int) (arrow.Record, int, error) {
	size := 0
	arrays := make([]arrow.Array, 0, len(r.cols)+1)
	defer func() {
		for _, a := range arrays {
			a.Release()
		}
	}()
	for i := range len(r.cols) + 1 {
		c := newTextColumn(r.codec.mem, n, r.guess[i])
		if err := r.fill(i-1, c, n); err != nil {
			c.release()
			return nil, 0, err
		}
		size += c.used
		r.guess[i] = c.used + c.used/8
		arrays = append(arrays, c.array())
	}
	return array.NewRecord(r.schema, arrays, int64(n)), size, nil
}

// fill reads n values of the i-th column; column -1 is the locator.
func (r *groupReader) fill(i int, c *textColumn, n int) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = panicked(p)
		}
	}()
	if i < 0 {
		r.loc = append(slices.Grow(r.loc[:0], short), locator(r.g.first+r.done)...)
		for range n {
			c.add(r.loc)
			if d := &r.loc[len(r.loc)-1]; *d < '9' {
				*d++
			} else {
				r.loc = nextLocator(r.loc)
			}
		}
		return nil
	}
	if s := r.flat[i]; s != nil {
		s.appendTo(c, n)
		return s.err
	}
	a := r.nested[i]
	for range n {
		if text, ok := a.row(); ok {
			c.add(text)
		} else {
			c.null()
		}
	}
	return a.err()
}

var errLonger = errors.New("a column has other rows than its row group")

// finished checks that the columns end where the row group does.
func (r *groupReader) finished() error {
	return safely(func() error {
		for i, s := range r.flat {
			if s != nil && s.load() {
				return errLonger
			}
			if s != nil && s.err != nil {
				return s.err
			}
			if a := r.nested[i]; a != nil {
				for _, l := range a.top.leaves {
					if st := a.streams[l]; st.load() {
						return errLonger
					}
				}
				if err := a.err(); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

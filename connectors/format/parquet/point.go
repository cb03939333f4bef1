package parquet

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/format"
)

// Reaches implements [format.PointReader]: the footer says in which row group a
// row stands, and the offset index, or the page headers, in which pages.
func (c *codec) Reaches(r connectors.Ref) bool {
	_, ok := rowNumber(r.Locator)
	return ok && r.Collection == c.cat.Name
}

// DecodeAt implements [format.PointReader]. It reads the footer and the pages
// that hold the rows, with their dictionaries. A row that the file does not have
// does not come; a row group that cannot be read is a gap, as in Decode.
func (c *codec) DecodeAt(ctx context.Context, in format.Input, refs []connectors.Ref, yield func(connectors.Batch) error) error {
	f, err := c.open(in)
	if err != nil {
		return err
	}
	var rows []int64
	for _, r := range refs {
		if n, ok := rowNumber(r.Locator); ok && r.Collection == c.cat.Name {
			rows = append(rows, n)
		}
	}
	slices.Sort(rows)
	rows = slices.Compact(rows)
	cols := c.columns(f, false)
	p := &pointReader{groupReader: groupReader{codec: c, cols: cols, schema: arrowSchema(cols)}}
	for i, g := range f.groups {
		lo, hi := lowerBound(rows, g.first), lowerBound(rows, g.first+g.rows)
		if lo == hi {
			continue
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		bad, err := p.group(ctx, f, g, rows[lo:hi], yield)
		if err != nil {
			return err
		}
		if bad != nil {
			gap := connectors.Gap{Locator: fmt.Sprintf("row group %d", i+1), Reason: bad.Error()}
			if err := yield(connectors.Batch{Collection: c.cat.Name, Gaps: []connectors.Gap{gap}}); err != nil {
				return err
			}
		}
	}
	return nil
}

// pointReader reads single rows of row groups.
type pointReader struct{ groupReader }

// group hands the rows to yield; they count from the first of the file.
func (p *pointReader) group(ctx context.Context, f *file, g *group, rows []int64, yield func(connectors.Batch) error) (bad, err error) {
	if g.bad != nil {
		return g.bad, nil
	}
	p.g = g
	p.open(f, func(f *file, g *group, l *leaf) *stream { return newJumper(f, g, l, true) }, newSeeker)
	at := int64(0)
	for len(rows) > 0 {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		n := min(len(rows), p.startRows())
		rec, bad := p.pick(rows[:n], at)
		if bad != nil {
			return bad, nil
		}
		at = rows[n-1] - g.first + 1
		rows = rows[n:]
		if err := yield(connectors.Batch{Collection: p.codec.cat.Name, Rows: rec}); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// pick reads rows; at is the row of the group at which the columns stand.
func (p *pointReader) pick(rows []int64, at int64) (arrow.Record, error) {
	arrays := make([]arrow.Array, 0, len(p.cols)+1)
	defer func() {
		for _, a := range arrays {
			a.Release()
		}
	}()
	for i := range len(p.cols) + 1 {
		c := newTextColumn(p.codec.mem, len(rows), 64*len(rows))
		if err := safely(func() error { return p.column(i-1, c, rows, at) }); err != nil {
			c.release()
			return nil, err
		}
		arrays = append(arrays, c.array())
	}
	return array.NewRecord(p.schema, arrays, int64(len(rows))), nil
}

// column reads the rows of the i-th column; column -1 is the locator.
func (p *pointReader) column(i int, c *textColumn, rows []int64, at int64) error {
	for _, row := range rows {
		skip := row - p.g.first - at
		at = row - p.g.first + 1
		switch {
		case i < 0:
			p.loc = strconv.AppendInt(append(p.loc[:0], rowPrefix...), row+1, 10)
			c.add(p.loc)
		case p.flat[i] != nil:
			s := p.flat[i]
			s.skipRows(skip)
			if s.err == nil {
				s.appendTo(c, 1)
			}
			if s.err != nil {
				return s.err
			}
		default:
			a := p.nested[i]
			a.skipRows(skip)
			if text, ok := a.row(); ok {
				c.add(text)
			} else {
				c.null()
			}
			if err := a.err(); err != nil {
				return err
			}
		}
	}
	return nil
}

var _ format.PointReader = (*codec)(nil)

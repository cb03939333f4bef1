package xlsx

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/format"
)

// Options tune a codec; the zero value suits tables that the catalog describes.
type Options struct {
	// Fields, when set, gives the columns of a header their meaning. It returns one
	// field a column, with unique names. Without it connectors.Header does.
	Fields func(header []string) []connectors.Field
}

// New returns the codec of one workbook. Its records belong to collection.
func New(collection, dataset string, cat connectors.Collection, o Options) format.Codec {
	if o.Fields == nil {
		o.Fields = func(header []string) []connectors.Field { return connectors.Header(dataset, cat, nil, header) }
	}
	return &codec{collection: collection, o: o}
}

type codec struct {
	collection string
	o          Options
}

// Stable reports that locators name the same records after a rewrite: rows are not
// renumbered.
func (c *codec) Stable() bool { return true }

// table is a worksheet behind its header.
type table struct {
	index  int // of the sheet, from 1
	header int // number of the header row
	fields []connectors.Field
}

// locator names a row of the table.
func (t *table) locator(number int) string {
	if t.index == 1 {
		return fmt.Sprintf("row %d", number-t.header)
	}
	return fmt.Sprintf("sheet %d row %d", t.index, number-t.header)
}

// read hands on the records of a worksheet with the table that they stand in.
func (c *codec) read(b *book, index int, fn func(*table, *row) error) error {
	t := &table{index: index + 1}
	return b.sheet(b.sheets[index], func(x *row) error {
		used := false
		for _, v := range x.cells {
			used = used || strings.TrimSpace(v.value) != ""
		}
		switch {
		case !used:
			return nil
		case t.header == 0:
			t.header = x.number
			names := make([]string, x.cells[len(x.cells)-1].col+1)
			for _, v := range x.cells {
				names[v.col] = strings.ToValidUTF8(v.value, "\uFFFD")
			}
			t.fields = c.o.Fields(names)
			if len(t.fields) != len(names) {
				return fmt.Errorf("%d fields were given for %d columns", len(t.fields), len(names))
			}
			return nil
		}
		for last := x.cells[len(x.cells)-1].col; len(t.fields) <= last; { // wider than its header
			t.fields = append(t.fields, connectors.Field{Name: fmt.Sprintf("column %d", len(t.fields)+1), Look: connectors.LookLabel})
		}
		return fn(t, x)
	})
}

// Decode implements [format.Codec].
func (c *codec) Decode(ctx context.Context, in format.Input, yield func(connectors.Batch) error) error {
	b, err := open(in)
	var skip *format.SkipError
	if errors.As(err, &skip) {
		return yield(connectors.Batch{Gaps: []connectors.Gap{{Reason: skip.Reason}}})
	}
	if err != nil {
		return err
	}
	var gaps []connectors.Gap
	for _, what := range b.unread() {
		gaps = append(gaps, connectors.Gap{Reason: "the workbook holds " + what + ", which are not read"})
	}
	if len(gaps) > 0 {
		if err := yield(connectors.Batch{Collection: c.collection, Gaps: gaps}); err != nil {
			return err
		}
	}
	for i := range b.sheets {
		if err := c.decodeSheet(ctx, b, i, yield); err != nil {
			return err
		}
	}
	return nil
}

func (c *codec) decodeSheet(ctx context.Context, b *book, index int, yield func(connectors.Batch) error) error {
	var out *connectors.Builder
	width := 0
	flush := func() error {
		if out == nil {
			return ctx.Err()
		}
		defer func() { out.Release(); out = nil }()
		if out.Len() == 0 {
			return ctx.Err()
		}
		return yield(out.Flush())
	}
	err := c.read(b, index, func(t *table, x *row) error {
		if out != nil && (out.Full() || len(t.fields) != width) {
			if err := flush(); err != nil {
				return err
			}
		}
		if out == nil {
			out, width = connectors.NewBuilder(memory.DefaultAllocator, c.collection, t.fields), len(t.fields)
		}
		out.Row(t.locator(x.number))
		for _, v := range x.cells {
			if v.value != "" {
				out.Set(v.col, strings.ToValidUTF8(v.value, "\uFFFD"))
			}
		}
		return nil
	})
	return errors.Join(err, flush())
}

package csv

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/format"
)

// headWindow is how much of an object is read at first for its header alone.
const headWindow = 16 << 10

var _ format.PointReader = (*codec)(nil)

// Reaches implements format.PointReader.
func (c *codec) Reaches(r connectors.Ref) bool {
	return r.At > 0 && r.Collection == c.collection && strings.HasPrefix(r.Locator, "row ")
}

// DecodeAt implements format.PointReader. The header is read once from the
// beginning. Which row it is cannot be told from a position, so the locators are
// taken from refs; what is checked is that a line begins there, and that it is a
// record.
func (c *codec) DecodeAt(ctx context.Context, in format.Input, refs []connectors.Ref, yield func(connectors.Batch) error) error {
	at, size, err := in.At()
	if err != nil {
		return fmt.Errorf("reading single rows: %w", err)
	}
	t, err := c.open(io.NewSectionReader(at, 0, size), headWindow)
	if err != nil {
		return err
	}
	if err := c.header(t, io.Discard); err != nil {
		return err
	}
	if t.wide != nil || t.fields == nil {
		return fmt.Errorf("reading single rows: %w", format.ErrAstray)
	}
	w, err := format.NewWindow(in, maxRecord+1)
	if err != nil {
		return err
	}
	b := connectors.NewBuilder(c.o.Mem, c.collection, t.fields)
	defer b.Release()
	rows := rowWriter{b: b, t: t}
	for i, r := range refs {
		if i > 0 && r == refs[i-1] {
			continue
		}
		rec, err := t.recordAt(w, r.At-1)
		if err != nil {
			return fmt.Errorf("reading single rows: %w", err)
		}
		rows.row(rec, r.Locator)
		if b.Full() {
			if err := hand(ctx, b, yield); err != nil {
				return err
			}
		}
	}
	if b.Len() == 0 {
		return nil
	}
	return hand(ctx, b, yield)
}

func hand(ctx context.Context, b *connectors.Builder, yield func(connectors.Batch) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return yield(b.Flush())
}

// recordAt parses the record whose first byte has the offset off. It is valid
// until the next call.
func (t *table) recordAt(w *format.Window, off int64) (*record, error) {
	if off == 0 {
		return nil, format.ErrAstray // the first line of a table without a header: nothing stands before it
	}
	if err := w.MoveTo(off - 1); err != nil {
		return nil, err
	}
	s := &t.point
	*s = scanner{delim: t.s.delim, nl: t.s.nl, pos: 1, at: off - 1, rec: record{cells: s.rec.cells}}
	for {
		s.buf, s.end, s.eof = w.Bytes(), len(w.Bytes()), w.End()
		if s.end > 0 && s.buf[0] != t.s.nl {
			return nil, format.ErrAstray
		}
		if s.end > 1 && s.parse() {
			break
		}
		more, err := w.More()
		if err != nil {
			return nil, err
		}
		if !more {
			return nil, format.ErrAstray
		}
	}
	s.advance()
	if t.blank(&s.rec) || s.rec.kind != row || len(s.rec.cells) != len(t.fields) {
		return nil, format.ErrAstray
	}
	return &s.rec, nil
}

package csv

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/format"
	"github.com/cratio/sutra/connectors/format/utf16"
)

// Rewrite implements format.Codec. A deleted record goes with its line end; of a
// redacted one only the changed cells are written anew. Records that cannot be
// read stay as they are and count as left.
func (c *codec) Rewrite(ctx context.Context, in format.Input, w io.Writer, edits *format.Edits) (int, error) {
	r, err := in.Open()
	if err != nil {
		return 0, err
	}
	left, err := c.rewrite(ctx, in, r, w, edits)
	return left, errors.Join(err, r.Close())
}

func (c *codec) rewrite(ctx context.Context, in format.Input, r io.Reader, w io.Writer, edits *format.Edits) (int, error) {
	t, err := c.open(r, firstBuffer)
	if err != nil {
		return 0, err
	}
	t.beyondASCII = sync.OnceValues(func() (bool, error) { return in1252(in) })
	if err := format.Keep(w, 0, t.cs.bom); err != nil {
		return 0, fmt.Errorf("writing a table: %w", err)
	}
	var ww *utf16.Writer
	if t.cs.order != nil {
		ww = utf16.NewWriter(w, t.cs.order)
		w = ww
	}
	if err := c.header(t, w); err != nil {
		return 0, err
	}
	left, err := c.rows(ctx, t, w, edits)
	if err == nil && ww != nil {
		err = ww.Finish(t.wide.Odd())
	}
	return left, err
}

func (c *codec) rows(ctx context.Context, t *table, w io.Writer, edits *format.Edits) (int, error) {
	var loc, scratch, out []byte
	left := 0
	for {
		rec, gap, err := t.next(w)
		if err != nil || rec == nil {
			return left, err
		}
		if t.n%4096 == 0 && ctx.Err() != nil {
			return left, ctx.Err()
		}
		raw := rec.raw
		if gap == "" {
			loc = locator(loc, t.n)
			if e := edits.For(c.collection, text(loc)); e != nil {
				if e.Action == connectors.Delete {
					edits.Deleted()
					continue
				}
				var changed bool
				if out, changed, err = t.redact(out[:0], rec, e, &scratch); err != nil {
					return left, err
				}
				if changed {
					edits.Redacted()
					raw = out
				}
			}
		}
		left++
		if len(raw) > 0 && &raw[0] == &rec.raw[0] {
			err = format.Keep(w, rec.off, raw)
		} else {
			_, err = w.Write(raw)
		}
		if err != nil {
			return left, fmt.Errorf("writing a table: %w", err)
		}
	}
}

// redact appends the record to out with the edit's rewrites made.
func (t *table) redact(out []byte, rec *record, e *connectors.Edit, scratch *[]byte) ([]byte, bool, error) {
	changed := false
	for i, x := range rec.cells {
		if i > 0 {
			out = append(out, t.s.delim)
		}
		raw := rec.raw[x.start:x.end]
		old := string(t.cellText(rec, x, scratch))
		verdict, value := connectors.Same, ""
		if old != "" && e.Rewrite != nil && i < len(t.fields) {
			value, verdict = e.Rewrite(t.fields[i], old)
		}
		if verdict == connectors.Empty {
			value = ""
		}
		if verdict == connectors.Same || value == old {
			out = append(out, raw...)
			continue
		}
		value, fits, err := t.written(value, raw, rec)
		if err == nil && !fits && e.Exact {
			err = errUnfit
		}
		if err != nil {
			return nil, false, err
		}
		changed = true
		out = t.encode(out, value, x.style != bare) // what does not fit is emptied
	}
	return append(out, rec.raw[rec.body:]...), changed, nil
}

// encode appends a cell, in quotes if the old one had them or the value needs
// them. The only cell of a row is never written as nothing: that would make the
// row a blank line, and number the rows behind it anew.
func (t *table) encode(out []byte, value string, inQuotes bool) []byte {
	if !inQuotes && !strings.ContainsAny(value, "\"\r\n") && strings.IndexByte(value, t.s.delim) < 0 &&
		(value != "" || len(t.fields) > 1) {
		return append(out, value...)
	}
	out = append(out, '"')
	out = append(out, strings.ReplaceAll(value, `"`, `""`)...)
	return append(out, '"')
}

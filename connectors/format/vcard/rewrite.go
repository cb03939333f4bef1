package vcard

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/format"
	"github.com/cratio/sutra/connectors/format/utf16"
)

// Rewrite implements format.Codec. A deleted card goes with its line end; of a
// redacted one only the changed properties are written anew. Cards that cannot be
// read and text outside the cards stay as they are and count as left.
func (c *codec) Rewrite(ctx context.Context, in format.Input, w io.Writer, edits *format.Edits) (int, error) {
	r, err := in.Open()
	if err != nil {
		return 0, err
	}
	left, err := c.rewrite(ctx, r, w, edits)
	return left, errors.Join(err, r.Close())
}

func (c *codec) rewrite(ctx context.Context, r io.Reader, w io.Writer, edits *format.Edits) (int, error) {
	t, err := c.open(r)
	if err != nil {
		return 0, err
	}
	if err := put(w, t.mark); err != nil {
		return 0, err
	}
	var ww *utf16.Writer
	if t.wide != nil {
		ww = utf16.NewWriter(w, t.wide.Order())
		w = ww
	}
	left := 0
	for {
		b, err := t.next(w)
		if err != nil {
			return left, err
		}
		if b == nil {
			break
		}
		if b.n%1024 == 0 && ctx.Err() != nil {
			return left, ctx.Err()
		}
		kept, err := c.card(b, t.wide != nil, w, edits)
		if err != nil {
			return left, err
		}
		left += kept
	}
	if ww != nil {
		return left, ww.Finish(t.wide.Odd())
	}
	return left, nil
}

// card writes one block and returns 1 if it is still there.
func (c *codec) card(b *block, wide bool, w io.Writer, edits *format.Edits) (int, error) {
	if b.raw == nil {
		return 1, nil // it was copied as it is
	}
	raw := b.raw
	if e := edits.For(c.collection, locator(b.n)); e != nil {
		if e.Action == connectors.Delete {
			edits.Deleted()
			return 0, nil
		}
		if e.Rewrite != nil {
			out, err := c.cols.redact(new(reader).read(b.raw, wide), e.Rewrite)
			if err != nil {
				return 1, fmt.Errorf("redacting a contact card: %w", err)
			}
			if !bytes.Equal(out, raw) {
				edits.Redacted()
				raw = out
			}
		}
	}
	return 1, put(w, raw)
}

package format

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/format/utf16"
)

// Wide lets a codec of UTF-8 text read and write objects in UTF-16 as well, which it sees as
// UTF-8 with its mark.
func Wide(c Codec) Codec { return wideCodec{c} }

type wideCodec struct{ Codec }

// Decode implements [Codec].
func (c wideCodec) Decode(ctx context.Context, in Input, yield func(connectors.Batch) error) error {
	in, _, err := narrowed(in)
	if err != nil {
		return err
	}
	return c.Codec.Decode(ctx, in, yield)
}

// Rewrite implements [Codec].
func (c wideCodec) Rewrite(ctx context.Context, in Input, w io.Writer, edits *Edits) (int, error) {
	in, last, err := narrowed(in)
	switch {
	case err != nil:
		return 0, err
	case last == nil:
		return c.Codec.Rewrite(ctx, in, w, edits)
	}
	bw := bufio.NewWriter(w)
	ww := utf16.NewWriter(bw, last.order)
	left, err := c.Codec.Rewrite(ctx, in, ww, edits)
	if err == nil {
		err = ww.Finish(last.odd())
	}
	return left, errors.Join(err, bw.Flush())
}

// wideInput is what is known of an input in UTF-16.
type wideInput struct {
	order utf16.Order
	r     *utf16.Reader // the last that was opened
}

func (x *wideInput) odd() []byte {
	if x.r == nil {
		return nil
	}
	return x.r.Odd()
}

// narrowed returns the input as UTF-8; x is nil when it is no UTF-16.
func narrowed(in Input) (_ Input, x *wideInput, err error) {
	r, err := in.Open()
	if err != nil {
		return in, nil, err
	}
	head := make([]byte, 2)
	n, err := io.ReadFull(r, head)
	if err = errors.Join(ignoreEnd(err), r.Close()); err != nil {
		return in, nil, fmt.Errorf("reading an object: %w", err)
	}
	order := utf16.OrderOf(head[:n])
	if order == nil {
		return in, nil, nil
	}
	x = &wideInput{order: order}
	open := in.Open
	in.At = nil
	in.Open = func() (io.ReadCloser, error) {
		r, err := open()
		if err != nil {
			return nil, err
		}
		x.r = utf16.NewReader(r, order)
		return struct {
			io.Reader
			io.Closer
		}{x.r, r}, nil
	}
	return in, x, nil
}

func ignoreEnd(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil
	}
	return err
}

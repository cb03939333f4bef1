package vcard

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/format"
	"github.com/cratio/sutra/connectors/format/utf16"
)

// New returns the codec of one file of contact cards. Its records belong to
// collection; dataset and cat give the columns their meaning.
//
// The columns are those of the catalog, then [RestColumn]. A property belongs to
// the field of its name in lower case; relatives, assistants and agents go to
// "related" and messenger names to "impp" where no field has their own name. A
// field "key" is the object's key and takes no property. A field that takes
// pictures or sounds holds their markers.
func New(collection, dataset string, cat connectors.Collection) format.Codec {
	return &codec{collection: collection, cols: newColumns(dataset, cat), mem: memory.DefaultAllocator, limit: maxCard}
}

type codec struct {
	collection string
	cols       *columns
	mem        memory.Allocator
	limit      int
}

// text is an open object.
type text struct {
	*scanner
	mark []byte        // the byte order mark
	wide *utf16.Reader // nil for UTF-8
}

func (c *codec) open(r io.Reader) (*text, error) {
	br := bufio.NewReaderSize(r, readSize)
	head, err := br.Peek(len(mark))
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("reading contact cards: %w", err)
	}
	t := &text{scanner: &scanner{r: br, limit: c.limit}}
	o := utf16.OrderOf(head)
	switch {
	case bytes.HasPrefix(head, mark):
		t.mark = mark
	case o != nil:
		t.mark = bytes.Clone(head[:2])
	}
	if _, err := br.Discard(len(t.mark)); err != nil {
		return nil, fmt.Errorf("reading contact cards: %w", err)
	}
	if o != nil {
		t.wide = utf16.NewReader(br, o)
		t.r = bufio.NewReaderSize(t.wide, readSize)
	}
	return t, nil
}

func locator(n int) string { return "card " + strconv.Itoa(n) }

// Decode implements format.Codec.
func (c *codec) Decode(ctx context.Context, in format.Input, yield func(connectors.Batch) error) error {
	r, err := in.Open()
	if err != nil {
		return err
	}
	return errors.Join(c.decode(ctx, r, yield), r.Close())
}

func (c *codec) decode(ctx context.Context, r io.Reader, yield func(connectors.Batch) error) error {
	t, err := c.open(r)
	if err != nil {
		return err
	}
	e := &emitter{codec: c, b: connectors.NewBuilder(c.mem, c.collection, c.cols.fields), ctx: ctx, yield: yield}
	defer e.b.Release()
	for {
		b, err := t.next(io.Discard)
		if err != nil {
			return errors.Join(e.flush(), err)
		}
		if b == nil {
			break
		}
		if err := e.block(b, t.wide != nil); err != nil {
			return err
		}
	}
	if t.wide != nil && len(t.wide.Odd()) > 0 {
		e.gap("", "the text ends in half a UTF-16 letter")
	}
	return e.flush()
}

// emitter turns blocks into batches.
type emitter struct {
	codec *codec
	b     *connectors.Builder
	gaps  []connectors.Gap
	ctx   context.Context
	yield func(connectors.Batch) error
	cards reader
	claim claim
}

func (e *emitter) gap(locator, reason string) {
	e.gaps = append(e.gaps, connectors.Gap{Locator: locator, Reason: reason})
}

func line(n int) string { return "line " + strconv.Itoa(n) }

func (e *emitter) block(b *block, wide bool) error {
	switch b.kind {
	case stray:
		e.gap(line(b.line), "text outside the contact cards")
	case long:
		e.gap(line(b.line), fmt.Sprintf("a contact card of more than %d MiB", maxCard>>20))
	case open:
		e.gap(line(b.line), "a contact card that is never closed; what it holds is read")
	}
	if b.raw != nil {
		card := e.cards.read(b.raw, wide)
		e.b.Row(locator(b.n))
		e.codec.cols.claim(&e.claim, card)
		e.codec.cols.emit(e.b, &e.claim)
		for _, p := range card.props {
			if p.gap != "" {
				e.gap(line(b.line+p.at), p.gap)
			}
			if len(e.gaps) >= connectors.BatchRows { // the row goes with the first of them
				if err := e.flush(); err != nil {
					return err
				}
			}
		}
	}
	if e.b.Full() || len(e.gaps) >= connectors.BatchRows {
		return e.flush()
	}
	return nil
}

// flush hands on what was collected.
func (e *emitter) flush() error {
	if err := e.ctx.Err(); err != nil {
		return err
	}
	if e.b.Len() == 0 && len(e.gaps) == 0 {
		return nil
	}
	out := connectors.Batch{Collection: e.codec.collection}
	if e.b.Len() > 0 {
		out = e.b.Flush()
	}
	out.Gaps, e.gaps = e.gaps, nil
	return e.yield(out)
}

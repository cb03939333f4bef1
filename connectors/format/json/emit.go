package json

import (
	"context"
	"fmt"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/format"
)

// emitter turns records into batches.
type emitter struct {
	codec *Codec
	ctx   context.Context
	b     *connectors.Builder
	yield func(connectors.Batch) error
	gaps  []connectors.Gap
	told  int // gaps told so far
	more  int // gaps beyond maxGaps
}

func (e *emitter) record(locator string, data []byte) ([]byte, error) {
	root, ok, err := e.codec.parse(data)
	if err != nil {
		if gerr := e.unreadable(locator, err); gerr != nil {
			return nil, gerr
		}
	}
	if !ok {
		return data, nil
	}
	e.b.Row(locator)
	e.codec.cols.emit(e.b, data, root)
	if e.b.Full() {
		return data, e.flush()
	}
	return data, nil
}

func (e *emitter) unreadable(locator string, reason error) error {
	if e.told >= maxGaps {
		e.more++
		return nil
	}
	e.told++
	e.gaps = append(e.gaps, connectors.Gap{Locator: locator, Reason: reason.Error()})
	return e.ctx.Err()
}

func (e *emitter) flush() error {
	if err := e.ctx.Err(); err != nil {
		return err
	}
	b := connectors.Batch{Collection: e.codec.cols.collection}
	if e.b.Len() > 0 {
		b = e.b.Flush()
	}
	b.Gaps, e.gaps = e.gaps, nil
	return e.yield(b)
}

// close hands on what is left.
func (e *emitter) close() error {
	if e.more > 0 {
		e.gaps = append(e.gaps, connectors.Gap{Reason: fmt.Sprintf("%d further records cannot be read", e.more)})
	}
	if e.b.Len() == 0 && len(e.gaps) == 0 {
		return e.ctx.Err()
	}
	return e.flush()
}

// editor applies edits to records.
type editor struct {
	codec *Codec
	ctx   context.Context
	edits *format.Edits
	n     int
}

func (e *editor) record(locator string, data []byte) ([]byte, error) {
	if e.n++; e.n%1024 == 0 {
		if err := e.ctx.Err(); err != nil {
			return nil, err
		}
	}
	edit := e.edits.For(e.codec.cols.collection, locator)
	if edit == nil {
		return data, nil
	}
	root, ok, err := e.codec.parse(data)
	if !ok {
		return nil, fmt.Errorf("%w: a record to edit cannot be read: %w", connectors.ErrChanged, err)
	}
	if edit.Action == connectors.Delete {
		e.edits.Deleted()
		return nil, nil
	}
	if edit.Rewrite == nil {
		return data, nil
	}
	out, changed, err := e.codec.cols.redact(data, root, edit.Rewrite)
	if changed {
		e.edits.Redacted()
	}
	return out, err
}

func (e *editor) unreadable(string, error) error { return e.ctx.Err() }

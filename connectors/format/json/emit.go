package json

import (
	"context"
	"fmt"
	"strings"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/format"
)

// emitter turns records into batches.
type emitter struct {
	codec *Codec
	ctx   context.Context
	b     []*connectors.Builder // by set of columns; nil until one is needed
	yield func(connectors.Batch) error
	gaps  []connectors.Gap
	told  int // gaps told so far
	more  int // gaps beyond maxGaps
	flat  *flat
	// records counts what was put into batches.
	records int
}

func newEmitter(ctx context.Context, c *Codec, yield func(connectors.Batch) error) *emitter {
	e := &emitter{codec: c, yield: yield, ctx: ctx}
	if c.layout == nil && !c.trees {
		e.flat = &flat{cols: c.cols, got: make([]leaf, len(c.cols.fields))}
	}
	return e
}

// builder returns the builder of the k-th set of columns.
func (e *emitter) builder(k int) *connectors.Builder {
	if e.b == nil {
		e.b = make([]*connectors.Builder, len(e.codec.sets))
	}
	if e.b[k] == nil {
		e.b[k] = connectors.NewBuilder(e.codec.mem, e.codec.sets[k].collection, e.codec.sets[k].fields)
	}
	return e.b[k]
}

func (e *emitter) release() {
	for _, b := range e.b {
		if b != nil {
			b.Release()
		}
	}
}

func (e *emitter) record(locator string, at int64, data []byte) ([]byte, error) {
	if e.flat != nil && e.flat.record(e.builder(0), locator, at, data) {
		e.records++
		if e.b[0].Full() {
			return data, e.flush()
		}
		return data, nil
	}
	root, ok, err := e.codec.parse(data)
	if err != nil {
		text := data
		if ok {
			text = nil // it is read, but for what is nested too deep
		}
		if gerr := e.unreadable(locator, err, text); gerr != nil {
			return nil, gerr
		}
	}
	if !ok {
		return data, nil
	}
	if e.codec.layout != nil {
		return data, e.items(locator, at, data, root)
	}
	b := e.builder(0)
	begin(b, locator, at)
	e.records++
	e.codec.cols.claim(root)
	e.codec.cols.emit(b, data, root)
	if b.Full() {
		return data, e.flush()
	}
	return data, nil
}

func (e *emitter) unreadable(locator string, reason error, data []byte) error {
	return e.gap(locator, reason.Error(), data)
}

func (e *emitter) gap(locator, reason string, data []byte) error {
	if e.told >= maxGaps {
		e.more++
		return nil
	}
	e.told++
	e.gaps = append(e.gaps, connectors.Gap{Locator: strings.Clone(locator), Reason: reason, Text: string(data[:min(len(data), connectors.GapText)])})
	return e.ctx.Err()
}

// flush hands on what was collected, a batch a collection.
func (e *emitter) flush() error {
	for _, b := range e.b {
		if b == nil || b.Len() == 0 {
			continue
		}
		if err := e.ctx.Err(); err != nil {
			return err
		}
		out := b.Flush()
		out.Gaps, e.gaps = e.gaps, nil
		if err := e.yield(out); err != nil {
			return err
		}
	}
	if len(e.gaps) == 0 {
		return e.ctx.Err()
	}
	out := connectors.Batch{Collection: e.codec.cols.collection, Gaps: e.gaps}
	e.gaps = nil
	return e.yield(out)
}

// close hands on what is left.
func (e *emitter) close() error {
	if e.more > 0 {
		e.gaps = append(e.gaps, connectors.Gap{Reason: fmt.Sprintf("%d further records cannot be read", e.more)})
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

func (e *editor) record(locator string, _ int64, data []byte) ([]byte, error) {
	if e.n++; e.n%1024 == 0 {
		if err := e.ctx.Err(); err != nil {
			return nil, err
		}
	}
	if e.codec.layout != nil {
		root, ok, _ := e.codec.parse(data)
		if !ok {
			return data, nil
		}
		return e.items(locator, data, root)
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

func (e *editor) unreadable(string, error, []byte) error { return e.ctx.Err() }

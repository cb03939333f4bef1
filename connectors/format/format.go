// Package format is the engine under every connector that reads objects: a
// [Source] joins a blob store (where the bytes are) with a [Codec] for each
// object (how they are split into records and rewritten without some of them).
// What the records mean comes with the catalog. The file formats themselves are
// in the sub-packages csv, json, parquet and so on.
package format

import (
	"context"
	"fmt"
	"io"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/blob"
)

// Input is one object, decompressed, as a codec sees it.
type Input struct {
	Key     string // the object's key, without a compression suffix (.gz, .zst)
	Object  string // the object's key as it is in the store, without a version
	Account string // see connectors.Unit
	// Open starts reading the content from the beginning.
	Open func() (io.ReadCloser, error)
	// At gives random access and the size in bytes. Compressed objects are
	// spooled to a temporary file first.
	At func() (io.ReaderAt, int64, error)
}

// Codec splits one object into records and writes it again without, or with
// changed, records. A codec is made for one object and used by one goroutine.
type Codec interface {
	// Decode hands the records to yield in the order in which they stand. A part
	// that cannot be read while the rest can is a gap in a batch; an error ends
	// the object. Decode does not release the batches: the engine does, after
	// yield returns.
	Decode(ctx context.Context, in Input, yield func(connectors.Batch) error) error
	// Rewrite copies the object to w with the edits applied and everything else
	// as it was: bytes of untouched records, encoding, BOM, delimiter, quoting,
	// line ends. left is the number of records that the result still has. When
	// nothing changed, the result equals the input byte for byte. Ranges of the
	// input that stay as they are go through [CopyRange].
	Rewrite(ctx context.Context, in Input, w io.Writer, edits *Edits) (left int, err error)
}

// CopyRange appends n bytes of the input from offset off to what a Rewrite writes:
// as a range that the store moves by itself where w can do that (a [blob.Writer]),
// else byte by byte.
func CopyRange(in Input, w io.Writer, off, n int64) error {
	if n == 0 {
		return nil
	}
	if c, ok := w.(blob.Writer); ok {
		return c.CopyOld(off, n)
	}
	at, _, err := in.At()
	if err != nil {
		return err
	}
	done, err := io.Copy(w, io.NewSectionReader(at, off, n))
	if err == nil && done < n {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return fmt.Errorf("copying a part of the object: %w", err)
	}
	return nil
}

// Prefetcher is what gives random access where a request costs more than the bytes it brings.
type Prefetcher interface {
	// Prefetch fetches n bytes from offset off at once, as far as they are not too many to be
	// held: they are read in pieces and in turns, and what stays of them is written again.
	Prefetch(off, n int64) error
}

// Prefetch lets r fetch a range that is about to be read, where that is of use.
func Prefetch(r io.ReaderAt, off, n int64) error {
	if p, ok := r.(Prefetcher); ok {
		return p.Prefetch(off, n)
	}
	return nil
}

// Edits are the edits of one object by record, and what became of them.
type Edits struct {
	byRef map[ref]*edit
	out   connectors.Outcome
}

type ref struct{ collection, locator string }

type edit struct {
	connectors.Edit
	seen bool
}

// NewEdits indexes edits. Two edits of one record: the deletion wins.
func NewEdits(list []connectors.Edit) *Edits {
	e := &Edits{byRef: make(map[ref]*edit, len(list))}
	for _, x := range list {
		k := ref{x.Collection, x.Locator}
		if old, ok := e.byRef[k]; ok && old.Action == connectors.Delete {
			continue
		}
		e.byRef[k] = &edit{Edit: x}
	}
	return e
}

// For returns the edit of the record, or nil. The codec tells what it did with
// Deleted or Redacted.
func (e *Edits) For(collection, locator string) *connectors.Edit {
	x, ok := e.byRef[ref{collection, locator}]
	if !ok {
		return nil
	}
	x.seen = true
	return &x.Edit
}

// Deleted counts a record that was left out.
func (e *Edits) Deleted() { e.out.Deleted++ }

// Redacted counts a record that was changed.
func (e *Edits) Redacted() { e.out.Redacted++ }

// Uncounted returns the same edits for another pass over the object whose work is
// not counted again.
func (e *Edits) Uncounted() *Edits { return &Edits{byRef: e.byRef} }

// Outcome sums up; edits whose record never came by are missing.
func (e *Edits) Outcome() connectors.Outcome {
	o := e.out
	for _, x := range e.byRef {
		if !x.seen {
			o.Missing++
		}
	}
	return o
}

package json

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/format"
)

// RestColumn is the name of the last column: a JSON object of the members that
// the catalog does not name, as they stand, or the JSON text of a record that is
// no object.
const RestColumn = "sutra.rest"

// MaxRecord is the largest record, in bytes, that is taken into memory. Larger
// ones are gaps.
const MaxRecord = 64 << 20

// maxGaps is how many unreadable records of one object are told one by one; the
// others are summed up in one gap.
const maxGaps = 1000

// Codec reads and rewrites one JSON or JSON Lines object. It is made by [New].
type Codec struct {
	lines bool
	limit int
	trees bool // every record goes through a tree; tests compare
	mem   memory.Allocator
	cols  *columns
	p     Parser
	// Of a codec made by NewLayout: cols is the first of sets.
	layout Layout
	sets   []*columns
}

var _ format.Codec = (*Codec)(nil)

// New returns a codec for the records of one collection. dataset is the
// fides_key that link kinds are named by.
//
// With lines the object is JSON Lines: a record a line, locator "line N" from 1,
// blank lines counted. Without it the object is one JSON document: each element
// of a top-level array is a record ("/N" from 0), anything else is one record
// ("object"). A document that is followed by further ones is read as lines.
//
// The columns are those of the catalog, then [RestColumn]. A member belongs to
// the field of the same name, else to the one that differs in case only; a field
// "a.b" also takes member b of a. Strings give their text, numbers and booleans
// their spelling; objects and arrays give JSON text where the field's Look is
// LookJSON, as a list of words and numbers does where the field refers to others,
// and go to the rest otherwise, as do all but the first of members with the same name.
//
// UTF-8 with or without byte order mark and UTF-16 with one are understood, and
// kept by Rewrite.
func New(dataset string, cat connectors.Collection, lines bool) format.Codec {
	cols := newColumns(dataset, cat)
	return &Codec{lines: lines, limit: MaxRecord, mem: memory.DefaultAllocator, cols: cols, sets: []*columns{cols}}
}

// Stable reports whether locators still name the same records after a rewrite.
// They do not: lines and elements move up.
func (c *Codec) Stable() bool { return false }

// Decode implements [format.Codec].
func (c *Codec) Decode(ctx context.Context, in format.Input, yield func(connectors.Batch) error) error {
	e := newEmitter(ctx, c, yield)
	defer e.release()
	if _, err := c.run(in, e, nil); err != nil {
		return fmt.Errorf("decode JSON: %w", err)
	}
	return e.close()
}

// Rewrite implements [format.Codec]. Records that cannot be read are kept as they
// are and count as left.
func (c *Codec) Rewrite(ctx context.Context, in format.Input, w io.Writer, edits *format.Edits) (int, error) {
	left, err := c.run(in, &editor{codec: c, edits: edits, ctx: ctx}, w)
	if err != nil {
		return 0, fmt.Errorf("rewrite JSON: %w", err)
	}
	return left, nil
}

// visitor is what happens to the records of an object: they are emitted or
// edited.
type visitor interface {
	// record is given a record and returns what to put in its place; nil takes
	// it out. The result is valid until the next call, the locator and data during
	// it. at is where the record begins, see connectors.Batch.At.
	record(locator string, at int64, data []byte) ([]byte, error)
	// unreadable is told of a part that is no record and stays as it is.
	// data is what it holds, as far as it is at hand; it is valid during the call.
	unreadable(locator string, reason error, data []byte) error
}

var errLong = fmt.Errorf("a record of more than %d MiB", MaxRecord>>20)

// run takes an object apart, hands its records to v, and writes the result to w
// unless w is nil. It returns the number of records that are left.
func (c *Codec) run(in format.Input, v visitor, w io.Writer) (left int, err error) {
	kind := shapeLines
	if !c.lines {
		if kind, err = c.shape(in); err != nil {
			return 0, err
		}
	}
	src, err := open(in)
	if err != nil {
		return 0, err
	}
	defer func() {
		if cerr := src.Close(); err == nil {
			err = cerr
		}
	}()
	out, finish := io.Discard, func() error { return nil }
	if w != nil {
		out, finish = src.encoder(w)
	}
	r := &reader{src: src.Reader, out: out, v: v, limit: c.limit, copying: w != nil, wide: src.wide != nil}
	switch kind {
	case shapeLines:
		left, err = r.readLines()
	case shapeArray:
		left, err = r.readArray()
	case shapeSequence:
		left, err = r.readSequence()
	default:
		left, err = r.readObject()
	}
	if err != nil {
		return 0, err
	}
	return left, finish()
}

// parse parses a record. A record that is nested too deep is usable: it comes with
// ErrDeep.
func (c *Codec) parse(data []byte) (root *Node, ok bool, err error) {
	root, err = c.p.Parse(data)
	return root, usable(err), err
}

// usable reports whether a document is complete in spite of the error.
func usable(err error) bool {
	return err == nil || !errors.Is(err, ErrCut) && !errors.Is(err, ErrSyntax) && !errors.Is(err, ErrMany)
}

package json

import (
	"context"
	"fmt"
	"strings"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/format"
)

var _ format.PointReader = (*Codec)(nil)

// lookBack is how many bytes before an element of an array are looked at for the
// comma or bracket that it must follow.
const lookBack = 64

// Reaches implements [format.PointReader].
func (c *Codec) Reaches(r connectors.Ref) bool {
	base := documentOf(r.Locator)
	return r.At > 0 && (strings.HasPrefix(base, "line ") || strings.HasPrefix(base, "/"))
}

// documentOf is the locator of the document that a record stands in: what [New]
// calls a record.
func documentOf(locator string) string {
	from := 0
	if strings.HasPrefix(locator, "/") {
		from = 1
	}
	if i := strings.IndexByte(locator[from:], '/'); i >= 0 {
		return locator[:from+i]
	}
	return locator
}

// DecodeAt implements [format.PointReader]. The records of one document share its
// position and are read together.
func (c *Codec) DecodeAt(ctx context.Context, in format.Input, refs []connectors.Ref, yield func(connectors.Batch) error) error {
	w, err := format.NewWindow(in, c.limit+lookBack)
	if err != nil {
		return err
	}
	e := newEmitter(ctx, c, yield)
	defer e.release()
	var last int64
	for _, r := range refs {
		if r.At == last {
			continue
		}
		last = r.At
		base := documentOf(r.Locator)
		data, err := documentAt(w, base, r.At-1)
		if err != nil {
			return fmt.Errorf("decode JSON at a position: %w", err)
		}
		before := e.records
		if _, err := e.record(base, r.At, data); err != nil {
			return fmt.Errorf("decode JSON at a position: %w", err)
		}
		if e.records == before {
			return fmt.Errorf("decode JSON at a position: %w", format.ErrAstray)
		}
		e.gaps = nil // the reading of the whole told of them
	}
	return e.flush()
}

// documentAt returns the document whose first byte has the offset off, valid until
// the window moves.
func documentAt(w *format.Window, base string, off int64) ([]byte, error) {
	back := min(off, lookBack)
	if err := w.MoveTo(off - back); err != nil {
		return nil, err
	}
	for int64(len(w.Bytes())) <= back {
		if more, err := w.More(); err != nil || !more {
			return nil, joinAstray(err)
		}
	}
	line := strings.HasPrefix(base, "line ")
	before := w.Bytes()[:back]
	if line && !beginsLine(before) || !line && !beginsElement(before) {
		return nil, format.ErrAstray
	}
	for {
		data := w.Bytes()[back:]
		if line {
			if i := lineEnd(data, w.End()); i >= 0 {
				return data[:i], nil
			}
		} else {
			var s span
			if n, done := s.feed(data); done || s.scalar && w.End() {
				return data[:n], nil
			}
		}
		if more, err := w.More(); err != nil || !more {
			return nil, joinAstray(err)
		}
	}
}

func joinAstray(err error) error {
	if err == nil {
		return format.ErrAstray
	}
	return err
}

// beginsLine reports whether a line begins behind the bytes: after a line feed,
// or at the beginning of the object.
func beginsLine(before []byte) bool {
	return len(before) == 0 || string(before) == "\xEF\xBB\xBF" || before[len(before)-1] == '\n'
}

// beginsElement reports whether an element of an array may begin behind the
// bytes.
func beginsElement(before []byte) bool {
	i := len(before)
	for i > 0 && isSpace(before[i-1]) {
		i--
	}
	return i > 0 && (before[i-1] == ',' || before[i-1] == '[')
}

// lineEnd returns the length of the first line without the white space at its
// end, -1 when it may go on.
func lineEnd(data []byte, end bool) int {
	i := strings.IndexByte(view(data), '\n')
	if i < 0 {
		if !end {
			return -1
		}
		i = len(data)
	}
	for i > 0 && isSpace(data[i-1]) {
		i--
	}
	return i
}

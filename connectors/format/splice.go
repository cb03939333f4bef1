package format

import (
	"bufio"
	"io"

	"github.com/cratio/sutra/connectors/blob"
)

// heldBytes is how much of a range that stays as it is a splicer holds, in bytes. A
// longer one is left to the store, whose smallest part is shorter.
const heldBytes = 8 << 20

// splicer stands between a codec and a store: it collects small writes, and what
// goes through [Keep] into ranges of the old object. A long range is moved by the
// store itself; a short one is written, which costs a store less than being asked
// for it.
type splicer struct {
	small  *bufio.Writer
	to     blob.Writer
	off, n int64  // the range that is kept at the moment
	held   []byte // its bytes while it is short
	most   int64  // heldBytes; less in tests
}

func newSplicer(to blob.Writer) *splicer {
	return &splicer{small: bufio.NewWriterSize(to, 256<<10), to: to, most: heldBytes}
}

// Write implements io.Writer.
func (s *splicer) Write(p []byte) (int, error) {
	if err := s.settle(); err != nil {
		return 0, err
	}
	return s.small.Write(p)
}

// CopyOld implements [blob.Writer].
func (s *splicer) CopyOld(off, n int64) error {
	if err := s.Flush(); err != nil {
		return err
	}
	return s.to.CopyOld(off, n)
}

// Flush hands on what was collected.
func (s *splicer) Flush() error {
	if err := s.settle(); err != nil {
		return err
	}
	return s.small.Flush()
}

// keep appends p, which stands at off in the old object.
func (s *splicer) keep(off int64, p []byte) error {
	if s.n > 0 && off != s.off+s.n {
		if err := s.settle(); err != nil {
			return err
		}
	}
	if s.n == 0 {
		s.off = off
	}
	if s.n += int64(len(p)); s.n <= s.most {
		s.held = append(s.held, p...)
	}
	return nil
}

// settle ends the range that is kept.
func (s *splicer) settle() error {
	n := s.n
	s.n = 0
	if n > s.most {
		s.held = s.held[:0]
		if err := s.small.Flush(); err != nil {
			return err
		}
		return s.to.CopyOld(s.off, n)
	}
	_, err := s.small.Write(s.held)
	s.held = s.held[:0]
	return err
}

// Keep writes p, which a codec read from offset off of the object as it is stored and
// did not change: where w knows the old object, what is kept in a row is moved as one
// range. off is in bytes; a codec that decodes the text has none and writes instead.
func Keep(w io.Writer, off int64, p []byte) error {
	if s, ok := w.(*splicer); ok {
		return s.keep(off, p)
	}
	_, err := w.Write(p)
	return err
}

package json

import (
	"bufio"
	"errors"
	"io"

	"github.com/cratio/sutra/connectors/format"
	"github.com/cratio/sutra/connectors/format/utf16"
)

// source is an open object as UTF-8, and how to write it back in its encoding.
type source struct {
	*bufio.Reader
	io.Closer
	wide *utf16.Reader // nil when the object is no UTF-16
}

const readSize = 256 << 10

// open starts reading an object. A UTF-16 byte order mark selects UTF-16, and
// comes out as U+FEFF like that of UTF-8.
func open(in format.Input) (*source, error) {
	rc, err := in.Open()
	if err != nil {
		return nil, err
	}
	s := &source{Reader: bufio.NewReaderSize(rc, readSize), Closer: rc}
	mark, err := s.Peek(2)
	if err != nil && err != io.EOF {
		return nil, closeWith(rc, err)
	}
	if o := utf16.OrderOf(mark); o != nil {
		s.wide = utf16.NewReader(s.Reader, o)
		s.Reader = bufio.NewReaderSize(s.wide, readSize)
	}
	return s, nil
}

// closeWith closes c because of err and returns err.
func closeWith(c io.Closer, err error) error {
	if cerr := c.Close(); cerr != nil && err == nil {
		return cerr
	}
	return err
}

// encoder returns a buffered writer in the encoding of the source and a function
// that finishes the output.
func (s *source) encoder(w io.Writer) (io.Writer, func() error) {
	if s.wide == nil {
		return w, func() error { return nil }
	}
	bw := bufio.NewWriterSize(w, readSize)
	ww := utf16.NewWriter(bw, s.wide.Order())
	return ww, func() error { return errors.Join(ww.Finish(s.wide.Odd()), bw.Flush()) }
}

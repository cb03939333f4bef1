package json

import (
	"bufio"
	"encoding/binary"
	"io"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/cratio/sutra/connectors/format"
)

// source is an open object as UTF-8, and how to write it back in its encoding.
type source struct {
	*bufio.Reader
	io.Closer
	wide *wideReader // nil when the object is no UTF-16
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
	if len(mark) == 2 {
		switch binary.BigEndian.Uint16(mark) {
		case 0xFEFF:
			s.wide = &wideReader{r: s.Reader, order: binary.BigEndian}
		case 0xFFFE:
			s.wide = &wideReader{r: s.Reader, order: binary.LittleEndian}
		}
		if s.wide != nil {
			s.Reader = bufio.NewReaderSize(s.wide, readSize)
		}
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
	ww := &wideWriter{w: bw, order: s.wide.order}
	return ww, func() error {
		if err := ww.rest(); err != nil {
			return err
		}
		if _, err := bw.Write(s.wide.odd); err != nil {
			return err
		}
		return bw.Flush()
	}
}

// wideReader turns UTF-16 into UTF-8; lone surrogates become three bytes, see
// [Node.Text]. A last byte without its partner is left in odd.
type wideReader struct {
	r     *bufio.Reader
	order wideOrder
	out   []byte // decoded and not yet read
	buf   []byte
	odd   []byte
	err   error
}

func (w *wideReader) Read(p []byte) (int, error) {
	for len(w.out) == 0 {
		if w.err != nil {
			return 0, w.err
		}
		w.fill()
	}
	n := copy(p, w.out)
	w.out = w.out[n:]
	return n, nil
}

func (w *wideReader) fill() {
	w.buf = w.buf[:0]
	for len(w.buf) < readSize/2 {
		u, ok := w.unit()
		if !ok {
			break
		}
		r := rune(u)
		if u>>10 == 0xD8>>2 {
			if next, err := w.r.Peek(2); err == nil {
				if pair := utf16.DecodeRune(r, rune(w.order.Uint16(next))); pair != utf8.RuneError {
					r = pair
					if _, w.err = w.r.Discard(2); w.err != nil {
						break
					}
				}
			}
		}
		w.buf = appendWide(w.buf, r)
	}
	w.out = w.buf
}

func (w *wideReader) unit() (uint16, bool) {
	var b [2]byte
	n, err := io.ReadFull(w.r, b[:])
	if err != nil {
		w.odd = append(w.odd, b[:n]...)
		if err == io.ErrUnexpectedEOF {
			err = io.EOF
		}
		w.err = err
		return 0, false
	}
	return w.order.Uint16(b[:]), true
}

// wideWriter turns what wideReader made, and what edits put in, into UTF-16.
type wideWriter struct {
	w     io.Writer
	order wideOrder
	part  []byte // the beginning of a character
	buf   []byte
}

func (w *wideWriter) Write(p []byte) (int, error) {
	s := string(append(w.part, p...))
	whole := len(s)
	for back := 1; back <= 3 && back <= len(s); back++ {
		c := s[len(s)-back]
		if c >= 0xC0 && back < charLen(c) {
			whole = len(s) - back
		}
		if c >= 0xC0 || c < 0x80 {
			break
		}
	}
	w.part = append(w.part[:0], s[whole:]...)
	if err := w.encode(s[:whole]); err != nil {
		return 0, err
	}
	return len(p), nil
}

// charLen is the length of the character that begins with c >= 0xC0.
func charLen(c byte) int {
	switch {
	case c >= 0xF0:
		return 4
	case c >= 0xE0:
		return 3
	}
	return 2
}

func (w *wideWriter) encode(s string) error {
	w.buf = w.buf[:0]
	put := func(u rune) {
		w.buf = w.order.AppendUint16(w.buf, uint16(u))
	}
	for len(s) > 0 {
		r, size, _ := decodeWide(s)
		if r > 0xFFFF {
			hi, lo := utf16.EncodeRune(r)
			put(hi)
			put(lo)
		} else {
			put(r)
		}
		s = s[size:]
	}
	_, err := w.w.Write(w.buf)
	return err
}

// rest writes what is left of an incomplete character.
func (w *wideWriter) rest() error {
	s := string(w.part)
	w.part = nil
	return w.encode(s)
}

// wideOrder is a byte order that reads and appends.
type wideOrder interface {
	binary.ByteOrder
	binary.AppendByteOrder
}

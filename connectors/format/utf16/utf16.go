// Package utf16 reads and writes UTF-16, the encoding of files that Windows programs and
// Ads Manager write: without loss, so that what is not changed comes out as it was.
package utf16

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

// Order is a byte order.
type Order interface {
	binary.ByteOrder
	binary.AppendByteOrder
}

// OrderOf returns the byte order that the mark in the first two bytes names; nil when
// there is none.
func OrderOf(head []byte) Order {
	if len(head) < 2 {
		return nil
	}
	switch binary.BigEndian.Uint16(head) {
	case 0xfeff:
		return binary.BigEndian
	case 0xfffe:
		return binary.LittleEndian
	}
	return nil
}

// Reader turns UTF-16 into UTF-8 without loss: a surrogate that has no partner becomes
// the three bytes that it would have (which is no valid UTF-8), and a [Writer] turns
// them back. A byte order mark is a letter like others.
type Reader struct {
	r     io.Reader
	order Order
	in    [32 << 10]byte
	have  int    // bytes of in
	high  uint16 // a high surrogate that waits for its partner, or 0
	buf   []byte // behind out
	out   []byte
	odd   []byte // a last byte without a partner
	err   error
}

// NewReader returns a reader of UTF-16.
func NewReader(r io.Reader, o Order) *Reader { return &Reader{r: r, order: o} }

// Order is the byte order of the input.
func (w *Reader) Order() Order { return w.order }

// Odd is the byte without a partner with which the input ended, if there was one.
func (w *Reader) Odd() []byte { return w.odd }

// Read implements io.Reader.
func (w *Reader) Read(p []byte) (int, error) {
	for len(w.out) == 0 {
		if w.err != nil {
			return 0, w.err
		}
		w.more()
	}
	n := copy(p, w.out)
	w.out = w.out[n:]
	return n, nil
}

func (w *Reader) more() {
	n, err := w.r.Read(w.in[w.have:])
	w.have += n
	if need := 2*w.have + 3; cap(w.buf) < need {
		w.buf = make([]byte, 0, need)
	}
	out, low := w.buf[:0], 0 // nothing of the last turn is wanted any more
	if w.order == binary.BigEndian {
		low = 1
	}
	i := 0
	for ; i+2 <= w.have; i += 2 {
		if c := w.in[i+low]; c < utf8.RuneSelf && w.in[i+1-low] == 0 && w.high == 0 {
			out = append(out, c)
			continue
		}
		out = w.unit(out, w.order.Uint16(w.in[i:]))
	}
	if err != nil {
		if w.high != 0 {
			out = appendUnit(out, w.high)
			w.high = 0
		}
		w.odd = append(w.odd, w.in[i:w.have]...)
		w.err = err
	}
	w.have = copy(w.in[:], w.in[i:w.have])
	w.out = out
}

func (w *Reader) unit(out []byte, u uint16) []byte {
	high := w.high
	w.high = 0
	if high != 0 {
		if u >= 0xdc00 && u < 0xe000 {
			return utf8.AppendRune(out, 0x10000+(rune(high)-0xd800)<<10+(rune(u)-0xdc00))
		}
		out = appendUnit(out, high)
	}
	if u >= 0xd800 && u < 0xdc00 {
		w.high = u
		return out
	}
	return appendUnit(out, u)
}

// appendUnit encodes one unit, a lone surrogate too.
func appendUnit(out []byte, u uint16) []byte {
	if u < 0xd800 || u >= 0xe000 {
		return utf8.AppendRune(out, rune(u))
	}
	return append(out, 0xed, 0x80|byte(u>>6)&0x3f, 0x80|byte(u)&0x3f)
}

// Writer turns UTF-8 into UTF-16, and back what a [Reader] gave.
type Writer struct {
	w     io.Writer
	order Order
	carry []byte // the beginning of a letter that the last Write cut
	out   []byte
}

// NewWriter returns a writer of UTF-16; Finish ends it.
func NewWriter(w io.Writer, o Order) *Writer { return &Writer{w: w, order: o} }

// Write implements io.Writer.
func (w *Writer) Write(p []byte) (int, error) {
	b := p
	if len(w.carry) > 0 {
		b = append(w.carry, p...)
	}
	w.out = w.out[:0]
	for len(b) > 0 && whole(b) {
		b = b[w.letter(b):]
	}
	w.carry = append([]byte(nil), b...)
	if _, err := w.w.Write(w.out); err != nil {
		return 0, fmt.Errorf("writing UTF-16: %w", err)
	}
	return len(p), nil
}

// whole reports whether b begins with all bytes of a letter.
func whole(b []byte) bool {
	if b[0] == 0xed && len(b) == 2 && b[1] >= 0xa0 && b[1] < 0xc0 {
		return false
	}
	return utf8.FullRune(b)
}

// letter encodes the letter at the beginning of b and returns its length there.
func (w *Writer) letter(b []byte) int {
	r, n := utf8.DecodeRune(b)
	switch {
	case r == utf8.RuneError && n == 1 && len(b) >= 3 && b[0] == 0xed && b[1]&0xe0 == 0xa0 && b[2]&0xc0 == 0x80:
		w.out = w.order.AppendUint16(w.out, 0xd000|uint16(b[1]&0x3f)<<6|uint16(b[2]&0x3f))
		return 3
	case r > 0xffff:
		r -= 0x10000
		w.out = w.order.AppendUint16(w.out, 0xd800+uint16(r>>10))
		w.out = w.order.AppendUint16(w.out, 0xdc00+uint16(r&0x3ff))
	default:
		w.out = w.order.AppendUint16(w.out, uint16(r))
	}
	return n
}

// Finish writes a cut letter as U+FFFD, and the odd byte that the input ended
// with.
func (w *Writer) Finish(odd []byte) error {
	var err error
	if len(w.carry) > 0 {
		_, err = w.w.Write(w.order.AppendUint16(nil, utf8.RuneError))
	}
	_, err2 := w.w.Write(odd)
	if err := errors.Join(err, err2); err != nil {
		return fmt.Errorf("writing UTF-16: %w", err)
	}
	return nil
}

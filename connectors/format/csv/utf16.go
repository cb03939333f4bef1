package csv

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

// order is a byte order.
type order interface {
	binary.ByteOrder
	binary.AppendByteOrder
}

// charset is how text is encoded: UTF-8 (or any superset of ASCII that is not
// looked into), or UTF-16.
type charset struct {
	bom   []byte
	order order // nil for UTF-8
}

// charsetOf looks at the first bytes. UTF-16 without a byte order mark is known
// by the zero half of its first letter.
func charsetOf(head []byte) charset {
	has := func(bom string) bool { return len(head) >= len(bom) && string(head[:len(bom)]) == bom }
	switch {
	case has("\xef\xbb\xbf"):
		return charset{bom: []byte("\xef\xbb\xbf")}
	case has("\xff\xfe"):
		return charset{bom: []byte("\xff\xfe"), order: binary.LittleEndian}
	case has("\xfe\xff"):
		return charset{bom: []byte("\xfe\xff"), order: binary.BigEndian}
	case len(head) >= 2 && head[0] != 0 && head[1] == 0:
		return charset{order: binary.LittleEndian}
	case len(head) >= 2 && head[0] == 0 && head[1] != 0:
		return charset{order: binary.BigEndian}
	}
	return charset{}
}

// wideReader turns UTF-16 into UTF-8 without loss: a surrogate that has no
// partner becomes the three bytes that it would have (which is no valid UTF-8),
// and wideWriter turns them back.
type wideReader struct {
	r     io.Reader
	order order
	in    [32 << 10]byte
	have  int    // bytes of in
	high  uint16 // a high surrogate that waits for its partner, or 0
	buf   []byte // behind out
	out   []byte
	odd   []byte // a last byte without a partner
	err   error
}

// Read implements io.Reader.
func (w *wideReader) Read(p []byte) (int, error) {
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

func (w *wideReader) more() {
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

func (w *wideReader) unit(out []byte, u uint16) []byte {
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

// wideWriter turns back what wideReader gave.
type wideWriter struct {
	w     io.Writer
	order order
	carry []byte // the beginning of a letter that the last Write cut
	out   []byte
}

// Write implements io.Writer.
func (w *wideWriter) Write(p []byte) (int, error) {
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
func (w *wideWriter) letter(b []byte) int {
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

// finish writes a cut letter as U+FFFD, and the odd byte that the input ended
// with.
func (w *wideWriter) finish(odd []byte) error {
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

package parquet

import (
	"bufio"
	"encoding/binary"
	"io"

	"github.com/klauspost/compress/snappy"
)

// unsnappy undoes Snappy's block format from the front. The library that undoes whole blocks
// has no reader of parts of them: its readers are of another format, with frames.
//
// Rule: https://github.com/google/snappy/blob/main/format_description.txt. A copy may
// reach back to the start of the block, but writers look at 64 KiB at a time, so that not
// much is kept; a block of another writer is unpacked as a whole.
type unsnappy struct {
	in      *bufio.Reader
	again   func() ([]byte, error)
	size    int    // of all of it, unpacked
	made    int    // bytes unpacked so far
	literal int    // how many bytes of a literal are still to come
	out     []byte // the last bytes unpacked
	next    int    // the first of them that was not handed on
}

const (
	snappyKept  = 64 << 10 // how far back copies reach, mostly
	snappyAhead = 64 << 10 // how much is unpacked at a time, about
)

// newUnsnappy returns a reader of the size bytes that in holds. again reads all that in held
// at first.
func newUnsnappy(in *bufio.Reader, size int, again func() ([]byte, error)) (*unsnappy, error) {
	n, err := binary.ReadUvarint(in)
	if err != nil || n != uint64(size) {
		return nil, errCompressed
	}
	return &unsnappy{in: in, again: again, size: size}, nil
}

func (u *unsnappy) Read(p []byte) (int, error) {
	if u.next == len(u.out) {
		if err := u.more(); err != nil {
			return 0, err
		}
	}
	n := copy(p, u.out[u.next:])
	u.next += n
	return n, nil
}

// more unpacks some more. All that was unpacked before was handed on.
func (u *unsnappy) more() error {
	if u.made == u.size {
		if u.in != nil {
			if _, err := u.in.ReadByte(); err == nil {
				return errCompressed // more than there should be
			}
		}
		return io.EOF
	}
	if k := len(u.out) - snappyKept; k > snappyKept {
		u.out = u.out[:copy(u.out, u.out[k:])]
	}
	u.next = len(u.out)
	for u.made < u.size && len(u.out)-u.next < snappyAhead {
		if u.literal > 0 {
			if err := u.letters(); err != nil {
				return err
			}
			continue
		}
		far, err := u.element()
		if err != nil {
			return err
		}
		if far {
			return u.whole()
		}
	}
	return nil
}

// letters unpacks a piece of a literal.
func (u *unsnappy) letters() error {
	n, at := min(u.literal, snappyAhead), len(u.out)
	u.out = append(u.out, make([]byte, n)...)
	if _, err := io.ReadFull(u.in, u.out[at:]); err != nil {
		return errCompressed
	}
	u.literal -= n
	u.made += n
	return nil
}

// element unpacks a copy, or begins a literal. far: it is a copy of what is not kept.
func (u *unsnappy) element() (far bool, err error) {
	tag, err := u.number(1)
	if err != nil {
		return false, err
	}
	n, back := int(tag>>2)+1, uint64(0)
	switch tag & 3 {
	case 0:
		if n > 60 {
			more, err := u.number(n - 60)
			if err != nil {
				return false, err
			}
			n = int(more) + 1
		}
		if n > u.size-u.made {
			return false, errCompressed
		}
		u.literal = n
		return false, nil
	case 1:
		n = int(tag>>2&7) + 4
		back, err = u.number(1)
		back |= tag >> 5 << 8
	case 2:
		back, err = u.number(2)
	case 3:
		back, err = u.number(4)
	}
	if err != nil || back == 0 || back > uint64(u.made) || n > u.size-u.made {
		return false, errCompressed
	}
	if back > uint64(len(u.out)) {
		return true, nil
	}
	for range n { // what is copied may be what the copy itself writes
		u.out = append(u.out, u.out[len(u.out)-int(back)])
	}
	u.made += n
	return false, nil
}

// number reads n bytes as a number, the smallest first.
func (u *unsnappy) number(n int) (x uint64, err error) {
	for i := range n {
		b, err := u.in.ReadByte()
		if err != nil {
			return 0, errCompressed
		}
		x |= uint64(b) << (8 * i)
	}
	return x, nil
}

// whole unpacks the block as a whole, and goes on in it.
func (u *unsnappy) whole() error {
	packed, err := u.again()
	if err != nil {
		return err
	}
	handed := u.made - (len(u.out) - u.next)
	if u.out, err = snappy.Decode(make([]byte, u.size), packed); err != nil || len(u.out) != u.size {
		return errCompressed
	}
	u.in, u.made, u.next = nil, u.size, handed
	return nil
}

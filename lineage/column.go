package lineage

import (
	"encoding/binary"
	"math/bits"
)

// A column of whole numbers is stored in the way that takes the fewest bytes.
const (
	colConst = iota // one value for all rows
	colStep         // the first value and the difference between neighbours
	colFixed        // the smallest value, then each row's distance from it in few bytes
	colDelta        // differences between neighbours as varints
)

// zigzag maps small numbers of either sign to small unsigned ones.
func zigzag(n int64) uint64   { return uint64(n<<1) ^ uint64(n>>63) }
func unzigzag(u uint64) int64 { return int64(u>>1) ^ -int64(u&1) }

func uvarintLen(u uint64) int { return (bits.Len64(u|1) + 6) / 7 }

// appendInts writes a column.
func appendInts(out []byte, v []int64) []byte {
	if len(v) == 0 {
		return append(out, colConst, 0)
	}
	same := 1
	for same < len(v) && v[same] == v[0] {
		same++
	}
	if same == len(v) { // as most columns of most blocks
		return binary.AppendVarint(append(out, colConst), v[0])
	}
	lo, hi, even, size := v[0], v[0], true, uvarintLen(zigzag(v[0]))
	for i := 1; i < len(v); i++ {
		lo, hi = min(lo, v[i]), max(hi, v[i])
		even = even && v[i]-v[i-1] == v[1]-v[0]
		size += uvarintLen(zigzag(v[i] - v[i-1]))
	}
	if even {
		return binary.AppendVarint(binary.AppendVarint(append(out, colStep), v[0]), v[1]-v[0])
	}
	width := 1
	for span := uint64(hi) - uint64(lo); span > 0xff; span >>= 8 {
		width++
	}
	if width*len(v) <= size+2 {
		out = binary.AppendVarint(append(out, colFixed, byte(width)), lo)
		var buf [8]byte
		for _, n := range v {
			binary.LittleEndian.PutUint64(buf[:], uint64(n)-uint64(lo))
			out = append(out, buf[:width]...)
		}
		return out
	}
	out = binary.AppendUvarint(append(out, colDelta), uint64(size))
	last := int64(0)
	for _, n := range v {
		out = binary.AppendUvarint(out, zigzag(n-last))
		last = n
	}
	return out
}

// intColumn reads a column. Rows must be asked for in ascending order.
type intColumn struct {
	mode       byte
	base, step int64
	width      int
	data       []byte
	next       int   // colDelta: rows consumed from data
	at         int64 // colDelta: the last row's value
}

// ints reads the head of a column of the given number of rows.
func (d *decoder) ints(rows int) (c intColumn) {
	c.mode = d.byte()
	switch c.mode {
	case colConst:
		c.base = d.int()
	case colStep:
		c.base, c.step = d.int(), d.int()
	case colFixed:
		c.width = int(d.byte())
		c.base = d.int()
		if c.width < 1 || c.width > 8 {
			d.bad = true
			return c
		}
		c.data = d.take(c.width * rows)
	case colDelta:
		c.data = d.take(d.count(1))
	default:
		d.bad = true
	}
	return c
}

// value returns the value of a row; ok is false when the column is damaged.
func (c *intColumn) value(row int) (n int64, ok bool) {
	switch c.mode {
	case colConst:
		return c.base, true
	case colStep:
		return c.base + c.step*int64(row), true
	case colFixed:
		var u uint64
		for i, b := range c.data[row*c.width : (row+1)*c.width] {
			u |= uint64(b) << (8 * i)
		}
		return int64(uint64(c.base) + u), true
	}
	for c.next <= row {
		u, k := binary.Uvarint(c.data)
		if k <= 0 {
			return 0, false
		}
		c.data = c.data[k:]
		c.at += unzigzag(u)
		c.next++
	}
	return c.at, c.next == row+1
}

// decoder takes values off the front of a byte string. The first mistake sticks.
type decoder struct {
	in  []byte
	bad bool
}

func (d *decoder) fail() {
	d.bad, d.in = true, nil
}

func (d *decoder) byte() byte {
	if len(d.in) == 0 {
		d.fail()
		return 0
	}
	b := d.in[0]
	d.in = d.in[1:]
	return b
}

func (d *decoder) uint() uint64 {
	n, k := binary.Uvarint(d.in)
	if k <= 0 {
		d.fail()
		return 0
	}
	d.in = d.in[k:]
	return n
}

func (d *decoder) int() int64 {
	n, k := binary.Varint(d.in)
	if k <= 0 {
		d.fail()
		return 0
	}
	d.in = d.in[k:]
	return n
}

// count reads the length of a list whose items take at least size bytes each.
func (d *decoder) count(size int) int {
	n := d.uint()
	if n > uint64(len(d.in)/size) {
		d.fail()
		return 0
	}
	return int(n)
}

// take returns the next n bytes, which stay part of the input.
func (d *decoder) take(n int) []byte {
	if n < 0 || n > len(d.in) {
		d.fail()
		return nil
	}
	b := d.in[:n:n]
	d.in = d.in[n:]
	return b
}

// str reads a string with its length before it.
func (d *decoder) str() string { return string(d.take(d.count(1))) }

func appendStr(out []byte, s string) []byte {
	return append(binary.AppendUvarint(out, uint64(len(s))), s...)
}

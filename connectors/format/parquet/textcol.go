package parquet

import (
	"encoding/binary"
	"unsafe"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
)

// textColumn builds one utf8 column of a batch of known length. It writes the
// buffers of Arrow itself: the builders cost several times as much a value.
type textColumn struct {
	offsets *memory.Buffer
	valid   *memory.Buffer
	data    *memory.Buffer
	ends    []int32 // view of offsets
	bits    []byte  // view of valid
	bytes   []byte  // view of data
	used    int     // bytes of data
	n       int     // rows so far
	nulls   int
}

// newTextColumn returns a column for up to rows values; guess is the expected
// size of all texts in bytes.
func newTextColumn(mem memory.Allocator, rows, guess int) *textColumn {
	c := &textColumn{offsets: memory.NewResizableBuffer(mem), valid: memory.NewResizableBuffer(mem), data: memory.NewResizableBuffer(mem)}
	c.offsets.Resize(4 * (rows + 1))
	c.valid.Resize((rows + 7) / 8)
	c.data.Resize(guess)
	b := c.offsets.Bytes()
	c.ends = unsafe.Slice((*int32)(unsafe.Pointer(unsafe.SliceData(b))), rows+1)
	c.bits, c.bytes = c.valid.Bytes(), c.data.Bytes()
	fill(c.bits, 0xff)
	c.ends[0] = 0
	return c
}

// grow makes room for n more bytes.
func (c *textColumn) grow(n int) {
	if c.used+n > len(c.bytes) {
		c.data.Resize(max(2*len(c.bytes), c.used+n))
		c.bytes = c.data.Bytes()
	}
}

func (c *textColumn) null() {
	c.bits[c.n>>3] &^= 1 << (c.n & 7)
	c.n++
	c.nulls++
	c.ends[c.n] = int32(c.used)
}

// short is how many bytes of a text are copied at once. What is copied too much is
// overwritten by the next one, or cut off.
const short = 32

func (c *textColumn) add(text []byte) {
	n := len(text)
	if c.used+max(n, short) > len(c.bytes) {
		c.grow(max(n, short))
	}
	if n <= short && cap(text) >= short {
		copyShort(c.bytes[c.used:c.used+short], text[:short])
	} else {
		copy(c.bytes[c.used:], text)
	}
	c.used += n
	c.n++
	c.ends[c.n] = int32(c.used)
}

// pick appends the values with the given indices.
func (c *textColumn) pick(v *values, idx []uint32) {
	used, n := c.used, c.n
	for _, j := range idx {
		text := v.data[v.lo[j]:v.hi[j]]
		if used+max(len(text), short) > len(c.bytes) {
			c.used = used
			c.grow(max(len(text), short))
		}
		if len(text) <= short && cap(text) >= short {
			copyShort(c.bytes[used:used+short], text[:short])
		} else {
			copy(c.bytes[used:], text)
		}
		used += len(text)
		n++
		c.ends[n] = int32(used)
	}
	c.used, c.n = used, n
}

// run appends the values from one place to another.
func (c *textColumn) run(v *values, from, to int) {
	used, n := c.used, c.n
	for i, lo := range v.lo[from:to] {
		text := v.data[lo:v.hi[from+i]]
		if used+max(len(text), short) > len(c.bytes) {
			c.used = used
			c.grow(max(len(text), short))
		}
		if len(text) <= short && cap(text) >= short {
			copyShort(c.bytes[used:used+short], text[:short])
		} else {
			copy(c.bytes[used:], text)
		}
		used += len(text)
		n++
		c.ends[n] = int32(used)
	}
	c.used, c.n = used, n
}

// copyShort copies short bytes, without the call that copy is.
func copyShort(dst, src []byte) {
	_, _ = dst[short-1], src[short-1]
	w, x, y, z := le64(src), le64(src[8:]), le64(src[16:]), le64(src[24:])
	binary.LittleEndian.PutUint64(dst, w)
	binary.LittleEndian.PutUint64(dst[8:], x)
	binary.LittleEndian.PutUint64(dst[16:], y)
	binary.LittleEndian.PutUint64(dst[24:], z)
}

// array returns the column and gives the buffers to it.
func (c *textColumn) array() arrow.Array {
	c.data.Resize(c.used)
	d := array.NewData(arrow.BinaryTypes.String, c.n, []*memory.Buffer{c.valid, c.offsets, c.data}, nil, c.nulls, 0)
	defer d.Release()
	a := array.NewStringData(d)
	c.release()
	return a
}

// release gives the buffers back.
func (c *textColumn) release() {
	c.offsets.Release()
	c.valid.Release()
	c.data.Release()
}

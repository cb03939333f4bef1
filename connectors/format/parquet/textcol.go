package parquet

import (
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
	fill(c.bits, 0)
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
	c.n++
	c.nulls++
	c.ends[c.n] = int32(c.used)
}

func (c *textColumn) add(text []byte) {
	if c.used+len(text) > len(c.bytes) {
		c.grow(len(text))
	}
	c.used += copy(c.bytes[c.used:], text)
	c.bits[c.n>>3] |= 1 << (c.n & 7)
	c.n++
	c.ends[c.n] = int32(c.used)
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

package connectors

import (
	"encoding/binary"
	"sync"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
)

// textColumn is a column of a batch under construction, in the layout of an Arrow
// utf8 array. The array builders of Arrow do the same at several times the cost,
// value by value; most of a scan of plain files is this copy.
type textColumn struct {
	n       int // values so far
	nulls   int
	offsets []int32 // offsets[k] is the end of value k-1
	text    []byte  // of which used bytes are in use
	used    int
	valid   []byte // a bit a value
	want    int    // bytes of text that the last batch needed
}

// spare is how much longer than its content text is: short values are copied by
// words that reach beyond their end.
const spare = 16

// reserve makes room for rows values: for a few at first, since very many units are one
// record, and then for a whole batch.
func (c *textColumn) reserve(b *Builder, rows int) {
	if rows > b.room {
		b.room = b.limit
	}
	rows = max(rows, b.room, 2*c.n)
	offsets := b.mem.take(4 * (rows + 1))
	copy(offsets, arrow.Int32Traits.CastToBytes(c.offsets[:min(len(c.offsets), c.n+1)]))
	valid := b.mem.take((rows + 7) / 8)
	clear(valid[copy(valid, c.valid):])
	b.mem.Free(arrow.Int32Traits.CastToBytes(c.offsets))
	b.mem.Free(c.valid)
	c.offsets, c.valid = arrow.Int32Traits.CastFromBytes(offsets)[:rows+1], valid // what is over is no room in both
	if c.n == 0 {
		c.offsets[0] = 0
	}
}

// grow makes room for size further bytes of text.
func (c *textColumn) grow(b *Builder, size int) {
	text := b.mem.take(max(min(2*len(c.text), len(c.text)+BatchBytes), c.want, c.used+size) + spare)
	copy(text, c.text[:c.used])
	b.mem.Free(c.text)
	c.text = text
}

// nullTo fills up with nulls to n values.
func (c *textColumn) nullTo(b *Builder, n int) {
	if n >= len(c.offsets) {
		c.reserve(b, n+1)
	}
	for ; c.n < n; c.n++ {
		c.offsets[c.n+1] = int32(c.used)
		c.nulls++
	}
}

// set gives the value of a row, and null to the rows before it that have none.
func (c *textColumn) set(b *Builder, row int, v string) {
	if c.n < row {
		c.nullTo(b, row)
	}
	if row+1 >= len(c.offsets) {
		c.reserve(b, row+1)
	}
	if c.used+len(v)+spare > len(c.text) {
		c.grow(b, len(v))
	}
	c.used += copy(c.text[c.used:], v)
	c.offsets[row+1] = int32(c.used)
	c.valid[row>>3] |= 1 << (row & 7)
	c.n = row + 1
}

// fill appends n values that stand in text: each begins gap bytes behind its entry
// of ends, and ends at the entry behind that; their entries are step apart.
func (c *textColumn) fill(b *Builder, text []byte, ends []int32, n, step int, gap int32) {
	if c.n+n >= len(c.offsets) {
		c.reserve(b, c.n+n)
	}
	words := len(text) - spare // from there on a value is not copied by words
	used, row := c.used, c.n
	offsets, valid := c.offsets[c.n+1:c.n+n+1], c.valid
	for i, k := 0, 0; i < len(offsets); i, k = i+1, k+step {
		start, end := int(ends[k]+gap), int(ends[k+1])
		size := end - start
		if used+size+spare > len(c.text) {
			c.used = used
			c.grow(b, size)
		}
		if size <= spare && start <= words {
			to, from := c.text[used:used+spare], text[start:start+spare]
			binary.LittleEndian.PutUint64(to, binary.LittleEndian.Uint64(from))
			binary.LittleEndian.PutUint64(to[8:], binary.LittleEndian.Uint64(from[8:]))
		} else {
			copy(c.text[used:], text[start:end])
		}
		used += size
		offsets[i] = int32(used)
		if size > 0 {
			valid[row>>3] |= 1 << (row & 7)
		} else {
			c.nulls++
		}
		row++
	}
	c.used, c.n = used, row
}

// finish returns the column as an array of as many values as the builder has rows.
func (c *textColumn) finish(b *Builder) arrow.Array {
	c.nullTo(b, b.rows)
	if c.text == nil {
		c.grow(b, 0)
	}
	buffers := []*memory.Buffer{
		memory.NewBufferWithAllocator(c.valid[:(c.n+7)/8], b.mem),
		memory.NewBufferWithAllocator(arrow.Int32Traits.CastToBytes(c.offsets)[:4*(c.n+1)], b.mem),
		memory.NewBufferWithAllocator(c.text[:c.used], b.mem),
	}
	data := array.NewData(arrow.BinaryTypes.String, c.n, buffers, nil, c.nulls, 0)
	out := array.NewStringData(data)
	data.Release()
	for _, x := range buffers {
		x.Release() // the array holds them
	}
	*c = textColumn{want: min(c.used, BatchBytes)}
	return out
}

// drop gives the column's memory back.
func (c *textColumn) drop(mem *recycler) {
	mem.Free(arrow.Int32Traits.CastToBytes(c.offsets))
	mem.Free(c.valid)
	mem.Free(c.text)
	*c = textColumn{}
}

// recycler is the allocator behind the batches of one builder: the buffers of a
// released batch serve the next one, warm and not cleared again. Batches may be
// released by another goroutine, and after the builder.
type recycler struct {
	mem    memory.Allocator
	mu     sync.Mutex
	free   [][]byte
	closed bool
}

// take returns a buffer of at least n bytes with any content.
func (r *recycler) take(n int) []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := len(r.free) - 1; i >= 0; i-- {
		if f := r.free[i]; cap(f) >= n && cap(f) <= 4*n+256 {
			r.free[i] = r.free[len(r.free)-1]
			r.free = r.free[:len(r.free)-1]
			return f
		}
	}
	return r.Allocate((n + 63) &^ 63)
}

// Allocate implements memory.Allocator.
func (r *recycler) Allocate(n int) []byte {
	b := r.mem.Allocate(n)
	return b[:n:n]
}

// Reallocate implements memory.Allocator.
func (r *recycler) Reallocate(n int, b []byte) []byte { return r.mem.Reallocate(n, b[:cap(b)]) }

// Free implements memory.Allocator: the buffer is kept for the next batch.
func (r *recycler) Free(b []byte) {
	if cap(b) == 0 {
		return
	}
	b = b[:cap(b)]
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed || len(b) > 2*BatchBytes { // one long value must not cost its memory for good
		r.mem.Free(b)
		return
	}
	r.free = append(r.free, b)
}

// close gives back what is kept, and from now on what is freed.
func (r *recycler) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
	for _, b := range r.free {
		r.mem.Free(b)
	}
	r.free = nil
}

package parquet

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"sync"
)

var (
	errNotParquet = errors.New("the file is no Parquet file, or it is cut off: its closing mark is missing")
	errEncrypted  = errors.New("the Parquet file is encrypted: decrypt it, or erase in the system that wrote it")
	errFooter     = errors.New("the footer of the Parquet file is damaged")
)

// file is an opened Parquet file.
type file struct {
	ahead  ahead
	r      io.ReaderAt
	size   int64
	footer record
	root   *node
	leaves []*leaf
	groups []*group
}

// group is a row group. With bad set its metadata cannot be used.
type group struct {
	rec    record
	first  int64 // number of its first row, from 0
	rows   int64
	chunks []chunk
	bad    error
}

// chunk is a column of a row group.
type chunk struct {
	rec, meta   record
	leaf        *leaf
	codec       int64
	values      int64
	start, size int64
}

// openFile reads and checks the footer.
func openFile(r io.ReaderAt, size int64) (*file, error) {
	if size < 12 {
		return nil, errNotParquet
	}
	var head [4]byte
	var tail [8]byte
	if _, err := r.ReadAt(head[:], 0); err != nil {
		return nil, fmt.Errorf("reading the start of the Parquet file: %w", err)
	}
	if n, err := r.ReadAt(tail[:], size-8); n < 8 {
		return nil, fmt.Errorf("reading the end of the Parquet file: %w", err)
	}
	if string(tail[4:]) == "PARE" || string(head[:]) == "PARE" {
		return nil, errEncrypted
	}
	if string(tail[4:]) != "PAR1" || string(head[:]) != "PAR1" {
		return nil, errNotParquet
	}
	n := int64(binary.LittleEndian.Uint32(tail[:]))
	if n > size-12 {
		return nil, errFooter
	}
	buf := make([]byte, n)
	if m, err := r.ReadAt(buf, size-8-n); int64(m) < n {
		return nil, fmt.Errorf("reading the footer of the Parquet file: %w", err)
	}
	f := &file{r: r, size: size}
	if err := f.parse(buf, size-8-n); err != nil {
		return nil, err
	}
	return f, nil
}

func (f *file) parse(buf []byte, end int64) error {
	rec, _, err := parseRecord(buf)
	if err != nil {
		return fmt.Errorf("%w: %w", errFooter, err)
	}
	if rec.has(8) || rec.has(9) {
		return errEncrypted
	}
	f.footer = rec
	_, elems := rec.list(2)
	if f.root, f.leaves, err = parseSchema(elems); err != nil {
		return err
	}
	_, groups := rec.list(4)
	if fld := rec.find(4); fld == nil || fld.typ != tList {
		return errFooter
	}
	var sum int64
	for _, raw := range groups {
		g, err := f.group(raw, end)
		if err != nil {
			return err
		}
		if g.rows < 0 || sum+g.rows < sum {
			return errFooter
		}
		g.first = sum
		sum += g.rows
		f.groups = append(f.groups, g)
	}
	if rec.int(3, -1) != sum {
		return fmt.Errorf("%w: it counts other rows than its row groups", errFooter)
	}
	return nil
}

func (f *file) group(raw []byte, end int64) (*group, error) {
	rec, _, err := parseRecord(raw)
	if err != nil {
		return nil, errFooter
	}
	g := &group{rec: rec, rows: rec.int(3, -1)}
	if g.rows > math.MaxInt32 {
		return nil, fmt.Errorf("%w: a row group claims too many rows", errFooter)
	}
	_, cols := rec.list(1)
	if len(cols) != len(f.leaves) || len(cols) == 0 && g.rows > 0 {
		return nil, fmt.Errorf("%w: a row group has other columns than the schema", errFooter)
	}
	for i, c := range cols {
		ch, err := newChunk(c, f.leaves[i], end)
		if errors.Is(err, errEncrypted) {
			return nil, err
		}
		if err == nil && ch.values < g.rows {
			err = errEnds
		}
		if err != nil && g.bad == nil {
			g.bad = err
		}
		g.chunks = append(g.chunks, ch)
	}
	return g, nil
}

func newChunk(raw []byte, l *leaf, end int64) (chunk, error) {
	rec, _, err := parseRecord(raw)
	if err != nil {
		return chunk{}, errFooter
	}
	if rec.has(8) || rec.has(9) {
		return chunk{}, errEncrypted
	}
	if rec.has(1) {
		return chunk{}, errors.New("a column stands in another file")
	}
	m := rec.sub(3)
	c := chunk{rec: rec, meta: m, leaf: l, codec: m.int(4, -1), values: m.int(5, -1), size: m.int(7, -1)}
	c.start = m.int(9, -1)
	if d := m.int(11, 0); d > 0 && (d < c.start || c.start <= 0 && c.values == 0) {
		c.start = d // a chunk without values may have nothing but a dictionary
	}
	switch {
	case m == nil || c.values < 0:
		return c, errFooter
	case m.int(1, -1) != l.typ:
		return c, errors.New("a column has another type than the schema says")
	case c.values == 0 && c.size == 0:
		c.start = max(c.start, 0)
	case c.start < 4 || c.size < 0 || c.size > end || c.start > end-c.size:
		return c, errors.New("a column lies outside of the file")
	}
	return c, nil
}

// bytesAt reads n bytes at off, which must lie inside the file.
func (f *file) bytesAt(off, n int64) ([]byte, error) { return f.bytesInto(nil, off, n) }

// bytesInto is bytesAt that uses b when it is large enough.
func (f *file) bytesInto(b []byte, off, n int64) ([]byte, error) {
	if off < 0 || n < 0 || n > f.size || off > f.size-n {
		return nil, errFooter
	}
	if int64(cap(b)) < n {
		b = make([]byte, n)
	}
	b = b[:n]
	if m, err := f.r.ReadAt(b, off); int64(m) < n {
		return nil, fmt.Errorf("reading a part of the Parquet file: %w", err)
	}
	return b, nil
}

// ahead holds the last stretches of the file that were read ahead: indexes stand close
// together and are asked for one by one, those of columns and those of offsets in turns.
type ahead struct {
	sync.Mutex
	last [4]stretch // the newest first
}

type stretch struct {
	off int64
	buf []byte
}

const windowBytes = 64 << 10

// near is bytesAt for small parts that stand together with others.
func (f *file) near(off, n int64) ([]byte, error) {
	if off < 0 || n < 0 || n > f.size || off > f.size-n {
		return nil, errFooter
	}
	f.ahead.Lock()
	defer f.ahead.Unlock()
	for _, s := range f.ahead.last {
		if at := off - s.off; at >= 0 && at+n <= int64(len(s.buf)) {
			return s.buf[at : at+n : at+n], nil
		}
	}
	b, err := f.bytesAt(off, max(n, min(windowBytes, f.size-off)))
	if err != nil {
		return nil, err
	}
	copy(f.ahead.last[1:], f.ahead.last[:])
	f.ahead.last[0] = stretch{off, b}
	return b[:n:n], nil
}

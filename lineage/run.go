package lineage

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

// A run is a file of pages, written once. It is the intermediate form of a bulk load:
// pages of about pageBytes, each sealed, then a sealed index of the first name of each
// page, then where the index begins. Pages of blocks hold entries in order; those of
// postings are described in parts.go. A run is complete, and on disk, before the
// database refers to it.

// pageBytes is the length at which a page of a run ends.
const pageBytes = 64 << 10

// runFile names a run. Runs of the same kind and level are merged into one of the
// next level when they are too many to be read at the same time.
type runFile struct {
	Name     string `json:"name"`
	Level    int    `json:"level"`
	Postings int64  `json:"postings,omitempty"`
}

type pageAt struct {
	First  name16
	Offset int64
}

// indexEntry is the length of a pageAt in a file.
const indexEntry = 16 + 8

// runWriter writes a run.
type runWriter struct {
	keys   *keyring
	f      *os.File
	w      *bufio.Writer
	page   page
	index  []pageAt
	at     int64
	sealed []byte
}

func createRun(keys *keyring, path string) (*runWriter, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("make a run of the bulk load: %w", err)
	}
	return &runWriter{keys: keys, f: f, w: bufio.NewWriterSize(f, 1<<18)}, nil
}

// add appends an entry; names must not descend.
func (r *runWriter) add(name *name16, value []byte) error {
	r.page.add(name, value)
	if len(r.page.data) < pageBytes {
		return nil
	}
	return r.flush()
}

func (r *runWriter) flush() error {
	if len(r.page.data) == 0 {
		return nil
	}
	err := r.put(&r.page.first, r.page.data)
	r.page.reset()
	return err
}

// put writes a page.
func (r *runWriter) put(first *name16, plain []byte) error {
	r.sealed = r.keys.sealTo(r.sealed[:0], plain)
	return r.putSealed(first, r.sealed)
}

func (r *runWriter) putSealed(first *name16, sealed []byte) error {
	r.index = append(r.index, pageAt{*first, r.at})
	return r.write(sealed)
}

func (r *runWriter) write(b []byte) error {
	n, err := r.w.Write(b)
	r.at += int64(n)
	if err != nil {
		return fmt.Errorf("write a run of the bulk load: %w", err)
	}
	return nil
}

// close completes the run. It need not be on disk yet, see [load.sync].
func (r *runWriter) close() error {
	if err := r.flush(); err != nil {
		return errors.Join(err, r.f.Close())
	}
	start := r.at
	index := make([]byte, 0, len(r.index)*indexEntry)
	for i := range r.index {
		index = binary.BigEndian.AppendUint64(append(index, r.index[i].First[:]...), uint64(r.index[i].Offset))
	}
	err := r.write(r.keys.seal(index))
	if err == nil {
		err = r.write(u64(uint64(start)))
	}
	if err == nil {
		err = r.w.Flush()
	}
	if err = errors.Join(err, r.f.Close()); err != nil {
		return fmt.Errorf("write a run of the bulk load: %w", err)
	}
	return nil
}

// run is an open run.
type run struct {
	keys  *keyring
	f     *os.File
	index []pageAt
	end   int64 // of the pages
}

func openRun(keys *keyring, path string) (r *run, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open a run of the bulk load: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("open %s of the bulk load: %w", filepath.Base(path), err), f.Close())
		}
	}()
	st, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if st.Size() < 8 {
		return nil, errBlock
	}
	var tail [8]byte
	if _, err := f.ReadAt(tail[:], st.Size()-8); err != nil {
		return nil, err
	}
	r = &run{keys: keys, f: f, end: int64(binary.BigEndian.Uint64(tail[:]))}
	if r.end < 0 || r.end > st.Size()-8 {
		return nil, errBlock
	}
	sealed := make([]byte, st.Size()-8-r.end)
	if _, err := f.ReadAt(sealed, r.end); err != nil {
		return nil, err
	}
	index, err := keys.unseal(nil, sealed)
	if err != nil {
		return nil, err
	}
	if len(index)%indexEntry != 0 {
		return nil, errBlock
	}
	for ; len(index) > 0; index = index[indexEntry:] {
		r.index = append(r.index, pageAt{name16(index[:16]), int64(binary.BigEndian.Uint64(index[16:]))})
	}
	return r, nil
}

func (r *run) close() error { return r.f.Close() }

// size is how many bytes a page takes in the file.
func (r *run) size(page int) int64 {
	if page+1 < len(r.index) {
		return r.index[page+1].Offset - r.index[page].Offset
	}
	return r.end - r.index[page].Offset
}

// sealed reads a page as it stands in the file, into the buffer when it is large enough.
func (r *run) sealed(page int, buf []byte) ([]byte, error) {
	start, n := r.index[page].Offset, r.size(page)
	if start < 0 || n < 0 || start+n > r.end {
		return buf, errBlock
	}
	buf = slices.Grow(buf[:0], int(n))[:n]
	if _, err := r.f.ReadAt(buf, start); err != nil {
		return buf, fmt.Errorf("read a run of the bulk load: %w", err)
	}
	return buf, nil
}

// cursor reads the entries of a run.
type cursor struct {
	run     *run
	page    int // the next one
	sealed  []byte
	plain   []byte
	entries entries
}

// next goes to the next entry; ok is false at the end. The entry's value is valid
// until the next call.
func (c *cursor) next() (ok bool, err error) {
	if ok, err := c.entries.next(); ok || err != nil {
		return ok, err
	}
	if c.page >= len(c.run.index) {
		return false, nil
	}
	if c.sealed, err = c.run.sealed(c.page, c.sealed); err != nil {
		return false, err
	}
	c.page++
	if c.plain, err = c.run.keys.unseal(c.plain[:0], c.sealed); err != nil {
		return false, fmt.Errorf("read a run of the bulk load: %w", err)
	}
	c.entries = entries{data: c.plain}
	return c.entries.next()
}

// merger reads the entries of several runs in order. Equal names come in any order.
type merger struct {
	heap []*cursor
}

func newMerger(runs []*run) (*merger, error) {
	m := &merger{}
	for _, r := range runs {
		c := &cursor{run: r}
		ok, err := c.next()
		if err != nil {
			return nil, err
		}
		if ok {
			m.heap = append(m.heap, c)
		}
	}
	for i := len(m.heap)/2 - 1; i >= 0; i-- {
		m.down(i)
	}
	return m, nil
}

func (m *merger) less(i, k int) bool {
	return compareNames(&m.heap[i].entries.name, &m.heap[k].entries.name) < 0
}

func (m *merger) down(i int) {
	for {
		k := 2*i + 1
		if k >= len(m.heap) {
			return
		}
		if k+1 < len(m.heap) && m.less(k+1, k) {
			k++
		}
		if !m.less(k, i) {
			return
		}
		m.heap[i], m.heap[k] = m.heap[k], m.heap[i]
		i = k
	}
}

// head returns the present entry, nil at the end. It is valid until next.
func (m *merger) head() *entries {
	if len(m.heap) == 0 {
		return nil
	}
	return &m.heap[0].entries
}

func (m *merger) next() error {
	ok, err := m.heap[0].next()
	if err != nil {
		return err
	}
	if !ok {
		m.heap[0] = m.heap[len(m.heap)-1]
		m.heap = m.heap[:len(m.heap)-1]
	}
	m.down(0)
	return nil
}

// merge calls fn for the entries of several runs. The value is valid during the call.
func merge(runs []*run, fn func(name *name16, value []byte) error) error {
	m, err := newMerger(runs)
	if err != nil {
		return err
	}
	for e := m.head(); e != nil; e = m.head() {
		if err := fn(&e.name, e.value); err != nil {
			return err
		}
		if err := m.next(); err != nil {
			return err
		}
	}
	return nil
}

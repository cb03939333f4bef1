package parquet

import (
	"slices"
	"sync"
)

// spares keeps the memory of pages that are not needed any more for others. The pages of
// a file are much alike.
type spares struct {
	sync.Mutex
	list [][]byte
	size int // of all of it
}

// mostKept is how many bytes, and mostPages how many pages, are kept at most.
const (
	mostKept  = 16 << 20
	mostPages = 64
)

// take returns memory for n bytes, of which none is used yet: the smallest that is enough
// and not far too much, else new.
func (m *spares) take(n int) []byte {
	m.Lock()
	defer m.Unlock()
	best := -1
	for i, b := range m.list {
		if cap(b) >= n && cap(b) <= 4*n+windowBytes && (best < 0 || cap(b) < cap(m.list[best])) {
			best = i
		}
	}
	if best < 0 {
		return make([]byte, 0, n+n/16)
	}
	b := m.list[best]
	m.list = slices.Delete(m.list, best, best+1)
	m.size -= cap(b)
	return b
}

// give keeps memory that nothing refers to any more.
func (m *spares) give(b []byte) {
	m.Lock()
	defer m.Unlock()
	if cap(b) > 0 && len(m.list) < mostPages && m.size+cap(b) <= mostKept {
		m.list = append(m.list, b[:0])
		m.size += cap(b)
	}
}

// zeroed returns n zeros, in old when that is large enough.
func zeroed[T any](old []T, n int) []T {
	if cap(old) < n {
		return make([]T, n)
	}
	old = old[:n]
	clear(old)
	return old
}

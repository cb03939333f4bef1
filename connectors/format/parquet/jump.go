package parquet

import (
	"errors"
	"io"
	"math"
	"sort"
)

// jumps lets a stream pass over pages without reading them.
type jumps struct {
	f      *file
	ch     *chunk
	rows   int64 // of the group
	looked bool
	table  *pageTable // by the offset index, nil without one
	blind  bool       // how many values are left is not known any more
}

// newSeeker returns a stream of raw values that reads only the pages of the rows
// it is asked for.
func newSeeker(f *file, g *group, l *leaf) *stream { return newJumper(f, g, l, false) }

func newJumper(f *file, g *group, l *leaf, text bool) *stream {
	s := newStream(f, &g.chunks[l.index], text)
	s.pager.ahead = lookAhead
	s.jumps = &jumps{f: f, ch: &g.chunks[l.index], rows: g.rows}
	return s
}

// skipRows passes over n rows. The stream stands at the start of a row.
func (s *stream) skipRows(n int64) {
	if s.jumps != nil && n > 0 && s.err == nil {
		n, s.err = s.jump(n)
	}
	for n > 0 && s.err == nil {
		if s.leaf.rep == 0 && s.load() {
			n -= s.skipFlat(n)
			continue
		}
		s.raw()
		for s.leaf.rep > 0 && s.within() {
			s.raw()
		}
		n--
	}
}

// jump passes over pages that hold none of the rows after the next n, and returns
// how many of the n are left. The stream stands at the start of a row.
func (s *stream) jump(n int64) (int64, error) {
	j := s.jumps
	if !j.looked {
		j.looked = true
		if j.ch.size > wholeChunk {
			j.table = j.f.indexed(j.ch, j.rows)
		}
	}
	if j.table != nil {
		return s.jumpTo(s.begun + n)
	}
	if s.leaf.rep == 0 && s.li < s.page.n {
		n -= s.skipFlat(n)
	}
	if s.long != nil {
		return n, nil // they, or the first of them, stand in further parts
	}
	for n > 0 && s.li >= s.page.n && s.left > 0 {
		rp, err := s.pager.head()
		if errors.Is(err, io.EOF) {
			return n, errEnds
		}
		if err != nil {
			return n, err
		}
		rows := int64(rp.rows)
		if s.leaf.rep == 0 {
			rows = int64(rp.n)
		}
		if rp.kind == dictPage || rp.kind == indexPage || rows < 0 || rows > n || int64(rp.n) > s.left {
			if err := s.nextPage(); err != nil || rp.kind != dictPage && rp.kind != indexPage {
				return n, err
			}
			continue
		}
		s.pager.skip(rp)
		s.left -= int64(rp.n)
		s.begun += rows
		n -= rows
	}
	return n, nil
}

// jumpTo moves to the page that holds a row, by the offset index, and returns how
// many rows of the page stand before it.
func (s *stream) jumpTo(row int64) (int64, error) {
	pages := s.jumps.table.pages
	i := sort.Search(len(pages), func(i int) bool { return pages[i].row > row }) - 1
	p := &pages[i]
	if p.row <= s.begun && s.li < s.page.n || p.off < s.pager.pos() {
		return row - s.begun, nil
	}
	s.pager.seek(p.off)
	if err := s.pager.fill(int(p.n)); err != nil {
		return 0, err
	}
	s.page, s.li, s.vi, s.long = page{}, 0, 0, nil
	s.begun, s.left, s.jumps.blind = p.row, math.MaxInt64, true
	return row - p.row, nil
}

// skipFlat passes over up to n values of the page at hand.
func (s *stream) skipFlat(n int64) int64 {
	k := int(min(n, int64(s.page.n-s.li)))
	if s.page.def == nil {
		s.vi += k
	} else {
		for _, d := range s.page.def[s.li : s.li+k] {
			if int(d) == s.leaf.def {
				s.vi++
			}
		}
	}
	s.li += k
	s.begun += int64(k)
	return int64(k)
}

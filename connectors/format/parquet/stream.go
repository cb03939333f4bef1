package parquet

import (
	"errors"
	"io"
	"unicode/utf8"
)

var errEnds = errors.New("a column ends before its row group does")

// stream reads the values of a chunk in order, page by page. The first error
// sticks; after it the stream is as if it had ended.
type stream struct {
	leaf   *leaf
	codec  int64
	pager  *pager
	left   int64 // values that the metadata promises and no page brought yet
	dict   values
	texts  values // the dictionary as text, when the reader wants text
	text   bool
	hasDic bool
	page   page
	li, vi int // next level and next value of the page
	buf    []byte
	tmp    []byte
	err    error
}

func newStream(f *file, c *chunk, text bool) *stream {
	return &stream{leaf: c.leaf, codec: c.codec, pager: newPager(f, c), left: c.values, text: text}
}

// load makes sure that the page has a next value. It returns false at the end.
func (s *stream) load() bool {
	for s.err == nil && s.li >= s.page.n {
		if s.left <= 0 {
			return false
		}
		s.err = s.nextPage()
	}
	return s.err == nil
}

func (s *stream) nextPage() error {
	rp, err := s.pager.next()
	if err != nil {
		if errors.Is(err, io.EOF) {
			return errEnds
		}
		return err
	}
	switch rp.kind {
	case indexPage:
		return nil
	case dictPage:
		if s.dict, err = rp.dictionary(s.leaf, s.codec); err != nil {
			return err
		}
		s.hasDic = true
		if s.text {
			s.texts = s.leaf.dictText(&s.dict)
		}
		return nil
	}
	if int64(rp.n) > s.left {
		return errPage
	}
	n := -1
	if s.hasDic {
		n = s.dict.n
	}
	p, b, err := rp.levels(s.leaf, s.codec, s.buf)
	if err != nil {
		return err
	}
	if s.codec != cNone && (rp.kind == dataPage || rp.head.sub(8).bool(7, true)) {
		s.buf = b[:0] // decompressed, so it is ours: the next page may use it
	}
	if p.values, err = decodeValues(s.leaf, rp.enc, b, p.present(s.leaf), n); err != nil {
		return err
	}
	s.page, s.li, s.vi = p, 0, 0
	s.left -= int64(rp.n)
	return nil
}

// dictText decodes every entry of a dictionary once.
func (l *leaf) dictText(d *values) values {
	if l.typ == pBytes && l.sense != decimalSense && d.valid() {
		return *d
	}
	out := values{n: d.n, lo: make([]uint32, d.n), hi: make([]uint32, d.n)}
	for i := range d.n {
		out.lo[i] = uint32(len(out.data))
		out.data = l.appendText(out.data, d.at(i))
		out.hi[i] = uint32(len(out.data))
	}
	return out
}

// valid reports whether all byte arrays are UTF-8.
func (v *values) valid() bool {
	for i := range v.n {
		if !utf8.Valid(v.at(i)) {
			return false
		}
	}
	return true
}

// levels returns the levels of the next value. At the end both are 0.
func (s *stream) levels() (rep, def int) {
	if !s.load() {
		return 0, 0
	}
	if s.page.rep != nil {
		rep = int(s.page.rep[s.li])
	}
	if s.page.def != nil {
		def = int(s.page.def[s.li])
	}
	return rep, def
}

// raw takes the next value: nil and false when it is null. The bytes are valid
// until the next call.
func (s *stream) raw() ([]byte, bool) {
	if !s.load() {
		if s.err == nil {
			s.err = errEnds
		}
		return nil, false
	}
	null := s.page.def != nil && int(s.page.def[s.li]) != s.leaf.def
	s.li++
	if null {
		return nil, false
	}
	s.vi++
	if s.page.isDict {
		return s.dict.at(int(s.page.idx[s.vi-1])), true
	}
	return s.page.at(s.vi - 1), true
}

// skipRows passes over n rows. The stream stands at the start of a row.
func (s *stream) skipRows(n int64) {
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
	return int64(k)
}

// within reports whether the next value belongs to the row of the last one.
func (s *stream) within() bool {
	rep, _ := s.levels()
	return rep > 0
}

// appendTo appends the texts of the next n rows of a column without repetition.
func (s *stream) appendTo(b *textColumn, n int) {
	for n > 0 && s.err == nil {
		if !s.load() {
			if s.err == nil {
				s.err = errEnds
			}
			return
		}
		k := min(n, s.page.n-s.li)
		s.appendRun(b, k)
		n -= k
	}
}

// appendRun appends k values of the page at hand.
func (s *stream) appendRun(b *textColumn, k int) {
	p, l, top := &s.page, s.leaf, byte(s.leaf.def)
	plain := l.typ == pBytes && l.sense != decimalSense
	for i := s.li; i < s.li+k; i++ {
		if p.def != nil && p.def[i] != top {
			b.null()
			continue
		}
		switch {
		case p.isDict:
			j := p.idx[s.vi]
			b.add(s.texts.data[s.texts.lo[j]:s.texts.hi[j]])
		case plain && utf8.Valid(p.data[p.lo[s.vi]:p.hi[s.vi]]):
			b.add(p.data[p.lo[s.vi]:p.hi[s.vi]])
		default:
			s.tmp = l.appendText(s.tmp[:0], p.at(s.vi))
			b.add(s.tmp)
		}
		s.vi++
	}
	s.li += k
}

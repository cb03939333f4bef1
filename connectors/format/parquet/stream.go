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
	ascii  bool // the values of the page are text as they are
	hasDic bool
	page   page
	li, vi int // next level and next value of the page
	buf    []byte
	tmp    []byte
	long   *longPage // whose parts are read, nil when none is
	err    error
	begun  int64 // rows that began so far
	jumps  *jumps
}

func newStream(f *file, c *chunk, text bool) *stream {
	return &stream{leaf: c.leaf, codec: c.codec, pager: newPager(f, c), left: c.values, text: text}
}

// inherit takes over the memory of a stream that is not used any more.
func (s *stream) inherit(old *stream) {
	if old == nil {
		return
	}
	s.buf, s.tmp, s.pager.buf = old.buf, old.tmp, old.pager.buf
	s.dict.data, s.dict.lo, s.dict.hi = old.dict.data, old.dict.lo, old.dict.hi
	s.page.idx, s.page.lo, s.page.hi = old.page.idx, old.page.lo, old.page.hi
}

// newReader returns a stream of raw values.
func newReader(f *file, g *group, l *leaf) *stream { return newStream(f, &g.chunks[l.index], false) }

// load makes sure that the page has a next value. It returns false at the end.
func (s *stream) load() bool {
	for s.err == nil && s.li >= s.page.n {
		switch {
		case s.long != nil:
			s.err = s.nextPart()
		case s.left <= 0:
			return false
		default:
			s.err = s.nextPage()
		}
	}
	return s.err == nil
}

func (s *stream) nextPage() error {
	rp, err := s.pager.head()
	if err != nil {
		if errors.Is(err, io.EOF) && s.jumps != nil && s.jumps.blind {
			s.left = 0
			return nil
		}
		if errors.Is(err, io.EOF) {
			return errEnds
		}
		return err
	}
	if rp.inParts(s.leaf, s.codec) {
		return s.openLong(rp)
	}
	if err := s.pager.body(rp); err != nil {
		return err
	}
	return s.open(rp)
}

// openLong takes in a page that is read in parts.
func (s *stream) openLong(rp *rawPage) (err error) {
	if err := s.promised(rp); err != nil {
		return err
	}
	s.long, err = openLong(s.pager, rp, s.leaf, s.codec)
	return err
}

// nextPart goes on to the next part of the page at hand, or to its end.
func (s *stream) nextPart() error {
	err := s.long.next(&s.page)
	if errors.Is(err, io.EOF) {
		s.long = nil
		return nil
	}
	if err == nil {
		s.begin()
	}
	return err
}

// promised counts the values of a page: they may not be more than the metadata says.
func (s *stream) promised(rp *rawPage) error {
	if int64(rp.n) > s.left {
		return errPage
	}
	if s.jumps == nil || !s.jumps.blind {
		s.left -= int64(rp.n)
	}
	return nil
}

// begin stands before the first value of a page.
func (s *stream) begin() {
	p := &s.page
	if s.text && s.leaf.rep == 0 && p.def != nil && p.present(s.leaf) == p.n {
		p.def = nil // nobody asks for its levels
	}
	s.ascii = s.text && !p.isDict && s.leaf.bare() && ascii(p.data)
	s.li, s.vi = 0, 0
}

// open takes a page in.
func (s *stream) open(rp *rawPage) (err error) {
	if isDictEnc(rp.enc) && rp.kind != dictPage && !s.hasDic && s.jumps != nil && s.jumps.table != nil && s.jumps.table.dict != nil {
		dp, err := s.jumps.f.page(s.jumps.table.dict, s.jumps.ch, nil)
		if err == nil && dp.kind != dictPage {
			err = errPage
		}
		if err == nil {
			err = s.open(dp)
		}
		if err != nil {
			return err
		}
	}
	switch rp.kind {
	case indexPage:
		return nil
	case dictPage:
		if s.dict, err = rp.dictionary(s.leaf, s.codec, s.dict.data, &s.dict); err != nil {
			return err
		}
		s.hasDic = true
		if s.text {
			s.texts = s.leaf.dictText(&s.dict)
		}
		return nil
	}
	if err := s.promised(rp); err != nil {
		return err
	}
	n := -1
	if s.hasDic {
		n = s.dict.n
	}
	p, b, err := rp.levelsOr(s.leaf, s.codec, s.buf, s.text)
	if err != nil {
		return err
	}
	if s.codec != cNone && (rp.kind == dataPage || rp.head.sub(8).bool(7, true)) {
		s.buf = b[:0] // decompressed, so it is ours: the next page may use it
	}
	if p.values, err = s.page.decode(s.leaf, rp.enc, b, p.present(s.leaf), n); err != nil {
		s.page = page{}
		return err
	}
	s.page = p
	s.begin()
	return nil
}

// dictText decodes every entry of a dictionary once.
func (l *leaf) dictText(d *values) values {
	if l.bare() && d.valid() {
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
	if s.page.rep == nil || s.page.rep[s.li] == 0 {
		s.begun++
	}
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
	p := &s.page
	switch {
	case p.def != nil:
		s.appendSparse(b, k)
	case p.isDict:
		b.pick(&s.texts, p.idx[s.vi:s.vi+k])
		s.vi += k
	case s.ascii:
		b.run(&p.values, s.vi, s.vi+k)
		s.vi += k
	default:
		for range k {
			s.appendOne(b)
		}
	}
	s.li += k
	s.begun += int64(k)
}

// appendSparse appends k values, some of which are null.
func (s *stream) appendSparse(b *textColumn, k int) {
	top := byte(s.leaf.def)
	for _, d := range s.page.def[s.li : s.li+k] {
		if d == top {
			s.appendOne(b)
		} else {
			b.null()
		}
	}
}

// appendOne appends the next value that is not null.
func (s *stream) appendOne(b *textColumn) {
	p := &s.page
	switch {
	case p.isDict:
		j := p.idx[s.vi]
		b.add(s.texts.data[s.texts.lo[j]:s.texts.hi[j]])
	case s.ascii || s.leaf.bare() && utf8.Valid(p.data[p.lo[s.vi]:p.hi[s.vi]]):
		b.add(p.data[p.lo[s.vi]:p.hi[s.vi]])
	default:
		s.tmp = s.leaf.appendText(s.tmp[:0], p.at(s.vi))
		b.add(s.tmp)
	}
	s.vi++
}

// bare reports whether the text of a value is its bytes, where those are UTF-8.
func (l *leaf) bare() bool { return l.typ == pBytes && l.sense != decimalSense }

// ascii reports whether no byte is larger than 127.
func ascii(b []byte) bool {
	var all uint64
	for ; len(b) >= 8; b = b[8:] {
		all |= le64(b)
	}
	for _, c := range b {
		all |= uint64(c)
	}
	return all&0x8080808080808080 == 0
}

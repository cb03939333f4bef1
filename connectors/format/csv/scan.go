package csv

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math/bits"
)

// maxRecord is the longest record that is held in memory, in bytes.
const maxRecord = 16 << 20

// firstBuffer is the size the scanner's window starts with.
const firstBuffer = 256 << 10

// kind says what the scanner made of a record.
type kind uint8

const (
	row    kind = iota
	blank       // nothing but a line end
	broken      // a quoted cell that is never closed, or not where it ends; the record is its first line
	long        // a line over the limit; record.raw is only its beginning
)

// style is how a cell is written.
type style uint8

const (
	bare    style = iota // no quotes
	quoted               // quotes around, nothing to unescape
	complex              // escaped quotes inside, or text behind the closing quote
)

// cell is the span of one cell in record.raw, quotes included.
type cell struct {
	start, end int
	style      style
}

// record is one record with its line end. It is valid until the next one.
type record struct {
	raw   []byte
	body  int   // length of raw without the line end
	line  int   // physical line of its start, from 1
	off   int64 // of its first byte in the text as it was given, from 0
	kind  kind
	cells []cell // of a row
}

// scanner splits text into records.
type scanner struct {
	r        io.Reader
	buf      []byte
	pos, end int
	eof      bool
	err      error // of r, to be told once what came before it is used up
	line     int   // physical line at pos
	delim    byte
	nl       byte  // '\n', or '\r' in files of old Macs
	limit    int   // maxRecord; smaller in tests
	at       int64 // offset of buf[0] in the text
	rec      record

	blk            block
	ends           []int32
	high           bool // the text of the block is more than ASCII
	wait, patience int
}

func newScanner(r io.Reader) *scanner { return sizedScanner(r, firstBuffer) }

func sizedScanner(r io.Reader, window int) *scanner {
	return &scanner{r: r, buf: make([]byte, window), patience: leastPatience, line: 1, delim: ',', nl: '\n', limit: maxRecord}
}

// fill makes the window longer, to the end of the buffer, so that a long record
// is not parsed anew for every small read. It returns false when there is no
// more, or when the window has reached the limit.
func (s *scanner) fill() (bool, error) {
	if s.eof || s.end-s.pos >= s.limit {
		return false, nil
	}
	if s.pos > 0 {
		copy(s.buf, s.buf[s.pos:s.end])
		s.at += int64(s.pos)
		s.end -= s.pos
		s.pos = 0
	}
	if s.end == len(s.buf) {
		s.buf = append(s.buf, make([]byte, len(s.buf))...)
	}
	if s.err != nil {
		return false, s.err
	}
	start := s.end
	for idle := 0; s.end < len(s.buf); {
		n, err := s.r.Read(s.buf[s.end:])
		s.end += n
		if err == io.EOF { // a wrapped EOF is an unexpected one
			s.eof = true
			break
		}
		if idle++; n > 0 {
			idle = 0
		}
		if err == nil && idle > 100 {
			err = io.ErrNoProgress
		}
		if err != nil {
			s.err = fmt.Errorf("reading text: %w", err)
			break
		}
	}
	if s.end == start && s.err != nil {
		return false, s.err
	}
	return s.end > start, nil
}

// next scans one record; nil at the end.
func (s *scanner) next() (*record, error) {
	for {
		if s.pos < s.end {
			if s.parse() {
				s.advance()
				return &s.rec, nil
			}
		} else if s.eof {
			return nil, nil
		}
		more, err := s.fill()
		if err != nil {
			return nil, err
		}
		if !more && s.pos < s.end && !s.complete() {
			s.giveUp()
			s.advance()
			return &s.rec, nil
		}
	}
}

// complete reports whether the window, to which nothing can be added, holds a
// record that parse accepts.
func (s *scanner) complete() bool { return s.eof && s.parse() }

// advance says where the record stands and moves behind it.
func (s *scanner) advance() {
	s.rec.line, s.rec.off = s.line, s.at+int64(s.pos)
	s.pos += len(s.rec.raw)
	switch s.rec.kind {
	case row:
		for _, c := range s.rec.cells {
			if c.style != bare {
				s.line += bytes.Count(s.rec.raw, []byte{s.nl})
				return
			}
		}
		s.line++
	case blank, broken:
		s.line++
	}
}

// parse splits the record at pos into cells. It returns false when the window
// ends before the record does.
func (s *scanner) parse() bool {
	b := s.buf[s.pos:s.end]
	cells := s.rec.cells[:0]
	delims, nls := ones*uint64(s.delim), ones*uint64(s.nl)
	i := 0
	for {
		start, closed := i, -1
		st := bare
		if i < len(b) && b[i] == '"' {
			i, st = quotedEnd(b, i+1)
			if i < 0 || i == len(b) && !s.eof {
				return false
			}
			closed = i
		}
		i = find(b, i, delims, nls, s.delim, s.nl)
		if i == len(b) && !s.eof {
			return false
		}
		if i < len(b) && b[i] == s.delim {
			if closed >= 0 && closed != i {
				st = complex
				if s.swallowed(b[start:closed], b[closed:i]) {
					s.giveUp()
					return true
				}
			}
			cells = append(cells, cell{start, i, st})
			i++
			continue
		}
		end := i
		if s.nl == '\n' && end > start && b[end-1] == '\r' {
			end--
		}
		if closed >= 0 && closed != end {
			st = complex
			if s.swallowed(b[start:closed], b[closed:end]) {
				s.giveUp()
				return true
			}
		}
		s.rec = record{raw: b[:min(i+1, len(b))], body: end, cells: append(cells, cell{start, end, st})}
		if end == 0 {
			s.rec.kind = blank
		}
		return true
	}
}

// swallowed reports a quoted cell over several lines with text behind its closing quote: the
// one that begins it was no quote ("4 inch), and the lines are rows of their own.
func (s *scanner) swallowed(cell, behind []byte) bool {
	return bytes.IndexByte(cell, s.nl) >= 0 && len(bytes.Trim(behind, " \t")) > 0
}

// quotedEnd returns the index behind the quote that closes the cell whose
// content begins at i, or -1.
func quotedEnd(b []byte, i int) (int, style) {
	st := quoted
	for {
		j := bytes.IndexByte(b[i:], '"')
		if j < 0 {
			return -1, st
		}
		i += j + 1
		if i == len(b) || b[i] != '"' {
			return i, st
		}
		st = complex
		i++
	}
}

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// find returns the index of the first delimiter or line end from i, or len(b).
// It looks at eight bytes at a time.
func find(b []byte, i int, delims, nls uint64, delim, nl byte) int {
	for i+8 <= len(b) {
		w := binary.LittleEndian.Uint64(b[i:])
		x, y := w^delims, w^nls
		if m := ((x-ones)&^x | (y-ones)&^y) & highs; m != 0 {
			return i + bits.TrailingZeros64(m)>>3
		}
		i += 8
	}
	for i < len(b) && b[i] != delim && b[i] != nl {
		i++
	}
	return i
}

// giveUp makes a record of what parse could not end: the first line of a record
// whose quote is never closed, or not where a cell ends, so that the lines behind it are read again, or
// the beginning of a line that is too long.
func (s *scanner) giveUp() {
	b := s.buf[s.pos:s.end]
	s.rec = record{raw: b, body: len(b), kind: broken, cells: s.rec.cells[:0]}
	if i := bytes.IndexByte(b, s.nl); i >= 0 {
		s.rec.raw, s.rec.body = b[:i+1], i
		if i > 0 && b[i-1] == '\r' {
			s.rec.body--
		}
	} else if !s.eof {
		s.rec.kind = long
	}
}

// rest copies what follows the beginning of a long line, line end included.
func (s *scanner) rest(w io.Writer) error {
	for {
		b := s.buf[s.pos:s.end]
		i := bytes.IndexByte(b, s.nl)
		if i >= 0 {
			b = b[:i+1]
			s.line++
		}
		if _, err := w.Write(b); err != nil {
			return fmt.Errorf("copying a long line: %w", err)
		}
		s.pos += len(b)
		if i >= 0 {
			return nil
		}
		if more, err := s.fill(); err != nil || !more {
			return err
		}
	}
}

// value returns the text of a cell; scratch may be used for it.
func (r *record) value(c cell, scratch []byte) []byte {
	raw := r.raw[c.start:c.end]
	switch c.style {
	case bare:
		return raw
	case quoted:
		return raw[1 : len(raw)-1]
	}
	scratch = scratch[:0]
	raw = raw[1:]
	for {
		i := bytes.IndexByte(raw, '"')
		if i < 0 {
			return append(scratch, raw...)
		}
		scratch = append(scratch, raw[:i]...)
		if i+1 == len(raw) || raw[i+1] != '"' {
			return append(scratch, raw[i+1:]...)
		}
		scratch = append(scratch, '"')
		raw = raw[i+2:]
	}
}

package csv

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"unicode/utf8"
)

// maxBlock and blockRows bound a block: it stays in the processor's cache.
const (
	maxBlock  = 16 << 10
	blockRows = 1024
)

// block is a run of rows without a quote in them, which is how most rows of most
// tables are: their cells are found and copied without a look at each.
type block struct {
	text []byte
	line int   // physical line of the first row
	off  int64 // offset of the first row in the object
	rows int
	eol  int     // bytes of a line end: 1, or 2
	ends []int32 // see connectors.Builder.Fill
}

// patience is for how many records no block is tried after one failed; it grows
// with every failure in a row.
const (
	leastPatience = 1
	mostPatience  = 256
)

// nextBlock returns the rows from here on that are plain: width cells of valid
// UTF-8 without a quote, the same line end, none blank. nil means that the next
// record has to be parsed by itself.
func (s *scanner) nextBlock(width, limit int) *block {
	if s.wait > 0 {
		s.wait--
		return nil
	}
	limit = min(limit, blockRows)
	if s.nl != '\n' || s.delim == '"' || s.delim == '\r' || s.delim == s.nl || width == 0 || width > maxBlock/4 || limit == 0 {
		return nil
	}
	limit = min(limit, max(1, maxBlock/width))
	text := s.buf[s.pos:min(s.end, s.pos+maxBlock)]
	size := s.plain(text, width, limit)
	if size == 0 || s.high && !utf8.Valid(text[:size]) {
		s.wait = s.patience
		s.patience = min(2*s.patience, mostPatience)
		return nil
	}
	b := &s.blk
	b.text, b.line, b.off, b.ends = text[:size], s.line, s.at+int64(s.pos), s.ends
	s.pos += size
	s.line += b.rows
	s.patience = leastPatience
	return b
}

const sevens = 0x7f7f7f7f7f7f7f7f

// plain finds the ends of the cells of up to limit rows that have no quote and
// returns the rows' size in bytes. It looks at eight bytes at a time, for
// delimiters and line ends at once.
func (s *scanner) plain(text []byte, width, limit int) (size int) {
	const slack = 9 // what one word can add, and the first entry
	if need := limit*width + slack; len(s.ends) < need {
		s.ends = make([]int32, need)
	}
	if q := bytes.IndexByte(text, '"'); q >= 0 {
		text = text[:q]
	}
	var (
		delim         = s.delim
		delims, nls   = ones * uint64(s.delim), ones * uint64(s.nl)
		ends          = s.ends
		k, base, rows = 1, 1, 0 // next entry; first entry of the row; rows so far
		full          = limit*width + 1
		eol           = 0
		high          uint64
	)
scan:
	for i := 0; i+8 <= len(text) && k <= full; i += 8 {
		w := binary.LittleEndian.Uint64(text[i:])
		high |= w
		x, y := w^delims, w^nls
		// The high bit of every byte that is neither.
		other := (x&sevens + sevens | x) & (y&sevens + sevens | y)
		for m := ^other & highs; m != 0; m &= m - 1 {
			p := i + bits.TrailingZeros64(m)>>3
			c := text[p]
			if c == delim {
				ends[k] = int32(p)
				k++
				continue
			}
			if k-base != width-1 {
				break scan
			}
			start, end := size, p // of the last cell
			if width > 1 {
				start = int(ends[k-1]) + 1
			}
			if end > start && text[end-1] == '\r' {
				end--
			}
			if eol == 0 {
				eol = p - end + 1
				ends[0] = -int32(eol)
			}
			if eol != p-end+1 || width == 1 && end == size { // a blank line
				break scan
			}
			ends[k] = int32(end)
			k++
			base, size, rows = k, p+1, rows+1
			if rows == limit {
				break scan
			}
		}
	}
	s.blk.rows, s.blk.eol, s.high = rows, eol, high&highs != 0
	return size
}

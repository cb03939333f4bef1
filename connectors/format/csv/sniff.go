package csv

import (
	"bytes"
	"errors"
)

// sniff looks at the beginning of the text: which line end, and, unless told,
// which delimiter.
func (s *scanner) sniff(told byte) error {
	if told != 0 {
		s.delim = told
	}
	for {
		b := s.buf[s.pos:s.end]
		head, nl, ok := headLine(b, s.eof)
		if !ok {
			more, err := s.fill()
			if err != nil {
				return err
			}
			if more {
				continue
			}
			if !s.eof {
				return errors.New("the header line is too long: not a table of text")
			}
			if head, nl, ok = headLine(s.buf[s.pos:s.end], true); !ok {
				return nil // no header at all, or one that is never closed
			}
		}
		s.nl = nl
		if told == 0 {
			s.delim = delimiter(head)
		}
		if bytes.IndexByte(head, 0) >= 0 {
			return errors.New("the header holds zero bytes: not a table of text")
		}
		return nil
	}
}

// headLine returns the first line that is not blank, without its line end, and
// the byte that ends lines. Line ends inside quotes do not count. ok is false when
// b ends too early to say.
func headLine(b []byte, eof bool) (line []byte, nl byte, ok bool) {
	start, in := 0, false
	for i := 0; i < len(b); i++ {
		c := b[i]
		if c == '"' {
			in = !in
		}
		if in || c != '\n' && c != '\r' {
			continue
		}
		end := i
		nl = '\n'
		if c == '\r' {
			switch {
			case i+1 == len(b) && !eof:
				return nil, 0, false
			case i+1 < len(b) && b[i+1] == '\n':
				i++
			case i+1 < len(b):
				nl = '\r'
			}
		}
		if end > start {
			return b[start:end], nl, true
		}
		start = i + 1
	}
	return b[start:], '\n', eof && !in && start < len(b)
}

// separator returns X of a line "sep=X", by which Excel is told the delimiter.
func separator(line []byte) (byte, bool) {
	if len(line) == 5 && bytes.EqualFold(line[:4], []byte("sep=")) {
		return line[4], true
	}
	return 0, false
}

// delimiter returns the candidate that stands most often outside quotes in the
// header line; a comma when there is none.
func delimiter(line []byte) byte {
	if d, ok := separator(line); ok {
		return d
	}
	var count [256]int
	in := false
	for _, c := range line {
		if c == '"' {
			in = !in
		}
		if !in {
			count[c]++
		}
	}
	best := byte(',')
	for _, d := range []byte(";\t|") {
		if count[d] > count[best] {
			best = d
		}
	}
	return best
}

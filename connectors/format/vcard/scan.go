package vcard

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

// maxCard is the largest card, in bytes, that is taken into memory.
const maxCard = 16 << 20

// readSize is the size of the window that lines are read through.
const readSize = 64 << 10

// kind says what the scanner found.
type kind uint8

const (
	whole kind = iota
	open       // a card that is never closed
	long       // a card over the limit, already copied
	stray      // text outside the cards, already copied
)

// block is one card, or the text between two cards. It is valid until the next
// one.
type block struct {
	kind kind
	raw  []byte // of a whole or open card, line ends included
	line int    // physical line of its start, from 1
	n    int    // number of the card, from 1
}

// scanner splits text into cards.
type scanner struct {
	r     *bufio.Reader
	limit int // maxCard; smaller in tests
	line  int // physical lines read so far
	n     int // cards so far
	buf   []byte
	held  []byte // the BEGIN line that ended the block before it
	b     block
}

// next returns the next block; nil at the end. Blank lines between cards go to
// w, and so do the bytes of blocks that are not held in memory.
func (s *scanner) next(w io.Writer) (*block, error) {
	for {
		line, ends, err := s.first()
		switch {
		case err != nil:
			return nil, err
		case line == nil:
			return nil, nil
		case ends && isBegin(line):
			return s.card(w, line)
		}
		blank := ends && len(bytes.TrimSpace(line)) == 0
		if err := put(w, line); err != nil {
			return nil, err
		}
		if !blank {
			return s.stray(w, ends)
		}
	}
}

// first returns the line that begins a block, the one that was held back first.
func (s *scanner) first() (line []byte, ends bool, err error) {
	if s.held == nil {
		return s.read()
	}
	s.buf = append(s.buf[:0], s.held...)
	s.held = nil
	return s.buf, true, nil
}

// read returns the next line, or a part of one that is longer than the window;
// ends reports that the line ends with it. At the end of the text the line is
// nil.
func (s *scanner) read() (line []byte, ends bool, err error) {
	line, err = s.r.ReadSlice('\n')
	ends = !errors.Is(err, bufio.ErrBufferFull)
	if err != nil && ends && err != io.EOF { // a wrapped EOF is an unexpected one
		return nil, false, fmt.Errorf("reading contact cards: %w", err)
	}
	if len(line) == 0 {
		return nil, false, nil
	}
	if ends {
		s.line++
	}
	return line, ends, nil
}

// stray copies text outside the cards, up to the next card. A line of it has
// been copied, in full if ends is true.
func (s *scanner) stray(w io.Writer, ends bool) (*block, error) {
	s.b = block{kind: stray, line: s.line}
	if !ends {
		s.b.line++
	}
	for {
		start := ends
		line, e, err := s.read()
		if err != nil || line == nil {
			return &s.b, err
		}
		ends = e
		if start && ends && isBegin(line) {
			s.held = bytes.Clone(line)
			return &s.b, nil
		}
		if err := put(w, line); err != nil {
			return nil, err
		}
	}
}

// card reads one card, whose first line is given.
func (s *scanner) card(w io.Writer, line []byte) (*block, error) {
	s.n++
	s.b = block{kind: open, line: s.line, n: s.n}
	if cap(s.buf) > 1<<20 {
		s.buf = nil // one large card must not stay in memory for the rest of the file
	}
	s.buf = append(s.buf[:0], line...)
	at, ends := nesting{depth: 1}, true
	for at.depth > 0 {
		start := ends
		line, e, err := s.read()
		if err != nil {
			return nil, err
		}
		if line == nil {
			break
		}
		ends = e
		if start && ends && !at.step(line) {
			s.held = bytes.Clone(line)
			break
		}
		if err := s.keep(w, line); err != nil {
			return nil, err
		}
	}
	if s.b.kind != long {
		s.b.raw = s.buf
		if at.depth == 0 {
			s.b.kind = whole
		}
	}
	return &s.b, nil
}

// keep takes a line into the card at hand, or copies it to w once the card is
// too large.
func (s *scanner) keep(w io.Writer, line []byte) error {
	if s.b.kind != long && len(s.buf)+len(line) <= s.limit {
		s.buf = append(s.buf, line...)
		return nil
	}
	if s.b.kind != long {
		s.b.kind = long
		if err := put(w, s.buf); err != nil {
			return err
		}
		s.buf = nil
	}
	return put(w, line)
}

// nesting follows the cards inside a card.
type nesting struct {
	depth int  // cards that are open
	agent bool // the last line asks for a card
}

// step takes in the next line of a card. It returns false for a line that begins
// a card where none may be: the card before it was never closed.
func (n *nesting) step(line []byte) bool {
	switch {
	case isEnd(line):
		n.depth--
	case isBegin(line) && !n.agent:
		return false
	case isBegin(line), opensAgent(line):
		n.depth++
	}
	n.agent = isAgent(line) || n.agent && len(bytes.TrimSpace(line)) == 0
	return true
}

func put(w io.Writer, b []byte) error {
	if _, err := w.Write(b); err != nil {
		return fmt.Errorf("copying contact cards: %w", err)
	}
	return nil
}

var mark = []byte("\xef\xbb\xbf")

// isBegin reports the line that begins a card. A byte order mark may stand
// before it, where files were put one behind the other.
func isBegin(line []byte) bool {
	if len(line) == 0 || line[0]|0x20 != 'b' && line[0] != mark[0] { // most lines
		return false
	}
	return bytes.EqualFold(bytes.TrimRight(bytes.TrimPrefix(line, mark), " \t\r\n"), []byte("BEGIN:VCARD"))
}

func isEnd(line []byte) bool {
	if len(line) == 0 || line[0]|0x20 != 'e' {
		return false
	}
	return bytes.EqualFold(bytes.TrimRight(line, " \t\r\n"), []byte("END:VCARD"))
}

// agentValue returns what an AGENT property has as its value on its own line.
func agentValue(line []byte) (string, bool) {
	colon := bytes.IndexByte(line, ':')
	if colon < len("AGENT") {
		return "", false
	}
	name := line[:colon]
	if i := bytes.IndexByte(name, ';'); i >= 0 {
		name = name[:i]
	}
	name = name[bytes.LastIndexByte(name, '.')+1:]
	if !bytes.EqualFold(name, []byte("AGENT")) || folded(line) {
		return "", false
	}
	return string(bytes.TrimSpace(line[colon+1:])), true
}

// isStructure reports a line that belongs to no value, whatever stands before it.
func isStructure(line []byte) bool {
	return isBegin(line) || isEnd(line) || isAgent(line) || opensAgent(line)
}

// isAgent reports an AGENT property whose card begins on the next line.
func isAgent(line []byte) bool {
	v, ok := agentValue(line)
	return ok && v == ""
}

// opensAgent reports an AGENT property whose card begins behind its colon.
func opensAgent(line []byte) bool {
	v, ok := agentValue(line)
	return ok && bytes.EqualFold([]byte(v), []byte("BEGIN:VCARD"))
}

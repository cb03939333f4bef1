package chat

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

// MaxMessage is the largest message, in bytes, that is read. A larger one is a gap
// and is kept.
const MaxMessage = 16 << 20

// maxOpening is how far a file may go without a single header: beyond it, it is no
// chat.
const maxOpening = 64 << 10

var errNoChat = errors.New("it looks like plain text and not like an exported chat: no line begins with a date and a time")

// message is a header line with the lines that continue it, as they stand.
type message struct {
	line int // of the header, from 1
	h    header
	raw  []byte
	long bool // more than MaxMessage: raw is its beginning
}

// parts takes a message apart: what goes before the author, the author, what goes
// between, and the body without its line end.
func (m *message) parts() (head, author, glue, body, end []byte, system bool) {
	text := m.raw
	for len(text) > 0 && (text[len(text)-1] == '\n' || text[len(text)-1] == '\r') {
		text = text[:len(text)-1]
	}
	end = m.raw[len(text):]
	if m.h.end == 0 || m.h.end > len(text) { // text before the first header
		return nil, nil, nil, text, end, true
	}
	first, more := text, []byte(nil)
	if i := bytes.IndexByte(text, '\n'); i >= 0 {
		first, more = text[:i], text[i:]
	}
	first = bytes.TrimSuffix(first, []byte("\r"))
	a, b, ok := writer(first[m.h.end:])
	head = first[:m.h.end]
	if !ok {
		return head, nil, nil, text[m.h.end:], end, true
	}
	glue = first[m.h.end+len(a) : len(first)-len(b)]
	body = text[len(first)-len(b):]
	if len(b) == 0 && len(more) > 0 {
		body = text[len(first):]
	}
	return head, a, glue, body, end, false
}

// scanner cuts a chat into messages.
type scanner struct {
	br     *bufio.Reader
	want   variant
	next   []byte    // the header line of the next message, its end included
	bufs   [2][]byte // of the message at hand and of the next one, which take turns
	turn   int
	msg    message
	h      header
	line   int  // number of the line in next
	read   int  // lines read
	inside bool // the last piece of a line was not its end
}

func newScanner(r io.Reader, want variant) (s *scanner, mark []byte, err error) {
	s = &scanner{br: bufio.NewReaderSize(r, 64<<10), want: want}
	head, err := s.br.Peek(3)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, nil, fmt.Errorf("reading a chat: %w", err)
	}
	if bytes.HasPrefix(head, []byte("\xFF\xFE")) || bytes.HasPrefix(head, []byte("\xFE\xFF")) {
		return nil, nil, errors.New("the chat is UTF-16; exported chats are UTF-8")
	}
	if bytes.HasPrefix(head, []byte("\xEF\xBB\xBF")) {
		mark = []byte("\xEF\xBB\xBF")
		if _, err := s.br.Discard(3); err != nil {
			return nil, nil, fmt.Errorf("reading a chat: %w", err)
		}
	}
	return s, mark, nil
}

// maxKept is how large a buffer may be and still be used again.
const maxKept = 1 << 20

// keep copies a line to the beginning of the buffer whose turn it is.
func (s *scanner) keep(line []byte) []byte {
	b := s.bufs[s.turn][:0]
	if cap(b) > maxKept {
		b = nil
	}
	return append(b, line...)
}

// message returns the next message, nil at the end; it is valid until the next
// call. What goes beyond MaxMessage is written to w.
func (s *scanner) message(w io.Writer) (*message, error) {
	if s.msg.raw != nil {
		s.bufs[s.turn] = s.msg.raw // the buffer of the last message, which may have grown
		s.turn = 1 - s.turn
	}
	s.msg = message{line: s.line, h: s.h, raw: s.next}
	m := &s.msg
	if s.read == 0 {
		m.line = 1
	}
	s.next = nil
	for {
		begins := !s.inside
		line, err := s.readLine()
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("reading a chat: %w", err)
		}
		if len(line) > 0 {
			h, ok := header{}, false
			if begins {
				s.read++
				h, ok = parseHeader(line, s.want)
			}
			if ok && len(m.raw) == 0 && !m.long {
				m.raw, m.h, m.line = s.keep(line), h, s.read
				if s.want.pattern == 0 {
					s.want = h.variant
				}
				continue
			}
			if ok {
				if s.want.pattern == 0 {
					s.want = h.variant
				}
				s.turn = 1 - s.turn
				s.next, s.h, s.line = s.keep(line), h, s.read
				s.turn = 1 - s.turn
				return m, nil
			}
			if m.h.end == 0 && len(m.raw)+len(line) > maxOpening {
				return nil, errNoChat
			}
			if err := m.grow(line, w); err != nil {
				return nil, err
			}
		}
		if err != nil {
			if len(m.raw) == 0 && !m.long {
				return nil, nil
			}
			return m, nil
		}
	}
}

// readLine returns a line with its end, valid until the next one is read. Of a line
// over the limit it returns a piece at a time; inside then tells that the next
// piece begins no line.
func (s *scanner) readLine() ([]byte, error) {
	var line []byte
	for {
		p, err := s.br.ReadSlice('\n')
		if line == nil && !errors.Is(err, bufio.ErrBufferFull) {
			s.inside = false
			return p, err
		}
		line = append(line, p...)
		if s.inside = errors.Is(err, bufio.ErrBufferFull); !s.inside {
			return line, err
		}
		if len(line) > MaxMessage {
			return line, nil
		}
	}
}

// grow adds a continuation line. A message over the limit goes to w.
func (m *message) grow(line []byte, w io.Writer) error {
	if !m.long && len(m.raw)+len(line) <= MaxMessage {
		m.raw = append(m.raw, line...)
		return nil
	}
	if !m.long {
		m.long = true
		if _, err := w.Write(m.raw); err != nil {
			return err
		}
	}
	_, err := w.Write(line)
	return err
}

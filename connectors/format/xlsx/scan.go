package xlsx

import (
	"bufio"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
)

// Limits of a part's XML.
const (
	maxDepth = 256
	maxToken = 16 << 20 // bytes of one text or tag
)

var (
	errDepth   = fmt.Errorf("elements nested deeper than %d", maxDepth)
	errToken   = fmt.Errorf("a text or tag of more than %d MiB", maxToken>>20)
	errDoctype = errors.New("a document type, which the format forbids")
)

// span is a run of bytes of a part.
type span struct{ start, end int64 }

// scanner reads the XML of a part token by token and keeps in mind where it is.
// Names are not translated: a prefix is the name's Space.
type scanner struct {
	d     *xml.Decoder
	names []xml.Name // open elements
	at    int64      // where the last token begins
	in    meter
}

// meter bounds what one token may take up.
type meter struct {
	*bufio.Reader
	left int
}

// ReadByte implements [io.ByteReader].
func (m *meter) ReadByte() (byte, error) {
	if m.left--; m.left < 0 {
		return 0, errToken
	}
	return m.Reader.ReadByte()
}

func newScanner(r io.Reader) *scanner {
	s := &scanner{in: meter{Reader: bufio.NewReaderSize(r, 64<<10)}}
	s.d = xml.NewDecoder(&s.in)
	return s
}

// next returns the next token, valid until the one after it. At the end it returns
// io.EOF; an end inside an element is an error. Errors do not quote the part.
func (s *scanner) next() (xml.Token, error) {
	s.at, s.in.left = s.d.InputOffset(), maxToken
	tok, err := s.d.RawToken()
	if err != nil {
		return nil, s.failed(err)
	}
	switch x := tok.(type) {
	case xml.StartElement:
		if len(s.names) >= maxDepth {
			return nil, errDepth
		}
		s.names = append(s.names, x.Name)
	case xml.EndElement:
		last := len(s.names) - 1
		if last < 0 || s.names[last] != x.Name {
			return nil, errors.New("elements that are not closed in their order")
		}
		s.names = s.names[:last]
	case xml.Directive:
		return nil, errDoctype
	}
	return tok, nil
}

func (s *scanner) failed(err error) error {
	var syntax *xml.SyntaxError
	switch {
	case errors.Is(err, io.EOF) && len(s.names) == 0:
		return io.EOF
	case errors.Is(err, io.EOF):
		return io.ErrUnexpectedEOF
	case errors.As(err, &syntax):
		return fmt.Errorf("not well-formed at line %d", syntax.Line)
	}
	return err
}

// is reports whether the open elements have these names.
func (s *scanner) is(names ...string) bool {
	return slices.EqualFunc(s.names, names, func(a xml.Name, b string) bool { return a.Local == b })
}

// here is the span from start to the end of the last token.
func (s *scanner) here(start int64) span { return span{start, s.d.InputOffset()} }

// skip reads to the end of the element that the last token began.
func (s *scanner) skip() error {
	for depth := len(s.names); len(s.names) >= depth; {
		if _, err := s.next(); err != nil {
			return err
		}
	}
	return nil
}

// text reads to the end of the element that the last token began and appends its
// own text; of rich text, what the <t> in it hold, phonetic hints left out.
func (s *scanner) text(out []byte, rich bool) ([]byte, error) {
	depth, hints := len(s.names), 0
	for {
		tok, err := s.next()
		if err != nil {
			return out, err
		}
		switch x := tok.(type) {
		case xml.StartElement:
			if hints == 0 && x.Name.Local == "rPh" {
				hints = len(s.names)
			}
		case xml.EndElement:
			if len(s.names) < hints {
				hints = 0
			}
			if len(s.names) < depth {
				return out, nil
			}
		case xml.CharData:
			if rich && hints == 0 && s.names[len(s.names)-1].Local == "t" || !rich && len(s.names) == depth {
				if out = append(out, x...); len(out) > maxToken {
					return out, errToken
				}
			}
		}
	}
}

// attr returns the attribute of that name without a prefix.
func attr(s xml.StartElement, name string) string {
	for _, a := range s.Attr {
		if a.Name.Local == name && a.Name.Space == "" {
			return a.Value
		}
	}
	return ""
}

// prefix is how the part writes the namespace of an element, with its colon.
func prefix(n xml.Name) string {
	if n.Space == "" {
		return ""
	}
	return n.Space + ":"
}

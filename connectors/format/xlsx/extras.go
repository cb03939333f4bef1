package xlsx

import (
	"bytes"
	"cmp"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// maxHeld is how many bytes of what hangs on cells are held in memory.
const maxHeld = 256 << 20

var errHeld = fmt.Errorf("the comments and links of the workbook are more than %d MiB", maxHeld>>20)

// The kinds of marks, as they are named in the rest of a record.
const (
	comment = "comment"
	thread  = "thread"
	link    = "link"
)

// mark is a text that hangs on a cell: a comment, a link.
type mark struct {
	kind     string
	col, row int // from 0, from 1
	text     string
	part     string // where it stands
	prefix   string
	span     span   // its element
	body     span   // the element of its text; none in a link
	mentions span   // the element that says where people stand in the text of a thread
	ref      string // r:id of a link
	author   int    // number of the comment's author, or -1
	gone     bool   // it is taken out
}

// extras is what a worksheet has beside its cells.
type extras struct {
	rels      []relation
	marks     map[int][]*mark // by row
	links     span            // the element around the links
	linkCount int
	filters   []scrap
	scenarios bool
	printed   bool                // above or below its printed pages stands an address or a number of somebody
	rules     bool                // what is allowed or coloured, with an address or a number of somebody
	authors   map[string][]author // by the part of comments
	drawings  []string            // parts with the boxes of comments
}

// author is a name in a list that comments refer to by number.
type author struct {
	span   span
	prefix string
	used   int
}

// add keeps a mark; b.held bounds them all.
func (b *book) add(s *sheet, m *mark) error {
	if b.held += len(m.text) + 256; b.held > maxHeld {
		return errHeld
	}
	s.marks[m.row] = append(s.marks[m.row], m)
	return nil
}

// loadExtras reads what stands around the cells of a worksheet.
func (b *book) loadExtras(s *sheet) error {
	s.extras = extras{marks: map[int][]*mark{}, authors: map[string][]author{}}
	var err error
	if s.rels, err = b.relations(s.part); err != nil {
		return err
	}
	for _, r := range s.rels {
		if r.external || b.part(r.target) == nil {
			continue
		}
		load := func(*sheet, string) error { return nil }
		switch r.kind {
		case "comments":
			load = b.loadComments
		case "threadedComment":
			load = b.loadThreads
		case "vmlDrawing":
			s.drawings = append(s.drawings, r.target)
		default:
			continue
		}
		if err := b.claim(r.target); err != nil {
			return err
		}
		if err := load(s, r.target); err != nil {
			return err
		}
	}
	if yes, err := b.hasTail(s.part); err != nil || !yes {
		return err
	}
	return b.loadTail(s)
}

var errTwice = errors.New("a part that more than one worksheet claims")

// claim says that a part belongs to a worksheet.
func (b *book) claim(part string) error {
	k := strings.ToLower(part)
	if b.known[k] {
		return errTwice
	}
	b.known[k] = true
	return nil
}

func (b *book) loadComments(s *sheet, part string) error {
	var list []author
	err := b.scan(part, func(x *scanner, e xml.StartElement) error {
		switch {
		case x.is("comments", "authors", "author"):
			at := x.at
			name, err := x.text(nil, false)
			b.signed = b.signed || tells(string(name))
			list = append(list, author{span: x.here(at), prefix: prefix(e.Name)})
			return err
		case x.is("comments", "commentList", "comment"):
			m, err := note(x, e, comment, true)
			if err != nil {
				return err
			}
			if m.author = number(attr(e, "authorId")); m.author >= 0 && m.author < len(list) {
				list[m.author].used++
			}
			m.part = part
			return b.add(s, m)
		}
		return nil
	})
	s.authors[part] = list
	return err
}

func (b *book) loadThreads(s *sheet, part string) error {
	return b.scan(part, func(x *scanner, e xml.StartElement) error {
		if !x.is("ThreadedComments", "threadedComment") {
			return nil
		}
		m, err := note(x, e, thread, false)
		if err != nil {
			return err
		}
		m.part, m.author = part, -1
		return b.add(s, m)
	})
}

var errPlace = errors.New("a comment or link whose place is none")

// note reads a comment up to its end.
func note(s *scanner, e xml.StartElement, kind string, rich bool) (*mark, error) {
	m := &mark{kind: kind, prefix: prefix(e.Name)}
	var ok bool
	if m.col, m.row, _, _, ok = place(attr(e, "ref")); !ok {
		return nil, errPlace
	}
	at, depth := s.at, len(s.names)
	for {
		tok, err := s.next()
		if err != nil {
			return nil, err
		}
		if len(s.names) < depth {
			m.span = s.here(at)
			return m, nil
		}
		x, ok := tok.(xml.StartElement)
		if !ok || len(s.names) != depth+1 {
			continue
		}
		switch start := s.at; x.Name.Local {
		case "mentions":
			if err := s.skip(); err != nil {
				return nil, err
			}
			m.mentions = s.here(start)
		case "text":
			text, err := s.text(nil, rich)
			if err != nil {
				return nil, err
			}
			if rich {
				text = appendText(nil, text)
			}
			m.text, m.body = strings.ToValidUTF8(string(text), "\uFFFD"), s.here(start)
		}
	}
}

// hasTail looks for the words by which a worksheet says that something beside its
// cells may hold data of theirs. To find them costs little, to read them much.
func (b *book) hasTail(part string) (bool, error) {
	r, err := b.reader(part, maxPart)
	if err != nil {
		return false, err
	}
	words := [][]byte{[]byte("hyperlink"), []byte("filterColumn"), []byte("scenario"), []byte("dataValidation"), []byte("cfRule"), []byte("headerFooter")}
	const over = 16
	buf := make([]byte, 64<<10)
	kept, found := 0, false
	for err == nil && !found {
		var n int
		n, err = io.ReadFull(r, buf[kept:])
		for _, w := range words {
			found = found || bytes.Contains(buf[:kept+n], w)
		}
		kept = copy(buf, buf[max(0, kept+n-over):kept+n])
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil
	}
	return found, errors.Join(err, r.Close())
}

// loadTail reads the elements behind the cells.
func (b *book) loadTail(s *sheet) error {
	return b.scan(s.part, func(x *scanner, e xml.StartElement) error {
		switch {
		case x.is("worksheet", "sheetData"):
			return nil
		case x.is("worksheet", "scenarios"):
			s.scenarios = true
		case x.is("worksheet", "hyperlinks"):
			return b.loadLinks(s, x)
		case x.is("worksheet", "dataValidations", "dataValidation"):
			for _, says := range []string{"promptTitle", "prompt", "errorTitle", "error"} {
				s.rules = s.rules || tells(attr(e, says))
			}
		case x.is("worksheet", "dataValidations", "dataValidation", e.Name.Local), x.is("worksheet", "conditionalFormatting", "cfRule", "formula"):
			text, err := x.text(nil, false)
			s.rules = s.rules || quotes(text) || compares(text)
			return err
		case x.is("worksheet", "headerFooter", e.Name.Local):
			text, err := x.text(nil, false)
			s.printed = s.printed || tells(string(text))
			return err
		case e.Name.Local == "filter" || e.Name.Local == "customFilter":
			f, ok, err := filter(x, e, s.part)
			if ok {
				s.filters = append(s.filters, f)
			}
			return err
		}
		return nil
	})
}

func (b *book) loadLinks(s *sheet, x *scanner) error {
	at, depth := x.at, len(x.names)
	for {
		tok, err := x.next()
		if err != nil {
			return err
		}
		if len(x.names) < depth {
			s.links = x.here(at)
			return nil
		}
		e, ok := tok.(xml.StartElement)
		if !ok || e.Name.Local != "hyperlink" || len(x.names) != depth+1 {
			continue
		}
		m := &mark{kind: link, ref: reference(e), part: s.part, author: -1}
		if m.col, m.row, _, _, ok = place(attr(e, "ref")); !ok {
			return errPlace
		}
		m.text = linkText(s.rels, m.ref, e)
		start := x.at
		if err := x.skip(); err != nil {
			return err
		}
		m.span = x.here(start)
		s.linkCount++
		if err := b.add(s, m); err != nil {
			return err
		}
	}
}

// linkText is where a link leads and what it says on the way. One that leads to
// another place in the workbook alone has nothing to say.
func linkText(rels []relation, id string, e xml.StartElement) string {
	out := ""
	for _, r := range rels {
		if r.id == id && r.external {
			out = r.target
		}
	}
	if l := attr(e, "location"); l != "" && out != "" {
		out += "#" + l
	}
	for _, name := range []string{"display", "tooltip"} {
		if v := attr(e, name); v != "" && !strings.Contains(out, v) {
			out = strings.TrimPrefix(out+"\n"+v, "\n")
		}
	}
	return out
}

// order returns the rows that marks hang on, and puts those of each row in order.
func (s *sheet) order() []int {
	kinds := []string{comment, thread, link}
	for _, list := range s.marks {
		slices.SortStableFunc(list, func(a, b *mark) int {
			return cmp.Or(cmp.Compare(a.col, b.col), cmp.Compare(slices.Index(kinds, a.kind), slices.Index(kinds, b.kind)))
		})
	}
	return slices.Sorted(maps.Keys(s.marks))
}

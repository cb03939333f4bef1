package xlsx

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"path"
	"strconv"
	"strings"
)

// scrap is a copy of the text of a cell that a program keeps elsewhere: a value
// that a filter lets through, a value that a chart shows.
type scrap struct {
	part string
	text string
	patch
}

// tally counts the cells that have the text of a scrap.
type tally struct{ stay, gone int }

// filter makes a scrap of an element of a filter.
func filter(s *scanner, x xml.StartElement, part string) (scrap, bool, error) {
	at, text := s.at, attr(x, "val")
	if err := s.skip(); err != nil || text == "" {
		return scrap{}, false, err
	}
	now := "<" + prefix(x.Name) + x.Name.Local
	if op := attr(x, "operator"); op != "" {
		now += ` operator="` + storedText(strings.ReplaceAll(op, `"`, "")) + `"`
	}
	return scrap{part: part, text: text, patch: patch{s.here(at), now + ` val=""/>`}}, true, nil
}

// loadScraps reads the scraps of charts and tables. Those of worksheets are read
// with them.
func (b *book) loadScraps() ([]scrap, error) {
	var out []scrap
	for _, f := range b.zip.File { // in the order of the package
		dir, ext := path.Split(strings.ToLower(f.Name))
		if path.Ext(ext) != ".xml" || !strings.HasSuffix(dir, "/charts/") && !strings.HasSuffix(dir, "/tables/") {
			continue
		}
		err := b.scan(f.Name, func(s *scanner, x xml.StartElement) error {
			sc, ok, err := scrap{}, false, error(nil)
			switch x.Name.Local {
			case "filter", "customFilter":
				sc, ok, err = filter(s, x, f.Name)
			case "pt":
				sc, ok, err = shown(s, f.Name)
			}
			if ok {
				out = append(out, sc)
				b.held += len(sc.text) + 256
			}
			if b.held > maxHeld {
				err = errHeld
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// shown makes a scrap of a point in the cache of a chart, with its value.
func shown(s *scanner, part string) (scrap, bool, error) {
	at, depth := s.at, len(s.names)
	var text []byte
	for len(s.names) >= depth {
		tok, err := s.next()
		if err != nil {
			return scrap{}, false, err
		}
		if data, ok := tok.(xml.CharData); ok && len(text)+len(data) <= maxToken {
			text = append(text, data...)
		}
	}
	text = bytes.TrimSpace(text)
	return scrap{part: part, text: string(text), patch: patch{s.here(at), ""}}, len(text) > 0, nil
}

// orphans returns the changes that take names off the list of a part's authors
// which no comment refers to any more.
func (s *sheet) orphans() map[string][]patch {
	gone := map[string]map[int]int{}
	for _, list := range s.marks {
		for _, m := range list {
			if m.gone && m.author >= 0 {
				if gone[m.part] == nil {
					gone[m.part] = map[int]int{}
				}
				gone[m.part][m.author]++
			}
		}
	}
	out := map[string][]patch{}
	for part, counts := range gone {
		for i, a := range s.authors[part] {
			if n := counts[i]; n > 0 && n == a.used {
				out[part] = append(out[part], patch{a.span, "<" + a.prefix + "author></" + a.prefix + "author>"})
			}
		}
	}
	return out
}

// boxes returns the changes that take the boxes of comments that are gone out of
// the drawings of a worksheet. A drawing need not be XML, so its text is searched.
func (b *book) boxes(s *sheet) (map[string][]patch, error) {
	type at struct{ col, row int }
	gone := map[at]bool{}
	for _, list := range s.marks {
		for _, m := range list {
			if m.gone && m.kind == comment {
				gone[at{m.col, m.row - 1}] = true
			}
		}
	}
	out := map[string][]patch{}
	if len(gone) == 0 {
		return out, nil
	}
	for _, part := range s.drawings {
		data, err := b.whole(part)
		if err != nil {
			return nil, err
		}
		end := 0
		for {
			i := bytes.Index(data[end:], []byte("<v:shape "))
			if i < 0 {
				break
			}
			start := end + i
			n := bytes.Index(data[start:], []byte("</v:shape>"))
			if n < 0 {
				break
			}
			end = start + n + len("</v:shape>")
			box := data[start:end]
			row, ok1 := inside(box, "x:Row")
			col, ok2 := inside(box, "x:Column")
			if ok1 && ok2 && gone[at{col, row}] {
				out[part] = append(out[part], patch{span{int64(start), int64(end)}, ""})
			}
		}
	}
	return out, nil
}

// inside returns the number in an element of a text.
func inside(data []byte, tag string) (int, bool) {
	_, rest, _ := bytes.Cut(data, []byte("<"+tag+">"))
	text, _, ok := bytes.Cut(rest, []byte("</"+tag+">"))
	n, err := strconv.Atoi(string(bytes.TrimSpace(text)))
	return n, ok && err == nil
}

// whole reads a small part.
func (b *book) whole(part string) ([]byte, error) {
	r, err := b.reader(part, maxSmall)
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(r)
	return data, errors.Join(err, r.Close())
}

// number reads a number that an attribute may hold, else -1.
func number(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 {
		return -1
	}
	return n
}

// holds reports whether a link says the value of a cell, as a text or by its
// digits.
func holds(link, value string) bool {
	only := func(s string) string {
		return strings.Map(func(r rune) rune {
			if r < '0' || r > '9' {
				return -1
			}
			return r
		}, s)
	}
	n := only(value)
	return value != "" && strings.Contains(strings.ToLower(link), strings.ToLower(value)) || len(n) >= 6 && strings.Contains(only(link), n)
}

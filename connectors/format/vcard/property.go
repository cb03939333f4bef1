package vcard

import (
	"bytes"
	"strings"
)

// encoding is how a value is packed.
type encoding uint8

const (
	plain encoding = iota
	quotedPrintable
	base64ed
)

// param is one parameter of a property. A bare one (TEL;CELL:) has no name.
type param struct {
	name, value string // the name in lower case, the value without quotes
	start, end  int    // its span in property.line, the semicolon before it not counted
}

// property is one property of a card, with its continuation lines.
type property struct {
	start, end int // its span in the card
	at         int // number of its first line in the card, from 0
	version    int // 2, 3 or 4
	nested     bool
	wide       bool // the text was UTF-16
	eol        string
	last       string // the line end of its last line
	tail       int    // length of its last line, without the line end

	line   []byte // the whole property without line ends, folds and soft breaks
	own    bool   // line is a copy
	colon  int    // in line; -1 when there is none
	header int    // length of name and parameters in the card, the colon included

	name   string // in lower case, without the group
	group  string // in lower case
	params []param
	enc    encoding
	cs     charset
	value  value

	gap    string // why it cannot be read, or only in part
	change change
}

// lineEnd returns where the line that begins at i ends, its line end included.
func lineEnd(raw []byte, i int) int {
	if j := bytes.IndexByte(raw[i:], '\n'); j >= 0 {
		return i + j + 1
	}
	return len(raw)
}

// cutEOL splits a line from its line end.
func cutEOL(line []byte) (body []byte, eol string) {
	body = bytes.TrimSuffix(line, []byte("\n"))
	if len(body) < len(line) {
		body = bytes.TrimSuffix(body, []byte("\r"))
	}
	switch len(line) - len(body) {
	case 1:
		return body, "\n"
	case 2:
		return body, "\r\n"
	}
	return body, ""
}

func folded(line []byte) bool { return len(line) > 0 && (line[0] == ' ' || line[0] == '\t') }

// find reads the property that begins at raw[start], but not its value.
func (p *property) find(raw []byte, start, version int, wide bool) {
	p.start, p.end, p.version, p.wide = start, start, version, wide
	next := raw[start:lineEnd(raw, start)]
	_, p.eol = cutEOL(next)
	var c colonFinder
	for skip := 0; ; skip = 1 {
		c.base = p.end + skip - len(p.line)
		p.take(next, skip)
		if c.find(p.line) {
			break
		}
		if next = raw[p.end:lineEnd(raw, p.end)]; !folded(next) {
			break
		}
	}
	if p.colon = c.colon(); p.colon >= 0 {
		p.header = c.at - start + 1
	}
	p.parseHeader(wide)
	for p.colon >= 0 && p.more(raw) {
	}
}

// take appends a continuation line without its first skip bytes.
func (p *property) take(line []byte, skip int) {
	body, eol := cutEOL(line)
	p.last, p.tail = eol, len(body)
	if body = body[min(skip, len(body)):]; p.line == nil {
		p.line = body
	} else {
		if !p.own { // the bytes of the card are not written into
			p.line, p.own = append(make([]byte, 0, 2*(len(p.line)+len(body))), p.line...), true
		}
		p.line = append(p.line, body...)
	}
	p.end += len(line)
}

// more takes the next line if it belongs to the value.
func (p *property) more(raw []byte) bool {
	next := raw[p.end:lineEnd(raw, p.end)]
	body, _ := cutEOL(next)
	value := p.line[p.colon+1:]
	// Only the last line is looked at, or many folds would take for ever.
	soft := len(bytes.TrimRight(value[max(0, len(value)-p.tail):], " \t")) + max(0, len(value)-p.tail)
	switch {
	case len(next) == 0:
		return false
	case p.enc == quotedPrintable && bytes.HasSuffix(value[:soft], []byte("=")) && !isStructure(next):
		p.line = p.line[:p.colon+soft]
		p.take(next, 0)
		// An empty line after a soft break is how some phones end a value.
		return len(body) > 0 || folded(raw[p.end:])
	case folded(next) && p.version == 2 && p.enc != base64ed:
		p.take(next, 0) // 2.1 folds where a space is, and keeps it
	case folded(next):
		p.take(next, 1)
	case p.enc == base64ed && isBase64(body) && (len(value) == 0 || p.tail >= 60 && value[len(value)-1] != '='):
		p.take(next, 0) // some writers do not indent
	default:
		return false
	}
	return true
}

// isBase64 reports a line of nothing but base64 letters.
func isBase64(line []byte) bool {
	for _, c := range line {
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '+' || c == '/' || c == '=') {
			return false
		}
	}
	return len(line) > 0
}

// colonFinder looks for the first colon that stands outside quotes. A quote that
// is never closed is none.
type colonFinder struct {
	seen  int // bytes of the line looked at
	base  int // what is to be added to an index in the line to have one in the card
	in    bool
	first int // index of the first colon inside quotes, plus one
	found int // the same of the first one outside
	// at is where the colon stands in the card.
	at, firstAt int
}

// find looks at what is new in the line.
func (c *colonFinder) find(line []byte) bool {
	for ; c.seen < len(line); c.seen++ {
		switch line[c.seen] {
		case '"':
			c.in = !c.in
		case ':':
			if !c.in {
				c.found, c.at = c.seen+1, c.seen+c.base
				return true
			}
			if c.first == 0 {
				c.first, c.firstAt = c.seen+1, c.seen+c.base
			}
		}
	}
	return false
}

// colon returns the index of the colon in the line, or -1.
func (c *colonFinder) colon() int {
	if c.found == 0 {
		c.found, c.at = c.first, c.firstAt
	}
	return c.found - 1
}

// parseHeader reads the name and the parameters.
func (p *property) parseHeader(wide bool) {
	if p.colon < 0 {
		return
	}
	head := p.line[:p.colon]
	var room [8][2]int
	spans := split(room[:0], head, ';', bytes.IndexByte(head, '"') >= 0 && bytes.Count(head, []byte{'"'})%2 == 0)
	name := head[spans[0][0]:spans[0][1]]
	dot := bytes.LastIndexByte(name, '.')
	if p.name = lower(name[dot+1:]); dot > 0 {
		p.group = lower(name[:dot])
	}
	for _, s := range spans[1:] {
		x := param{start: s[0], end: s[1]}
		text := head[s[0]:s[1]]
		if k, v, ok := bytes.Cut(text, []byte("=")); ok {
			x.name = lower(k)
			text = v
		}
		if text = unquote(text); usual[string(text)] != "" {
			x.value = usual[string(text)]
		} else {
			x.value, _ = toText(text, unset, wide)
		}
		p.params = append(p.params, x)
		p.understand(x)
	}
}

// common are the names that most cards have, as most write them.
var common = map[string]string{
	"N": "n", "FN": "fn", "TEL": "tel", "EMAIL": "email", "ADR": "adr", "ORG": "org", "TITLE": "title", "NOTE": "note", "URL": "url", "BDAY": "bday", "PHOTO": "photo",
	"NICKNAME": "nickname", "CATEGORIES": "categories", "UID": "uid", "REV": "rev", "VERSION": "version", "TYPE": "type", "ENCODING": "encoding", "CHARSET": "charset",
	"VALUE": "value", "type": "type",
}

// lower returns a name in lower case.
func lower(name []byte) string {
	if s, ok := common[string(name)]; ok {
		return s
	}
	return strings.ToLower(strings.ToValidUTF8(strings.TrimSpace(string(name)), "\uFFFD"))
}

// understand takes in what a parameter says of the value's encoding.
func (p *property) understand(x param) {
	switch x.name {
	case "charset":
		p.cs = charsetOf(strings.ToUpper(strings.TrimSpace(x.value)))
	case "encoding", "":
		switch strings.ToUpper(strings.TrimSpace(x.value)) {
		case "QUOTED-PRINTABLE", "Q":
			p.enc = quotedPrintable
		case "BASE64", "B":
			p.enc = base64ed
		}
	}
}

// unquote takes the quotes off a parameter's value.
func unquote(b []byte) []byte {
	b = bytes.TrimSpace(b)
	if len(b) >= 2 && b[0] == '"' && b[len(b)-1] == '"' && bytes.Count(b, []byte{'"'}) == 2 {
		return b[1 : len(b)-1]
	}
	return b
}

// maxParts is how many parameters of a property, or components of a value, are
// told apart; the last one holds all others.
const maxParts = 1000

// split appends the spans between separators; quotes hide them if asked.
func split(out [][2]int, b []byte, sep byte, quotes bool) [][2]int {
	if !quotes && bytes.IndexByte(b, sep) < 0 {
		return append(out, [2]int{0, len(b)})
	}
	start, in := 0, false
	for i, c := range b {
		switch {
		case c == '"' && quotes:
			in = !in
		case c == sep && !in && len(out) < maxParts:
			out = append(out, [2]int{start, i})
			start = i + 1
		}
	}
	return append(out, [2]int{start, len(b)})
}

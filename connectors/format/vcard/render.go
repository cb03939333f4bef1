package vcard

import (
	"bytes"
	"encoding/base64"
	"slices"
	"strings"
	"unicode/utf8"
)

// change is what a redaction made of a property.
type change struct {
	gone   bool // the value, and with it the property
	set    bool
	text   string         // what the column is to show when set
	params map[int]string // new values of parameters by index; "" takes one out
}

func (c change) any() bool { return c.gone || c.set || len(c.params) > 0 }

// width is the longest line that is written, in bytes.
const width = 75

// render returns the bytes that take the place of a changed property.
func (p *property) render(raw []byte) []byte {
	old := raw[p.start:p.end]
	c := p.change
	switch {
	case c.gone && (p.name == "fn" || p.name == "n"):
		return p.emptied()
	case c.gone:
		return nil
	case p.colon < 0:
		text := strings.NewReplacer("\r\n", " ", "\n", " ", "\r", " ", ":", " ").Replace(c.text)
		text = strings.TrimLeft(text, " \t") // or it would be a fold
		line, ok := fromText(text, p.value.cs)
		if !ok {
			line = []byte(text)
		}
		return append(line, p.last...)
	}
	head := old[:p.header]
	if len(c.params) > 0 {
		head = append(p.fold(nil, p.head(nil)), ':')
	}
	if !c.set {
		return slices.Concat(head, old[p.header:])
	}
	return p.withValue(head)
}

// emptied is a property that the standard asks for, without what it said.
func (p *property) emptied() []byte {
	p.change.params = map[int]string{}
	for i, x := range p.params {
		if x.telling() {
			p.change.params[i] = ""
		}
	}
	out := append(p.fold(nil, p.head(nil)), ':')
	if p.name == "n" {
		out = append(out, ";;;;"...)
	}
	return append(out, p.last...)
}

// head returns name and parameters without the colon, with the changed
// parameters, and with those of add in the place of those of the same name.
func (p *property) head(add []param) []byte {
	at := p.colon
	if len(p.params) > 0 {
		at = p.params[0].start - 1
	}
	out := bytes.Clone(p.line[:at])
	for i, x := range p.params {
		now, changed := p.change.params[i]
		replaced := slices.ContainsFunc(add, func(a param) bool { return a.replaces(x) })
		switch {
		case replaced, changed && now == "":
			continue
		case !changed:
			out = append(append(out, ';'), p.line[x.start:x.end]...)
			continue
		}
		out = append(out, ';')
		if x.name != "" {
			k, _, _ := bytes.Cut(p.line[x.start:x.end], []byte("="))
			out = append(append(out, k...), '=')
		}
		out = append(out, quoteParam(now)...)
	}
	for _, a := range add {
		out = append(out, ";"+strings.ToUpper(a.name)+"="+a.value...)
	}
	return out
}

// replaces reports a parameter that says the same thing as the new one.
func (x param) replaces(old param) bool {
	if old.name == x.name {
		return true
	}
	var q property
	q.understand(old)
	return old.name == "" && x.name == "encoding" && q.enc != plain
}

// quoteParam writes the value of a parameter. No quote and no line end can stand
// in one.
func quoteParam(s string) string {
	s = strings.NewReplacer("\r\n", " ", "\n", " ", "\r", " ", `"`, "'").Replace(s)
	if strings.ContainsAny(s, ":;,") {
		return `"` + s + `"`
	}
	return s
}

// way is one way to write a value.
type way struct {
	add []param // parameters that say so
	enc encoding
	cs  charset
}

// withValue returns the property with another value. It is written as the old one
// was, unless that cannot hold the text: then in UTF-8, and in 2.1 as
// quoted-printable.
func (p *property) withValue(head []byte) []byte {
	utf := param{name: "charset", value: "UTF-8"}
	ways := []way{{nil, p.enc, p.value.cs}, {[]param{utf}, p.enc, utf8Set}}
	if p.version == 2 {
		ways = append(ways, way{[]param{utf, {name: "encoding", value: "QUOTED-PRINTABLE"}}, quotedPrintable, utf8Set})
	}
	texts := []string{p.text(p.change.text)}
	if p.order() != nil {
		texts = []string{p.mendParts(p.change.text), p.text(p.change.text)}
	}
	var out []byte
	for _, w := range ways {
		for _, text := range texts {
			b, ok := fromText(text, w.cs)
			if !ok {
				continue
			}
			h := head
			if w.add != nil {
				h = append(p.fold(nil, p.head(w.add)), ':')
			}
			out = append(p.write(bytes.Clone(h), b, w.enc), p.last...)
			q := property{colon: -1}
			if q.find(out, 0, p.version, p.wide); q.end != len(out) {
				continue
			}
			if q.read(); q.value.shown == p.change.text {
				return out
			}
		}
	}
	return out
}

// text escapes a value that has no components.
func (p *property) text(s string) string { return p.value.scheme + p.escape(s) }

// escape puts backslashes before what means something in the value.
func (p *property) escape(s string) string {
	pairs := []string{`\`, `\\`}
	structured := p.order() != nil
	if p.version != 2 {
		pairs = append(pairs, "\r\n", `\n`, "\n", `\n`)
		uri := slices.ContainsFunc(p.params, func(x param) bool { return x.name == "value" && strings.EqualFold(x.value, "uri") })
		if !uri && p.name != "url" && p.name != "impp" {
			pairs = append(pairs, ";", `\;`)
			if p.name != "categories" && p.name != "nickname" {
				pairs = append(pairs, ",", `\,`)
			}
		}
	} else if structured {
		pairs = append(pairs, ";", `\;`)
	}
	return strings.NewReplacer(pairs...).Replace(s)
}

// mendParts changes only those components that differ from the text.
func (p *property) mendParts(text string) string {
	parts := slices.Clone(p.value.parts)
	type part struct {
		i int
		s string
	}
	var list []part
	for _, i := range arrange(nil, p.order(), len(parts)) {
		if s := p.unescape(parts[i]); strings.TrimSpace(s) != "" {
			list = append(list, part{i, s})
		}
	}
	for len(list) > 1 && strings.HasPrefix(text, list[0].s+" ") {
		text = text[len(list[0].s)+1:]
		list = list[1:]
	}
	for len(list) > 1 && strings.HasSuffix(text, " "+list[len(list)-1].s) {
		text = text[:len(text)-len(list[len(list)-1].s)-1]
		list = list[:len(list)-1]
	}
	keep := slices.IndexFunc(list, func(x part) bool { return x.s == text })
	for k, x := range list {
		switch {
		case k == keep:
		case keep < 0 && k == 0:
			parts[x.i] = p.escape(text)
		default:
			parts[x.i] = ""
		}
	}
	return strings.Join(parts, ";")
}

// write appends a value behind the head.
func (p *property) write(out, value []byte, enc encoding) []byte {
	switch enc {
	case quotedPrintable:
		return p.quotePrintable(out, value)
	case base64ed:
		return p.fold(out, []byte(base64.StdEncoding.EncodeToString(value)))
	}
	return p.fold(out, value)
}

// newline is the line end to write inside the property.
func (p *property) newline() string {
	if p.eol == "" {
		return "\r\n"
	}
	return p.eol
}

// column returns how long the last line is.
func column(b []byte) int { return len(b) - bytes.LastIndexByte(b, '\n') - 1 }

// fold appends text and breaks its lines; letters stay whole. The plain text of
// 2.1 is not folded, for there a fold is a space; nor is an AGENT property whose
// card follows.
func (p *property) fold(out, text []byte) []byte {
	if p.version == 2 && p.enc != base64ed || p.name == "agent" && p.value.shown == "" {
		return append(out, text...)
	}
	at := column(out)
	for len(text) > 0 {
		_, n := utf8.DecodeRune(text)
		if at+n > width {
			out = append(append(out, p.newline()...), ' ')
			at = 1
		}
		out = append(out, text[:n]...)
		text = text[n:]
		at += n
	}
	return out
}

// quotePrintable appends quoted-printable text with soft line breaks.
func (p *property) quotePrintable(out, text []byte) []byte {
	const digits = "0123456789ABCDEF"
	at := column(out)
	for _, c := range text {
		token := []byte{'=', digits[c>>4], digits[c&15]}
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte(`;,.-+@()[]_/\`, c) >= 0 {
			token = []byte{c}
		}
		if at+len(token) > width {
			out = append(append(out, '='), p.newline()...)
			at = 0
		}
		out = append(out, token...)
		at += len(token)
	}
	return out
}

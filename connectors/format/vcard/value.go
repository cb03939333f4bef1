package vcard

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// charset is how the letters of a value are written.
type charset uint8

const (
	unset charset = iota // UTF-8 if it can be, else Windows-1252
	utf8Set
	latin1
	windows1252
	unknown
)

func charsetOf(name string) charset {
	switch name {
	case "":
		return unset
	case "UTF-8", "UTF8", "US-ASCII", "ASCII":
		return utf8Set
	case "ISO-8859-1", "ISO8859-1", "ISO_8859-1", "LATIN1":
		return latin1
	case "WINDOWS-1252", "CP1252":
		return windows1252
	}
	return unknown
}

func (c charset) table() *charmap.Charmap {
	if c == latin1 {
		return charmap.ISO8859_1
	}
	return charmap.Windows1252
}

// toText decodes letters to valid UTF-8 and says as what they were read. wide
// letters came out of UTF-16 and are UTF-8 whatever the property says.
func toText(b []byte, cs charset, wide bool) (string, charset) {
	if cs == unset || cs == unknown {
		cs = windows1252
		if utf8.Valid(b) {
			cs = utf8Set
		}
	}
	if wide || cs == utf8Set {
		return strings.ToValidUTF8(string(b), "\uFFFD"), utf8Set
	}
	table := cs.table()
	var s strings.Builder
	for _, c := range b {
		s.WriteRune(table.DecodeByte(c))
	}
	return s.String(), cs
}

// fromText encodes letters; false when the character set lacks one.
func fromText(s string, cs charset) ([]byte, bool) {
	if cs != latin1 && cs != windows1252 {
		return []byte(s), true
	}
	out := make([]byte, 0, len(s))
	for _, r := range s {
		c, ok := cs.table().EncodeRune(r)
		if !ok {
			return nil, false
		}
		out = append(out, c)
	}
	return out, true
}

// value is what a property says.
type value struct {
	shown  string   // what stands in the column; "" for nothing
	parts  []string // the components of a structured value, still escaped
	scheme string   // "tel:" or "mailto:", which is not shown
	marker bool     // shown stands for bytes
	cs     charset  // as what the letters were read
}

// The reasons why a property is a gap.
const (
	gapColon   = "a line without a colon in a card"
	gapQP      = "a value that breaks its quoted-printable encoding"
	gapBase64  = "a value that breaks its base64 encoding"
	gapMany    = "a contact card of more than 50000 properties; the others are not read"
	gapCharset = "a value in a character set that is not known; it is read as UTF-8 or Windows-1252"
)

// read decodes the value.
func (p *property) read() {
	if p.colon < 0 {
		p.gap = gapColon
		p.value.shown, p.value.cs = toText(p.line, unset, p.wide)
		return
	}
	raw, ok := p.line[p.colon+1:], true
	wide := p.wide
	switch p.enc {
	case quotedPrintable:
		if raw, ok = unquotePrintable(raw); !ok {
			p.gap = gapQP
		}
		wide = false
	case base64ed:
		if raw, ok = unBase64(raw); !ok {
			p.gap = gapBase64
		}
		wide = wide && !ok
	}
	if n, what, binary := p.binary(raw, ok); binary {
		p.value = value{marker: true}
		if n > 0 {
			p.value.shown = fmt.Sprintf("%s, %d bytes", what, n)
		}
		return
	}
	if p.cs == unknown && p.gap == "" {
		p.gap = gapCharset
	}
	text, cs := toText(raw, p.cs, wide)
	p.value.cs = cs
	p.show(text)
}

// show fills in what the column shows of the text of the value.
func (p *property) show(text string) {
	v := &p.value
	if order := p.order(); order != nil {
		v.parts = splitParts(v.parts, text)
		var places [8]int
		var room [8]string
		list := room[:0]
		for _, i := range arrange(places[:0], order, len(v.parts)) {
			if s := p.unescape(v.parts[i]); strings.TrimSpace(s) != "" {
				list = append(list, s)
			}
		}
		v.shown = strings.Join(list, " ")
		return
	}
	v.shown = p.unescape(text)
	scheme := ""
	switch p.name {
	case "tel":
		scheme = "tel:"
	case "email":
		scheme = "mailto:"
	}
	if n := len(scheme); n > 0 && len(v.shown) >= n && strings.EqualFold(v.shown[:n], scheme) {
		v.scheme, v.shown = v.shown[:n], v.shown[n:]
	}
	if strings.TrimSpace(v.shown) == "" {
		v.shown = ""
	}
}

// order returns how the components of a structured value are read out; nil when
// the property has none. Components beyond it follow.
func (p *property) order() []int {
	switch p.name {
	case "n":
		return nameOrder
	case "adr", "org":
		return asWritten
	}
	return nil
}

var (
	nameOrder = []int{3, 1, 2, 0, 4} // prefix, given, middle, family, suffix
	asWritten = []int{}
)

// arrange appends an order, completed for n components.
func arrange(out, order []int, n int) []int {
	for _, i := range order {
		if i < n {
			out = append(out, i)
		}
	}
	for i := len(order); i < n; i++ {
		out = append(out, i)
	}
	return out
}

// splitParts appends what stands between semicolons that no backslash stands
// before.
func splitParts(out []string, s string) []string {
	start := 0
	for i := 0; i < len(s) && len(out) < maxParts; i++ {
		switch s[i] {
		case '\\':
			i++
		case ';':
			out = append(out, s[start:i])
			start = i + 1
		}
	}
	return append(out, s[start:])
}

// unescape takes the backslashes out. In 2.1 a backslash before an n is one.
func (p *property) unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			switch c := s[i+1]; {
			case strings.IndexByte(`\;,:`, c) >= 0:
				b.WriteByte(c)
				i++
				continue
			case (c == 'n' || c == 'N') && p.version != 2:
				b.WriteByte('\n')
				i++
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// unquotePrintable decodes quoted-printable text without soft breaks. What is no
// sequence stays as it stands, and ok is false.
func unquotePrintable(b []byte) (out []byte, ok bool) {
	ok = true
	out = make([]byte, 0, len(b))
	for i := 0; i < len(b); i++ {
		if b[i] != '=' {
			out = append(out, b[i])
			continue
		}
		if i+2 < len(b) && hex(b[i+1]) >= 0 && hex(b[i+2]) >= 0 {
			out = append(out, byte(hex(b[i+1])<<4|hex(b[i+2])))
			i += 2
			continue
		}
		ok = false
		out = append(out, '=')
	}
	return out, ok
}

func hex(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	}
	return -1
}

// unBase64 decodes base64 with any white space, padded or not.
func unBase64(b []byte) ([]byte, bool) {
	text := bytes.TrimRight(bytes.Join(bytes.Fields(b), nil), "=")
	out := make([]byte, base64.RawStdEncoding.DecodedLen(len(text)))
	n, err := base64.RawStdEncoding.Decode(out, text)
	if err != nil {
		return b, false
	}
	return out[:n], true
}

var (
	mediaType = regexp.MustCompile(`^[a-z]+/[a-z0-9.+-]{1,40}$`)
	mediaWord = regexp.MustCompile(`^(jpe?g|png|gif|bmp|tiff|webp|heic|wave?|basic|pcm|ogg|mp3|aac|mpeg|pgp|x509)$`)
)

// binary reports a value that stands for bytes, with their number and type. raw is
// the value without its encoding, unless that could not be read.
func (p *property) binary(raw []byte, ok bool) (n int, what string, yes bool) {
	media := p.name == "photo" || p.name == "logo" || p.name == "sound" || p.name == "key"
	if !media && p.enc != base64ed && !(p.enc == quotedPrintable && control(raw)) {
		return 0, "", false
	}
	what = "binary"
	for _, x := range p.params {
		word := strings.ToLower(strings.TrimSpace(x.value))
		if mediaWord.MatchString(word) || x.name == "mediatype" && mediaType.MatchString(word) {
			what = word
		}
	}
	if p.enc != plain {
		return len(raw), what, media && (p.enc == base64ed || control(raw)) || ok && p.enc == base64ed && control(raw)
	}
	if !media {
		return 0, "", false
	}
	if len(raw) > 5 && bytes.EqualFold(raw[:5], []byte("data:")) {
		head, data, _ := bytes.Cut(raw[5:], []byte(","))
		word, _, _ := strings.Cut(strings.ToLower(string(head)), ";")
		if word = strings.TrimRight(word, `\`); mediaType.MatchString(word) {
			what = word
		}
		if b, ok := unBase64(data); ok {
			data = b
		}
		return len(data), what, true
	}
	if b, ok := unBase64(raw); ok && len(b) >= 48 {
		return len(b), what, true
	}
	return 0, "", false
}

// control reports bytes that no text has.
func control(b []byte) bool {
	for _, c := range b {
		if c < ' ' && c != '\t' && c != '\n' && c != '\r' {
			return true
		}
	}
	return false
}

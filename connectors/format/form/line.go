package form

import (
	"bytes"
	"net/url"
	"strings"
)

// pair is one name=value of a line.
type pair struct {
	name, value string
	start, end  int  // of the name=value in the line
	at          int  // where the value begins
	plus        bool // the value writes a space as +
	plain       bool // the value is written as it is
}

// names keeps the names that come again in every line.
type names map[string]string

func (n names) unescape(raw []byte) (string, bool) {
	if s, ok := n[string(raw)]; ok {
		return s, true
	}
	s, ok := unescape(raw)
	if ok && n != nil && len(n) < 1024 {
		n[string(raw)] = s
	}
	return s, ok
}

// parse finds the pairs of a line and appends them to pairs. What has no name, as behind an
// ampersand that somebody wrote in a value, is a text of its own, and so is what stands
// outside the form. ok is false when there are no pairs.
func parse(line []byte, pairs []pair, n names) (_ []pair, ok bool) {
	from, to := body(line)
	first := len(pairs)
	pairs = outside(line, 0, from, pairs)
	sep := separator(line[from:to])
	for at := from; at <= to; {
		end, next := cut(line, at, to, sep)
		p, named := parsePair(line, at, end, n)
		switch {
		case named:
			ok = true
			pairs = append(pairs, p)
		case len(bytes.Trim(line[at:end], letters)) > 0:
			p = pair{name: "text", start: at, end: end, at: at}
			p.value, p.plus = valueOf(line[at:end])
			pairs = append(pairs, p)
		}
		at = next
	}
	if !ok {
		return pairs[:first], false
	}
	return outside(line, to, len(line), pairs), true
}

// letters are what a word that tells of nobody is of.
const letters = "abcdefghijklmnopqrstuvwxyz_"

// outside appends what stands before or behind the form, such as the rest of a line of a
// server's log, when somebody may be told of there.
func outside(line []byte, from, to int, pairs []pair) []pair {
	text := line[from:to]
	digits := 0
	for _, c := range text {
		if '0' <= c && c <= '9' {
			digits++
		}
	}
	if digits < 10 && !bytes.ContainsAny(text, "@%") {
		return pairs
	}
	return append(pairs, pair{name: "text", value: string(text), start: from, end: to, at: from, plain: true})
}

// separator is what parts the pairs of a form: an ampersand, or a semicolon where the first
// that a name follows is one.
func separator(form []byte) byte {
	for i, c := range form {
		if c == '&' && (isName(form[i+1:]) || bytes.HasPrefix(form[i:], amp)) {
			return '&'
		}
		if c == ';' && isName(form[i+1:]) {
			return ';'
		}
	}
	return '&'
}

// amp is an ampersand as HTML writes it.
var amp = []byte("&amp;")

// cut returns where the pair at at ends, and where the next one begins.
func cut(line []byte, at, to int, sep byte) (end, next int) {
	for i := at; i < to; i++ {
		switch {
		case line[i] != sep || sep == ';' && !isName(line[i+1:to]):
		case sep == '&' && bytes.HasPrefix(line[i:to], amp):
			return i, i + len(amp)
		default:
			return i, i + 1
		}
	}
	return to, to + 1
}

// isName reports a text that begins with a name and an equals sign.
func isName(text []byte) bool {
	eq := bytes.IndexByte(text[:min(len(text), 64)], '=')
	return eq > 0 && !bytes.ContainsAny(text[:eq], " \t&;,:/?@{}<>\"'")
}

// body returns where the form stands: behind the first question mark of a URL, up
// to a fragment or the protocol of a request line.
func body(line []byte) (from, to int) {
	to = len(line)
	eq := bytes.IndexByte(line, '=')
	if q := bytes.IndexByte(line, '?'); q >= 0 && q < eq {
		from = q + 1
		if i := bytes.IndexAny(line[from:], "# \t\""); i >= 0 {
			to = from + i
		}
	}
	return from, to
}

func parsePair(line []byte, start, end int, n names) (pair, bool) {
	eq := bytes.IndexByte(line[start:end], '=')
	if eq < 1 {
		return pair{}, false
	}
	p := pair{start: start, end: end, at: start + eq + 1}
	name, ok := n.unescape(line[start : start+eq])
	if !ok || len(name) > 256 || strings.ContainsAny(name, "{}<>\n") {
		return pair{}, false
	}
	p.name = name
	p.value, p.plus = valueOf(line[p.at:end])
	return p, true
}

// valueOf decodes a value, and tells whether it writes a space as a plus sign.
func valueOf(raw []byte) (value string, plus bool) {
	value, ok := unescape(raw)
	if !ok {
		value = string(raw) // a lone percent sign
	}
	return value, bytes.IndexByte(raw, '+') >= 0 || !bytes.Contains(raw, []byte("%20"))
}

// unescape decodes a name or a value; most have nothing to decode.
func unescape(raw []byte) (string, bool) {
	if bytes.IndexByte(raw, '%') < 0 && bytes.IndexByte(raw, '+') < 0 {
		return string(raw), true
	}
	s, err := url.QueryUnescape(string(raw))
	return s, err == nil
}

// escape writes a value in the style of the pair.
func (p pair) escape(value string) string {
	if p.plain {
		return oneLine(value)
	}
	s := url.QueryEscape(value)
	if !p.plus {
		s = strings.ReplaceAll(s, "+", "%20")
	}
	return s
}

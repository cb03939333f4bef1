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

// parse finds the pairs of a line and appends them to pairs. ok is false when
// there are none.
func parse(line []byte, pairs []pair, n names) (_ []pair, ok bool) {
	from, to := body(line)
	for at := from; at <= to; {
		end := at + bytes.IndexByte(line[at:to], '&')
		if end < at {
			end = to
		}
		if p, ok := parsePair(line, at, end, n); ok {
			pairs = append(pairs, p)
		}
		at = end + 1
	}
	return pairs, len(pairs) > 0
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
	raw := line[p.at:end]
	value, ok := unescape(raw)
	if !ok {
		value = string(raw) // a lone percent sign
	}
	p.name, p.value, p.plus = name, value, bytes.IndexByte(raw, '+') >= 0 || !bytes.Contains(raw, []byte("%20"))
	return p, true
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

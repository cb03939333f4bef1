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
}

// parse finds the pairs of a line. ok is false when there are none.
func parse(line []byte) (pairs []pair, ok bool) {
	from, to := body(line)
	for at := from; at <= to; {
		end := at + bytes.IndexByte(line[at:to], '&')
		if end < at {
			end = to
		}
		if p, ok := parsePair(line, at, end); ok {
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

func parsePair(line []byte, start, end int) (pair, bool) {
	eq := bytes.IndexByte(line[start:end], '=')
	if eq < 1 {
		return pair{}, false
	}
	p := pair{start: start, end: end, at: start + eq + 1}
	name, err := url.QueryUnescape(string(line[start : start+eq]))
	if err != nil || len(name) > 256 || strings.ContainsAny(name, "{}<>\n") {
		return pair{}, false
	}
	raw := string(line[p.at:end])
	value, err := url.QueryUnescape(raw)
	if err != nil {
		value = raw // a lone percent sign
	}
	p.name, p.value, p.plus = name, value, strings.Contains(raw, "+") || !strings.Contains(raw, "%20")
	return p, true
}

// escape writes a value in the style of the pair.
func (p pair) escape(value string) string {
	s := url.QueryEscape(value)
	if !p.plus {
		s = strings.ReplaceAll(s, "+", "%20")
	}
	return s
}

package chat

import (
	"bytes"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// The headers of a message: in brackets (iOS) or with a dash behind (Android).
// Between date and time stand a comma, a space or a word such as "klo".
const (
	bracketed = 1
	dashed    = 2
)

// variant is the kind of header that a file has; 0 is none.
type variant struct {
	pattern int // bracketed or dashed
	sep     byte
}

// header is the beginning of a message.
type header struct {
	variant
	end     int // where the header ends in the line
	a, b, c int // the parts of the date as they stand
	at      [3]int
	pm, am  bool
}

// parseHeader reads the header of a line. want restricts it to one variant; its
// zero value takes any. Most lines are told apart by their first letters.
func parseHeader(line []byte, want variant) (header, bool) {
	h := header{variant: variant{pattern: dashed}}
	c := cursor{line: trimEnd(line)}
	c.skip("\u200e\u200f\ufeff\u202a")
	if c.byte("[") {
		h.pattern = bracketed
	}
	if want.pattern != 0 && want.pattern != h.pattern || !c.date(&h) || want.sep != 0 && h.sep != want.sep {
		return header{}, false
	}
	c.byte(",")
	if !c.spaces() {
		return header{}, false
	}
	if n := c.letters(); n > 6 || n > 0 && !c.spaces() {
		return header{}, false
	}
	if !c.time(&h) || !c.close(&h) || h.at[0] > 24 || h.at[1] > 59 || h.at[2] > 60 {
		return header{}, false
	}
	h.end = c.at
	return h, true
}

func trimEnd(line []byte) []byte {
	for len(line) > 0 && (line[len(line)-1] == '\n' || line[len(line)-1] == '\r') {
		line = line[:len(line)-1]
	}
	return line
}

// cursor goes through a line.
type cursor struct {
	line []byte
	at   int
}

// byte goes over one of some bytes.
func (c *cursor) byte(set string) bool {
	if c.at < len(c.line) && strings.IndexByte(set, c.line[c.at]) >= 0 {
		c.at++
		return true
	}
	return false
}

// skip goes over letters of a set and returns how many there were.
func (c *cursor) skip(set string) (n int) {
	for c.at < len(c.line) {
		r, size := rune(c.line[c.at]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRune(c.line[c.at:])
		}
		if !strings.ContainsRune(set, r) {
			return n
		}
		c.at += size
		n++
	}
	return n
}

const blanks = " \t\n\f\r\u202f\u00a0"

func (c *cursor) spaces() bool { return c.skip(blanks) > 0 }

// letters goes over letters of any script and returns how many there were.
func (c *cursor) letters() (n int) {
	for c.at < len(c.line) {
		r, size := utf8.DecodeRune(c.line[c.at:])
		if !unicode.IsLetter(r) {
			return n
		}
		c.at += size
		n++
	}
	return n
}

// number goes over a number with so many digits.
func (c *cursor) number(least, most int) (n int, ok bool) {
	i := c.at
	for ; i < len(c.line) && i-c.at < most && c.line[i] >= '0' && c.line[i] <= '9'; i++ {
		n = n*10 + int(c.line[i]-'0')
	}
	if i-c.at < least {
		return 0, false
	}
	c.at = i
	return n, true
}

// date reads three numbers with a sign between them.
func (c *cursor) date(h *header) (ok bool) {
	const signs = "./-"
	if h.a, ok = c.number(1, 4); !ok || !c.byte(signs) {
		return false
	}
	h.sep = c.line[c.at-1]
	if h.b, ok = c.number(1, 2); !ok || !c.byte(signs) {
		return false
	}
	h.c, ok = c.number(2, 4)
	return ok
}

// time reads hours, minutes, perhaps seconds, and perhaps which half of the day.
func (c *cursor) time(h *header) (ok bool) {
	if h.at[0], ok = c.number(1, 2); !ok || !c.byte(":.") {
		return false
	}
	if h.at[1], ok = c.number(2, 2); !ok {
		return false
	}
	before := c.at
	if c.byte(":.") {
		if h.at[2], ok = c.number(2, 2); !ok {
			c.at = before
		}
	}
	before = c.at
	c.spaces()
	half := c.at
	if !c.byte("AaPp") {
		c.at = before
		return true
	}
	c.byte(".")
	c.spaces()
	if !c.byte("Mm") {
		c.at = before
		return true
	}
	c.byte(".")
	h.pm = c.line[half]|0x20 == 'p'
	h.am = !h.pm
	return true
}

// close reads what ends a header.
func (c *cursor) close(h *header) bool {
	if h.pattern == bracketed {
		if !c.byte("]") {
			return false
		}
		c.one(" \t\n\f\r\u200e\u00a0")
		return true
	}
	return c.one(blanks) && c.one("-–") && c.one(blanks)
}

// one goes over one letter of a set.
func (c *cursor) one(set string) bool {
	r, size := utf8.DecodeRune(c.line[c.at:])
	if size == 0 || !strings.ContainsRune(set, r) {
		return false
	}
	c.at += size
	return true
}

// order is how a date stands in a file.
type order uint8

const (
	dayFirst   order = iota // as in India, and when nothing in the file tells
	monthFirst              // as in the United States
	yearFirst
)

// orderNames are how a user reads an order.
var orderNames = [...]string{dayFirst: "d/m/y", monthFirst: "m/d/y", yearFirst: "y/m/d"}

// date returns the civil date, false when it is none in this order.
func (h header) date(o order) (y, m, d int, ok bool) {
	y, m, d = h.c, h.b, h.a
	switch o {
	case monthFirst:
		m, d = h.a, h.b
	case yearFirst:
		if h.a <= 31 { // a year of two digits never comes first
			return 0, 0, 0, false
		}
		y, m, d = h.a, h.b, h.c
	}
	if y < 100 {
		y += 2000
	}
	t := time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC)
	return y, m, d, m >= 1 && m <= 12 && d >= 1 && t.Day() == d && y >= 2009 && y < 2100
}

// stamp returns when the message was sent, as RFC 3339 with India's offset: the
// file does not say its zone.
func (h header) stamp(o order) (string, bool) {
	y, m, d, ok := h.date(o)
	if !ok {
		return "", false
	}
	hour := h.at[0]
	switch {
	case h.pm && hour < 12:
		hour += 12
	case h.am && hour == 12:
		hour = 0
	}
	out := [25]byte{}
	b := append(out[:0], "0000-00-00T00:00:00+05:30"...)
	put := func(end, n int) { // a number of at most four digits, up to its end
		for ; n > 0; n /= 10 {
			end--
			b[end] = '0' + byte(n%10)
		}
	}
	put(4, y)
	put(7, m)
	put(10, d)
	put(13, hour%24)
	put(16, h.at[1])
	put(19, h.at[2]%60)
	return string(b), true
}

// writer splits what follows the header into author and body; ok is false for a
// line of the system, which has no author.
func writer(rest []byte) (author, body []byte, ok bool) {
	i := bytes.Index(rest, []byte(": "))
	if i < 0 {
		trimmed := bytes.TrimRight(rest, " ")
		if !bytes.HasSuffix(trimmed, []byte(":")) {
			return nil, rest, false
		}
		i = len(trimmed) - 1
	}
	if i == 0 || i > 200 || bytes.ContainsAny(rest[:i], "\"“”") {
		return nil, rest, false
	}
	return rest[:i], rest[min(i+2, len(rest)):], true
}

// attached finds the name of a file that a message brings, in the words of the
// phone's language.
var attached = []*regexp.Regexp{
	regexp.MustCompile(`<\pL+: ([^<>/\\]{1,200}\.\w{2,5})>`),
	regexp.MustCompile(`^[\x{200E}]?([^<>/\\:]{1,200}\.\w{2,5}) \([^()]{3,60}\)`),
}

func attachment(body string) string {
	line, _, _ := strings.Cut(body, "\n")
	if !strings.ContainsAny(line, "<(") {
		return ""
	}
	for _, re := range attached {
		if m := re.FindStringSubmatch(line); m != nil {
			return m[1]
		}
	}
	return ""
}

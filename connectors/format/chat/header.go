package chat

import (
	"bytes"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// The headers of a message: in brackets (iOS) or with a dash behind (Android).
// Between date and time stand a comma, a space or a word such as "klo".
const (
	datePart = `(\d{1,4})([./-])(\d{1,2})[./-](\d{2,4})`
	timePart = `(\d{1,2})[:.](\d{2})(?:[:.](\d{2}))?(?:[\s\x{202F}\x{00A0}]*([AaPp])\.?[\s\x{202F}\x{00A0}]*[Mm]\.?)?`
	between  = `,?[\s\x{202F}\x{00A0}]+(?:\pL{1,6}[\s\x{202F}\x{00A0}]+)?`
	marks    = `^[\x{200E}\x{200F}\x{FEFF}\x{202A}]*`
)

var headers = [...]*regexp.Regexp{
	regexp.MustCompile(marks + `\[` + datePart + between + timePart + `\][\s\x{200E}\x{00A0}]?`),
	regexp.MustCompile(marks + datePart + between + timePart + `[\s\x{202F}\x{00A0}][-–][\s\x{202F}\x{00A0}]`),
}

// variant is the kind of header that a file has; 0 is none.
type variant struct {
	pattern int // index in headers, from 1
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
// zero value takes any.
func parseHeader(line []byte, want variant) (header, bool) {
	line = bytes.TrimRight(line, "\r\n")
	for i, re := range headers {
		if want.pattern != 0 && want.pattern != i+1 {
			continue
		}
		m := re.FindSubmatchIndex(line)
		if m == nil {
			continue
		}
		part := func(k int) int {
			if m[2*k] < 0 {
				return 0
			}
			n, err := strconv.Atoi(string(line[m[2*k]:m[2*k+1]]))
			if err != nil { // digits only, and few
				return 0
			}
			return n
		}
		h := header{variant: variant{i + 1, line[m[4]]}, end: m[1], a: part(1), b: part(3), c: part(4), at: [3]int{part(5), part(6), part(7)}}
		if want.sep != 0 && h.sep != want.sep {
			continue
		}
		if m[16] >= 0 {
			h.pm = strings.EqualFold(string(line[m[16]:m[17]]), "p")
			h.am = !h.pm
		}
		if h.at[0] > 24 || h.at[1] > 59 || h.at[2] > 60 {
			continue
		}
		return h, true
	}
	return header{}, false
}

// order is how a date stands in a file.
type order uint8

const (
	dayFirst   order = iota // as in India, and when nothing in the file tells
	monthFirst              // as in the United States
	yearFirst
)

// date returns the civil date, false when it is none in this order.
func (h header) date(o order) (y, m, d int, ok bool) {
	y, m, d = h.c, h.b, h.a
	switch o {
	case monthFirst:
		m, d = h.a, h.b
	case yearFirst:
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
	return fmt.Sprintf("%04d-%02d-%02dT%02d:%02d:%02d+05:30", y, m, d, hour%24, h.at[1], h.at[2]%60), true
}

// writer splits what follows the header into author and body; ok is false for a
// line of the system, which has no author.
func writer(rest []byte) (author, body []byte, ok bool) {
	i := strings.Index(string(rest), ": ")
	if i < 0 {
		trimmed := strings.TrimRight(string(rest), " ")
		if !strings.HasSuffix(trimmed, ":") {
			return nil, rest, false
		}
		i = len(trimmed) - 1
	}
	if i == 0 || i > 200 || strings.ContainsAny(string(rest[:i]), "\"“”") {
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
	for _, re := range attached {
		if m := re.FindStringSubmatch(line); m != nil {
			return m[1]
		}
	}
	return ""
}

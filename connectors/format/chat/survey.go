package chat

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/cratio/sutra/connectors"
)

// maxWriters is how many different writers are told apart; a chat with more is a
// group in any case.
const maxWriters = 1024

// survey is what must be known of a whole file before its first message can be
// read: which way its dates are written, and who writes in it.
type survey struct {
	variant
	order   order
	partner string // the number that the file is named after, or ""
	title   string
	writers map[string]string // by writer, the column that she stands in
	ordered string            // see dateOrder
	open    bool              // some date fits two orders and is another day in each
	sure    bool              // some date fits one order only
	pair    bool              // two writers, one of them called as the file is
	gaps    []connectors.Gap
	broken  map[int]bool // lines whose date fits only the other order
}

// look surveys a file.
func look(r io.Reader, title string) (*survey, error) {
	v := &survey{title: title, writers: map[string]string{}, broken: map[int]bool{}}
	if number(title) != "" {
		v.partner = title
	}
	s, _, err := newScanner(r, variant{})
	if err != nil {
		return nil, err
	}
	var fits [3]int // messages whose date is one in each order
	var only [3][]int
	n := 0
	for {
		m, err := s.message(io.Discard)
		if err != nil {
			return nil, err
		}
		if m == nil {
			break
		}
		if m.h.end == 0 {
			continue
		}
		if joined(m.raw, s.want) {
			return nil, errJoined
		}
		n++
		v.dates(m, &fits, &only)
		if _, author, _, _, _, system := m.parts(); !system && len(v.writers) < maxWriters {
			if _, known := v.writers[string(author)]; !known {
				v.writers[string(author)] = ""
			}
		}
	}
	if n == 0 {
		return nil, errNoChat
	}
	v.variant = s.want
	v.decide(n, fits, only)
	v.ordered = v.dateOrder()
	_, titled := v.writers[title]
	v.pair = v.partner == "" && len(v.writers) == 2 && titled
	for author := range v.writers {
		v.writers[author] = v.role(author)
	}
	return v, nil
}

// errJoined is told of a chat that would be one message: the words of all who write in it.
var errJoined = errors.New("the lines of the chat end in carriage returns alone")

// joined reports a message in which another begins behind a lone carriage return.
func joined(raw []byte, want variant) bool {
	for {
		i := bytes.IndexByte(raw, '\r')
		if i < 0 {
			return false
		}
		raw = raw[i+1:]
		if len(raw) > 0 && raw[0] != '\n' {
			if _, ok := parseHeader(raw, want); ok {
				return true
			}
		}
	}
}

func (v *survey) dates(m *message, fits *[3]int, only *[3][]int) {
	var last, count int
	for o := range fits {
		if _, _, _, ok := m.h.date(order(o)); ok {
			fits[o]++
			last, count = o, count+1
		}
	}
	v.sure = v.sure || count == 1
	v.open = v.open || count > 1 && m.h.a != m.h.b
	if count == 1 && len(only[last]) < 100 {
		only[last] = append(only[last], m.line)
	}
}

// decide takes the order that fits most dates, the Indian one when several do.
// Dates that fit only another order are gaps: the file contradicts itself.
func (v *survey) decide(n int, fits [3]int, only [3][]int) {
	for o := range fits {
		if fits[o] > fits[v.order] {
			v.order = order(o)
		}
	}
	for o, lines := range only {
		if order(o) == v.order {
			continue
		}
		for _, line := range lines {
			v.broken[line] = true
			v.gaps = append(v.gaps, connectors.Gap{Locator: "line " + strconv.Itoa(line), Reason: "the date fits only another order of day and month than the rest of the chat"})
		}
	}
	if fits[v.order] < n && len(v.gaps) == 0 {
		v.gaps = append(v.gaps, connectors.Gap{Reason: fmt.Sprintf("%d messages have no date that exists", n-fits[v.order])})
	}
}

// How a file's dates were read is a value of each record, so that whoever reads a
// copy of hers sees what was assumed.
const assumed = " assumed: every date of the chat fits d/m/y and m/d/y"

// assumed reports whether nothing in the file tells the order.
func (v *survey) assumed() bool { return v.open && !v.sure }

// dateOrder is how the dates of the file are read.
func (v *survey) dateOrder() string {
	if v.assumed() {
		return orderNames[v.order] + assumed
	}
	return orderNames[v.order]
}

// values are what a message is in a batch.
type values struct {
	sentAt, partner, system, author, role, text, attachment string
}

// get returns the value of a column by its name in the catalog.
func (x *values) get(v *survey, name string) string {
	switch name {
	case "sent_at":
		return x.sentAt
	case "date_order":
		return v.ordered
	case "partner":
		return x.partner
	case "system":
		return x.system
	case "text":
		return x.text
	case "attachment":
		return x.attachment
	case x.role:
		return x.author
	}
	return ""
}

// values says what a message is in a batch.
func (v *survey) values(m *message) (out values) {
	_, author, _, body, _, system := m.parts()
	if m.h.end > 0 && !v.broken[m.line] {
		if at, ok := m.h.stamp(v.order); ok {
			out.sentAt = at
		}
	}
	if v.partner != "" || v.pair {
		out.partner = v.title
	}
	if system {
		out.system = string(body)
		return out
	}
	out.author, out.text = string(author), string(body)
	if out.role = v.writers[string(author)]; out.role == "" {
		out.role = v.role(out.author)
	}
	out.attachment = attachment(out.text)
	return out
}

// role is the column that an author stands in.
func (v *survey) role(author string) string {
	switch {
	case v.partner != "" && !same(number(author), number(v.partner)), v.pair && author != v.title:
		return "mention_author"
	}
	return "author"
}

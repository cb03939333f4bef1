package chat

import (
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
	writers map[string]bool
	pair    bool // two writers, one of them called as the file is
	gaps    []connectors.Gap
	broken  map[int]bool // lines whose date fits only the other order
}

// look surveys a file.
func look(r io.Reader, title string) (*survey, error) {
	v := &survey{title: title, writers: map[string]bool{}, broken: map[int]bool{}}
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
		n++
		v.dates(m, &fits, &only)
		if _, author, _, _, _, system := m.parts(); !system && len(v.writers) < maxWriters {
			v.writers[string(author)] = true
		}
	}
	if n == 0 {
		return nil, errNoChat
	}
	v.variant = s.want
	v.decide(n, fits, only)
	v.pair = v.partner == "" && len(v.writers) == 2 && v.writers[title]
	return v, nil
}

func (v *survey) dates(m *message, fits *[3]int, only *[3][]int) {
	var last, count int
	for o := range fits {
		if _, _, _, ok := m.h.date(order(o)); ok {
			fits[o]++
			last, count = o, count+1
		}
	}
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

// columns says what a message is in a batch, by the names of the catalog.
func (v *survey) columns(m *message) map[string]string {
	_, author, _, body, _, system := m.parts()
	out := map[string]string{}
	if m.h.end > 0 && !v.broken[m.line] {
		if at, ok := m.h.stamp(v.order); ok {
			out["sent_at"] = at
		}
	}
	if v.partner != "" || v.pair {
		out["partner"] = v.title
	}
	if system {
		out["system"] = string(body)
		return out
	}
	out[v.role(string(author))] = string(author)
	out["text"] = string(body)
	out["attachment"] = attachment(string(body))
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

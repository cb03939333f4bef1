package world

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"regexp"
	"strings"
)

// tableReader returns the reader of a table: with commas, or UTF-16 with tabs.
func tableReader(r io.Reader) (*csv.Reader, error) {
	b := bufio.NewReader(r)
	head, err := b.Peek(3)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	switch {
	case bytes.HasPrefix(head, []byte("\xff\xfe")):
		text, err := wideText(b)
		if err != nil {
			return nil, err
		}
		c := csv.NewReader(text)
		c.Comma, c.LazyQuotes = '\t', true
		return c, nil
	case bytes.HasPrefix(head, []byte("\xef\xbb\xbf")):
		if _, err := b.Discard(3); err != nil {
			return nil, err
		}
	}
	return csv.NewReader(b), nil
}

// readEnvelope hands on the elements of the lists that a document wraps; what is
// around them must stay as it is. It reports whether it is such a document.
func readEnvelope(raw json.RawMessage, see seeRecord) (bool, error) {
	var doc map[string]json.RawMessage
	if err := json.Unmarshal(raw, &doc); err != nil {
		return false, nil
	}
	for _, member := range []string{"RESPONSE", "data"} {
		var list []json.RawMessage
		if json.Unmarshal(doc[member], &list) != nil || list == nil {
			continue
		}
		for i, e := range list {
			if err := seeJSON(fmt.Sprintf("/%s/%d", member, i), e, see); err != nil {
				return true, err
			}
		}
		return true, nil
	}
	return false, nil
}

// readForms hands on a form a line.
func readForms(r io.Reader, see seeRecord) error {
	s := bufio.NewScanner(r)
	s.Buffer(nil, 1<<20)
	for n := 1; s.Scan(); n++ {
		if strings.TrimSpace(s.Text()) == "" {
			continue
		}
		values, err := url.ParseQuery(s.Text())
		if err != nil {
			return err
		}
		m := map[string]any{}
		texts := []string{s.Text()}
		for k, v := range values {
			m[k] = strings.Join(v, " ")
			texts = append(texts, v...)
		}
		see(lineN(n), []string{s.Text()}, texts, func() any { return m })
	}
	return s.Err()
}

// chatHeader begins a message of an exported chat.
var chatHeader = regexp.MustCompile(`(?m)^\d\d/\d\d/\d\d, \d\d:\d\d - `)

// readChat hands on a message with its continuation.
func readChat(r io.Reader, see seeRecord) error {
	data, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	text := string(data)
	marks := chatHeader.FindAllStringIndex(text, -1)
	for i, m := range marks {
		end := len(text)
		if i+1 < len(marks) {
			end = marks[i+1][0]
		}
		part := text[m[0]:end]
		see(lineN(1+strings.Count(text[:m[0]], "\n")), []string{part}, []string{part}, func() any { return part })
	}
	return nil
}

// readCards hands on a contact card.
func readCards(r io.Reader, see seeRecord) error {
	data, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	for i, part := range strings.SplitAfter(string(data), "END:VCARD\r\n") {
		if strings.TrimSpace(part) != "" {
			see(fmt.Sprintf("card %d", i+1), []string{part}, []string{part}, func() any { return part })
		}
	}
	return nil
}

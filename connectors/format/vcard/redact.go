package vcard

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/cratio/sutra/connectors"
)

type rewriter = func(connectors.Field, string) (string, connectors.Verdict)

// rounds is how often a column is asked about again after it was changed.
const rounds = 4

// redact asks rewrite about every column of a card and returns the card with the
// answers put in.
func (c *columns) redact(card *card, rewrite rewriter) ([]byte, error) {
	got := &claim{}
	c.claim(got, card)
	for i, leaves := range got.got {
		redactColumn(c.fields[i], leaves, rewrite)
	}
	if err := redactRest(c.fields[len(c.fields)-1], got, rewrite); err != nil {
		return nil, err
	}
	return card.render(), nil
}

// render returns the card with the changes of its properties.
func (c *card) render() []byte {
	var out []byte
	at, packed := 0, -1 // packed is the end of the last property in base64
	for _, p := range c.props {
		if p.change.any() {
			out = append(out, c.raw[at:p.start]...)
			now := p.render(c.raw)
			if len(now) == 0 && packed == p.start {
				if next, eol := cutEOL(c.raw[p.end:lineEnd(c.raw, p.end)]); isBase64(next) {
					now = []byte(eol) // or the next line would seem to belong to the base64
				}
			}
			out = append(out, now...)
			at = p.end
		}
		if p.enc == base64ed && !p.change.gone || packed == p.start && p.change.gone {
			packed = p.end
		}
	}
	out = append(out, c.raw[at:]...)
	if at == 0 {
		return out
	}
	return dropAgent(out)
}

// dropAgent takes off an AGENT property without a value at the end of a card that
// is never closed, where it would take in the next card.
func dropAgent(raw []byte) []byte {
	for {
		body := bytes.TrimRight(raw, " \t\r\n")
		i := bytes.LastIndexByte(body, '\n') + 1
		if i == 0 || !isAgent(body[i:]) {
			return raw
		}
		raw = raw[:i]
	}
}

// redactColumn asks about each value, then about what is left of all of them
// together, until nothing is to be changed: what Read shows is the joined value,
// so the answer to that one counts.
func redactColumn(f connectors.Field, leaves []*leaf, rewrite rewriter) {
	if len(leaves) > 1 {
		for _, l := range leaves {
			text, verdict := rewrite(f, l.text)
			l.put(text, verdict)
		}
	}
	for range rounds {
		old := joined(leaves)
		if old == "" {
			return
		}
		text, verdict := rewrite(f, old)
		if verdict == connectors.Same || verdict == connectors.Set && text == old {
			return
		}
		spread(leaves, text, verdict)
	}
}

// spread puts a joined value back into the values that it was made of.
func spread(leaves []*leaf, text string, verdict connectors.Verdict) {
	var live []*leaf
	for _, l := range leaves {
		if l.live() {
			live = append(live, l)
		}
	}
	texts := strings.Split(text, separator)
	if len(texts) != len(live) {
		texts = append([]string{text}, make([]string, len(live)-1)...)
	}
	for i, l := range live {
		l.put(texts[i], verdict)
	}
}

// put applies a verdict to one value. The marker of bytes can only be emptied.
func (l *leaf) put(text string, verdict connectors.Verdict) {
	marker := l.param < 0 && l.p.value.marker
	switch {
	case verdict == connectors.Same || verdict == connectors.Set && text == l.text:
		return
	case verdict == connectors.Set && marker && text != "":
		return
	case verdict == connectors.Empty:
		text = ""
	}
	l.text = text
	c := &l.p.change
	switch {
	case l.param >= 0 && c.params == nil:
		c.params = map[int]string{l.param: text}
	case l.param >= 0:
		c.params[l.param] = text
	case text == "":
		c.gone = true
	default:
		c.set, c.text = true, text
	}
}

var errRest = errors.New("a rewrite of " + RestColumn + " gave no JSON object")

// redactRest asks about the rest as a whole. The answer is matched name by name
// with the values that it was made of.
func redactRest(f connectors.Field, got *claim, rewrite rewriter) error {
	for range rounds {
		old := got.restText()
		if old == "" {
			return nil
		}
		text, verdict := rewrite(f, old)
		if verdict == connectors.Same || verdict == connectors.Set && text == old {
			return nil
		}
		now := map[string]any{}
		if verdict == connectors.Set {
			d := json.NewDecoder(strings.NewReader(text))
			d.UseNumber()
			if err := d.Decode(&now); err != nil || now == nil {
				return errRest // the error would show the text
			}
		}
		for _, g := range got.rest {
			g.match(now[g.key])
		}
	}
	return nil
}

// match gives the values of one name their new texts. Where there are fewer, those
// that have gone are the ones that differ.
func (g group) match(now any) {
	list, ok := now.([]any)
	if !ok && now != nil {
		list = []any{now}
	}
	var live []*leaf
	for _, l := range g.leaves {
		if l.live() {
			live = append(live, l)
		}
	}
	if len(list) > len(live) { // nothing may stand for what went before
		list = slices.DeleteFunc(list, func(v any) bool { return textOf(v) == "" })
	}
	for i, l := range live {
		switch left := len(live) - i; {
		case len(list) == 0, left > len(list) && textOf(list[0]) != l.text:
			l.put("", connectors.Empty)
		default:
			l.put(textOf(list[0]), connectors.Set)
			list = list[1:]
		}
	}
}

// textOf returns the text of a JSON value.
func textOf(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	}
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(bytes.TrimSpace(b))
}

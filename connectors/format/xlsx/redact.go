package xlsx

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/cratio/sutra/connectors"
)

type rewriter = func(connectors.Field, string) (string, connectors.Verdict)

// ask returns what becomes of a value.
func ask(rewrite rewriter, f connectors.Field, old string) (now string, changed bool) {
	if old == "" {
		return "", false
	}
	now, verdict := rewrite(f, old)
	switch verdict {
	case connectors.Empty:
		return "", true
	case connectors.Set:
		return now, now != old
	}
	return old, false
}

// redact asks about the columns of a record and notes the answers.
func (p *plan) redact(t *table, x *row, rewrite rewriter) error {
	rest := x.leaves()
	var list []patch
	changed, done := false, make(map[int]bool)
	for i := range x.cells {
		c := &x.cells[i]
		if c.value == "" {
			p.keep(c)
			continue
		}
		now, yes := ask(rewrite, t.fields[c.col], c.value)
		if !yes {
			p.keep(c)
			continue
		}
		p.drop(c)
		changed, done[i] = true, true
		list = append(list, c.change(x.number, now)...)
		for _, m := range x.marks {
			m.gone = m.gone || m.kind == link && m.col == c.col && holds(m.text, c.value)
		}
	}
	if now, yes := ask(rewrite, restField, restText(rest)); yes {
		more, err := p.redactRest(x, rest, now, done)
		if err != nil {
			return err
		}
		changed = true
		list = append(list, more...)
	}
	if changed {
		p.changed = true
		p.edits.Redacted()
		p.add(t.part, list...)
	}
	return nil
}

// change writes a cell anew. The formula of one that others share stays, without a
// value: there is no place for another one beside it.
func (c *cell) change(row int, now string) []patch {
	if !c.master {
		return []patch{{c.span, c.with(row, now)}}
	}
	return []patch{
		{span{c.span.start, c.formula.start}, c.open(row) + ">"},
		{span{c.formula.end, c.span.end}, "</" + c.prefix + "c>"},
	}
}

var errRest = errors.New("a rewrite of " + RestColumn + " gave no JSON object")

// redactRest makes the rest of a record what now says. Members that are not in it
// are emptied. done are the cells that were written anew already.
func (p *plan) redactRest(x *row, rest []leaf, now string, done map[int]bool) ([]patch, error) {
	members := map[string]any{}
	if now != "" {
		if err := json.Unmarshal([]byte(now), &members); err != nil || members == nil {
			return nil, errRest // the error would show the text
		}
	}
	var list []patch
	for _, l := range rest {
		text := memberText(members[l.key])
		switch {
		case text == l.text:
		case l.mark == nil:
			if c := x.cells[l.formula]; !done[l.formula] {
				p.formula = true
				list = append(list, patch{c.formula, ""})
			}
		case l.mark.kind == link || l.mark.kind == comment && text == "":
			l.mark.gone = true
		default:
			p.add(l.mark.part, l.mark.change(text)...)
		}
	}
	return list, nil
}

// change writes the text of a comment anew.
func (m *mark) change(text string) []patch {
	open, end := "<"+m.prefix+"text>", "</"+m.prefix+"text>"
	if m.kind == comment && text != "" {
		open, end = open+"<"+m.prefix+`t xml:space="preserve">`, "</"+m.prefix+"t>"+end
	}
	list := []patch{{m.body, open + storedText(text) + end}}
	if m.mentions.end > 0 {
		list = append(list, patch{m.mentions, ""})
	}
	return list
}

// memberText is the text of a member of the rest.
func memberText(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	}
	return fmt.Sprint(v)
}

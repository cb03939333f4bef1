package form

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/cratio/sutra/connectors"
)

type rewriter = func(connectors.Field, string) (string, connectors.Verdict)

// change is what becomes of one pair.
type change struct {
	pair  int
	value string
}

// redact asks rewrite about every column of a line and returns the line with the
// answers put in. An emptied value leaves its name behind.
func (c *codec) redact(line []byte, pairs []pair, rewrite rewriter) ([]byte, error) {
	cells, rest := c.cells(pairs)
	var list []change
	for k, i := range cells {
		if i < 0 {
			continue
		}
		switch text, v := rewrite(c.fields[k], pairs[i].value); v {
		case connectors.Empty:
			list = append(list, change{i, ""})
		case connectors.Set:
			list = append(list, change{i, text})
		}
	}
	if len(rest) > 0 {
		more, err := c.redactRest(pairs, rest, rewrite)
		if err != nil {
			return nil, err
		}
		list = append(list, more...)
	}
	slices.SortFunc(list, func(a, b change) int { return a.pair - b.pair })
	out := make([]byte, 0, len(line))
	at := 0
	for _, x := range list {
		p := pairs[x.pair]
		out = append(append(out, line[at:p.at]...), p.escape(x.value)...)
		at = p.end
	}
	return append(out, line[at:]...), nil
}

func (c *codec) redactRest(pairs []pair, rest []int, rewrite rewriter) ([]change, error) {
	text, v := rewrite(c.fields[len(c.fields)-1], restText(pairs, rest))
	var list []change
	now := map[string]any{}
	switch v {
	case connectors.Same:
		return nil, nil
	case connectors.Set:
		if err := json.Unmarshal([]byte(text), &now); err != nil {
			return nil, fmt.Errorf("a rewrite of %s gave no JSON object: %w", RestColumn, err)
		}
	}
	for k, key := range keys(pairs, rest) {
		i := rest[k]
		s, _ := now[key].(string)
		if s != pairs[i].value {
			list = append(list, change{i, s})
		}
	}
	return list, nil
}

// quote writes a JSON string.
func quote(s string) string {
	b, err := json.Marshal(s)
	if err != nil { // a string always has a JSON form
		return `""`
	}
	return string(b)
}

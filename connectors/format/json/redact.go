package json

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/cratio/sutra/connectors"
)

type rewriter = func(connectors.Field, string) (string, connectors.Verdict)

// redact asks rewrite about every column of a record that is a whole document and
// returns it with the answers put in.
func (c *columns) redact(data []byte, root *Node, rewrite rewriter) (out []byte, changed bool, err error) {
	c.claim(root)
	var p Patch
	if err := c.redactInto(&p, data, root, rewrite); err != nil || p.Empty() {
		return data, false, err
	}
	out = p.Apply(data)
	return out, !bytes.Equal(out, data), nil
}

// redactInto asks rewrite about every column of the record that was claimed and
// adds the answers to a patch.
func (c *columns) redactInto(p *Patch, data []byte, root *Node, rewrite rewriter) error {
	e := edit{merger{p, data, c.inner}, c.rest}
	last := len(c.fields) - 1
	for i, f := range c.fields[:last] {
		old, ok := c.value(i, data)
		if !ok {
			continue
		}
		switch text, verdict := rewrite(f, old); {
		case verdict == connectors.Empty:
			e.SetNull(c.got[i])
		case verdict == connectors.Set && text != old:
			e.replace(c.got[i], text)
		}
	}
	old, ok := c.restText(data, root)
	if !ok {
		return nil
	}
	switch text, verdict := rewrite(c.fields[last], old); {
	case verdict == connectors.Empty:
		e.emptyRest(root)
	case verdict == connectors.Set && text != old:
		return e.replaceRest(root, text)
	}
	return nil
}

// edit is a patch of one record.
type edit struct {
	merger
	rest []member
}

// replace puts the text that a rewrite gave in the place of a value: JSON text
// for a container, a number for a number if it is one, else a string.
func (e *edit) replace(n *Node, text string) {
	if n.Kind != String {
		raw := []byte(text)
		if now, err := Parse(raw); usable(err) && (nested(n) || now.Kind == Number || now.Kind == True || now.Kind == False) {
			e.merge(n, now, raw)
			return
		}
	}
	e.SetString(n, text)
}

var errRest = errors.New("a rewrite of " + RestColumn + " gave no JSON object")

func (e *edit) replaceRest(root *Node, text string) error {
	raw := []byte(text)
	now, err := Parse(raw)
	if root.Kind != Object {
		if !usable(err) {
			e.SetString(root, text)
		} else {
			e.merge(root, now, raw)
		}
		return nil
	}
	if !usable(err) {
		return fmt.Errorf("%w: %w", errRest, err)
	}
	if now.Kind != Object {
		return errRest
	}
	e.members(e.rest, now.Children, raw)
	return nil
}

func (e *edit) emptyRest(root *Node) {
	if root.Kind != Object {
		e.SetNull(root)
		return
	}
	for _, m := range e.rest {
		e.Strip(m.n, e.except)
	}
}

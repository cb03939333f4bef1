package recordings

import (
	"bytes"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/format/json"
)

// patch is the change of one sidecar; side is nil for an audio object.
type patch struct {
	json.Patch
	side *sidecar
	text []byte // the whole new text of a file that is no JSON
}

// remove takes the i-th record out.
func (p *patch) remove(r *record, i int) {
	c := p.side
	if c == nil || i >= len(c.entries) {
		return
	}
	p.Remove(c.entries[i])
	if n := r.cells["call_log_name"].node; n != nil && n == c.logName {
		p.SetNull(n)
	}
}

// redact asks the edits about the columns of a record, one after the other.
func (p *patch) redact(fields []connectors.Field, r *record, edits []connectors.Edit) (changed bool, err error) {
	for _, f := range fields {
		c, ok := r.cells[f.Name]
		if !ok || (p.side != nil && c.node == nil && !c.whole) {
			continue
		}
		value, verdict := c.value, connectors.Same
		for _, e := range edits {
			if e.Rewrite == nil || verdict == connectors.Empty {
				continue
			}
			switch text, v := e.Rewrite(f, value); v {
			case connectors.Empty:
				verdict = v
			case connectors.Set:
				value, verdict = text, v
			}
		}
		if verdict == connectors.Same || verdict == connectors.Set && value == c.value {
			continue
		}
		if p.side == nil {
			return false, errAudio
		}
		if err := p.put(f, c, value, verdict); err != nil {
			return false, err
		}
		changed = true
	}
	return changed, nil
}

// put writes the answer for one cell.
func (p *patch) put(f connectors.Field, c cell, value string, verdict connectors.Verdict) error {
	switch {
	case c.whole && verdict == connectors.Empty:
		p.text = []byte("null")
	case c.whole:
		p.text = []byte(value)
	case f.Look == connectors.LookJSON && verdict == connectors.Empty:
		if c.node.Kind != json.Object && c.node.Kind != json.Array {
			p.SetNull(c.node)
		}
		for _, n := range c.node.Children {
			p.Strip(n, c.except)
		}
	case f.Look == connectors.LookJSON:
		return p.Merge(p.side.data, c.node, []byte(value), c.except)
	case verdict == connectors.Empty:
		p.SetNull(c.node)
	case c.node.Kind != json.String && isNumber(value):
		p.SetRaw(c.node, []byte(value))
	default:
		p.SetString(c.node, value)
	}
	return nil
}

func isNumber(s string) bool {
	n, err := json.Parse([]byte(s))
	return err == nil && n.Kind == json.Number
}

// apply returns the new content of the object, nil when it stays as it is.
func (p *patch) apply() []byte {
	switch {
	case p.side == nil:
		return nil
	case p.text != nil:
		return append(bytes.Clone(p.side.mark), p.text...)
	case p.Empty():
		return nil
	}
	text := append(bytes.Clone(p.side.mark), p.Apply(p.side.data)...)
	if bytes.Equal(text, p.side.whole()) {
		return nil
	}
	return text
}

// whole is the content of the sidecar.
func (c *sidecar) whole() []byte {
	if c == nil {
		return nil
	}
	return append(bytes.Clone(c.mark), c.data...)
}

package extract

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/nyaruka/phonenumbers"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/format/json"
	"github.com/cratio/sutra/lineage"
)

// Masker prepares the fields of a person's records for her copy of them: her own
// identifiers stay, everybody else's are replaced by stable labels, and the parts
// of a record that are about others are left out.
type Masker struct {
	// Mine recognises her identifiers.
	Mine func(kind, value string) bool
	// Shown reports identifiers that are not hers alone but stand in her own
	// record as hers and may be shown: a family's number.
	Shown func(kind, value string) bool
	// Masked counts what was replaced, by kind.
	Masked map[string]int

	labels map[string]string
}

// Value returns the text to show for a field, and false when the field must be
// left out.
func (m *Masker) Value(f connectors.Field, value string) (string, bool) {
	if f.Look == connectors.LookSkip {
		return "", false
	}
	if d := look(&f, value); d != nil {
		return m.document(d), true
	}
	if f.Identity != "" {
		id, ok := Normalise(f.Identity, value)
		switch {
		case !ok:
		case f.Identity == kindUPI && (m.Mine(id.Kind, id.Value) || m.Shown(id.Kind, id.Value)):
			return m.text(value), true // the number of whoever paid for her
		case m.Mine(id.Kind, id.Value) || m.Shown(id.Kind, id.Value) || f.Identity == KindPhone && m.abroad(value):
			return value, true
		}
		if ok {
			return m.label(id), true
		}
	}
	if noNumber(&f, value) {
		return value, true
	}
	return m.text(value), true
}

// abroad reports a number without its country code, which stands beside it, of hers.
func (m *Masker) abroad(value string) bool {
	var buf [20]byte
	digits, plus, ok := phoneDigits(strings.TrimSpace(value), buf[:0])
	if !ok || plus {
		return false
	}
	national := strings.TrimLeft(string(digits), "0")
	for code := range phonenumbers.GetSupportedCallingCodes() {
		if m.Mine(KindPhone, "+"+strconv.Itoa(code)+national) {
			return true
		}
	}
	return false
}

func (m *Masker) text(text string) string {
	var b strings.Builder
	at := 0
	for _, s := range Find(text) {
		if m.Mine(s.Kind, s.Value) || s.Start < at { // a packed run goes as a whole, once
			continue
		}
		b.WriteString(text[at:s.Start])
		b.WriteString(m.label(s.Identifier))
		at = s.End
	}
	if at == 0 && b.Len() == 0 {
		return text
	}
	return b.String() + text[at:]
}

// Mentions returns what of hers stands in somebody else's text: the spellings of
// her own identifiers and nothing around them.
func (m *Masker) Mentions(value string) []string {
	var out []string
	for _, s := range Find(value) {
		switch {
		case !m.Mine(s.Kind, s.Value):
		case s.Packed > 0: // the run may hold others, and what is said of them
			out = append(out, s.Value)
		default:
			out = append(out, value[s.Start:s.End])
		}
	}
	return out
}

func (m *Masker) label(id Identifier) string {
	if m.labels == nil {
		m.labels = map[string]string{}
	}
	if m.Masked == nil {
		m.Masked = map[string]int{}
	}
	m.Masked[id.Kind]++
	key := id.Kind + ":" + id.Value
	if m.labels[key] == "" {
		m.labels[key] = fmt.Sprintf("[PERSON-%d]", len(m.labels)+1)
	}
	return m.labels[key]
}

func (m *Masker) owns(p *part) bool {
	r := Redactor{Mine: m.Mine}
	return r.owns(p)
}

// document returns the JSON without the parts that are about others and with
// others' identifiers masked.
func (m *Masker) document(d *document) string {
	var p json.Patch
	gone, hers := map[*json.Node]bool{}, m.hers(d) // hers may stand in another's part
	for _, x := range d.parts[1:] {
		if x.node != nil && theirs(x) && !m.owns(x) && belongs(x.node, d.root) {
			p.Strip(x.node, hers)
			gone[x.node] = !holds(x.node, hers)
			if m.Masked == nil {
				m.Masked = map[string]int{}
			}
			m.Masked["part of a record"]++
		}
	}
	json.Walk(d.root, func(n *json.Node) bool {
		if gone[n] || dropSecret(n, &p) {
			return false
		}
		m.key(d, n, &p)
		if n.Kind == json.String || n.Kind == json.Number || n.Kind == json.Broken {
			m.leaf(d, n, &p)
		}
		return true
	})
	return string(p.Apply(d.data))
}

// dropSecret leaves out the secret that an advertiser shares with Google, which comes in the
// body of each lead: whoever is told it can post leads of her own.
func dropSecret(n *json.Node, p *json.Patch) bool {
	if len(n.Key) > len("google_key") || !member(n) || connectors.FoldHeader(n.Key) != "googlekey" {
		return false
	}
	p.Remove(n)
	return true
}

// Parts returns what stands in a field of somebody else's record that is hers: the parts of
// a document that are about her, where they stand in it, and false when there are none.
func (m *Masker) Parts(f connectors.Field, value string) (string, bool) {
	d := look(&f, value)
	if d == nil || f.Look == connectors.LookSkip {
		return "", false
	}
	return m.parts(d)
}

// hers are the nodes of the parts that are about her.
func (m *Masker) hers(d *document) map[*json.Node]bool {
	hers := map[*json.Node]bool{}
	for _, x := range d.parts[1:] {
		if x.node != nil && m.owns(x) && belongs(x.node, d.root) {
			hers[x.node] = true
		}
	}
	return hers
}

func (m *Masker) parts(d *document) (string, bool) {
	hers := m.hers(d)
	nested := map[*json.Node]string{}
	for n, inner := range d.nested {
		if text, ok := m.parts(inner); ok && !inside(n, hers) {
			hers[n], nested[n] = true, text
		}
	}
	if len(hers) == 0 {
		return "", false
	}
	var p json.Patch
	p.Strip(d.root, hers)
	for _, x := range d.parts[1:] { // another's part in hers
		if x.node != nil && theirs(x) && !m.owns(x) && inside(x.node, hers) {
			p.Strip(x.node, hers)
		}
	}
	for n := range hers {
		if text, ok := nested[n]; ok {
			p.SetString(n, text)
			continue
		}
		json.Walk(n, func(x *json.Node) bool {
			if x != n && dropSecret(x, &p) {
				return false
			}
			m.key(d, x, &p)
			if x.Kind == json.String || x.Kind == json.Number || x.Kind == json.Broken {
				m.leaf(d, x, &p)
			}
			return true
		})
	}
	return string(p.Apply(d.data)), true
}

func (m *Masker) leaf(d *document, n *json.Node, p *json.Patch) {
	if inner := d.nested[n]; inner != nil {
		p.SetString(n, m.document(inner))
		return
	}
	text := n.Text(d.data)
	for _, h := range d.at[n] {
		if h.name || !h.whole || h.role == lineage.Link {
			continue
		}
		hers := m.Mine(h.Kind, h.Value) || h.role == lineage.Subject && m.Shown(h.Kind, h.Value)
		if hers && h.Kind == kindUPI {
			continue // the number in it may be of whoever paid for her
		}
		if !hers {
			label := json.Quote(m.label(h.Identifier))
			p.SetRaw(n, label)
			m.names(d, n, label, p)
		}
		return
	}
	if len(d.at[n]) == 0 && amountKey(n.Key) && isAmount(text) {
		return
	}
	switch out := m.text(text); {
	case out == text:
	case d.texts[n]:
		p.SetRaw(n, []byte(out))
	default:
		p.SetRaw(n, json.Quote(out))
	}
}

// names puts the label of another's identifier in place of the names beside it, where the
// object that it is a contact point of holds nothing of hers.
func (m *Masker) names(d *document, n *json.Node, label []byte, p *json.Patch) {
	card := cardOf(n)
	if card == nil || card.Parent == nil && !d.value || d.carded[card] {
		return
	}
	if d.carded == nil {
		d.carded = map[*json.Node]bool{}
	}
	d.carded[card] = true // an object may have very many contact points, and is gone through once
	var names []*json.Node
	theirs := true
	json.Walk(card, func(x *json.Node) bool {
		if x != card && thingKey(x.Key) {
			return false
		}
		for _, h := range d.at[x] {
			theirs = theirs && (h.name || h.role == lineage.Link || !m.Mine(h.Kind, h.Value) && !(h.role == lineage.Subject && m.Shown(h.Kind, h.Value)))
		}
		theirs = theirs && d.nested[x] == nil
		if x.Kind == json.String && keyMeaning(x.Key).name {
			names = append(names, x)
		}
		return theirs
	})
	for _, x := range names {
		if theirs {
			p.SetRaw(x, label)
		}
	}
}

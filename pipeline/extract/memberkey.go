package extract

import (
	"fmt"
	"slices"
	"strings"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/format/json"
	"github.com/cratio/sutra/lineage"
)

// keyIdentifier reports a member that is filed under somebody's identifier
// ({"asha@example.com": {...}}), with or without a word that says so (user_9820145678).
// A store that allows no dots in keys has commas in the place of those of an address.
func keyIdentifier(key string) (Identifier, bool) {
	spans := Find(key)
	if len(spans) == 0 && strings.Contains(key, "@") && strings.Contains(key, ",") {
		return Email(strings.ReplaceAll(key, ",", "."))
	}
	for _, s := range spans {
		if s.End == len(key) && s.Packed < 2 && (s.Start == 0 || len(spans) == 1 && filing(key[:s.Start])) {
			return s.Identifier, true
		}
	}
	return Identifier{}, false
}

// filing reports the beginning of a key that says what is filed under the rest of it.
func filing(head string) bool {
	words := keyWords(head)
	for _, w := range words {
		switch w {
		case "user", "users", "uid", "id", "phone", "mobile", "tel", "wa", "whatsapp", "email", "mail", "mailto":
		default:
			if !personWord(w) {
				return false
			}
		}
	}
	return len(words) > 0
}

// keyMentions are the identifiers in the key of a member that is filed under none.
func keyMentions(m *json.Node) (out []hit) {
	for _, s := range Find(m.Key) {
		out = append(out, hit{Identifier: s.Identifier, role: lineage.Mention, node: m})
	}
	return out
}

// keyNames are the keys that members were renamed to, by the object that they stand in.
type keyNames map[*json.Node][]string

// rename renames a member unless another one of the object has that name.
func (k keyNames) rename(p *json.Patch, n *json.Node, key string) {
	taken := func(key string) bool {
		return slices.Contains(k[n.Parent], key) || slices.ContainsFunc(n.Parent.Children, func(m *json.Node) bool { return m != n && m.Key == key })
	}
	name := key
	for i := 2; taken(name); i++ {
		name = fmt.Sprintf("%s %d", key, i)
	}
	k[n.Parent] = append(k[n.Parent], name)
	p.SetKey(n, name)
}

// member reports a node that is the member of an object, and so has a key.
func member(n *json.Node) bool { return n.Parent != nil && n.Parent.Kind == json.Object }

// cutKey takes her identifiers out of the key of a member.
func (r *Redactor) cutKey(d *document, n *json.Node, p *json.Patch) {
	if !member(n) {
		return
	}
	if key, v := r.scrub(n.Key); v == connectors.Set {
		d.names.rename(p, n, key)
	}
}

// key masks other people's identifiers in the key of a member.
func (m *Masker) key(d *document, n *json.Node, p *json.Patch) {
	if !member(n) {
		return
	}
	if key := m.text(n.Key); key != n.Key {
		d.names.rename(p, n, key)
	}
}

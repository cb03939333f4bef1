package json

import (
	"regexp"
	"slices"
	"strings"
)

// plain is a word that tells of nobody.
var plain = regexp.MustCompile(`^[a-z][a-z_]{0,39}$`)

// Loose makes records of the members of n that no record has: what stands outside every
// record is read by nobody. like is the record that each of them becomes, known are the
// members that have been read, or tell of nobody. A second member of such a name has not
// been read. A list of objects is a record an element.
func Loose(data []byte, n *Node, like Item, known ...string) []Item {
	if n.Kind != Object {
		return nil
	}
	var items []Item
	seen := map[string]bool{}
	for _, m := range n.Children {
		name := strings.ToLower(m.Key)
		again := seen[name] && len(m.Children) > 0
		seen[name] = true
		switch {
		case slices.Contains(known, m.Key) && !again, len(m.Children) == 0 && nobody(data, m):
		case m.Kind == Array && len(m.Children) > 0 && m.Children[0].Kind == Object:
			for _, c := range m.Children {
				items = append(items, like.of(c))
			}
		case len(m.Children) > 0:
			items = append(items, like.of(m))
		default:
			it := like.of(m)
			it.Extra = append(it.Extra, Extra{Name: m.Key, Node: m})
			items = append(items, it)
		}
	}
	return items
}

// of is the same record at another node.
func (it Item) of(n *Node) Item {
	it.Node, it.Extra = n, slices.Clone(it.Extra)
	return it
}

// nobody reports a value without members that tells of nobody.
func nobody(data []byte, n *Node) bool {
	if n.Kind != String && n.Kind != Number {
		return true
	}
	text := n.Text(data)
	return text == "" || plain.MatchString(text)
}

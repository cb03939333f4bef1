package json

import (
	"bytes"
	"fmt"
)

// Without returns the text of n with the given nodes taken out of it.
func Without(data []byte, n *Node, except map[*Node]bool) []byte {
	if !holds(except, n) {
		return n.Raw(data)
	}
	var p Patch
	for x := range except {
		p.Remove(x)
	}
	return p.ApplyNode(data, n)
}

// Merge makes n say what text says, JSON text that was made from the result of
// [Without] with the same except: those nodes are left alone, and so are the
// bytes of everything that is equal. Members are matched by key, so their order
// in text does not matter; new members of an object that keeps an excepted node
// are ignored. The error says that text is no JSON.
func (p *Patch) Merge(data []byte, n *Node, text []byte, except map[*Node]bool) error {
	now, err := Parse(text)
	if !usable(err) {
		return fmt.Errorf("merge: %w", err)
	}
	merger{p, data, except}.merge(n, now, text)
	return nil
}

// Strip removes n, or everything in it around the excepted nodes.
func (p *Patch) Strip(n *Node, except map[*Node]bool) {
	switch {
	case except[n]:
	case !holds(except, n):
		p.Remove(n)
	default:
		for _, c := range n.Children {
			p.Strip(c, except)
		}
	}
}

// holds reports whether one of the nodes is n or stands in it.
func holds(nodes map[*Node]bool, n *Node) bool {
	for x := range nodes {
		for ; x != nil; x = x.Parent {
			if x == n {
				return true
			}
		}
	}
	return false
}

// merger changes a document towards another one.
type merger struct {
	*Patch
	data   []byte
	except map[*Node]bool
}

// merge changes old where now differs from it, so that equal parts keep their
// bytes.
func (m merger) merge(old, now *Node, text []byte) {
	switch {
	case old.Kind == Object && now.Kind == Object && (len(now.Children) <= len(old.Children) || holds(m.except, old)):
		m.members(membersOf(nil, old), now.Children, text)
	case old.Kind == Array && now.Kind == Array && len(old.Children) == len(now.Children):
		for i, c := range old.Children {
			m.merge(c, now.Children[i], text)
		}
	case bytes.Equal(old.Raw(m.data), now.Raw(text)):
	case now.Kind == String:
		if s := now.Text(text); old.Kind != String || s != old.Text(m.data) && s != toValid(old.Text(m.data)) {
			m.SetString(old, s)
		}
	case string(now.Raw(text)) == toValid(string(old.Raw(m.data))):
	default:
		m.SetRaw(old, fit(m.data, bytes.Clone(now.Raw(text))))
	}
}

// members matches members by key, the n-th of a name with the n-th. Members that
// are gone are removed; one that is gone while another has come was renamed.
func (m merger) members(old []member, now []*Node, text []byte) {
	byKey := map[string][]*Node{}
	for _, n := range now {
		byKey[n.Key] = append(byKey[n.Key], n)
	}
	used := map[*Node]bool{}
	var lost []member
	for _, o := range old {
		if m.except[o.n] {
			continue
		}
		key := toValid(o.key)
		list := byKey[key]
		if len(list) == 0 {
			lost = append(lost, o)
			continue
		}
		byKey[key] = list[1:]
		used[list[0]] = true
		m.merge(o.n, list[0], text)
	}
	i := 0
	for _, o := range lost {
		for i < len(now) && used[now[i]] {
			i++
		}
		if i == len(now) || o.foreign || holds(m.except, o.n) {
			m.Strip(o.n, m.except)
			continue
		}
		m.SetKey(o.n, now[i].Key)
		m.merge(o.n, now[i], text)
		i++
	}
}

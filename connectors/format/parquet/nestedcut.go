package parquet

import (
	"bytes"
	"slices"
	"unicode/utf8"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/format/json"
)

// traced says where a value of a leaf stands in the JSON of its row.
type traced struct {
	leaf *leaf
	j    int    // number of the value in its row, from 0
	at   int    // offset of its text, that of the key where it is the key of a map
	raw  []byte // its bytes, when they are no text
}

// trace collects the places of the values of one row. A nil trace collects nothing.
type trace struct {
	cells []traced
	count map[*leaf]int
}

func (t *trace) begin() {
	if t != nil {
		t.cells, t.count = t.cells[:0], map[*leaf]int{}
	}
}

// note counts a value, and keeps its place when it is not null.
func (t *trace) note(l *leaf, at int, raw []byte, ok bool) {
	if t == nil {
		return
	}
	if ok {
		c := traced{leaf: l, j: t.count[l], at: at}
		if l.typ == pBytes && !utf8.Valid(raw) {
			c.raw = bytes.Clone(raw)
		}
		t.cells = append(t.cells, c)
	}
	t.count[l]++
}

// edited reports whether a value of a row is changed already.
func (p *groupPlan) edited(l *leaf, row int64, j int) bool {
	if p.leaves[l.index] == nil || p.leaves[l.index][row] == nil {
		return false
	}
	return slices.ContainsFunc(p.leaves[l.index][row].cells, func(c cellEdit) bool { return c.j == j })
}

// follow makes a row's nested value say what next says: values that next does not have
// become null, or empty where they cannot be null, and changed ones are written. Where it
// cannot be told which part of next was which part of text, nothing is done: the leaves
// are asked one by one. What an edit that has to be written as it is cannot write is an error.
func (p *groupPlan) follow(t redaction, cells []traced, text []byte, next string) error {
	old, err := json.Parse(text)
	if err != nil {
		return nil
	}
	now, err := json.Parse([]byte(next))
	if err != nil {
		return nil
	}
	m := matcher{old: text, now: []byte(next), gone: map[*json.Node]bool{}, set: map[*json.Node]string{}}
	if !m.match(old, now) || !m.agrees(old, now) {
		return nil
	}
	at := map[int]*json.Node{}
	json.Walk(old, func(n *json.Node) bool {
		at[n.Start] = n
		if n.Parent != nil && n.Parent.Kind == json.Object {
			at[n.KeyStart] = n
		}
		return true
	})
	for _, c := range cells {
		n := at[c.at]
		if n == nil {
			continue
		}
		if set, ok := m.set[n]; ok && n.Start == c.at {
			if err := c.leaf.admits(t.edit, string(n.Text(text)), set, connectors.Set); err != nil {
				return err
			}
		}
		if val, changed := m.value(&c, n); changed {
			e := p.edit(c.leaf, t.row)
			e.cells = append(e.cells, cellEdit{c.j, val})
		}
	}
	return nil
}

// value is what a cell becomes; false when it stays.
func (m *matcher) value(c *traced, n *json.Node) ([]byte, bool) {
	l := c.leaf
	for x := n; x != nil; x = x.Parent {
		if m.gone[x] {
			return l.nothing(), true
		}
	}
	next, ok := m.set[n]
	if !ok || n.Start != c.at { // a key
		return nil, false
	}
	if val, ok := l.valueOf(c.raw, next); ok {
		return val, true
	}
	return l.nothing(), true
}

// nothing is null where the leaf knows it, else its empty value.
func (l *leaf) nothing() []byte {
	if l.optional {
		return nil
	}
	return l.zero()
}

// matcher finds out what became of each part of a value.
type matcher struct {
	old, now []byte
	gone     map[*json.Node]bool
	set      map[*json.Node]string
}

// maxPairs bounds the comparison of two lists.
const maxPairs = 1 << 18

// match compares a node with what it has become.
func (m *matcher) match(old, now *json.Node) bool {
	switch {
	case string(old.Raw(m.old)) == string(now.Raw(m.now)):
	case old.Kind == json.Object && now.Kind == json.Object:
		return m.members(old, now)
	case old.Kind == json.Array && now.Kind == json.Array:
		return m.elements(old.Children, now.Children)
	case scalar(old) && scalar(now) && now.Kind != json.Null:
		m.set[old] = now.Text(m.now)
	default:
		m.gone[old] = true
	}
	return true
}

func scalar(n *json.Node) bool { return n.Kind != json.Object && n.Kind != json.Array }

// members matches members by key, the n-th of a name with the n-th.
func (m *matcher) members(old, now *json.Node) bool {
	byKey := map[string][]*json.Node{}
	for _, n := range now.Children {
		byKey[n.Key] = append(byKey[n.Key], n)
	}
	for _, o := range old.Children {
		list := byKey[o.Key]
		if len(list) == 0 {
			m.gone[o] = true
			continue
		}
		byKey[o.Key] = list[1:]
		if !m.match(o, list[0]) {
			return false
		}
	}
	return true
}

// elements matches the elements of a list with what is left of them, in order: those
// that have most in common.
func (m *matcher) elements(old, now []*json.Node) bool {
	if len(now) > len(old) || len(old)*len(now) > maxPairs {
		return false
	}
	best := make([][]int, len(old)+1) // of old[i:] and now[j:]; -1 when it cannot be
	for i := range best {
		best[i] = make([]int, len(now)+1)
		for j := range now {
			best[i][j] = -1
		}
	}
	olds, nows := bags(old, m.old), bags(now, m.now)
	for i := len(old) - 1; i >= 0; i-- {
		for j := len(now) - 1; j >= 0; j-- {
			best[i][j] = best[i+1][j]
			if rest := best[i+1][j+1]; rest >= 0 {
				best[i][j] = max(best[i][j], rest+alike(olds[i], nows[j]))
			}
		}
	}
	for i, j := 0, 0; i < len(old); i++ {
		if j < len(now) && best[i+1][j+1] >= 0 && best[i][j] == best[i+1][j+1]+alike(olds[i], nows[j]) {
			if !m.match(old[i], now[j]) {
				return false
			}
			j++
			continue
		}
		m.gone[old[i]] = true
	}
	return true
}

// bags counts the values in each of some nodes, by key and text.
func bags(list []*json.Node, data []byte) []map[string]int {
	out := make([]map[string]int, len(list))
	for i, n := range list {
		out[i] = map[string]int{}
		json.Walk(n, func(x *json.Node) bool {
			if scalar(x) && x.Kind != json.Null {
				out[i][x.Key+"\x00"+x.Text(data)]++
			}
			return true
		})
	}
	return out
}

// alike is how many values two nodes share.
func alike(a, b map[string]int) int {
	n := 0
	for k, v := range a {
		n += min(v, b[k])
	}
	return n
}

// agrees reports whether what is left of old are the values of now, no more and no
// others: else the wrong element would be emptied.
func (m *matcher) agrees(old, now *json.Node) bool {
	left := map[string]int{}
	json.Walk(old, func(n *json.Node) bool {
		if m.gone[n] {
			return false
		}
		if text, ok := m.set[n]; ok {
			left[text]++
		} else if scalar(n) && n.Kind != json.Null {
			left[n.Text(m.old)]++
		}
		return true
	})
	json.Walk(now, func(n *json.Node) bool {
		if scalar(n) && n.Kind != json.Null {
			left[n.Text(m.now)]--
		}
		return true
	})
	for _, v := range left {
		if v != 0 {
			return false
		}
	}
	return true
}

package json

import (
	"bytes"
	"cmp"
	"slices"
)

// Patch collects changes of one document. The zero value is an empty patch.
// A change inside a node that is removed or replaced as a whole has no effect;
// of several changes of one node the last counts, and removal beats them.
type Patch struct {
	sets    map[*Node]func(data []byte) []byte
	keys    map[*Node]string
	removed map[*Node]bool
}

// Empty reports whether no change was asked for.
func (p *Patch) Empty() bool { return len(p.sets)+len(p.keys)+len(p.removed) == 0 }

// Remove takes an element or a member out, with its comma and the white space
// that belongs to it; a container that loses everything becomes [] or {}. A root
// becomes null.
func (p *Patch) Remove(n *Node) {
	if n.Parent == nil {
		p.SetNull(n)
		return
	}
	if p.removed == nil {
		p.removed = map[*Node]bool{}
	}
	p.removed[n] = true
}

// SetString replaces the value by a string, written in the style of the old
// literal: & < > and / are escaped if it escaped them, characters beyond ASCII
// if it escaped those.
func (p *Patch) SetString(n *Node, s string) {
	p.set(n, func(data []byte) []byte {
		var body []byte
		if n.Kind == String {
			body = n.body(data)
		}
		return appendQuoted(nil, s, styleIn(data, body))
	})
}

// SetNull replaces the value by null.
func (p *Patch) SetNull(n *Node) { p.SetRaw(n, []byte("null")) }

// SetRaw replaces the value by JSON text, which the caller vouches for.
func (p *Patch) SetRaw(n *Node, text []byte) {
	p.set(n, func([]byte) []byte { return text })
}

// SetKey renames a member, in the style of the old name. It does nothing to
// elements and the root.
func (p *Patch) SetKey(n *Node, key string) {
	if n.KeyEnd == 0 {
		return
	}
	if p.keys == nil {
		p.keys = map[*Node]string{}
	}
	p.keys[n] = key
}

func (p *Patch) set(n *Node, f func([]byte) []byte) {
	if p.sets == nil {
		p.sets = map[*Node]func([]byte) []byte{}
	}
	p.sets[n] = f
}

type cut struct {
	start, end int
	text       []byte
}

// Apply returns data with the changes made. data is what the nodes were parsed
// from; it is not changed. Without a change the result is data itself.
func (p *Patch) Apply(data []byte) []byte { return p.apply(data, 0, len(data)) }

// ApplyNode returns the text of n with the changes below or at it made.
func (p *Patch) ApplyNode(data []byte, n *Node) []byte { return p.apply(data, n.Start, n.End) }

func (p *Patch) apply(data []byte, from, to int) []byte {
	if p.Empty() {
		return data[from:to]
	}
	out := make([]byte, 0, to-from+64)
	at := from
	for _, c := range p.cuts(data) {
		if c.start < at || c.end > to {
			continue
		}
		out = append(append(out, data[at:c.start]...), c.text...)
		at = c.end
	}
	return append(out, data[at:to]...)
}

// cuts returns the spans to replace, in the order of the data, the larger of two
// that begin together first.
func (p *Patch) cuts(data []byte) []cut {
	cuts := make([]cut, 0, len(p.sets)+len(p.keys)+len(p.removed))
	for n, f := range p.sets {
		cuts = append(cuts, cut{n.Start, n.End, f(data)})
	}
	for n, key := range p.keys {
		st := styleIn(data, bytes.Trim(data[n.KeyStart:n.KeyEnd], `"`))
		cuts = append(cuts, cut{n.KeyStart, n.KeyEnd, appendQuoted(nil, key, st)})
	}
	done := map[*Node]bool{}
	for n := range p.removed {
		if !done[n.Parent] {
			done[n.Parent] = true
			cuts = p.runs(cuts, n.Parent)
		}
	}
	slices.SortFunc(cuts, func(a, b cut) int {
		return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(b.end, a.end))
	})
	return cuts
}

// changes reports whether applying the patch would change a byte.
func (p *Patch) changes(data []byte) bool {
	for _, c := range p.cuts(data) {
		if !bytes.Equal(data[c.start:c.end], c.text) {
			return true
		}
	}
	return false
}

// add takes over the changes of another patch of the same document.
func (p *Patch) add(o *Patch) {
	for n, f := range o.sets {
		p.set(n, f)
	}
	for n, key := range o.keys {
		p.SetKey(n, key)
	}
	for n := range o.removed {
		p.Remove(n)
	}
}

// runs adds the spans to cut for the removed children of a container. A run of
// them goes up to the next child that stays; a run at the end goes from the end
// of the last child that stays.
func (p *Patch) runs(cuts []cut, parent *Node) []cut {
	kids := parent.Children
	last := -1 // the last child that stays so far
	for i := 0; i < len(kids); i++ {
		if !p.removed[kids[i]] {
			last = i
			continue
		}
		j := i
		for j+1 < len(kids) && p.removed[kids[j+1]] {
			j++
		}
		switch {
		case j+1 < len(kids):
			cuts = append(cuts, cut{start: kids[i].first(), end: kids[j+1].first()})
		case last >= 0:
			cuts = append(cuts, cut{start: kids[last].End, end: kids[j].End})
		default:
			end := parent.End - 1
			if parent.Cut {
				end = parent.End
			}
			cuts = append(cuts, cut{start: parent.Start + 1, end: end})
		}
		i = j
	}
	return cuts
}

// first is where the element or member begins, its key included.
func (n *Node) first() int {
	if n.KeyEnd > 0 {
		return n.KeyStart
	}
	return n.Start
}

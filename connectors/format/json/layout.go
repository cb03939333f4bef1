package json

import (
	"errors"
	"strings"

	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/cratio/sutra/connectors"
)

// Item is one record that stands somewhere inside a document: a lead in the
// envelope that it came in, a message in a webhook.
type Item struct {
	Collection string
	// Node is the record's own value. Its JSON pointer is the locator ("object"
	// for the whole document), and it goes when the record is deleted.
	Node *Node
	// Names gives members of Node another name, for columns that are called
	// differently. A name of "" leaves the member out: it is never handed on
	// (a secret that came with the record).
	Names map[string]string
	// Extra are values of the record that stand outside Node.
	Extra []Extra
}

// Extra is a value of a record that stands elsewhere in the document: the
// contact entry of a message's sender.
type Extra struct {
	Name string // the column, or the name in the rest
	Node *Node
	// Part is what goes when the record is deleted and no record that stays has
	// the same part: Node, something around it, or nil for nothing.
	Part *Node
}

// Layout finds the records of one document. Values outside every item are not
// read, so a layout hands on whatever it does not know as an item of its own. A
// reason that is not "" makes the document a gap as well.
type Layout func(root *Node, data []byte) (items []Item, reason string)

// NewLayout returns a codec for documents that hold records of several
// collections at places that layout knows. A document is what [New] calls a
// record: a line, an element of a top-level array, or the whole object. The
// locator of a record is that of its document (none for a whole object) followed
// by its JSON pointer.
func NewLayout(dataset string, colls []connectors.Collection, layout Layout, lines bool) *Codec {
	c := &Codec{lines: lines, limit: MaxRecord, mem: memory.DefaultAllocator, layout: layout}
	for _, coll := range colls {
		c.sets = append(c.sets, newColumns(dataset, coll))
	}
	c.cols = c.sets[0]
	return c
}

// set returns the columns of a collection.
func (c *Codec) set(collection string) int {
	for i, s := range c.sets {
		if s.collection == collection {
			return i
		}
	}
	return 0
}

// claimItem decides which value of an item goes to which column.
func (c *columns) claimItem(it Item) {
	c.rest = c.rest[:0]
	if it.Node.Kind == Object {
		for _, n := range it.Node.Children {
			name, renamed := it.Names[n.Key]
			switch {
			case !renamed:
				c.rest = append(c.rest, member{key: n.Key, n: n})
			case name != "":
				c.rest = append(c.rest, member{key: name, n: n, foreign: true})
			}
		}
	}
	for _, x := range it.Extra {
		if x.Node != nil {
			c.rest = append(c.rest, member{key: x.Name, n: x.Node, foreign: true})
		}
	}
	c.assign()
	for i := range it.Extra {
		for _, n := range c.got {
			if n != nil && n == it.Extra[i].Node {
				c.inner[n] = true // it may stand inside a value of the rest
			}
		}
	}
}

// place is the locator of a node in the document at base.
func place(base string, n *Node) string {
	p := Pointer(n)
	switch {
	case p == "":
		return base
	case base == "object":
		return p
	}
	return base + p
}

// errTwice is told of a document in which two records have one locator.
var errTwice = errors.New("a member's name is there twice, and both hold records: they cannot be told apart")

// find returns the records of one document, and errTwice when two of them could not be
// told apart in a plan: names that are there twice have equal pointers.
func (c *Codec) find(root *Node, data []byte) (items []Item, reason string, err error) {
	items, reason = c.layout(root, data)
	if len(items) < 2 {
		return items, reason, nil
	}
	seen := make(map[string]bool, len(items))
	for _, it := range items {
		p := Pointer(it.Node)
		if seen[p] {
			return nil, "", errTwice
		}
		seen[p] = true
	}
	return items, reason, nil
}

// items emits the records of one document.
func (e *emitter) items(base string, at int64, data []byte, root *Node) error {
	items, reason, err := e.codec.find(root, data)
	if err != nil {
		return e.unreadable(base, err, data)
	}
	if reason != "" {
		if err := e.gap(base, reason, nil); err != nil {
			return err
		}
	}
	for _, it := range items {
		k := e.codec.set(it.Collection)
		cols, b := e.codec.sets[k], e.builder(k)
		cols.claimItem(it)
		begin(b, place(base, it.Node), at)
		e.records++
		cols.emit(b, data, it.Node)
		if b.Full() {
			if err := e.flush(); err != nil {
				return err
			}
		}
	}
	return nil
}

// items edits the records of one document. Parts that several records share go
// with the last of them; nil means that no record is left.
func (e *editor) items(base string, data []byte, root *Node) ([]byte, error) {
	items, _, err := e.codec.find(root, data)
	if err != nil {
		return data, nil
	}
	var p Patch
	kept, deleted := map[*Node]bool{}, 0
	var parts []*Node
	for _, it := range items {
		edit := e.edits.For(it.Collection, place(base, it.Node))
		if edit != nil && edit.Action == connectors.Delete {
			e.edits.Deleted()
			deleted++
			parts = append(parts, it.Node)
			for _, x := range it.Extra {
				parts = append(parts, x.Part)
			}
			continue
		}
		for _, x := range it.Extra {
			kept[x.Part] = true
		}
		if edit == nil || edit.Rewrite == nil {
			continue
		}
		if err := e.redactItem(&p, data, it, edit.Rewrite); err != nil {
			return nil, err
		}
	}
	if deleted > 0 && deleted == len(items) {
		return nil, nil
	}
	for _, n := range parts {
		if n != nil && !kept[n] {
			p.Remove(n)
		}
	}
	return p.Apply(data), nil
}

func (e *editor) redactItem(p *Patch, data []byte, it Item, rewrite rewriter) error {
	cols := e.codec.sets[e.codec.set(it.Collection)]
	cols.claimItem(it)
	var own Patch
	if err := cols.redactInto(&own, data, it.Node, rewrite); err != nil {
		return err
	}
	if own.changes(data) {
		e.edits.Redacted()
		p.add(&own)
	}
	return nil
}

// Match returns the first member of an object whose key equals the name without
// regard to case, or nil.
func (n *Node) Match(key string) *Node {
	if m := n.Get(key); m != nil {
		return m
	}
	if n == nil || n.Kind != Object {
		return nil
	}
	for _, c := range n.Children {
		if strings.EqualFold(c.Key, key) {
			return c
		}
	}
	return nil
}

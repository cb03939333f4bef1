package json

import (
	"slices"
	"strings"

	"github.com/cratio/sutra/connectors"
)

// columns maps the members of a record to the columns of a batch.
type columns struct {
	collection string
	fields     []connectors.Field // the catalog's, then RestColumn
	exact      map[string]int
	lower      map[string]int
	dotted     []int // columns whose name has a dot

	// The claims of the record at hand.
	got   []*Node  // by column; the last stays nil
	rest  []member // members that no column takes
	inner map[*Node]bool
	buf   []byte
}

// member is one value of a record and the name that it goes by. A value that
// stands elsewhere in the document than in the record's own object is foreign:
// its key is not the record's to change.
type member struct {
	key     string
	n       *Node
	foreign bool
}

// membersOf appends the members of an object.
func membersOf(list []member, n *Node) []member {
	for _, c := range n.Children {
		list = append(list, member{key: c.Key, n: c})
	}
	return list
}

func newColumns(dataset string, cat connectors.Collection) *columns {
	c := &columns{collection: cat.Name, exact: map[string]int{}, lower: map[string]int{}, inner: map[*Node]bool{}}
	for i, f := range connectors.Columns(dataset, cat) {
		c.fields = append(c.fields, f)
		if _, dup := c.exact[f.Name]; !dup {
			c.exact[f.Name] = i
		}
		if l := strings.ToLower(f.Name); l != "" {
			if _, dup := c.lower[l]; !dup {
				c.lower[l] = i
			}
		}
		if strings.Contains(f.Name, ".") {
			c.dotted = append(c.dotted, i)
		}
	}
	c.fields = append(c.fields, connectors.Field{Name: RestColumn, Look: connectors.LookJSON})
	c.got = make([]*Node, len(c.fields))
	return c
}

// claim decides which member of an object goes to which column.
func (c *columns) claim(root *Node) {
	c.rest = c.rest[:0]
	if root.Kind == Object {
		c.rest = membersOf(c.rest, root)
	}
	c.assign()
}

// assign gives the members in c.rest to columns and keeps the others.
func (c *columns) assign() {
	clear(c.got)
	clear(c.inner)
	kept := c.rest[:0]
	for _, m := range c.rest {
		if i, ok := c.exact[m.key]; !ok || !c.take(i, m.n) {
			kept = append(kept, m)
		}
	}
	c.rest = slices.DeleteFunc(kept, func(m member) bool {
		i, ok := c.lower[strings.ToLower(m.key)]
		return ok && c.take(i, m.n)
	})
	for _, i := range c.dotted {
		if n := c.descend(strings.Split(c.fields[i].Name, ".")); n != nil && c.take(i, n) {
			c.inner[n] = true
		}
	}
}

// take gives the column to the node if it is free and can hold it.
func (c *columns) take(i int, n *Node) bool {
	if c.got[i] != nil || nested(n) && c.fields[i].Look != connectors.LookJSON && !(len(c.fields[i].Links) > 0 && flatList(n)) {
		return false
	}
	c.got[i] = n
	return true
}

// flatList reports a list of words and numbers: a column of references may have several.
func flatList(n *Node) bool { return n.Kind == Array && !slices.ContainsFunc(n.Children, nested) }

func nested(n *Node) bool { return n.Kind == Object || n.Kind == Array || n.Kind == Broken }

// descend finds the value at a path below the members that are in the rest.
func (c *columns) descend(path []string) *Node {
	at := c.rest
	var n *Node
	for _, key := range path {
		i := slices.IndexFunc(at, func(m member) bool { return m.key == key })
		if i < 0 {
			i = slices.IndexFunc(at, func(m member) bool { return strings.EqualFold(m.key, key) })
		}
		if i < 0 || c.inner[at[i].n] {
			return nil
		}
		n, at = at[i].n, nil
		if n.Kind == Object {
			at = membersOf(nil, n)
		}
	}
	return n
}

// value returns what stands in column i, and false for null.
func (c *columns) value(i int, data []byte) (string, bool) {
	n := c.got[i]
	if n == nil || n.Kind == Null {
		return "", false
	}
	return toValid(n.Text(data)), true
}

// restText returns the JSON text of the rest, and false when there is none.
func (c *columns) restText(data []byte, root *Node) (string, bool) {
	if root.Kind == Null {
		return "", false
	}
	if root.Kind != Object {
		return toValid(string(root.Raw(data))), true
	}
	if len(c.rest) == 0 {
		return "", false
	}
	b := c.buf[:0]
	sep := byte('{')
	for _, m := range c.rest {
		if c.inner[m.n] {
			continue
		}
		b = append(b, sep)
		if m.foreign {
			b = appendQuoted(b, m.key, style{})
		} else {
			b = append(b, data[m.n.KeyStart:m.n.KeyEnd]...)
		}
		b = append(b, ':')
		b = append(b, Without(data, m.n, c.inner)...)
		sep = ','
	}
	if sep == '{' {
		return "", false
	}
	c.buf = append(b, '}')
	return toValid(string(c.buf)), true
}

// emit sets the columns of the row that b has begun from what was claimed.
func (c *columns) emit(b *connectors.Builder, data []byte, root *Node) {
	last := len(c.fields) - 1
	for i := range c.fields[:last] {
		if v, ok := c.value(i, data); ok {
			b.Set(i, v)
		}
	}
	if v, ok := c.restText(data, root); ok {
		b.Set(last, v)
	}
}

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
	got   []*Node // by column; the last stays nil
	rest  []*Node // members that no column takes
	inner map[*Node]bool
	buf   []byte
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

// claim decides which member goes to which column.
func (c *columns) claim(root *Node) {
	clear(c.got)
	clear(c.inner)
	c.rest = c.rest[:0]
	if root.Kind != Object {
		return
	}
	for _, n := range root.Children {
		if i, ok := c.exact[n.Key]; !ok || !c.take(i, n) {
			c.rest = append(c.rest, n)
		}
	}
	c.rest = slices.DeleteFunc(c.rest, func(n *Node) bool {
		i, ok := c.lower[strings.ToLower(n.Key)]
		return ok && c.take(i, n)
	})
	for _, i := range c.dotted {
		if n := c.descend(strings.Split(c.fields[i].Name, ".")); n != nil && c.take(i, n) {
			c.inner[n] = true
		}
	}
}

// take gives the column to the node if it is free and can hold it.
func (c *columns) take(i int, n *Node) bool {
	if c.got[i] != nil || (nested(n) && c.fields[i].Look != connectors.LookJSON) {
		return false
	}
	c.got[i] = n
	return true
}

func nested(n *Node) bool { return n.Kind == Object || n.Kind == Array || n.Kind == Broken }

// descend finds the value at a path below the members that are in the rest.
func (c *columns) descend(path []string) *Node {
	at := c.rest
	var n *Node
	for _, key := range path {
		i := slices.IndexFunc(at, func(n *Node) bool { return n.Key == key })
		if i < 0 {
			i = slices.IndexFunc(at, func(n *Node) bool { return strings.EqualFold(n.Key, key) })
		}
		if i < 0 || c.inner[at[i]] {
			return nil
		}
		n, at = at[i], nil
		if n.Kind == Object {
			at = n.Children
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
	for _, n := range c.rest {
		if c.inner[n] {
			continue
		}
		b = append(b, sep)
		b = append(b, data[n.KeyStart:n.KeyEnd]...)
		b = append(b, ':')
		b = append(b, Without(data, n, c.inner)...)
		sep = ','
	}
	if sep == '{' {
		return "", false
	}
	c.buf = append(b, '}')
	return toValid(string(c.buf)), true
}

// emit sets the columns of the row that b has begun.
func (c *columns) emit(b *connectors.Builder, data []byte, root *Node) {
	c.claim(root)
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

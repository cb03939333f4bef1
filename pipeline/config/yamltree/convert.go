package yamltree

import (
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

type converter struct {
	r       *Report
	anchors map[string]ast.Node
	open    []string // anchors whose value is being converted
	count   int
	full    bool
}

// node converts one value; it never returns nil.
func (c *converter) node(n ast.Node, depth int) *Node {
	out := &Node{Kind: Null}
	if n == nil {
		return out
	}
	if c.count++; c.count > maxNodes {
		c.full = true
	}
	if c.full {
		return out
	}
	out.Pos = posOf(n)
	if depth > maxDepth {
		c.r.Errorf(out.Pos, "", "values are nested too deeply")
		return out
	}
	switch v := n.(type) {
	case *ast.MappingNode:
		out.Kind = Map
		c.entries(out, v.Values, depth)
	case *ast.MappingValueNode:
		out.Kind = Map
		c.entries(out, []*ast.MappingValueNode{v}, depth)
	case *ast.SequenceNode:
		out.Kind = List
		for _, x := range v.Values {
			out.Items = append(out.Items, c.node(x, depth+1))
		}
	case *ast.AnchorNode:
		return c.anchor(v, depth)
	case *ast.AliasNode:
		return c.alias(v, depth)
	case *ast.TagNode:
		out = c.node(v.Value, depth+1)
		if out.Scalar() && v.Start != nil && v.Start.Value == "!!str" {
			out.Kind, out.Quoted = String, true
		}
		return out
	default:
		scalar(out, n)
	}
	return out
}

func scalar(out *Node, n ast.Node) {
	switch v := n.(type) {
	case *ast.StringNode:
		out.Kind, out.Text = String, v.Value
		out.Quoted = v.Token != nil && (v.Token.Type == token.SingleQuoteType || v.Token.Type == token.DoubleQuoteType)
	case *ast.LiteralNode:
		out.Kind, out.Quoted = String, true
		if v.Value != nil {
			out.Text = v.Value.Value
		}
	case *ast.IntegerNode:
		out.Kind, out.Text = Int, strings.TrimSpace(v.Token.Value)
	case *ast.FloatNode:
		out.Kind, out.Text = Float, strings.TrimSpace(v.Token.Value)
	case *ast.InfinityNode, *ast.NanNode:
		out.Kind, out.Text = Float, n.GetToken().Value
	case *ast.BoolNode:
		out.Kind, out.Text = Bool, "false"
		if v.Value {
			out.Text = "true"
		}
	case *ast.MergeKeyNode:
		out.Kind, out.Text = String, "<<"
	}
}

func (c *converter) entries(out *Node, values []*ast.MappingValueNode, depth int) {
	first := map[string]int{} // key → line
	var merged []*Node
	for _, mv := range values {
		if mv == nil || mv.Key == nil {
			continue
		}
		pos := posOf(mv.Key)
		if mv.Key.IsMergeKey() {
			merged = append(merged, c.node(mv.Value, depth+1))
			continue
		}
		key, ok := c.key(mv.Key, depth)
		if !ok {
			c.r.Errorf(pos, "", "a key must be a plain word")
			continue
		}
		if line, dup := first[key]; dup {
			c.r.Errorf(pos, "", "key %s is given twice; the first is on line %d", quote(key), line)
			continue
		}
		first[key] = pos.Line
		v := c.node(mv.Value, depth+1)
		if v.Line == 0 {
			v.Pos = pos
		}
		out.Entries = append(out.Entries, Entry{Pos: pos, Key: key, Value: v})
	}
	for _, m := range merged {
		c.merge(out, m, first)
	}
}

func (c *converter) key(k ast.Node, depth int) (string, bool) {
	if m, ok := k.(*ast.MappingKeyNode); ok {
		k = m.Value
	}
	n := c.node(k, depth+1)
	if n.Kind == Null && k != nil && k.GetToken() != nil && k.GetToken().Value != "" {
		return k.GetToken().Value, true // a key named null
	}
	return n.Text, n.Scalar()
}

// merge adds the entries of "<<" that the mapping does not have itself.
func (c *converter) merge(out, m *Node, have map[string]int) {
	switch m.Kind {
	case Map:
		for _, e := range m.Entries {
			if _, ok := have[e.Key]; !ok {
				have[e.Key] = e.Line
				out.Entries = append(out.Entries, e)
			}
		}
	case List:
		for _, x := range m.Items {
			if x.Kind == Map {
				c.merge(out, x, have)
			} else {
				c.r.Errorf(x.Pos, "", "only a mapping can be merged with \"<<\"")
			}
		}
	default:
		c.r.Errorf(m.Pos, "", "only a mapping can be merged with \"<<\"")
	}
}

func (c *converter) anchor(v *ast.AnchorNode, depth int) *Node {
	name := ""
	if v.Name != nil && v.Name.GetToken() != nil {
		name = v.Name.GetToken().Value
	}
	c.open = append(c.open, name)
	out := c.node(v.Value, depth+1)
	c.open = c.open[:len(c.open)-1]
	c.anchors[name] = v.Value
	return out
}

func (c *converter) alias(v *ast.AliasNode, depth int) *Node {
	name := ""
	if v.Value != nil && v.Value.GetToken() != nil {
		name = v.Value.GetToken().Value
	}
	for _, o := range c.open {
		if o == name {
			c.r.Errorf(posOf(v), "", "alias %s stands inside its own anchor", quote(name))
			return &Node{Kind: Null, Pos: posOf(v)}
		}
	}
	target, ok := c.anchors[name]
	if !ok {
		c.r.Errorf(posOf(v), "", "alias %s has no anchor above it", quote(name))
		return &Node{Kind: Null, Pos: posOf(v)}
	}
	return c.node(target, depth+1)
}

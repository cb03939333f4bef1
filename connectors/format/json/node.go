package json

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Kind says what a node is.
type Kind uint8

// The kinds of nodes. A Broken node is one whose text is no complete value: a
// literal cut in the middle, a member without its value, or a subtree that is
// nested too deep and kept as one opaque span.
const (
	Broken Kind = iota
	Object
	Array
	String
	Number
	True
	False
	Null
)

var kindNames = [...]string{"broken", "object", "array", "string", "number", "true", "false", "null"}

// String returns the kind's name in lower case.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "kind " + strconv.Itoa(int(k))
}

// Node is one value of a document. Offsets count bytes from the start of the
// data that was parsed; they do not move when a [Patch] is applied.
type Node struct {
	Kind       Kind
	Cut        bool // the data ended, or could not be read on, inside this value
	Start, End int  // span of the value, End exclusive
	// Key is the decoded name of an object member, KeyStart and KeyEnd the span
	// of its literal with the quotes. All are zero for array elements and the root.
	Key              string
	KeyStart, KeyEnd int
	Children         []*Node // members or elements in the order in which they stand
	Parent           *Node   // nil for the root
	index            int     // position among the parent's children
	escaped          bool    // the string literal holds a backslash
}

// Index returns the position of the node among its parent's children, from 0.
func (n *Node) Index() int { return n.index }

// Raw returns the bytes of the value as they stand in data.
func (n *Node) Raw(data []byte) []byte { return data[n.Start:n.End] }

// Text returns the value of a string with its escapes resolved, and the spelling
// of anything else. A surrogate without its partner comes out as the three bytes
// that UTF-8 would give it if it could, so that it survives a round trip
// through [Patch.SetString].
func (n *Node) Text(data []byte) string {
	if n.Kind != String {
		return string(data[n.Start:n.End])
	}
	body := n.body(data)
	if !n.escaped {
		return string(body)
	}
	return string(unescape(make([]byte, 0, len(body)), body))
}

// body returns what stands between the quotes.
func (n *Node) body(data []byte) []byte {
	if n.Cut {
		return data[n.Start+1 : n.End]
	}
	return data[n.Start+1 : n.End-1]
}

// Get returns the first member with the given key, or nil.
func (n *Node) Get(key string) *Node {
	if n == nil || n.Kind != Object {
		return nil
	}
	for _, c := range n.Children {
		if c.Key == key {
			return c
		}
	}
	return nil
}

// Pointer returns the RFC 6901 pointer of the node within its document, "" for
// the root. Members with equal keys have equal pointers.
func Pointer(n *Node) string {
	var parts []string
	for ; n != nil && n.Parent != nil; n = n.Parent {
		if n.Parent.Kind == Array {
			parts = append(parts, strconv.Itoa(n.index))
			continue
		}
		k := n.Key
		if strings.ContainsAny(k, "~/") {
			k = strings.ReplaceAll(strings.ReplaceAll(k, "~", "~0"), "/", "~1")
		}
		parts = append(parts, k)
	}
	var b strings.Builder
	for i := len(parts) - 1; i >= 0; i-- {
		b.WriteByte('/')
		b.WriteString(parts[i])
	}
	return b.String()
}

// Clone returns a copy of n and of what stands in it, without a parent. It takes just the memory
// that it needs, and outlives the parser.
func (n *Node) Clone() *Node {
	c := *n
	c.Parent, c.Children = nil, make([]*Node, len(n.Children))
	for i, x := range n.Children {
		c.Children[i] = x.Clone()
		c.Children[i].Parent = &c
	}
	return &c
}

// Walk calls fn for the node and everything below it, parents first, in the
// order of the text. It does not descend below a node for which fn returns false.
func Walk(n *Node, fn func(*Node) bool) {
	if n == nil || !fn(n) {
		return
	}
	for _, c := range n.Children {
		Walk(c, fn)
	}
}

// What is wrong with a document. Errors of [Parse] wrap them.
var (
	ErrCut    = errors.New("the JSON ends in the middle")
	ErrDeep   = errors.New("the JSON is nested too deep")
	ErrSyntax = errors.New("not valid JSON")
	ErrMany   = fmt.Errorf("the JSON holds more than %d values", MaxValues)
)

// Error is a fault in a document. It names no content.
type Error struct {
	Offset int   // bytes from the start of the data
	Err    error // ErrCut, ErrDeep, ErrSyntax or ErrMany
}

// Error implements error.
func (e *Error) Error() string { return fmt.Sprintf("%v, at byte %d", e.Err, e.Offset) }

// Unwrap returns the kind of fault.
func (e *Error) Unwrap() error { return e.Err }

package json

import "errors"

// MaxDepth is how deep containers may be nested. What lies deeper is kept as one
// Broken node.
const MaxDepth = 200

// MaxValues is how many values one document may hold: a tree of more would not
// fit a bounded memory. A document of more has the fault [ErrMany].
const MaxValues = 1 << 20

// Parse reads one document. The root is never nil. When the error is not nil the
// tree holds what could be read before the fault, with the containers that were
// open marked as Cut; with ErrDeep alone it is whole except for the Broken
// subtrees. The nodes keep no reference to data.
func Parse(data []byte) (*Node, error) {
	var p Parser
	return p.Parse(data)
}

// Parser parses many small documents with little garbage. The zero value is
// ready. It is not safe for concurrent use.
type Parser struct {
	data  []byte
	i     int
	deep  int // offset of the first subtree that is too deep, or -1
	fault *Error
	stack []*Node
	nodes [][]Node
	ptrs  [][]*Node
	chunk int // chunk of nodes in use
	used  int // nodes in use in it
	pc    int // chunk of ptrs in use
	pu    int
	count int // values so far
	keys  [256]string
}

// Parse is [Parse]; the nodes are valid until the next call.
func (p *Parser) Parse(data []byte) (*Node, error) {
	p.data, p.i, p.deep, p.fault = data, 0, -1, nil
	p.chunk, p.used, p.pc, p.pu, p.count = 0, 0, 0, 0, 0
	p.stack = p.stack[:0]
	root := p.value(nil, 0)
	if p.fault == nil {
		p.space()
		if p.i < len(data) {
			p.fail(p.i, ErrSyntax)
		}
	}
	p.data = nil
	var err error
	if p.fault != nil {
		err = p.fault
	}
	if p.deep >= 0 {
		deep := &Error{p.deep, ErrDeep}
		if err == nil {
			return root, deep
		}
		err = errors.Join(err, deep)
	}
	return root, err
}

func (p *Parser) fail(at int, err error) {
	if p.fault == nil {
		p.fault = &Error{at, err}
	}
}

// broke records that the text at p.i is not what the grammar wants there.
func (p *Parser) broke() {
	if p.i >= len(p.data) {
		p.fail(len(p.data), ErrCut)
		return
	}
	p.fail(p.i, ErrSyntax)
}

func (p *Parser) space() {
	for p.i < len(p.data) && isSpace(p.data[p.i]) {
		p.i++
	}
}

func (p *Parser) value(parent *Node, depth int) *Node {
	p.space()
	n := p.node()
	n.Parent, n.Start, n.End = parent, p.i, p.i
	if p.count++; p.count > MaxValues {
		n.Cut = true
		p.fail(p.i, ErrMany)
		return n
	}
	if p.i >= len(p.data) {
		n.Cut = true
		p.broke()
		return n
	}
	switch c := p.data[p.i]; c {
	case '"':
		p.text(n)
	case '{', '[':
		if depth >= MaxDepth {
			p.opaque(n)
			return n
		}
		if c == '{' {
			n.Kind = Object
		} else {
			n.Kind = Array
		}
		p.container(n, depth)
	case 't':
		p.word(n, "true", True)
	case 'f':
		p.word(n, "false", False)
	case 'n':
		p.word(n, "null", Null)
	case 'N':
		p.word(n, "NaN", Number)
	case 'I':
		p.word(n, "Infinity", Number)
	default:
		p.number(n, depth)
	}
	return n
}

func (p *Parser) text(n *Node) {
	end, esc, bad := stringEnd(p.data, p.i+1)
	n.Kind, n.escaped = String, esc
	if bad >= 0 {
		p.fail(bad, ErrSyntax)
	}
	if end >= len(p.data) {
		n.End, n.Cut = len(p.data), true
		p.fail(len(p.data), ErrCut)
	} else {
		n.End = end + 1
	}
	p.i = n.End
}

func (p *Parser) word(n *Node, w string, k Kind) {
	rest := p.data[p.i:]
	if len(rest) >= len(w) && string(rest[:len(w)]) == w {
		n.Kind = k
		p.i += len(w)
		n.End = p.i
		return
	}
	n.Cut = true
	if len(rest) < len(w) && string(rest) == w[:len(rest)] {
		p.i = len(p.data)
		n.End = p.i
	}
	p.broke()
}

func (p *Parser) number(n *Node, depth int) {
	if p.data[p.i] == '-' && p.i+1 < len(p.data) && p.data[p.i+1] == 'I' {
		p.word(n, "-Infinity", Number)
		return
	}
	end, ok := numberEnd(p.data, p.i)
	p.i, n.End = end, end
	if !ok {
		n.Cut = true
		p.broke()
		return
	}
	n.Kind = Number
	n.Cut = end >= len(p.data) && depth > 0
}

// opaque steps over a container that is nested too deep.
func (p *Parser) opaque(n *Node) {
	if p.deep < 0 {
		p.deep = p.i
	}
	var s span
	size, done := s.feed(p.data[p.i:])
	p.i += size
	n.End = p.i
	if !done {
		n.Cut = true
		p.fail(len(p.data), ErrCut)
	}
}

func (p *Parser) container(n *Node, depth int) {
	closer := byte(']')
	if n.Kind == Object {
		closer = '}'
	}
	base := len(p.stack)
	p.i++
	p.space()
	if p.i < len(p.data) && p.data[p.i] == closer {
		p.i++
		n.End = p.i
		return
	}
	for p.fault == nil {
		var c *Node
		if n.Kind == Object {
			c = p.member(n, depth)
		} else if p.space(); p.i < len(p.data) {
			c = p.value(n, depth+1)
		} else {
			p.broke()
		}
		if c != nil && (c.End > c.Start || c.KeyEnd > 0) {
			c.index = len(p.stack) - base
			p.stack = append(p.stack, c)
		}
		if p.fault != nil {
			break
		}
		p.space()
		if p.i >= len(p.data) {
			p.broke()
			break
		}
		b := p.data[p.i]
		if b != ',' && b != closer {
			p.broke()
			break
		}
		p.i++
		if b == closer {
			break
		}
	}
	n.End, n.Cut = p.i, p.fault != nil
	n.Children = p.list(p.stack[base:])
	p.stack = p.stack[:base]
}

// member reads "key": value. It returns nil when not even a key begins.
func (p *Parser) member(parent *Node, depth int) *Node {
	p.space()
	if p.i >= len(p.data) || p.data[p.i] != '"' {
		p.broke()
		return nil
	}
	ks := p.i
	end, esc, bad := stringEnd(p.data, ks+1)
	if bad >= 0 {
		p.fail(bad, ErrSyntax)
	}
	ke := min(end+1, len(p.data))
	p.i = ke
	key := p.key(p.data[ks+1:end], esc)
	if end >= len(p.data) {
		p.fail(len(p.data), ErrCut)
	} else {
		p.space()
		if p.i >= len(p.data) || p.data[p.i] != ':' {
			p.broke()
		} else {
			p.i++
		}
	}
	var n *Node
	if p.fault != nil {
		n = p.node()
		n.Parent, n.Start, n.End, n.Cut = parent, p.i, p.i, true
	} else {
		n = p.value(parent, depth+1)
	}
	n.Key, n.KeyStart, n.KeyEnd = key, ks, ke
	return n
}

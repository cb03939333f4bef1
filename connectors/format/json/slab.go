package json

// node returns a fresh node from the parser's slabs.
func (p *Parser) node() *Node {
	for p.chunk >= len(p.nodes) || p.used == len(p.nodes[p.chunk]) {
		if p.chunk < len(p.nodes) {
			p.chunk, p.used = p.chunk+1, 0
			continue
		}
		size := min(len(p.data)/20+4, 4096)
		p.nodes = append(p.nodes, make([]Node, size))
	}
	n := &p.nodes[p.chunk][p.used]
	p.used++
	*n = Node{}
	return n
}

// list copies children into the parser's slabs.
func (p *Parser) list(from []*Node) []*Node {
	if len(from) == 0 {
		return nil
	}
	for p.pc >= len(p.ptrs) || p.pu+len(from) > len(p.ptrs[p.pc]) {
		if p.pc < len(p.ptrs) {
			p.pc, p.pu = p.pc+1, 0
			continue
		}
		p.ptrs = append(p.ptrs, make([]*Node, max(len(from), min(len(p.data)/20+4, 4096))))
	}
	out := p.ptrs[p.pc][p.pu : p.pu+len(from) : p.pu+len(from)]
	p.pu += len(from)
	copy(out, from)
	return out
}

// key decodes a member's name; names that come again and again share one string.
func (p *Parser) key(body []byte, escaped bool) string {
	if escaped {
		return string(unescape(make([]byte, 0, len(body)), body))
	}
	if len(body) == 0 {
		return ""
	}
	n := len(body)
	slot := &p.keys[byte(n)^body[0]*31^body[n-1]*7^body[n/2]*13]
	if *slot != string(body) {
		*slot = string(body)
	}
	return *slot
}

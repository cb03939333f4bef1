package parquet

// assembler writes one nested column as JSON, row by row, from the streams of
// its leaves.
type assembler struct {
	top     *node
	streams map[*leaf]*stream
	out     []byte
	scratch []byte
	trace   *trace // nil: nobody asks where the values of a row stand
}

// newAssembler returns an assembler over streams that open makes.
func newAssembler(f *file, g *group, n *node, open func(*file, *group, *leaf) *stream) *assembler {
	a := &assembler{top: n, streams: map[*leaf]*stream{}}
	for _, l := range n.leaves {
		a.streams[l] = open(f, g, l)
	}
	return a
}

func (a *assembler) err() error {
	for _, l := range a.top.leaves {
		if err := a.streams[l].err; err != nil {
			return err
		}
	}
	return nil
}

// row writes the next row. It returns false when the value is null, or when the
// column knows no null and the value is empty. The text is valid until the next
// call.
func (a *assembler) row() ([]byte, bool) {
	a.out = a.out[:0]
	a.trace.begin()
	if a.top.how == optional && a.missing(a.top) {
		a.skip(a.top)
		return nil, false
	}
	if a.top.how == repeated {
		a.list(a.top, a.top)
	} else {
		a.body(a.top)
	}
	if a.top.how != optional && (string(a.out) == "[]" || string(a.out) == "{}") {
		return nil, false
	}
	return a.out, true
}

func (a *assembler) skipRows(n int64) {
	for _, l := range a.top.leaves {
		a.streams[l].skipRows(n)
	}
}

// missing reports whether an optional or repeated node is absent here.
func (a *assembler) missing(n *node) bool {
	_, def := a.streams[n.first].levels()
	return def < n.def
}

// skip takes the one value that every leaf has for an absent node.
func (a *assembler) skip(n *node) {
	for _, l := range n.leaves {
		a.raw(l)
	}
}

// raw takes the next value of a leaf, which is written next.
func (a *assembler) raw(l *leaf) ([]byte, bool) {
	raw, ok := a.streams[l].raw()
	a.trace.note(l, len(a.out), raw, ok)
	return raw, ok
}

// value writes a node with regard to its repetition.
func (a *assembler) value(n *node) {
	switch {
	case n.how == repeated:
		a.list(n, n)
	case n.how == optional && a.missing(n):
		a.skip(n)
		a.out = append(a.out, "null"...)
	default:
		a.body(n)
	}
}

// body writes a node that is present, once.
func (a *assembler) body(n *node) {
	switch n.shape {
	case leafShape:
		raw, ok := a.raw(n.leaf)
		if !ok {
			a.out = append(a.out, "null"...)
			return
		}
		a.out = n.leaf.appendJSON(a.out, raw, &a.scratch)
	case listShape:
		a.list(n.children[0], n.element())
	case mapShape:
		a.mapping(n.children[0])
	default:
		a.object(n)
	}
}

// list writes the elements of the repeated node mid; elem is mid itself or its
// only child.
func (a *assembler) list(mid, elem *node) {
	a.repeat(mid, '[', ']', func() {
		if elem == mid {
			a.body(elem)
		} else {
			a.value(elem)
		}
	})
}

func (a *assembler) repeat(mid *node, open, shut byte, each func()) {
	a.out = append(a.out, open)
	if a.missing(mid) {
		a.skip(mid)
		a.out = append(a.out, shut)
		return
	}
	first := a.streams[mid.first]
	for {
		each()
		if rep, _ := first.levels(); rep != mid.rep || first.err != nil {
			break
		}
		a.out = append(a.out, ',')
	}
	a.out = append(a.out, shut)
}

// mapping writes an object when the keys are scalars, else a list of pairs.
func (a *assembler) mapping(mid *node) {
	key, val := mid.children[0], mid.children[1]
	if key.shape != leafShape || key.how == repeated {
		a.list(mid, mid)
		return
	}
	a.repeat(mid, '{', '}', func() {
		raw, ok := a.raw(key.leaf)
		a.scratch = a.scratch[:0]
		if ok {
			a.scratch = key.leaf.appendText(a.scratch, raw)
		}
		a.out = append(appendString(a.out, a.scratch), ':')
		a.value(val)
	})
}

// object writes a struct and leaves out the members that are null.
func (a *assembler) object(n *node) {
	a.out = append(a.out, '{')
	any := false
	for _, c := range n.children {
		if c.how == optional && a.missing(c) {
			a.skip(c)
			continue
		}
		if any {
			a.out = append(a.out, ',')
		}
		any = true
		a.out = append(appendString(a.out, []byte(validText(c.name))), ':')
		a.value(c)
	}
	a.out = append(a.out, '}')
}

package parquet

import "github.com/klauspost/compress/huff0"

// change is a place where a page has other bytes than before: gone bytes at a place of
// the old content gave way to come bytes.
type change struct{ at, gone, come int }

// recutter writes the frame of a page of which parts were taken out or overwritten, from
// the blocks of the frame that the page had. Blocks whose bytes and distances are as
// before stay as they are. In the others the distances that reach over a change are
// written anew, and the literals too where the block holds a change: nothing is searched.
// Every match that is written was compared with the new content, so a change that is not
// where it is said to be would make a frame larger and not wrong.
type recutter struct {
	*packer
	old     sequenceReader
	src     []byte
	changes []change
	shifts  []int   // by change: how far the bytes before it moved
	cells   []int32 // how far parts of the old content moved
	size    int     // of the old content

	at, now int // in the old and in the new content
	skip    int // old bytes from here that are gone
	next    int // the change that comes
	dst     []byte
	head    int // of the last block
	from    int // where the block at hand begins, in the new content
	done    int // up to where it stands in sequences

	moved  bool      // a distance of the block at hand is another one
	broken bool      // its literals are others
	before distances // the last ones when it began
	tree   []byte    // the table of literals that the old frame has here, and what follows it
	read   bool      // the packer holds it, and nothing follows it any more
	trees  bool      // readers have it too
	tables bool      // and the same tables of sequences

	did carried
}

// recut returns a frame of src, in dst, which is empty, and false when none can be made
// of the old one.
func (p *packer) recut(dst, src []byte, was former) ([]byte, bool) {
	blocks, reach, err := frameBlocks(was.frame)
	r := &p.cut
	if err != nil || len(src) > widest && reach > widest || !r.begin(p, src, was.changes) {
		return dst, false
	}
	r.dst = frameHead(dst, len(src))
	lead := len(r.dst)
	rest := r.lead(blocks)
	guessed := len(r.dst) > lead
	if err = r.frame(rest); err != nil && guessed { // the blocks before do not hold as much as blocks mostly do
		r.begin(p, src, was.changes)
		r.dst = frameHead(dst, len(src))
		err = r.frame(blocks)
	}
	dst, r.dst, r.src, r.changes = r.dst, nil, nil, nil
	if err != nil {
		return dst[:0], false
	}
	if was.did != nil {
		*was.did = r.did
	}
	return dst, true
}

// frame goes over blocks up to the end.
func (r *recutter) frame(blocks []byte) error {
	for last := false; !last; {
		b, rest, err := nextBlock(blocks)
		if err != nil {
			return err
		}
		if err := r.block(&b); err != nil {
			return err
		}
		last, blocks = b.last, rest
	}
	return r.end()
}

// lead passes the blocks before the first change if they seem to be full, as a frame has
// them mostly: then only the last of them is read. If one of them was not, the end shows
// it, for then the content is too large. It returns what follows.
func (r *recutter) lead(blocks []byte) []byte {
	n := r.changes[0].at / zstdBlock
	rest := blocks
	for i := range n {
		b, next, err := nextBlock(rest)
		if err == nil && !b.last {
			err = r.old.pass(&b, i > 0, i == n-1)
		}
		if err != nil || b.last {
			r.old.begin()
			r.tree = nil
			return blocks
		}
		if b.kind == compressedBlock {
			if lits, kind, _, _, err := literalsOf(b.body); err == nil && kind == compressedBlock {
				r.tree = treeOf(lits)
			}
		}
		rest = next
	}
	if n > 0 {
		r.dst = append(r.dst, blocks[:len(blocks)-len(rest)]...)
		r.at, r.now, r.last = n*zstdBlock, n*zstdBlock, r.old.last
		r.did.blocks = r.at
	}
	return rest
}

// begin makes r one for the first block, and returns false when the changes cannot be
// true.
func (r *recutter) begin(p *packer, src []byte, changes []change) bool {
	*r = recutter{packer: p, old: r.old, src: src, changes: changes, shifts: r.shifts[:0], cells: r.cells, size: len(src), trees: true, tables: true}
	r.old.begin()
	p.last = firstDistances
	shift, end := 0, 0
	for _, c := range changes {
		if c.at < end || c.gone < 0 || c.come < 0 {
			return false
		}
		r.shifts = append(r.shifts, shift)
		end, shift = c.at+c.gone, shift+c.come-c.gone
	}
	r.size -= shift
	if len(src) == 0 || len(changes) == 0 || end > r.size {
		return false
	}
	r.mapCells()
	return true
}

// block goes over a block of the old frame.
func (r *recutter) block(b *block) error {
	if b.kind != compressedBlock {
		r.open()
		if b.n > r.size-r.at {
			return errFrame
		}
		if r.pass(b.n); r.broken {
			r.close()
			return nil
		}
		r.verbatim(b)
		return nil
	}
	lits, kind, n, rest, err := literalsOf(b.body)
	if err != nil {
		return err
	}
	if kind == compressedBlock {
		r.tree, r.read, r.trees = treeOf(lits), false, false
	}
	same := r.last == r.old.last
	if err := r.old.read(rest); err != nil {
		return err
	}
	held, some, repeats := n, len(r.old.list) > 0, false
	for i := range r.old.list {
		held += int(r.old.list[i].match)
	}
	if held > min(zstdBlock, r.size-r.at) {
		return errFrame
	}
	for _, m := range r.old.modes {
		repeats = repeats || some && m == repeatMode
	}
	r.open()
	trees := kind != treeless || r.trees
	whole := trees && (!some || same && (r.tables || !repeats))
	if whole && r.ahead(held+1) > held && r.stays() {
		r.at, r.now = r.at+held, r.now+held
	} else if err := r.walk(n); err != nil {
		return err
	}
	switch {
	case whole && !r.moved && !r.broken:
		if r.trees = r.trees || kind == compressedBlock; some {
			r.last, r.tables = r.old.last, true
		}
		r.verbatim(b)
	case trees && !r.broken && r.carry(lits):
		r.trees, r.tables = r.trees || kind == compressedBlock, false
	default:
		r.tables = r.tables && !some
		r.close()
	}
	return nil
}

// repeatMode is that of a kind of codes which has the table of the block before.
const repeatMode = 3

// end writes what comes behind the old content, and marks the last block.
func (r *recutter) end() error {
	r.open()
	r.changed()
	r.close()
	if r.at != r.size || r.skip > 0 || r.next < len(r.changes) || r.now != len(r.src) || r.head == 0 {
		return errFrame
	}
	r.dst[r.head] |= 1
	return nil
}

// open begins a block.
func (r *recutter) open() {
	r.seqs, r.from, r.done, r.moved, r.broken, r.before = r.seqs[:0], r.now, r.now, false, false, r.last
}

// verbatim writes a block as it was.
func (r *recutter) verbatim(b *block) {
	r.head = len(r.dst)
	r.dst = append(r.dst, b.all...)
	r.dst[r.head] &^= 1
	r.did.blocks += r.now - r.from
}

// carry writes the block at hand with the literals of the old one.
func (r *recutter) carry(lits []byte) bool {
	head := len(r.dst)
	r.dst = append(append(r.dst, 0, 0, 0), lits...)
	r.dst = r.sequenceSection(r.dst)
	n := len(r.dst) - head - 3
	if n > zstdBlock || n >= r.now-r.from {
		r.dst = r.dst[:head]
		return false
	}
	blockHead(r.dst[:head], compressedBlock, n, false)
	r.head = head
	r.did.literals += r.now - r.from
	return true
}

// gather collects the literals of the block at hand.
func (r *recutter) gather() {
	if cap(r.lits) < zstdBlock+short {
		r.lits = make([]byte, zstdBlock+short)
	}
	at, n, lits := r.from, 0, r.lits[:zstdBlock+short]
	for i := range r.seqs {
		s := &r.seqs[i]
		k := int(s.lit)
		if k <= short && at+short <= len(r.src) {
			copyShort(lits[n:n+short], r.src[at:at+short])
		} else {
			copy(lits[n:], r.src[at:at+k])
		}
		n += k
		at += k + int(s.match)
	}
	n += copy(lits[n:], r.src[at:r.now])
	r.lits = lits[:n]
}

// likeBefore writes the literals of the block at hand with the table that the old frame
// has here, so that blocks behind it which count on that table stay as they are. It returns
// false when there is none or it does not fit.
func (r *recutter) likeBefore(dst []byte) ([]byte, bool) {
	if len(r.tree) == 0 || len(r.lits) < leastTree {
		return dst, false
	}
	if !r.read {
		_, rest, err := huff0.ReadTable(r.tree, &r.kept)
		if err != nil {
			r.tree = nil
			return dst, false
		}
		r.tree, r.read = r.tree[:len(r.tree)-len(rest)], true
	}
	r.kept.Reuse = huff0.ReusePolicyMust
	packed, form, err := r.lettered(r.lits, &r.kept)
	if err != nil || len(r.tree)+len(packed)+5 >= len(r.lits) {
		return dst, false
	}
	if r.trees {
		return append(letteredHead(dst, treeless, form, len(r.lits), len(packed)), packed...), true
	}
	dst = letteredHead(dst, compressedBlock, form, len(r.lits), len(r.tree)+len(packed))
	return append(append(dst, r.tree...), packed...), true
}

// close writes the block at hand anew.
func (r *recutter) close() {
	if r.now == r.from {
		return
	}
	if len(r.seqs) > 0 {
		r.tables = false
	}
	r.head = len(r.dst)
	r.gather()
	trees, ok := true, false
	if r.dst, ok = r.likeBefore(append(r.dst, 0, 0, 0)); !ok {
		r.dst = r.literalSection(r.dst, r.lits)
		trees = r.trees && r.dst[r.head+3]&3 != compressedBlock
	}
	r.dst = r.sequenceSection(r.dst)
	n := len(r.dst) - r.head - 3
	if n < r.now-r.from && n <= zstdBlock {
		r.trees = trees
		blockHead(r.dst[:r.head], compressedBlock, n, false)
		return
	}
	r.last = r.before // a reader of bytes as they are learns no distances
	r.dst = append(blockHead(r.dst[:r.head], rawBlock, r.now-r.from, false), r.src[r.from:r.now]...)
}

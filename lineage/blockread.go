package lineage

import (
	"encoding/binary"
	"fmt"
	"math/bits"
	"sync"
	"time"

	"github.com/klauspost/compress/s2"
)

// shape is what many sightings have in common. It is shared and read-only.
type shape struct {
	collection string
	categories []string
	edges      []Edge // without tokens
	dated      bool
	trigger    byte // see dateClass
}

// interner keeps one copy of the shapes and the short strings that stand in most
// blocks.
type interner struct {
	mu     sync.RWMutex
	shapes map[string]*shape
	texts  map[string]string
}

// internLimit bounds both tables; a full table starts anew.
const internLimit = 1 << 13

func newInterner() *interner {
	return &interner{shapes: map[string]*shape{}, texts: map[string]string{}}
}

func (n *interner) text(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	n.mu.RLock()
	s, ok := n.texts[string(b)]
	n.mu.RUnlock()
	if ok || len(b) > 64 {
		if !ok {
			s = string(b)
		}
		return s
	}
	s = string(b)
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.texts) >= internLimit {
		clear(n.texts)
	}
	n.texts[s] = s
	return s
}

func (n *interner) shape(b []byte) (*shape, bool) {
	n.mu.RLock()
	s := n.shapes[string(b)]
	n.mu.RUnlock()
	if s != nil {
		return s, true
	}
	d := decoder{in: b}
	s = &shape{}
	flags := d.byte()
	s.dated, s.trigger = flags&1 != 0, flags>>1
	s.collection = d.str()
	for range d.count(1) {
		s.categories = append(s.categories, d.str())
	}
	for range d.count(2) {
		x := Edge{Kind: d.str()}
		f := d.uint()
		x.Role, x.Weak = Role(f>>1), f&1 == 1
		s.edges = append(s.edges, x)
	}
	if d.bad || len(d.in) > 0 {
		return nil, false
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.shapes) >= internLimit {
		clear(n.shapes)
	}
	n.shapes[string(b)] = s
	return s, true
}

// blockView reads rows of a block, in ascending order. What it returns does not
// refer to the block's bytes. A copy of a view that nobody has read from is a view.
type blockView struct {
	in       *interner
	size     int // of the block in memory
	count    int
	width    int // of a token
	tokens   []byte
	shapes   []*shape
	shapeOf  []byte
	accounts textColumn
	withins  textColumn
	at       intColumn
	recorded intColumn
	trigger  intColumn
	sum      intColumn
	repeats  int
	bitmap   []byte
	refs     []byte
	locs     locatorColumn
	tailLens intColumn
	tails    []byte

	row   int // the next row; edge and again (repeats) are where its edges begin
	edge  int
	again int

	tailRow  int // the next row of tails
	lastTail []byte

	places []int    // working space of edges
	last   *lastRow // nil: rows share nothing
}

type textColumn struct {
	in     *interner
	list   [][]byte
	column intColumn
}

func (d *decoder) texts(in *interner, rows int) (c textColumn) {
	c.in = in
	n := d.count(1)
	if n > 0 {
		c.list = make([][]byte, n)
	}
	for i := range c.list {
		c.list[i] = d.take(d.count(1))
	}
	c.column = d.ints(rows)
	return c
}

func (c *textColumn) value(row int) (string, bool) {
	n, ok := c.column.value(row)
	if !ok || n < 0 || n >= int64(len(c.list)) {
		return "", false
	}
	return c.in.text(c.list[n]), true
}

// viewBlock opens a block for reading.
func viewBlock(plain []byte, in *interner) (*blockView, error) {
	d := decoder{in: plain}
	flags := d.byte()
	rows := d.uint()
	if rows > blockRows || flags > flagS2|flagWide {
		return nil, errBlock
	}
	v := &blockView{in: in, count: int(rows), width: halfToken, size: len(plain) + viewBytes}
	if flags&flagWide != 0 {
		v.width = wholeToken
	}
	d.take(8) // see digestOf
	v.tokens = d.tokens(v.width)
	v.size += len(v.tokens)
	v.sum = d.ints(v.count)
	if d.bad {
		return nil, errBlock
	}
	if flags&flagS2 != 0 {
		if n, err := s2.DecodedLen(d.in); err != nil || n > mostRest {
			return nil, errBlock
		}
		rest, err := s2.Decode(nil, d.in)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", errBlock, err)
		}
		d.in = rest
		v.size += len(rest)
	}
	if !v.columns(&d) {
		return nil, errBlock
	}
	return v, nil
}

// columns reads the heads of the columns.
func (v *blockView) columns(d *decoder) bool {
	n := d.count(1)
	if n > blockRows || n == 0 && v.count > 0 {
		return false
	}
	v.shapes = make([]*shape, n)
	for i := range v.shapes {
		s, ok := v.in.shape(d.take(d.count(1)))
		if !ok {
			return false
		}
		v.shapes[i] = s
	}
	edges := 0
	if n > 1 {
		v.shapeOf = d.take(v.count)
		for _, k := range v.shapeOf {
			if int(k) >= n {
				return false
			}
			edges += len(v.shapes[k].edges)
		}
	} else if n == 1 {
		edges = v.count * len(v.shapes[0].edges)
	}
	v.accounts = d.texts(v.in, v.count)
	v.withins = d.texts(v.in, v.count)
	v.at, v.recorded, v.trigger = d.ints(v.count), d.ints(v.count), d.ints(v.count)
	if v.repeats = d.count(1); v.repeats > 0 {
		v.bitmap = d.take((edges + 7) / 8)
		v.refs = d.take(v.repeats * refWidth(len(v.tokens)/v.width))
	}
	v.locs = d.locators(v.count)
	v.tailLens = d.ints(v.count)
	v.tails = d.in
	if d.bad || edges != len(v.tokens)/v.width+v.repeats {
		return false
	}
	ones := 0
	for _, b := range v.bitmap {
		ones += bits.OnesCount8(b)
	}
	return ones == v.repeats
}

// read returns a row. In a block of half tokens (see half) the second halves are
// zero.
func (v *blockView) read(row int) (Sighting, error) {
	v.skip(row)
	k := 0
	if len(v.shapeOf) > 0 {
		k = int(v.shapeOf[row])
	}
	sh := v.shapes[k]
	s := Sighting{Collection: sh.collection, Categories: sh.categories}
	var ok [8]bool
	var recorded, trigger, sum int64
	s.Locator, ok[0] = v.locs.value(row)
	s.At, ok[1] = v.at.value(row)
	s.Account, ok[2] = v.accounts.value(row)
	s.Within, ok[3] = v.withins.value(row)
	recorded, ok[4] = v.recorded.value(row)
	trigger, ok[5] = v.trigger.value(row)
	sum, ok[6] = v.sum.value(row)
	s.Sum = uint64(sum)
	if sh.dated {
		s.RecordedAt = time.Unix(recorded, 0).UTC()
	}
	switch sh.trigger {
	case 0:
		s.Trigger = NoDate
	case 1:
		s.Trigger = BadDate
	default:
		s.Trigger = Date(trigger)
	}
	s.Edges, ok[7] = v.edges(sh)
	v.row++
	tail, err := v.tail(row)
	if err != nil || ok != [8]bool{true, true, true, true, true, true, true, true} {
		return s, errBlock
	}
	return s, v.readTail(tail, &s)
}

// half reports whether the block holds first halves of tokens only.
func (v *blockView) half() bool { return v.width == halfToken }

// rowEdges returns the edges of a row alone. A block is read either with read or with
// rowEdges.
func (v *blockView) rowEdges(row int) ([]Edge, bool) {
	v.skip(row)
	k := 0
	if len(v.shapeOf) > 0 {
		k = int(v.shapeOf[row])
	}
	v.row++
	return v.edges(v.shapes[k])
}

// skip goes on to a row. Rows before the present one cannot be read again.
func (v *blockView) skip(row int) {
	for ; v.row < row; v.row++ {
		k := 0
		if len(v.shapeOf) > 0 {
			k = int(v.shapeOf[v.row])
		}
		n := len(v.shapes[k].edges)
		if v.repeats > 0 {
			for e := v.edge; e < v.edge+n; e++ {
				v.again += int(v.bitmap[e/8] >> (e % 8) & 1)
			}
		}
		v.edge += n
	}
}

func (v *blockView) ref(i int) int {
	switch refWidth(len(v.tokens) / v.width) {
	case 1:
		return int(v.refs[i])
	case 2:
		return int(binary.LittleEndian.Uint16(v.refs[2*i:]))
	}
	return int(binary.LittleEndian.Uint32(v.refs[4*i:]))
}

// tail returns the bytes of the row's names, labels and facts.
func (v *blockView) tail(row int) ([]byte, error) {
	for ; v.tailRow <= row; v.tailRow++ {
		n, ok := v.tailLens.value(v.tailRow)
		if !ok || n < 0 || n > int64(len(v.tails)) {
			return nil, errBlock
		}
		v.lastTail, v.tails = v.tails[:n], v.tails[n:]
	}
	return v.lastTail, nil
}

func (d *decoder) names() (out []Name) {
	for range d.count(1) {
		words := d.take(d.count(4) * 4)
		n := make(Name, len(words)/4)
		for i := range n {
			n[i] = binary.LittleEndian.Uint32(words[4*i:])
		}
		out = append(out, n)
	}
	return out
}

func readTail(b []byte, s *Sighting) error {
	d := decoder{in: b}
	s.Names, s.Labels = d.names(), d.names()
	if n := d.count(2); n > 0 {
		s.Facts = make(map[string]string, n)
		for range n {
			k := d.str()
			s.Facts[k] = d.str()
		}
	}
	if d.bad || len(d.in) > 0 {
		return errBlock
	}
	return nil
}

// decodeBlock returns all rows of a block.
func decodeBlock(plain []byte, in *interner) (rows []Sighting, half bool, err error) {
	v, err := viewBlock(plain, in)
	if err != nil {
		return nil, false, err
	}
	rows = make([]Sighting, v.count)
	for i := range rows {
		if rows[i], err = v.read(i); err != nil {
			return nil, false, err
		}
	}
	return rows, v.half(), nil
}

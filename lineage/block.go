package lineage

import (
	"encoding/binary"
	"errors"
	"maps"
	"slices"
	"sync"

	"github.com/klauspost/compress/s2"
	"github.com/minio/highwayhash"
)

// A block holds up to blockRows sightings of one unit, column by column, so that
// one row can be read without the others:
//
//	flags | rows | digest of the postings | tokens | Sum | rest (S2 where that pays)
//	rest: shapes, shape of each row, accounts, withins, At, RecordedAt, Trigger,
//	      repeated tokens, locators, tails
//
// Tokens and sums are noise, which no compression makes shorter.
//
// A shape is what most rows of a collection have in common: collection, categories,
// kinds and roles of the edges. A tail is what not every row has: names, labels and facts.
//
// Of a token the block holds the first half, once (see tokens.go). The other half stands in
// the postings, which every edge has, and is fetched from there (see expand.go). A block
// in which two tokens begin alike holds them whole.
const blockRows = 128

const (
	flagS2   = 1 << iota // the rest is compressed
	flagWide             // tokens are whole
)

const (
	halfToken  = 8
	wholeToken = 16
	// squeezeFrom is the length from which the rest is worth compressing, mostRest up to
	// which it is done: what a damaged block may make a reader ask for.
	squeezeFrom = 512
	mostRest    = 256 << 20
)

var errBlock = errors.New("a block of the graph is damaged")

// encoder holds the working space of encoding blocks.
type encoder struct {
	rows     []Sighting
	out      []byte
	squeezed []byte
	block    []byte
	shapes   []int // a row of each shape
	shapeOf  []byte
	accounts texts
	withins  texts
	numbers  [3][blockRows]int64 // At, RecordedAt, Trigger
	sums     [blockRows]int64
	slots    []int32 // hash table: token → 1 + its place in tokens
	tokens   []Token
	repeats  []uint32
	repeated []byte
	ints     []int64
	tail     []byte
}

var encoders = sync.Pool{New: func() any { return new(encoder) }}

// encode returns the rows as a block, which is valid until the next call.
func (e *encoder) encode(rows []Sighting) []byte {
	e.rows = rows
	defer func() { e.rows = nil }()
	var flags byte
	width := halfToken
	if !e.collectTokens(false) {
		e.collectTokens(true)
		flags, width = flagWide, wholeToken
	}
	e.out = e.out[:0]
	e.collect()
	e.rest()
	rest := e.out
	if len(rest) >= squeezeFrom && len(rest) <= mostRest {
		e.squeezed = s2.Encode(e.squeezed[:cap(e.squeezed)], rest)
		if len(e.squeezed) < len(rest)-len(rest)/16 {
			flags, rest = flags|flagS2, e.squeezed
		}
	}
	out := append(e.block[:0], flags)
	out = binary.AppendUvarint(out, uint64(len(rows)))
	out = binary.LittleEndian.AppendUint64(out, e.digest())
	out = appendTokens(out, e.tokens, width)
	out = appendInts(out, e.sums[:len(rows)])
	e.block = append(out, rest...)
	return e.block
}

// collectTokens finds the different tokens of the rows. Unless wide it compares
// first halves only, and returns false when two different tokens share one.
func (e *encoder) collectTokens(wide bool) bool {
	edges := 0
	for i := range e.rows {
		edges += len(e.rows[i].Edges)
	}
	size := 64
	for size < 2*edges {
		size *= 2
	}
	if cap(e.slots) < size {
		e.slots = make([]int32, size)
	}
	e.slots = e.slots[:size]
	clear(e.slots)
	e.tokens, e.repeats = e.tokens[:0], e.repeats[:0]
	e.repeated = slices.Grow(e.repeated[:0], edges/8+1)[:(edges+7)/8]
	clear(e.repeated)
	n := 0
	for i := range e.rows {
		edges := e.rows[i].Edges
		for k := range edges {
			x := &edges[k] // they are large
			half := binary.LittleEndian.Uint64(x.Token[:])
			at := int(half^half>>56) & (size - 1) // of rows that are neighbours only that byte differs
			for ; e.slots[at] != 0; at = (at + 1) & (size - 1) {
				known := &e.tokens[e.slots[at]-1]
				if binary.LittleEndian.Uint64(known[:]) != half {
					continue
				}
				if *known == x.Token {
					break
				}
				if !wide {
					return false
				}
			}
			if e.slots[at] == 0 {
				e.tokens = append(e.tokens, x.Token)
				e.slots[at] = int32(len(e.tokens))
			} else {
				e.repeated[n/8] |= 1 << (n % 8)
				e.repeats = append(e.repeats, uint32(e.slots[at]-1))
			}
			n++
		}
	}
	return true
}

// digest tells blocks with the same tokens in the same rows, which have the same postings
// if they stand at the same place. It takes in whole tokens, which nobody can choose.
func (e *encoder) digest() uint64 {
	e.tail = e.tail[:0]
	for i := range e.tokens {
		e.tail = append(e.tail, e.tokens[i][:]...)
	}
	for i := range e.rows {
		e.tail = binary.AppendUvarint(e.tail, uint64(len(e.rows[i].Edges)))
	}
	e.tail = append(e.tail, e.repeated...)
	for _, r := range e.repeats {
		e.tail = binary.LittleEndian.AppendUint32(e.tail, r)
	}
	return highwayhash.Sum64(e.tail, digestKey[:])
}

// digestKey need not be secret: digests are sealed with the blocks.
var digestKey [32]byte

// digestOf reads the digest from a block.
func digestOf(plain []byte) (uint64, error) {
	d := decoder{in: plain}
	d.byte()
	d.uint()
	n := d.take(8)
	if d.bad {
		return 0, errBlock
	}
	return binary.LittleEndian.Uint64(n), nil
}

// sameShape reports whether two rows differ only in values.
func sameShape(a, b *Sighting) bool {
	if a.Collection != b.Collection || len(a.Edges) != len(b.Edges) || a.RecordedAt.IsZero() != b.RecordedAt.IsZero() ||
		dateClass(a.Trigger) != dateClass(b.Trigger) || !slices.Equal(a.Categories, b.Categories) {
		return false
	}
	for i := range a.Edges {
		x, y := &a.Edges[i], &b.Edges[i]
		if x.Kind != y.Kind || x.Role != y.Role || x.Weak != y.Weak {
			return false
		}
	}
	return true
}

// collect finds the shapes and the values of the columns, in one pass: rows are large.
func (e *encoder) collect() {
	e.shapes, e.shapeOf = e.shapes[:0], e.shapeOf[:0]
	e.accounts.reset()
	e.withins.reset()
	shape, recorded, trigger := -1, int64(0), int64(0)
	for i := range e.rows {
		s := &e.rows[i]
		if shape < 0 || !sameShape(&e.rows[e.shapes[shape]], s) {
			shape = slices.IndexFunc(e.shapes, func(k int) bool { return sameShape(&e.rows[k], s) })
			if shape < 0 {
				shape = len(e.shapes)
				e.shapes = append(e.shapes, i)
			}
		}
		e.shapeOf = append(e.shapeOf, byte(shape))
		e.accounts.add(s.Account)
		e.withins.add(s.Within)
		if !s.RecordedAt.IsZero() { // a row without a value repeats the one before
			recorded = s.RecordedAt.Unix()
		}
		if dateClass(s.Trigger) == 2 {
			trigger = int64(s.Trigger)
		}
		e.numbers[0][i], e.numbers[1][i], e.numbers[2][i], e.sums[i] = s.At, recorded, trigger, int64(s.Sum)
	}
}

// texts collects a column of few different strings.
type texts struct {
	list []string
	of   []int64 // for each row, its place in the list
	last int
}

func (t *texts) reset() {
	clear(t.list) // the strings are of no use any more
	t.list, t.of = t.list[:0], t.of[:0]
}

func (t *texts) add(s string) {
	if len(t.of) == 0 || t.list[t.last] != s {
		if t.last = slices.Index(t.list, s); t.last < 0 {
			t.last = len(t.list)
			t.list = append(t.list, s)
		}
	}
	t.of = append(t.of, int64(t.last))
}

func (t *texts) write(out []byte) []byte {
	out = binary.AppendUvarint(out, uint64(len(t.list)))
	for _, s := range t.list {
		out = appendStr(out, s)
	}
	return appendInts(out, t.of)
}

// dateClass tells dates from the special values.
func dateClass(d Date) byte {
	switch d {
	case NoDate:
		return 0
	case BadDate:
		return 1
	}
	return 2
}

func appendShape(out []byte, s *Sighting) []byte {
	flags := dateClass(s.Trigger) << 1
	if !s.RecordedAt.IsZero() {
		flags |= 1
	}
	out = appendStr(append(out, flags), s.Collection)
	out = binary.AppendUvarint(out, uint64(len(s.Categories)))
	for _, c := range s.Categories {
		out = appendStr(out, c)
	}
	out = binary.AppendUvarint(out, uint64(len(s.Edges)))
	for i := range s.Edges {
		x := &s.Edges[i]
		f := uint64(x.Role) << 1
		if x.Weak {
			f |= 1
		}
		out = binary.AppendUvarint(appendStr(out, x.Kind), f)
	}
	return out
}

// rest writes everything but the tokens and the sums.
func (e *encoder) rest() {
	e.out = binary.AppendUvarint(e.out, uint64(len(e.shapes)))
	for _, k := range e.shapes {
		e.tail = appendShape(e.tail[:0], &e.rows[k])
		e.out = append(binary.AppendUvarint(e.out, uint64(len(e.tail))), e.tail...)
	}
	if len(e.shapes) > 1 {
		e.out = append(e.out, e.shapeOf...)
	}
	e.out = e.withins.write(e.accounts.write(e.out))
	for k := range e.numbers {
		e.out = appendInts(e.out, e.numbers[k][:len(e.rows)])
	}
	e.out = binary.AppendUvarint(e.out, uint64(len(e.repeats)))
	if len(e.repeats) > 0 {
		e.out = append(e.out, e.repeated...)
		for _, r := range e.repeats {
			e.out = binary.LittleEndian.AppendUint32(e.out, r)
			e.out = e.out[:len(e.out)-4+refWidth(len(e.tokens))]
		}
	}
	e.locators()
	e.tails()
}

// refWidth is how many bytes a reference to one of n tokens takes.
func refWidth(n int) int {
	switch {
	case n <= 1<<8:
		return 1
	case n <= 1<<16:
		return 2
	}
	return 4
}

// tails writes names, labels and facts.
func (e *encoder) tails() {
	e.ints, e.tail = e.ints[:0], e.tail[:0]
	for i := range e.rows {
		s, from := &e.rows[i], len(e.tail)
		if len(s.Names)+len(s.Labels)+len(s.Facts) > 0 {
			e.tail = appendTail(e.tail, s)
		}
		e.ints = append(e.ints, int64(len(e.tail)-from))
	}
	e.out = append(appendInts(e.out, e.ints), e.tail...)
}

func appendTail(out []byte, s *Sighting) []byte {
	for _, list := range [][]Name{s.Names, s.Labels} {
		out = binary.AppendUvarint(out, uint64(len(list)))
		for _, n := range list {
			out = binary.AppendUvarint(out, uint64(len(n)))
			for _, w := range n {
				out = binary.LittleEndian.AppendUint32(out, w)
			}
		}
	}
	out = binary.AppendUvarint(out, uint64(len(s.Facts)))
	if len(s.Facts) == 0 { // as in most rows: sorting nothing takes memory too
		return out
	}
	for _, k := range slices.Sorted(maps.Keys(s.Facts)) {
		out = appendStr(appendStr(out, k), s.Facts[k])
	}
	return out
}

// pack encodes and seals a block, and returns its digest.
func (k *keyring) pack(rows []Sighting) (sealed []byte, digest uint64, err error) {
	e := encoders.Get().(*encoder)
	defer encoders.Put(e)
	plain := e.encode(rows)
	digest, err = digestOf(plain)
	return k.seal(plain), digest, err
}

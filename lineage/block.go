package lineage

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/klauspost/compress/zstd"
)

// blockRows is how many sightings one block holds.
const blockRows = 128

var errBlock = errors.New("a block of the graph is damaged")

var (
	zenc, zencErr = zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1))
	zdec, zdecErr = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(256<<20))
)

// encoder writes a block: a dictionary of strings and tokens, then the sightings
// as varints that refer to them.
type encoder struct {
	out     []byte
	strs    []string
	strID   map[string]uint64
	tokens  []Token
	tokenID map[Token]uint64
	at      int64
}

func (e *encoder) uint(n uint64) { e.out = binary.AppendUvarint(e.out, n) }
func (e *encoder) int(n int64)   { e.out = binary.AppendVarint(e.out, n) }

func (e *encoder) str(s string) {
	id, ok := e.strID[s]
	if !ok {
		id = uint64(len(e.strs))
		e.strs, e.strID[s] = append(e.strs, s), id
	}
	e.uint(id)
}

func (e *encoder) raw(s string) {
	e.uint(uint64(len(s)))
	e.out = append(e.out, s...)
}

func (e *encoder) token(t Token) {
	id, ok := e.tokenID[t]
	if !ok {
		id = uint64(len(e.tokens))
		e.tokens, e.tokenID[t] = append(e.tokens, t), id
	}
	e.uint(id)
}

func encodeBlock(rows []Sighting) []byte {
	e := &encoder{strID: map[string]uint64{}, tokenID: map[Token]uint64{}}
	for i := range rows {
		e.sighting(&rows[i])
	}
	body := e.out
	e.out = nil
	e.uint(uint64(len(rows)))
	e.uint(uint64(len(e.strs)))
	for _, s := range e.strs {
		e.raw(s)
	}
	e.uint(uint64(len(e.tokens)))
	for _, t := range e.tokens {
		e.out = append(e.out, t[:]...)
	}
	return append(e.out, body...)
}

func (e *encoder) sighting(s *Sighting) {
	e.str(s.Collection)
	e.raw(s.Locator)
	e.int(s.At - e.at) // records follow each other: the difference is small
	e.at = s.At
	e.str(s.Within)
	e.str(s.Account)
	e.uint(uint64(len(s.Categories)))
	for _, c := range s.Categories {
		e.str(c)
	}
	if s.RecordedAt.IsZero() {
		e.int(-1 << 62)
	} else {
		e.int(s.RecordedAt.Unix())
	}
	e.int(int64(s.Trigger))
	e.uint(uint64(len(s.Edges)))
	for _, x := range s.Edges {
		e.token(x.Token)
		e.str(x.Kind)
		f := uint64(x.Role) << 1
		if x.Weak {
			f |= 1
		}
		e.uint(f)
	}
	e.names(s.Names)
	e.names(s.Labels)
	e.uint(s.Sum)
	e.uint(uint64(len(s.Facts)))
	for _, k := range slices.Sorted(maps.Keys(s.Facts)) {
		e.str(k)
		e.str(s.Facts[k])
	}
}

func (e *encoder) names(list []Name) {
	e.uint(uint64(len(list)))
	for _, n := range list {
		e.uint(uint64(len(n)))
		for _, w := range n {
			e.uint(uint64(w))
		}
	}
}

// decoder reads a block. The first mistake sticks.
type decoder struct {
	in     []byte
	bad    bool
	strs   []string
	tokens []Token
	at     int64
}

func (d *decoder) uint() uint64 {
	n, k := binary.Uvarint(d.in)
	if k <= 0 {
		d.bad, d.in = true, nil
		return 0
	}
	d.in = d.in[k:]
	return n
}

func (d *decoder) int() int64 {
	n, k := binary.Varint(d.in)
	if k <= 0 {
		d.bad, d.in = true, nil
		return 0
	}
	d.in = d.in[k:]
	return n
}

// count reads the length of a list whose items take at least size bytes each.
func (d *decoder) count(size int) int {
	n := d.uint()
	if n > uint64(len(d.in)/size) {
		d.bad = true
		return 0
	}
	return int(n)
}

func (d *decoder) raw() string {
	n := d.count(1)
	s := string(d.in[:n])
	d.in = d.in[n:]
	return s
}

func (d *decoder) str() string {
	if n := d.uint(); n < uint64(len(d.strs)) {
		return d.strs[n]
	}
	d.bad = true
	return ""
}

func (d *decoder) token() Token {
	if n := d.uint(); n < uint64(len(d.tokens)) {
		return d.tokens[n]
	}
	d.bad = true
	return Token{}
}

func decodeBlock(in []byte) ([]Sighting, error) {
	d := &decoder{in: in}
	rows := d.uint()
	if rows > blockRows {
		return nil, errBlock
	}
	for range d.count(1) {
		d.strs = append(d.strs, d.raw())
	}
	for range d.count(16) {
		d.tokens = append(d.tokens, Token(d.in[:16]))
		d.in = d.in[16:]
	}
	out := make([]Sighting, 0, rows)
	for range rows {
		out = append(out, d.sighting())
	}
	if d.bad {
		return nil, errBlock
	}
	return out, nil
}

func (d *decoder) names() []Name {
	var out []Name
	for range d.count(1) {
		var n Name
		for range d.count(1) {
			n = append(n, uint32(d.uint()))
		}
		out = append(out, n)
	}
	return out
}

func (d *decoder) sighting() Sighting {
	s := Sighting{Collection: d.str(), Locator: d.raw()}
	d.at += d.int()
	s.At, s.Within, s.Account = d.at, d.str(), d.str()
	for range d.count(1) {
		s.Categories = append(s.Categories, d.str())
	}
	if at := d.int(); at != -1<<62 {
		s.RecordedAt = time.Unix(at, 0).UTC()
	}
	s.Trigger = Date(d.int())
	for range d.count(3) {
		x := Edge{Token: d.token(), Kind: d.str()}
		f := d.uint()
		x.Role, x.Weak = Role(f>>1), f&1 == 1
		s.Edges = append(s.Edges, x)
	}
	s.Names, s.Labels = d.names(), d.names()
	s.Sum = d.uint()
	if n := d.count(2); n > 0 {
		s.Facts = make(map[string]string, n)
		for range n {
			k := d.str()
			s.Facts[k] = d.str()
		}
	}
	return s
}

// pack compresses and seals a block.
func (g *Graph) pack(rows []Sighting) ([]byte, error) {
	if zencErr != nil {
		return nil, fmt.Errorf("prepare zstd: %w", zencErr)
	}
	return g.Seal(zenc.EncodeAll(encodeBlock(rows), nil)), nil
}

func (g *Graph) unpack(b []byte) ([]Sighting, error) {
	if zdecErr != nil {
		return nil, fmt.Errorf("prepare zstd: %w", zdecErr)
	}
	z, err := g.Unseal(b)
	if err != nil {
		return nil, err
	}
	plain, err := zdec.DecodeAll(z, nil)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errBlock, err)
	}
	return decodeBlock(plain)
}

package lineage

import (
	"encoding/binary"
	"strings"
)

// Hasher makes the keyed hashes of a graph, for one goroutine at a time: what makes very
// many of them need not ask for the memory to do so each time.
type Hasher struct {
	graph *Graph
	mac   *mac
}

// Hasher returns a maker of the graph's hashes.
func (g *Graph) Hasher() *Hasher { return &Hasher{g, g.keys.macs.New().(*mac)} }

// Token is [Graph.Token].
func (h *Hasher) Token(kind, value string) Token { return h.mac.token(kind, value) }

// Word is [Graph.Word].
func (h *Hasher) Word(word string) uint32 { return h.mac.word(word) }

// Sum is [Graph.Sum].
func (h *Hasher) Sum(msg []byte) uint64 { return h.graph.Sum(msg) }

// kindHead is how the messages of a kind's tokens begin.
type kindHead struct {
	kind string
	row  bool   // of a table's rows, which a dot in the kind tells
	text []byte // "token" and the kind, as parts
}

// head returns the head of a kind's messages. The last kinds are kept.
func (s *mac) head(kind string) *kindHead {
	slot := len(kind)
	if slot > 0 {
		slot += int(kind[slot-1])
	}
	h := &s.heads[slot%len(s.heads)]
	if h.text == nil || h.kind != kind {
		part(s, "token")
		part(s, kind)
		h.kind, h.row, h.text = strings.Clone(kind), strings.IndexByte(kind, '.') >= 0, append(h.text[:0], s.msg...)
		s.msg, s.again.head = s.msg[:0], nil
	}
	return h
}

// token is the HMAC of a kind and a value, cut to 128 bits. The numbers of a table's rows
// come one after the other: a hundred of them have one HMAC, of what they share, and the
// rest of the number is put into a byte of it. The tokens of two hundreds are as unlikely
// to be the same as two HMACs are, and those of one never are.
func (s *mac) token(kind, value string) (t Token) {
	h := s.head(kind)
	if !h.row {
		return Token(s.sumOf(h.text, uint32(len(value)), value)[:len(t)])
	}
	rest, n := lastDigits(value)
	value = value[:len(value)-n]
	if x := &s.again; x.head != h || x.left != n || string(x.value) != value {
		// How many digits are left out stands above the length, where no length reaches.
		copy(x.sum[:], s.sumOf(h.text, uint32(len(value))|uint32(n)<<30, value))
		x.head, x.left, x.value = h, n, append(x.value[:0], value...)
	}
	t = Token(s.again.sum[:len(t)])
	t[restAt] ^= rest
	return t
}

const (
	mostDigits = 2 // of a number's end, which are no part of the message
	restAt     = 7 // the last byte of the first half, by which postings are sorted
)

// lastDigits returns the number that the last digits of a value make, and how many they
// are.
func lastDigits(value string) (rest byte, n int) {
	scale := byte(1)
	for ; n < min(mostDigits, len(value)); n++ {
		d := value[len(value)-1-n] - '0'
		if d > 9 {
			break
		}
		rest += d * scale
		scale *= 10
	}
	return rest, n
}

func (s *mac) word(word string) uint32 {
	part(s, "word")
	part(s, word)
	return binary.BigEndian.Uint32(s.sum())
}

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

func (s *mac) token(kind, value string) Token {
	part(s, "token")
	part(s, kind)
	last := len(value) - 1
	if last < 0 || value[last] < '0' || value[last] > '9' || strings.IndexByte(kind, '.') < 0 {
		part(s, value)
		return Token(s.sum()[:16])
	}
	// The numbers of a table's rows come one after the other: an even one and the next
	// have the halves of one HMAC.
	part(s, value)
	s.msg[len(s.msg)-1] &^= 1
	half := value[last] & 1
	return Token(s.sumAgain()[16*half:][:16])
}

func (s *mac) word(word string) uint32 {
	part(s, "word")
	part(s, word)
	return binary.BigEndian.Uint32(s.sum())
}

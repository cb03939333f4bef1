package lineage

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
)

// The tokens of a scan are HMACs (RFC 2104) of short messages under one key: most take a
// block of SHA-256 for the message and one for the digest of it. What is hashed before
// them, the key, is the same each time, so that its state is kept and put in, and messages
// are filled up here, to be hashed where they stand: crypto/hmac, which also starts from a
// kept state, takes a third longer for copying and filling up.

const (
	macBlock = sha256.BlockSize
	// The form in which crypto/sha256 marshals a state: the words of the digest stand
	// behind a magic number.
	macWords     = 4
	macStateSize = macWords + sha256.Size + macBlock + 8
)

// sha is what sha256.New returns.
type sha interface {
	hash.Hash
	encoding.BinaryUnmarshaler
	encoding.BinaryAppender
}

// macPads are the states of SHA-256 behind the inner and the outer pad of a key.
type macPads struct{ inner, outer []byte }

// newMacPads hashes the pads of a key of at most a block. It fails when states are not
// what crypto/sha256 is known to make of them: every token would be another.
func newMacPads(key []byte) (p macPads, err error) {
	h := sha256.New().(sha)
	pad := func(x byte) (state []byte, err error) {
		block := make([]byte, macBlock)
		copy(block, key)
		for i := range block {
			block[i] ^= x
		}
		h.Reset()
		h.Write(block)
		return h.AppendBinary(nil)
	}
	p.inner, err = pad(0x36)
	if err == nil {
		p.outer, err = pad(0x5c)
	}
	if err != nil {
		return p, fmt.Errorf("prepare the hash of tokens: %w", err)
	}
	want := hmac.New(sha256.New, key)
	want.Write(key)
	s := newMac(p)
	s.msg = append(s.msg, key...)
	if len(p.inner) != macStateSize || !bytes.Equal(s.sum(), want.Sum(nil)) {
		return p, errors.New("prepare the hash of tokens: crypto/sha256 of this version of Go keeps its state in another form")
	}
	return p, nil
}

// macFill is what stands between a message and its length.
var macFill = [macBlock]byte{0x80}

// mac is a keyed hash that is used again and again. The message is put together first
// and hashed by one call.
type mac struct {
	pads  macPads
	h     sha
	msg   []byte
	last  [macBlock]byte // the inner digest, filled up to the block that the outer hash ends with
	state [macStateSize]byte
	block [macBlock]byte // a message that fills no more than it
	heads [16]kindHead
	again struct { // the last hundred of rows that token hashed
		head  *kindHead
		left  int
		value []byte
		sum   [sha256.Size]byte
	}
}

func newMac(p macPads) *mac {
	s := &mac{pads: p, h: sha256.New().(sha)}
	s.last[sha256.Size] = 0x80
	binary.BigEndian.PutUint64(s.last[macBlock-8:], 8*(macBlock+sha256.Size))
	return s
}

// part appends one part of a message, its length in front.
func part[T string | []byte](s *mac, p T) {
	s.msg = append(binary.BigEndian.AppendUint32(s.msg, uint32(len(p))), p...)
}

// sum hashes the message and begins a new one. The result is valid until the
// state is used again.
func (s *mac) sum() []byte {
	n := len(s.msg)
	fill := macBlock - (n+8)%macBlock // one byte at least
	s.msg = binary.BigEndian.AppendUint64(append(s.msg, macFill[:fill]...), 8*uint64(macBlock+n))
	copy(s.last[:], s.blocks(s.pads.inner, s.msg))
	s.msg = s.msg[:0]
	if cap(s.msg) > 64<<10 { // one long value need not stay
		s.msg = nil
	}
	return s.blocks(s.pads.outer, s.last[:])
}

// sumOf is sum of one message in two pieces, which mostly fill one block together. It
// leaves nothing of what was put together before.
func (s *mac) sumOf(head []byte, size uint32, value string) []byte {
	n := len(head) + 4 + len(value)
	if n+9 > macBlock {
		s.msg = append(binary.BigEndian.AppendUint32(append(s.msg[:0], head...), size), value...)
		return s.sum()
	}
	s.block = [macBlock]byte{}
	at := copy(s.block[:], head)
	binary.BigEndian.PutUint32(s.block[at:], size)
	copy(s.block[at+4:], value)
	s.block[n] = 0x80
	binary.BigEndian.PutUint64(s.block[macBlock-8:], 8*uint64(macBlock+n))
	*(*[sha256.Size]byte)(s.last[:]) = [sha256.Size]byte(s.blocks(s.pads.inner, s.block[:]))
	return s.blocks(s.pads.outer, s.last[:])
}

// blocks hashes whole blocks behind a state and returns the words of the digest.
func (s *mac) blocks(state, blocks []byte) []byte {
	if err := s.h.UnmarshalBinary(state); err != nil {
		panic(err) // it is one that newMacPads has used
	}
	s.h.Write(blocks)
	out, err := s.h.AppendBinary(s.state[:0])
	if err != nil {
		panic(err)
	}
	return out[macWords : macWords+sha256.Size]
}

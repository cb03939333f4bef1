package parquet

import (
	"errors"
	"math/bits"

	"github.com/klauspost/compress/zstd"
)

var errFrame = errors.New("a zstd frame is damaged, or written in a way that is not known here")

// block is one block of a zstd frame as it stands there.
type block struct {
	kind int
	last bool
	n    int    // of a block that is not compressed: how much it holds
	all  []byte // with its head
	body []byte
}

// frameBlocks returns what follows the head of a frame whose blocks can be used
// again, and how far back they may reach at most.
func frameBlocks(frame []byte) (rest []byte, window uint64, err error) {
	var h zstd.Header
	if h.Decode(frame) != nil || h.Skippable || h.DictionaryID != 0 || h.HeaderSize > len(frame) {
		return nil, 0, errFrame
	}
	window = h.WindowSize
	if h.SingleSegment {
		window = h.FrameContentSize
	}
	return frame[h.HeaderSize:], window, nil
}

// nextBlock takes the first block off.
func nextBlock(b []byte) (block, []byte, error) {
	if len(b) < 3 {
		return block{}, nil, errFrame
	}
	head := int(b[0]) | int(b[1])<<8 | int(b[2])<<16
	x := block{kind: head >> 1 & 3, last: head&1 != 0, n: head >> 3}
	size := x.n
	if x.kind == rleBlock {
		size = 1
	}
	if x.kind > compressedBlock || x.n > zstdBlock || size > len(b)-3 {
		return block{}, nil, errFrame
	}
	x.all, x.body = b[:3+size], b[3:3+size]
	return x, b[3+size:], nil
}

// treeless is the kind of literals that are compressed with the table of those
// before.
const treeless = 3

// literalsOf parts a compressed block: its literals, how they are written and how
// many they are, and its sequences.
func literalsOf(body []byte) (lits []byte, kind, n int, rest []byte, err error) {
	if len(body) < 1 {
		return nil, 0, 0, nil, errFrame
	}
	kind = int(body[0]) & 3
	form := int(body[0]) >> 2 & 3
	head, size := 0, 0
	if kind == rawBlock || kind == rleBlock {
		head = [4]int{1, 2, 1, 3}[form]
		if len(body) < head {
			return nil, 0, 0, nil, errFrame
		}
		n = littleEndian(body[:head]) >> [4]int{3, 4, 3, 4}[form]
		if size = n; kind == rleBlock {
			size = 1
		}
	} else {
		head = [4]int{3, 3, 4, 5}[form]
		if len(body) < head {
			return nil, 0, 0, nil, errFrame
		}
		width := [4]int{10, 10, 14, 18}[form]
		v := littleEndian(body[:head]) >> 4
		n, size = v&(1<<width-1), v>>width&(1<<width-1)
	}
	if n > zstdBlock || size > len(body)-head {
		return nil, 0, 0, nil, errFrame
	}
	return body[:head+size], kind, n, body[head+size:], nil
}

// treeOf returns the table of literals that are compressed with one of their own, and what
// follows it.
func treeOf(lits []byte) []byte {
	return lits[[4]int{3, 3, 4, 5}[lits[0]>>2&3]:]
}

func littleEndian(b []byte) int {
	v := 0
	for i, c := range b {
		v |= int(c) << (8 * i)
	}
	return v
}

// decoderTable reads one kind of code of the sequences of a block.
type decoderTable struct {
	known bool
	log   uint
	state [1 << 9]decoderState
}

// decoderState is what stands for a code, from the lowest bits: how many bits are added
// to find the next state, how many to find the value (8 bits each), the smallest next
// state (16) and the smallest value (32).
type decoderState uint64

func newState(next, bits int, base uint32, extra uint8) decoderState {
	return decoderState(base)<<32 | decoderState(next)<<16 | decoderState(extra)<<8 | decoderState(bits)
}

// The shares that codes have in a block that describes none; less is one that is below
// the smallest.
const less = -1

var (
	usualShares = [3][]int16{
		literalLength: {4, 3, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 3, 2, 1, 1, 1, 1, 1, less, less, less, less},
		offsetCode:    {1, 1, 1, 1, 1, 1, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, less, less, less, less, less},
		matchLength: {1, 4, 3, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
			less, less, less, less, less, less, less},
	}
	usualLog = [3]int{6, 5, 6}
	codes    = [3]int{36, 32, 53} // how many there are
	mostLog  = [3]int{9, 8, 9}
)

// value is what a code of a kind stands for.
func value(kind, code int) (base uint32, extra uint8) {
	switch kind {
	case literalLength:
		return literalRamp.base[code], literalRamp.extra[code]
	case matchLength:
		return matchRamp.base[code], matchRamp.extra[code]
	}
	return 1 << code, uint8(code)
}

// read takes in how a block describes the codes of a kind, and returns what follows.
func (t *decoderTable) read(kind, mode int, b []byte) ([]byte, error) {
	switch mode {
	case 0:
		t.build(kind, usualLog[kind], usualShares[kind])
		return b, nil
	case 1:
		if len(b) < 1 || int(b[0]) >= codes[kind] {
			return nil, errFrame
		}
		base, extra := value(kind, int(b[0]))
		t.known, t.log, t.state[0] = true, 0, newState(0, 0, base, extra)
		return b[1:], nil
	case 2:
		return t.describe(kind, b)
	}
	if !t.known {
		return nil, errFrame
	}
	return b, nil
}

// describe is the inverse of [coder.describe].
func (t *decoderTable) describe(kind int, b []byte) ([]byte, error) {
	var shares [64]int16
	at := 0                   // in bits
	peek := func(n int) int { // 10 bits at most
		v := 0
		for i, k := 0, at>>3; i < 3 && k+i < len(b); i++ {
			v |= int(b[k+i]) << (8 * i)
		}
		return v >> (at & 7) & (1<<n - 1)
	}
	log := peek(4) + leastTable
	at = 4
	if log > mostLog[kind] {
		return nil, errFrame
	}
	left, s := 1<<log, 0
	for left > 0 {
		n := bits.Len(uint(left + 1))
		v, low := peek(n), 1<<(n-1)-1
		fewer := 1<<n - 2 - left // so many values take a bit less
		at += n
		if v&low < fewer {
			v &= low
			at--
		} else if v > low {
			v -= fewer
		}
		if s >= codes[kind] {
			return nil, errFrame
		}
		shares[s] = int16(v - 1)
		s++
		left -= max(v-1, 1-v)
		for again := v == 1; again; {
			k := peek(2)
			at += 2
			s += k
			again = k == 3 && s < codes[kind]
		}
	}
	used := (at + 7) >> 3
	if left != 0 || used > len(b) || s > codes[kind] {
		return nil, errFrame
	}
	t.build(kind, log, shares[:s])
	return b[used:], nil
}

// build lays the codes over the states, in the order that readers and writers share.
func (t *decoderTable) build(kind, log int, shares []int16) {
	size := 1 << log
	var code [1 << 9]uint8
	var count [64]uint16
	high := size
	for s, k := range shares {
		if k == less {
			high--
			code[high], count[s] = uint8(s), 1
		}
	}
	at, step := 0, size>>1+size>>3+3
	for s, k := range shares {
		for i := int16(0); i < k; i++ {
			code[at] = uint8(s)
			for at = (at + step) & (size - 1); at >= high; {
				at = (at + step) & (size - 1)
			}
		}
		if k > 0 {
			count[s] = uint16(k)
		}
	}
	for i := range t.state[:size] {
		s := code[i]
		k := count[s]
		count[s]++
		n := log - (bits.Len16(k) - 1)
		base, extra := value(kind, int(s))
		t.state[i] = newState(int(k)<<n-size, n, base, extra)
	}
	t.known, t.log = true, uint(log)
}

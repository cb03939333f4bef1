package zstdcut

import (
	"encoding/binary"
	"errors"

	"github.com/klauspost/compress/huff0"
)

// encoder keeps what the blocks that are written hand on to each other.
type encoder struct {
	rep     [3]uint32
	tables  [3]*table
	huffman bool // the Huffman table that a reader has is that of the old frame
	bits    bitWriter
	codes   [3][]uint8
	body    []byte
	huff    huff0.Scratch
}

// write writes the block whose parts were collected.
func (e *editor) write(out []byte, blk *block, from, end, size int, last bool) ([]byte, error) {
	// A tree that the block brings and that is not written is none that a later
	// block can go back to.
	kept := e.huffman && !blk.hasTree()
	if size == 0 && !last {
		e.huffman = kept
		return out, nil
	}
	rep, tables := e.encoder.rep, e.encoder.tables
	for i := range e.seqs {
		s := &e.seqs[i]
		s.val = express(&e.encoder.rep, s.off, s.lit == 0)
	}
	if !e.dirty && e.same(blk) {
		if len(blk.seqs) > 0 {
			e.encoder.tables = e.decoder.tables
		}
		e.huffman = e.huffman || blk.hasTree()
		return append(out, blk.raw...), nil
	}
	body := e.body[:0]
	if e.dirty {
		e.huffman = kept
		body = e.literalSection(body)
	} else {
		body = append(body, blk.lits...)
		e.huffman = e.huffman || blk.hasTree()
	}
	body, err := e.sequenceSection(body, blk)
	if err != nil {
		return nil, err
	}
	e.body = body
	if len(body) < size {
		return append(blockHeader(out, compressedBlock, len(body), last), body...), nil
	}
	// It did not get smaller. A raw block hands nothing on.
	e.encoder.rep, e.encoder.tables, e.huffman = rep, tables, kept
	return e.rawBlock(out, from, end, size, last)
}

// hasTree reports whether the literals of the block bring a Huffman table.
func (blk *block) hasTree() bool { return len(blk.lits) > 0 && blk.lits[0]&3 == compressedBlock }

// same reports whether the block can stay as it is.
func (e *editor) same(blk *block) bool {
	if blk.kind != compressedBlock || len(e.seqs) != len(blk.seqs) {
		return false
	}
	for i := range e.seqs {
		if a, b := &e.seqs[i], &blk.seqs[i]; a.val != b.val || a.lit != b.lit || a.match != b.match {
			return false
		}
	}
	for k, mode := range blk.modes {
		if len(blk.seqs) > 0 && mode == repeated && e.encoder.tables[k] != blk.tables[k] {
			return false
		}
	}
	return true
}

func blockHeader(out []byte, kind, size int, last bool) []byte {
	h := kind<<1 | size<<3
	if last {
		h |= 1
	}
	return append(out, byte(h), byte(h>>8), byte(h>>16))
}

// rawBlock writes the edited content between two old positions as it is.
func (e *editor) rawBlock(out []byte, from, end, size int, last bool) ([]byte, error) {
	out = blockHeader(out, rawBlock, size, last)
	start := len(out)
	at := from
	for _, x := range e.edits {
		if x.Hi < from || x.Hi == from && x.Lo < from {
			continue
		}
		if x.Lo > end || x.Lo == end && !last {
			break
		}
		if x.Lo >= from {
			out = append(append(out, e.content[at:x.Lo]...), x.New...)
		}
		at = min(max(at, x.Hi), end)
	}
	out = append(out, e.content[at:end]...)
	if len(out)-start != size {
		return nil, errDamaged
	}
	return out, nil
}

// literalSection packs the collected literals.
func (e *editor) literalSection(body []byte) []byte {
	n := len(e.lits)
	var packed []byte
	err := huff0.ErrIncompressible
	four := n >= 1024
	e.huff.Reuse = huff0.ReusePolicyNone
	switch {
	case four:
		packed, _, err = huff0.Compress4X(e.lits, &e.huff)
	case n > 32:
		packed, _, err = huff0.Compress1X(e.lits, &e.huff)
	}
	switch {
	case errors.Is(err, huff0.ErrUseRLE):
		return append(plainHead(body, rleBlock, n), e.lits[0])
	case err != nil || len(packed) >= n:
		return append(plainHead(body, rawBlock, n), e.lits...)
	}
	e.huffman = false
	form, width := 3, 18
	switch {
	case n < 1<<10 && !four:
		form, width = 0, 10
	case n < 1<<10:
		form, width = 1, 10
	case n < 1<<14:
		form, width = 2, 14
	}
	v := uint64(compressedBlock) | uint64(form)<<2 | uint64(n)<<4 | uint64(len(packed))<<(4+width)
	head := binary.LittleEndian.AppendUint64(nil, v)
	body = append(body, head[:(4+2*width)/8]...)
	return append(body, packed...)
}

func plainHead(body []byte, kind, n int) []byte {
	switch {
	case n < 32:
		return append(body, byte(kind|n<<3))
	case n < 1<<12:
		return append(body, byte(kind|1<<2|n<<4), byte(n>>4))
	}
	return append(body, byte(kind|3<<2|n<<4), byte(n>>4), byte(n>>12))
}

// sequenceSection packs the sequences with the tables of the old block, or with
// those of the format where they lack a code.
func (e *editor) sequenceSection(body []byte, blk *block) ([]byte, error) {
	n := len(e.seqs)
	switch {
	case n == 0:
		return append(body, 0), nil
	case n < 128:
		body = append(body, byte(n))
	case n < 0x7f00:
		body = append(body, byte(n>>8+128), byte(n))
	case n-0x7f00 > 0xffff:
		return nil, errDamaged
	default:
		body = append(body, 255, byte(n-0x7f00), byte((n-0x7f00)>>8))
	}
	for k := range e.codes {
		e.codes[k] = e.codes[k][:0]
	}
	for i := range e.seqs {
		s := &e.seqs[i]
		e.codes[literalLength] = append(e.codes[literalLength], codeOf(s.lit, literalCode, literalBase))
		e.codes[offsetCode] = append(e.codes[offsetCode], offsetCodeOf(s.val))
		e.codes[matchLength] = append(e.codes[matchLength], codeOf(s.match, matchCode, matchBase))
	}
	at := len(body)
	body = append(body, 0)
	for k := range kinds {
		t := blk.tables[k]
		if t == nil || !covers(t, e.codes[k]) {
			if t = kinds[k].norm; !covers(t, e.codes[k]) {
				return nil, errDamaged
			}
		}
		mode := t.mode
		switch {
		case mode == described && e.encoder.tables[k] == t:
			mode = repeated
		case mode != predefined:
			body = append(body, t.desc...)
		}
		body[at] |= byte(mode << (6 - 2*k))
		e.encoder.tables[k] = t
		if err := t.encoder(); err != nil {
			return nil, err
		}
	}
	return e.stream(body), nil
}

// covers reports whether the table has all the codes.
func covers(t *table, codes []uint8) bool {
	var seen [64]bool
	for _, c := range codes {
		seen[c] = true
	}
	for c, yes := range seen {
		if yes && !t.has(uint8(c)) {
			return false
		}
	}
	return true
}

// stream writes the bit stream of the sequences, from the last to the first.
func (e *editor) stream(body []byte) []byte {
	w := &e.bits
	w.out, w.acc, w.have = body, 0, 0
	ll, of, ml := e.encoder.tables[literalLength], e.encoder.tables[offsetCode], e.encoder.tables[matchLength]
	lc, oc, mc := e.codes[literalLength], e.codes[offsetCode], e.codes[matchLength]
	var l, o, m uint32
	for i := len(e.seqs) - 1; i >= 0; i-- {
		s := &e.seqs[i]
		if i == len(e.seqs)-1 {
			l, o, m = ll.first(lc[i]), of.first(oc[i]), ml.first(mc[i])
		} else {
			o = of.put(w, o, oc[i])
			m = ml.put(w, m, mc[i])
			l = ll.put(w, l, lc[i])
		}
		lb, mb := literalBase[lc[i]], matchBase[mc[i]]
		w.add(uint64(s.lit-lb.base), uint(lb.bits))
		w.add(uint64(s.match-mb.base), uint(mb.bits))
		w.add(uint64(s.val)-1<<oc[i], uint(oc[i]))
	}
	for _, x := range []struct {
		t     *table
		state uint32
	}{{ml, m}, {of, o}, {ll, l}} {
		w.add(uint64(x.state)&(1<<x.t.log-1), x.t.log)
	}
	w.close()
	return w.out
}

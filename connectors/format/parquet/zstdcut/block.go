package zstdcut

import (
	"encoding/binary"
)

// Types of blocks and of literals.
const (
	rawBlock        = 0
	rleBlock        = 1
	compressedBlock = 2
	treeless        = 3 // literals with the Huffman table of an earlier block
)

const blockMost = 128 << 10

// seq is a sequence: literals, then a match.
type seq struct {
	lit, match uint32
	off        uint32
	val        uint32 // the offset as it is written, repeats among it
}

// block is a block as it was read.
type block struct {
	raw      []byte // header included
	kind     int
	lits     []byte // the section of literals
	treeless bool
	litSize  int
	seqs     []seq
	modes    [3]int
	tables   [3]*table
	size     int // of its content
}

// decoder keeps what blocks hand on to each other.
type decoder struct {
	rep    [3]uint32
	tables [3]*table
	seqs   []seq
}

// read parses a block whose header stands at b[0]. last tells whether it is the
// last one, n how long it is.
func (d *decoder) read(b []byte) (blk block, last bool, n int, err error) {
	if len(b) < 3 {
		return blk, false, 0, errDamaged
	}
	head := int(b[0]) | int(b[1])<<8 | int(b[2])<<16
	last, blk.kind = head&1 == 1, head>>1&3
	size := head >> 3
	n = 3 + size
	if blk.kind == rleBlock {
		n = 4
	}
	if n > len(b) || size > blockMost || blk.kind > compressedBlock {
		return blk, false, 0, errDamaged
	}
	blk.raw = b[:n]
	if blk.kind != compressedBlock {
		blk.size, blk.litSize = size, size
		return blk, last, n, nil
	}
	return blk, last, n, d.compressed(&blk, b[3:n])
}

func (d *decoder) compressed(blk *block, b []byte) error {
	if err := blk.literals(b); err != nil {
		return err
	}
	b = b[len(blk.lits):]
	if len(b) == 0 {
		return errDamaged
	}
	n, used := int(b[0]), 1
	switch {
	case n == 0:
		if len(b) != 1 {
			return errDamaged
		}
		blk.size = blk.litSize
		return nil
	case n == 255 && len(b) >= 3:
		n, used = int(b[1])+int(b[2])<<8+0x7f00, 3
	case n >= 128 && len(b) >= 2:
		n, used = (n-128)<<8+int(b[1]), 2
	case n >= 128:
		return errDamaged
	}
	b = b[used:]
	if len(b) == 0 || b[0]&3 != 0 {
		return errDamaged
	}
	modes := b[0]
	b = b[1:]
	for k := range kinds {
		mode := int(modes >> (6 - 2*k) & 3)
		used, err := d.table(k, mode, b)
		if err != nil {
			return err
		}
		blk.modes[k], blk.tables[k] = mode, d.tables[k]
		b = b[used:]
	}
	return d.sequences(blk, b, n)
}

// literals finds the section of literals, without decoding them.
func (blk *block) literals(b []byte) error {
	if len(b) == 0 {
		return errDamaged
	}
	var word [8]byte
	copy(word[:], b)
	v := binary.LittleEndian.Uint64(word[:])
	kind, form := int(v&3), int(v>>2&3)
	head, packed := 0, 0
	if kind == rawBlock || kind == rleBlock {
		switch form {
		case 1:
			head, blk.litSize = 2, int(v>>4&0xfff)
		case 3:
			head, blk.litSize = 3, int(v>>4&0xfffff)
		default:
			head, blk.litSize = 1, int(v>>3&0x1f)
		}
		if packed = blk.litSize; kind == rleBlock {
			packed = 1
		}
	} else {
		width := []uint{10, 10, 14, 18}[form]
		head = []int{3, 3, 4, 5}[form]
		blk.litSize, packed = int(v>>4&(1<<width-1)), int(v>>(4+width)&(1<<width-1))
		blk.treeless = kind == treeless
	}
	if head+packed > len(b) || blk.litSize > blockMost {
		return errDamaged
	}
	blk.lits = b[:head+packed]
	return nil
}

// table sets the table of a kind of code and tells how long its description is.
func (d *decoder) table(k, mode int, b []byte) (int, error) {
	switch mode {
	case predefined:
		d.tables[k] = kinds[k].norm
		return 0, nil
	case single:
		if len(b) == 0 || int(b[0]) >= kinds[k].symbols {
			return 0, errDamaged
		}
		d.tables[k] = &table{mode: single, desc: b[:1], dec: []step{{sym: b[0]}}}
		return 1, nil
	case repeated:
		if d.tables[k] == nil {
			return 0, errDamaged
		}
		return 0, nil
	}
	t, used, err := readTable(b, kinds[k].symbols, kinds[k].most)
	d.tables[k] = t
	return used, err
}

// sequences decodes the bit stream.
func (d *decoder) sequences(blk *block, b []byte, n int) error {
	r, err := newBitReader(b)
	if err != nil {
		return err
	}
	if cap(d.seqs) < n {
		d.seqs = make([]seq, n)
	}
	d.seqs = d.seqs[:n]
	ll, of, ml := d.tables[literalLength], d.tables[offsetCode], d.tables[matchLength]
	l := r.read(uint8(ll.log))
	o := r.read(uint8(of.log))
	m := r.read(uint8(ml.log))
	lits, size := 0, 0
	for i := range d.seqs {
		ls, os, ms := ll.dec[l], of.dec[o], ml.dec[m]
		if r.have < 48 {
			r.fill()
		}
		val := uint32(1)<<os.sym | r.read(os.sym)
		mb, lb := matchBase[ms.sym], literalBase[ls.sym]
		s := seq{match: mb.base + r.read(mb.bits), val: val}
		s.lit = lb.base + r.read(lb.bits)
		s.off = repeat(&d.rep, val, s.lit == 0)
		if s.off == 0 {
			return errDamaged
		}
		d.seqs[i] = s
		lits += int(s.lit)
		size += int(s.lit + s.match)
		if i+1 < n {
			l = uint32(ls.base) + r.read(ls.bits)
			m = uint32(ms.base) + r.read(ms.bits)
			o = uint32(os.base) + r.read(os.bits)
		}
	}
	if r.over || r.have > 0 || len(r.b) > 0 || lits > blk.litSize {
		return errDamaged
	}
	blk.seqs, blk.size = d.seqs, size+blk.litSize-lits
	if blk.size > blockMost {
		return errDamaged
	}
	return nil
}

// repeat resolves an offset and moves the history of offsets on.
func repeat(rep *[3]uint32, val uint32, noLits bool) uint32 {
	if val > 3 {
		rep[2], rep[1], rep[0] = rep[1], rep[0], val-3
		return rep[0]
	}
	i := val - 1
	if noLits {
		i++
	}
	off := uint32(0)
	switch i {
	case 0:
		return rep[0]
	case 1:
		off = rep[1]
		rep[1], rep[0] = rep[0], off
		return off
	case 2:
		off = rep[2]
	default:
		off = rep[0] - 1
	}
	rep[2], rep[1], rep[0] = rep[1], rep[0], off
	return off
}

// express is the inverse of repeat.
func express(rep *[3]uint32, off uint32, noLits bool) uint32 {
	val := off + 3
	switch {
	case noLits && off == rep[1]:
		val = 1
	case noLits && off == rep[2]:
		val = 2
	case noLits && off == rep[0]-1:
		val = 3
	case !noLits && off == rep[0]:
		val = 1
	case !noLits && off == rep[1]:
		val = 2
	case !noLits && off == rep[2]:
		val = 3
	}
	repeat(rep, val, noLits)
	return val
}

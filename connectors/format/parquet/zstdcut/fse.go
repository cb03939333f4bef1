package zstdcut

import (
	"errors"
	"math/bits"
)

var errDamaged = errors.New("the zstd frame is damaged, or of a kind that is not edited")

// Modes of a table of sequence codes.
const (
	predefined = 0
	single     = 1 // one code only
	described  = 2
	repeated   = 3
)

// step is one state of a decoding table.
type step struct {
	sym  uint8
	bits uint8
	base uint16
}

// table is the distribution of one kind of code, for decoding and encoding.
type table struct {
	mode int
	log  uint
	norm []int16
	desc []byte // as it stands in the frame: the description, or the single code
	dec  []step
	enc  []uint16 // next states, made when it is first needed
	trans
}

// trans says for each symbol how many bits a state gives off, and where it goes.
type trans struct {
	deltaBits []uint32
	deltaFind []int32
}

// has reports whether the table has a code for sym.
func (t *table) has(sym uint8) bool {
	if t.mode == single {
		return t.desc[0] == sym
	}
	return int(sym) < len(t.norm) && t.norm[sym] != 0
}

// newTable builds the decoding side.
func newTable(mode int, log uint, norm []int16, desc []byte) (*table, error) {
	t := &table{mode: mode, log: log, norm: norm, desc: desc}
	size := 1 << log
	order, err := spread(log, norm)
	if err != nil {
		return nil, err
	}
	next := make([]uint32, len(norm))
	for s, n := range norm {
		next[s] = uint32(max(n, -n))
	}
	t.dec = make([]step, size)
	for i, s := range order {
		x := next[s]
		next[s]++
		nb := log - uint(bits.Len32(x)-1)
		t.dec[i] = step{sym: s, bits: uint8(nb), base: uint16(x<<nb - uint32(size))}
	}
	return t, nil
}

// spread lays the symbols over the states.
func spread(log uint, norm []int16) ([]uint8, error) {
	size := 1 << log
	order := make([]uint8, size)
	high := size
	sum := 0
	for s, n := range norm {
		sum += int(max(n, -n))
		if n == -1 {
			if high--; high < 0 {
				return nil, errDamaged
			}
			order[high] = uint8(s)
		}
	}
	if sum != size {
		return nil, errDamaged
	}
	pos, mask := 0, size-1
	for s, n := range norm {
		for ; n > 0; n-- {
			order[pos] = uint8(s)
			for pos = (pos + size>>1 + size>>3 + 3) & mask; pos >= high && high > 0; {
				pos = (pos + size>>1 + size>>3 + 3) & mask
			}
		}
	}
	return order, nil
}

// encoder makes the encoding side.
func (t *table) encoder() error {
	if t.enc != nil || t.mode == single {
		return nil
	}
	size := 1 << t.log
	order, err := spread(t.log, t.norm)
	if err != nil {
		return err
	}
	start := make([]int, len(t.norm)+1)
	for s, n := range t.norm {
		start[s+1] = start[s] + int(max(n, -n))
	}
	t.enc = make([]uint16, size)
	for i, s := range order {
		t.enc[start[s]] = uint16(size + i)
		start[s]++
	}
	t.deltaBits, t.deltaFind = make([]uint32, len(t.norm)), make([]int32, len(t.norm))
	total := int32(0)
	for s, n := range t.norm {
		switch {
		case n == 0:
		case n == -1 || n == 1:
			t.deltaBits[s] = uint32(t.log)<<16 - 1<<t.log
			t.deltaFind[s] = total - 1
			total++
		default:
			out := uint32(t.log) - uint32(bits.Len16(uint16(n-1))-1)
			t.deltaBits[s] = out<<16 - uint32(n)<<out
			t.deltaFind[s] = total - int32(n)
			total += int32(n)
		}
	}
	return nil
}

// first is the state that an encoder begins with.
func (t *table) first(sym uint8) uint32 {
	if t.mode == single {
		return 0
	}
	nb := (t.deltaBits[sym] + 1<<15) >> 16
	v := nb<<16 - t.deltaBits[sym]
	return uint32(t.enc[int32(v>>nb)+t.deltaFind[sym]])
}

// put encodes a symbol.
func (t *table) put(w *bitWriter, state uint32, sym uint8) uint32 {
	if t.mode == single {
		return 0
	}
	nb := (state + t.deltaBits[sym]) >> 16
	w.add(uint64(state)&(1<<nb-1), uint(nb))
	return uint32(t.enc[int32(state>>nb)+t.deltaFind[sym]])
}

// readTable reads the description of a table; used is its length.
func readTable(b []byte, symbols int, most uint) (t *table, used int, err error) {
	if len(b) == 0 {
		return nil, 0, errDamaged
	}
	log := uint(b[0]&15) + 5
	if log > most {
		return nil, 0, errDamaged
	}
	at := 4 // in bits
	read := func(n int) (v int) {
		for i := range n {
			if k := (at + i) >> 3; k < len(b) {
				v |= int(b[k]>>((at+i)&7)&1) << i
			}
		}
		return v
	}
	var norm []int16
	for left := 1 << log; left > 0; {
		if len(norm) >= symbols || at>>3 >= len(b) {
			return nil, 0, errDamaged
		}
		n := bits.Len(uint(left + 1))
		v := read(n)
		low, limit := 1<<(n-1)-1, 1<<n-1-(left+1)
		switch {
		case v&low < limit:
			v &= low
			at += n - 1
		default:
			if v > low {
				v -= limit
			}
			at += n
		}
		p := v - 1
		left -= max(p, -p)
		norm = append(norm, int16(p))
		for p == 0 {
			rep := read(2)
			at += 2
			norm = append(norm, make([]int16, rep)...)
			if rep < 3 {
				break
			}
		}
		if left < 0 || len(norm) > symbols {
			return nil, 0, errDamaged
		}
	}
	used = (at + 7) / 8
	if used > len(b) {
		return nil, 0, errDamaged
	}
	t, err = newTable(described, log, norm, b[:used])
	return t, used, err
}

// bitReader reads a bit stream from its end.
type bitReader struct {
	b    []byte
	acc  uint64
	have uint // bits of acc, from its top
	over bool // more was read than there is
}

func newBitReader(b []byte) (bitReader, error) {
	if len(b) == 0 || b[len(b)-1] == 0 {
		return bitReader{}, errDamaged
	}
	r := bitReader{b: b}
	r.fill()
	pad := uint(bits.LeadingZeros8(b[len(b)-1])) + 1
	r.acc <<= pad
	r.have -= pad
	return r, nil
}

// fill makes 56 bits available, or all that are left.
func (r *bitReader) fill() {
	for r.have <= 56 && len(r.b) > 0 {
		r.acc |= uint64(r.b[len(r.b)-1]) << (56 - r.have)
		r.b = r.b[:len(r.b)-1]
		r.have += 8
	}
}

func (r *bitReader) read(n uint8) uint32 {
	if uint(n) > r.have {
		if r.fill(); uint(n) > r.have {
			r.over = true
			return 0
		}
	}
	v := uint32(r.acc >> 1 >> (63 - n))
	r.acc <<= n
	r.have -= uint(n)
	return v
}

// bitWriter writes a bit stream that a bitReader reads back.
type bitWriter struct {
	out  []byte
	acc  uint64
	have uint
}

func (w *bitWriter) add(v uint64, n uint) {
	w.acc |= v << w.have
	w.have += n
	for w.have >= 32 {
		w.out = append(w.out, byte(w.acc), byte(w.acc>>8), byte(w.acc>>16), byte(w.acc>>24))
		w.acc >>= 32
		w.have -= 32
	}
}

func (w *bitWriter) close() {
	w.add(1, 1)
	for w.have > 0 {
		w.out = append(w.out, byte(w.acc))
		w.acc >>= 8
		w.have -= min(8, w.have)
	}
}

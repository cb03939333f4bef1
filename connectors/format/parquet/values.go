package parquet

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Encodings of the format.
const (
	ePlain      = 0
	ePlainDict  = 2
	eRLE        = 3
	eBitPacked  = 4
	eDeltaInt   = 5
	eDeltaLen   = 6
	eDeltaBytes = 7
	eRLEDict    = 8
	eSplit      = 9
)

var errValues = errors.New("the values of a page are damaged")

// values are the values of a page or dictionary that are not null: indices into
// the dictionary, byte arrays (data[lo[i]:hi[i]]), or values of a fixed width.
// Booleans take a byte.
type values struct {
	n      int
	isDict bool
	idx    []uint32
	width  int
	data   []byte
	lo, hi []uint32
}

func (v *values) at(i int) []byte {
	if v.width > 0 {
		return v.data[i*v.width : (i+1)*v.width]
	}
	return v.data[v.lo[i]:v.hi[i]]
}

// decodeValues reads n values of a column in the given encoding. dict is the
// number of entries of the dictionary, -1 when there is none.
func decodeValues(l *leaf, enc int64, b []byte, n, dict int) (values, error) {
	return (&values{}).decode(l, enc, b, n, dict)
}

// decode is decodeValues with the memory of values that are not needed any more.
func (old *values) decode(l *leaf, enc int64, b []byte, n, dict int) (values, error) {
	v := values{n: n, width: l.width}
	if n == 0 {
		v.isDict = enc == ePlainDict || enc == eRLEDict
		return v, nil
	}
	var err error
	switch {
	case enc == ePlainDict || enc == eRLEDict:
		return decodeIndices(old.idx, b, n, dict)
	case enc == ePlain && l.typ == pBool:
		if (n+7)/8 > len(b) {
			return v, errValues
		}
		v.data = unpackSmall(make([]byte, 0, n), b, 1, n)
	case enc == ePlain && l.width > 0:
		if n > len(b)/l.width {
			return v, errValues
		}
		v.data = b[:n*l.width]
	case enc == ePlain:
		v.lo, v.hi = room(old.lo, n, len(b)/4), room(old.hi, n, len(b)/4)
		err = v.plainBytes(b)
	case enc == eRLE && l.typ == pBool:
		if len(b) < 4 {
			return v, errValues
		}
		v.data, err = unpackLevels(b[4:], 1, n)
	case enc == eDeltaInt && (l.typ == pInt32 || l.typ == pInt64):
		v.data, err = v.deltaInts(b, n)
	case enc == eDeltaLen && l.typ == pBytes:
		err = v.deltaLengths(b)
	case enc == eDeltaBytes && (l.typ == pBytes || l.typ == pFixed):
		err = v.deltaBytes(b)
	case enc == eSplit && l.width > 1:
		v.data, err = unsplit(b, l.width, n)
	default:
		err = fmt.Errorf("values in the encoding %d cannot be read", enc)
	}
	return v, err
}

// decodeIndices reads n indices into a dictionary. They use buf when it is large
// enough.
func decodeIndices(buf []uint32, b []byte, n, dict int) (values, error) {
	v := values{n: n, isDict: true}
	if len(b) < 1 || dict < 0 {
		return v, errIndices
	}
	var err error
	if v.idx, err = unpackHybrid(buf, b[1:], int(b[0]), n, errIndices); err != nil {
		return v, err
	}
	for _, i := range v.idx {
		if int(i) >= dict {
			return v, errIndices
		}
	}
	return v, nil
}

func (v *values) plainBytes(b []byte) error {
	if v.n > len(b)/4 {
		return errValues
	}
	v.data = b
	p := 0
	for i := range v.n {
		if len(b)-p < 4 {
			return errValues
		}
		k := int(binary.LittleEndian.Uint32(b[p:]))
		p += 4
		if k > len(b)-p {
			return errValues
		}
		v.lo[i], v.hi[i] = uint32(p), uint32(p+k)
		p += k
	}
	return nil
}

// room returns n places, those of old when they are enough; nil when there are more
// than there can be.
func room(old []uint32, n, most int) []uint32 {
	switch {
	case n > most:
		return nil
	case cap(old) < n:
		return make([]uint32, n)
	}
	return old[:n]
}

// unpackDelta decodes DELTA_BINARY_PACKED integers, at most n of them, and
// returns what follows them.
func unpackDelta(b []byte, n int) (out []int64, rest []byte, err error) {
	s := scanner{b: b}
	block, minis, total, first := s.uvarint(), s.uvarint(), s.uvarint(), s.varint()
	if s.err != nil || block == 0 || block > 1<<20 || minis == 0 || block%minis != 0 || block/minis%8 != 0 || total > uint64(n) {
		return nil, nil, errValues
	}
	if total == 0 {
		return nil, b[s.p:], nil
	}
	per := int(block / minis)
	out = make([]int64, 1, total)
	out[0] = first
	for len(out) < int(total) {
		least := s.varint()
		widths := s.take(minis)
		for _, w := range widths {
			if len(out) == int(total) {
				break
			}
			if w > 64 {
				return nil, nil, errValues
			}
			k := min(per, int(total)-len(out))
			bytes := min(per*int(w)/8, len(s.b)-s.p) // the padding of the last one may be cut
			if bytes*8 < k*int(w) {
				return nil, nil, errValues
			}
			out = sumDeltas(out, s.take(uint64(bytes)), int(w), k, least)
		}
		if s.err != nil {
			return nil, nil, errValues
		}
	}
	return out, b[s.p:], nil
}

func sumDeltas(out []int64, b []byte, width, n int, least int64) []int64 {
	last := out[len(out)-1]
	for i := range n {
		var v uint64
		bit := i * width
		for got := 0; got < width; {
			k := min(8-bit&7, width-got)
			v |= uint64(b[bit>>3]>>(bit&7)&(1<<k-1)) << got
			got += k
			bit += k
		}
		last += least + int64(v)
		out = append(out, last)
	}
	return out
}

func (v *values) deltaInts(b []byte, n int) ([]byte, error) {
	ints, _, err := unpackDelta(b, n)
	if err != nil || len(ints) != n {
		return nil, errValues
	}
	out := make([]byte, 0, n*v.width)
	for _, x := range ints {
		if v.width == 4 {
			out = binary.LittleEndian.AppendUint32(out, uint32(x))
		} else {
			out = binary.LittleEndian.AppendUint64(out, uint64(x))
		}
	}
	return out, nil
}

func (v *values) deltaLengths(b []byte) error {
	lens, rest, err := unpackDelta(b, v.n)
	if err != nil || len(lens) != v.n {
		return errValues
	}
	v.data, v.lo, v.hi = rest, make([]uint32, v.n), make([]uint32, v.n)
	p := 0
	for i, k := range lens {
		if k < 0 || k > int64(len(rest)-p) {
			return errValues
		}
		v.lo[i], v.hi[i] = uint32(p), uint32(p+int(k))
		p += int(k)
	}
	return nil
}

// maxPage bounds what a page is and may expand to: it is held in memory as a whole, with the
// values taken out of it, by each of the workers. Writers make pages of 1 to 100 MB.
const maxPage = 160 << 20

func (v *values) deltaBytes(b []byte) error {
	pre, rest, err := unpackDelta(b, v.n)
	if err != nil || len(pre) != v.n {
		return errValues
	}
	lens, rest, err := unpackDelta(rest, v.n)
	if err != nil || len(lens) != v.n {
		return errValues
	}
	v.lo, v.hi = make([]uint32, v.n), make([]uint32, v.n)
	var last []byte
	for i := range v.n {
		if pre[i] < 0 || pre[i] > int64(len(last)) || lens[i] < 0 || lens[i] > int64(len(rest)) {
			return errValues
		}
		if len(v.data) > maxPage {
			return errLargePage
		}
		at := len(v.data)
		v.data = append(append(v.data, last[:pre[i]]...), rest[:lens[i]]...)
		rest = rest[lens[i]:]
		last = v.data[at:]
		v.lo[i], v.hi[i] = uint32(at), uint32(len(v.data))
		if v.width > 0 && len(last) != v.width {
			return errValues
		}
	}
	if v.width > 0 {
		v.lo, v.hi = nil, nil
	}
	return nil
}

// unsplit undoes BYTE_STREAM_SPLIT.
func unsplit(b []byte, width, n int) ([]byte, error) {
	if n > len(b)/width {
		return nil, errValues
	}
	out := make([]byte, n*width)
	for k := range width {
		for i := range n {
			out[i*width+k] = b[k*n+i]
		}
	}
	return out, nil
}

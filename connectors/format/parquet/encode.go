package parquet

import (
	"encoding/binary"
	"fmt"
	"math/bits"

	"github.com/parquet-go/parquet-go/encoding/delta"
)

// encodeValues is the inverse of decodeValues; dict is the number of entries of
// the dictionary that indices point into.
func encodeValues(l *leaf, enc int64, v *values, dict int) ([]byte, error) {
	switch {
	case v.isDict:
		width := bits.Len(uint(max(dict-1, 0)))
		return packHybrid([]byte{byte(width)}, v.idx, width), nil
	case enc == ePlain && l.typ == pBool:
		packed := packBits(nil, v.data[:v.n], 1)
		_, k := binary.Uvarint(packed)
		return packed[k : k+(v.n+7)/8], nil
	case enc == ePlain && l.width > 0:
		return v.data[:v.n*l.width], nil
	case enc == ePlain:
		size := 4 * v.n
		for i := range v.n {
			size += int(v.hi[i] - v.lo[i])
		}
		return appendPlain(make([]byte, 0, size), v), nil
	case enc == eRLE && l.typ == pBool:
		b := packHybrid(make([]byte, 4), v.data[:v.n], 1)
		binary.LittleEndian.PutUint32(b, uint32(len(b)-4))
		return b, nil
	case enc == eDeltaInt:
		return deltaInts(l, v)
	case enc == eDeltaLen:
		data, offsets := v.dense()
		return wrapEncode((&delta.LengthByteArrayEncoding{}).EncodeByteArray(nil, data, offsets))
	case enc == eDeltaBytes && l.width > 0:
		return wrapEncode((&delta.ByteArrayEncoding{}).EncodeFixedLenByteArray(nil, v.data, l.width))
	case enc == eDeltaBytes:
		data, offsets := v.dense()
		return wrapEncode((&delta.ByteArrayEncoding{}).EncodeByteArray(nil, data, offsets))
	case enc == eSplit:
		out := make([]byte, v.n*l.width)
		for i := range v.n {
			for k := range l.width {
				out[k*v.n+i] = v.data[i*l.width+k]
			}
		}
		return out, nil
	}
	return nil, fmt.Errorf("values in the encoding %d cannot be written", enc)
}

func wrapEncode(b []byte, err error) ([]byte, error) {
	if err != nil {
		return nil, fmt.Errorf("encoding the values of a page: %w", err)
	}
	return b, nil
}

// appendPlain appends byte arrays, each behind its length.
func appendPlain(out []byte, v *values) []byte {
	for i := range v.n {
		out = binary.LittleEndian.AppendUint32(out, v.hi[i]-v.lo[i])
		out = append(out, v.data[v.lo[i]:v.hi[i]]...)
	}
	return out
}

// dense lays the byte arrays one behind the other.
func (v *values) dense() ([]byte, []uint32) {
	var data []byte
	offsets := make([]uint32, 1, v.n+1)
	for i := range v.n {
		data = append(data, v.at(i)...)
		offsets = append(offsets, uint32(len(data)))
	}
	return data, offsets
}

func deltaInts(l *leaf, v *values) ([]byte, error) {
	if l.width == 4 {
		ints := make([]int32, v.n)
		for i := range ints {
			ints[i] = int32(binary.LittleEndian.Uint32(v.at(i)))
		}
		return wrapEncode((&delta.BinaryPackedEncoding{}).EncodeInt32(nil, ints))
	}
	ints := make([]int64, v.n)
	for i := range ints {
		ints[i] = int64(binary.LittleEndian.Uint64(v.at(i)))
	}
	return wrapEncode((&delta.BinaryPackedEncoding{}).EncodeInt64(nil, ints))
}

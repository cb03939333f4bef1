package parquet

import (
	"encoding/binary"
	"errors"

	"github.com/cespare/xxhash/v2"
)

var errBloom = errors.New("a bloom filter is damaged")

// salts are the constants of the split block filter, from the format.
var salts = [8]uint32{0x47b6137b, 0x44974d91, 0x8824ad5b, 0xa2b7289d, 0x705495c7, 0x2df1424b, 0x9efc4947, 0x5c6bfb31}

// bloom is a split block bloom filter that is filled anew.
type bloom struct {
	head []byte // the header as it was
	bits []byte
}

// emptyBloom returns an empty filter of the size and kind of an old one; nil when
// that is of a kind that is not known.
func emptyBloom(old []byte) *bloom {
	rec, k, err := parseRecord(old)
	n := rec.int(1, -1)
	if err != nil || n < 32 || n%32 != 0 || n > int64(len(old)-k) {
		return nil
	}
	for _, id := range []int16{2, 3, 4} { // algorithm, hash, compression: the first of each
		if !rec.sub(id).has(1) {
			return nil
		}
	}
	return &bloom{head: old[:k], bits: make([]byte, n)}
}

// add puts a value in, as PLAIN without a length.
func (b *bloom) add(v []byte) {
	h := xxhash.Sum64(v)
	block := b.bits[(h>>32)*uint64(len(b.bits)/32)>>32*32:]
	for i, salt := range salts {
		w := block[4*i : 4*i+4]
		binary.LittleEndian.PutUint32(w, binary.LittleEndian.Uint32(w)|1<<(uint32(h)*salt>>27))
	}
}

func (b *bloom) encode() []byte { return append(append([]byte(nil), b.head...), b.bits...) }

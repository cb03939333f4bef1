package extract

import (
	"cmp"
	"encoding/binary"
	"hash/crc32"
	"slices"

	"github.com/apache/arrow/go/v17/arrow"

	"github.com/cratio/sutra/connectors"
)

// Sum digests a record given as the names and values of its columns, nulls left
// out. It equals the Sum of the sighting made of the same record.
func Sum(h Hasher, values map[string]string) uint64 {
	names := make([]string, 0, len(values))
	for k := range values {
		names = append(names, k)
	}
	slices.SortFunc(names, cmp.Compare)
	var msg []byte
	for _, k := range names {
		msg = appendValue(msg, nameTag(k), values[k])
	}
	sum, _ := digest(h, msg, len(names))
	return sum
}

// nameTag stands for the name of a column in a digest.
func nameTag(name string) uint32 { return crc32.ChecksumIEEE([]byte(name)) }

// appendValue appends a value with its column's tag and its length in front.
func appendValue(msg []byte, tag uint32, v string) []byte {
	return append(binary.LittleEndian.AppendUint64(msg, uint64(tag)<<32|uint64(uint32(len(v)))), v...)
}

// digest ends a message of n names and values, which are filled up to a multiple of
// sumBlock with their number at its end, and digests it. The sum is never 0, which
// means that there is none. It returns the message too, for its memory.
func digest(h Hasher, msg []byte, n int) (uint64, []byte) {
	var fill [sumBlock]byte
	used := (len(msg) + 4) % sumBlock
	msg = append(msg, fill[:(sumBlock-used)%sumBlock]...)
	msg = binary.LittleEndian.AppendUint32(msg, uint32(n))
	return max(h.Sum(msg), 1), msg
}

// sumBlock is the length, in bytes, of what the digest takes in at a time.
const sumBlock = 32

// RowSums digests records of one batch after the other.
type RowSums struct {
	h      Hasher
	schema *arrow.Schema
	byName []int // columns in the order of their names, without that of the locators
	tags   []uint32
	msg    []byte
}

// NewRowSums makes one that hashes with h.
func NewRowSums(h Hasher) *RowSums { return &RowSums{h: h} }

// Sum digests a record. It equals the Sum of the sighting made of the same record.
func (s *RowSums) Sum(rows arrow.Record, row int) uint64 {
	if s.schema != rows.Schema() {
		s.schema, s.byName, s.tags = rows.Schema(), s.byName[:0], s.tags[:0]
		for i := 1; i < int(rows.NumCols()); i++ {
			s.byName = append(s.byName, i)
		}
		name := func(i int) string { return s.schema.Field(i).Name }
		slices.SortStableFunc(s.byName, func(a, b int) int { return cmp.Compare(name(a), name(b)) })
		for _, i := range s.byName {
			s.tags = append(s.tags, nameTag(name(i)))
		}
	}
	msg, n := s.msg[:0], 0
	for k, i := range s.byName {
		if v, ok := connectors.Value(rows, i, row); ok {
			msg = appendValue(msg, s.tags[k], v)
			n++
		}
	}
	var sum uint64
	sum, s.msg = digest(s.h, msg, n)
	return sum
}

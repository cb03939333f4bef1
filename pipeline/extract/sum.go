package extract

import (
	"cmp"
	"encoding/binary"
	"slices"
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
		msg = appendPart(appendPart(msg, k), values[k])
	}
	sum, _ := digest(h, msg, len(names))
	return sum
}

// appendPart appends a name or a value with its length in front.
func appendPart(msg []byte, p string) []byte {
	return append(binary.LittleEndian.AppendUint32(msg, uint32(len(p))), p...)
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

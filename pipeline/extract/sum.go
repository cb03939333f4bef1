package extract

import (
	"cmp"
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
	parts := make([][]byte, 0, 2*len(names))
	for _, k := range names {
		parts = append(parts, []byte(k), []byte(values[k]))
	}
	return digest(h, parts)
}

// digest is never 0, which means that there is none.
func digest(h Hasher, parts [][]byte) uint64 {
	if s := h.Sum(parts...); s != 0 {
		return s
	}
	return 1
}

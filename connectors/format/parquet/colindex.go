package parquet

import (
	"encoding/binary"
)

// colIndex is the column index of a chunk: the bounds of each page.
type colIndex struct {
	rec      record
	null     []bool
	min, max [][]byte
	nulls    []int64 // nil when the index does not count them
}

// parseColIndex reads a column index of so many pages; nil when it is another
// one.
func parseColIndex(l *leaf, raw []byte, pages int) *colIndex {
	rec, _, err := parseRecord(raw)
	if err != nil {
		return nil
	}
	x := &colIndex{rec: rec}
	elem, list := rec.list(1)
	if elem > tFalse {
		return nil
	}
	for _, b := range list {
		x.null = append(x.null, b[0] == tTrue)
	}
	for _, id := range []int16{2, 3} {
		elem, list := rec.list(id)
		if elem != tBinary && len(list) > 0 {
			return nil
		}
		var vals [][]byte
		for _, b := range list {
			s := scanner{b: b}
			vals = append(vals, s.take(s.uvarint()))
		}
		if len(vals) != pages {
			return nil
		}
		if id == 2 {
			x.min = vals
		} else {
			x.max = vals
		}
	}
	if elem, list := rec.list(5); elem == tI64 && len(list) == pages {
		x.nulls = make([]int64, 0, pages)
		for _, b := range list {
			s := scanner{b: b}
			x.nulls = append(x.nulls, s.varint())
		}
	}
	if len(x.null) != pages || pages == 0 {
		return nil
	}
	for i, null := range x.null {
		if !null && l.width > 0 && (len(x.min[i]) != l.width || len(x.max[i]) != l.width) {
			return nil
		}
	}
	return x
}

// keep drops the entries of the pages that went.
func (x *colIndex) keep(stays func(page int) bool) {
	n := 0
	for i := range x.null {
		if !stays(i) {
			continue
		}
		x.null[n], x.min[n], x.max[n] = x.null[i], x.min[i], x.max[i]
		if x.nulls != nil {
			x.nulls[n] = x.nulls[i]
		}
		n++
	}
	x.null, x.min, x.max = x.null[:n], x.min[:n], x.max[:n]
	if x.nulls != nil {
		x.nulls = x.nulls[:n]
	}
}

// encode writes the index anew. What it counted of levels is left out, and the
// order of the pages is kept only if it still holds.
func (x *colIndex) encode(l *leaf) []byte {
	rec := x.rec.clone()
	rec.drop(5, 6, 7)
	bits := make([][]byte, len(x.null))
	for i, null := range x.null {
		bits[i] = []byte{tFalse}
		if null {
			bits[i] = []byte{tTrue}
		}
	}
	rec.setList(1, tTrue, bits)
	for id, vals := range map[int16][][]byte{2: x.min, 3: x.max} {
		items := make([][]byte, len(vals))
		for i, v := range vals {
			items[i] = appendBinary(v)
		}
		rec.setList(id, tBinary, items)
	}
	if !x.ordered(l, rec.int(4, 0)) {
		rec.setInt(4, tI32, 0)
	}
	if x.nulls != nil {
		items := make([][]byte, len(x.nulls))
		for i, n := range x.nulls {
			items[i] = binary.AppendVarint(nil, n)
		}
		rec.setList(5, tI64, items)
	}
	return rec.encode(nil)
}

// ordered reports whether the bounds rise (1) or fall (2) from page to page, as
// the index says; 0 says nothing.
func (x *colIndex) ordered(l *leaf, how int64) bool {
	compare := l.order()
	if how != 1 && how != 2 || compare == nil {
		return how == 0
	}
	last := -1
	for i, null := range x.null {
		if null {
			continue
		}
		if last >= 0 {
			a, b := compare(x.min[last], x.min[i]), compare(x.max[last], x.max[i])
			if how == 1 && (a > 0 || b > 0) || how == 2 && (a < 0 || b < 0) {
				return false
			}
		}
		last = i
	}
	return true
}

package lineage

import (
	"encoding/binary"
	"slices"
)

// name16 is the name of an entry: a token (postings), or unit, generation and number
// of a block.
type name16 [16]byte

func compareNames(a, b *name16) int {
	x, y := binary.BigEndian.Uint64(a[:]), binary.BigEndian.Uint64(b[:])
	if x == y {
		x, y = binary.BigEndian.Uint64(a[8:]), binary.BigEndian.Uint64(b[8:])
	}
	switch {
	case x < y:
		return -1
	case x > y:
		return 1
	}
	return 0
}

func blockName(unit uint32, gen uint64, no uint32) (n name16) {
	binary.BigEndian.PutUint32(n[:], unit)
	binary.BigEndian.PutUint64(n[4:], gen)
	binary.BigEndian.PutUint32(n[12:], no)
	return n
}

func (n *name16) unit() uint32       { return binary.BigEndian.Uint32(n[:]) }
func (n *name16) generation() uint64 { return binary.BigEndian.Uint64(n[4:]) }
func (n *name16) number() uint32     { return binary.BigEndian.Uint32(n[12:]) }

// page is a run of entries in ascending order. Of a name it holds what differs from
// the name before: what follows the bytes that they share, or the one byte that tells the
// tokens of rows that are neighbours.
type page struct {
	data  []byte
	last  name16
	first name16
}

func (p *page) reset() { *p = page{data: p.data[:0]} }

func (p *page) add(name *name16, value []byte) {
	k := 0
	if len(p.data) == 0 {
		p.first = *name
	} else {
		for k < 16 && name[k] == p.last[k] {
			k++
		}
	}
	if k == restAt && [8]byte(name[8:]) == [8]byte(p.last[8:]) {
		p.data = append(p.data, restAt|oneByte, name[restAt])
	} else {
		p.data = append(append(p.data, byte(k)), name[k:]...)
	}
	p.data = append(binary.AppendUvarint(p.data, uint64(len(value))), value...)
	p.last = *name
}

// oneByte is set in the number of shared bytes when the name differs only in the one
// behind them.
const oneByte = 1 << 5

// entries reads a page.
type entries struct {
	data  []byte
	name  name16
	value []byte // part of data
}

// next goes to the next entry; ok is false at the end. A damaged page is an error.
func (e *entries) next() (ok bool, err error) {
	if len(e.data) == 0 {
		return false, nil
	}
	k, own := int(e.data[0]), 16-int(e.data[0])
	if k == restAt|oneByte {
		k, own = restAt, 1
	}
	if k > 16 || len(e.data) < own+2 {
		return false, errBlock
	}
	copy(e.name[k:], e.data[1:1+own])
	rest := e.data[1+own:]
	n, w := binary.Uvarint(rest)
	if w <= 0 || n > uint64(len(rest)-w) {
		return false, errBlock
	}
	e.value, e.data = rest[w:w+int(n)], rest[w+int(n):]
	return true, nil
}

// chunkRIDs is how many ids one entry of postings holds at most.
const chunkRIDs = 1024

// appendRIDs writes ids, which are in ascending order: the difference of the units,
// then the row, or its difference within one unit.
func appendRIDs(out []byte, rids []RID) []byte {
	unit, row := uint32(0), uint32(0)
	for _, r := range rids {
		u, n := r.Unit(), uint32(r)
		out = binary.AppendUvarint(out, uint64(u-unit))
		if u != unit {
			row = 0
		}
		out = binary.AppendUvarint(out, uint64(n-row))
		unit, row = u, n
	}
	return out
}

// readRIDs appends the ids in a value to a list.
func readRIDs(out []RID, v []byte) ([]RID, error) {
	unit, row := uint64(0), uint64(0)
	d := decoder{in: v}
	for len(d.in) > 0 {
		du, dr := d.uint(), d.uint()
		if du > 0 {
			unit, row = unit+du, 0
		}
		row += dr
		if d.bad || unit > 1<<32-1 || row > 1<<32-1 || du > 1<<32-1 || dr > 1<<32-1 {
			return out, errBlock
		}
		out = append(out, RID(unit<<32|row))
	}
	if d.bad {
		return out, errBlock
	}
	return out, nil
}

// sortRIDs brings ids that were put together from several lists into order, each
// once.
func sortRIDs(rids []RID) []RID {
	if !slices.IsSorted(rids) {
		slices.Sort(rids)
	}
	return slices.Compact(rids)
}

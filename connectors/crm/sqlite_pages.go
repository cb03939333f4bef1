package crm

import "encoding/binary"

// The kinds of b-tree pages.
const (
	indexInner = 2
	tableInner = 5
	indexLeaf  = 10
	tableLeaf  = 13
)

// page is the header of a b-tree page.
type page struct {
	kind                   byte
	header, array, content int
	cells                  int
}

func (pg page) inner() bool { return pg.kind == indexInner || pg.kind == tableInner }

func (p *pages) parse(n uint32, b []byte) (page, error) {
	pg := page{}
	if n == 1 {
		pg.header = 100
	}
	pg.kind = b[pg.header]
	switch pg.kind {
	case tableLeaf, indexLeaf:
		pg.array = pg.header + 8
	case tableInner, indexInner:
		pg.array = pg.header + 12
	default:
		return pg, errPages
	}
	pg.cells = int(binary.BigEndian.Uint16(b[pg.header+3:]))
	if pg.content = int(binary.BigEndian.Uint16(b[pg.header+5:])); pg.content == 0 {
		pg.content = 65536
	}
	if pg.array+2*pg.cells > pg.content || pg.content > p.usable {
		return pg, errPages
	}
	return pg, nil
}

// cell follows the overflow chain of a cell and returns its left child.
func (p *pages) cell(pg page, b []byte, at int) (kid uint32, err error) {
	if at < pg.content || at+4 > p.usable {
		return 0, errPages
	}
	if pg.inner() {
		kid = binary.BigEndian.Uint32(b[at:])
		at += 4
	}
	if pg.kind == tableInner {
		return kid, nil
	}
	size, w := varint(b[at:p.usable])
	at += w
	if pg.kind == tableLeaf {
		_, w2 := varint(b[at:p.usable])
		at, w = at+w2, min(w, w2)
	}
	if w == 0 {
		return 0, errPages
	}
	local, spills := p.local(pg.kind, size)
	if !spills {
		return kid, nil
	}
	if at+local+4 > p.usable {
		return 0, errPages
	}
	return kid, p.chain(binary.BigEndian.Uint32(b[at+local:]), size-uint64(local))
}

// local is how much of a payload stands on the page itself.
func (p *pages) local(kind byte, size uint64) (int, bool) {
	u := uint64(p.usable)
	most := u - 35
	if kind != tableLeaf {
		most = (u-12)*64/255 - 23
	}
	if size <= most {
		return int(size), false
	}
	least := (u-12)*32/255 - 23
	if k := least + (size-least)%(u-4); k <= most {
		return int(k), true
	}
	return int(least), true
}

// chain walks the overflow pages of one payload and wipes the tail of the last.
func (p *pages) chain(n uint32, left uint64) error {
	for {
		b, err := p.load(n)
		if err != nil {
			return err
		}
		room := uint64(p.usable - 4)
		if left > room {
			left -= room
			n = binary.BigEndian.Uint32(b)
			continue
		}
		if wipe(b, 4+int(left), p.usable) {
			return p.store(n, b)
		}
		return nil
	}
}

// varint reads a variable-length integer; the width is 0 when it is cut short.
func varint(b []byte) (v uint64, width int) {
	for i := range min(len(b), 9) {
		if i == 8 {
			return v<<8 | uint64(b[i]), 9
		}
		v = v<<7 | uint64(b[i]&0x7f)
		if b[i] < 0x80 {
			return v, i + 1
		}
	}
	return 0, 0
}

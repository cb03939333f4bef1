package parquet

import (
	"encoding/binary"
	"errors"
	"math"
)

// Types of the Thrift compact protocol.
const (
	tTrue   = 1
	tFalse  = 2
	tByte   = 3
	tI16    = 4
	tI32    = 5
	tI64    = 6
	tDouble = 7
	tBinary = 8
	tList   = 9
	tSet    = 10
	tMap    = 11
	tStruct = 12
)

const maxThriftDepth = 32

var (
	errShort  = errors.New("the metadata ends too early")
	errThrift = errors.New("the metadata is damaged")
)

// tfield is one field of a struct with its value as it stands in the bytes. A
// boolean has its value in typ and no raw bytes.
type tfield struct {
	id  int16
	typ byte
	raw []byte
}

// record is a struct whose fields keep their order, and whose values keep their
// bytes, unknown ones included.
type record []tfield

// scanner walks over bytes of the compact protocol. The first error sticks.
type scanner struct {
	b   []byte
	p   int
	err error
}

func (s *scanner) fail(err error) {
	if s.err == nil {
		s.err = err
	}
}

func (s *scanner) byte() byte {
	if s.err != nil || s.p >= len(s.b) {
		s.fail(errShort)
		return 0
	}
	s.p++
	return s.b[s.p-1]
}

func (s *scanner) uvarint() uint64 {
	if s.err != nil {
		return 0
	}
	v, n := binary.Uvarint(s.b[s.p:])
	switch {
	case n == 0:
		s.fail(errShort)
		return 0
	case n < 0:
		s.fail(errThrift)
		return 0
	}
	s.p += n
	return v
}

func (s *scanner) varint() int64 {
	u := s.uvarint()
	return int64(u>>1) ^ -int64(u&1)
}

func (s *scanner) take(n uint64) []byte {
	if s.err != nil || n > uint64(len(s.b)-s.p) {
		s.fail(errShort)
		return nil
	}
	s.p += int(n)
	return s.b[s.p-int(n) : s.p]
}

// skip passes over a value of type t; elem says that a boolean stands as a byte
// of its own, as it does in a list.
func (s *scanner) skip(t byte, elem bool, depth int) {
	if depth > maxThriftDepth {
		s.fail(errThrift)
	}
	if s.err != nil {
		return
	}
	switch t {
	case tTrue, tFalse:
		if elem {
			s.byte()
		}
	case tByte:
		s.byte()
	case tI16, tI32, tI64:
		s.uvarint()
	case tDouble:
		s.take(8)
	case tBinary:
		s.take(s.uvarint())
	case tList, tSet:
		et, n := s.listHead()
		for ; n > 0 && s.err == nil; n-- {
			s.skip(et, true, depth+1)
		}
	case tMap:
		s.skipMap(depth)
	case tStruct:
		s.fields(depth, nil)
	default:
		s.fail(errThrift)
	}
}

func (s *scanner) skipMap(depth int) {
	n := s.uvarint()
	if n == 0 {
		return
	}
	kv := s.byte()
	for ; n > 0 && s.err == nil; n-- {
		s.skip(kv>>4, true, depth+1)
		s.skip(kv&15, true, depth+1)
	}
}

func (s *scanner) listHead() (elem byte, n uint64) {
	h := s.byte()
	n = uint64(h >> 4)
	if n == 15 {
		n = s.uvarint()
	}
	if n > uint64(len(s.b)-s.p) {
		s.fail(errShort)
		return 0, 0
	}
	return h & 15, n
}

// fields walks over a struct to its end and, with out, collects its fields.
func (s *scanner) fields(depth int, out *record) {
	id := int64(0)
	for s.err == nil {
		h := s.byte()
		if h == 0 {
			return
		}
		if h>>4 != 0 {
			id += int64(h >> 4)
		} else {
			id = s.varint()
		}
		if id < math.MinInt16 || id > math.MaxInt16 {
			s.fail(errThrift)
			return
		}
		at := s.p
		s.skip(h&15, false, depth+1)
		if out != nil && s.err == nil {
			*out = append(*out, tfield{int16(id), h & 15, s.b[at:s.p]})
		}
	}
}

// parseRecord reads a struct from the beginning of b and says how many bytes it
// took. errShort means that b ends before the struct does.
func parseRecord(b []byte) (record, int, error) {
	s := scanner{b: b}
	var r record
	s.fields(0, &r)
	return r, s.p, s.err
}

func (r record) find(id int16) *tfield {
	for i := range r {
		if r[i].id == id {
			return &r[i]
		}
	}
	return nil
}

func (r record) has(id int16) bool { return r.find(id) != nil }

// int returns an integer field, or def when it is absent or of another type.
func (r record) int(id int16, def int64) int64 {
	f := r.find(id)
	if f == nil {
		return def
	}
	switch f.typ {
	case tI16, tI32, tI64:
		s := scanner{b: f.raw}
		return s.varint()
	case tByte:
		return int64(int8(f.raw[0]))
	}
	return def
}

func (r record) bool(id int16, def bool) bool {
	if f := r.find(id); f != nil && f.typ <= tFalse {
		return f.typ == tTrue
	}
	return def
}

// text returns the bytes of a binary field, nil when there is none.
func (r record) text(id int16) []byte {
	f := r.find(id)
	if f == nil || f.typ != tBinary {
		return nil
	}
	s := scanner{b: f.raw}
	return s.take(s.uvarint())
}

// sub returns a field that is a struct, nil when there is none.
func (r record) sub(id int16) record {
	f := r.find(id)
	if f == nil || f.typ != tStruct {
		return nil
	}
	out, _, err := parseRecord(f.raw)
	if err != nil {
		return nil
	}
	return out
}

// list returns the raw elements of a list field and their type.
func (r record) list(id int16) (elem byte, out [][]byte) {
	f := r.find(id)
	if f == nil || f.typ != tList {
		return 0, nil
	}
	s := scanner{b: f.raw}
	et, n := s.listHead()
	for ; n > 0 && s.err == nil; n-- {
		at := s.p
		s.skip(et, true, 0)
		out = append(out, s.b[at:s.p])
	}
	if s.err != nil {
		return et, nil
	}
	return et, out
}

// set replaces a field, or puts it where its id belongs.
func (r *record) set(id int16, typ byte, raw []byte) {
	if f := r.find(id); f != nil {
		f.typ, f.raw = typ, raw
		return
	}
	at := len(*r)
	for i, f := range *r {
		if f.id > id {
			at = i
			break
		}
	}
	*r = append(*r, tfield{})
	copy((*r)[at+1:], (*r)[at:])
	(*r)[at] = tfield{id, typ, raw}
}

// setInt sets an integer field. An existing field keeps its width.
func (r *record) setInt(id int16, typ byte, v int64) {
	r.set(id, typ, binary.AppendVarint(nil, v))
}

func (r *record) setList(id int16, elem byte, items [][]byte) {
	r.set(id, tList, appendList(nil, elem, items))
}

func (r *record) drop(ids ...int16) {
	out := (*r)[:0]
	for _, f := range *r {
		keep := true
		for _, id := range ids {
			keep = keep && f.id != id
		}
		if keep {
			out = append(out, f)
		}
	}
	*r = out
}

// clone copies the list of fields, so that it can be changed.
func (r record) clone() record { return append(record(nil), r...) }

func (r record) encode(dst []byte) []byte {
	last := int16(0)
	for _, f := range r {
		if d := int(f.id) - int(last); d > 0 && d < 16 {
			dst = append(dst, byte(d)<<4|f.typ)
		} else {
			dst = binary.AppendVarint(append(dst, f.typ), int64(f.id))
		}
		last = f.id
		dst = append(dst, f.raw...)
	}
	return append(dst, 0)
}

func appendList(dst []byte, elem byte, items [][]byte) []byte {
	if len(items) < 15 {
		dst = append(dst, byte(len(items))<<4|elem)
	} else {
		dst = binary.AppendUvarint(append(dst, 0xf0|elem), uint64(len(items)))
	}
	for _, x := range items {
		dst = append(dst, x...)
	}
	return dst
}

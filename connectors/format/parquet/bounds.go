package parquet

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"math"
	"unicode/utf8"
)

// order returns how the values of the column compare, nil when the format does
// not say.
func (l *leaf) order() func(a, b []byte) int {
	switch l.sense {
	case intervalSense:
		return nil
	case float16Sense:
		return func(a, b []byte) int {
			return cmp.Compare(float16(binary.LittleEndian.Uint16(a)), float16(binary.LittleEndian.Uint16(b)))
		}
	case unsignedSense:
		if l.typ == pInt32 {
			return func(a, b []byte) int { return cmp.Compare(le32(a), le32(b)) }
		}
		return func(a, b []byte) int { return cmp.Compare(le64(a), le64(b)) }
	case decimalSense:
		if l.typ == pBytes || l.typ == pFixed {
			return func(a, b []byte) int { return l.unscaled(a).Cmp(l.unscaled(b)) }
		}
	}
	switch l.typ {
	case pInt32, pInt64:
		return func(a, b []byte) int { return cmp.Compare(l.integer(a), l.integer(b)) }
	case pFloat:
		return func(a, b []byte) int {
			return cmp.Compare(math.Float32frombits(le32(a)), math.Float32frombits(le32(b)))
		}
	case pDouble:
		return func(a, b []byte) int {
			return cmp.Compare(math.Float64frombits(le64(a)), math.Float64frombits(le64(b)))
		}
	case pInt96:
		return nil
	}
	return bytes.Compare
}

// nan reports whether a value is no number: such values have no part in bounds.
func (l *leaf) nan(v []byte) bool {
	switch {
	case l.sense == float16Sense:
		f := float16(binary.LittleEndian.Uint16(v))
		return f != f
	case l.typ == pFloat:
		f := math.Float32frombits(le32(v))
		return f != f
	case l.typ == pDouble:
		f := math.Float64frombits(le64(v))
		return f != f
	}
	return false
}

// fold finds the smallest and the largest of many values.
type fold struct {
	leaf     *leaf
	cmp      func(a, b []byte) int
	min, max []byte // nil before the first value
}

func (f *fold) add(v []byte) {
	if f.leaf.nan(v) {
		return
	}
	if f.min == nil || f.cmp(v, f.min) < 0 {
		f.min = append(f.min[:0:0], v...)
	}
	if f.max == nil || f.cmp(v, f.max) > 0 {
		f.max = append(f.max[:0:0], v...)
	}
	if f.min == nil { // an empty value
		f.min = []byte{}
	}
	if f.max == nil {
		f.max = []byte{}
	}
}

// zeros makes a bound that is zero hold for both zeros: the format asks for it.
func (f *fold) zeros() {
	if f.min == nil || f.leaf.sense != float16Sense && f.leaf.typ != pFloat && f.leaf.typ != pDouble {
		return
	}
	if f.cmp(f.min, make([]byte, f.leaf.width)) == 0 {
		f.min = make([]byte, f.leaf.width)
		f.min[f.leaf.width-1] = 0x80
	}
	if f.cmp(f.max, make([]byte, f.leaf.width)) == 0 {
		f.max = make([]byte, f.leaf.width)
	}
}

// extent is what the metadata says of the smallest and the largest value, and
// whether that may have been one of those that went.
type extent struct {
	leaf             *leaf
	cmp              func(a, b []byte) int // nil: no bounds are kept
	min, max         []byte                // nil when there is none
	minSure, maxSure bool                  // it is a value, no shortened one
	minGone, maxGone bool                  // it may have been a value that went
	put              fold                  // values that came
}

// shortBound is the length below which no writer shortens a bound.
const shortBound = 8

func newExtent(l *leaf, lo, hi []byte) *extent {
	e := &extent{leaf: l, cmp: l.order(), min: lo, max: hi, minSure: l.typ != pBytes && l.typ != pFixed}
	if e.cmp == nil || l.width > 0 && (lo != nil && len(lo) != l.width || hi != nil && len(hi) != l.width) {
		e.cmp, e.min, e.max = nil, nil, nil
	}
	e.maxSure = e.minSure
	e.minSure, e.maxSure = e.minSure || len(lo) < shortBound, e.maxSure || len(hi) < shortBound
	e.put = fold{leaf: l, cmp: e.cmp}
	return e
}

// gone notes a value that may have left the column.
func (e *extent) gone(v []byte) {
	if e.cmp == nil {
		return
	}
	e.minGone = e.minGone || e.min != nil && e.same(v, e.min, e.minSure)
	e.maxGone = e.maxGone || e.max != nil && e.same(v, e.max, e.maxSure)
}

// same reports whether a bound may have been made of v.
func (e *extent) same(v, bound []byte, sure bool) bool {
	if sure {
		return e.cmp(v, bound) == 0
	}
	k := 0
	for k < len(v) && k < len(bound) && v[k] == bound[k] {
		k++
	}
	return k >= lastLetter(bound)
}

// lastLetter is where the last letter of a bound begins. A largest value that is shortened
// ends with the next letter of the alphabet, of which all bytes may be others.
func lastLetter(bound []byte) int {
	at := len(bound) - 1
	for at > max(0, len(bound)-utf8.UTFMax) && !utf8.RuneStart(bound[at]) {
		at--
	}
	return at
}

func (e *extent) came(v []byte) {
	if e.cmp != nil {
		e.put.add(v)
	}
}

// settle returns the bounds as they are now. scan calls its argument with every
// value that is left, until it returns false; it is asked only when a bound may
// have gone. nil means that there is none.
func (e *extent) settle(scan func(each func(v []byte) bool) error) (lo, hi []byte, err error) {
	if e.cmp == nil {
		return nil, nil, nil
	}
	lo, hi = e.min, e.max
	if e.minGone || e.maxGone {
		all := fold{leaf: e.leaf, cmp: e.cmp}
		minLeft, maxLeft := !e.minGone, !e.maxGone
		err := scan(func(v []byte) bool {
			all.add(v)
			minLeft = minLeft || bytes.Equal(v, e.min)
			maxLeft = maxLeft || bytes.Equal(v, e.max)
			return !minLeft || !maxLeft
		})
		if err != nil {
			return nil, nil, err
		}
		all.zeros()
		if !minLeft {
			lo = all.min
		}
		if !maxLeft {
			hi = all.max
		}
	}
	if e.put.min != nil {
		e.put.zeros()
		if e.min != nil && (lo == nil || e.cmp(e.put.min, lo) < 0) {
			lo = e.put.min
		}
		if e.max != nil && (hi == nil || e.cmp(e.put.max, hi) > 0) {
			hi = e.put.max
		}
	}
	return lo, hi, nil
}

// kept returns the bounds that are certainly still true.
func (e *extent) kept() (lo, hi []byte) {
	if !e.minGone {
		lo = e.min
	}
	if !e.maxGone {
		hi = e.max
	}
	return lo, hi
}

func appendBinary(b []byte) []byte {
	return append(binary.AppendUvarint(nil, uint64(len(b))), b...)
}

// bounds returns the bounds in a Statistics, nil where there are none that can be
// kept up.
func statBounds(l *leaf, st record) *extent {
	lo, hi := st.text(6), st.text(5)
	if lo == nil && hi == nil && l.typ != pBytes && l.typ != pFixed && l.sense != unsignedSense {
		lo, hi = st.text(2), st.text(1) // of old writers; they compared with regard to the sign
	}
	e := newExtent(l, lo, hi)
	e.minSure = e.minSure || st.bool(8, false)
	e.maxSure = e.maxSure || st.bool(7, false)
	return e
}

// statistics returns the Statistics of a chunk with other bounds and other nulls.
func statistics(l *leaf, st record, lo, hi []byte, nulls int64) record {
	out := st.clone()
	out.drop(4) // how many distinct values
	if n := st.int(3, -1); n >= 0 && n+nulls >= 0 {
		out.setInt(3, tI64, n+nulls)
	} else {
		out.drop(3)
	}
	for _, b := range []struct {
		now, then  []byte
		id, legacy int16
		sure       int16
	}{{lo, st.text(6), 6, 2, 8}, {hi, st.text(5), 5, 1, 7}} {
		old := st.text(b.legacy)
		keep := old != nil && (bytes.Equal(old, b.then) || l.typ != pBytes && l.typ != pFixed && l.sense != unsignedSense)
		switch {
		case b.now == nil:
			out.drop(b.id, b.legacy, b.sure)
			continue
		case out.has(b.id):
			if out.has(b.sure) && !bytes.Equal(b.now, b.then) {
				out.set(b.sure, tTrue, nil)
			}
			out.set(b.id, tBinary, appendBinary(b.now))
		}
		if keep {
			out.set(b.legacy, tBinary, appendBinary(b.now))
		} else {
			out.drop(b.legacy)
		}
	}
	return out
}

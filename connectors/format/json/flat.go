package json

import (
	"encoding/binary"
	"math/bits"
	"strings"
	"unicode/utf8"
	"unsafe"

	"github.com/cratio/sutra/connectors"
)

// flat reads records without making a tree of them: objects whose members go to
// their columns by their exact names, or to the rest, as nearly all do. It judges
// a record by the same grammar as [Parser]; whatever is not plain (a name of
// another case, a column that comes twice, a fault) it leaves to the tree.
type flat struct {
	cols *columns
	// Records of a file have mostly the same members in the same order: what a
	// name means is looked up once for each place.
	names []naming
	got   []leaf // by column
	rest  []byte
	buf   []byte
	count int // values of the record
}

// manyMembers is how many members of a record have their names remembered.
const manyMembers = 1024

// naming is a member's name and what it means.
type naming struct {
	key  string
	col  int  // -1: the rest
	tree bool // only the tree can tell
}

// leaf is a value on its way to its column.
type leaf struct {
	start, end int
	kind       Kind
	escaped    bool
}

// naming says what a name means.
func (f *flat) naming(key []byte) naming {
	k := string(key)
	n := naming{key: k, col: -1}
	if i, ok := f.cols.exact[k]; ok {
		n.col = i
		return n
	}
	_, n.tree = f.cols.lower[strings.ToLower(k)]
	for _, i := range f.cols.dotted {
		first, _, _ := strings.Cut(f.cols.fields[i].Name, ".")
		n.tree = n.tree || strings.EqualFold(first, k)
	}
	return n
}

// at reads the name that begins at i, of the n-th member, and the colon behind it.
func (f *flat) at(n int, data []byte, i int) (name *naming, key, colon int, ok bool) {
	if i >= len(data) || data[i] != '"' {
		return nil, 0, 0, false
	}
	if n < len(f.names) { // most likely it is the same as in the last record
		name = &f.names[n]
		key = i + 1 + len(name.key)
		if key >= len(data) || data[key] != '"' || string(data[i+1:key]) != name.key {
			name = nil
		}
	}
	if name == nil {
		if key = quoteEnd(data, i+1); key >= len(data) || data[key] != '"' {
			return nil, 0, 0, false
		}
		name = f.look(n, data[i+1:key])
	}
	if colon = key + 1; colon < len(data) && data[colon] != ':' {
		colon = blanks(data, colon)
	}
	return name, key, colon, colon < len(data) && data[colon] == ':'
}

// look finds out what the name of the n-th member means, and remembers it.
func (f *flat) look(n int, key []byte) *naming {
	x := f.naming(key)
	switch {
	case n < len(f.names):
	case n < manyMembers && n == len(f.names):
		f.names = append(f.names, x)
	default:
		return &x
	}
	f.names[n] = x
	return &f.names[n]
}

// record puts one record into the batch; false, and nothing is done, when it
// takes the tree.
func (f *flat) record(b *connectors.Builder, locator string, at int64, data []byte) bool {
	if !f.split(data) || !utf8.Valid(data) {
		return false
	}
	begin(b, locator, at)
	last := len(f.got) - 1
	for i, x := range f.got[:last] {
		if x.end == 0 || x.kind == Null {
			continue
		}
		v := data[x.start:x.end]
		if x.escaped {
			f.buf = unescape(f.buf[:0], v)
			b.Set(i, toValid(string(f.buf)))
			continue
		}
		b.Set(i, view(v))
	}
	if len(f.rest) > 0 {
		b.Set(last, view(f.rest))
	}
	return true
}

// begin starts a record of a batch; at is 0 when its position is not known.
func begin(b *connectors.Builder, locator string, at int64) {
	if at > 0 {
		b.RowAt(locator, at)
	} else {
		b.Row(locator)
	}
}

// view views bytes as a string for a call that copies it.
func view(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// split finds the members of the record and puts each to its column or to the
// rest.
func (f *flat) split(data []byte) bool {
	clear(f.got)
	f.count = 0
	f.rest = f.rest[:0]
	i := blanks(data, 0)
	if i >= len(data) || data[i] != '{' {
		return false
	}
	if i = blanks(data, i+1); i < len(data) && data[i] == '}' {
		return blanks(data, i+1) == len(data)
	}
	run := -1 // where the members begin that go to the rest together, as they stand
	for n := 0; ; n++ {
		name, key, colon, ok := f.at(n, data, i)
		if !ok {
			return false
		}
		start := blanks(data, colon+1)
		v, ok := f.value(data, start)
		if !ok {
			return false
		}
		if name.tree || name.col >= 0 && (f.got[name.col].end > 0 || (v.kind == Object || v.kind == Array) && f.cols.fields[name.col].Look != connectors.LookJSON) {
			return false
		}
		end := v.end // of the value's text
		if v.kind == String {
			v.start, v.end = v.start+1, v.end-1
		}
		next := blanks(data, end)
		if next >= len(data) || data[next] != ',' && data[next] != '}' {
			return false
		}
		switch {
		case name.col >= 0:
			f.got[name.col] = v
			if v.end == 0 {
				return false // it is how a column is known to be free
			}
			f.putRest(data, &run, i)
		case colon != key+1 || start != colon+1 || next != end: // space in between is left out
			f.putRest(data, &run, i)
			f.rest = append(append(append(f.sep(), data[i:key+1]...), ':'), data[start:end]...)
		case run < 0:
			run = i
		}
		if data[next] == '}' {
			f.putRest(data, &run, next+1)
			if len(f.rest) > 0 {
				f.rest = append(f.rest, '}')
			}
			return blanks(data, next+1) == len(data)
		}
		i = blanks(data, next+1)
		if i != next+1 {
			f.putRest(data, &run, next+1)
		}
	}
}

// sep returns the rest with what goes before a further member.
func (f *flat) sep() []byte {
	if len(f.rest) == 0 {
		return append(f.rest, '{')
	}
	return append(f.rest, ',')
}

// putRest copies the members from run on to the rest; the byte before end is what
// follows the last of them.
func (f *flat) putRest(data []byte, run *int, end int) {
	if *run >= 0 {
		f.rest = append(f.sep(), data[*run:end-1]...)
	}
	*run = -1
}

// blanks returns the index of the first byte from i that is not white space.
func blanks(data []byte, i int) int {
	for i < len(data) && isSpace(data[i]) {
		i++
	}
	return i
}

// quoteEnd returns the index of the first quote or backslash from i, or
// len(data).
func quoteEnd(data []byte, i int) int {
	for ; i+8 <= len(data); i += 8 {
		w := binary.LittleEndian.Uint64(data[i:])
		q, b := w^(ones*'"'), w^(ones*'\\')
		if m := ((q-ones)&^q | (b-ones)&^b) & highs; m != 0 {
			return i + bits.TrailingZeros64(m)>>3
		}
	}
	for i < len(data) && data[i] != '"' && data[i] != '\\' {
		i++
	}
	return i
}

// value reads the value that begins at i. A number must be followed by something,
// or it may be cut.
func (f *flat) value(data []byte, i int) (leaf, bool) {
	if i >= len(data) {
		return leaf{}, false
	}
	x := leaf{start: i}
	switch c := data[i]; c {
	case '"':
		x.kind = String
		return x, x.text(data)
	case '{', '[':
		x.kind = Object
		end, ok := f.skip(data, i, 0)
		x.end = end
		return x, ok
	case 't':
		return x.word(data, True, "true")
	case 'f':
		return x.word(data, False, "false")
	case 'n':
		return x.word(data, Null, "null")
	default:
		if c != '-' && c-'0' > 9 {
			return x, false
		}
		end, ok := numberEnd(data, i)
		x.kind, x.end = Number, end
		return x, ok && end < len(data)
	}
}

func (x leaf) word(data []byte, k Kind, w string) (leaf, bool) {
	x.kind, x.end = k, x.start+len(w)
	return x, x.end <= len(data) && string(data[x.start:x.end]) == w
}

// text finds the end of a string, quotes included.
func (x *leaf) text(data []byte) bool {
	end := quoteEnd(data, x.start+1)
	if end < len(data) && data[end] == '\\' {
		var bad int
		end, x.escaped, bad = stringEnd(data, end)
		if bad >= 0 {
			return false
		}
	}
	x.end = end + 1
	return end < len(data)
}

// flatDepth is how deep a container may be nested before it takes the tree,
// which has a limit of its own.
const flatDepth = 100

// manyValues is how many values in containers take the tree, which has a limit.
const manyValues = MaxValues / 2

// skip returns the end of the container that begins at i; false when the tree has
// to judge it.
func (f *flat) skip(data []byte, i, depth int) (int, bool) {
	object, closer := data[i] == '{', data[i]+2 // the closing bracket of each
	if depth > flatDepth {
		return i, false
	}
	i = blanks(data, i+1)
	if i < len(data) && data[i] == closer {
		return i + 1, true
	}
	for {
		if object {
			if i >= len(data) || data[i] != '"' {
				return i, false
			}
			key := leaf{start: i}
			if !key.text(data) {
				return i, false
			}
			if i = blanks(data, key.end); i >= len(data) || data[i] != ':' {
				return i, false
			}
			i = blanks(data, i+1)
		}
		if i < len(data) && (data[i] == '{' || data[i] == '[') {
			end, ok := f.skip(data, i, depth+1)
			if !ok {
				return i, false
			}
			i = end
		} else {
			v, ok := f.value(data, i)
			if !ok {
				return i, false
			}
			i = v.end
		}
		i = blanks(data, i)
		if f.count++; i >= len(data) || data[i] != ',' && data[i] != closer || f.count > manyValues {
			return i, false
		}
		if data[i] == closer {
			return i + 1, true
		}
		i = blanks(data, i+1)
	}
}

package parquet

import (
	"errors"
	"fmt"
)

// Physical types.
const (
	pBool = iota
	pInt32
	pInt64
	pInt96
	pFloat
	pDouble
	pBytes
	pFixed
)

// sense says what the values of a leaf mean, beyond their physical type.
type sense uint8

const (
	plainSense sense = iota
	stringSense
	jsonSense
	dateSense
	timeSense
	timestampSense
	decimalSense
	uuidSense
	float16Sense
	intervalSense
	unsignedSense
)

type shape uint8

const (
	leafShape shape = iota
	structShape
	listShape
	mapShape
)

// Repetition types.
const (
	required = 0
	optional = 1
	repeated = 2
)

// node is one element of the schema. def and rep are the levels from which on it
// is present and repeats.
type node struct {
	name     string
	how      int64 // required, optional, repeated
	def, rep int
	shape    shape
	children []*node
	leaf     *leaf
	first    *leaf // the first leaf in or below the node
	leaves   []*leaf
}

// leaf is a column of the file.
type leaf struct {
	index    int
	name     string // of the last element of its path
	typ      int64  // physical type
	width    int    // bytes of a value; 0 for byte arrays
	def, rep int    // maximum levels
	optional bool   // the leaf itself is optional
	sense    sense
	scale    int
	unit     int64 // nanoseconds of one tick
}

const maxSchemaDepth = 64

var errSchema = errors.New("the schema in the footer is damaged")

type schemaReader struct {
	items  [][]byte
	at     int
	leaves []*leaf
}

// parseSchema builds the tree of the schema from the elements in the footer.
func parseSchema(items [][]byte) (*node, []*leaf, error) {
	if len(items) == 0 {
		return nil, nil, errSchema
	}
	s := &schemaReader{items: items}
	rec, _, err := parseRecord(items[0])
	if err != nil {
		return nil, nil, errSchema
	}
	root := &node{shape: structShape}
	s.at = 1
	if err := s.children(root, rec.int(5, 0), 0); err != nil {
		return nil, nil, err
	}
	if s.at != len(items) {
		return nil, nil, errSchema
	}
	return root, s.leaves, nil
}

func (s *schemaReader) children(n *node, count int64, depth int) error {
	if count < 0 || count > int64(len(s.items)-s.at) || depth > maxSchemaDepth {
		return errSchema
	}
	for range count {
		c, err := s.node(n, depth)
		if err != nil {
			return err
		}
		n.children = append(n.children, c)
		n.leaves = append(n.leaves, c.leaves...)
	}
	if len(n.leaves) > 0 {
		n.first = n.leaves[0]
	}
	return nil
}

func (s *schemaReader) node(parent *node, depth int) (*node, error) {
	if s.at >= len(s.items) {
		return nil, errSchema
	}
	rec, _, err := parseRecord(s.items[s.at])
	if err != nil {
		return nil, errSchema
	}
	s.at++
	n := &node{name: string(rec.text(4)), how: rec.int(3, 0), def: parent.def, rep: parent.rep}
	if n.how < required || n.how > repeated {
		return nil, errSchema
	}
	if n.how != required {
		n.def++
	}
	if n.how == repeated {
		n.rep++
	}
	count := rec.int(5, 0)
	if count == 0 && rec.has(1) {
		return n, s.leaf(n, rec)
	}
	n.shape = structShape
	if err := s.children(n, count, depth+1); err != nil {
		return nil, err
	}
	if len(n.leaves) == 0 {
		return nil, fmt.Errorf("a group of the schema has no columns: %w", errSchema)
	}
	n.shape = groupShape(n, rec)
	return n, nil
}

// groupShape tells lists and maps from structs, by annotation and structure.
func groupShape(n *node, rec record) shape {
	conv, logical := rec.int(6, -1), rec.sub(10)
	if len(n.children) != 1 || n.children[0].how != repeated {
		return structShape
	}
	mid := n.children[0]
	switch {
	case conv == 1 || conv == 2 || logical.has(2):
		if mid.shape == structShape && len(mid.children) == 2 {
			return mapShape
		}
		return listShape
	case conv == 3 || logical.has(3):
		return listShape
	}
	// An unannotated group of three levels is a list when its middle carries a
	// name that only lists have; else the names may say something.
	if mid.shape == structShape && len(mid.children) == 1 && (mid.name == "list" || mid.name == "bag") {
		return listShape
	}
	return structShape
}

// element returns the node of a list's elements: the repeated node itself in a
// list of two levels, its only child in one of three.
func (n *node) element() *node {
	mid := n.children[0]
	if mid.shape != structShape || len(mid.children) != 1 || mid.children[0].how == repeated ||
		mid.name == "array" || mid.name == n.name+"_tuple" {
		return mid
	}
	return mid.children[0]
}

func (s *schemaReader) leaf(n *node, rec record) error {
	l := &leaf{index: len(s.leaves), name: n.name, typ: rec.int(1, 0), def: n.def, rep: n.rep, optional: n.how == optional}
	switch l.typ {
	case pBool:
		l.width = 1
	case pInt32, pFloat:
		l.width = 4
	case pInt64, pDouble:
		l.width = 8
	case pInt96:
		l.width = 12
	case pBytes:
	case pFixed:
		w := rec.int(2, 0)
		if w <= 0 || w > 1<<20 {
			return errSchema
		}
		l.width = int(w)
	default:
		return errSchema
	}
	l.meaning(rec)
	n.leaf, n.first, n.leaves = l, l, []*leaf{l}
	s.leaves = append(s.leaves, l)
	return nil
}

const milli, micro = 1_000_000, 1_000

// meaning reads the logical type, or the older converted type. A logical type
// that does not fit the physical one is ignored.
func (l *leaf) meaning(rec record) {
	lt := rec.sub(10)
	switch rec.int(6, -1) {
	case 0, 4:
		l.sense = stringSense
	case 5:
		l.sense, l.scale = decimalSense, int(rec.int(7, 0))
	case 6:
		l.sense = dateSense
	case 7, 8:
		l.sense, l.unit = timeSense, milli
		if rec.int(6, 0) == 8 {
			l.unit = micro
		}
	case 9, 10:
		l.sense, l.unit = timestampSense, milli
		if rec.int(6, 0) == 10 {
			l.unit = micro
		}
	case 11, 12, 13, 14:
		l.sense = unsignedSense
	case 19:
		l.sense = jsonSense
	case 21:
		l.sense = intervalSense
	}
	switch {
	case lt.has(1) || lt.has(4):
		l.sense = stringSense
	case lt.has(5):
		l.sense, l.scale = decimalSense, int(lt.sub(5).int(1, 0))
	case lt.has(6):
		l.sense = dateSense
	case lt.has(7):
		l.sense, l.unit = timeSense, tick(lt.sub(7).sub(2))
	case lt.has(8):
		l.sense, l.unit = timestampSense, tick(lt.sub(8).sub(2))
	case lt.has(10):
		l.sense = plainSense
		if !lt.sub(10).bool(2, true) {
			l.sense = unsignedSense
		}
	case lt.has(12):
		l.sense = jsonSense
	case lt.has(14):
		l.sense = uuidSense
	case lt.has(15):
		l.sense = float16Sense
	}
	if !l.fits() {
		l.sense = plainSense
	}
}

func tick(unit record) int64 {
	switch {
	case unit.has(1):
		return milli
	case unit.has(2):
		return micro
	}
	return 1
}

func (l *leaf) fits() bool {
	isInt := l.typ == pInt32 || l.typ == pInt64
	switch l.sense {
	case stringSense, jsonSense:
		return l.typ == pBytes || l.typ == pFixed
	case dateSense:
		return l.typ == pInt32
	case timeSense, unsignedSense:
		return isInt
	case timestampSense:
		return l.typ == pInt64
	case decimalSense:
		return (isInt || l.typ == pBytes || l.typ == pFixed) && l.scale >= 0 && l.scale <= 1000
	case uuidSense:
		return l.typ == pFixed && l.width == 16
	case float16Sense:
		return l.typ == pFixed && l.width == 2
	case intervalSense:
		return l.typ == pFixed && l.width == 12
	}
	return true
}

// number reports whether the text of a value is a JSON number or boolean.
func (l *leaf) number() bool {
	switch l.sense {
	case plainSense, unsignedSense:
		return l.typ != pBytes && l.typ != pFixed && l.typ != pInt96
	case decimalSense, float16Sense:
		return true
	}
	return false
}

// searchable reports whether a value can hold something to find: text, bytes,
// whole numbers.
func (l *leaf) searchable() bool {
	return l.typ != pFloat && l.typ != pDouble && l.typ != pBool && l.sense != float16Sense
}

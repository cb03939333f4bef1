package pipeline

import (
	"slices"

	"github.com/cratio/sutra/pipeline/detect"
)

// A message has who wrote it and to whom, and each by a number. Were both the person of the
// row, it would make one of the two. In a log of the company's own calls one of them is its
// line, which very many rows have, and the other the person, whichever way they spoke.

// The words of columns of who sends and of who is addressed.
var (
	fromWords = vocabulary("from sender caller source src origin")
	toWords   = vocabulary("to recipient receiver callee called dest destination target")
)

// addressed is the column of those who are addressed, where they are people as those who
// send are: most rows have two numbers of which neither stands beside many others.
func (x *plot) addressed() *field {
	for _, to := range x.fields {
		for _, from := range x.fields {
			if len(to.path) == 1 && len(from.path) == 1 && to.identity() != "" && to.identity() == from.identity() && opposite(from, to) && x.bothPeople(from, to) {
				return to
			}
		}
	}
	return nil
}

// opposite reports two columns that are called alike but for who sends and who is addressed.
func opposite(from, to *field) bool {
	a, b := detect.Words(from.label), detect.Words(to.label)
	return len(a) == len(b) && len(a) > 0 && fromWords[a[0]] && toWords[b[0]] && slices.Equal(a[1:], b[1:])
}

func (x *plot) bothPeople(from, to *field) bool {
	beside := map[mark]map[mark]bool{}
	each := func(do func(a, b mark)) {
		for row, one := range x.marks.idents[from] {
			if two := x.marks.idents[to][row]; len(one) > 0 && len(two) > 0 && one[0] != two[0] {
				do(one[0], two[0])
			}
		}
	}
	note := func(a, b mark) {
		if beside[a] == nil {
			beside[a] = map[mark]bool{}
		}
		beside[a][b] = true
	}
	each(func(a, b mark) { note(a, b); note(b, a) })
	const few = 3
	rows, people := 0, 0
	each(func(a, b mark) {
		if rows++; len(beside[a]) <= few && len(beside[b]) <= few {
			people++
		}
	})
	return rows >= comparedRows && people*2 > rows
}

package csv

import (
	"slices"
	"strings"

	"github.com/apache/arrow/go/v17/arrow"

	"github.com/cratio/sutra/connectors"
)

// Exports that were joined into one file have the header of each in it. In the same order
// it is a row that names nobody. In another one, what stands under it is taken for other
// columns, which nobody would see from the rows alone.

// reordered is the reason of the gap.
const reordered = "the header again, with its columns in another order: the rows below are read as if it were the first one; make a file of each part"

// headerAgain returns gaps for the rows of a batch that hold the names of the columns in
// another order. It looks for them in the columns by which people are found.
func (t *table) headerAgain(rows arrow.Record) (gaps []connectors.Gap) {
	for i, f := range t.fields {
		if f.Identity == "" || i >= len(t.names) {
			continue
		}
		for row := range int(rows.NumRows()) {
			v, ok := connectors.Value(rows, i+1, row)
			if ok && t.sizes>>min(len(v), 63)&1 == 1 && !strings.EqualFold(v, t.names[i]) && t.named(v) && t.allNamed(rows, row) {
				at, _ := connectors.Value(rows, 0, row)
				gaps = append(gaps, connectors.Gap{Locator: strings.Clone(at), Reason: reordered})
			}
		}
		if len(gaps) > 0 {
			return gaps
		}
	}
	return nil
}

// keepNames keeps the names of the columns, and how long they are, as bits.
func (t *table) keepNames(names []string) {
	t.names, t.sizes = names, 0
	for _, n := range names {
		if n != "" {
			t.sizes |= 1 << min(len(n), 63)
		}
	}
}

func (t *table) named(v string) bool {
	return slices.ContainsFunc(t.names, func(n string) bool { return strings.EqualFold(n, v) })
}

// allNamed reports a row of which every cell that is not empty is the name of a column.
func (t *table) allNamed(rows arrow.Record, row int) bool {
	for i := range t.fields {
		if v, ok := connectors.Value(rows, i+1, row); ok && v != "" && !t.named(v) {
			return false
		}
	}
	return true
}

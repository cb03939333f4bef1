package format

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/apache/arrow/go/v17/arrow"

	"github.com/cratio/sutra/connectors"
)

// Stabler is implemented by codecs whose locators still name the same record
// after others were deleted (Stable returns true). Without it locators are taken
// for positions, such as "row N", "line N", "card N" or "/N", which count records. The locator "object"
// is stable in every format.
type Stabler interface{ Stable() bool }

// FixedMeta is the key of Arrow field metadata that marks a column whose value
// does not stand in the object's content (the object's key). Residue leaves it
// out: no rewrite can change it.
const FixedMeta = "sutra.fixed"

// Residue implements connectors.Eraser. It re-reads the object as it stands now;
// an object that is gone holds nothing.
//
// With stable locators a deletion is residue when the record is there, and a
// redaction when Rewrite would still change it. Where locators are positions, a
// deletion cannot be proven by its locator: the record that stands there now is
// another one. Deletions are then never residue here (the caller proves them by
// extracting the unit again), and a redaction is looked up where its record
// stands after the deletions of the same list, which must therefore be the list
// that was given to Erase.
func (s *Source) Residue(ctx context.Context, u connectors.Unit, edits []connectors.Edit) ([]connectors.Edit, error) {
	if len(edits) == 0 {
		return nil, nil
	}
	u.Fingerprint = ""
	obj, err := s.stat(ctx, u)
	if errors.Is(err, connectors.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("looking for residue: %w", err)
	}
	codec, err := s.codec(obj)
	if err != nil {
		return nil, fmt.Errorf("looking for residue: %w", err)
	}
	at := places(codec, edits)
	left := make([]bool, len(edits))
	err = s.read(ctx, s.unit(obj), func(b connectors.Batch) error {
		if b.Rows == nil {
			return nil
		}
		fields := fieldsOf(b.Rows.Schema())
		for row := range int(b.Rows.NumRows()) {
			loc, _ := connectors.Value(b.Rows, 0, row)
			for _, i := range at[ref{b.Collection, loc}] {
				e := edits[i]
				left[i] = left[i] || e.Action == connectors.Delete || changes(e, fields, b.Rows, row)
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("looking for residue: %w", err)
	}
	var out []connectors.Edit
	for i, yes := range left {
		if yes {
			out = append(out, edits[i])
		}
	}
	return out, nil
}

// fieldsOf decodes the meaning of each column once a batch; fixed columns and the
// locator are nil.
func fieldsOf(s *arrow.Schema) []*connectors.Field {
	out := make([]*connectors.Field, s.NumFields())
	for i := 1; i < len(out); i++ {
		if s.Field(i).Metadata.FindKey(FixedMeta) < 0 {
			f := connectors.FieldOf(s.Field(i))
			out[i] = &f
		}
	}
	return out
}

// changes reports whether a redaction would still change the record. An empty
// value that cannot become emptier (a required column) is none.
func changes(e connectors.Edit, fields []*connectors.Field, rows arrow.Record, row int) bool {
	if e.Rewrite == nil {
		return false
	}
	for col, f := range fields {
		if f == nil {
			continue
		}
		v, ok := connectors.Value(rows, col, row)
		if !ok {
			continue
		}
		switch text, verdict := e.Rewrite(*f, v); verdict {
		case connectors.Set:
			if text != v {
				return true
			}
		case connectors.Empty:
			if !slices.Contains([]string{"", "0", "false", "[]", "{}"}, v) {
				return true
			}
		}
	}
	return false
}

// places says which edits are looked for at which record. A record whose edits
// hold a deletion is deleted, whatever else they say.
func places(c Codec, edits []connectors.Edit) map[ref][]int {
	out := make(map[ref][]int, len(edits))
	if st, ok := c.(Stabler); ok && st.Stable() {
		for i, e := range edits {
			k := ref{e.Collection, e.Locator}
			out[k] = append(out[k], i)
		}
		return out
	}
	gone := make(map[ref]bool)
	for _, e := range edits {
		if e.Action == connectors.Delete {
			gone[ref{e.Collection, e.Locator}] = true
		}
	}
	move := without(gone)
	for i, e := range edits {
		k := ref{e.Collection, e.Locator}
		switch {
		case e.Locator == "object":
		case gone[k]:
			continue
		default:
			k.locator = move(e.Collection, e.Locator)
		}
		out[k] = append(out[k], i)
	}
	return out
}

// series is a run of records that are counted together: those of a collection whose
// locators begin with the same words.
type series struct{ collection, prefix string }

func (s series) locator(n int) string { return s.prefix + strconv.Itoa(n) }

// without returns where a record stands when those that are gone do not count any more.
// A locator that is no position stays as it is.
func without(gone map[ref]bool) func(collection, locator string) string {
	numbers := make(map[series][]int)
	for r := range gone {
		if prefix, n, ok := position(r.locator); ok {
			at := series{r.collection, prefix}
			numbers[at] = append(numbers[at], n)
		}
	}
	for _, list := range numbers {
		sort.Ints(list)
	}
	return func(collection, locator string) string {
		prefix, n, ok := position(locator)
		if !ok {
			return locator
		}
		at := series{collection, prefix}
		return at.locator(n - sort.SearchInts(numbers[at], n))
	}
}

// position splits "row 7" and "/RESPONSE/7" into what stands before the number
// and the number.
func position(locator string) (prefix string, n int, ok bool) {
	i := strings.LastIndexAny(locator, " /")
	n, err := strconv.Atoi(locator[i+1:])
	return locator[:i+1], n, err == nil && i >= 0
}

package connectortest

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sort"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/apache/arrow/go/v17/arrow"

	"github.com/cratio/sutra/connectors"
)

// Record is one record as plain data.
type Record struct {
	Unit       string
	Collection string
	Locator    string
	Values     map[string]string // by column; nulls left out

	at int64 // connectors.Batch.At; 0 when not known
}

// content is the record without its place: locators may move.
func (r Record) content() string {
	keys := make([]string, 0, len(r.Values))
	for k, v := range r.Values {
		keys = append(keys, fmt.Sprintf("%q=%q", k, v))
	}
	sort.Strings(keys)
	return r.Collection + " " + strings.Join(keys, " ")
}

func (r Record) place() string { return r.Unit + "\x00" + r.Collection + "\x00" + r.Locator }

// list returns all units.
func list(t testing.TB, s connectors.Source) []connectors.Unit {
	t.Helper()
	var out []connectors.Unit
	for u, err := range s.Units(context.Background()) {
		if err != nil {
			t.Fatalf("listing units: %v", err)
		}
		out = append(out, u)
	}
	return out
}

// collect reads batches to the end and checks the contract of each.
func collect(unit string, seq iter.Seq2[connectors.Batch, error]) (recs []Record, gaps []connectors.Gap, err error) {
	for b, err := range seq {
		if err != nil {
			return recs, gaps, err
		}
		gaps = append(gaps, b.Gaps...)
		if b.Rows == nil {
			if len(b.Gaps) == 0 {
				return recs, gaps, errors.New("contract: a batch with neither records nor gaps")
			}
			continue
		}
		part, err := records(unit, b)
		if err != nil {
			return recs, gaps, fmt.Errorf("contract: %w", err)
		}
		recs = append(recs, part...)
	}
	return recs, gaps, nil
}

func records(unit string, b connectors.Batch) ([]Record, error) {
	s := b.Rows.Schema()
	if b.Collection == "" || s.NumFields() == 0 || s.Field(0).Name != connectors.LocatorColumn {
		return nil, errors.New("a batch without a collection, or whose column 0 is not the locator")
	}
	names := map[string]bool{}
	for _, f := range s.Fields() {
		if f.Type.ID() != arrow.STRING || names[f.Name] {
			return nil, fmt.Errorf("column %s is not utf8, or there twice", f.Name)
		}
		names[f.Name] = true
	}
	if b.At != nil && len(b.At) != int(b.Rows.NumRows()) {
		return nil, fmt.Errorf("%d positions for %d records", len(b.At), b.Rows.NumRows())
	}
	out := make([]Record, 0, b.Rows.NumRows())
	for row := range int(b.Rows.NumRows()) {
		loc, ok := connectors.Value(b.Rows, 0, row)
		if !ok || loc == "" {
			return nil, errors.New("a record without a locator")
		}
		r := Record{Unit: unit, Collection: b.Collection, Locator: strings.Clone(loc), Values: map[string]string{}}
		if b.At != nil {
			r.at = b.At[row]
		}
		for col := 1; col < int(b.Rows.NumCols()); col++ {
			v, ok := connectors.Value(b.Rows, col, row)
			if !utf8.ValidString(v) {
				return nil, fmt.Errorf("column %s holds invalid UTF-8", b.Rows.ColumnName(col))
			}
			if ok {
				r.Values[b.Rows.ColumnName(col)] = strings.Clone(v)
			}
		}
		out = append(out, r)
	}
	return out, nil
}

// readAll reads every unit; a unit that cannot be read ends the test.
func readAll(t testing.TB, s connectors.Source) []Record {
	t.Helper()
	var out []Record
	for _, u := range list(t, s) {
		recs, _, err := collect(u.Key, s.Read(context.Background(), u))
		if err != nil {
			t.Fatalf("reading a unit: %v", err)
		}
		out = append(out, recs...)
	}
	return out
}

// contents is the multiset of what records hold, sorted.
func contents(recs []Record) []string {
	out := make([]string, len(recs))
	for i, r := range recs {
		out[i] = r.content()
	}
	slices.Sort(out)
	return out
}

// minus takes one occurrence of each of drop out of the sorted list.
func minus(list []string, drop ...string) []string {
	list = slices.Clone(list)
	for _, d := range drop {
		if i, ok := slices.BinarySearch(list, d); ok {
			list = slices.Delete(list, i, i+1)
		}
	}
	return list
}

package pipeline

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/apache/arrow/go/v17/arrow"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/lineage"
	"github.com/cratio/sutra/pipeline/policy"
)

// dateOrder watches how a unit writes the dates that records are kept by. They are
// read with the day first, as in India; a unit in which that is not certain tells
// of it, and one that contradicts it has a gap.
type dateOrder struct {
	schema  *arrow.Schema
	columns []int          // of schema, that hold such dates
	open    map[string]int // by column: dates that are another day with the month first
	day     map[string]int // dates that only exist with the day first
	month   map[string]int // dates that only exist with the month first
}

// watch takes in a batch.
func (d *dateOrder) watch(b connectors.Batch) {
	if b.Rows == nil {
		return
	}
	if s := b.Rows.Schema(); d.schema != s {
		d.schema, d.columns = s, d.columns[:0]
		for i, af := range s.Fields() {
			if f := connectors.FieldOf(af); i > 0 && (f.Means("recorded_at") || f.Means("trigger")) {
				d.columns = append(d.columns, i)
			}
		}
	}
	for _, col := range d.columns {
		name := d.schema.Field(col).Name
		for row := range int(b.Rows.NumRows()) {
			v, ok := connectors.Value(b.Rows, col, row)
			if !ok {
				continue
			}
			first, second, ok := slashed(v)
			switch {
			case !ok || first == second:
			case first > 12 && second <= 12:
				count(&d.day, name)
			case second > 12 && first <= 12:
				count(&d.month, name)
			case first <= 12 && second <= 12:
				count(&d.open, name)
			}
		}
	}
}

func count(m *map[string]int, name string) {
	if *m == nil {
		*m = map[string]int{}
	}
	(*m)[name]++
}

// slashed reads the first two numbers of a date such as 04/03/2026; false for a
// date that begins with its year, or has its month as a word.
func slashed(v string) (first, second int, ok bool) {
	first, n := leadingNumber(v)
	if n == 0 || n > 2 || len(v) < n+4 || v[n] != '/' && v[n] != '-' && v[n] != '.' {
		return 0, 0, false
	}
	second, m := leadingNumber(v[n+1:])
	if m == 0 || m > 2 || len(v) < n+m+4 || v[n+1+m] != v[n] {
		return 0, 0, false
	}
	return first, second, true
}

func leadingNumber(s string) (n, digits int) {
	for digits < len(s) && digits < 5 && s[digits] >= '0' && s[digits] <= '9' {
		n = n*10 + int(s[digits]-'0')
		digits++
	}
	return n, digits
}

// result is what there is to tell of the unit.
func (d *dateOrder) result() (gaps []connectors.Gap, notes map[string]int) {
	for _, name := range slices.Sorted(maps.Keys(d.month)) {
		gaps = append(gaps, connectors.Gap{Reason: fmt.Sprintf(
			"%d dates in %q exist only with the month first; dates are read with the day first, so %d others in it may be wrong: write them as YYYY-MM-DD", d.month[name], name, d.open[name])})
	}
	for name := range d.open {
		if d.day[name]+d.month[name] == 0 {
			count(&notes, fmt.Sprintf("unit whose dates in %q fit both d/m/y and m/d/y; d/m/y is assumed", name))
		}
	}
	return gaps, notes
}

// parseDate reads a date that stands in a record.
func parseDate(v string) (time.Time, lineage.Date, bool) {
	t, _, d, ok := policy.ParseDate(v)
	return t, d, ok
}

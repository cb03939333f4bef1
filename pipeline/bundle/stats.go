package bundle

import (
	"time"
)

// span counts records and keeps their range of dates.
type span struct {
	Records  int
	Earliest time.Time
	Latest   time.Time
}

func (s *span) add(at time.Time) {
	s.Records++
	s.widen(at)
}

func (s *span) widen(at time.Time) {
	if at.IsZero() {
		return
	}
	if s.Earliest.IsZero() || at.Before(s.Earliest) {
		s.Earliest = at
	}
	if at.After(s.Latest) {
		s.Latest = at
	}
}

func (s *span) merge(o span) {
	s.Records += o.Records
	s.widen(o.Earliest)
	s.widen(o.Latest)
}

// tableStats is what the summary says of a dataset.
type tableStats struct {
	name string
	span
	categories []string
	byCategory []span
	ofField    [][]int          // field → its categories
	stamp      []int            // category → the record that last counted it
	classes    map[string]*span // by retention class; the dates are those of erasure
	sources    map[string]int
	class      *span // of the last record
	lastClass  string
}

func newTableStats(name string, fields []FieldInfo) *tableStats {
	s := &tableStats{name: name, ofField: make([][]int, len(fields)), classes: map[string]*span{}, sources: map[string]int{}}
	at := map[string]int{}
	for i, f := range fields {
		for _, c := range f.Categories {
			k, ok := at[c]
			if !ok {
				k = len(s.categories)
				at[c] = k
				s.categories = append(s.categories, c)
			}
			s.ofField[i] = append(s.ofField[i], k)
		}
	}
	s.byCategory = make([]span, len(s.categories))
	s.stamp = make([]int, len(s.categories))
	return s
}

// row counts one record: once in every category of which it has a value.
func (s *tableStats) row(values []Cell, m *RowMeta) {
	s.add(m.RecordedAt)
	for i, v := range values {
		if v.Kind == Null || v.Text == "" {
			continue
		}
		for _, k := range s.ofField[i] {
			if s.stamp[k] != s.Records {
				s.stamp[k] = s.Records
				s.byCategory[k].add(m.RecordedAt)
			}
		}
	}
	if s.class == nil || s.lastClass != m.Class {
		if s.classes[m.Class] == nil {
			s.classes[m.Class] = &span{}
		}
		s.class, s.lastClass = s.classes[m.Class], m.Class
	}
	s.class.add(m.EraseAfter)
	if m.Source != "" {
		s.sources[m.Source]++
	}
}

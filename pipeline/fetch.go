package pipeline

import (
	"context"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/lineage"
	"github.com/cratio/sutra/pipeline/extract"
)

// fetch visits records of one unit as they stand in their source; list names each
// once, and is not empty. A unit that cannot be read and a record that is not there any
// more are gaps. So is a row that is not what the last scan saw: it may be somebody else's
// by now, and nobody but a scan tells whose. What fn is given is valid during the call.
func (s *Site) fetch(ctx context.Context, list []*lineage.Found, fn func(src *Source, f *lineage.Found, b connectors.Batch, row int) error) error {
	st := list[0].Unit
	src, err := s.source(st.Source)
	if err != nil {
		s.gap(st.Source, st.Unit.Key, err.Error())
		return nil
	}
	refs := make([]connectors.Ref, 0, len(list))
	for _, f := range list {
		refs = append(refs, connectors.Ref{Collection: f.Record.Collection, Unit: st.Unit.Key, Locator: f.Record.Locator, At: f.Record.At})
	}
	want := wanted{unit: st.ID, list: list}
	sums, changed := extract.NewRowSums(s.Graph), 0
	for b, err := range connectors.Pick(ctx, src.Conn, st.Unit, refs) {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			s.gap(src.Name, st.Unit.Key, "it cannot be read any more: "+err.Error())
			return nil
		}
		if b.Rows == nil {
			continue
		}
		for row := range int(b.Rows.NumRows()) {
			loc, _ := connectors.Value(b.Rows, 0, row)
			f := want.take(b.Collection, loc)
			if f == nil {
				continue
			}
			if f.Record.Sum != 0 && f.Record.Sum != sums.Sum(b.Rows, row) {
				changed++
				continue
			}
			if err := fn(src, f, b, row); err != nil {
				return err
			}
		}
	}
	for range changed {
		s.gap(src.Name, st.Unit.Key, "a record is not what the last scan saw, and may be somebody else's by now: it is left out; scan again")
	}
	for range want.left() {
		s.gap(src.Name, st.Unit.Key, "a record that the last scan saw is not there any more; scan again")
	}
	return ctx.Err()
}

// wanted are records of one unit that have not come yet. A source that hands out what
// it was asked for, in that order, is followed without a map.
type wanted struct {
	unit uint32
	list []*lineage.Found
	rest map[recordKey]*lineage.Found // made of the list when another record comes first
}

// take returns the record that stands there, once, and nil when it is not wanted.
func (w *wanted) take(collection, locator string) *lineage.Found {
	if w.rest == nil {
		if len(w.list) == 0 {
			return nil
		}
		if f := w.list[0]; f.Record.Locator == locator && f.Record.Collection == collection {
			w.list = w.list[1:]
			return f
		}
		w.rest = make(map[recordKey]*lineage.Found, len(w.list))
		for _, f := range w.list {
			w.rest[keyOf(f)] = f
		}
		w.list = nil
	}
	k := recordKey{w.unit, collection, locator}
	f := w.rest[k]
	delete(w.rest, k)
	return f
}

// left is how many did not come.
func (w *wanted) left() int { return len(w.list) + len(w.rest) }

package pipeline

import (
	"context"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/lineage"
)

// fetch visits records of one unit as they stand in their source; list names each
// once, and is not empty. A unit that cannot be read and a record that is not there any
// more are gaps. What fn is given is valid during the call.
func (s *Site) fetch(ctx context.Context, list []*lineage.Found, fn func(src *Source, f *lineage.Found, b connectors.Batch, row int) error) error {
	st := list[0].Unit
	src, err := s.source(st.Source)
	if err != nil {
		s.gap(st.Source, st.Unit.Key, err.Error())
		return nil
	}
	want := make(map[recordKey]*lineage.Found, len(list))
	refs := make([]connectors.Ref, 0, len(list))
	for _, f := range list {
		want[keyOf(f)] = f
		refs = append(refs, connectors.Ref{Collection: f.Record.Collection, Unit: st.Unit.Key, Locator: f.Record.Locator, At: f.Record.At})
	}
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
			k := recordKey{st.ID, b.Collection, loc}
			f := want[k]
			if f == nil {
				continue
			}
			delete(want, k)
			if err := fn(src, f, b, row); err != nil {
				return err
			}
		}
	}
	for range want {
		s.gap(src.Name, st.Unit.Key, "a record that the last scan saw is not there any more; scan again")
	}
	return ctx.Err()
}

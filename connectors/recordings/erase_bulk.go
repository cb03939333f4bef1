package recordings

import (
	"context"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/blob"
)

// bulkReads is how many sidecars are read at the same time.
const bulkReads = 4

// EraseBulk implements connectors.BulkEraser: it deletes the objects of which no record
// stays, where the store can delete many at once.
func (s *source) EraseBulk(ctx context.Context, work []connectors.UnitEdits) ([]bool, error) {
	done := make([]bool, len(work))
	store, ok := s.store.(blob.Bulk)
	if !ok || len(work) < 2 {
		return done, nil
	}
	whole := make([]bool, len(work))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(bulkReads)
	for i, w := range work {
		g.Go(func() (err error) {
			whole[i], err = s.goesWhole(gctx, w)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return done, err
	}
	var list []blob.Object
	var of []int
	for i, w := range work {
		if whole[i] {
			list, of = append(list, blob.Object{Key: w.Unit.Key, Version: w.Unit.Fingerprint}), append(of, i)
		}
	}
	gone, err := store.DeleteAll(ctx, list)
	for j, i := range of {
		done[i] = gone[j]
	}
	return done, err
}

// goesWhole reports whether the edits leave nothing of an object. It asks the store only
// for what a name does not tell; whatever cannot be told is left to Erase.
func (s *source) goesWhole(ctx context.Context, w connectors.UnitEdits) (bool, error) {
	checked := slices.ContainsFunc(w.Edits, func(e connectors.Edit) bool { return e.Check != nil })
	if w.Unit.Fingerprint == "" || len(w.Edits) == 0 || checked {
		return false, ctx.Err()
	}
	d, err := s.load(ctx, blob.Object{Key: w.Unit.Key, Size: w.Unit.Size, Version: w.Unit.Fingerprint})
	if err != nil {
		return false, ctx.Err()
	}
	p, err := d.plan(w.Edits)
	return err == nil && p.all && p.out.Missing == 0, ctx.Err()
}

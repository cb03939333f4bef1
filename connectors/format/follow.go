package format

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/cratio/sutra/connectors"
)

// errUnreached is the answer of Look about records that cannot be read alone.
var errUnreached = errors.New("the records cannot be read alone")

// Follow implements connectors.Follower, for objects that are not compressed and whose
// codec reads single records: their locators are positions.
func (s *Source) Follow(ctx context.Context, u connectors.Unit, edits []connectors.Edit) (*connectors.Followed, error) {
	obj, err := s.stat(ctx, u)
	if err != nil {
		return nil, fmt.Errorf("looking at a rewritten object: %w", err)
	}
	codec, err := s.codec(obj)
	if err != nil {
		return nil, fmt.Errorf("looking at a rewritten object: %w", err)
	}
	x, err := s.openObject(ctx, obj)
	if err != nil {
		return nil, fmt.Errorf("looking at a rewritten object: %w", err)
	}
	pr, err := alone(codec, x)
	if err := errors.Join(err, x.Close()); err != nil || pr == nil {
		return nil, err
	}
	records, _ := apart(merge(edits)) // Look reads the labels
	return follow(pr, obj.Key, records), nil
}

// follow says where records stand after edits, each of another record; nil when a locator
// is not one position: records inside of another move with that.
func follow(pr PointReader, key string, edits []connectors.Edit) *connectors.Followed {
	gone := make(map[ref]bool)
	for _, e := range edits {
		if prefix, _, ok := position(e.Locator); !ok || strings.ContainsAny(prefix, "0123456789") {
			return nil
		}
		if e.Action == connectors.Delete {
			gone[ref{e.Collection, e.Locator}] = true
		}
	}
	f := &connectors.Followed{Moved: without(gone), Alone: true}
	near := func(collection, locator string) {
		f.Near = append(f.Near, connectors.Ref{Collection: collection, Unit: key, Locator: locator})
	}
	for _, e := range edits {
		locator := f.Moved(e.Collection, e.Locator) // of a deleted one: where the next one stands
		near(e.Collection, locator)
		if prefix, n, _ := position(locator); n > 1 && e.Action == connectors.Delete {
			near(e.Collection, series{e.Collection, prefix}.locator(n-1))
		}
	}
	slices.SortFunc(f.Near, func(a, b connectors.Ref) int {
		return cmp.Or(cmp.Compare(a.Collection, b.Collection), cmp.Compare(a.Locator, b.Locator))
	})
	f.Near = slices.Compact(f.Near)
	for _, r := range f.Near {
		f.Alone = f.Alone && pr.Reaches(r)
	}
	return f
}

// Look implements connectors.Follower. The labels of the object come with the records.
func (s *Source) Look(ctx context.Context, u connectors.Unit, refs []connectors.Ref) iter.Seq2[connectors.Batch, error] {
	return func(yield func(connectors.Batch, error) bool) {
		stopped, collection := false, ""
		pass := handing(ctx, &stopped, func(b connectors.Batch) bool {
			if b.Rows != nil {
				collection = b.Collection
			}
			return yield(b, nil)
		})
		done, err := s.pick(ctx, u, refs, pass)
		if err == nil && !done {
			err = errUnreached
		}
		if err == nil {
			obj, serr := s.stat(ctx, u)
			if err = serr; err == nil {
				err = s.readLabels(ctx, obj, collection, pass)
			}
		}
		if err != nil && !stopped {
			yield(connectors.Batch{}, fmt.Errorf("looking at records of an object: %w", err))
		}
	}
}

var _ connectors.Follower = (*Source)(nil)

package connectors

import (
	"context"
	"iter"
	"maps"
	"slices"
)

// Replicated is implemented by sources whose store copies by itself what is written there.
type Replicated interface {
	// Replicas returns the urls of the places that hold such copies, which end in "/". A
	// store that does not let itself be asked has none; [Checker] tells that.
	Replicas(ctx context.Context) ([]string, error)
}

// Vacancy is implemented by sources over a place that somebody names, and that may be
// gone, not mounted or mistyped without an error of its store.
type Vacancy interface {
	// Vacant reports that nothing at all is at the place, not even an empty folder or the
	// mark of something that was deleted.
	Vacant(ctx context.Context) (bool, error)
	// Place names the place: another text means that the source lies elsewhere than before,
	// or that something else is mounted there.
	Place(ctx context.Context) (string, error)
}

// Historian is implemented by sources that list old versions of their units beside the
// current ones.
type Historian interface {
	// Old reports whether a unit's key is that of an old version: what it says was true
	// once, and is not what the source says now.
	Old(key string) bool
}

// Finder is implemented by sources that can look for a unit without listing all.
type Finder interface {
	// Find yields the unit of that key as it stands now, and the old versions of its
	// object where the store keeps some: they are units too. A unit that is gone
	// yields nothing; an error means that this is not known.
	Find(ctx context.Context, key string) iter.Seq2[Unit, error]
}

// FindAtMost is up to how many units are looked for one by one: listing all of a
// source costs about a request for a thousand of them.
const FindAtMost = 1000

// Find yields the units with the given keys, as they stand now, each once. Sources
// that are no [Finder] are listed.
func Find(ctx context.Context, s Source, keys map[string]bool) iter.Seq2[Unit, error] {
	return func(yield func(Unit, error) bool) {
		f, ok := s.(Finder)
		if !ok || len(keys) > FindAtMost {
			wanted := maps.Clone(keys)
			for u, err := range s.Units(ctx) {
				if (err != nil || wanted[u.Key]) && !yield(u, err) {
					return
				}
			}
			return
		}
		seen := map[string]bool{}
		for _, key := range slices.Sorted(maps.Keys(keys)) {
			for u, err := range f.Find(ctx, key) {
				if err == nil && seen[u.Key] {
					continue
				}
				seen[u.Key] = true
				if !yield(u, err) {
					return
				}
			}
		}
	}
}

// Tables is implemented by databases. HasTable reports whether a table is there, whether a
// catalog describes it or not.
type Tables interface {
	HasTable(ctx context.Context, name string) (bool, error)
}

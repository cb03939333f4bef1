package lineage

import (
	"maps"
	"slices"
	"strings"
)

// appendOwn appends copies of sightings that share no memory with them but for the
// names of collections, kinds and categories, which do not change.
func appendOwn(to, list []Sighting) []Sighting {
	for i := range list {
		s := list[i]
		s.Locator, s.Within, s.Account = strings.Clone(s.Locator), strings.Clone(s.Within), strings.Clone(s.Account)
		s.Edges = slices.Clone(s.Edges)
		s.Names, s.Labels = ownNames(s.Names), ownNames(s.Labels)
		s.Facts = maps.Clone(s.Facts)
		to = append(to, s)
	}
	return to
}

// ownNames copies names and their words.
func ownNames(list []Name) []Name {
	if len(list) == 0 {
		return nil
	}
	out := make([]Name, len(list))
	for i, n := range list {
		out[i] = slices.Clone(n)
	}
	return out
}

package pipeline

import (
	"maps"
	"slices"
	"strings"

	"github.com/cratio/sutra/connectors"
)

// words lets references that tell the collection by a word leave their source: an export
// of notes says "leads" and means the table of the CRM. In a source of objects a word that
// no collection of its own is called by means the one table of all databases with that
// name; a map may name a collection of another source as SOURCE.COLLECTION.
func (k kinds) words(sources []*Source) {
	short := maps.Clone(k.alias)
	maps.DeleteFunc(short, func(n, _ string) bool { return strings.Contains(n, ".") })
	for _, src := range sources {
		for _, coll := range src.Dataset.Collections {
			for _, ref := range coll.Refs {
				k.mapped(src, ref)
			}
			if len(coll.Refs) == 0 || database(src.Connector) {
				continue
			}
			for n, kind := range short {
				if !hasName(src, n) {
					k.mean(src, n, kind)
				}
			}
		}
	}
}

// mapped takes in the collections of other sources that a map names.
func (k kinds) mapped(src *Source, ref connectors.PolyRef) {
	for _, to := range ref.Map {
		if kind, ok := k.alias[to]; ok && strings.Contains(to, ".") {
			k.mean(src, to, kind)
		}
	}
}

// mean notes what a word means in the references of a source.
func (k kinds) mean(src *Source, word, kind string) {
	k.alias[src.Name+"."+word] = kind
	k.referredTo[kind] = true
}

// hasName reports whether a collection of the source goes by a name.
func hasName(src *Source, name string) bool {
	return slices.ContainsFunc(src.Dataset.Collections, func(c connectors.Collection) bool {
		lower := strings.ToLower(c.Name)
		return lower == name || singular(lower) == name
	})
}

func title(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

package pipeline

import (
	"github.com/cratio/sutra/connectors"
)

// nowhere takes in the references to fields that identify no record: one column of a key of
// several, or a column like any other. What two rows have in common there may be their
// tenant or their town, so it joins nothing.
func (k kinds) nowhere(sources []*Source) {
	known, ids := map[string]bool{}, map[string]bool{}
	for _, src := range sources {
		for _, coll := range src.Dataset.Collections {
			name := src.Name + "." + coll.Name
			known[name], ids[name+".key"] = true, true // an object's key is described by nobody
			for _, f := range connectors.Columns(src.Name, coll) {
				for _, kind := range f.Keys {
					ids[kind] = true
				}
			}
		}
	}
	for _, src := range sources {
		for _, coll := range src.Dataset.Collections {
			eachReference(coll.Fields, func(r connectors.Reference) {
				kind := r.Dataset + "." + r.Collection + "." + r.Field
				if known[r.Dataset+"."+r.Collection] && !ids[kind] {
					k.bare[kind] = true
				}
			})
		}
	}
}

// eachReference calls fn for the references of fields, nested ones too.
func eachReference(fields []connectors.CatalogField, fn func(connectors.Reference)) {
	for _, f := range fields {
		for _, r := range f.References {
			fn(r)
		}
		eachReference(f.Fields, fn)
	}
}

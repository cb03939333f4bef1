package pipeline

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/cratio/sutra/connectors"
)

// referMeaning stands for what the references of a source mean, so far as that is told by
// other sources too: which kind a word is short for, whether it leads to a person, and how the
// database with the keys compares them. One that is described for the first time, or anew,
// changes it, and the records are read again.
func (s *Site) referMeaning(src *Source) string {
	var all []string
	say := func(word string) {
		kind := cmp.Or(s.kinds.alias[word], word)
		all = append(all, fmt.Sprintf("%q %q %v %v %v %v %v %v", word, kind, s.kinds.bare[kind], s.kinds.bridge[kind], s.kinds.unique[kind], s.kinds.medium[kind], s.kinds.fold[kind], s.kinds.parts[kind]))
	}
	open := false
	for _, coll := range src.Dataset.Collections {
		open = open || len(coll.Refs) > 0
		for _, f := range connectors.Columns(src.Name, coll) {
			said := slices.Concat(f.Links, f.Keys)
			for _, in := range f.Inner {
				said = append(said, in.Links...)
			}
			for _, l := range said {
				say(l)
			}
		}
	}
	if open { // a word in a record says which collection it means
		for word := range s.kinds.alias {
			if strings.HasPrefix(word, src.Name+".") {
				say(word)
			}
		}
	}
	if len(all) == 0 {
		return ""
	}
	slices.Sort(all)
	sum := sha256.Sum256([]byte(strings.Join(slices.Compact(all), "\n")))
	return " refers " + hex.EncodeToString(sum[:8])
}

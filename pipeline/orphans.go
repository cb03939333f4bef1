package pipeline

import (
	"slices"

	"github.com/cratio/sutra/lineage"
)

// An orphan is a record of a source that is not in the configuration any more: it may be
// there, and nobody can tell by which rules.

// orphan reports a record of such a source.
func (s *Site) orphan(f *lineage.Found) bool {
	return !slices.ContainsFunc(s.Sources, func(src *Source) bool { return src.Name == f.Unit.Source })
}

// tellOrphans says once of every such source that a person has records there.
func (s *Site) tellOrphans(people ...*lineage.Person) {
	told := map[string]bool{}
	for _, p := range people {
		for _, list := range [][]lineage.Found{p.Copies, p.Mentions} {
			for i := range list {
				if name := list[i].Unit.Source; !told[name] && s.orphan(&list[i]) {
					told[name] = true
					s.gap(name, "", "the source is not in the configuration any more: records of the person that the last scan found in it can be neither read nor changed")
				}
			}
		}
	}
}

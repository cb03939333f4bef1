package pipeline

import (
	"maps"
	"slices"

	"github.com/cratio/sutra/pipeline/bundle"
)

// unread counts what could not be read, by source and reason, for the copy that a
// person is handed. It names no unit: a file may be named after somebody else.
type unread map[string]map[string]int

// unreadReasons bounds how many reasons are told apart in one source; the reasons of
// broken lines have their numbers in them.
const unreadReasons = 200

// otherReasons stands for the reasons above the bound.
const otherReasons = "other reasons"

// add counts a gap.
func (u unread) add(g GapLine) {
	of := u[g.Source]
	if of == nil {
		of = map[string]int{}
		u[g.Source] = of
	}
	reason := g.Reason
	if _, ok := of[reason]; !ok && len(of) >= unreadReasons {
		reason = otherReasons
	}
	of[reason]++
}

// of returns the gaps of one source, in the order of their reasons.
func (u unread) of(source string) (list []bundle.Gap) {
	for _, reason := range slices.Sorted(maps.Keys(u[source])) {
		list = append(list, bundle.Gap{Reason: reason, Places: u[source][reason]})
	}
	return list
}

// elsewhere returns what was not searched of sources that the configuration does not
// name any more.
func (u unread) elsewhere(sources []*Source) (list []bundle.Coverage) {
	for _, name := range slices.Sorted(maps.Keys(u)) {
		if !slices.ContainsFunc(sources, func(src *Source) bool { return src.Name == name }) {
			list = append(list, bundle.Coverage{Source: name, WhyNot: "it is no source any more", Gaps: u.of(name)})
		}
	}
	return list
}

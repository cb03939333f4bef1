package pipeline

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"github.com/cratio/sutra/lineage"
)

// inPlace is what a unit holds of somebody.
type inPlace struct {
	unit             *lineage.UnitState
	copies, mentions []lineage.Found
}

// inPlaces parts lists that are in the order of their units. The units come by source and
// key: their own order tells which happened to be read first, and would number other people
// otherwise in a bundle of the same records.
func inPlaces(copies, mentions []lineage.Found) (out []inPlace) {
	for len(copies)+len(mentions) > 0 {
		unit, p := uint32(math.MaxUint32), inPlace{}
		for _, list := range [][]lineage.Found{copies, mentions} {
			if len(list) > 0 && list[0].RID.Unit() < unit {
				unit, p.unit = list[0].RID.Unit(), list[0].Unit
			}
		}
		n, m := ofUnit(copies, unit), ofUnit(mentions, unit)
		p.copies, p.mentions = copies[:n], mentions[:m]
		out = append(out, p)
		copies, mentions = copies[n:], mentions[m:]
	}
	slices.SortStableFunc(out, func(a, b inPlace) int {
		return cmp.Or(strings.Compare(a.unit.Source, b.unit.Source), strings.Compare(a.unit.Unit.Key, b.unit.Unit.Key))
	})
	return out
}

// ofUnit returns how many sightings at the head of a list stand in a unit.
func ofUnit(list []lineage.Found, unit uint32) int {
	n := 0
	for n < len(list) && list[n].RID.Unit() == unit {
		n++
	}
	return n
}

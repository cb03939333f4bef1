package lineage

import (
	"cmp"
	"slices"
)

// reach is how records were come to, all those to which one step led.
type reach struct {
	via  []string // kinds of the identifiers on the way
	step Step     // without the record that it led to
}

// over is how records are come to from this one.
func (v *visit) over(e Edge, rule string) *reach {
	return &reach{append(slices.Clip(v.how.via), e.Kind), Step{From: v.f.RID, Kind: e.Kind, Token: e.Token, Rule: rule}}
}

// compare orders ways, a shorter one first. Of two that are as long the one with the lesser
// kinds is told, and not that of the record which was read first.
func (h *reach) compare(o *reach) int {
	if h == o {
		return 0
	}
	return cmp.Or(cmp.Compare(len(h.via), len(o.via)), slices.Compare(h.via, o.via))
}

// level puts the visits from one on, which are all as far from the question, into the order
// of their ways, and returns where they end.
func (w *walk) level(from int) (to int) {
	byWay := func(a, b *visit) int { return a.how.compare(b.how) }
	if next := w.order[from:]; !slices.IsSortedFunc(next, byWay) {
		slices.SortStableFunc(next, byWay)
	}
	return len(w.order)
}

package lineage

import (
	"cmp"
	"maps"
	"slices"
)

// split divides what was reached by the CRM contacts in it.
func (w *walk) split() ([]*ridSet, error) {
	rootsOf := map[Token][]*visit{}
	var roots []Token
	for i, v := range w.order {
		if i == 0 || !sameEdges(w.order[i-1].f.Record.Edges, v.f.Record.Edges) {
			var err error
			if roots, err = w.r.rootsOf(v.f); err != nil {
				return nil, err
			}
		}
		if len(roots) == 1 {
			rootsOf[roots[0]] = append(rootsOf[roots[0]], v)
		}
	}
	if len(rootsOf) <= 1 {
		all := &ridSet{list: make([]RID, 0, len(w.order))}
		for _, v := range w.order {
			all.add(v.f.RID)
		}
		return w.divideParts([]*ridSet{all})
	}
	parts, err := w.nearest(rootsOf, nil)
	if err != nil {
		return nil, err
	}
	return w.divideParts(parts)
}

// divideParts splits parts further: by the numbers of papers in them, by what their names
// say, and by what a person said.
func (w *walk) divideParts(parts []*ridSet) (_ []*ridSet, err error) {
	for _, by := range []func(*ridSet) ([]*ridSet, error){w.byPaper, w.byName} {
		if parts, err = splitEach(parts, by); err != nil {
			return nil, err
		}
	}
	return w.apart(parts)
}

// splitEach splits every part, in order.
func splitEach(parts []*ridSet, by func(*ridSet) ([]*ridSet, error)) (out []*ridSet, err error) {
	for _, p := range parts {
		split, err := by(p)
		if err != nil {
			return nil, err
		}
		out = append(out, split...)
	}
	return out, nil
}

// undivided reports parts of this one of which one is all of it: several people may have
// the recording that is the one's and the other's, and nobody's records are fewer by that.
// The others' are among them, and what else tells people apart has to divide it.
func (p *ridSet) undivided(parts []*ridSet) bool {
	return slices.ContainsFunc(parts, func(part *ridSet) bool { return len(part.list) == len(p.list) })
}

// nearest gives each record to the anchor that it is nearest to, by the number of
// steps; a record as near to two of them belongs to neither. within, when not nil,
// restricts the walk.
func (w *walk) nearest(anchors map[Token][]*visit, within *ridSet) ([]*ridSet, error) {
	dist := map[RID]int{}
	owners := map[RID]map[Token]bool{}
	for _, root := range slices.SortedFunc(maps.Keys(anchors), func(a, b Token) int { return slices.Compare(a[:], b[:]) }) {
		if err := w.distances(root, anchors[root], within, dist, owners); err != nil {
			return nil, err
		}
	}
	parts := map[Token]*ridSet{}
	for id, who := range owners {
		for root := range who {
			if parts[root] == nil {
				parts[root] = &ridSet{}
			}
			if len(who) == 1 {
				parts[root].add(id)
			} else {
				parts[root].between = append(parts[root].between, id)
			}
		}
	}
	maps.DeleteFunc(parts, func(_ Token, p *ridSet) bool { return len(p.list) == 0 })
	out := make([]*ridSet, 0, len(parts))
	several, err := w.mediaOfSeveral(within)
	if err != nil {
		return nil, err
	}
	for _, p := range parts {
		w.shareMedia(p, within)
		w.shareCalls(p)
		w.shareSides(p, several.sides)
		w.shareBeside(p, several.loose)
		slices.Sort(p.list) // they came out of a map
		slices.Sort(p.between)
		out = append(out, p)
	}
	slices.SortFunc(out, func(a, b *ridSet) int { return cmp.Compare(a.list[0], b.list[0]) })
	return out, nil
}

// shareMedia gives a part the media, such as the recording of a conference, of which one
// of its records names an owner: a medium is each owner's, however near it is to others.
func (w *walk) shareMedia(part, within *ridSet) {
	media := map[Token]bool{}
	for _, id := range part.list {
		for _, e := range w.reached.get(id).f.Record.Edges {
			if e.Role == Member {
				media[e.Token] = true
			}
		}
	}
	if len(media) == 0 {
		return
	}
	for _, v := range w.order {
		if !v.end || part.has(v.f.RID) || within != nil && !within.has(v.f.RID) {
			continue
		}
		for _, e := range v.f.Record.Edges {
			if e.Role != Member && media[e.Token] && w.r.kinds.Medium(e.Kind) {
				part.add(v.f.RID)
				break
			}
		}
	}
}

// shareCalls gives a part the media to which its own records and another's refer alike:
// two call logs may tell of one call.
func (w *walk) shareCalls(part *ridSet) {
	refers := map[Token]bool{}
	for _, id := range part.list {
		for _, e := range w.reached.get(id).f.Record.Edges {
			if e.Role == Link && w.r.kinds.Medium(e.Kind) {
				refers[e.Token] = true
			}
		}
	}
	if len(refers) == 0 {
		return
	}
	part.between = slices.DeleteFunc(part.between, func(id RID) bool {
		mine := slices.ContainsFunc(w.reached.get(id).f.Record.Edges, func(e Edge) bool { return e.Role == Key && refers[e.Token] })
		if mine {
			part.add(id)
		}
		return mine
	})
}

// distances walks from the records of one contact and notes who is nearest.
func (w *walk) distances(root Token, from []*visit, within *ridSet, dist map[RID]int, owners map[RID]map[Token]bool) error {
	mine := map[RID]int{}
	expanded := map[leadOf]bool{}
	queue := []*visit{}
	for _, v := range from {
		mine[v.f.RID] = 0
		queue = append(queue, v)
	}
	for i := 0; i < len(queue); i++ {
		at := queue[i]
		if at.end {
			continue
		}
		edges, err := w.r.expandable(at.f, w.account)
		if err != nil {
			return err
		}
		for _, e := range edges {
			if slices.Contains(w.barred[at.f.RID], e.Token) {
				continue
			}
			info, err := w.r.tokenInfo(e.Token, e.Kind, w.account)
			if err != nil {
				return err
			}
			l, k, err := w.r.next(at.f, e, info)
			if err != nil {
				return err
			}
			if expanded[leadOf{e.Token, k}] {
				continue // from a record like this one that is as near
			}
			expanded[leadOf{e.Token, k}] = true
			for _, f := range l.to {
				v := w.reached.get(f.RID)
				if _, ok := mine[f.RID]; ok || v == nil || within != nil && !within.has(f.RID) {
					continue
				}
				mine[f.RID] = mine[at.f.RID] + 1
				queue = append(queue, v)
			}
		}
		said, _, err := w.r.said(at.f, w.account)
		if err != nil {
			return err
		}
		for _, f := range said {
			v := w.reached.get(f.RID)
			if _, ok := mine[f.RID]; !ok && v != nil && (within == nil || within.has(f.RID)) {
				mine[f.RID] = mine[at.f.RID] + 1
				queue = append(queue, v)
			}
		}
	}
	nearer(root, mine, dist, owners)
	return nil
}

// nearer takes over how far one contact's records are where nobody's are nearer.
func nearer(root Token, mine, dist map[RID]int, owners map[RID]map[Token]bool) {
	for id, d := range mine {
		old, ok := dist[id]
		switch {
		case !ok || d < old:
			dist[id], owners[id] = d, map[Token]bool{root: true}
		case d == old:
			owners[id][root] = true
		}
	}
}

// divide notes which identifiers stand in the records of more than one part.
func (w *walk) divide(parts []*ridSet) error {
	w.divided = map[Token]bool{}
	if len(parts) < 2 {
		return nil
	}
	first := map[Token]int{}
	for i, members := range parts {
		for _, id := range members.list {
			for _, e := range w.reached.get(id).f.Record.Edges {
				if e.Role == Mention || e.Role == Own {
					continue
				}
				if other, err := w.otherEnd(w.reached.get(id).f, e); err != nil {
					return err
				} else if other {
					continue
				}
				if p, ok := first[e.Token]; ok && p != i {
					w.divided[e.Token] = true
				}
				if _, ok := first[e.Token]; !ok {
					first[e.Token] = i
				}
			}
		}
	}
	return nil
}

package lineage

import "slices"

// A record without a name may bring two people together: a form with his number and
// her address, a contact card with both of a couple's numbers. Each identifier by
// itself then looks like one person's. The names at the two ends tell.

// kin are records that surely are about the same person: links lead from one to the
// other, or records with names share what joins them.
type kin struct {
	members []*visit
	names   []Name
}

// byName splits a part in which records of clearly different names are held together
// by nothing but records without one. A person's word that they are the same wins.
func (w *walk) byName(p *ridSet) ([]*ridSet, error) {
	whole := []*ridSet{p}
	var names []Name
	for _, v := range w.order {
		if p.has(v.f.RID) {
			names = addName(names, recordName(v.f.Record.Names))
		}
	}
	if nameGroups(names) < 2 {
		return whole, nil
	}
	var list []*visit
	for _, v := range w.order {
		if p.has(v.f.RID) {
			list = append(list, v)
		}
	}
	if w.saidSame(list) {
		return whole, nil
	}
	if parts, err := w.byRow(p, list); err != nil || len(parts) > 1 {
		return parts, err
	}
	groups, err := w.kinships(list)
	if err != nil {
		return nil, err
	}
	groups = mergeAgreeing(groups)
	if len(groups) < 2 {
		return whole, nil
	}
	anchors := map[Token][]*visit{}
	group := map[*visit]int{}
	for i, g := range groups {
		anchors[Token{0: byte(i >> 8), 1: byte(i), 15: 1}] = g.members
		for _, v := range g.members {
			group[v] = i + 1
		}
	}
	for _, v := range list {
		if n := recordName(v.f.Record.Labels); len(recordName(v.f.Record.Names)) == 0 && len(n) > 0 {
			if i, ok := only(groups, n); ok && group[v] != i+1 {
				t := Token{0: byte(i >> 8), 1: byte(i), 15: 1}
				anchors[t] = append(anchors[t], v)
			}
		}
	}
	return w.nearest(anchors, p)
}

// saidSame reports whether a word "same" leads from one of the records.
func (w *walk) saidSame(list []*visit) bool {
	return slices.ContainsFunc(w.r.words, func(x Word) bool {
		return x.Same && x.Account == w.account && slices.ContainsFunc(list, func(v *visit) bool { return joinsAs(v.f, x.A) || joinsAs(v.f, x.B) })
	})
}

// only returns the one group that a label agrees with, in one whole word at least.
func only(groups []kin, label Name) (int, bool) {
	at := -1
	for i, g := range groups {
		if !slices.ContainsFunc(g.names, func(n Name) bool { return compatible(n, label) && commonWord(n, label) }) {
			continue
		}
		if at >= 0 {
			return 0, false
		}
		at = i
	}
	return at, at >= 0
}

func commonWord(a, b Name) bool {
	return slices.ContainsFunc(a, func(w uint32) bool { return !initialOnly(w) && slices.Contains(b, w) })
}

// kinships returns the groups that have a name, in the order of their first records. A
// record that is torn is in none, nor does its name make one: it is as near to whom it
// refers to as to whom it names.
func (w *walk) kinships(list []*visit) ([]kin, error) {
	parent := make([]int, len(list))
	for i := range parent {
		parent[i] = i
	}
	find := func(i int) int {
		for parent[i] != i {
			parent[i] = parent[parent[i]]
			i = parent[i]
		}
		return i
	}
	carriers, apart := map[Token][]int{}, map[int]bool{}
	for i, v := range list {
		var err error
		if apart[i], err = w.torn(v.f); err != nil {
			return nil, err
		}
		if apart[i] {
			continue
		}
		for _, e := range v.f.Record.Edges {
			if e.Role == Mention || e.Role == Own || e.Role == Member || e.Role == Party {
				continue
			}
			link := w.r.kinds.Link(e.Kind)
			if !link && len(v.f.Record.Names) == 0 {
				continue
			}
			for _, k := range carriers[e.Token] {
				if find(i) == find(k) {
					continue
				}
				sure, err := w.sure(v.f, list[k].f, e)
				if err != nil {
					return nil, err
				}
				if sure {
					parent[max(find(i), find(k))] = min(find(i), find(k))
				}
			}
			info, err := w.r.tokenInfo(e.Token, e.Kind, w.account)
			if err != nil {
				return nil, err
			}
			// One of those who are alike and together already answers for all of them.
			if !slices.ContainsFunc(carriers[e.Token], func(k int) bool {
				return find(i) == find(k) && w.r.likeOf(info, e.Token, v.f) == w.r.likeOf(info, e.Token, list[k].f)
			}) {
				carriers[e.Token] = append(carriers[e.Token], i)
			}
		}
	}
	return named(list, find, apart), nil
}

// named makes the groups out of the union of their members, without those that are apart.
func named(list []*visit, find func(int) int, apart map[int]bool) []kin {
	var out []kin
	at := map[int]int{}
	for i, v := range list {
		if apart[i] {
			continue
		}
		g, ok := at[find(i)]
		if !ok {
			g = len(out)
			at[find(i)] = g
			out = append(out, kin{})
		}
		out[g].members = append(out[g].members, v)
		out[g].names = addName(out[g].names, recordName(v.f.Record.Names))
	}
	for g := range out {
		out[g].names = distinct(out[g].names)
	}
	return slices.DeleteFunc(out, func(g kin) bool { return len(g.names) == 0 })
}

// sure reports whether the identifier that two records share makes them one person's.
func (w *walk) sure(a, b *Found, e Edge) (bool, error) {
	info, err := w.r.tokenInfo(e.Token, e.Kind, w.account)
	if err != nil || !info.sameTime(a, b) {
		return false, err
	}
	switch info.modeAt(a) {
	case free:
		return true, nil
	case contested:
		return w.r.supported(a, b, e.Token)
	case weak:
		return sameFullName(a.Record.name(), b.Record.name()), nil
	}
	return false, nil
}

// mergeAgreeing joins groups with names that may be one person's.
func mergeAgreeing(groups []kin) []kin {
	for i := 0; i < len(groups); i++ {
		for j := i + 1; j < len(groups); j++ {
			if slices.ContainsFunc(groups[i].names, func(a Name) bool {
				return slices.ContainsFunc(groups[j].names, func(b Name) bool { return compatible(a, b) })
			}) {
				groups[i].members = append(groups[i].members, groups[j].members...)
				groups[i].names = append(groups[i].names, groups[j].names...)
				groups = slices.Delete(groups, j, j+1)
				j = i // its new names may agree with groups that were passed over
			}
		}
	}
	return groups
}

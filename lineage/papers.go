package lineage

import (
	"fmt"
	"maps"
	"slices"
)

// A person has one number of each of her papers: a tax number, a national identity
// number. Two of a kind are two people, whatever else agrees (merge protection, rule 2),
// unless the records are of one CRM contact: then one of the numbers is mistyped.

// papers returns the numbers of papers that say whom the record is about.
func (r *Resolver) papers(f *Found) []Edge {
	if r.kinds.Paper == nil {
		return nil
	}
	var out []Edge
	for _, e := range f.Record.Edges {
		if e.Role == Subject && !e.Weak && r.kinds.Paper(e.Kind) {
			out = append(out, e)
		}
	}
	return out
}

// otherPapers reports whether two records have different numbers of one kind of paper.
func (r *Resolver) otherPapers(a, b *Found) bool {
	theirs := r.papers(b)
	return slices.ContainsFunc(r.papers(a), func(e Edge) bool {
		kind := func(x Edge) bool { return x.Kind == e.Kind }
		return slices.ContainsFunc(theirs, kind) && !hasRole(b, e.Token, Subject)
	})
}

// holders groups records by the numbers of their papers, kind by kind: those of one
// record, or of one CRM contact, are one holder's.
func (r *Resolver) holders(list []*Found) (map[string]map[Token][]*Found, error) {
	parent := map[Token]Token{}
	var find func(Token) Token
	find = func(t Token) Token {
		if p, ok := parent[t]; ok && p != t {
			parent[t] = find(p)
			return parent[t]
		}
		return t
	}
	carriers := map[string]map[Token][]*Found{}
	for _, f := range list {
		papers := r.papers(f)
		if len(papers) == 0 {
			continue
		}
		same, err := r.rootsOf(f)
		if err != nil {
			return nil, err
		}
		for _, e := range papers {
			same = append(same, e.Token)
			if carriers[e.Kind] == nil {
				carriers[e.Kind] = map[Token][]*Found{}
			}
			carriers[e.Kind][e.Token] = append(carriers[e.Kind][e.Token], f)
		}
		for _, t := range same {
			if a, b := find(same[0]), find(t); a != b {
				parent[b] = a
			}
		}
	}
	for kind, of := range carriers {
		groups := map[Token][]*Found{}
		for _, t := range slices.SortedFunc(maps.Keys(of), func(a, b Token) int { return slices.Compare(a[:], b[:]) }) {
			groups[find(t)] = append(groups[find(t)], of[t]...)
		}
		carriers[kind] = groups
	}
	return carriers, nil
}

// severalHolders says of what kind of paper the records about the one who has an
// identifier have numbers of several people; "" when they have not.
func (r *Resolver) severalHolders(carriers []*Found, t Token) (string, error) {
	if r.kinds.Paper == nil {
		return "", nil
	}
	var about []*Found
	for _, f := range carriers {
		if len(r.papers(f)) > 0 && joinsAs(f, t) {
			about = append(about, f)
		}
	}
	holders, err := r.holders(about)
	for _, kind := range slices.Sorted(maps.Keys(holders)) {
		if n := len(holders[kind]); n > 1 {
			return fmt.Sprintf("tied to %d different numbers of %s", n, kind), err
		}
	}
	return "", err
}

// byPaper splits a part in which there are different numbers of one kind of paper. A
// person's word that they are the same wins.
func (w *walk) byPaper(p *ridSet) ([]*ridSet, error) {
	whole := []*ridSet{p}
	if w.r.kinds.Paper == nil {
		return whole, nil
	}
	var all []*visit
	var list []*Found
	for _, v := range w.order {
		if p.has(v.f.RID) {
			all, list = append(all, v), append(list, v.f)
		}
	}
	holders, err := w.r.holders(list)
	if err != nil || len(holders) == 0 || w.saidSame(all) {
		return whole, err
	}
	for _, kind := range slices.Sorted(maps.Keys(holders)) {
		if len(holders[kind]) < 2 {
			continue
		}
		anchors := map[Token][]*visit{}
		for t, of := range holders[kind] {
			for _, f := range of {
				anchors[t] = append(anchors[t], w.reached.get(f.RID))
			}
		}
		parts, err := w.nearest(anchors, p)
		if err != nil {
			return nil, err
		}
		if p.undivided(parts) {
			continue
		}
		return splitEach(parts, w.byPaper)
	}
	return whole, nil
}

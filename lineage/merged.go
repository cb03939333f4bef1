package lineage

import "slices"

// rootsOf returns the unique ids (CRM contacts) that the record defines or
// refers to, each replaced by the contact it was merged into.
func (r *Resolver) rootsOf(f *Found) ([]Token, error) {
	var out []Token
	for _, e := range f.Record.Edges {
		if !r.kinds.Unique(e.Kind) || e.Role != Key && e.Role != Link {
			continue
		}
		x, err := r.root(e.Token, 0)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(out, x) {
			out = append(out, x)
		}
	}
	return out, nil
}

// root follows "merged into" from a contact to the surviving one. A cycle ends
// at its smallest member. Where rows of one contact name several that it was merged into,
// as an old export does beside the table, it is the one to which all of these lead, and
// stays by itself if they lead to different ones.
func (r *Resolver) root(t Token, depth int) (Token, error) {
	if x, ok := r.roots[t]; ok {
		return x, nil
	}
	chain := []Token{t}
	place := map[Token]int{t: 0}
	at := t
	for {
		next, err := r.mergedInto(at)
		if err != nil {
			return t, err
		}
		if len(next) > 1 {
			if at, err = r.oneRoot(at, next, depth); err != nil {
				return t, err
			}
		}
		if len(next) != 1 {
			break
		}
		if i, cycle := place[next[0]]; cycle {
			at = slices.MinFunc(chain[i:], func(a, b Token) int { return slices.Compare(a[:], b[:]) })
			break
		}
		at = next[0]
		place[at] = len(chain)
		chain = append(chain, at)
	}
	if x, ok := r.joined[at]; ok {
		at = x
	}
	for _, x := range chain {
		if depth == 0 && (r.united || len(r.words) == 0) { // while words are being united nothing is final
			r.roots[x] = at
		}
	}
	return at, nil
}

// mergesAtOnce is how many contacts with several that they were merged into are followed
// behind one another.
const mergesAtOnce = 8

// oneRoot returns the one to which all lead that a contact was merged into, else itself.
func (r *Resolver) oneRoot(t Token, into []Token, depth int) (Token, error) {
	if depth == mergesAtOnce {
		return t, nil
	}
	var one Token
	for i, x := range into {
		root, err := r.root(x, depth+1)
		if err != nil {
			return t, err
		}
		if i > 0 && root != one {
			return t, nil
		}
		one = root
	}
	return one, nil
}

// mergedInto returns the contacts that rows of one say it was merged into.
func (r *Resolver) mergedInto(t Token) (into []Token, err error) {
	carriers, err := r.carriers(t)
	if err != nil {
		return nil, err
	}
	for _, f := range carriers {
		if !hasRole(f, t, Key) {
			continue
		}
		for _, e := range f.Record.Edges {
			if e.Role == Merged && !slices.Contains(into, e.Token) {
				into = append(into, e.Token)
			}
		}
	}
	return into, nil
}

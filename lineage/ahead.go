package lineage

import (
	"bytes"
	"fmt"
	"slices"
)

// What a question will ask of the graph next is mostly known before: the identifiers of
// the records that it has come to. They are looked up together, in the order in which the
// graph holds them, instead of one after the other. An answer does not depend on it.

// aheadVisits is of how many records of a walk the identifiers are looked up together.
const aheadVisits = 1 << 16

// ahead reads what the walk will ask for of the visits from one on, of which there are
// more than one; it returns how far it read.
func (w *walk) ahead(from int) (to int, err error) {
	to = min(len(w.order), from+aheadVisits)
	if to-from < 2 {
		return to, nil
	}
	list := make([]*Found, 0, to-from)
	for _, v := range w.order[from:to] {
		if n := len(list); !v.end && (n == 0 || !sameEdges(list[n-1].Record.Edges, v.f.Record.Edges)) {
			list = append(list, v.f)
		}
	}
	n := len(w.r.loaded)
	if err := w.r.carriersAhead(list, false); err != nil {
		return 0, err
	}
	var homeless []*Found // whose account will be looked for
	for _, l := range w.r.loaded[n:] {
		for i := range l {
			homeless = append(homeless, &l[i])
		}
	}
	return to, w.r.Ahead(homeless)
}

// Ahead reads together what the accounts of many sightings will be looked for in, instead
// of for one after the other. They are kept until [Resolver.Forget].
func (r *Resolver) Ahead(list []*Found) error {
	if r.kinds.OneAccount {
		return nil
	}
	without := make([]*Found, 0, len(list))
	for _, f := range list {
		if f.Record.Account == "" {
			r.seen.set(f.RID, f)
			without = append(without, f)
		}
	}
	return r.carriersAhead(without, true)
}

// carriersAhead reads the postings of the identifiers in sightings, but for those that a
// crowd has also the sightings that these name. For accounts, weak ones tell nothing.
func (r *Resolver) carriersAhead(list []*Found, forAccounts bool) error {
	var tokens []Token
	for _, f := range list {
		for _, e := range f.Record.Edges {
			if e.Role == Mention || e.Role == Own || forAccounts && (e.Weak || r.stated[e.Token] != nil) {
				continue
			}
			if _, read := r.postings[e.Token]; !read {
				tokens = append(tokens, e.Token)
			}
		}
	}
	slices.SortFunc(tokens, func(a, b Token) int { return bytes.Compare(a[:], b[:]) })
	tokens = slices.Compact(tokens)
	if err := r.listAll(tokens); err != nil {
		return err
	}
	var near []RID
	for _, t := range tokens {
		if all := r.lists[t]; len(all) < accountCrowd {
			near = append(near, all...)
		}
	}
	slices.Sort(near)
	return r.load(slices.Compact(near))
}

// listAll reads the postings of sorted tokens that were not read yet.
func (r *Resolver) listAll(tokens []Token) error {
	tokens = slices.DeleteFunc(slices.Clone(tokens), func(t Token) bool { _, read := r.lists[t]; return read })
	if len(tokens) == 0 {
		return nil
	}
	lists, err := r.view.PostingsOf(tokens)
	if err != nil {
		return fmt.Errorf("read the postings of identifiers: %w", err)
	}
	for i, t := range tokens {
		r.lists[t] = lists[i]
	}
	return nil
}

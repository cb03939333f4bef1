package lineage

import "slices"

// contactOf returns the identifiers of a kind of contact that are the record's own:
// neither weak, nor links, nor a device's.
func (r *Resolver) contactOf(f *Found, but Token) []Edge {
	var out []Edge
	for _, e := range f.Record.Edges {
		device := r.kinds.Device != nil && r.kinds.Device(e.Kind)
		if e.Token != but && e.Role == Subject && !e.Weak && !device && !r.kinds.Link(e.Kind) {
			out = append(out, e)
		}
	}
	return out
}

// severalUsers reports whether a browser or a handset was used under two identifiers
// of one kind that no record brings together. A family computer shows two e-mail
// addresses, and what was done on it without signing in could be anybody's.
func (r *Resolver) severalUsers(carriers []*Found, t Token) bool {
	byKind := map[string][]Token{}
	for _, f := range carriers {
		if !joinsAs(f, t) {
			continue
		}
		for _, e := range r.contactOf(f, t) {
			if !slices.Contains(byKind[e.Kind], e.Token) {
				byKind[e.Kind] = append(byKind[e.Kind], e.Token)
			}
		}
	}
	for _, tokens := range byKind {
		if len(tokens) > r.limits.Values || !r.connected(tokens) {
			return true
		}
	}
	return false
}

// connected reports whether records lead from each of the identifiers to all others.
func (r *Resolver) connected(tokens []Token) bool {
	reached := slices.Clone(tokens[:1])
	for i := 0; i < len(reached); i++ {
		for _, t := range tokens {
			if !slices.Contains(reached, t) && r.together(reached[i], t) {
				reached = append(reached, t)
			}
		}
	}
	return len(reached) == len(tokens)
}

// together reports whether one record is about the person of both identifiers.
func (r *Resolver) together(a, b Token) bool {
	list, err := r.carriers(a)
	if err != nil {
		return false // unread is not proven; whoever walks there gets the error
	}
	return slices.ContainsFunc(list, func(f *Found) bool { return hasRole(f, a, Subject) && hasRole(f, b, Subject) })
}

// strangers reports whether two of the carriers have clearly different names and each
// an identifier of her own, and none in common.
func (r *Resolver) strangers(carriers []*Found, t Token) bool {
	for i, a := range carriers {
		for _, b := range carriers[i+1:] {
			if compatible(recordName(a.Record.Names), recordName(b.Record.Names)) {
				continue
			}
			x, y := r.contactOf(a, t), r.contactOf(b, t)
			common := slices.ContainsFunc(x, func(e Edge) bool {
				return slices.ContainsFunc(y, func(o Edge) bool { return o.Token == e.Token })
			})
			if len(x) > 0 && len(y) > 0 && !common {
				return true
			}
		}
	}
	return false
}

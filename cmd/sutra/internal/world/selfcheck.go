package world

import "context"

// SelfCheck tests the detector against a fresh world: it returns the planted
// copies that are not found where the truth says, and the places that hold a
// trace of a person of whom the truth tells nothing there. Both must be empty.
// The snapshot must have been taken of an untouched world; people who were not
// watched are passed over.
func (t *Truth) SelfCheck(ctx context.Context, s *Snap) (notFound []Copy, untold []Finding, err error) {
	told := map[uint64][]string{} // place -> people
	watched := map[string]bool{}
	for _, tr := range s.find.traces {
		for _, o := range tr.owners {
			watched[o] = true
		}
	}
	for c, err := range t.AllCopies(ctx) {
		if err != nil {
			return nil, nil, err
		}
		id := unitID{c.Source, c.Unit}
		key := hash64(truthLocator(c))
		told[placeKey(id, key)] = append(told[placeKey(id, key)], c.Person)
		told[placeKey(id, hash64(nameLocator))] = append(told[placeKey(id, hash64(nameLocator))], c.Person)
		if watched[c.Person] && !s.holds(id, key, c) {
			notFound = append(notFound, c)
		}
	}
	for id, u := range s.units {
		for key, k := range u.kept {
			here := set(told[placeKey(id, key)])
			for _, h := range k.hits {
				if tr := s.find.traces[h]; len(tr.owners) == 1 && !here[tr.owners[0]] {
					untold = append(untold, Finding{tr.owners[0], id.source, id.unit, k.locator, tr.kind})
				}
			}
		}
	}
	return notFound, untold, nil
}

// holds reports whether a copy is where it should be: by its token, or by an
// identifier of hers if it has none.
func (s *Snap) holds(id unitID, key uint64, c Copy) bool {
	u := s.units[id]
	if u == nil || u.kept[key] == nil {
		return false
	}
	for _, h := range u.kept[key].hits {
		tr := s.find.traces[h]
		if c.Token != "" && tr.kind == kindToken && tr.copy.Token == c.Token {
			return true
		}
		if c.Token == "" && tr.kind != kindToken {
			for _, o := range tr.owners {
				if o == c.Person {
					return true
				}
			}
		}
	}
	return false
}

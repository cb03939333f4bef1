package lineage

import "slices"

// A record may refer to one person and name another, by numbers that the first has not: an
// order of hers that goes to somebody else, a log of a row that held somebody else's data
// before. A reference says whose a record is as long as nothing in the record says that it
// is another's.

// tornSteps is over how many records without a name of their own a reference is followed to
// whom it leads.
const tornSteps = 2

// torn reports a record that names somebody, by a name and a contact identifier of hers, and
// refers to records of people who are clearly called otherwise and have none of what it has.
func (w *walk) torn(f *Found) (bool, error) {
	return w.tornFrom(f, func(*Found) bool { return true })
}

// tornFrom is torn for references to some records.
func (w *walk) tornFrom(f *Found, counts func(k *Found) bool) (bool, error) {
	if len(recordName(f.Record.Names)) == 0 {
		return false, nil
	}
	own, err := w.ownContacts(f)
	if err != nil || len(own) == 0 {
		return false, err
	}
	another, same, err := w.refersTo(&reference{f, own, counts}, f, tornSteps)
	return another && !same, err
}

// reference is a record of which it is asked to whom it refers.
type reference struct {
	f      *Found
	own    []Token // its contact identifiers
	counts func(k *Found) bool
}

// refersTo looks at whom a record leads to by its references: whether to others than the one
// whom the record that is asked about names, or to one who may be her.
func (w *walk) refersTo(r *reference, at *Found, steps int) (another, same bool, err error) {
	for _, e := range at.Record.Edges {
		if e.Role != Link || w.r.kinds.Medium(e.Kind) {
			continue
		}
		info, err := w.r.tokenInfo(e.Token, e.Kind, w.account)
		if err != nil {
			return false, false, err
		}
		if info.mode == never {
			continue
		}
		for _, k := range info.carriers {
			if k == r.f || k == at || !hasRole(k, e.Token, Key) || !r.counts(k) {
				continue
			}
			a, s, err := w.isAnother(r, k, steps)
			if err != nil {
				return false, false, err
			}
			another, same = another || a, same || s
		}
	}
	return another, same, nil
}

// isAnother looks at one record that another refers to. One without a name of its own is
// that of whom it refers to.
func (w *walk) isAnother(r *reference, k *Found, steps int) (another, same bool, err error) {
	theirs, err := w.ownContacts(k)
	if err != nil {
		return false, false, err
	}
	if slices.ContainsFunc(theirs, func(t Token) bool { return slices.Contains(r.own, t) }) {
		return false, true, nil
	}
	name := recordName(k.Record.Names)
	switch {
	case len(name) > 0 && compatible(name, recordName(r.f.Record.Names)):
		return false, true, nil
	case len(name) > 0:
		return len(theirs) > 0, false, nil
	case steps > 1:
		return w.refersTo(r, k, steps-1)
	}
	return false, false, nil
}

// ownContacts are the contact identifiers of a record that may be one person's: no number of
// the account's own, and none that is shared by many.
func (w *walk) ownContacts(f *Found) ([]Token, error) {
	var out []Token
	for _, e := range w.r.contactOf(f, Token{}) {
		info, err := w.r.tokenInfo(e.Token, e.Kind, w.account)
		if err != nil {
			return nil, err
		}
		if info.mode != never {
			out = append(out, e.Token)
		}
	}
	return out, nil
}

package lineage

import "slices"

// An identifier that leads from one record to another only with further evidence is
// asked about from every record that carries it. Those that have the same evidence
// get the same answer, so that a number in very many records costs as many questions
// as there are different records of it, and not one for each pair.

// keptLeads bounds how many places of answers are kept for one identifier.
const keptLeads = 4 << 20

// leadKey names an answer: for records that are alike, over an edge of one role.
type leadKey struct {
	like uint32
	role Role
}

// lead is where a record leads over an identifier, and who is kept away. Records like
// it are among them, it itself too.
type lead struct {
	to, refused []*Found
}

// leadOf names an answer of a certain identifier.
type leadOf struct {
	token Token
	lead  leadKey
}

// likeOf numbers the records of an identifier, those alike with the same number: next
// makes no difference between them.
func (r *Resolver) likeOf(i *tokenInfo, t Token, f *Found) uint32 {
	if n := i.likes.get(f.RID); n != 0 {
		return n
	}
	r.key = r.key[:0]
	for _, e := range f.Record.Edges {
		flags := byte(e.Role) << 1
		if e.Weak {
			flags |= 1
		}
		switch {
		case e.Token == t:
			r.key = append(r.key, 0, flags)
		case e.Role == Subject && !r.kinds.Link(e.Kind), r.kinds.Unique(e.Kind) && (e.Role == Key || e.Role == Link):
			r.key = append(append(r.key, 1, flags), e.Token[:]...)
		}
	}
	r.key = append(r.key, 2)
	for _, w := range f.Record.name() {
		r.key = append(r.key, byte(w>>24), byte(w>>16), byte(w>>8), byte(w))
	}
	if len(i.cuts) > 0 {
		at, ok := i.epochOf(f)
		r.key = append(r.key, 3, byte(at), byte(at>>8), byte(at>>16))
		if !ok {
			r.key = append(r.key, 4)
		}
	}
	n, ok := i.forms[string(r.key)]
	if !ok {
		if i.forms == nil {
			i.forms = map[string]uint32{}
		}
		n = uint32(len(i.forms) + 1)
		i.forms[string(r.key)] = n
	}
	i.likes.set(f.RID, n)
	return n
}

// next returns the records to which the given one leads over one of its
// identifiers, and what keeps the others away. Both may name the record itself.
func (r *Resolver) next(from *Found, e Edge, i *tokenInfo) (*lead, leadKey, error) {
	k := leadKey{role: e.Role}
	if !i.alike || e.Role == Member {
		k.like = r.likeOf(i, e.Token, from)
	}
	if l, ok := i.leads[k]; ok {
		return l, k, nil
	}
	l, err := r.findNext(from, e, i)
	if err != nil {
		return nil, k, err
	}
	if i.kept += len(i.carriers); i.kept <= keptLeads || i.alike {
		if i.leads == nil {
			i.leads = map[leadKey]*lead{}
		}
		i.leads[k] = l
	}
	return l, k, nil
}

func (r *Resolver) findNext(from *Found, e Edge, i *tokenInfo) (*lead, error) {
	l := &lead{}
	if i.alike && e.Role != Member {
		l.to = make([]*Found, 0, len(i.carriers))
	}
	asked := map[uint32]bool{}
	joins := joining(e.Token)
	for _, f := range i.carriers {
		if !joins(f) {
			continue
		}
		if i.alike && e.Role != Member {
			l.to = append(l.to, f)
			continue
		}
		like := r.likeOf(i, e.Token, f)
		ok, known := asked[like]
		if !known {
			var err error
			if ok, err = r.leads(from, f, e, i); err != nil {
				return nil, err
			}
			asked[like] = ok
		}
		if ok {
			l.to = append(l.to, f)
		} else {
			l.refused = append(l.refused, f)
		}
	}
	return l, nil
}

// leads reports whether one record of an identifier leads to another.
func (r *Resolver) leads(from, f *Found, e Edge, i *tokenInfo) (bool, error) {
	m := i.modeAt(from)
	switch {
	case e.Role == Member:
		return !hasRole(f, e.Token, Member), nil
	case hasRole(f, e.Token, Member):
		return false, nil
	case !i.sameTime(from, f):
		return false, nil
	case m == free:
		return true, nil
	case m == never:
		return r.kinds.Medium(e.Kind) && e.Role == Link && hasRole(f, e.Token, Key), nil
	case m == weak:
		return sameFullName(from.Record.name(), f.Record.name()), nil
	}
	return r.supported(from, f, e.Token)
}

// many reports an identifier in so many records that what is refused is said once for
// records that are alike: for each pair of them it would be endless.
func (r *Resolver) many(i *tokenInfo) bool { return len(i.carriers) > r.limits.Weak }

// refuse notes who was kept away from a record, which they may be like.
func (w *walk) refuse(at *visit, e Edge, i *tokenInfo, l *lead, k leadKey) {
	if w.r.many(i) {
		s := leadOf{e.Token, k}
		if w.r.told[s] {
			return
		}
		w.r.told[s] = true
	}
	w.possible = slices.Grow(w.possible, len(l.refused))
	for _, f := range l.refused {
		if f.RID != at.f.RID {
			w.possible = append(w.possible, Step{From: at.f.RID, Kind: e.Kind, Token: e.Token, To: f.RID, Rule: i.reason})
		}
	}
}

package lineage

import "slices"

// medium reports the record of a medium itself: the audio of a call.
func (r *Resolver) medium(f *Found) bool {
	return slices.ContainsFunc(f.Record.Edges, func(e Edge) bool { return e.Role == Key && r.kinds.Medium(e.Kind) })
}

// Nameless reports a record that names nobody and refers to nobody but by the names of
// media, such as a transcript beside a recording: it is as much hers as the recording.
func Nameless(f *Found, medium func(kind string) bool) bool {
	return !slices.ContainsFunc(f.Record.Edges, func(e Edge) bool {
		return e.Role == Member || e.Role != Mention && e.Role != Own && !medium(e.Kind)
	})
}

// nobodys reports a record that is nameless in all its parts.
func (r *Resolver) nobodys(f *Found) (bool, error) {
	if f.Record.Within != "" || !Nameless(f, r.kinds.Medium) {
		return false, nil
	}
	for _, e := range f.Record.Edges {
		if e.Role != Link {
			continue
		}
		all, err := r.carriers(e.Token)
		if err != nil {
			return false, err
		}
		part := func(x *Found) bool {
			return x.Record.Within != "" && x.RID.Unit() == f.RID.Unit() && x.Record.Collection == f.Record.Collection && x.Record.Locator == f.Record.Locator
		}
		if slices.ContainsFunc(all, part) {
			return false, nil
		}
	}
	return true, nil
}

// beside goes on from a medium of several owners to what stands beside it and names nobody.
func (w *walk) beside(at *visit) error {
	if !w.r.medium(at.f) {
		return nil
	}
	for _, e := range at.f.Record.Edges {
		if e.Role != Link || !w.r.kinds.Medium(e.Kind) {
			continue
		}
		info, err := w.r.tokenInfo(e.Token, e.Kind, w.account)
		if err != nil {
			return err
		}
		for _, f := range info.carriers {
			if w.reached.get(f.RID) != nil || !hasRole(f, e.Token, Link) {
				continue
			}
			nobodys, err := w.r.nobodys(f)
			if err != nil {
				return err
			}
			if nobodys {
				w.add(f, at.over(e, rule(w.r, e)), true)
			}
		}
	}
	return nil
}

// mediaOfSeveral are the records of a walk that more than one of its people may have by the
// rules of shareSides and shareBeside.
type mediaOfSeveral struct{ sides, loose []*visit }

func (w *walk) mediaOfSeveral(within *ridSet) (m mediaOfSeveral, err error) {
	for _, v := range w.order {
		if within != nil && !within.has(v.f.RID) || !slices.ContainsFunc(v.f.Record.Edges, func(e Edge) bool { return w.r.kinds.Medium(e.Kind) }) {
			continue
		}
		nobodys, err := w.r.nobodys(v.f)
		switch {
		case err != nil:
			return m, err
		case nobodys:
			m.loose = append(m.loose, v)
		case w.r.medium(v.f) && slices.ContainsFunc(v.f.Record.Edges, func(e Edge) bool { return e.Role == Party }):
			m.sides = append(m.sides, v)
		}
	}
	return m, nil
}

// shareSides gives a part the recordings whose names tell its number beside another's:
// they are both sides', however near they are to one.
func (w *walk) shareSides(part *ridSet, sides []*visit) {
	if len(sides) == 0 {
		return
	}
	numbers := map[Token]bool{}
	for _, id := range part.list {
		for _, e := range w.reached.get(id).f.Record.Edges {
			if e.Role == Subject && !w.r.kinds.Link(e.Kind) {
				numbers[e.Token] = true
			}
		}
	}
	part.take(sides, func(e Edge) bool { return e.Role == Party && numbers[e.Token] })
}

// shareBeside gives a part what stands beside its media and names nobody.
func (w *walk) shareBeside(part *ridSet, loose []*visit) {
	if len(loose) == 0 {
		return
	}
	media := map[Token]bool{}
	for _, id := range part.list {
		if f := w.reached.get(id).f; w.r.medium(f) {
			for _, e := range f.Record.Edges {
				if e.Role == Link && w.r.kinds.Medium(e.Kind) {
					media[e.Token] = true
				}
			}
		}
	}
	part.take(loose, func(e Edge) bool { return e.Role == Link && media[e.Token] })
}

// take adds to a part the records of which an edge says that they are its own as well.
func (p *ridSet) take(from []*visit, hers func(Edge) bool) {
	for _, v := range from {
		if slices.ContainsFunc(v.f.Record.Edges, hers) {
			p.add(v.f.RID)
		}
	}
	p.between = slices.DeleteFunc(p.between, p.has)
}

// otherEnd reports an identifier that stands in a record as one of several sides of a call:
// it is not told by the record whose it is.
func (w *walk) otherEnd(f *Found, e Edge) (bool, error) {
	if e.Role != Party {
		return false, nil
	}
	sole, err := w.soleParty(f, e)
	return err == nil && !sole, err
}

// carrying leaves those who have an identifier: at the other end of a call it is in the
// record of somebody who has it not, as long as anybody has it otherwise.
func (w *walk) carrying(all []*Person, t Token) ([]*Person, error) {
	var have, call []*Person
	for _, s := range all {
		carries, own := false, false
		for i := range s.Copies {
			for _, e := range s.Copies[i].Record.Edges {
				if e.Token != t || e.Role == Mention || e.Role == Own {
					continue
				}
				other, err := w.otherEnd(&s.Copies[i], e)
				if err != nil {
					return nil, err
				}
				carries, own = true, own || !other
			}
		}
		if own {
			have = append(have, s)
		}
		if carries {
			call = append(call, s)
		}
	}
	if len(have) > 0 {
		return have, nil
	}
	return call, nil
}

package pipeline

import (
	"slices"

	"github.com/cratio/sutra/lineage"
)

// besideMedia calls fn for the records that stand beside one over the recordings that it names
// in one of some roles, until fn says that it has enough.
func (s *Site) besideMedia(pl *planner, f *lineage.Found, account string, in func(lineage.Role) bool, fn func(x *lineage.Found, medium lineage.Token) (bool, error)) (bool, error) {
	for _, e := range f.Record.Edges {
		if !pl.kinds.medium[e.Kind] || !in(e.Role) {
			continue
		}
		found, err := s.carriers(unerasedWho{account, e.Token})
		if err != nil {
			return false, err
		}
		for i := range found {
			if found[i].RID == f.RID {
				continue
			}
			if enough, err := fn(&found[i], e.Token); err != nil || enough {
				return enough, err
			}
		}
	}
	return false, nil
}

// calls returns the recordings that a record leads to: those beside a sidecar, those that
// a call log names.
func (s *Site) calls(pl *planner, f *lineage.Found, account string) ([]lineage.Found, error) {
	var out []lineage.Found
	_, err := s.besideMedia(pl, f, account, func(r lineage.Role) bool { return r != lineage.Mention }, func(x *lineage.Found, _ lineage.Token) (bool, error) {
		if pl.recording(x) {
			out = append(out, *x)
		}
		return false, nil
	})
	return out, err
}

// saidIn returns the recordings whose owners are those of a record: itself, and where it
// says no more of whose it is than its name, those that it stands beside. Several numbers in
// a name are told by the recording, too.
func (s *Site) saidIn(pl *planner, f *lineage.Found, account string) (out []lineage.Found, err error) {
	heard, err := pl.heard(f)
	if err != nil || !pl.audible(f) {
		return nil, err
	}
	if heard { // a conference may have no audio any more
		out = append(out, *f)
	}
	party := func(e lineage.Edge) bool { return e.Role == lineage.Party }
	nameless := heard && lineage.Nameless(f, pl.kinds.isMedium)
	if !nameless && (pl.recording(f) || !slices.ContainsFunc(f.Record.Edges, party)) {
		return out, nil
	}
	beside, err := s.calls(pl, f, account)
	for _, x := range beside {
		if nameless || slices.ContainsFunc(x.Record.Edges, party) {
			out = append(out, x)
		}
	}
	return out, err
}

// stillOthers reports a recording that has an owner who was not erased, or what stands beside
// one and says no more of whose it is than its name: it stayed for her, and was reported as kept.
func (s *Site) stillOthers(pl *planner, f *lineage.Found, account string, gone map[lineage.Token]bool) (bool, error) {
	if !pl.audible(f) {
		return false, nil
	}
	list, err := s.saidIn(pl, f, account)
	if err != nil {
		return false, err
	}
	for i := range list {
		x := &list[i]
		others, err := s.anotherSide(x, account, func(t lineage.Token) bool { return gone[t] })
		if err == nil && !others {
			others, err = s.stayedFor(pl, x, account, gone)
		}
		if err == nil && !others {
			others, err = s.besideMedia(pl, x, account, func(r lineage.Role) bool { return r != lineage.Member }, func(y *lineage.Found, medium lineage.Token) (bool, error) {
				return s.ofOthers(pl, y, medium, account, gone)
			})
		}
		if err != nil || others {
			return others, err
		}
	}
	return false, nil
}

// stayedFor reports a recording that an erasure left to whose number is in its name.
func (s *Site) stayedFor(pl *planner, f *lineage.Found, account string, gone map[lineage.Token]bool) (bool, error) {
	plans, err := s.heardIn(f.Unit.Source, f.Unit.Unit.Key)
	if err != nil || len(plans) == 0 || !pl.recording(f) {
		return false, err
	}
	return pl.namedForOther(f, account, nil, func(t lineage.Token) bool { return gone[t] })
}

// ofOthers reports a record beside a recording that is somebody's who was not erased. One
// that names nobody, as another file of the same call, is nobody's; one that only refers to
// somebody may be anybody's.
func (s *Site) ofOthers(pl *planner, x *lineage.Found, medium lineage.Token, account string, gone map[lineage.Token]bool) (bool, error) {
	if !slices.ContainsFunc(x.Record.Edges, func(e lineage.Edge) bool {
		return e.Token == medium && (e.Role == lineage.Member || e.Role == lineage.Link || e.Role == lineage.Subject)
	}) {
		return false, nil
	}
	refers, erased := false, false
	for _, e := range x.Record.Edges {
		switch {
		case pl.kinds.link(e.Kind):
			refers = refers || e.Role == lineage.Link && !pl.kinds.medium[e.Kind]
		case e.Role == lineage.Subject || e.Role == lineage.Party:
			if gone[e.Token] {
				erased = true
				continue
			}
			if other, err := s.somebody(e, account); err != nil || other {
				return other, err
			}
		}
	}
	return refers && !erased, nil
}

// somebody reports an identifier of a person of the account: not its own or its staff's,
// and for one side of a call, known for more than calls, as a number may be rented.
func (s *Site) somebody(e lineage.Edge, account string) (bool, error) {
	own, err := s.ownNumber(e.Token, account)
	if err != nil || own || e.Role != lineage.Party {
		return err == nil && !own, err
	}
	found, err := s.carriers(unerasedWho{account, e.Token})
	return slices.ContainsFunc(found, func(f lineage.Found) bool {
		return slices.ContainsFunc(f.Record.Edges, func(x lineage.Edge) bool { return x.Token == e.Token && x.Role == lineage.Subject })
	}), err
}

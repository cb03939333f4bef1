package pipeline

import (
	"slices"

	"github.com/cratio/sutra/lineage"
)

// A backup that is put back brings records that name nobody: a note that says by an id whose
// it is, the answers to a ticket. Nothing in them is on the ledger, and the row that they
// refer to is all that leads to them. If that row goes again alone, nobody finds them any more.

// withIt returns the records that came back with one that did: the recordings that it leads
// to, and, in any depth, the records that refer to it and name nobody.
func (s *Site) withIt(pl *planner, r *lineage.Resolver, f *lineage.Found, l lineage.Suppression, gone map[lineage.Token]bool, unerased bool) ([]comeback, error) {
	calls, err := s.calls(pl, f, l.Account)
	if err != nil {
		return nil, err
	}
	var out []comeback
	add := func(x *lineage.Found, with lineage.RID) (bool, error) {
		back, err := s.cameBack(pl, r, x, l, gone)
		if back {
			out = append(out, comeback{*x, l.Account, unerased, with})
		}
		return back, err
	}
	for i := range calls {
		if _, err := add(&calls[i], f.RID); err != nil {
			return nil, err
		}
	}
	seen := map[lineage.RID]bool{f.RID: true}
	for open := []*lineage.Found{f}; len(open) > 0; open = open[1:] {
		list, err := s.leaning(pl, open[0], l.Account, gone)
		if err != nil {
			return nil, err
		}
		for i := range list {
			x := &list[i]
			if seen[x.RID] {
				continue
			}
			seen[x.RID] = true
			back, err := add(x, open[0].RID)
			if err != nil {
				return nil, err
			}
			if back {
				open = append(open, x)
			}
		}
	}
	return out, nil
}

// leaning returns the records that refer to one and name nobody, with something in them
// that was not left of an erasure.
func (s *Site) leaning(pl *planner, f *lineage.Found, account string, gone map[lineage.Token]bool) ([]lineage.Found, error) {
	var out []lineage.Found
	for _, key := range f.Record.Edges {
		if key.Role != lineage.Key {
			continue
		}
		found, err := s.carriers(unerasedWho{account, key.Token})
		if err != nil {
			return nil, err
		}
		for i := range found {
			x := &found[i]
			if x.RID == f.RID || len(x.Record.Categories) == 0 {
				continue
			}
			if _, _, law := s.Policy.KeepUntil(s.collection(x).Class, x.Record.Trigger, s.Now()); law {
				continue
			}
			leans, err := s.leansOn(pl, x, key.Token, account, gone)
			if err != nil {
				return nil, err
			}
			if !leans {
				continue
			}
			left, err := s.emptiedAs(x)
			if err != nil {
				return nil, err
			}
			if left == nil {
				out = append(out, *x)
			}
		}
	}
	return out, nil
}

// leansOn reports a record that refers to a key, names nobody, and refers to nobody who was
// not erased.
func (s *Site) leansOn(pl *planner, x *lineage.Found, key lineage.Token, account string, gone map[lineage.Token]bool) (bool, error) {
	refers := false
	for _, e := range x.Record.Edges {
		switch {
		case e.Role == lineage.Subject || e.Role == lineage.Party || e.Role == lineage.Member:
			return false, nil
		case e.Role != lineage.Link || s.kinds.bare[e.Kind] || s.kinds.medium[e.Kind]:
		case e.Token == key:
			refers = true
		default:
			if away, err := s.leadsAway(pl, unerasedWho{account, e.Token}, gone); err != nil || away {
				return false, err
			}
		}
	}
	return refers, nil
}

// leadsAway reports a key of a record that is somebody's who was not erased. Very many
// records may refer to one, a company say, so its carriers are loaded once.
func (s *Site) leadsAway(pl *planner, key unerasedWho, gone map[lineage.Token]bool) (bool, error) {
	away, known := pl.leads[key]
	if known {
		return away, nil
	}
	others, err := s.carriers(key)
	if err != nil {
		return false, err
	}
	away = slices.ContainsFunc(others, func(y lineage.Found) bool { return keyOfOther(&y, key.Token, gone) })
	if pl.leads == nil {
		pl.leads = map[unerasedWho]bool{}
	}
	pl.leads[key] = away
	return away, nil
}

// keyOfOther reports a record that a key leads to and that is somebody's who was not erased.
func keyOfOther(y *lineage.Found, key lineage.Token, gone map[lineage.Token]bool) bool {
	is, other := false, false
	for _, e := range y.Record.Edges {
		switch e.Role {
		case lineage.Key:
			is = is || e.Token == key
		case lineage.Subject, lineage.Party:
			if gone[e.Token] {
				return false
			}
			other = true
		}
	}
	return is && other
}

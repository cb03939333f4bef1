package pipeline

import (
	"slices"

	"github.com/cratio/sutra/lineage"
)

// sharedCall reports a recording, or what stands beside one and says no more of whose it is
// than its name, that has an owner besides those whose data go: asked are their identifiers.
func (pl *planner) sharedCall(p, crowd *lineage.Person, f *lineage.Found, hers map[lineage.RID]bool, asked func(lineage.Token) bool) (bool, error) {
	list, err := pl.saidIn(pl, f, crowd.Account)
	if err != nil {
		return false, err
	}
	for i := range list {
		shared, err := pl.sharedMedium(p, crowd, &list[i], hers)
		if err == nil && !shared { // numbers in its name
			shared, err = pl.anotherSide(&list[i], crowd.Account, asked)
		}
		if err == nil && !shared && pl.recording(&list[i]) {
			shared, err = pl.namedForOther(&list[i], crowd.Account, hers, asked)
		}
		if err != nil || shared {
			return shared, err
		}
	}
	return false, nil
}

// namedForOther reports a recording with the number of somebody else in its name: what stands
// beside it is theirs whose data go, and the call is hers, too. A number that stands in a
// record of theirs, as a family's, is theirs; so is one that nobody else is known by.
func (pl *planner) namedForOther(f *lineage.Found, account string, hers map[lineage.RID]bool, asked func(lineage.Token) bool) (bool, error) {
	for _, e := range f.Record.Edges {
		if e.Role != lineage.Subject || pl.kinds.link(e.Kind) || asked(e.Token) {
			continue
		}
		own, err := pl.ownNumber(e.Token, account)
		if err != nil {
			return false, err
		}
		found, err := pl.carriers(unerasedWho{account, e.Token})
		if err != nil {
			return false, err
		}
		found = slices.DeleteFunc(found, func(x lineage.Found) bool { return pl.audible(&x) || !about(&x, e.Token) })
		if !own && len(found) > 0 && !slices.ContainsFunc(found, func(x lineage.Found) bool { return hers[x.RID] }) {
			return true, nil
		}
	}
	return false, nil
}

// heard reports a recording, or a file beside one that names nobody in any of its parts: what
// was said in it.
func (pl *planner) heard(f *lineage.Found) (bool, error) {
	if pl.recording(f) || !pl.audible(f) || !lineage.Nameless(f, pl.kinds.isMedium) {
		return pl.recording(f), nil
	}
	all, err := pl.sameRecord(f)
	return !slices.ContainsFunc(all, func(x lineage.Found) bool { return !lineage.Nameless(&x, pl.kinds.isMedium) }), err
}

// sharedMedium reports whether a recording has an owner besides those whose data go: a
// record of somebody else refers to it, or one of theirs in which somebody else has a part.
func (pl *planner) sharedMedium(p, crowd *lineage.Person, f *lineage.Found, hers map[lineage.RID]bool) (bool, error) {
	for _, e := range f.Record.Edges {
		if !pl.kinds.medium[e.Kind] || e.Role == lineage.Member {
			continue
		}
		found, err := pl.postedAt(e.Token)
		if err != nil {
			return false, err
		}
		for i := range found {
			x := &found[i]
			if x.RID == f.RID {
				continue
			}
			if hers[x.RID] {
				other, err := pl.otherParty(crowd, x, pl.herEnd(p, x))
				if err != nil || other {
					return other, err
				}
				continue
			}
			if !pl.recording(x) && pl.audible(x) && lineage.Nameless(x, pl.kinds.isMedium) {
				continue // a transcript that names nobody is no owner
			}
			if crew, err := pl.crewOnly(x, crowd.Account); err != nil {
				return false, err
			} else if crew {
				continue
			}
			for _, o := range x.Record.Edges {
				if o.Token == e.Token && (o.Role == lineage.Member || o.Role == lineage.Link) {
					return true, nil
				}
			}
		}
	}
	return false, nil
}

// crewOnly reports a record that names nobody but the account's own people and refers to
// nobody else: an agent in a conference is no owner of its recording.
func (pl *planner) crewOnly(x *lineage.Found, account string) (bool, error) {
	named := false
	for _, e := range x.Record.Edges {
		switch {
		case e.Role == lineage.Link && !pl.kinds.medium[e.Kind]:
			return false, nil
		case pl.kinds.link(e.Kind) || e.Role == lineage.Mention:
			continue
		}
		own := e.Role == lineage.Own
		if !own {
			var err error
			if own, err = pl.ownNumber(e.Token, account); err != nil || !own {
				return false, err
			}
		}
		named = true
	}
	return named, nil
}

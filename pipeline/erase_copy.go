package pipeline

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/cratio/sutra/lineage"
	"github.com/cratio/sutra/pipeline/extract"
)

// copy plans what happens to one record about the person.
func (pl *planner) copy(p *lineage.Person, f *lineage.Found, hers map[lineage.RID]bool) error {
	if pl.seen[keyOf(f)] {
		return nil
	}
	coll := pl.collection(f)
	if coll.Staff || coll.Accounts {
		return nil
	}
	if pl.held(p, f) {
		return nil
	}
	crowd := pl.together(p)
	shared, err := pl.sharedCall(p, crowd, f, hers, func(t lineage.Token) bool { return pl.goes(crowd)[t] })
	if err != nil {
		return err
	}
	if shared {
		pl.keep(f, p.Account, "shared", "other owners", time.Time{})
		if cuttable, err := pl.cuttable(crowd, f); err != nil || pl.recording(f) || !cuttable {
			return err
		}
		pl.edit(f, planEdit{Account: p.Account, Class: coll.Class, Extent: extract.Partial})
		return nil
	}
	who, err := pl.siblings(p, crowd, f, hers)
	if err != nil {
		return err
	}
	e := planEdit{Account: p.Account, Class: coll.Class}
	until, rule, law := pl.Policy.KeepUntil(coll.Class, f.Record.Trigger, pl.Now())
	switch {
	case coll.Erase == "keep" || law:
		e.Extent, e.Keep, e.All = extract.Strip, true, who.all && who.whole && !who.party
		if !law {
			rule = "catalog: erase keep"
		}
		pl.keep(f, p.Account, "law", rule, until)
	case who.party || who.parts || !who.whole:
		if cuttable, err := pl.cuttable(crowd, f); err != nil || !cuttable {
			pl.keep(f, p.Account, "shared", "an identifier of several people: nothing says which part of it is whose", time.Time{})
			return err
		}
		e.Extent = who.share(coll.Erase)
	case coll.Erase == "redact":
		e.Extent, e.All = extract.Whole, who.all
	default:
		e.Delete = true
	}
	e.Hers, e.Theirs = who.columns(e.Extent)
	e.Named = e.Extent == extract.Partial && pl.onlyNamed(crowd, f)
	if !law {
		pl.advise(coll.Class, f.Record.Trigger, pl.Now())
	}
	pl.edit(f, e)
	return nil
}

// owners tell whose a record is.
type owners struct {
	whole bool // as a whole it is hers
	hers  bool // and it says so by more than a recording that others can be heard on, too
	party bool // somebody else is the other side of the call that it tells of
	parts bool // others have parts of their own in it
	all   bool // every part of it is theirs whose data go, by whatever it is so

	states, others []string // columns all of which is hers, or another's
}

// share is how much goes of a record that is not hers alone.
func (who *owners) share(erase string) extract.Extent {
	switch {
	case who.party || !who.hers:
		return extract.Partial
	case erase == "redact":
		return extract.Whole
	}
	return extract.Rest
}

// columns are those of which all is her part and, where more of the record goes, those of
// others.
func (who *owners) columns(extent extract.Extent) (hers, theirs []string) {
	switch extent {
	case extract.Partial:
		return who.states, nil
	case 0: // it goes as a whole
		return nil, nil
	}
	return nil, who.others
}

// siblings looks at the other sightings of the same record. crowd are the people whose data
// go, of whom p is one.
func (pl *planner) siblings(p, crowd *lineage.Person, f *lineage.Found, hers map[lineage.RID]bool) (who owners, err error) {
	all, err := pl.sameRecord(f)
	if err != nil {
		return who, err
	}
	who.all = true
	unidentified := false
	for i := range all {
		x := &all[i]
		if x.Record.Within == "" {
			who.whole = who.whole || hers[x.RID]
			who.hers = who.hers || hers[x.RID] && pl.herOwn(crowd, x)
			party, err := pl.otherParty(crowd, x, pl.herEnd(p, x))
			if err != nil {
				return who, err
			}
			who.party = who.party || party
			continue
		}
		column := !strings.Contains(x.Record.Within, "/")
		if hers[x.RID] {
			if column {
				who.states = append(who.states, x.Record.Within)
			}
			continue
		}
		if column {
			who.others = append(who.others, x.Record.Within)
		}
		other, err := pl.somebodys(x, p.Account)
		if err != nil {
			return who, err
		}
		who.parts = who.parts || other
		unidentified = unidentified || nameAlone(x)
		who.all = false
	}
	who.parts = who.parts || unidentified && !who.whole // what she says of others in a record of hers goes with it
	if !who.whole && !who.party && !who.parts && !slices.ContainsFunc(all, func(x lineage.Found) bool { return x.Record.Within == "" }) {
		who.whole = true // every part of it is hers
	}
	return who, nil
}

// herOwn reports a record of hers that is so by more than the recording which it belongs to.
func (pl *planner) herOwn(p *lineage.Person, f *lineage.Found) bool {
	return slices.ContainsFunc(f.Record.Edges, func(e lineage.Edge) bool {
		return p.Tokens[e.Token] != "" && e.Role != lineage.Mention && e.Role != lineage.Member && !pl.media(e.Kind)
	})
}

// media reports a link kind that leads to what several people can be heard or seen on.
func (pl *planner) media(kind string) bool {
	return pl.kinds.medium[kind] || kind == "call" || kind == "recording" || kind == "wa_media"
}

// cuttable reports a record with an identifier that is hers alone: by others nobody could
// say what of it is her part.
func (pl *planner) cuttable(p *lineage.Person, f *lineage.Found) (bool, error) {
	all, err := pl.sameRecord(f)
	return slices.ContainsFunc(all, func(x lineage.Found) bool {
		return slices.ContainsFunc(x.Record.Edges, func(e lineage.Edge) bool { return p.Tokens[e.Token] != "" && !pl.kinds.link(e.Kind) })
	}), err
}

// nameAlone reports a part about a person of whom nothing but a name is known.
func nameAlone(part *lineage.Found) bool {
	return len(part.Record.Names) > 0 && !slices.ContainsFunc(part.Record.Edges, func(e lineage.Edge) bool { return e.Role != lineage.Link && e.Role != lineage.Member })
}

// somebodys reports a part of a record that is about somebody. What the account's own
// people write into a conversation is not about them.
func (pl *planner) somebodys(part *lineage.Found, account string) (bool, error) {
	for _, e := range part.Record.Edges {
		if e.Role != lineage.Subject && e.Role != lineage.Party {
			continue
		}
		k := ownKey{account, e.Token}
		own, known := pl.own[k]
		if !known {
			var err error
			if own, err = pl.ownNumber(e.Token, account); err != nil {
				return false, err
			}
			if pl.own == nil {
				pl.own = map[ownKey]bool{}
			}
			pl.own[k] = own
		}
		if !own {
			return true, nil
		}
	}
	return onlyNamed(part), nil
}

// onlyNamed reports a part of a record that names somebody and holds no identifier of hers.
func onlyNamed(part *lineage.Found) bool {
	return len(part.Record.Names) > 0 && !slices.ContainsFunc(part.Record.Edges, func(e lineage.Edge) bool { return e.Role != lineage.Member && e.Role != lineage.Mention })
}

// neighbours are the sightings of a run of rows of one unit.
type neighbours struct {
	from, to lineage.RID // from <= id < to
	found    []lineage.Found
}

// sameRecord returns all sightings of a record: they stand next to each other. Records
// are mostly asked about one after the other, so more of them are read at once then.
func (pl *planner) sameRecord(f *lineage.Found) ([]lineage.Found, error) {
	const reach, ahead = 64, 2048
	from, to := f.RID-lineage.RID(min(uint32(f.RID), reach)), f.RID+reach
	if n := &pl.near; from < n.from || to > n.to {
		last := to
		if from >= n.from && f.RID <= n.to {
			last += ahead
		}
		ids := make([]lineage.RID, 0, last-from)
		for id := from; id < last && id.Unit() == f.RID.Unit(); id++ {
			ids = append(ids, id)
		}
		found, err := pl.Graph.Load(ids)
		if err != nil {
			return nil, err
		}
		*n = neighbours{from, last, found}
	}
	var out []lineage.Found
	at, _ := slices.BinarySearchFunc(pl.near.found, from, func(x lineage.Found, id lineage.RID) int { return cmp.Compare(x.RID, id) })
	for ; at < len(pl.near.found) && pl.near.found[at].RID < to; at++ {
		if x := &pl.near.found[at]; keyOf(x) == keyOf(f) {
			out = append(out, *x)
		}
	}
	return out, nil
}

// herEnd is the number by which a record of a call is hers although others have the number,
// too, or had it at another time: it is her end of the call and no other's. Zero when the
// record is hers by anything else.
func (pl *planner) herEnd(p *lineage.Person, f *lineage.Found) (end lineage.Token) {
	via := p.Via(f.RID)
	if len(via) == 0 {
		return end
	}
	for _, e := range f.Record.Edges {
		if p.Tokens[e.Token] != "" && e.Role != lineage.Mention && e.Role != lineage.Key && !pl.media(e.Kind) {
			return lineage.Token{}
		}
		if e.Role != lineage.Party || e.Kind != via[len(via)-1] || p.Others[e.Token] == "" || e.Token == end {
			continue
		}
		if end != (lineage.Token{}) {
			return lineage.Token{}
		}
		end = e.Token
	}
	return end
}

// otherParty reports a call between her, who may be known at one end of it, and somebody
// else who is not the account's own.
func (pl *planner) otherParty(p *lineage.Person, f *lineage.Found, end lineage.Token) (bool, error) {
	others := false
	for _, e := range f.Record.Edges {
		if e.Role != lineage.Party || e.Token == end || p.Tokens[e.Token] != "" || herSide(f, e.Token) {
			continue
		}
		if _, known := p.Others[e.Token]; !known {
			continue // the account's own number, or one that joins nobody
		}
		shared, err := pl.residue(e.Token, p.Account)
		if err != nil {
			return false, err
		}
		others = others || len(shared) > 0 && pl.bothSides(f, e.Token, shared)
	}
	return others, nil
}

// herSide reports a number that is the record's own, too: whoever else may have it, in a
// record of hers it is no other side.
func herSide(f *lineage.Found, number lineage.Token) bool {
	return slices.ContainsFunc(f.Record.Edges, func(e lineage.Edge) bool { return e.Token == number && e.Role == lineage.Subject })
}

// bothSides reports a record of a call that is its other side's, too. One that refers to
// somebody is hers, whoever was on the line. One that refers to a recording alone is also
// the other's who is known for more than calls: a number that is not may be one that the
// account rents.
func (pl *planner) bothSides(f *lineage.Found, other lineage.Token, others []lineage.Found) bool {
	media := false
	for _, e := range f.Record.Edges {
		if e.Role != lineage.Link {
			continue
		}
		if media = pl.media(e.Kind); !media {
			return false
		}
	}
	return !media || slices.ContainsFunc(others, func(x lineage.Found) bool {
		return slices.ContainsFunc(x.Record.Edges, func(e lineage.Edge) bool { return e.Token == other && e.Role == lineage.Subject })
	})
}

// goes are the identifiers of those whose data go with this plan, or went before.
func (pl *planner) goes(crowd *lineage.Person) map[lineage.Token]bool {
	if pl.gone == nil {
		ledger, err := pl.Graph.Suppressions()
		pl.err = cmp.Or(pl.err, err)
		pl.gone = pl.erasedTokens(ledger)
	}
	if pl.gone[crowd.Account] == nil {
		pl.gone[crowd.Account] = map[lineage.Token]bool{}
	}
	gone := pl.gone[crowd.Account]
	for t := range crowd.Tokens {
		gone[t] = true
	}
	return gone
}

// recording reports the audio of a call, which can only stay or go as a whole.
func (s *Site) recording(f *lineage.Found) bool {
	return s.audible(f) && s.collection(f).Name == "calls"
}

// audible reports a record of a source of recordings.
func (s *Site) audible(f *lineage.Found) bool {
	src, err := s.source(f.Unit.Source)
	return err == nil && src.Connector == "recordings"
}

// advise counts the floors that would have kept a record and are only advisory.
func (pl *planner) advise(class string, trigger lineage.Date, at time.Time) {
	for _, id := range pl.Policy.Advisory(class, trigger, at) {
		pl.advisory[id]++
	}
}

// keep notes a record that stays.
func (pl *planner) keep(f *lineage.Found, account, reason, rule string, until time.Time) {
	pl.stays(f, KeptLine{Account: account, Reason: reason, Rule: rule, Until: Stamp(until)})
}

// stays notes a record that stays, of which k says why.
func (pl *planner) stays(f *lineage.Found, k KeptLine) {
	pl.seen[keyOf(f)] = true
	k.Type, k.Source, k.Dataset, k.Class = "kept", f.Unit.Source, f.Unit.Source+"."+f.Record.Collection, pl.collection(f).Class
	k.Unit, k.Locator = f.Unit.Unit.Key, f.Record.Locator
	without, err := pl.without(f, k.Account)
	k.Without = without
	pl.err = cmp.Or(pl.err, err, pl.spool.stays(k))
}

// held keeps a record when a hold is on it.
func (pl *planner) held(p *lineage.Person, f *lineage.Found) bool {
	h, err := pl.holdOn(p, f, p.Account)
	pl.err = cmp.Or(pl.err, err)
	if h != nil {
		pl.keep(f, p.Account, "hold", h.ID, h.Review)
	}
	return h != nil
}

// holdOn returns the hold that is on the person, when one is given, or on somebody
// whose record it is too or who has a part in it; nil when there is none.
func (pl *planner) holdOn(p *lineage.Person, f *lineage.Found, account string) (*Hold, error) {
	if len(pl.holds) == 0 {
		return nil, nil
	}
	parts, err := pl.sameRecord(f)
	if err != nil {
		return nil, err
	}
	for i, h := range pl.holds {
		if p != nil && pl.kinds.covers(h, p) || slices.ContainsFunc(parts, func(x lineage.Found) bool { return h.coversRecord(&x, account) }) {
			return &pl.holds[i], nil
		}
	}
	return nil, nil
}

// edit adds an edit to the step of its unit.
func (pl *planner) edit(f *lineage.Found, e planEdit) {
	pl.seen[keyOf(f)] = true
	pl.units.add(f.RID.Unit())
	e.Collection, e.Locator, e.Sum = f.Record.Collection, f.Record.Locator, f.Record.Sum
	pl.err = cmp.Or(pl.err, pl.spool.edit(f.Unit, pl.order(f), e))
}

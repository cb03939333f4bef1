package pipeline

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/cratio/sutra/lineage"
)

// An identifier that others have too is not enough to say whose a record is. What it leads
// to is not hers to be told or erased; but nobody is told that she is gone while it stands
// there and nothing was said of it.

// doubtful returns the records that may speak of a person, by an identifier of hers that
// others have too and by nothing else: those of others in which it is mentioned, those
// without a name in which it stands alone, and those that lead to her as to somebody else.
// theirs is how many more carry it as their own, which their names say.
func (s *Site) doubtful(p *lineage.Person) (out []lineage.Found, theirs int, err error) {
	known := map[recordKey]bool{}
	for _, list := range [][]lineage.Found{p.Copies, p.Mentions} {
		for i := range list {
			known[keyOf(&list[i])] = true
		}
	}
	desk := atDesk{Site: s, account: p.Account, known: map[lineage.Token]bool{}, hers: map[lineage.Token]bool{}, theirs: map[recordKey]bool{}}
	if err := desk.alsoStaff(p); err != nil {
		return nil, 0, err
	}
	sides, err := s.otherSides(p)
	if err != nil {
		return nil, 0, err
	}
	for _, t := range sortedTokens(desk.hers) {
		if err := desk.behind(p, t, known, &out); err != nil {
			return nil, 0, err
		}
	}
	for _, t := range sortedTokens(p.Others) {
		if s.kinds.link(p.Others[t]) || sides[t] {
			continue
		}
		if err := desk.behind(p, t, known, &out); err != nil {
			return nil, 0, err
		}
	}
	for i := range p.Between {
		f := &p.Between[i]
		if coll := s.collection(f); !known[keyOf(f)] && !coll.Staff && !coll.Accounts {
			known[keyOf(f)] = true
			out = append(out, *f)
		}
	}
	if err := s.beneath(p, known, &out); err != nil {
		return nil, 0, err
	}
	for k := range desk.theirs {
		if !known[k] {
			theirs++
		}
	}
	slices.SortFunc(out, func(a, b lineage.Found) int { return cmp.Compare(a.RID, b.RID) })
	return out, theirs, nil
}

// sortedTokens are identifiers in an order that does not change: of two sightings of one
// record the first is looked at.
func sortedTokens[V any](m map[lineage.Token]V) []lineage.Token {
	return slices.SortedFunc(maps.Keys(m), func(a, b lineage.Token) int { return slices.Compare(a[:], b[:]) })
}

// otherSides are the numbers that stand in her records only as other sides of her calls,
// or in the names of recordings: she did not share them with whoever they belong to.
func (s *Site) otherSides(p *lineage.Person) (map[lineage.Token]bool, error) {
	sides, hers := map[lineage.Token]bool{}, map[lineage.Token]bool{}
	for i := range p.Copies {
		f := &p.Copies[i]
		for _, e := range f.Record.Edges {
			switch {
			case e.Role == lineage.Party || e.Role == lineage.Subject && s.recording(f):
				sides[e.Token] = true
			case e.Role == lineage.Subject && p.Others[e.Token] != "" && s.audible(f):
				named, err := s.namedBeside(f, e.Token)
				if err != nil {
					return nil, err
				}
				sides[e.Token], hers[e.Token] = sides[e.Token] || named, hers[e.Token] || !named
			case e.Role == lineage.Subject:
				hers[e.Token] = true
			}
		}
	}
	maps.DeleteFunc(sides, func(t lineage.Token, there bool) bool { return hers[t] || !there })
	return sides, nil
}

// namedBeside reports a number in the name of the recording that a file stands beside.
func (s *Site) namedBeside(f *lineage.Found, number lineage.Token) (bool, error) {
	for _, e := range f.Record.Edges {
		if !s.kinds.medium[e.Kind] {
			continue
		}
		list, err := s.postedAt(e.Token)
		if err != nil || slices.ContainsFunc(list, func(x lineage.Found) bool { return s.recording(&x) && has(&x, number, lineage.Subject) }) {
			return err == nil, err
		}
	}
	return false, nil
}

// behind adds the records that an identifier ties to the person, as far as nothing is known
// of them.
func (d *atDesk) behind(p *lineage.Person, t lineage.Token, known map[recordKey]bool, out *[]lineage.Found) error {
	found, err := d.carriers(unerasedWho{p.Account, t})
	if err != nil {
		return err
	}
	for i := range found {
		f := &found[i]
		if coll := d.collection(f); known[keyOf(f)] || coll.Staff || coll.Accounts {
			continue
		}
		may, err := d.mayBe(p, f, t)
		if err != nil {
			return err
		}
		switch {
		case may:
			known[keyOf(f)] = true
			*out = append(*out, *f)
		case about(f, t) && !d.hers[t]:
			d.theirs[keyOf(f)] = true
		}
	}
	return nil
}

// beneath adds the records that refer to one of hers and to nobody else, where others refer
// to it as well: a claim on a policy that covers two, and says of neither that it is hers.
func (s *Site) beneath(p *lineage.Person, known map[recordKey]bool, out *[]lineage.Found) error {
	if len(p.Possible) == 0 {
		return nil
	}
	hers := map[lineage.RID]*lineage.Found{}
	for i := range p.Copies {
		hers[p.Copies[i].RID] = &p.Copies[i]
	}
	var ids []lineage.RID
	under := map[lineage.RID]lineage.Token{}
	for _, st := range p.Possible {
		if from := hers[st.From]; from != nil && s.kinds.link(st.Kind) && !s.kinds.medium[st.Kind] && has(from, st.Token, lineage.Key) && under[st.To] == (lineage.Token{}) {
			under[st.To], ids = st.Token, append(ids, st.To)
		}
	}
	slices.Sort(ids)
	found, err := s.Graph.Load(ids)
	for i := range found {
		f := &found[i]
		if coll := s.collection(f); !known[keyOf(f)] && !coll.Staff && !coll.Accounts && onlyRefers(f, under[f.RID]) {
			known[keyOf(f)] = true
			*out = append(*out, *f)
		}
	}
	return err
}

// onlyRefers reports a record that refers to one other and says nothing else of whose it is.
func onlyRefers(f *lineage.Found, to lineage.Token) bool {
	return len(f.Record.Names)+len(f.Record.Labels) == 0 && has(f, to, lineage.Link) && !slices.ContainsFunc(f.Record.Edges, func(e lineage.Edge) bool {
		return e.Token != to && e.Role != lineage.Key && e.Role != lineage.Mention && e.Role != lineage.Own
	})
}

// has reports an identifier that stands in a record in a role.
func has(f *lineage.Found, t lineage.Token, role lineage.Role) bool {
	return slices.ContainsFunc(f.Record.Edges, func(e lineage.Edge) bool { return e.Token == t && e.Role == role })
}

// homeless returns the records about somebody with an identifier of hers that name no
// account, and of which nothing tells it: the identifier is known in several.
func (s *Site) homeless(p *lineage.Person) ([]lineage.Found, error) {
	if p.Account == "" {
		return nil, nil
	}
	r, err := s.resolver()
	if err != nil {
		return nil, err
	}
	hers := make([]lineage.RID, len(p.Copies))
	for i := range p.Copies {
		hers[i] = p.Copies[i].RID
	}
	slices.Sort(hers)
	var out []lineage.Found
	var known map[recordKey]bool
	for _, t := range sortedTokens(p.Tokens) {
		if s.kinds.link(p.Tokens[t]) {
			continue
		}
		rids, err := s.Graph.Postings(t)
		if err != nil {
			return nil, err
		}
		rids = slices.DeleteFunc(rids, func(rid lineage.RID) bool { // nearly all of them, and they may be many
			_, ok := slices.BinarySearch(hers, rid)
			return ok
		})
		found, err := s.Graph.Load(rids)
		if err != nil {
			return nil, err
		}
		if known == nil && len(found) > 0 {
			known = map[recordKey]bool{}
			for i := range p.Copies {
				known[keyOf(&p.Copies[i])] = true
			}
		}
		for i := range found {
			f := &found[i]
			if f.Record.Account != "" || known[keyOf(f)] || !about(f, t) {
				continue
			}
			of, err := r.AccountOf(f)
			if err != nil {
				return nil, err
			}
			if coll := s.collection(f); of == "" && !coll.Staff && !coll.Accounts {
				known[keyOf(f)] = true
				out = append(out, *f)
			}
		}
	}
	slices.SortFunc(out, func(a, b lineage.Found) int { return cmp.Compare(a.RID, b.RID) })
	return out, nil
}

// atDesk tells the account's own people from others. They took the call and keep the record:
// that it names them does not say whose it is.
type atDesk struct {
	*Site
	account string
	known   map[lineage.Token]bool
	hers    map[lineage.Token]bool // numbers of the staff that a customer has, too: she is one of them
	theirs  map[recordKey]bool     // records of others to which an identifier of hers belongs as well
}

// alsoStaff finds the numbers of a customer that are those of a member of staff.
func (d *atDesk) alsoStaff(p *lineage.Person) error {
	for i := range p.Copies {
		for _, e := range p.Copies[i].Record.Edges {
			if e.Role != lineage.Subject || d.kinds.link(e.Kind) || p.Tokens[e.Token] != "" || p.Others[e.Token] != "" {
				continue
			}
			own, err := d.staff(e)
			if err != nil {
				return err
			}
			if own {
				d.hers[e.Token] = true
			}
		}
	}
	return nil
}

// called reports a record with a name that may be hers.
func called(p *lineage.Person, f *lineage.Found) bool {
	return slices.ContainsFunc(f.Record.Names, func(n lineage.Name) bool {
		return len(n) > 1 && slices.ContainsFunc(p.Copies, func(c lineage.Found) bool {
			return slices.ContainsFunc(c.Record.Names, func(m lineage.Name) bool { return len(m) > 1 && m.Agrees(n) })
		})
	})
}

// staff reports a number of the account's own people, or a reference to one of them.
func (d *atDesk) staff(e lineage.Edge) (bool, error) {
	if own, ok := d.known[e.Token]; ok {
		return own, nil
	}
	var own bool
	var err error
	if d.kinds.link(e.Kind) {
		var found []lineage.Found
		found, err = d.residue(e.Token, d.account)
		own = slices.ContainsFunc(found, func(f lineage.Found) bool {
			coll := d.collection(&f)
			return (coll.Staff || coll.Accounts) && slices.ContainsFunc(f.Record.Edges, func(x lineage.Edge) bool { return x.Token == e.Token && x.Role == lineage.Key })
		})
	} else {
		own, err = d.ownNumber(e.Token, d.account)
	}
	d.known[e.Token] = own
	return own, err
}

// mayBe reports a record that an identifier alone ties to the person.
func (d *atDesk) mayBe(p *lineage.Person, f *lineage.Found, t lineage.Token) (bool, error) {
	if !about(f, t) {
		return !d.hers[t], nil
	}
	if len(f.Record.Names)+len(f.Record.Labels) > 0 && !(d.hers[t] && called(p, f)) { // a name would have joined it, or says that it is another's
		return false, nil
	}
	for _, e := range f.Record.Edges {
		if e.Role == lineage.Mention || e.Role == lineage.Own || e.Role == lineage.Key {
			continue
		}
		if !d.kinds.link(e.Kind) && (p.Tokens[e.Token] != "" || p.Others[e.Token] != "") {
			continue
		}
		lone, err := d.lone(e, f)
		if err != nil {
			return false, err
		}
		if lone {
			continue
		}
		if staff, err := d.staff(e); err != nil || !staff {
			return false, err
		}
	}
	return true, nil
}

// lone reports the id of a lead or a message that nothing else has: it leads to nobody.
func (d *atDesk) lone(e lineage.Edge, f *lineage.Found) (bool, error) {
	if !recordIDs[e.Kind] {
		return false, nil
	}
	found, err := d.residue(e.Token, d.account)
	return !slices.ContainsFunc(found, func(x lineage.Found) bool { return keyOf(&x) != keyOf(f) }), err
}

// doubts are the records of which nothing says whether they are hers.
type doubts struct {
	list     []lineage.Found // see doubtful
	homeless []lineage.Found
	replaced []lineage.Found // see replaced
	referred []lineage.Found // see mayBeHers
	theirs   int
}

func (s *Site) doubtsOf(p *lineage.Person) (d doubts, err error) {
	if d.list, d.theirs, err = s.doubtful(p); err == nil {
		d.homeless, err = s.homeless(p)
	}
	if err == nil {
		d.replaced, err = s.replaced(p, d)
	}
	if err == nil {
		d.referred, err = s.mayBeHers(p, d)
	}
	return d, err
}

// keepDoubts keeps the doubtful records of a person, and says so.
func (pl *planner) keepDoubts(p *lineage.Person) error {
	d, err := pl.doubtsOf(p)
	for i := range d.list {
		if f := &d.list[i]; !pl.seen[keyOf(f)] {
			pl.keep(f, p.Account, "shared", "an identifier of several people: nothing says whose it is here", time.Time{})
		}
	}
	for i := range d.replaced {
		if f := &d.replaced[i]; !pl.seen[keyOf(f)] {
			pl.keep(f, p.Account, "shared", "an identifier that a correction replaced: nothing says whose it is by now", time.Time{})
		}
	}
	pl.keepReferred(p, d)
	if d.theirs > 0 {
		pl.emit(NoteLine{Type: "note", Text: fmt.Sprintf("%d records of others hold an identifier of this person's as their own, and keep it: explain lists them, and where it is not theirs it has to be taken out by hand", d.theirs)})
	}
	pl.tellCrowded(p)
	pl.tellHomeless(d)
	return err
}

// tellHomeless says how many records of no account there are. They are not kept for a
// reason: the proof of an erasure finds her in them.
func (s *Site) tellHomeless(d doubts) {
	if n := len(d.homeless); n > 0 {
		s.emit(NoteLine{Type: "note", Text: fmt.Sprintf("%d more records hold an identifier of this person's that other accounts have too, and name none: they stay until the catalog tells their account", n)})
	}
}

// tellDoubts says how many doubtful records there are.
func (s *Site) tellDoubts(d doubts) {
	if n := len(d.list); n > 0 {
		s.emit(NoteLine{Type: "note", Text: fmt.Sprintf("%d more records hold an identifier of this person's that others have too, and nothing says whose it is there: see explain, and link", n)})
	}
	if n := len(d.replaced); n > 0 {
		s.emit(NoteLine{Type: "note", Text: fmt.Sprintf("%d more records hold an identifier that a correction replaced by one of hers, and are not found by the new one: ask by the old one, too, or say with `sutra link same` that both are hers", n)})
	}
	s.tellReferred(d)
	s.tellHomeless(d)
}

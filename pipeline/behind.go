package pipeline

import (
	"cmp"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/cratio/sutra/lineage"
)

// A record may lead to a person by a reference alone: a note on her lead. When it was
// changed, moved or written after the plan was made, or could not be read then, the plan
// leaves it; and with the lead goes what led to it. So an erasure that leaves such records
// remembers them by the ids that it erased, and who asks for the person by her own
// identifiers comes to them, until they are gone.

// behindBucket holds what leads to such records.
const behindBucket = "behind"

// late is the reason of a record that was not where the plan looked.
const late = "late"

// behindDoc is what is behind one person of a plan.
type behindDoc struct {
	Account string            `json:"account"`
	Who     map[string]string `json:"who"`   // her own identifiers: hex → kind
	Links   []lineage.Token   `json:"links"` // the ids of her records
	Known   []besidePlace     `json:"known"` // what carries them, and is to stay
	// Unread are the kinds of these ids to which records might refer that could not be read,
	// or were not read yet: what was written before the erasure and after the last scan.
	Unread []string `json:"unread,omitempty"`
	Rows   []uint64 `json:"rows,omitempty"`  // the content of rows with these ids that were there then
	Scan   int      `json:"scan,omitempty"`  // the number of the last scan before
	Fresh  bool     `json:"fresh,omitempty"` // nothing was there then: it is looked for once there was a scan
}

// besidePlace is a recordPlace that can be stored.
type besidePlace struct {
	Source     string `json:"source"`
	Unit       string `json:"unit,omitempty"`
	Collection string `json:"collection"`
	Locator    string `json:"locator,omitempty"`
}

func (s *Site) besidePlace(f *lineage.Found) besidePlace {
	at := s.place(f.Unit.Source, f.Unit.Unit.Key, f.Record.Collection, f.Record.Locator)
	return besidePlace{at.source, at.unit, at.collection, at.locator}
}

// leading are those of a person's identifiers that other records may refer to.
func (k kinds) leading(tokens map[lineage.Token]string) []lineage.Token {
	var out []lineage.Token
	for t, kind := range tokens {
		if k.link(kind) && !namedLinks[kind] && k.referredTo[kind] {
			out = append(out, t)
		}
	}
	slices.SortFunc(out, func(a, b lineage.Token) int { return slices.Compare(a[:], b[:]) })
	return out
}

// ledTo calls fn with the records that lead to a person by one of her ids. A row with the
// id itself is none.
func (s *Site) ledTo(account string, ids []lineage.Token, fn func(*lineage.Found)) error {
	for _, t := range ids {
		found, err := s.residue(t, account)
		if err != nil {
			return err
		}
		for i := range found {
			f := &found[i]
			_, err := s.source(f.Unit.Source)
			coll := s.collection(f)
			if err != nil || coll.Staff || coll.Accounts || s.isRowOf(f, t) {
				continue
			}
			fn(f)
		}
	}
	return nil
}

// isRowOf reports the row of a database whose id a token is.
func (s *Site) isRowOf(f *lineage.Found, t lineage.Token) bool {
	src, err := s.source(f.Unit.Source)
	return err == nil && database(src.Connector) && has(f, t, lineage.Key)
}

// rowsOf returns the rows whose ids tokens are, of all accounts.
func (s *Site) rowsOf(ids ...lineage.Token) (out []lineage.Found, err error) {
	for _, t := range ids {
		found, err := s.postedAt(t)
		if err != nil {
			return nil, err
		}
		out = append(out, slices.DeleteFunc(found, func(f lineage.Found) bool { return !s.isRowOf(&f, t) })...)
	}
	return out, nil
}

// beside lists the records that carry ids of a person and are not hers: the plan knows
// them, and leaves them.
func (pl *planner) beside(p *lineage.Person) (out []besidePlace) {
	hers := map[lineage.RID]bool{}
	for i := range p.Copies {
		hers[p.Copies[i].RID] = true
	}
	err := pl.ledTo(p.Account, pl.kinds.leading(p.Tokens), func(f *lineage.Found) {
		if at := pl.besidePlace(f); !hers[f.RID] && !slices.Contains(out, at) {
			out = append(out, at)
		}
	})
	pl.err = cmp.Or(pl.err, err)
	return out
}

// behind counts and remembers the records that lead to the people of a plan of erasure by
// an id alone, and that it neither changed nor knew; and the ids where it may not know them.
func (a *application) behind() error {
	if a.plan.Kind != "erase" {
		return nil
	}
	if err := a.forgetBehind(a.plan.ID + "."); err != nil {
		return err
	}
	scan, _, err := a.lastScan()
	if err != nil {
		return err
	}
	docs := make([]behindDoc, len(a.plan.body.Subjects))
	there := map[besidePlace]*behindRecord{}
	for n, x := range a.plan.body.Subjects {
		docs[n] = a.behindWhom(x, scan)
		d := &docs[n]
		err := a.ledTo(d.Account, d.Links, func(f *lineage.Found) {
			at := a.besidePlace(f)
			if !slices.Contains(d.Known, at) {
				d.Known = append(d.Known, at)
			}
			if !carriesAny(f, d.Who) { // else it is found by that, and was counted
				there[at] = &behindRecord{unit: f.Unit.Unit.Key}
			}
		})
		if err != nil {
			return err
		}
		rows, err := a.rowsOf(d.Links...)
		if err != nil {
			return err
		}
		for i := range rows {
			d.Rows = append(d.Rows, rows[i].Record.Sum)
		}
	}
	if err := a.handled(there); err != nil {
		return err
	}
	for n, x := range a.plan.body.Subjects {
		if err := a.leaveBehind(n, &docs[n], x.Beside, there); err != nil {
			return err
		}
	}
	return nil
}

// behindWhom is what is remembered of a person whatever is behind her.
func (a *application) behindWhom(x planSubject, scan int) behindDoc {
	d := behindDoc{Account: x.Account, Who: map[string]string{}, Scan: scan}
	tokens := map[lineage.Token]string{}
	for t, kind := range x.Tokens {
		if tok, ok := parseToken(t); ok {
			tokens[tok] = kind
			if !a.kinds.link(kind) {
				d.Who[t] = kind
			}
		}
	}
	for t, kind := range x.Links {
		if tok, ok := parseToken(t); ok {
			tokens[tok] = kind
		}
	}
	d.Links = a.kinds.leading(tokens)
	for _, t := range d.Links {
		if kind := tokens[t]; !slices.Contains(d.Unread, kind) {
			d.Unread = append(d.Unread, kind)
		}
	}
	return d
}

// leaveBehind remembers what is behind the n-th person of the plan. d knows too much until
// then: it is told what of it is to stay.
func (a *application) leaveBehind(n int, d *behindDoc, beside []besidePlace, there map[besidePlace]*behindRecord) error {
	open := false
	d.Known = slices.DeleteFunc(d.Known, func(at besidePlace) bool {
		switch {
		case there[at] == nil:
			return false
		case there[at].by == left: // told of when its step was
		case there[at].by == untouched && !slices.Contains(beside, at):
			a.sum.Residue++
			a.gap(at.Source, there[at].unit, "a record that leads to the person by a reference alone was moved or written after the plan was made, in "+at.Collection+": scan and plan again")
		default:
			return false
		}
		open = true
		return true
	})
	switch {
	case open:
		a.leaving++
	case len(d.Unread) == 0:
		return nil
	}
	d.Fresh = !open
	return a.putBehind(fmt.Sprintf("%s.%06d", a.plan.ID, n), *d)
}

// What a plan did with a record.
type handling uint8

const (
	untouched handling = iota
	changedIt
	left // it was to change it, and could not
)

// behindRecord is a record that leads to one of the people.
type behindRecord struct {
	unit string
	by   handling
}

// handled notes what the plan did with the records that are there.
func (a *application) handled(there map[besidePlace]*behindRecord) error {
	note := func(p recordPlace, h handling) {
		if x := there[besidePlace{p.source, p.unit, p.collection, p.locator}]; x != nil {
			x.by = max(x.by, h)
		}
	}
	for at := range a.stay {
		note(at, changedIt)
	}
	err := a.plan.steps(func(st planStep) error {
		for _, e := range st.Edits {
			note(a.place(st.Source, st.Unit.Unit.Key, e.Collection, e.Locator), changedIt)
		}
		return nil
	})
	if err != nil {
		return err
	}
	u, err := a.leftUndone()
	if err != nil {
		return err
	}
	for at, marks := range u.places {
		if slices.ContainsFunc(marks, func(m unerasedMark) bool { return m.plan == a.plan.ID && m.reason != leftOver && m.reason != stuck }) {
			note(at, left)
		}
	}
	return nil
}

func carriesAny(f *lineage.Found, who map[string]string) bool {
	return slices.ContainsFunc(f.Record.Edges, func(e lineage.Edge) bool {
		return who[hex.EncodeToString(e.Token[:])] != "" && e.Role != lineage.Own && e.Role != lineage.Mention
	})
}

func (s *Site) putBehind(id string, d behindDoc) error {
	data, err := json.Marshal(d)
	if err != nil {
		return fmt.Errorf("note what is behind an erased person: %w", err)
	}
	return s.Graph.PutDoc(behindBucket, id, data)
}

// forgetBehind forgets what the plan whose documents' names begin so left behind.
func (s *Site) forgetBehind(names string) error {
	return s.Graph.EachDoc(behindBucket, func(id string, _ []byte) error {
		if strings.HasPrefix(id, names) {
			return s.Graph.DeleteDoc(behindBucket, id)
		}
		return nil
	})
}

// leftBehind calls fn with what is behind each person, as the graph knows it now: the
// records that lead to her by an id which nobody else has meanwhile. Where nothing is left,
// fn gets nothing.
func (s *Site) leftBehind(fn func(id string, d *behindDoc, list []lineage.Found) error) error {
	last, _, err := s.lastScan()
	if err != nil {
		return err
	}
	return s.Graph.EachDoc(behindBucket, func(id string, doc []byte) error {
		var d behindDoc
		if err := json.Unmarshal(doc, &d); err != nil {
			return fmt.Errorf("read what is behind an erased person: %w", err)
		}
		if d.Fresh && d.Scan == last {
			return fn(id, &d, nil)
		}
		list, err := s.behindOne(&d)
		if err != nil {
			return err
		}
		return fn(id, &d, list)
	})
}

// behindOne returns what is behind one person.
func (s *Site) behindOne(d *behindDoc) (list []lineage.Found, err error) {
	for _, t := range d.Links {
		again, err := s.usedAgain(t, d.Rows)
		if err != nil {
			return nil, err
		}
		if again {
			continue
		}
		err = s.ledTo(d.Account, []lineage.Token{t}, func(f *lineage.Found) {
			if !slices.Contains(d.Known, s.besidePlace(f)) && !slices.ContainsFunc(list, func(x lineage.Found) bool { return x.RID == f.RID }) {
				list = append(list, *f)
			}
		})
		if err != nil {
			return nil, err
		}
	}
	return list, nil
}

// usedAgain reports an id of a row that is about somebody, or says something that none of the
// rows said which had such an id: it was given anew.
func (s *Site) usedAgain(t lineage.Token, known []uint64) (bool, error) {
	rows, err := s.rowsOf(t)
	return slices.ContainsFunc(rows, func(f lineage.Found) bool {
		return aboutSomebody(f) || len(f.Record.Categories) > 0 && !slices.Contains(known, f.Record.Sum)
	}), err
}

func aboutSomebody(f lineage.Found) bool {
	return slices.ContainsFunc(f.Record.Edges, func(e lineage.Edge) bool { return e.Role == lineage.Subject || e.Role == lineage.Party })
}

// tellBehind lists what is behind erased people, and forgets of whom nothing is, nor may be in
// what cannot be read.
func (s *Site) tellBehind() (out []UnerasedLine, err error) {
	unread := sync.OnceValues(s.unreadTo)
	_, all, err := s.lastScan()
	if err != nil {
		return nil, err
	}
	var over []string
	err = s.leftBehind(func(id string, d *behindDoc, list []lineage.Found) error {
		for i := range list {
			out = append(out, unerasedLine(&list[i], d.Account, late))
		}
		if len(list) > 0 || len(d.Unread) > 0 && all <= d.Scan {
			return nil
		}
		if len(d.Unread) > 0 {
			if to, err := unread(); err != nil || d.unread(to) {
				return err
			}
		}
		over = append(over, id)
		return nil
	})
	for _, id := range over {
		if err == nil {
			err = s.Graph.DeleteDoc(behindBucket, id)
		}
	}
	return out, err
}

// hexTokens spells tokens as plans have them.
func hexTokens(tokens map[lineage.Token]string) map[string]string {
	out := make(map[string]string, len(tokens))
	for t, kind := range tokens {
		out[hex.EncodeToString(t[:])] = kind
	}
	return out
}

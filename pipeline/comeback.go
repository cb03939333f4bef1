package pipeline

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/cratio/sutra/lineage"
	"github.com/cratio/sutra/pipeline/extract"
	"github.com/cratio/sutra/pipeline/policy"
)

// comeback is a copy of an erased person.
type comeback struct {
	found    lineage.Found
	account  string
	unerased bool // it never went: a plan was to erase it, and could not
	// with is the record that leads to this one, which names nobody itself: a recording
	// beside its sidecar, a note that refers to a row. Zero for all others.
	with lineage.RID
}

// resurrections finds copies of erased people that are there again.
func (s *Site) resurrections(ctx context.Context) ([]BackLine, error) {
	list, err := s.comebacks(ctx, nil)
	return backLines(list), err
}

// backLines names each record that came back once.
func backLines(list []comeback) []BackLine {
	var out []BackLine
	seen := map[BackLine]bool{}
	for i := range list {
		if list[i].unerased {
			continue
		}
		f := &list[i].found
		b := BackLine{Type: "resurrection", Account: list[i].account, Source: f.Unit.Source, Dataset: f.Unit.Source + "." + f.Record.Collection,
			Unit: f.Unit.Unit.Key, Locator: f.Record.Locator}
		if !seen[b] {
			seen[b] = true
			out = append(out, b)
		}
	}
	return out
}

// comebacks finds copies of people who were erased: of all, or of those who have one of
// the given tokens. A record may come several times.
func (s *Site) comebacks(ctx context.Context, only map[lineage.Token]bool) ([]comeback, error) {
	ledger, err := s.Graph.Suppressions()
	if err != nil {
		return nil, err
	}
	pl := &planner{Site: s}
	if pl.holds, err = s.holdsNow(ctx); err != nil {
		return nil, err
	}
	left, err := s.leftUndone()
	if err != nil {
		return nil, err
	}
	gone := s.erasedTokens(ledger)
	r, err := s.resolver()
	if err != nil {
		return nil, err
	}
	var out []comeback
	for _, l := range s.mediaLast(ledger) {
		if only != nil && !only[l.Token] {
			continue
		}
		found, err := s.residue(l.Token, l.Account)
		if err != nil {
			return nil, err
		}
		for _, f := range found {
			if s.kinds.medium[l.Kind] {
				if heard, err := pl.heard(&f); err != nil {
					return nil, err
				} else if !heard {
					continue // it names a recording, and is somebody's by what else is in it
				}
			}
			back, err := s.cameBack(pl, r, &f, l, gone[l.Account])
			if err != nil {
				return nil, err
			}
			if !back {
				continue
			}
			_, unerased := left.of(&f, unerasedWho{l.Account, l.Token})
			out = append(out, comeback{f, l.Account, unerased, 0})
			with, err := s.withIt(pl, r, &f, l, gone[l.Account], unerased)
			if err != nil {
				return nil, err
			}
			out = append(out, with...)
		}
	}
	return out, nil
}

// mediaLast orders the ledger so that the names of recordings come after all else: what
// leads to a recording says more of it than its name.
func (s *Site) mediaLast(ledger []lineage.Suppression) []lineage.Suppression {
	var people, media []lineage.Suppression
	for _, l := range ledger {
		if s.kinds.medium[l.Kind] {
			media = append(media, l)
		} else {
			people = append(people, l)
		}
	}
	return append(people, media...)
}

// cameBack reports a record of an erased person that has no reason to be there: one that
// stayed for another owner, for a hold or by law was reported as kept.
func (s *Site) cameBack(pl *planner, r *lineage.Resolver, f *lineage.Found, l lineage.Suppression, gone map[lineage.Token]bool) (bool, error) {
	if other, err := othersRecord(r, f, l.Account); err != nil || other {
		return false, err
	}
	if shared, err := s.stillOthers(pl, f, l.Account, gone); err != nil || shared {
		return false, err
	}
	h, err := pl.holdOn(nil, f, l.Account)
	if err != nil || h != nil && h.PlacedAt.Before(l.At) {
		return false, err
	}
	kept := s.collection(f).Erase == "keep" && !namesSomebody(f) // emptied: what is left is an id that leads nowhere
	return !kept && !s.staysByLaw(f, l.Kind), nil
}

// anotherSide reports a call with somebody besides the account's own, and besides those
// who are asked about: its recording is hers too.
func (s *Site) anotherSide(f *lineage.Found, account string, asked func(lineage.Token) bool) (bool, error) {
	for _, e := range f.Record.Edges {
		if e.Role != lineage.Party || asked(e.Token) {
			continue
		}
		own, err := s.ownNumber(e.Token, account)
		if err != nil || !own {
			return err == nil, err
		}
	}
	return false, nil
}

// ownNumber reports an identifier of the account itself or of its staff.
func (s *Site) ownNumber(t lineage.Token, account string) (bool, error) {
	found, err := s.postedAt(t)
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(found, func(f lineage.Found) bool {
		return (f.Record.Account == "" || f.Record.Account == account) &&
			slices.ContainsFunc(f.Record.Edges, func(e lineage.Edge) bool { return e.Token == t && e.Role == lineage.Own })
	}), nil
}

// erasedTokens are the identifiers on the ledger, by account: who was erased in one may be
// an owner in another.
func (s *Site) erasedTokens(ledger []lineage.Suppression) map[string]map[lineage.Token]bool {
	gone := map[string]map[lineage.Token]bool{}
	for _, l := range ledger {
		if s.kinds.medium[l.Kind] {
			continue
		}
		if gone[l.Account] == nil {
			gone[l.Account] = map[lineage.Token]bool{}
		}
		gone[l.Account][l.Token] = true
	}
	return gone
}

// namesSomebody reports a record with more than references in it.
func namesSomebody(f *lineage.Found) bool {
	return slices.ContainsFunc(f.Record.Edges, func(e lineage.Edge) bool { return e.Role != lineage.Link && e.Role != lineage.Member })
}

// residue returns the records in which an identifier stands as the subject's.
func (s *Site) residue(t lineage.Token, account string) ([]lineage.Found, error) {
	found, err := s.postedAt(t)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(found, func(f lineage.Found) bool {
		if f.Record.Account != "" && f.Record.Account != account {
			return true
		}
		return !slices.ContainsFunc(f.Record.Edges, func(e lineage.Edge) bool {
			return e.Token == t && e.Role != lineage.Mention && e.Role != lineage.Own
		})
	}), nil
}

// suppressions are the identifiers of people who were erased, without the names of their
// recordings, which others may have a part in.
func (s *Site) suppressions() ([]lineage.Suppression, error) {
	list, err := s.Graph.Suppressions()
	return slices.DeleteFunc(list, func(l lineage.Suppression) bool { return s.kinds.medium[l.Kind] }), err
}

// ledger is the suppression ledger by token.
type ledger map[lineage.Token][]lineage.Suppression

func (s *Site) ledger() (*ledger, error) {
	list, err := s.suppressions()
	if err != nil {
		return nil, err
	}
	l := ledger{}
	for _, x := range list {
		l[x.Token] = append(l[x.Token], x)
	}
	return &l, nil
}

// recordIDs are links that only one record in the world carries: with one of them
// the record is the one that was erased, not another one of the same person.
var recordIDs = map[string]bool{"indiamart_query": true, "justdial_lead": true, "facebook_lead": true, "google_lead": true, "wa_message": true}

// old reports whether a record is certainly an old copy of an erased person: made
// before the day of her erasure, and carrying the id of an erased record or two
// identifiers of hers that do not follow from each other. A number alone may be
// somebody else's by now, and what is dated later may be her own wish.
func (l *ledger) old(r *lineage.Sighting) bool {
	var at time.Time
	same := false
	kinds := map[string]bool{}
	for _, e := range r.Edges {
		if e.Role == lineage.Mention || e.Role == lineage.Own {
			continue
		}
		for _, x := range (*l)[e.Token] {
			if r.Account != "" && r.Account != x.Account {
				continue
			}
			if x.At.After(at) {
				at = x.At
			}
			same = same || recordIDs[e.Kind]
			if !recordIDs[e.Kind] && !namedLinks[e.Kind] {
				kinds[independent(e.Kind)] = true
			}
		}
	}
	made, erased := policy.Civil(r.RecordedAt), policy.Civil(at)
	return (same || len(kinds) > 1) && policy.Real(made) && policy.Real(erased) && made < erased
}

// independent names kinds alike of which one follows from the other.
func independent(kind string) string {
	if kind == extract.KindWaID {
		return extract.KindPhone
	}
	return kind
}

// eraseReturned plans the erasure of old copies that came back, and tells how many
// others are left for a person to decide about.
func (s *Site) eraseReturned(ctx context.Context, path string) (sum PlanSummary, left int, err error) {
	list, err := s.comebacks(ctx, nil)
	if err != nil || len(list) == 0 {
		return PlanSummary{}, 0, err
	}
	book, err := s.ledger()
	if err != nil {
		return PlanSummary{}, 0, err
	}
	people, doomed, left, err := s.returned(ctx, list, book)
	if err != nil || len(people) == 0 {
		return PlanSummary{}, left, err
	}
	pl, err := s.newPlanner(ctx, "erase", s.Now())
	if err != nil {
		return PlanSummary{}, left, err
	}
	defer func() { err = errors.Join(err, pl.close()) }()
	if err := pl.erase(people, func(f *lineage.Found) bool { return doomed[f.RID] }); err != nil {
		return PlanSummary{}, left, err
	}
	if err := pl.narrow(people, doomed, book); err != nil {
		return PlanSummary{}, left, err
	}
	sum, err = pl.finish(path)
	return sum, left, err
}

func (l *ledger) has(t lineage.Token, account string) bool {
	return slices.ContainsFunc((*l)[t], func(x lineage.Suppression) bool { return x.Account == account })
}

// returned says whose old copies are there, which they are, and how many other
// copies came back. Somebody who is not one person for certain is left alone.
func (s *Site) returned(ctx context.Context, list []comeback, book *ledger) (people []*lineage.Person, doomed map[lineage.RID]bool, left int, err error) {
	r, err := s.resolver()
	if err != nil {
		return nil, nil, 0, err
	}
	doomed = map[lineage.RID]bool{}
	of := map[lineage.RID]*lineage.Person{} // whose the doomed ones are
	once, seen := roll{}, map[lineage.RID]bool{}
	for i := range list {
		f := &list[i].found
		if seen[f.RID] {
			continue
		}
		seen[f.RID] = true
		if !book.old(&f.Record) && !doomed[list[i].with] {
			if !list[i].unerased {
				left++
			}
			continue
		}
		p := of[list[i].with]
		if p == nil {
			if p, err = s.ownerOf(ctx, r, f, list[i].account, book); err != nil {
				return nil, nil, 0, err
			}
		}
		if p == nil {
			left++
			continue
		}
		doomed[f.RID], of[f.RID] = true, p
		if once.add(p) {
			people = append(people, p)
		}
	}
	return people, doomed, left, nil
}

// ownerOf resolves the person of a record that came back; nil when that is not one
// person for certain.
func (s *Site) ownerOf(ctx context.Context, r *lineage.Resolver, f *lineage.Found, account string, book *ledger) (*lineage.Person, error) {
	for _, e := range f.Record.Edges {
		if e.Role == lineage.Mention || e.Role == lineage.Own || !book.has(e.Token, account) {
			continue
		}
		p, err := r.Resolve(ctx, lineage.Query{Token: e.Token, Kind: e.Kind}, account)
		if _, several := lineage.IsAmbiguous(err); several {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("who came back (%s): %w", hex.EncodeToString(e.Token[:4]), err)
		}
		if p.Review == "" && slices.ContainsFunc(p.Copies, func(c lineage.Found) bool { return c.RID == f.RID }) {
			return p, nil
		}
	}
	return nil, nil
}

package pipeline

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/cratio/sutra/lineage"
	"github.com/cratio/sutra/pipeline/extract"
)

// unerased is what plans of erasure left undone.
type unerased struct {
	site   *Site
	who    map[string]map[unerasedWho]bool // by plan
	places map[recordPlace][]unerasedMark
	units  []recordPlace      // where to look again: source and unit
	due    map[string]leftDue // by plan of retention
	called map[leftRecord][]lineage.Name
}

type unerasedMark struct{ plan, reason string }

// leftUndone reads what plans of erasure left undone.
func (s *Site) leftUndone() (*unerased, error) {
	u := &unerased{site: s, who: map[string]map[unerasedWho]bool{}, places: map[recordPlace][]unerasedMark{}, due: map[string]leftDue{}, called: map[leftRecord][]lineage.Name{}}
	err := s.Graph.EachDoc(unerasedBucket, func(_ string, doc []byte) error {
		var d unerasedDoc
		if err := json.Unmarshal(doc, &d); err != nil {
			return fmt.Errorf("read what was not erased: %w", err)
		}
		if d.Unit != "" {
			u.units = append(u.units, recordPlace{source: d.Source, unit: d.Unit})
		}
		if d.AsOf != 0 {
			if u.due[d.Plan] == nil {
				u.due[d.Plan] = leftDue{}
			}
			u.due[d.Plan].note(s, &d)
			return nil
		}
		if u.who[d.Plan] == nil {
			u.who[d.Plan] = map[unerasedWho]bool{}
		}
		for _, w := range d.Who {
			u.who[d.Plan][w] = true
		}
		for _, r := range d.Records {
			at, m := s.place(d.Source, d.Unit, r.Collection, r.Locator), unerasedMark{d.Plan, d.Reason}
			if !slices.Contains(u.places[at], m) {
				u.places[at] = append(u.places[at], m)
			}
			u.called[leftRecord{at, d.Plan}] = r.Names
		}
		return nil
	})
	return u, err
}

// of returns why a record with an identifier was left by a plan that was to erase it.
func (u *unerased) of(f *lineage.Found, w unerasedWho) (unerasedMark, bool) {
	if len(u.places) == 0 {
		return unerasedMark{}, false
	}
	for _, m := range u.places[u.site.place(f.Unit.Source, f.Unit.Unit.Key, f.Record.Collection, f.Record.Locator)] {
		if u.who[m.plan][w] && (m.reason != leftOver || !about(f, w.Token)) && (m.reason != homeless || f.Record.Account == "") {
			return m, true
		}
	}
	return unerasedMark{}, false
}

// stillUnerased returns the records that plans of erasure were to change, could not, and
// that still carry an identifier of whom the plan was about, and what stands of erased
// people where there is no record. What a plan left and is gone by now is forgotten.
func (s *Site) stillUnerased(ctx context.Context) ([]UnerasedLine, error) {
	out, err := s.recordlessErased()
	if err != nil {
		return nil, err
	}
	u, err := s.leftUndone()
	if err != nil {
		return nil, err
	}
	hidden, err := s.undescribed(ctx)
	if err != nil {
		return nil, err
	}
	out = append(out, hidden.lines...)
	overdue, err := s.stillOverdue(ctx, u, hidden.plans)
	if err != nil {
		return out, err
	}
	behind, err := s.tellBehind()
	if err != nil || len(u.who) == 0 {
		return slices.Concat(out, overdue, behind), err
	}
	out = append(out, overdue...)
	left, err := s.stillCarried(ctx, u, hidden.plans)
	if err != nil {
		return nil, err
	}
	out = append(out, left...)
	for _, l := range behind {
		if !slices.ContainsFunc(out, func(x UnerasedLine) bool { x.Reason = l.Reason; return x == l }) {
			out = append(out, l)
		}
	}
	slices.SortFunc(out, func(a, b UnerasedLine) int {
		return strings.Compare(a.Dataset+"\x00"+a.Unit+"\x00"+a.Locator, b.Dataset+"\x00"+b.Unit+"\x00"+b.Locator)
	})
	return out, nil
}

// stillCarried returns the records of what plans left undone, and forgets the plans of which
// nothing is left, but for those that are open for another reason.
func (s *Site) stillCarried(ctx context.Context, u *unerased, isOpen map[string]bool) (out []UnerasedLine, err error) {
	pl := &planner{Site: s}
	if pl.holds, err = s.holdsNow(ctx); err != nil {
		return nil, err
	}
	seen := map[UnerasedLine]bool{}
	for plan, people := range u.who {
		open := isOpen[plan]
		for w := range people {
			found, err := s.carriers(w)
			if err != nil {
				return nil, err
			}
			for i := range found {
				f := &found[i]
				m, ok := u.of(f, w)
				if !ok || m.plan != plan {
					continue
				}
				open = true // also for what is another's by now: the same plan may be run again
				if u.another(f, m) {
					continue
				}
				h, err := pl.holdOn(nil, f, w.Account)
				if err != nil {
					return nil, err
				}
				l := unerasedLine(f, w.Account, m.reason)
				if h != nil || seen[l] {
					continue // on hold it is to stay now; when that ends it is told of again
				}
				seen[l] = true
				out = append(out, l)
			}
		}
		if !open {
			if err := s.strikeUnerased(plan + "."); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

func unerasedLine(f *lineage.Found, account, reason string) UnerasedLine {
	return UnerasedLine{Type: "unerased", Account: account, Source: f.Unit.Source, Dataset: f.Unit.Source + "." + f.Record.Collection,
		Unit: f.Unit.Unit.Key, Locator: f.Record.Locator, Reason: reason}
}

// recordlessErased returns the objects that are named after somebody who was erased, and
// the parts that cannot be read and hold an identifier of hers.
func (s *Site) recordlessErased() (out []UnerasedLine, err error) {
	ledger, err := s.suppressions()
	if err != nil {
		return nil, err
	}
	for _, l := range ledger {
		found, err := s.carriers(unerasedWho{l.Account, l.Token})
		if err != nil {
			return nil, err
		}
		for i := range found {
			reason := "unread"
			if found[i].Record.Within == inName {
				reason = "name"
			}
			x := unerasedLine(&found[i], l.Account, reason)
			x.Unit = extract.Hide(x.Unit)
			if recordless(&found[i]) && !slices.Contains(out, x) {
				out = append(out, x)
			}
		}
	}
	return out, nil
}

// tellUnerased prints what plans of erasure left undone, and counts it; and tells of objects
// that may be what was to be erased.
func (s *Site) tellUnerased(ctx context.Context) (int, error) {
	if err := s.tellMoved(); err != nil {
		return 0, err
	}
	list, err := s.stillUnerased(ctx)
	for _, l := range list {
		s.emit(l)
	}
	return len(list), err
}

// postedAt are the records in which an identifier stands, whosever they are.
func (s *Site) postedAt(t lineage.Token) ([]lineage.Found, error) {
	rids, err := s.Graph.Postings(t)
	if err != nil {
		return nil, err
	}
	return s.Graph.Load(rids)
}

// carriers are the records of an account in which an identifier stands.
func (s *Site) carriers(w unerasedWho) ([]lineage.Found, error) {
	found, err := s.postedAt(w.Token)
	return slices.DeleteFunc(found, func(f lineage.Found) bool {
		return f.Record.Account != "" && f.Record.Account != w.Account ||
			!slices.ContainsFunc(f.Record.Edges, func(e lineage.Edge) bool { return e.Token == w.Token && e.Role != lineage.Own })
	}), err
}

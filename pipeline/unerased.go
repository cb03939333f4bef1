package pipeline

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/cratio/sutra/lineage"
	"github.com/cratio/sutra/pipeline/audit"
	"github.com/cratio/sutra/pipeline/extract"
)

// unerasedBucket holds what plans of erasure could not carry out, so that nobody takes
// a copy that was never erased for one that came back.
const unerasedBucket = "unerased"

// unerasedAtOnce is how many edits, or tokens, one document of the bucket holds.
const unerasedAtOnce = 1000

// unerasedDoc says who a plan was about, or which edits of one of its steps were not
// carried out.
type unerasedDoc struct {
	Plan    string         `json:"plan"`
	Who     []unerasedWho  `json:"who,omitempty"`
	Source  string         `json:"source,omitempty"`
	Unit    string         `json:"unit,omitempty"`
	Records []unerasedEdit `json:"records,omitempty"`
	Reason  string         `json:"reason,omitempty"` // failed, stale, residue or stuck
	AsOf    int64          `json:"as_of,omitempty"`  // of a plan of retention: Unix seconds
}

type unerasedWho struct {
	Account string        `json:"account"`
	Token   lineage.Token `json:"token"`
}

type unerasedEdit struct {
	Collection string `json:"collection"`
	Locator    string `json:"locator"`
}

// undone is what is left of a step that is being carried out.
type undone struct {
	step   planStep
	edits  []unerasedEdit
	reason string
}

// leave notes edits that are not carried out. The caller holds the lock.
func (a *application) leave(st planStep, reason string) {
	if a.plan.Kind == correcting || a.returned != nil { // what came back, came back
		return
	}
	u := a.undone[st.No]
	if u == nil {
		u = &undone{step: st}
		a.undone[st.No] = u
	}
	u.reason = reason
	for _, e := range st.Edits {
		u.edits = append(u.edits, unerasedEdit{e.Collection, e.Locator})
	}
}

// noteUndone writes down what a group of steps left undone, and strikes out what an
// earlier run of the plan had left and this one did.
func (a *application) noteUndone(states []audit.Record) error {
	for _, r := range states {
		u := a.undone[r.Step]
		if u == nil && r.State != audit.Done {
			continue
		}
		for _, id := range a.leftBefore[r.Step] {
			if err := a.Graph.DeleteDoc(unerasedBucket, id); err != nil {
				return err
			}
		}
		delete(a.leftBefore, r.Step)
		if u == nil {
			continue
		}
		n := 0
		for part := range slices.Chunk(u.edits, unerasedAtOnce) {
			d := unerasedDoc{Plan: a.plan.ID, Source: u.step.Source, Unit: u.step.Unit.Unit.Key, Records: part, Reason: u.reason}
			if a.plan.Kind == "retain" {
				d.AsOf = a.plan.AsOf.Unix()
			}
			if err := a.Site.putUnerased(fmt.Sprintf("%s.%09d.%06d", a.plan.ID, r.Step, n), d); err != nil {
				return err
			}
			n++
		}
		a.leaving++
		delete(a.undone, r.Step)
	}
	return nil
}

// residual is the part of a document's name, after the plan's, for what was left in
// others' records although every step was carried out.
const residual = ".left."

// leftOver is the reason of such a record. It is about somebody else, which tells it from
// other records of the object: these may have moved.
const leftOver = "residue"

// noteLeft writes down where identifiers of the people are left although every step was
// carried out, in the place of what an earlier run of the plan found.
func (a *application) noteLeft(list map[leftAt][]unerasedEdit) error {
	if err := a.strikeUnerased(a.plan.ID + residual); err != nil {
		return err
	}
	n := 0
	for at, edits := range list {
		for part := range slices.Chunk(edits, unerasedAtOnce) {
			d := unerasedDoc{Plan: a.plan.ID, Source: at.source, Unit: at.unit, Records: part, Reason: at.reason}
			if err := a.putUnerased(fmt.Sprintf("%s%s%06d", a.plan.ID, residual, n), d); err != nil {
				return err
			}
			n++
		}
	}
	a.leaving += n
	return nil
}

func (s *Site) putUnerased(id string, d unerasedDoc) error {
	data, err := json.Marshal(d)
	if err != nil {
		return fmt.Errorf("note what was not erased: %w", err)
	}
	return s.Graph.PutDoc(unerasedBucket, id, data)
}

// recallUndone reads what an earlier run of the plan left undone.
func (a *application) recallUndone() error {
	a.undone, a.leftBefore = map[int]*undone{}, map[int][]string{}
	return a.Graph.EachDoc(unerasedBucket, func(id string, _ []byte) error {
		rest, ok := strings.CutPrefix(id, a.plan.ID+".")
		var step, part int
		if !ok {
			return nil
		}
		if _, err := fmt.Sscanf(rest, "%d.%d", &step, &part); err != nil {
			return nil // who the plan is about
		}
		a.leftBefore[step] = append(a.leftBefore[step], id)
		return nil
	})
}

// nameUndone writes down whose data a plan left, in part or whole.
func (a *application) nameUndone() error {
	if a.leaving == 0 && len(a.leftBefore) == 0 {
		return a.Site.strikeUnerased(a.plan.ID + ".")
	}
	var who []unerasedWho
	for _, x := range a.plan.body.Subjects {
		for t := range x.Tokens {
			if tok, ok := parseToken(t); ok {
				who = append(who, unerasedWho{x.Account, tok})
			}
		}
	}
	n := 0
	for part := range slices.Chunk(who, unerasedAtOnce) {
		if err := a.Site.putUnerased(fmt.Sprintf("%s.who.%06d", a.plan.ID, n), unerasedDoc{Plan: a.plan.ID, Who: part}); err != nil {
			return err
		}
		n++
	}
	return nil
}

// strikeUnerased forgets what a plan left undone, or the part of it whose documents'
// names begin so.
func (s *Site) strikeUnerased(names string) error {
	var ids []string
	err := s.Graph.EachDoc(unerasedBucket, func(id string, _ []byte) error {
		if strings.HasPrefix(id, names) {
			ids = append(ids, id)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, id := range ids {
		if err := s.Graph.DeleteDoc(unerasedBucket, id); err != nil {
			return err
		}
	}
	return nil
}

// unerased is what plans of erasure left undone.
type unerased struct {
	site   *Site
	who    map[string]map[unerasedWho]bool // by plan
	places map[recordPlace][]unerasedMark
	units  []recordPlace      // where to look again: source and unit
	due    map[string]leftDue // by plan of retention
}

type unerasedMark struct{ plan, reason string }

// leftUndone reads what plans of erasure left undone.
func (s *Site) leftUndone() (*unerased, error) {
	u := &unerased{site: s, who: map[string]map[unerasedWho]bool{}, places: map[recordPlace][]unerasedMark{}, due: map[string]leftDue{}}
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
		if u.who[m.plan][w] && (m.reason != leftOver || !about(f, w.Token)) {
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
	overdue, err := s.stillOverdue(ctx, u)
	if err != nil {
		return out, err
	}
	behind, err := s.tellBehind()
	if err != nil || len(u.who) == 0 {
		return slices.Concat(out, overdue, behind), err
	}
	out = append(out, overdue...)
	pl := &planner{Site: s}
	if pl.holds, err = s.holdsNow(ctx); err != nil {
		return nil, err
	}
	seen, open := map[UnerasedLine]bool{}, map[string]bool{}
	for plan, people := range u.who {
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
				open[plan] = true
				h, err := pl.holdOn(nil, f, w.Account)
				if err != nil {
					return nil, err
				}
				if h != nil {
					continue // it is to stay now; when the hold ends it is told of again
				}
				l := unerasedLine(f, w.Account, m.reason)
				if !seen[l] {
					seen[l] = true
					out = append(out, l)
				}
			}
		}
	}
	for plan := range u.who {
		if !open[plan] {
			if err := s.strikeUnerased(plan + "."); err != nil {
				return nil, err
			}
		}
	}
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

func unerasedLine(f *lineage.Found, account, reason string) UnerasedLine {
	if reason == stuck {
		reason = leftOver
	}
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

package pipeline

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/cratio/sutra/lineage"
	"github.com/cratio/sutra/pipeline/audit"
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
	Reason  string         `json:"reason,omitempty"` // failed, stale, residue, stuck, homeless or unseen
	AsOf    int64          `json:"as_of,omitempty"`  // of a plan of retention: Unix seconds
}

type unerasedWho struct {
	Account string        `json:"account"`
	Token   lineage.Token `json:"token"`
}

type unerasedEdit struct {
	Collection string `json:"collection"`
	Locator    string `json:"locator"`
	// Names are what a stale record called its person when the plan was made.
	Names []lineage.Name `json:"names,omitempty"`
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
		x := unerasedEdit{Collection: e.Collection, Locator: e.Locator}
		if reason == changedSince {
			x.Names = a.calledThen(st, e.Collection, e.Locator)
		}
		u.edits = append(u.edits, x)
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
	a.undone, a.leftBefore, a.calledBefore = map[int]*undone{}, map[int][]string{}, map[int][]unerasedEdit{}
	return a.Graph.EachDoc(unerasedBucket, func(id string, doc []byte) error {
		rest, ok := strings.CutPrefix(id, a.plan.ID+".")
		var step, part int
		if !ok {
			return nil
		}
		if _, err := fmt.Sscanf(rest, "%d.%d", &step, &part); err != nil {
			return nil // who the plan is about
		}
		a.leftBefore[step] = append(a.leftBefore[step], id)
		var d unerasedDoc
		if err := json.Unmarshal(doc, &d); err != nil {
			return fmt.Errorf("read what was not erased: %w", err)
		}
		a.calledBefore[step] = append(a.calledBefore[step], d.Records...)
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

package pipeline

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// A correction gives a person another address or number. A plan of erasure that was made
// before it does not know the new one: in a file that changed since, it would find nothing of
// hers, and take that for done.

// renamedBucket holds the identifiers that corrections replaced, by plan.
const renamedBucket = "renamed"

// renamedDoc is what one correction replaced.
type renamedDoc struct {
	Account string   `json:"account"`
	From    []string `json:"from"`         // tokens, in hex
	To      []string `json:"to,omitempty"` // those of what came in their place; unknown of an older program
}

// noteRenamed remembers what a correction is about to replace.
func (a *application) noteRenamed() error {
	if a.plan.Kind != correcting || len(a.plan.body.Subjects) == 0 {
		return nil
	}
	x := a.plan.body.Subjects[0]
	d := renamedDoc{Account: x.Account}
	for _, set := range x.Set {
		if set.Kind != "" {
			d.From = append(d.From, set.From...)
			if to, ok := a.valueToken(set, set.Value); ok {
				d.To = append(d.To, to)
			}
		}
	}
	if len(d.From) == 0 {
		return nil
	}
	data, err := json.Marshal(d)
	if err != nil {
		return fmt.Errorf("note a correction: %w", err)
	}
	a.replacedBy = nil
	return a.Graph.PutDoc(renamedBucket, a.plan.ID, data)
}

// renamings returns the corrections that replaced an identifier of the people of a plan.
func (s *Site) renamings(people []planSubject) (map[string]bool, error) {
	out := map[string]bool{}
	err := s.Graph.EachDoc(renamedBucket, func(id string, doc []byte) error {
		var d renamedDoc
		if err := json.Unmarshal(doc, &d); err != nil {
			return fmt.Errorf("read a correction: %w", err)
		}
		hers := func(x planSubject) bool {
			return x.Account == d.Account && slices.ContainsFunc(d.From, func(t string) bool { return x.Tokens[t] != "" })
		}
		if slices.ContainsFunc(people, hers) {
			out[id] = true
		}
		return nil
	})
	return out, err
}

// knowSaid notes which corrections a plan of erasure knows, and which words on its people
// a plan for somebody knows.
func (pl *planner) knowSaid() error {
	if pl.plan.Kind == "retain" {
		return nil
	}
	known, err := pl.wordsOn(pl.plan.body.Subjects)
	if err == nil && pl.plan.Kind == "erase" {
		var list map[string]bool
		list, err = pl.renamings(pl.plan.body.Subjects)
		maps.Copy(known, list)
	}
	pl.plan.body.Known = known
	return err
}

// renamedSince refuses a plan of erasure with somebody in it who was corrected since.
func (a *application) renamedSince() error {
	if a.plan.Kind != "erase" {
		return nil
	}
	list, err := a.renamings(a.plan.body.Subjects)
	maps.DeleteFunc(list, func(id string, _ bool) bool { return a.plan.body.Known[id] })
	if err == nil && len(list) > 0 {
		err = fmt.Errorf("%w: an identifier of the person was corrected after the plan was made, and the plan does not know the new one; make a new plan", ErrRefused)
	}
	return err
}

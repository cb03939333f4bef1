package pipeline

import (
	"encoding/json"
	"fmt"

	"github.com/cratio/sutra/lineage"
)

// A recording that only a call log ties to a person is hers by its name alone. Where somebody
// moved it between a plan and its execution, nothing leads to it any more. All that is
// seen is an object that is new since, and as large as the one that was not found: it is
// told of until it is gone, or until something says whose it is.

// movedBucket holds such objects.
const movedBucket = "moved"

// moved is their reason.
const moved = "moved"

type movedDoc struct {
	Plan   string `json:"plan"`
	Source string `json:"source"`
	Unit   string `json:"unit"`
	Size   int64  `json:"size"` // bytes
}

// noteMoved counts and remembers what may have been moved away from a plan of erasure.
func (a *application) noteMoved() error {
	for source, of := range a.touched.changed {
		for _, u := range of.moved {
			doc, err := json.Marshal(movedDoc{a.plan.ID, source, u.Key, u.Size})
			if err != nil {
				return fmt.Errorf("note what may have been moved: %w", err)
			}
			if err := a.Graph.PutDoc(movedBucket, a.emptiedID(source, "", u.Key), doc); err != nil {
				return err
			}
			a.sum.Residue++
		}
	}
	return nil
}

// stillMoved returns those objects that are as they were and of nobody known. The others are
// forgotten.
func (s *Site) stillMoved() (out []UnerasedLine, err error) {
	err = s.Graph.EachDoc(movedBucket, func(id string, doc []byte) error {
		var d movedDoc
		if err := json.Unmarshal(doc, &d); err != nil {
			return fmt.Errorf("read what may have been moved: %w", err)
		}
		st, err := s.Graph.Unit(d.Source, d.Unit)
		if err != nil {
			return err
		}
		if st != nil && st.Unit.Size == d.Size {
			line := UnerasedLine{Type: "unerased", Account: st.Unit.Account, Source: d.Source, Dataset: d.Source, Unit: d.Unit, Reason: moved}
			owned, err := s.owned(st, &line)
			if err != nil {
				return err
			}
			if !owned {
				out = append(out, line)
				return nil
			}
		}
		return s.Graph.DeleteDoc(movedBucket, id)
	})
	return out, err
}

// owned reports whether something says whose an object is, in it or beside it. It completes
// the line about it.
func (s *Site) owned(st *lineage.UnitState, line *UnerasedLine) (owned bool, err error) {
	pl := &planner{Site: s}
	err = s.Graph.EachOf(st, func(f *lineage.Found) error {
		line.Dataset, line.Locator = f.Unit.Source+"."+f.Record.Collection, f.Record.Locator
		for _, e := range f.Record.Edges {
			owned = owned || e.Role == lineage.Subject || e.Role == lineage.Party || e.Role == lineage.Member
		}
		if owned {
			return nil
		}
		var err error
		owned, err = s.besideMedia(pl, f, f.Record.Account, func(r lineage.Role) bool { return r != lineage.Mention },
			func(*lineage.Found, lineage.Token) (bool, error) { return true, nil })
		return err
	})
	return owned, err
}

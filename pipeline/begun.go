package pipeline

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/cratio/sutra/pipeline/audit"
)

// begunBucket names the plans of which something may have been carried out.
const begunBucket = "begun"

// begunDoc is what is known of such a plan.
type begunDoc struct {
	Path string `json:"path,omitempty"` // of a run that did not come to its certificate or report yet
}

// openJournal opens the journal of the plan. Where nothing changed, the same plan is made
// again, and its journal says how far it came. But the graph may know nothing of that run:
// it was put back from an older backup, or what the run changed could not be read again.
// What was gone may be back by then, and for the graph it never went. So nothing in such a
// journal is taken for done, and the plan runs from its beginning.
func (a *application) openJournal() error {
	open := func() (err error) {
		a.journal, err = audit.OpenJournal(a.statePath("journal"), a.plan.ID, a.Graph.Seal, a.Graph.Unseal)
		if errors.Is(err, audit.ErrJournal) { // the same plan made again meets it again
			err = fmt.Errorf("%w; move %s.ndjson out of %s, and the plan is carried out from its beginning: what is gone by then counts as already gone", err, a.plan.ID, a.statePath("journal"))
		}
		return err
	}
	if err := open(); err != nil || a.journal.Empty() {
		return err
	}
	known, err := a.knownRun()
	if err != nil {
		return errors.Join(err, a.journal.Close())
	}
	if known {
		return nil
	}
	if err := a.journal.SetAside(); err != nil {
		return err
	}
	a.emit(NoteLine{Type: "note", Text: "the graph does not know what an earlier run of this plan did: the plan is carried out from its beginning"})
	return open()
}

// knownRun reports whether the graph knows of the run that the journal is of. After one
// that came to its end no unit is what the plan saw: each was read again, or is gone.
func (a *application) knownRun() (bool, error) {
	begun, err := a.Graph.Doc(begunBucket, a.plan.ID)
	if err != nil || begun == nil || !a.journal.Finished() {
		return begun != nil, err
	}
	known := true
	err = a.plan.steps(func(st planStep) error {
		now, err := a.Graph.Unit(st.Source, st.Unit.Unit.Key)
		known = known && (now == nil || now.Generation != st.Unit.Generation)
		return err
	})
	return known, err
}

// begin notes that the plan is being carried out, before anything is. The note is durable as
// the journal is: after a loss of power the one would say nothing of a run that the other tells.
func (a *application) begin(context.Context) error {
	path, err := filepath.Abs(a.sum.Plan)
	return cmp.Or(err, a.noteRenamed(), a.noteBegun(begunDoc{Path: path}), a.Graph.Sync())
}

// ended notes that what the run did stands in a certificate or a report.
func (a *application) ended(context.Context) error {
	return a.noteBegun(begunDoc{})
}

func (a *application) noteBegun(d begunDoc) error {
	doc, err := json.Marshal(d)
	if err != nil {
		return fmt.Errorf("note a run: %w", err)
	}
	return a.Graph.PutDoc(begunBucket, a.plan.ID, doc)
}

// tellInterrupted says which plans a run left half carried out: a new plan does not find what
// they took out, so that it gets into no certificate. Of a plan that is not there any more it
// is said once.
func (s *Site) tellInterrupted() error {
	lost := map[string]string{} // id to path
	err := s.Graph.EachDoc(begunBucket, func(id string, doc []byte) error {
		var d begunDoc
		if err := json.Unmarshal(doc, &d); err != nil {
			return fmt.Errorf("read what is known of a run: %w", err)
		}
		journal, err := os.Stat(filepath.Join(s.statePath("journal"), id+".ndjson"))
		switch {
		case err != nil && !errors.Is(err, os.ErrNotExist):
			return fmt.Errorf("look for the journal of a run: %w", err)
		case d.Path == "" || err != nil || journal.Size() == 0:
			return nil // it came to its end, or did not change anything yet
		}
		p, err := s.load(d.Path, func(KeptLine) {})
		if err == nil {
			err = p.close()
		}
		text := fmt.Sprintf("an earlier run of %s was interrupted while it changed records: apply that plan again, since what it took out is in no certificate yet", d.Path)
		switch {
		case errors.Is(err, os.ErrNotExist), err == nil && p.ID != id:
			lost[id] = d.Path
			return nil
		case err != nil: // the disk may be away, or the plan be put back
			text += fmt.Sprintf("; now it cannot be read: %v", err)
		}
		s.emit(NoteLine{Type: "note", Text: text})
		return nil
	})
	for _, id := range sortedKeys(lost) {
		s.emit(NoteLine{Type: "note", Text: fmt.Sprintf("an earlier run of %s was interrupted while it changed records, and that plan is not there any more: what it took out is in no certificate", lost[id])})
		err = errors.Join(err, s.Graph.PutDoc(begunBucket, id, []byte("{}")))
	}
	return err
}

package pipeline

import (
	"cmp"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	"github.com/cratio/sutra/lineage"
)

// Retention takes her identifiers out of a row that has to stay, and what refers to the row, such
// as a ticket that is open after the end of its account, is found by the row's id alone. Whose it
// was is not written down: her data were to go. So who is not found is told of that id, as long
// as there is such a row in an account that is asked in, with something that refers to it.

// shellsBucket holds the accounts of such rows, by the tokens of their ids.
const shellsBucket = "shells"

// emptiedOf notes the rows of a step to which others refer and that were emptied for their
// age. The graph knows them as they were. The caller holds the lock.
func (a *application) emptiedOf(st planStep, shells int) error {
	src, err := a.source(st.Source)
	if err != nil || a.plan.Kind != "retain" || !database(src.Connector) {
		return nil // a source that is gone was told of
	}
	by := map[string][]string{} // locators, by collection
	for _, e := range st.Edits {
		coll, ok := src.Dataset.Collection(e.Collection)
		if ok && (shells > 0 || !e.Delete) && a.kinds.referredTo[keyKind(src.Name, coll)] {
			by[e.Collection] = append(by[e.Collection], e.Locator)
		}
	}
	u, err := a.Graph.UnitByID(st.Unit.ID)
	if err != nil || u == nil {
		return err
	}
	for collection, locators := range by {
		found, err := a.Graph.Records(u, collection, locators)
		if err != nil {
			return err
		}
		for i := range found {
			if err := a.noteShell(&found[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

// noteShell notes the ids of a row that more than the row itself has.
func (a *application) noteShell(f *lineage.Found) error {
	for _, e := range f.Record.Edges {
		if e.Role != lineage.Key || !a.kinds.referredTo[e.Kind] {
			continue
		}
		list, err := a.Graph.Postings(e.Token)
		if err == nil && len(list) > 1 {
			err = a.Graph.PutDoc(shellsBucket, hex.EncodeToString(e.Token[:]), []byte(f.Record.Account))
		}
		if err != nil {
			return fmt.Errorf("note which rows were emptied: %w", err)
		}
	}
	return nil
}

// tellMissed says where else records may be of those to whom an identifier does not lead.
func (s *Site) tellMissed(missed []Ask) error {
	var accounts []string
	for _, a := range missed {
		q, err := s.ParseIdent(a.Ident)
		if err != nil {
			return err
		}
		if !s.kinds.link(q.Kind) { // an id is such a one itself
			accounts = append(accounts, s.knownAccount(a.Account))
		}
	}
	if len(accounts) == 0 {
		return nil
	}
	hidden, err := s.unreadTo() // as long as there is something, nothing is forgotten
	if err != nil {
		return err
	}
	there := errors.New("there is one")
	err = s.Graph.EachDoc(shellsBucket, func(id string, doc []byte) error {
		t, ok := parseToken(id)
		if !ok {
			return there // an older program did not say which
		}
		account := string(doc)
		if account != "" && !slices.Contains(accounts, account) && !slices.Contains(accounts, "") {
			return nil
		}
		refers, err := s.referredTo(t)
		if err == nil && refers {
			err = there
		}
		if err == nil && len(hidden) == 0 {
			err = s.Graph.DeleteDoc(shellsBucket, id)
		}
		return err
	})
	if errors.Is(err, there) {
		s.emit(NoteLine{Type: "note", Text: "retention has emptied rows to which others refer: what refers to them is found by the id of the row alone, such as contact:1007, and may be hers"})
		return nil
	}
	return err
}

// referredTo reports an id of a row to which records refer that say something, and by which
// nobody is found otherwise.
func (s *Site) referredTo(t lineage.Token) (bool, error) {
	rows, err := s.rowsOf(t)
	if err != nil || slices.ContainsFunc(rows, aboutSomebody) {
		return false, err
	}
	found, err := s.postedAt(t)
	refers := slices.ContainsFunc(found, func(f lineage.Found) bool {
		coll := s.collection(&f)
		if coll.Staff || coll.Accounts || len(f.Record.Categories) == 0 || !has(&f, t, lineage.Link) {
			return false
		}
		left, e := s.emptiedAs(&f)
		err = cmp.Or(err, e)
		return left == nil
	})
	return refers, err
}

package pipeline

import (
	"slices"

	"github.com/cratio/sutra/lineage"
)

// Retention takes her identifiers out of a row that has to stay, and what refers to the row, such
// as a ticket that is open after the end of its account, is found by the row's id alone. Whose it
// was is not written down: her data were to go. So who is not found is told of that id.

// shellsBucket says that there are such rows.
const shellsBucket = "shells"

// emptiedOf notes that rows to which others may refer were emptied for their age.
func (a *application) emptiedOf(st planStep, shells int) {
	src, err := a.source(st.Source)
	if err != nil || a.plan.Kind != "retain" || !database(src.Connector) {
		return
	}
	a.shells = a.shells || shells > 0 || slices.ContainsFunc(st.Edits, func(e planEdit) bool {
		coll, ok := src.Dataset.Collection(e.Collection)
		return ok && !e.Delete && a.kinds.referredTo[keyKind(src.Name, coll)]
	})
}

// noteShells writes down that there are such rows.
func (a *application) noteShells() error {
	if !a.shells {
		return nil
	}
	return a.Graph.PutDoc(shellsBucket, "retention", []byte("{}"))
}

// tellShells says where else records of somebody may be whom an identifier does not lead to.
func (s *Site) tellShells(q lineage.Query) error {
	if s.kinds.link(q.Kind) {
		return nil // an id is such a one itself
	}
	doc, err := s.Graph.Doc(shellsBucket, "retention")
	if doc != nil {
		s.emit(NoteLine{Type: "note", Text: "retention has emptied rows to which others may refer: what refers to them is found by the id of the row alone, such as contact:1007, and may be hers"})
	}
	return err
}

// tellMissed is tellShells, once for all identifiers that lead to no record.
func (s *Site) tellMissed(idents []string) error {
	for _, ident := range idents {
		q, err := s.ParseIdent(ident)
		if err != nil {
			return err
		}
		if !s.kinds.link(q.Kind) {
			return s.tellShells(q)
		}
	}
	return nil
}

package pipeline

import (
	"fmt"
	"slices"
	"strings"

	"github.com/cratio/sutra/lineage"
)

// tellOwn says why nothing is listed of an identifier that the account itself or its staff
// has: an empty answer reads as if no record held it.
func (s *Site) tellOwn(q lineage.Query, account string, p *lineage.Person) error {
	if len(p.Copies) > 0 {
		return nil
	}
	n, err := s.ownHolders(q, account)
	if n > 0 {
		s.emit(NoteLine{Type: "note", Text: fmt.Sprintf("this identifier is the account's own or one of its staff's: %d records hold it, and by it none is found that is about her, handed out or erased; a member of staff has to be answered by hand", n)})
	}
	return err
}

// ownHolders counts the records that hold an identifier of the account itself or of its
// staff; of anybody else's there are none.
func (s *Site) ownHolders(q lineage.Query, account string) (int, error) {
	found, err := s.postedAt(q.Token)
	own, n := false, 0
	for i := range found {
		if r := &found[i].Record; account == "" || r.Account == "" || r.Account == account {
			n++
			own = own || slices.ContainsFunc(r.Edges, func(e lineage.Edge) bool { return e.Token == q.Token && e.Role == lineage.Own })
		}
	}
	if !own {
		n = 0
	}
	return n, err
}

// tellUnknown says that no record leads to the one person who was asked for.
func (s *Site) tellUnknown(ident, account string, p *lineage.Person) error {
	if len(p.Copies)+len(p.Mentions) > 0 {
		return nil
	}
	q, err := s.ParseIdent(ident)
	if err != nil {
		return err
	}
	n, err := s.ownHolders(q, s.knownAccount(account))
	if n == 0 && err == nil {
		s.emit(NoteLine{Type: "note", Text: "no record is known of this person: the identifier may be mistyped, or be one that leads to nobody; ask by another one"})
		err = s.tellMissed([]Ask{{Ident: ident, Account: account}})
	}
	return err
}

// leaveOut counts, by dataset, the records that a copy leaves out because they hold nothing
// but identifiers that others have too, and says so.
func (a *access) leaveOut() error {
	d, err := a.doubtsOf(a.person)
	a.left = map[string]int{}
	for _, list := range [][]lineage.Found{d.list, d.homeless, d.replaced, d.referred} {
		for i := range list {
			a.left[list[i].Unit.Source+"."+list[i].Record.Collection]++
		}
	}
	a.tellDoubts(d)
	a.tellCrowded(a.person)
	return err
}

// tellNobody says which of many identifiers no record has: it may be a typing error.
func (s *Site) tellNobody(at []string) {
	const most = 20
	if len(at) == 0 {
		return
	}
	more := ""
	if len(at) > most {
		more = fmt.Sprintf(" and %d more", len(at)-most)
	}
	s.emit(NoteLine{Type: "note", Text: "no record is known of " + strings.Join(at[:min(len(at), most)], ", ") + more})
}

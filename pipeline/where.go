package pipeline

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/cratio/sutra/lineage"
)

// Where prints every copy of the person who has these identifiers, or of the people,
// and returns the number of copies. What two of the identifiers lead to counts once.
func (s *Site) Where(ctx context.Context, idents []string, account string) (int, error) {
	facts, err := s.accountFacts()
	if err != nil {
		return 0, err
	}
	s.doubtAccount(account, facts)
	ends := s.chains(facts, s.Now())
	n, people := 0, 0
	var missed []Ask                // identifiers that lead to no record
	shown := map[recordKey]string{} // the roles in which a record was printed
	for _, ident := range idents {
		p, err := s.Subject(ctx, ident, account)
		if err != nil {
			return n, err
		}
		more := 0
		seen := map[recordKey]bool{}
		print := func(list []lineage.Found, role string) error {
			for _, f := range inOrder(list) {
				k := keyOf(f)
				if seen[k] || s.collection(f).Staff || s.collection(f).Accounts {
					continue
				}
				seen[k] = true
				if strings.Contains(shown[k], role) {
					continue
				}
				shown[k] += role
				more++
				line, err := s.copyLine(f, p, role, ends)
				if err != nil {
					return err
				}
				s.emit(line)
			}
			return nil
		}
		if err := cmp.Or(print(p.Copies, "subject"), print(p.Mentions, "mention")); err != nil {
			return n, err
		}
		if len(p.Copies)+len(p.Mentions) == 0 {
			missed = append(missed, Ask{Ident: ident, Account: account})
		}
		if n > 0 && more == 0 {
			continue // the same person, asked for twice
		}
		n += more
		if more > 0 {
			people++
		}
		if err := s.remarks(p); err != nil {
			return n, err
		}
	}
	if people > 1 {
		s.emit(NoteLine{Type: "note", Text: fmt.Sprintf("these identifiers are of %d people", people)})
	}
	return n, cmp.Or(s.tellMissed(missed), s.knownGaps())
}

// inOrder lists records by source, collection and unit: their own order tells which unit
// happened to be read first.
func inOrder(list []lineage.Found) []*lineage.Found {
	out := make([]*lineage.Found, len(list))
	for i := range list {
		out[i] = &list[i]
	}
	slices.SortStableFunc(out, func(a, b *lineage.Found) int {
		return cmp.Or(strings.Compare(a.Unit.Source, b.Unit.Source), strings.Compare(a.Record.Collection, b.Record.Collection), strings.Compare(a.Unit.Unit.Key, b.Unit.Unit.Key))
	})
	return out
}

// remarks prints what is to be known of a person beside her copies.
func (s *Site) remarks(p *lineage.Person) error {
	s.tellOrphans(p)
	for _, f := range consent(p) {
		s.emit(f)
	}
	if p.Review != "" {
		s.emit(NoteLine{Type: "note", Text: "review: " + p.Review})
	}
	d, err := s.doubtsOf(p)
	s.tellDoubts(d)
	s.tellCrowded(p)
	return err
}

// recordKey names one record.
type recordKey struct {
	unit       uint32
	collection string
	locator    string
}

func keyOf(f *lineage.Found) recordKey {
	return recordKey{f.RID.Unit(), f.Record.Collection, f.Record.Locator}
}

func (s *Site) copyLine(f *lineage.Found, p *lineage.Person, role string, ends *chains) (CopyLine, error) {
	coll := s.collection(f)
	d, err := ends.end(f, p.Account, s.decide(f, coll.Class, ends.facts, p.Account, ends.asOf))
	cats := slices.Clone(f.Record.Categories)
	slices.Sort(cats)
	via := p.Via(f.RID)
	if via == nil {
		via = []string{}
	}
	if cats == nil {
		cats = []string{}
	}
	return CopyLine{Type: "copy", Account: p.Account, Source: f.Unit.Source, Dataset: f.Unit.Source + "." + f.Record.Collection,
		Unit: f.Unit.Unit.Key, Locator: f.Record.Locator, Role: role, Categories: cats, Class: coll.Class,
		RecordedAt: Stamp(f.Record.RecordedAt), EraseAfter: Stamp(d.EraseAfter), Via: slices.Compact(slices.Clone(via)), Facts: factsOf(f)}, err
}

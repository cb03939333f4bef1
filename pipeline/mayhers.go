package pipeline

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/lineage"
)

// A column may lead to her or to somebody else, and nothing says to whom: the key of a
// contact or of a lead with the same id, two foreign keys to the table of contacts. By it a
// row is nobody's. It stays, and whoever answers for an erasure has to know of it.

// mayLead takes in the kinds to which such columns of a collection may lead.
func (k kinds) mayLead(src *Source, coll connectors.Collection) {
	for _, f := range connectors.Columns(src.Name, coll) {
		for _, m := range f.Meaning {
			if kind, ok := strings.CutPrefix(m, connectors.MayLead); ok {
				k.may[cmp.Or(k.alias[kind], kind)] = true
			}
		}
	}
}

// lists takes in the kinds of people's rows of which a column, or a key in it, may hold a list.
func (k kinds) lists(fields []connectors.CatalogField, may bool) {
	for _, f := range fields {
		for _, r := range f.References {
			kind := r.Dataset + "." + r.Collection + "." + r.Field
			if kind = cmp.Or(k.alias[kind], kind); k.persons[kind] && (may || strings.HasSuffix(f.DataType, "[]")) {
				k.may[kind] = true
			}
		}
		k.lists(f.Fields, true)
	}
}

// mayOnly reports an edge by which a record may be somebody's or another's: it says nothing of
// what is left of her.
func (k kinds) mayOnly(e lineage.Edge) bool { return e.Role == lineage.Mention && k.link(e.Kind) }

// mayBeHers returns the records that such a column ties to the person, and that say of nobody
// else that they are about her.
func (s *Site) mayBeHers(p *lineage.Person, d doubts) (out []lineage.Found, err error) {
	if len(s.kinds.may) == 0 {
		return nil, nil
	}
	known := map[recordKey]bool{}
	for _, list := range [][]lineage.Found{p.Copies, p.Mentions, d.list, d.homeless, d.replaced} {
		for i := range list {
			known[keyOf(&list[i])] = true
		}
	}
	for _, t := range sortedTokens(p.Tokens) {
		if !s.kinds.may[p.Tokens[t]] {
			continue
		}
		found, err := s.carriers(unerasedWho{p.Account, t})
		if err != nil {
			return nil, err
		}
		for i := range found {
			f := &found[i]
			if coll := s.collection(f); known[keyOf(f)] || coll.Staff || coll.Accounts || !has(f, t, lineage.Mention) || otherName(p, f) {
				continue
			}
			other, err := s.somebodys(f)
			if err != nil {
				return nil, err
			}
			if !other {
				known[keyOf(f)] = true
				out = append(out, *f)
			}
		}
	}
	slices.SortFunc(out, func(a, b lineage.Found) int { return cmp.Compare(a.RID, b.RID) })
	return out, nil
}

// otherName reports a record with names of which none may be the person's.
func otherName(p *lineage.Person, f *lineage.Found) bool {
	var hers []lineage.Name
	for i := range p.Copies {
		hers = append(hers, p.Copies[i].Record.Names...)
	}
	return len(hers) > 0 && len(f.Record.Names) > 0 && !slices.ContainsFunc(f.Record.Names, func(n lineage.Name) bool {
		return slices.ContainsFunc(hers, n.Agrees)
	})
}

// somebodys reports a record that has an identifier of the one whom it is about, or refers to
// a record that is there.
func (s *Site) somebodys(f *lineage.Found) (bool, error) {
	for _, e := range f.Record.Edges {
		switch {
		case e.Role == lineage.Subject && !s.kinds.link(e.Kind), e.Role == lineage.Party:
			return true, nil
		case e.Role == lineage.Link || e.Role == lineage.Merged || e.Role == lineage.Member:
			found, err := s.postedAt(e.Token)
			if err != nil || slices.ContainsFunc(found, func(x lineage.Found) bool { return has(&x, e.Token, lineage.Key) }) {
				return true, err
			}
		}
	}
	return false, nil
}

// keepReferred keeps these records of a person, and says so.
func (pl *planner) keepReferred(p *lineage.Person, d doubts) {
	for i := range d.referred {
		if f := &d.referred[i]; !pl.seen[keyOf(f)] {
			pl.keep(f, p.Account, "shared", "a reference that may lead to somebody else: nothing says to whom, until the catalog does", time.Time{})
		}
	}
}

// tellReferred says how many such records there are.
func (s *Site) tellReferred(d doubts) {
	if n := len(d.referred); n > 0 {
		s.emit(NoteLine{Type: "note", Text: fmt.Sprintf("%d more records refer to this person or to somebody else, and nothing says to whom, until the catalog does: see check", n)})
	}
}

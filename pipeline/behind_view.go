package pipeline

import (
	"slices"
	"sync"

	"github.com/cratio/sutra/lineage"
)

// recalled is a graph in which records that were left behind carry the identifiers of the
// person whom they were behind.
type recalled struct {
	*lineage.Graph
	posts map[lineage.Token][]lineage.RID
	edges map[lineage.RID][]lineage.Edge
}

// view is the graph as questions see it. An identifier with which somebody lives again is
// hers alone.
func (s *Site) view() (lineage.View, error) {
	v := &recalled{s.Graph, map[lineage.Token][]lineage.RID{}, map[lineage.RID][]lineage.Edge{}}
	undone := sync.OnceValues(s.leftUndone)
	err := s.leftBehind(func(_ string, d *behindDoc, list []lineage.Found) error {
		for h, kind := range d.Who {
			t, ok := parseToken(h)
			if !ok {
				continue
			}
			alive, err := s.alive(t, d.Account, undone)
			if err != nil {
				return err
			}
			if alive {
				continue
			}
			for i := range list {
				id := list[i].RID
				v.posts[t] = append(v.posts[t], id)
				v.edges[id] = append(v.edges[id], lineage.Edge{Token: t, Kind: kind, Role: lineage.Subject})
			}
		}
		return nil
	})
	if err != nil || len(v.posts) == 0 {
		return s.Graph, err
	}
	return v, nil
}

// alive reports an identifier of somebody who was erased with which somebody lives again.
// What the plan was to erase, too, and could not, is no such sign: it is hers.
func (s *Site) alive(t lineage.Token, account string, undone func() (*unerased, error)) (bool, error) {
	found, err := s.residue(t, account)
	if err != nil || len(found) == 0 {
		return false, err
	}
	u, err := undone()
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(found, func(f lineage.Found) bool {
		_, left := u.of(&f, unerasedWho{account, t})
		return !left
	}), nil
}

// Postings implements [lineage.View].
func (v *recalled) Postings(t lineage.Token) ([]lineage.RID, error) {
	list, err := v.Graph.Postings(t)
	return v.with(t, list), err
}

// PostingsOf implements [lineage.View].
func (v *recalled) PostingsOf(tokens []lineage.Token) ([][]lineage.RID, error) {
	lists, err := v.Graph.PostingsOf(tokens)
	for i := range lists {
		lists[i] = v.with(tokens[i], lists[i])
	}
	return lists, err
}

func (v *recalled) with(t lineage.Token, list []lineage.RID) []lineage.RID {
	more := v.posts[t]
	if len(more) == 0 {
		return list
	}
	list = append(slices.Clone(list), more...)
	slices.Sort(list)
	return slices.Compact(list)
}

// Load implements [lineage.View].
func (v *recalled) Load(ids []lineage.RID) ([]lineage.Found, error) {
	found, err := v.Graph.Load(ids)
	for i := range found {
		if more := v.edges[found[i].RID]; len(more) > 0 {
			found[i].Record.Edges = append(slices.Clone(found[i].Record.Edges), more...)
		}
	}
	return found, err
}

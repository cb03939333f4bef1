package lineage

import (
	"cmp"
	"fmt"
	"slices"
)

// nowhere stands in the cache for a sighting that does not exist.
var nowhere = new(Found)

// carriers loads the sightings that carry the token. The list is everybody's.
func (r *Resolver) carriers(t Token) ([]*Found, error) {
	if list, ok := r.postings[t]; ok {
		return list, nil
	}
	all, err := r.listed(t)
	if err != nil {
		return nil, err
	}
	delete(r.lists, t) // what follows is kept
	if err := r.load(all); err != nil {
		return nil, err
	}
	list := make([]*Found, 0, len(all))
	carries := once(func(f *Found) bool {
		return slices.ContainsFunc(f.Record.Edges, func(e Edge) bool { return e.Token == t })
	})
	for _, id := range all {
		if f := r.at(id); f != nil && carries(f) {
			list = append(list, f)
		}
	}
	r.postings[t] = list
	return list, nil
}

// at returns a sighting that was loaded, nil when it does not exist.
func (r *Resolver) at(id RID) *Found {
	if f := r.seen.get(id); f != nowhere {
		return f
	}
	return nil
}

// listed returns the sightings that may carry the token.
func (r *Resolver) listed(t Token) ([]RID, error) {
	if list, ok := r.lists[t]; ok {
		return list, nil
	}
	list, err := r.view.Postings(t)
	if err != nil {
		return nil, fmt.Errorf("read the postings of an identifier: %w", err)
	}
	r.lists[t] = list
	return list, nil
}

// load brings sightings into the cache.
func (r *Resolver) load(rids []RID) error {
	var miss []RID
	for i, id := range rids {
		if r.seen.get(id) == nil {
			if miss == nil {
				miss = make([]RID, 0, len(rids)-i)
			}
			miss = append(miss, id)
		}
	}
	if len(miss) == 0 {
		return nil
	}
	miss = sortRIDs(miss)
	found, err := r.view.Load(miss)
	if err != nil {
		return fmt.Errorf("load sightings: %w", err)
	}
	for i := range found {
		r.seen.set(found[i].RID, &found[i])
	}
	if len(found) > 0 {
		r.loaded = append(r.loaded, found)
	}
	if len(found) == len(miss) {
		return nil
	}
	for _, id := range miss {
		if r.seen.get(id) == nil {
			r.seen.set(id, nowhere)
		}
	}
	return nil
}

// found returns the sightings of visits, which are in order: a part of the list in which
// they were loaded where they are most of that, as those of a person who has many mostly
// are, and else copies.
func (r *Resolver) found(list []*visit) []Found {
	for _, l := range r.loaded {
		if len(list) <= len(l)/2 {
			continue
		}
		from, ok := slices.BinarySearchFunc(l, list[0].f.RID, func(f Found, id RID) int { return cmp.Compare(f.RID, id) })
		if ok && len(l)-from >= len(list) && isPart(l[from:], list) {
			return slices.Clip(l[from : from+len(list)])
		}
	}
	out := make([]Found, 0, len(list))
	for _, v := range list {
		out = append(out, *v.f)
	}
	return out
}

// isPart reports whether a list begins with the sightings of the visits, themselves.
func isPart(l []Found, list []*visit) bool {
	for i, v := range list {
		if v.f != &l[i] {
			return false
		}
	}
	return true
}

package lineage

import (
	"fmt"
	"slices"
)

// carriers loads the sightings that carry the token.
func (r *Resolver) carriers(t Token) ([]*Found, error) {
	rids, ok := r.postings[t]
	if !ok {
		all, err := r.listed(t)
		if err != nil {
			return nil, err
		}
		delete(r.lists, t) // what follows is kept
		if err := r.load(all); err != nil {
			return nil, err
		}
		for _, id := range all {
			if f := r.seen[id]; f != nil && slices.ContainsFunc(f.Record.Edges, func(e Edge) bool { return e.Token == t }) {
				rids = append(rids, id)
			}
		}
		r.postings[t] = rids
	}
	out := make([]*Found, 0, len(rids))
	for _, id := range rids {
		out = append(out, r.seen[id])
	}
	return out, nil
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
	for _, id := range rids {
		if _, ok := r.seen[id]; !ok {
			miss = append(miss, id)
		}
	}
	if len(miss) == 0 {
		return nil
	}
	slices.Sort(miss)
	found, err := r.view.Load(slices.Compact(miss))
	if err != nil {
		return fmt.Errorf("load sightings: %w", err)
	}
	for i := range found {
		r.seen[found[i].RID] = &found[i]
	}
	for _, id := range miss {
		if _, ok := r.seen[id]; !ok {
			r.seen[id] = nil
		}
	}
	return nil
}

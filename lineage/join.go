package lineage

import (
	"fmt"
	"slices"
	"time"
)

// mode says how far an identifier joins the records that carry it.
type mode uint8

const (
	free      mode = iota // joins all of them
	contested             // joins two of them only with a second identifier or the same full name
	weak                  // by its kind: joins only where the names agree
	never                 // shared, or the account's own
)

type tokenInfo struct {
	mode     mode
	reason   string
	carriers []*Found // in the account, mentions included
	// Of a number that was given to somebody else: when each later owner's time
	// begins, and how the number joins in each time.
	cuts  []time.Time
	times []mode
	// alike says that the identifier leads from every record to all others, whatever
	// the record: it joins freely at all times, and nobody carries it as one of several.
	alike bool

	forms map[string]uint32 // what tells its records apart, numbered
	likes ridMap[uint32]    // that number of each record; see likeOf
	leads map[leadKey]*lead
	kept  int // places in leads
}

// hers reports whether the identifier is one person's alone, at all times.
func (i *tokenInfo) hers() bool { return i.mode == free && len(i.cuts) == 0 }

// SharedRule begins the reason for which an identifier of very many joins nothing.
const SharedRule = "shared: "

// recordPlace names one record, whose parts may be several sightings.
type recordPlace struct {
	unit                uint32
	collection, locator string
}

// tokenInfo decides how an identifier joins inside an account, from all the
// records that carry it. It is a function of the records alone, so the order in
// which they came does not matter (merge protection, rules 2 to 4 and 7).
func (r *Resolver) tokenInfo(t Token, kind, account string) (*tokenInfo, error) {
	k := infoKey{t, account}
	if i, ok := r.info[k]; ok {
		return i, nil
	}
	if crowded, err := r.crowded(t, kind); err != nil || crowded {
		i := &tokenInfo{mode: never, reason: fmt.Sprintf(SharedRule+"a weak identifier in more than %d records", r.limits.Weak)}
		r.info[k] = i
		return i, err
	}
	all, err := r.carriers(t)
	if err != nil {
		return nil, err
	}
	i := &tokenInfo{}
	if i.carriers, err = r.inside(all, account); err != nil {
		return nil, err
	}
	i.mode, i.reason, err = r.judge(t, kind, account, i.carriers)
	if err == nil {
		err = r.divide(i, t, kind, account)
	}
	if err != nil {
		return nil, err
	}
	i.alike = i.hers() && !slices.ContainsFunc(i.carriers, once(func(f *Found) bool { return hasRole(f, t, Member) }))
	r.info[k] = i
	return i, nil
}

// inside returns those of the sightings that belong to the account: mostly all.
func (r *Resolver) inside(all []*Found, account string) ([]*Found, error) {
	var some []*Found
	picking := false
	for i, f := range all {
		a, err := r.accountOf(f)
		if err != nil {
			return nil, err
		}
		if a != account && !picking {
			some, picking = slices.Clone(all[:i]), true
		}
		if a == account && picking {
			some = append(some, f)
		}
	}
	if picking {
		return some, nil
	}
	return all, nil
}

// gathered is what the records that have an identifier tell of it.
type gathered struct {
	own           bool                 // it is the account's own, and nothing else counts
	weak          bool                 // it is of a kind that joins nobody by itself
	keys          map[recordPlace]bool // the records whose id it is
	roots         map[Token]bool       // the CRM contacts that it is tied to
	names, labels []Name
}

// gather looks through the records that have an identifier.
func (r *Resolver) gather(t Token, kind string, carriers []*Found) (gathered, error) {
	g := gathered{keys: map[recordPlace]bool{}, roots: map[Token]bool{}}
	var last *Sighting // one that counts for all that share its edges and names
	for _, f := range carriers {
		if last != nil && sameEdges(last.Edges, f.Record.Edges) && sameNames(last.Names, f.Record.Names) && len(f.Record.Labels) == 0 {
			continue
		}
		last = nil
		if hasRole(f, t, Own) {
			return gathered{own: true}, nil
		}
		if !joinsAs(f, t) {
			continue
		}
		if hasRole(f, t, Key) {
			at := recordPlace{f.RID.Unit(), f.Record.Collection, f.Record.Locator}
			if r.kinds.Medium(kind) {
				at.unit = 0 // an old version is the same recording
			}
			g.keys[at] = true
		} else {
			last = &f.Record
		}
		rs, err := r.rootsOf(f)
		if err != nil {
			return g, err
		}
		for _, x := range rs {
			g.roots[x] = true
		}
		g.names = addName(g.names, recordName(f.Record.Names))
		for _, n := range f.Record.Labels {
			g.labels = addName(g.labels, n)
		}
		for _, e := range f.Record.Edges {
			g.weak = g.weak || e.Token == t && e.Weak
		}
	}
	return g, nil
}

// judge tells how an identifier joins the records of an account, and why.
func (r *Resolver) judge(t Token, kind, account string, carriers []*Found) (mode, string, error) {
	if r.kinds.Unique(kind) {
		return free, "", nil
	}
	g, err := r.gather(t, kind, carriers)
	if err != nil {
		return never, "", err
	}
	if g.own {
		return never, "it belongs to the account itself or to its staff", nil
	}
	papers, err := r.severalHolders(carriers, t)
	if err != nil {
		return never, "", err
	}
	groups, all := nameGroups(g.names), nameGroups(append(g.labels, g.names...))
	switch {
	case len(g.roots) > r.limits.Contacts:
		return never, fmt.Sprintf(SharedRule+"tied to %d CRM contacts", len(g.roots)), nil
	case all > r.limits.Names:
		return never, fmt.Sprintf(SharedRule+"tied to %d clearly different names", all), nil
	case r.kinds.Link(kind):
		if r.kinds.Medium(kind) {
			if several, err := r.severalCallers(carriers, t, kind); err != nil || several {
				return never, "a recording of several callers", err
			}
		}
		m, why := r.judgeLink(t, kind, carriers, len(g.keys), len(g.roots), groups)
		return m, why, nil
	case len(carriers) > r.limits.Postings:
		return never, fmt.Sprintf(SharedRule+"stands in more than %d records", r.limits.Postings), nil
	case g.weak:
		return weak, "a number or mailbox of this kind never joins without an agreeing name", nil
	case slices.Contains(r.shared[t], account):
		return contested, "somebody else had it too, who was erased or said to be different", nil
	case r.contradicted(t, carriers, account):
		return contested, "a person said that those who have it are different", nil
	case r.kinds.Device != nil && r.kinds.Device(kind) && r.severalUsers(carriers, t):
		return contested, "several people signed in on it", nil
	case len(g.roots) > 1:
		return contested, fmt.Sprintf("tied to %d different CRM contacts", len(g.roots)), nil
	case papers != "":
		return contested, papers, nil
	case groups > 1:
		return contested, fmt.Sprintf("tied to %d clearly different names", groups), nil
	}
	return free, "", nil
}

// judgeLink is judge for an id that joins records. keys is how many records it is the id
// of, roots how many CRM contacts it leads to, groups how many different names.
func (r *Resolver) judgeLink(t Token, kind string, carriers []*Found, keys, roots, groups int) (mode, string) {
	switch {
	case keys > 1:
		return never, fmt.Sprintf("it is the id of %d records: a file that holds several", keys)
	case roots > 1:
		return never, fmt.Sprintf(SharedRule+"refers to %d CRM contacts", roots)
	case groups > 1 && keys == 0 && !r.kinds.Medium(kind) && r.strangers(carriers, t):
		return contested, "an id that was given to records of different names and different numbers"
	}
	return free, ""
}

// crowded reports a weak identifier (a landline, a role mailbox) that stands in so
// many records that it is nobody's: no more of them are read than it takes to know that.
// Whether the others were read before makes no difference, nor what once had it.
func (r *Resolver) crowded(t Token, kind string) (bool, error) {
	if r.kinds.Link(kind) {
		return false, nil
	}
	all, err := r.listed(t)
	if err != nil || len(all) <= r.limits.Weak {
		return false, err
	}
	n := 0
	for page := range slices.Chunk(all, crowdStep) {
		if err := r.load(page); err != nil {
			return false, err
		}
		for _, id := range page {
			f := r.at(id)
			if f == nil {
				continue
			}
			at := slices.IndexFunc(f.Record.Edges, func(e Edge) bool { return e.Token == t })
			if at >= 0 && !f.Record.Edges[at].Weak {
				return false, nil
			}
			if at >= 0 {
				n++
			}
			if n > r.limits.Weak {
				return true, nil
			}
		}
	}
	return false, nil
}

// crowdStep is how many records are read at a time to know whether they are a crowd.
const crowdStep = 64

// supported reports whether two records that share a contested identifier are
// one person's all the same: they do not belong to different contacts or holders of
// papers, and share a second contact identifier or the same full name.
func (r *Resolver) supported(a, b *Found, t Token) (bool, error) {
	ra, err := r.rootsOf(a)
	if err != nil {
		return false, err
	}
	rb, err := r.rootsOf(b)
	if err != nil {
		return false, err
	}
	other := func(x Token) bool { return !slices.Contains(ra, x) || !slices.Contains(rb, x) }
	if len(ra) > 0 && len(rb) > 0 && slices.ContainsFunc(slices.Concat(ra, rb), other) {
		return false, nil
	}
	if (len(ra) == 0 || len(rb) == 0) && r.otherPapers(a, b) {
		return false, nil
	}
	for _, e := range a.Record.Edges {
		if e.Token != t && e.Role == Subject && !e.Weak && !r.kinds.Link(e.Kind) && hasRole(b, e.Token, Subject) {
			return true, nil
		}
	}
	return sameFullName(a.Record.name(), b.Record.name()), nil
}

// terminal reports whether the walk may not go on from a record that it reached
// over the edge: a shared medium leads to no other owner.
func terminal(r *Resolver, e Edge, info *tokenInfo) bool {
	return e.Role == Member || info.mode == never && r.kinds.Medium(e.Kind)
}

// expandable returns the edges of a record over which the walk goes on.
func (r *Resolver) expandable(f *Found, account string) ([]Edge, error) {
	out := make([]Edge, 0, len(f.Record.Edges))
	var parties map[Token]bool // most records have none
	for _, e := range f.Record.Edges {
		switch e.Role {
		case Subject, Link, Key, Member, Merged:
			out = append(out, e)
		case Party:
			info, err := r.tokenInfo(e.Token, e.Kind, account)
			if err != nil {
				return nil, err
			}
			if info.mode != never {
				if parties == nil {
					parties = map[Token]bool{}
				}
				parties[e.Token] = true
			}
		}
	}
	if len(parties) == 1 {
		for _, e := range f.Record.Edges {
			if e.Role == Party && parties[e.Token] {
				out = append(out, e)
				break
			}
		}
	}
	return out, nil
}

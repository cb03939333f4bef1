package lineage

import (
	"cmp"
	"slices"
)

// walk is a breadth-first walk over the records of one account.
type walk struct {
	r        *Resolver
	account  string
	asked    Token // what the walk began with
	reached  ridMap[*visit]
	order    []*visit
	onward   []*visit // at which the walk had ended, and goes on after all
	possible []Step
	divided  map[Token]bool  // identifiers in the records of several parts: nobody's alone
	expanded map[leadOf]bool // identifiers, from records that are alike
	room     []visit
	barred   map[RID][]Token // references of a person's row to another person's
}

// visit is one record that the walk came to.
type visit struct {
	f   *Found
	how *reach
	end bool // do not go on from here
}

// come notes that a step leads to a record. Where the walk ends for one step and not for
// another it goes on, whichever of them came first; at a medium of several owners it ends
// for every step, or a call log of the one would lead over the recording to the other.
func (w *walk) come(f *Found, how *reach, end bool) (err error) {
	v := w.reached.get(f.RID)
	if v != nil && how.compare(v.how) < 0 {
		v.how = how
	}
	if v != nil && (end || !v.end) {
		return nil
	}
	if !end {
		if end, err = w.r.severalOwners(f, w.asked, w.account); err != nil {
			return err
		}
	}
	switch {
	case v == nil:
		w.add(f, how, end)
	case !end:
		v.end = false
		w.onward = append(w.onward, v)
	}
	return nil
}

// visitsAtOnce is how many visits are made room for at a time.
const visitsAtOnce = 64

func (w *walk) add(f *Found, how *reach, end bool) {
	if len(w.room) == 0 {
		w.room = make([]visit, visitsAtOnce)
	}
	v := &w.room[0]
	w.room = w.room[1:]
	*v = visit{f: f, how: how, end: end}
	w.reached.set(f.RID, v)
	w.order = append(w.order, v)
}

// component walks from the seeds and returns the people it reached: one, or
// several when the records lead to different CRM contacts, which vetoes the
// merge. Every record goes to the contact it is nearest to; a record as near to
// two of them belongs to neither.
func (r *Resolver) component(q Query, account string, together bool, seeds []*Found) ([]*Person, error) {
	w := &walk{r: r, account: account, asked: q.Token, expanded: map[leadOf]bool{}}
	how := &reach{[]string{q.Kind}, Step{Kind: q.Kind, Token: q.Token, Rule: "carries the identifier asked for"}}
	end := false
	for i, f := range seeds {
		if i == 0 || !sameEdges(seeds[i-1].Record.Edges, f.Record.Edges) {
			var err error
			if end, err = r.endsAt(f, q, account); err != nil {
				return nil, err
			}
		}
		w.add(f, how, end)
	}
	if err := w.run(); err != nil {
		return nil, err
	}
	parts, err := w.split()
	if err != nil {
		return nil, err
	}
	var out []*Person
	if err := w.divide(parts); err != nil {
		return nil, err
	}
	for _, members := range parts {
		if !together && !containsAny(members, seeds) {
			continue
		}
		s, err := w.subject(members)
		if err != nil {
			return nil, err
		}
		if together && !w.divided[q.Token] {
			s.Tokens[q.Token] = q.Kind
		}
		out = append(out, s)
	}
	if together && len(out) > 1 {
		if out, err = w.carrying(out, q.Token); err != nil {
			return nil, err
		}
	}
	if len(out) > 1 && slices.ContainsFunc(out, func(s *Person) bool { return isRowOf(s, q.Token) }) {
		out = slices.DeleteFunc(out, func(s *Person) bool { return onlyMergedInto(s, q.Token) })
	}
	return out, nil
}

func containsAny(members *ridSet, seeds []*Found) bool {
	return slices.ContainsFunc(seeds, func(f *Found) bool { return members.has(f.RID) })
}

// isRowOf reports a person among whose records is the one that an id is the id of.
func isRowOf(s *Person, t Token) bool {
	return slices.ContainsFunc(s.Copies, func(f Found) bool { return hasRole(&f, t, Key) })
}

// onlyMergedInto reports a person of whom nothing but a merge that was taken back leads to
// the one who has an id.
func onlyMergedInto(s *Person, t Token) bool {
	return !slices.ContainsFunc(s.Copies, func(f Found) bool { return joinsAs(&f, t) && !hasRole(&f, t, Merged) })
}

// endsAt reports whether a seed is a shared medium, from which the walk may not
// reach another owner.
func (r *Resolver) endsAt(f *Found, q Query, account string) (bool, error) {
	for _, e := range f.Record.Edges {
		if e.Role == Member || !r.kinds.Medium(e.Kind) {
			continue
		}
		info, err := r.tokenInfo(e.Token, e.Kind, account)
		if err != nil {
			return false, err
		}
		for _, c := range info.carriers {
			if hasRole(c, e.Token, Member) && e.Token != q.Token {
				return true, nil
			}
		}
	}
	return false, nil
}

// run walks until nothing new is reached.
func (w *walk) run() error {
	done := map[Token]bool{} // alike, and walked from another record: nothing new is behind them
	var last []Edge          // of a record from which nothing new can be reached
	read, level := 0, 0      // up to which visit the graph was read ahead, and the order is settled
	for i := 0; i < len(w.order) || len(w.onward) > 0; i++ {
		if i == level {
			level = w.level(i)
		}
		if i == read && i < len(w.order) {
			var err error
			if read, err = w.ahead(i); err != nil {
				return err
			}
		}
		var at *visit
		if i < len(w.order) {
			at = w.order[i]
		} else {
			at, w.onward, i = w.onward[0], w.onward[1:], i-1
		}
		if at.end {
			if err := w.beside(at); err != nil {
				return err
			}
			continue
		}
		if !sameEdges(last, at.f.Record.Edges) {
			if err := w.runEdges(at, done); err != nil {
				return err
			}
			last = nil
			if !slices.ContainsFunc(at.f.Record.Edges, func(e Edge) bool { return !done[e.Token] && e.Role != Mention && e.Role != Own }) {
				last = at.f.Record.Edges
			}
		}
		if err := w.runWords(at); err != nil {
			return err
		}
	}
	return nil
}

// runEdges goes on to the records to which a record's identifiers lead, but for those
// that are done.
func (w *walk) runEdges(at *visit, done map[Token]bool) error {
	edges, err := w.r.expandable(at.f, w.account)
	if err != nil {
		return err
	}
	for _, e := range edges {
		if done[e.Token] {
			continue
		}
		info, err := w.r.tokenInfo(e.Token, e.Kind, w.account)
		if err != nil {
			return err
		}
		l, k, err := w.r.next(at.f, e, info)
		if err != nil {
			return err
		}
		if w.expanded[leadOf{e.Token, k}] && w.r.many(info) {
			continue // from a record like this one: nothing new is behind it
		}
		w.expanded[leadOf{e.Token, k}] = true
		if info.alike && e.Role != Member || w.r.closed(info, e.Kind) {
			done[e.Token] = true
		}
		w.refuse(at, e, info, l, k)
		how, end := at.over(e, rule(w.r, e)), terminal(w.r, e, info)
		for _, f := range l.to {
			if err := w.come(f, how, end); err != nil {
				return err
			}
		}
	}
	return nil
}

// closed reports an identifier that leads nowhere from any record and that so many
// carry that saying so of each pair of them would be endless: it is said once.
func (r *Resolver) closed(i *tokenInfo, kind string) bool {
	return i.mode == never && len(i.cuts) == 0 && !r.kinds.Medium(kind) && len(i.carriers) > r.limits.Weak
}

// runWords goes on to the records that somebody said are the same person's.
func (w *walk) runWords(at *visit) error {
	to, from, err := w.r.said(at.f, w.account)
	if err != nil {
		return err
	}
	for i, f := range to {
		if err := w.come(f, at.over(from[i], saidByHand), false); err != nil {
			return err
		}
	}
	return nil
}

func rule(r *Resolver, e Edge) string {
	switch {
	case e.Role == Merged:
		return "merged into"
	case e.Role == Member:
		return "one of several owners"
	case r.kinds.Link(e.Kind):
		return "linked"
	}
	return "same identifier"
}

// subject assembles one person from the records that are hers.
func (w *walk) subject(members *ridSet) (*Person, error) {
	n := len(members.list)
	s := &Person{Account: w.account, via: make([]*reach, 0, n), Steps: make([]Step, 0, n), Tokens: map[Token]string{}, Others: map[Token]string{}}
	mine := make([]*visit, 0, n)
	for _, v := range w.order {
		if !members.has(v.f.RID) {
			continue
		}
		last := v
		if len(mine) > 0 {
			last = mine[len(mine)-1]
		}
		mine = append(mine, v)
		if st := v.how.step; st.From == 0 || members.has(st.From) {
			st.To = v.f.RID
			s.Steps = append(s.Steps, st)
		}
		if last != v && last.end == v.end && sameEdges(last.f.Record.Edges, v.f.Record.Edges) {
			continue // it has the identifiers of the one before
		}
		if err := w.collect(s, v); err != nil {
			return nil, err
		}
	}
	for t := range s.Tokens {
		delete(s.Others, t)
	}
	slices.SortFunc(mine, func(a, b *visit) int { return cmp.Compare(a.f.RID, b.f.RID) })
	for _, v := range mine {
		s.via = append(s.via, v.how)
		if v.end {
			s.ends = append(s.ends, v.f.RID)
		}
	}
	s.Copies = w.r.found(mine)
	for _, st := range w.possible {
		if members.has(st.From) && !members.has(st.To) {
			s.Possible = append(s.Possible, st)
		}
	}
	for _, id := range members.between {
		s.Between = append(s.Between, *w.reached.get(id).f)
	}
	s.Possible = append(s.Possible, w.strangers(members)...)
	s.Review = w.r.overCaps(s)
	return s, w.r.mentions(s)
}

// collect takes over the identifiers of one of her records.
func (w *walk) collect(s *Person, v *visit) error {
	for _, e := range v.f.Record.Edges {
		if e.Role == Mention || e.Role == Own {
			continue
		}
		info, err := w.r.tokenInfo(e.Token, e.Kind, w.account)
		if err != nil {
			return err
		}
		hers := info.hers() && !v.end && !w.divided[e.Token]
		if e.Role == Party && hers {
			hers, err = w.soleParty(v.f, e)
			if err != nil {
				return err
			}
		}
		if hers {
			s.Tokens[e.Token] = e.Kind
		} else if _, ok := s.Tokens[e.Token]; !ok && info.mode != never {
			s.Others[e.Token] = e.Kind
		}
	}
	return nil
}

func (w *walk) soleParty(f *Found, e Edge) (bool, error) {
	edges, err := w.r.expandable(f, w.account)
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(edges, func(x Edge) bool { return x.Role == Party && x.Token == e.Token }), nil
}

// mentions adds the records of others in which her own identifiers stand. A record
// that is about several people, and so no one's copy, is among them.
func (r *Resolver) mentions(s *Person) error {
	var have ridMap[bool]
	for i := range s.Copies {
		have.set(s.Copies[i].RID, true)
	}
	for t, k := range s.Tokens {
		if r.kinds.Link(k) {
			continue
		}
		info, err := r.tokenInfo(t, k, s.Account)
		if err != nil {
			return err
		}
		homeless, err := r.homeless(t, s.Account)
		if err != nil {
			return err
		}
		names := once(func(f *Found) bool { return hasRole(f, t, Mention) || joinsAs(f, t) })
		for _, list := range [][]*Found{homeless, info.carriers} {
			for _, f := range list {
				if !have.get(f.RID) && names(f) {
					have.set(f.RID, true)
					s.Mentions = append(s.Mentions, *f)
				}
			}
		}
	}
	slices.SortFunc(s.Mentions, func(a, b Found) int { return cmp.Compare(a.RID, b.RID) })
	return nil
}

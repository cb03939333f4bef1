package lineage

import "slices"

// accountOf returns the account a sighting belongs to: the one in the record, or the
// only one among the records that it refers to, or else the only one among those that
// have an identifier of its own; "" when there is none or several. A number may be known
// in two accounts: a reference leads to one row.
func (r *Resolver) accountOf(f *Found, depth int) (string, error) {
	if f.Record.Account != "" {
		return f.Record.Account, nil
	}
	if a, ok := r.accounts[f.RID]; ok {
		return a, nil
	}
	if depth > 3 || depth > 0 && r.asked[f.RID] {
		return "", nil // a cycle of records without account has none
	}
	if depth == 0 {
		r.asked = map[RID]bool{}
	}
	r.asked[f.RID] = true
	linked, found := map[string]bool{}, map[string]bool{}
	var unknown []*Found
	for _, e := range f.Record.Edges {
		if e.Role == Mention || e.Role == Own || e.Weak {
			continue
		}
		s, err := r.statedAt(e.Token)
		if err != nil {
			return "", err
		}
		link := r.kinds.Link(e.Kind)
		for _, a := range s.accounts {
			found[a] = true
			if link {
				linked[a] = true
			}
		}
		if link {
			unknown = append(unknown, s.without...)
		}
	}
	account := theOne(linked)
	if account == "" && len(linked) == 0 {
		account = theOne(found)
	}
	if account == "" && len(linked) == 0 {
		var err error
		if account, err = r.accountOfAny(unknown, f, depth); err != nil {
			return "", err
		}
	}
	r.settle(f, account, depth)
	return account, nil
}

// settle remembers an answer. Where an account was found, what was asked on the way and
// did not lead to it may have been cut short by a cycle: it is asked again when it counts.
func (r *Resolver) settle(f *Found, account string, depth int) {
	if account != "" {
		r.accounts[f.RID] = account
	} else if depth == 0 {
		for id := range r.asked {
			r.accounts[id] = ""
		}
	}
}

// accountOfAny is the account of the first record that has one among those that f refers
// to and that do not state theirs.
func (r *Resolver) accountOfAny(list []*Found, f *Found, depth int) (string, error) {
	for _, o := range list {
		if o.RID == f.RID {
			continue
		}
		if a, err := r.accountOf(o, depth+1); a != "" || err != nil {
			return a, err
		}
	}
	return "", nil
}

// LinkedAccount returns the account of what a record refers to, by links alone: it is
// another account's for certain when it is not the one that was asked for.
func (r *Resolver) LinkedAccount(f *Found) (string, error) {
	return r.linkedAccount(f, map[RID]bool{f.RID: true}, 0)
}

func (r *Resolver) linkedAccount(f *Found, asked map[RID]bool, depth int) (string, error) {
	found := map[string]bool{}
	var unknown []*Found
	for _, e := range f.Record.Edges {
		if e.Role == Mention || e.Role == Own || e.Weak || !r.kinds.Link(e.Kind) {
			continue
		}
		s, err := r.statedAt(e.Token)
		if err != nil {
			return "", err
		}
		for _, a := range s.accounts {
			found[a] = true
		}
		unknown = append(unknown, s.without...)
	}
	if len(found) > 0 || depth > 3 {
		return theOne(found), nil
	}
	for _, o := range unknown {
		if asked[o.RID] {
			continue
		}
		asked[o.RID] = true
		if a, err := r.linkedAccount(o, asked, depth+1); a != "" || err != nil {
			return a, err
		}
	}
	return "", nil
}

// theOne returns the one account of a set, "" when there is none or several.
func theOne(set map[string]bool) string {
	if len(set) != 1 {
		return ""
	}
	for a := range set {
		return a
	}
	return ""
}

// stated is what the records that carry an identifier say of accounts.
type stated struct {
	accounts []string
	without  []*Found // those that say nothing
}

// statedAt looks through the carriers of an identifier once, however many records
// without an account ask.
func (r *Resolver) statedAt(t Token) (stated, error) {
	if s, ok := r.stated[t]; ok {
		return s, nil
	}
	carriers, err := r.carriers(t)
	if err != nil {
		return stated{}, err
	}
	var s stated
	for _, f := range carriers {
		switch {
		case !joinsAs(f, t):
		case f.Record.Account == "":
			s.without = append(s.without, f)
		case !slices.Contains(s.accounts, f.Record.Account):
			s.accounts = append(s.accounts, f.Record.Account)
		}
	}
	r.stated[t] = s
	return s, nil
}

// AccountOf returns the account a sighting belongs to, derived from what it
// joins when the record itself does not say.
func (r *Resolver) AccountOf(f *Found) (string, error) { return r.accountOf(f, 0) }

package lineage

import (
	"fmt"
	"maps"
	"slices"
)

// accountSteps is how many records that say no account may stand between a record and
// one that does: an event of a browser, the event in which somebody signed in, the lead
// with that address, and the contact whose number the lead has.
const accountSteps = 3

// AccountOf returns the account a sighting belongs to, derived from what it
// joins when the record itself does not say.
func (r *Resolver) AccountOf(f *Found) (string, error) { return r.accountOf(f) }

// accountOf returns the account a sighting belongs to: the one in the record, or the one
// of what it refers to, or the only one among the nearest records with an identifier of
// its own; "" when there is none or several. A number may be known in two accounts: a
// reference leads to one row. It is a function of the records alone, whoever was asked
// about before.
func (r *Resolver) accountOf(f *Found) (string, error) {
	if f.Record.Account != "" || r.kinds.OneAccount {
		return f.Record.Account, nil
	}
	if a, ok := r.accounts[f.RID]; ok {
		return a, nil
	}
	a, err := r.nearestAccount(f)
	if err == nil {
		r.accounts[f.RID] = a
	}
	return a, err
}

func (r *Resolver) nearestAccount(f *Found) (string, error) {
	own, err := r.accountsFrom(f, 0, anyWay, nil)
	if err != nil {
		return "", err
	}
	for n := 0; n <= accountSteps; n++ {
		linked, err := r.accountsFrom(f, n, byLinks, nil)
		if err != nil || len(linked) > 0 {
			return theAccount(linked), err
		}
		if len(own) == 1 {
			return own[0], nil
		}
	}
	for n := 1; n <= accountSteps && len(own) == 0; n++ {
		if own, err = r.accountsFrom(f, n, anyWay, nil); err != nil {
			return "", err
		}
	}
	return theAccount(own), nil
}

// LinkedAccount returns the account of what a record refers to, by links alone: it is
// another account's for certain when it is not the one that was asked for. "" when there
// is none or several.
func (r *Resolver) LinkedAccount(f *Found) (string, error) {
	for n := 0; n <= accountSteps; n++ {
		linked, err := r.accountsFrom(f, n, byLinks, nil)
		if err != nil || len(linked) > 0 {
			return theAccount(linked), err
		}
	}
	return "", nil
}

// homeless returns the records that mention an identifier and belong to no account, such
// as the tags of an object, if nobody of another account has it: then it is the one of
// this account whom they name.
func (r *Resolver) homeless(t Token, account string) ([]*Found, error) {
	if account == "" {
		return nil, nil
	}
	all, err := r.carriers(t)
	if err != nil {
		return nil, err
	}
	var out []*Found
	for _, f := range all {
		if f.Record.Account != "" || !hasRole(f, t, Mention) || joinsAs(f, t) {
			continue
		}
		a, err := r.accountOf(f)
		if err != nil {
			return nil, err
		}
		if a == "" {
			out = append(out, f)
		}
	}
	if len(out) == 0 {
		return nil, nil
	}
	var who []string
	for n := 0; n <= accountSteps && len(who) == 0; n++ {
		if who, err = r.accountsAt(t, n, anyWay); err != nil {
			return nil, err
		}
	}
	if theAccount(who) != account {
		return nil, nil
	}
	return out, nil
}

// theAccount returns the one account of a list, "" when there is none or several.
func theAccount(accounts []string) string {
	if len(accounts) != 1 {
		return ""
	}
	return accounts[0]
}

// severalAccounts is how many different accounts are as good as all.
const severalAccounts = 2

// way is what leads from one record to another.
type way int

const (
	byLinks way = iota // references and what they refer to
	anyWay             // and identifiers of people
	ways
)

// accountsFrom adds the accounts that a record leads to over n records that say none, as
// far as it takes to know that there are several.
func (r *Resolver) accountsFrom(f *Found, n int, by way, to []string) ([]string, error) {
	for _, e := range f.Record.Edges {
		if e.Role == Mention || e.Role == Own || e.Weak || by == byLinks && !r.kinds.Link(e.Kind) {
			continue
		}
		list, err := r.accountsAt(e.Token, n, by)
		if err != nil {
			return nil, err
		}
		for _, a := range list {
			if !slices.Contains(to, a) {
				to = append(to, a)
			}
		}
		if len(to) >= severalAccounts {
			break
		}
	}
	return to, nil
}

// stated is what the records that carry an identifier say of accounts.
type stated struct {
	accounts []string
	keyed    []string         // of the records whose id it is: when there are any, those count alone
	refers   bool             // it refers to a record, so that one of these may come yet
	without  []*Found         // those that say nothing, unless it is a crowd
	behind   [ways][][]string // the accounts that those lead to, by the number of records on the way
	crowd    bool
}

// accountCrowd is from how many records on those with an identifier are not kept: they are
// read as often as there is something new to ask of them, and what they said is known for
// the whole run.
const accountCrowd = 256

// crowdPage is how many records of a crowd are in memory at a time.
const crowdPage = 4096

// accountsAt returns the accounts that an identifier leads to over n records that say
// none.
func (r *Resolver) accountsAt(t Token, n int, by way) ([]string, error) {
	s, err := r.statedAt(t)
	if err != nil || n == 0 {
		return s.accounts, err
	}
	for len(s.behind[by]) < n {
		var list []string
		err := r.eachWithout(t, s, func(f *Found) (more bool, err error) {
			list, err = r.accountsFrom(f, len(s.behind[by]), by, list)
			return len(list) < severalAccounts, err
		})
		if err != nil {
			return nil, err
		}
		s.behind[by] = append(s.behind[by], list)
	}
	return s.behind[by][n-1], nil
}

// eachWithout calls fn with the carriers of an identifier that say no account, until it
// wants no more.
func (r *Resolver) eachWithout(t Token, s *stated, fn func(*Found) (more bool, err error)) error {
	if s.crowd {
		return r.eachCarrier(t, func(f *Found) (bool, error) {
			if f.Record.Account != "" || !joinsAs(f, t) {
				return true, nil
			}
			return fn(f)
		})
	}
	for _, f := range s.without {
		if more, err := fn(f); err != nil || !more {
			return err
		}
	}
	return nil
}

// eachCarrier calls fn with the sightings that carry an identifier, a page of them in
// memory at a time, until it wants no more.
func (r *Resolver) eachCarrier(t Token, fn func(*Found) (more bool, err error)) error {
	all, err := r.listed(t)
	if err != nil {
		return err
	}
	for page := range slices.Chunk(all, crowdPage) {
		found, err := r.view.Load(page)
		if err != nil {
			return fmt.Errorf("load sightings: %w", err)
		}
		for i := range found {
			if more, err := fn(&found[i]); err != nil || !more {
				return err
			}
		}
	}
	return nil
}

// statedAt looks through the carriers of an identifier once, however many records
// without an account ask.
func (r *Resolver) statedAt(t Token) (*stated, error) {
	if s, ok := r.stated[t]; ok {
		return s, nil
	}
	s := &stated{}
	var err error
	if _, loaded := r.postings[t]; !loaded {
		all, err := r.listed(t)
		if err != nil {
			return s, err
		}
		s.crowd = len(all) >= accountCrowd
	}
	if s.crowd {
		err = r.eachCarrier(t, func(f *Found) (bool, error) {
			s.says(f, t)
			return len(s.accounts) < severalAccounts || s.refers && len(s.keyed) < severalAccounts, nil
		})
	} else {
		var carriers []*Found
		carriers, err = r.carriers(t)
		for _, f := range carriers {
			s.says(f, t)
		}
	}
	if err != nil {
		return &stated{}, err
	}
	if len(s.keyed) > 0 {
		s.accounts = s.keyed
	}
	if len(s.accounts) == 1 && len(s.keyed) == 0 {
		s.accounts = append(s.accounts, r.goneFrom(t, s.accounts[0])...)
	}
	r.stated[t] = s
	return s, nil
}

// goneFrom lists the other accounts in which somebody had an identifier who is gone from the
// records: what says no account may have been hers.
func (r *Resolver) goneFrom(t Token, account string) (out []string) {
	for _, a := range r.shared[t] {
		if a != account && a != "" {
			out = append(out, a)
		}
	}
	return out
}

// says takes in what a carrier of an identifier says of its account.
func (s *stated) says(f *Found, t Token) {
	s.refers = s.refers || hasRole(f, t, Link)
	if f.Record.Account != "" && hasRole(f, t, Key) && !slices.Contains(s.keyed, f.Record.Account) {
		s.keyed = append(s.keyed, f.Record.Account)
	}
	switch {
	case !joinsAs(f, t):
	case f.Record.Account == "":
		if !s.crowd {
			s.without = append(s.without, f)
		}
	case !slices.Contains(s.accounts, f.Record.Account):
		s.accounts = append(s.accounts, f.Record.Account)
	}
}

// Forget drops what was read so far, for whoever asks one resolver about every record of
// a graph. What was learned of the accounts behind a crowd's identifier stays: it is
// little, and reading the crowd again for every thousandth of its records would take
// a time that grows with its square.
func (r *Resolver) Forget() {
	r.seen = ridMap[*Found]{}
	r.loaded = nil
	clear(r.lists)
	clear(r.postings)
	clear(r.info)
	clear(r.accounts)
	maps.DeleteFunc(r.stated, func(_ Token, s *stated) bool { return !s.crowd })
}

package lineage

import "slices"

// accountSteps is how many records that say no account may stand between a record and
// one that does: an event of a browser, the event in which somebody signed in, the lead
// with that address, and the contact whose number the lead has.
const accountSteps = 3

// AccountOf returns the account a sighting belongs to, derived from what it
// joins when the record itself does not say.
func (r *Resolver) AccountOf(f *Found) (string, error) { return r.accountOf(f) }

// accountOf returns the account a sighting belongs to: the one in the record, or the
// only one among the nearest records that it joins; "" when there is none or several.
// It is a function of the records alone, whoever was asked about before.
func (r *Resolver) accountOf(f *Found) (string, error) {
	if f.Record.Account != "" || r.kinds.OneAccount {
		return f.Record.Account, nil
	}
	if a, ok := r.accounts[f.RID]; ok {
		return a, nil
	}
	var found []string
	for n := 0; n <= accountSteps && len(found) == 0; n++ {
		var err error
		if found, err = r.accountsFrom(f, n, found); err != nil {
			return "", err
		}
	}
	account := theAccount(found)
	r.accounts[f.RID] = account
	return account, nil
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
		if who, err = r.accountsAt(t, n); err != nil {
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

// accountsFrom adds the accounts that the identifiers of a record lead to over n records
// that say none, as far as it takes to know that there are several.
func (r *Resolver) accountsFrom(f *Found, n int, to []string) ([]string, error) {
	for _, e := range f.Record.Edges {
		if e.Role == Mention || e.Role == Own || e.Weak {
			continue
		}
		list, err := r.accountsAt(e.Token, n)
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
	without  []*Found   // those that say nothing
	behind   [][]string // the accounts that those lead to, by the number of records on the way
}

// accountsAt returns the accounts that an identifier leads to over n records that say
// none.
func (r *Resolver) accountsAt(t Token, n int) ([]string, error) {
	s, err := r.statedAt(t)
	if err != nil || n == 0 {
		return s.accounts, err
	}
	for len(s.behind) < n {
		var list []string
		for _, f := range s.without {
			if list, err = r.accountsFrom(f, len(s.behind), list); err != nil {
				return nil, err
			}
			if len(list) >= severalAccounts {
				break
			}
		}
		s.behind = append(s.behind, list)
	}
	return s.behind[n-1], nil
}

// statedAt looks through the carriers of an identifier once, however many records
// without an account ask.
func (r *Resolver) statedAt(t Token) (*stated, error) {
	if s, ok := r.stated[t]; ok {
		return s, nil
	}
	s := &stated{}
	carriers, err := r.carriers(t)
	if err != nil {
		return s, err
	}
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

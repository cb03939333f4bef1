package lineage

import (
	"slices"
	"strings"
)

// severalCallers reports a recording to which records of different people refer: two call
// logs with different numbers, or of different leads. Each of them owns it, and it leads
// from neither to the other, also when it is not there any more: its period ends before
// that of the call logs. A name that an audio file and those beside it have in common is
// the id of none of them, and no reference.
func (r *Resolver) severalCallers(carriers []*Found, t Token, kind string) (bool, error) {
	var refer []*Found
	keyed := strings.HasSuffix(kind, ".key")
	for _, f := range carriers {
		switch {
		case hasRole(f, t, Key):
			keyed = true
		case hasRole(f, t, Link) && len(refer) < maxCallers:
			refer = append(refer, f)
		}
	}
	if !keyed || len(refer) < 2 {
		return false, nil
	}
	var seen [][]Edge
	for _, f := range refer {
		own, err := r.callerOf(f)
		if err != nil {
			return false, err
		}
		if slices.ContainsFunc(seen, func(b []Edge) bool { return different(own, b) }) {
			return true, nil
		}
		seen = append(seen, own)
	}
	return false, nil
}

// severalOwners reports a medium that different people have in common: those who are named
// as its owners, or one of them and whom it names itself. Asked for by what they have in
// common it is whose it names.
func (r *Resolver) severalOwners(f *Found, asked Token, account string) (bool, error) {
	var seen [][]Edge
	for _, e := range f.Record.Edges {
		if e.Role == Member || e.Token == asked || !r.kinds.Medium(e.Kind) {
			continue
		}
		info, err := r.tokenInfo(e.Token, e.Kind, account)
		if err != nil {
			return false, err
		}
		for _, c := range info.carriers {
			if !hasRole(c, e.Token, Member) || len(seen) == maxCallers {
				continue
			}
			if seen == nil {
				own, err := r.ownerOf(f, account)
				if err != nil {
					return false, err
				}
				seen = append(seen, own)
			}
			own, err := r.ownerOf(c, account)
			if err != nil || slices.ContainsFunc(seen, func(b []Edge) bool { return different(own, b) }) {
				return err == nil, err
			}
			seen = append(seen, own)
		}
	}
	return false, nil
}

// ownerOf is callerOf without what is nobody's, such as an agent's number.
func (r *Resolver) ownerOf(f *Found, account string) (out []Edge, err error) {
	own, err := r.callerOf(f)
	if err != nil {
		return nil, err
	}
	for _, e := range own {
		info, err := r.tokenInfo(e.Token, e.Kind, account)
		if err != nil {
			return nil, err
		}
		if info.mode != never {
			out = append(out, e)
		}
	}
	return out, nil
}

// maxCallers bounds how many records of one recording are compared.
const maxCallers = 64

// callerOf returns the identifiers of the one whom a record of a call is about: not the
// account's own people, and no recording.
func (r *Resolver) callerOf(f *Found) ([]Edge, error) {
	var out []Edge
	for _, e := range f.Record.Edges {
		device := r.kinds.Device != nil && r.kinds.Device(e.Kind)
		switch {
		case e.Weak || device || r.kinds.Medium(e.Kind):
		case e.Role == Subject || e.Role == Link:
			out = append(out, e)
		case e.Role == Party:
			all, err := r.carriers(e.Token)
			if err != nil {
				return nil, err
			}
			if !slices.ContainsFunc(all, func(x *Found) bool { return hasRole(x, e.Token, Own) }) {
				out = append(out, e)
			}
		}
	}
	return out, nil
}

// different reports identifiers of one kind that are not the same. A number at the other end
// of both, as one that the account rents is, does not make two callers one; nor do two
// leads make the one caller two whose calls have the same numbers at both ends.
func different(a, b []Edge) bool {
	in := func(list []Edge, t Token) (e Edge, ok bool) {
		i := slices.IndexFunc(list, func(x Edge) bool { return x.Token == t })
		if i < 0 {
			return e, false
		}
		return list[i], true
	}
	common, kind, reference := false, false, false
	for _, x := range a {
		if y, both := in(b, x.Token); both {
			if x.Role != Party || y.Role != Party {
				return false
			}
			common = true
			continue
		}
		for _, y := range b {
			if _, both := in(a, y.Token); both || x.Kind != y.Kind {
				continue
			}
			if x.Role == Link {
				reference = true
			} else {
				kind = true
			}
		}
	}
	return kind || reference && !common
}

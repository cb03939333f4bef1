package pipeline

import (
	"cmp"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/cratio/sutra/lineage"
)

// A correction sets the new number where it can, and leaves the old one where nothing can be
// set: in the name of a chat or of a recording, on an invoice. What has nothing but the old one
// is not found by the new one any more. The old one may be somebody else's, which is why it was
// corrected; so the record is not hers without a person's word, but it is told of.

// replacement is what a correction put in place of an identifier.
type replacement struct{ account, to string }

// replacements returns the identifiers that corrections replaced.
func (s *Site) replacements() (map[replacement][]string, error) {
	if s.replacedBy != nil {
		return s.replacedBy, nil
	}
	all := map[replacement][]string{}
	err := s.Graph.EachDoc(renamedBucket, func(_ string, doc []byte) error {
		var d renamedDoc
		if err := json.Unmarshal(doc, &d); err != nil {
			return fmt.Errorf("read a correction: %w", err)
		}
		for _, to := range d.To {
			all[replacement{d.Account, to}] = append(all[replacement{d.Account, to}], d.From...)
		}
		return nil
	})
	if err == nil {
		s.replacedBy = all
	}
	return all, err
}

// replaced returns the records that have an identifier of the person's from before a
// correction and are not told of otherwise, where no clearly different name says that they are
// another's.
func (s *Site) replaced(p *lineage.Person, d doubts) (out []lineage.Found, err error) {
	all, err := s.replacements()
	if err != nil || len(all) == 0 {
		return nil, err
	}
	known := map[recordKey]bool{}
	for _, list := range [][]lineage.Found{p.Copies, p.Mentions, d.list, d.homeless} {
		for i := range list {
			known[keyOf(&list[i])] = true
		}
	}
	next := sortedTokens(p.Tokens)
	asked := map[lineage.Token]bool{}
	for len(next) > 0 {
		t := next[0]
		next = next[1:]
		if asked[t] {
			continue
		}
		asked[t] = true
		for _, old := range all[replacement{p.Account, hex.EncodeToString(t[:])}] {
			if tok, ok := parseToken(old); ok {
				next = append(next, tok)
			}
		}
		if p.Tokens[t] != "" {
			continue // it leads to her
		}
		found, err := s.carriers(unerasedWho{p.Account, t})
		if err != nil {
			return nil, err
		}
		for i := range found {
			f := &found[i]
			if coll := s.collection(f); known[keyOf(f)] || coll.Staff || coll.Accounts || len(f.Record.Names) > 0 && !called(p, f) {
				continue
			}
			if recordless(f) && s.audible(f) {
				continue // the name of a file beside a recording, with which it goes
			}
			known[keyOf(f)] = true
			out = append(out, *f)
		}
	}
	slices.SortFunc(out, func(a, b lineage.Found) int { return cmp.Compare(a.RID, b.RID) })
	return out, nil
}

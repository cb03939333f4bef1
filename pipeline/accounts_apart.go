package pipeline

import (
	"cmp"
	"context"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/cratio/sutra/connectors"
)

// apartBucket holds the ids, without the spaces around them, that several accounts of one
// database have.
const apartBucket = "account.apart"

// Spaces around an account's id are a slip of whoever typed them, as long as the database
// holds but one account of that id. Where it holds two that differ in them, they are two
// accounts, which never merge: every record then belongs to the one that it spells.

// accountSpaces tells how the tables of accounts compare the spaces around an id.
func accountSpaces(sources []*Source) connectors.Spaces {
	most := connectors.SpacesAround
	for _, src := range sources {
		for _, c := range src.Dataset.Collections {
			if f, ok := c.Field(c.Account); ok && c.Accounts {
				most = max(most, f.Spaces)
			}
		}
	}
	return most
}

// openApart reads which ids several accounts have.
func (s *Site) openApart() error {
	s.accounts.spaces, s.accounts.apart = accountSpaces(s.Sources), map[string]bool{}
	if s.Graph == nil {
		return nil
	}
	docs, err := s.Graph.Docs(apartBucket)
	if err != nil {
		return fmt.Errorf("read which accounts differ in spaces: %w", err)
	}
	for _, doc := range docs {
		s.accounts.apart[string(doc)] = true
	}
	return nil
}

// bare is an id without what two spellings of one account may differ in.
func (b *accountBook) bare(id string) string { return strings.TrimSpace(b.folding.Text(id)) }

// spelled is an id with the spaces that count.
func (b *accountBook) spelled(id string) string {
	if len(b.apart) > 0 && b.apart[b.bare(id)] {
		return connectors.Comparison{Spaces: b.spaces}.Text(id)
	}
	return strings.TrimSpace(id)
}

// accountMeaning tells how records are given to accounts; "" where an id is a name. When
// that changes, records may belong to other accounts.
func (s *Site) accountMeaning() string {
	b, how := &s.accounts, ""
	if b.folding != connectors.FoldNothing || len(b.apart) > 0 {
		how = fmt.Sprintf(" accounts %d", b.folding)
	}
	if len(b.apart) > 0 {
		t := s.Graph.Token(apartBucket, strings.Join(slices.Sorted(maps.Keys(b.apart)), "\n"))
		how += " apart " + hex.EncodeToString(t[:])
	}
	return how
}

// meetAccounts takes over how the accounts' own tables spell their ids, and reports whether
// there are accounts that differ in spaces and were not known to.
func (s *Site) meetAccounts(ctx context.Context, sources []*Source) (grew bool, err error) {
	b := &s.accounts
	if b.folding == connectors.FoldNothing && b.spaces == connectors.SpacesAround {
		return false, nil
	}
	for _, src := range sources {
		l, ok := src.Conn.(connectors.Accountant)
		if !ok {
			continue
		}
		var ids []string
		for id, err := range l.Accounts(ctx) {
			if err != nil {
				break // its listing fails too, and says why
			}
			ids = append(ids, id)
		}
		more, err := s.tellApart(ids)
		if err != nil {
			return false, err
		}
		grew = grew || more
		for _, id := range ids {
			s.accountNamed(id)
		}
	}
	return grew, s.accounts.err
}

// tellApart notes which of the ids of one database differ in spaces only.
func (s *Site) tellApart(ids []string) (grew bool, err error) {
	b := &s.accounts
	compared := connectors.Comparison{Folding: b.folding, Spaces: b.spaces}
	first := map[string]string{}
	for _, id := range ids {
		bare, key := b.bare(id), compared.Text(id)
		was, met := first[bare]
		first[bare] = cmp.Or(was, key)
		if !met || was == key || b.apart[bare] {
			continue
		}
		t := s.Graph.Token(apartBucket, bare)
		if err := s.Graph.PutDoc(apartBucket, hex.EncodeToString(t[:]), []byte(bare)); err != nil {
			return false, fmt.Errorf("remember which accounts differ in spaces: %w", err)
		}
		b.apart[bare], grew = true, true
	}
	return grew, nil
}

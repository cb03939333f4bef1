package pipeline

import (
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/cratio/sutra/lineage"
)

// An identifier that two people had stays theirs: when one of them is erased, or
// was said to be somebody else, a record that carries nothing else may still be
// hers. So the graph remembers such identifiers, and they join only with further
// evidence from then on.

const sharedBucket = "shared"

// sharedToken is one line of that memory.
type sharedToken struct {
	Token   lineage.Token `json:"token"`
	Account string        `json:"account"`
	Ref     string        `json:"ref"` // the plan or the word it comes from
}

// keepShared remembers an identifier.
func (s *Site) keepShared(t lineage.Token, account, ref string) error {
	doc, err := json.Marshal(sharedToken{t, account, ref})
	if err != nil {
		return fmt.Errorf("note a shared identifier: %w", err)
	}
	id := s.Graph.Token(sharedBucket, account+"\x00"+hex.EncodeToString(t[:]))
	return s.Graph.PutDoc(sharedBucket, hex.EncodeToString(id[:]), doc)
}

// homeless is why a record was left that says no account, and whose identifier is known in
// another one as well: nobody can say whose it is.
const homeless = "homeless"

// keepHomeless remembers the identifiers of the people that stand in such records: when they
// are gone, those who have the identifiers in the other account do not get them.
func (a *application) keepHomeless() error {
	r, err := a.resolver()
	if err != nil {
		return err
	}
	for account, tokens := range a.tokens {
		for t, kind := range tokens {
			if account == "" || a.kinds.link(kind) {
				continue
			}
			found, err := a.carriers(unerasedWho{account, t})
			if err != nil {
				return err
			}
			for i := range found {
				f := &found[i]
				if f.Record.Account != "" || !about(f, t) {
					continue
				}
				of, err := r.AccountOf(f)
				if err == nil && of != account {
					err = a.keepShared(t, account, a.plan.ID)
				}
				if err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// dropShared forgets what a word brought.
func (s *Site) dropShared(ref string) error {
	docs, err := s.Graph.Docs(sharedBucket)
	if err != nil {
		return err
	}
	for id, doc := range docs {
		var t sharedToken
		if err := json.Unmarshal(doc, &t); err != nil {
			return fmt.Errorf("read a shared identifier: %w", err)
		}
		if t.Ref == ref {
			if err := s.Graph.DeleteDoc(sharedBucket, id); err != nil {
				return err
			}
		}
	}
	return nil
}

// resolver answers who is one person, heeding what people said and what was
// shared with somebody who is gone.
func (s *Site) resolver() (*lineage.Resolver, error) {
	words, err := s.Words()
	if err != nil {
		return nil, err
	}
	docs, err := s.Graph.Docs(sharedBucket)
	if err != nil {
		return nil, err
	}
	shared := map[lineage.Token][]string{}
	for _, doc := range docs {
		var t sharedToken
		if err := json.Unmarshal(doc, &t); err != nil {
			return nil, fmt.Errorf("read a shared identifier: %w", err)
		}
		shared[t.Token] = append(shared[t.Token], t.Account)
	}
	view, err := s.view()
	if err != nil {
		return nil, err
	}
	return s.kinds.resolver(view).WithWords(words).WithShared(shared), nil
}

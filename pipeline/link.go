package pipeline

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/user"

	"github.com/oklog/ulid/v2"

	"github.com/cratio/sutra/lineage"
)

const linkBucket = "link"

// LinkLine is a person's word on who is one person, without the identifiers that
// it was given for.
type LinkLine struct {
	Type    string `json:"type"` // "link"
	ID      string `json:"id"`
	Account string `json:"account"`
	Word    string `json:"word"` // same or different
	A       string `json:"a"`    // kinds of the two identifiers
	B       string `json:"b"`
	Reason  string `json:"reason"`
	Actor   string `json:"actor"`
	At      string `json:"at"`
}

// linkLine is the line of a word.
func linkLine(w lineage.Word) LinkLine {
	word := "different"
	if w.Same {
		word = "same"
	}
	return LinkLine{Type: "link", ID: w.ID, Account: w.Account, Word: word, A: w.AKind, B: w.BKind, Reason: w.Reason, Actor: w.Actor, At: Stamp(w.At)}
}

// AddLink stores a person's word that the people who have two identifiers are one
// (same), or are not. Both must be known, inside one account, and each must mean
// one person; a word against another word is refused.
func (s *Site) AddLink(ctx context.Context, same bool, a, b, account, reason string) (LinkLine, error) {
	if reason == "" {
		return LinkLine{}, fmt.Errorf("%w: a word needs --reason", ErrUsage)
	}
	w := lineage.Word{ID: ulid.Make().String(), Same: same, Reason: reason, Actor: actor(), At: s.Now()}
	one, err := s.linkSide(ctx, a, account, &w.A, &w.AKind)
	if err != nil {
		return LinkLine{}, err
	}
	two, err := s.linkSide(ctx, b, account, &w.B, &w.BKind)
	if err != nil {
		return LinkLine{}, err
	}
	w.Account = one.Account
	switch {
	case w.A == w.B:
		return LinkLine{}, fmt.Errorf("%w: both identifiers are the same", ErrUsage)
	case len(one.Copies) == 0 || len(two.Copies) == 0:
		return LinkLine{}, fmt.Errorf("%w: nothing is known of one of the two", ErrRefused)
	case one.Account != two.Account:
		return LinkLine{}, fmt.Errorf("%w: they belong to two accounts, which never merge", ErrRefused)
	}
	words, err := s.Words()
	if err != nil {
		return LinkLine{}, err
	}
	for _, old := range words {
		if old.Same != same && old.Account == w.Account && between(old, one, two) {
			return LinkLine{}, fmt.Errorf("%w: word %s says the opposite; release it first", ErrRefused, old.ID)
		}
	}
	doc, err := json.Marshal(w)
	if err != nil {
		return LinkLine{}, fmt.Errorf("encode a word: %w", err)
	}
	if err := s.Graph.PutDoc(linkBucket, w.ID, doc); err != nil {
		return LinkLine{}, err
	}
	if !same {
		if err := s.shareBetween(ctx, w, a, b); err != nil {
			return LinkLine{}, err
		}
	}
	line := linkLine(w)
	return line, s.note(ctx, "link.said", map[string]any{"link": w.ID, "word": line.Word, "account": w.Account})
}

// linkSide resolves one side. For "different" the two may stand in what is one
// person today.
func (s *Site) linkSide(ctx context.Context, ident, account string, t *lineage.Token, kind *string) (*lineage.Person, error) {
	q, err := s.ParseIdent(ident)
	if err != nil {
		return nil, err
	}
	*t, *kind = q.Token, q.Kind
	return s.Subject(ctx, ident, account)
}

// shareBetween remembers what two people have in common that were said to be
// different.
func (s *Site) shareBetween(ctx context.Context, w lineage.Word, a, b string) error {
	one, err := s.Subject(ctx, a, w.Account)
	if err != nil {
		return err
	}
	two, err := s.Subject(ctx, b, w.Account)
	if err != nil {
		return err
	}
	for t, kind := range one.Others {
		if two.Others[t] != "" && !s.kinds.link(kind) {
			if err := s.keepShared(t, w.Account, w.ID); err != nil {
				return err
			}
		}
	}
	return nil
}

// between reports whether a word stands between two people.
func between(w lineage.Word, one, two *lineage.Person) bool {
	has := func(p *lineage.Person, t lineage.Token) bool { return p.Tokens[t] != "" || p.Others[t] != "" }
	return has(one, w.A) && has(two, w.B) || has(one, w.B) && has(two, w.A)
}

// actor names who runs the program.
func actor() string {
	if u, err := user.Current(); err == nil && u.Username != "" {
		return u.Username
	}
	return fmt.Sprintf("uid %d", os.Getuid())
}

// Words returns the words in force, oldest first.
func (s *Site) Words() ([]lineage.Word, error) {
	docs, err := s.Graph.Docs(linkBucket)
	if err != nil {
		return nil, err
	}
	var out []lineage.Word
	for _, id := range lineage.DocIDs(docs) {
		var w lineage.Word
		if err := json.Unmarshal(docs[id], &w); err != nil {
			return nil, fmt.Errorf("read a word: %w", err)
		}
		out = append(out, w)
	}
	return out, nil
}

// Links returns the words in force as lines.
func (s *Site) Links() ([]LinkLine, error) {
	words, err := s.Words()
	var out []LinkLine
	for _, w := range words {
		out = append(out, linkLine(w))
	}
	return out, err
}

// ReleaseLink takes a word back.
func (s *Site) ReleaseLink(ctx context.Context, id, reason string) error {
	docs, err := s.Graph.Docs(linkBucket)
	if err != nil {
		return err
	}
	if reason == "" {
		return fmt.Errorf("%w: taking a word back needs --reason", ErrUsage)
	}
	if docs[id] == nil {
		known, err := s.endForgotten(linkBucket, id)
		if err == nil && !known {
			err = fmt.Errorf("%w: there is no word %q; `sutra link list` shows them", ErrUsage, id)
		}
		if err != nil {
			return err
		}
	}
	if err := s.Graph.DeleteDoc(linkBucket, id); err != nil {
		return err
	}
	if err := s.dropShared(id); err != nil {
		return err
	}
	return s.note(ctx, "link.released", map[string]any{"link": id})
}

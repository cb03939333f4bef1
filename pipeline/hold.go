package pipeline

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/cratio/sutra/lineage"
)

// Hold is a legal hold: what it covers is neither erased nor redacted while it
// stands. It names people by their tokens.
type Hold struct {
	ID       string            `json:"id"`
	Account  string            `json:"account"`
	Tokens   map[string]string `json:"tokens,omitempty"` // hex → kind; empty: the whole account
	Reason   string            `json:"reason"`
	PlacedAt time.Time         `json:"placed_at"`
	Review   time.Time         `json:"review"` // when it must be looked at again
}

const holdBucket = "hold"

// AddHold places a hold on a person, or with ident "" on a whole account. No hold
// is placed without a reason and a date of review.
func (s *Site) AddHold(ctx context.Context, ident, account, reason string, review time.Time) (Hold, error) {
	h := Hold{ID: ulid.Make().String(), Account: account, Reason: reason, PlacedAt: s.Now(), Review: review}
	if reason == "" || review.IsZero() {
		return h, fmt.Errorf("%w: a hold needs --reason and --review DATE", ErrUsage)
	}
	if ident == "" && account == "" {
		return h, fmt.Errorf("%w: a hold needs an identifier or --account", ErrUsage)
	}
	if ident != "" {
		p, err := s.Subject(ctx, ident, account)
		if err != nil {
			return h, err
		}
		h.Account, h.Tokens = p.Account, map[string]string{}
		for t, k := range p.Tokens {
			h.Tokens[hex.EncodeToString(t[:])] = k
		}
	}
	doc, err := json.Marshal(h)
	if err != nil {
		return h, fmt.Errorf("encode the hold: %w", err)
	}
	if err := s.Graph.PutDoc(holdBucket, h.ID, doc); err != nil {
		return h, err
	}
	return h, s.note(ctx, "hold.placed", map[string]any{"hold": h.ID, "whole_account": len(h.Tokens) == 0})
}

// ReleaseHold ends a hold.
func (s *Site) ReleaseHold(ctx context.Context, id string) error {
	docs, err := s.Graph.Docs(holdBucket)
	if err != nil {
		return err
	}
	if docs[id] == nil {
		return fmt.Errorf("%w: there is no hold %q; `sutra hold list` shows them", ErrUsage, id)
	}
	if err := s.Graph.DeleteDoc(holdBucket, id); err != nil {
		return err
	}
	return s.note(ctx, "hold.released", map[string]any{"hold": id})
}

// Holds returns the holds in force, oldest first.
func (s *Site) Holds() ([]Hold, error) {
	docs, err := s.Graph.Docs(holdBucket)
	if err != nil {
		return nil, err
	}
	var out []Hold
	for _, id := range lineage.DocIDs(docs) {
		var h Hold
		if err := json.Unmarshal(docs[id], &h); err != nil {
			return nil, fmt.Errorf("read a hold: %w", err)
		}
		out = append(out, h)
	}
	return out, nil
}

// covers reports whether the hold is on the person.
func (h Hold) covers(p *lineage.Person) bool {
	if len(h.Tokens) == 0 {
		return h.Account == p.Account
	}
	for t := range p.Tokens {
		if h.Tokens[hex.EncodeToString(t[:])] != "" && (h.Account == "" || h.Account == p.Account) {
			return true
		}
	}
	return false
}

// coversRecord reports whether the hold is on a person of the record.
func (h Hold) coversRecord(f *lineage.Found) bool {
	for _, e := range f.Record.Edges {
		if e.Role != lineage.Mention && e.Role != lineage.Own && h.Tokens[hex.EncodeToString(e.Token[:])] != "" {
			return true
		}
	}
	return false
}

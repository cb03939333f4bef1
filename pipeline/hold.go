package pipeline

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/cratio/sutra/lineage"
	"github.com/cratio/sutra/pipeline/policy"
)

// Hold is a legal hold: what it covers is neither erased nor redacted while it
// stands. It names people by their tokens.
type Hold struct {
	ID       string            `json:"id"`
	Account  string            `json:"account"`
	Tokens   map[string]string `json:"tokens,omitempty"` // hex → kind; empty: the whole account
	Reason   string            `json:"reason"`
	PlacedAt time.Time         `json:"placed_at"`
	PlacedBy string            `json:"placed_by,omitempty"` // the user of the machine; unknown of an older hold
	Review   time.Time         `json:"review"`              // when it must be looked at again

	ReleasedAt time.Time `json:"released_at,omitzero"` // zero while it stands
}

const holdBucket = "hold"

// AddHold places a hold on a person, or with ident "" on a whole account. No hold
// is placed without a reason and a date of review, nor on a person of whom nothing is
// known: it would hold nothing of hers when she is met.
func (s *Site) AddHold(ctx context.Context, ident, account, reason string, review time.Time) (Hold, error) {
	h := Hold{ID: ulid.Make().String(), Account: s.knownAccount(account), Reason: reason, PlacedAt: s.Now(), PlacedBy: actor(), Review: review}
	if strings.TrimSpace(reason) == "" || review.IsZero() {
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
		if len(p.Tokens) == 0 {
			return h, fmt.Errorf("%w: nothing is known of this person, so nothing would be held; scan, or ask for her by another identifier", ErrRefused)
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
	if err := s.doubtHold(h); err != nil {
		return h, err
	}
	return h, s.note(ctx, "hold.placed", map[string]any{"hold": h.ID, "whole_account": len(h.Tokens) == 0})
}

// doubtHold says what looks like a slip of the pen in a hold.
func (s *Site) doubtHold(h Hold) error {
	if h.Review.Before(h.PlacedAt) {
		s.emit(NoteLine{Type: "note", Text: "the date of review has passed already; the hold stands until it is released"})
	}
	if len(h.Tokens) > 0 {
		return nil
	}
	known, err := s.accountFacts()
	if err == nil {
		s.doubtAccount(h.Account, known)
	}
	return err
}

// ReleaseHold ends a hold. Retention takes nothing of what it covered before the next
// midnight: see lapsing.
func (s *Site) ReleaseHold(ctx context.Context, id string) error {
	all, err := s.everyHold()
	if err != nil {
		return err
	}
	known := false
	for _, h := range all {
		switch {
		case h.ID == id && h.ReleasedAt.IsZero():
			known, h.ReleasedAt = true, s.Now()
			doc, err := json.Marshal(h)
			if err != nil {
				return fmt.Errorf("encode the hold: %w", err)
			}
			if err := s.Graph.PutDoc(holdBucket, id, doc); err != nil {
				return err
			}
		case !h.ReleasedAt.IsZero() && !s.Now().Before(h.lapses()):
			if err := s.Graph.DeleteDoc(holdBucket, h.ID); err != nil {
				return err
			}
		}
	}
	if !known {
		if known, err = s.endForgotten(holdBucket, id); err != nil {
			return err
		}
	}
	if !known {
		return fmt.Errorf("%w: there is no hold %q; `sutra hold list` shows them", ErrUsage, id)
	}
	return s.note(ctx, "hold.released", map[string]any{"hold": id})
}

// lapses is when retention may take what a released hold covered: the midnight after it.
func (h Hold) lapses() time.Time { return policy.Eligible(policy.Civil(h.ReleasedAt)) }

// Holds returns the holds in force, oldest first.
func (s *Site) Holds() ([]Hold, error) {
	all, err := s.everyHold()
	return slices.DeleteFunc(all, func(h Hold) bool { return !h.ReleasedAt.IsZero() }), err
}

// everyHold returns the holds in force and those that were released of late.
func (s *Site) everyHold() ([]Hold, error) {
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

// lapsing returns the holds that were released and have not lapsed yet.
func (s *Site) lapsing(ctx context.Context) ([]Hold, error) {
	all, err := s.everyHold()
	all = slices.DeleteFunc(all, func(h Hold) bool { return h.ReleasedAt.IsZero() || !s.Now().Before(h.lapses()) })
	if err != nil {
		return nil, err
	}
	return all, s.growHolds(ctx, all)
}

// holdsNow returns the holds in force, each with what its person has by now: an identifier,
// or an id of the CRM, that came to her after the hold was placed is hers, too.
func (s *Site) holdsNow(ctx context.Context) ([]Hold, error) {
	holds, err := s.Holds()
	if err != nil {
		return nil, err
	}
	return holds, s.growHolds(ctx, holds)
}

func (s *Site) growHolds(ctx context.Context, holds []Hold) error {
	if len(holds) == 0 {
		return nil
	}
	r, err := s.resolver()
	if err != nil {
		return err
	}
	for i := range holds {
		if err := s.growHold(ctx, r, &holds[i]); err != nil {
			return err
		}
	}
	return nil
}

// growHold adds to a hold what its person has by now.
func (s *Site) growHold(ctx context.Context, r *lineage.Resolver, h *Hold) error {
	all := maps.Clone(h.Tokens)
	asked := map[lineage.Token]bool{} // what a person has leads to her again
	for text, kind := range h.Tokens {
		t, ok := parseToken(text)
		if !ok || asked[t] {
			continue
		}
		people, err := r.Candidates(ctx, lineage.Query{Token: t, Kind: kind}, h.Account)
		if err != nil {
			return fmt.Errorf("who the hold %s is on: %w", h.ID, err)
		}
		for _, p := range people {
			if !s.kinds.covers(*h, p) {
				continue // somebody else who has the identifier, too
			}
			for t, k := range p.Tokens {
				asked[t], all[hex.EncodeToString(t[:])] = true, k
			}
		}
	}
	h.Tokens = all
	return nil
}

// covers reports whether the hold is on the person: on one of her identifiers or on
// her id in the CRM. What she only shares with somebody else, such as the id of a call
// that both were in, does not make her the one who is meant.
func (k kinds) covers(h Hold, p *lineage.Person) bool {
	if h.Account != "" && h.Account != p.Account {
		return false
	}
	if len(h.Tokens) == 0 {
		return h.Account == p.Account
	}
	for _, personal := range []bool{true, false} {
		mine, theirs, common := 0, 0, false
		for t, kind := range p.Tokens {
			if k.personal(kind) == personal || !personal {
				mine++
				common = common || h.Tokens[hex.EncodeToString(t[:])] != ""
			}
		}
		for _, kind := range h.Tokens {
			if k.personal(kind) == personal || !personal {
				theirs++
			}
		}
		if mine > 0 && theirs > 0 {
			return common // links alone tell only where one of the two has nothing else
		}
	}
	return false
}

// personal reports a kind of which a value is one person's: no link, or the link that
// names a contact of the CRM.
func (k kinds) personal(kind string) bool { return !k.link(kind) || k.unique[kind] }

// coversRecord reports whether the hold is on a person of a record of the account. A record
// of no account, such as a recording of a number that two accounts know, may be of the
// hold's.
func (h Hold) coversRecord(f *lineage.Found, account string) bool {
	if h.Account != "" && account != "" && h.Account != account {
		return false
	}
	if len(h.Tokens) == 0 {
		return h.Account == account
	}
	for _, e := range f.Record.Edges {
		if e.Role != lineage.Mention && e.Role != lineage.Own && h.Tokens[hex.EncodeToString(e.Token[:])] != "" {
			return true
		}
	}
	return false
}

// free refuses the plan when a hold is on what it changes. One that the plan knows keeps
// what it covered then; its person may have more by now.
func (a *application) free(h Hold) error {
	known, late := a.plan.body.Holds[h.ID], false
	switch {
	case known:
	case a.plan.Kind == "retain":
		late = !a.plan.body.Known[h.ID]
	default:
		for account, tokens := range a.tokens {
			late = late || a.kinds.covers(h, &lineage.Person{Account: account, Tokens: tokens})
		}
	}
	if !late {
		met, err := a.meets(h)
		if err != nil || !met {
			return err
		}
	}
	if known {
		return fmt.Errorf("%w: the legal hold %s is by now on something that the plan changes; make a new plan", ErrRefused, h.ID)
	}
	return fmt.Errorf("%w: the legal hold %s was placed after the plan was made; make a new plan", ErrRefused, h.ID)
}

// heldRecord names a record in a source that a hold is on.
type heldRecord struct{ source, unit, collection, locator string }

// meets reports whether the plan changes a record that the hold is on, whoever it is
// to be erased for.
func (a *application) meets(h Hold) (bool, error) {
	r, err := a.resolver()
	if err != nil {
		return false, err
	}
	held := map[heldRecord]bool{}
	for text := range h.Tokens {
		t, ok := parseToken(text)
		if !ok {
			continue
		}
		found, err := a.postedAt(t)
		if err != nil {
			return false, err
		}
		for i := range found {
			f := &found[i]
			account, err := r.AccountOf(f)
			if err != nil {
				return false, err
			}
			if h.coversRecord(f, account) {
				held[heldRecord{f.Unit.Source, f.Unit.Unit.Key, f.Record.Collection, f.Record.Locator}] = true
			}
		}
	}
	met := false
	err = a.plan.steps(func(st planStep) error {
		for _, e := range st.Edits {
			met = met || held[heldRecord{st.Source, st.Unit.Unit.Key, e.Collection, e.Locator}]
		}
		return nil
	})
	return met, err
}

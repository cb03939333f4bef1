package recordings

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/blob"
)

var errAudio = errors.New("an audio object cannot be redacted, only deleted: what would change is its name")

// Erase deletes audio objects and sidecars, takes entries out of sidecars, and
// changes values in them; the last entry takes the file with it. What a record of
// a sidecar has from its object's key cannot be changed, and Rewrite is not asked
// about it.
//
// The locators of entries are positions and move up when one before them is
// deleted: Edit.Check guards a second Erase against hitting others.
func (s *source) Erase(ctx context.Context, u connectors.Unit, edits []connectors.Edit) (connectors.Unit, connectors.Outcome, error) {
	fail := func(err error) (connectors.Unit, connectors.Outcome, error) {
		if ferr := s.forget(ctx, u, edits, err); ferr != nil {
			err = ferr // an old version is not gone: that must not look like a mere change
		}
		return u, connectors.Outcome{}, fmt.Errorf("erase in a recording: %w", err)
	}
	o, err := s.stat(ctx, u)
	if errors.Is(err, connectors.ErrNotFound) {
		if err := s.forget(ctx, u, edits, err); err != nil {
			return fail(err)
		}
		return gone(u), connectors.Outcome{Missing: len(edits), Gone: true}, nil
	}
	if err != nil {
		return fail(err)
	}
	if err := s.swept(ctx); err != nil {
		return fail(err)
	}
	d, err := s.load(ctx, o)
	if err != nil {
		return fail(err)
	}
	w, err := d.plan(edits)
	if err != nil {
		return fail(err)
	}
	switch {
	case w.all:
		err = s.store.Delete(ctx, o.Key, o.Version)
		if errors.Is(err, connectors.ErrNotFound) {
			err = nil // it went meanwhile: what had to go is gone
		}
		if err != nil {
			return fail(err)
		}
		w.out.Gone = true
		return gone(u), w.out, nil
	case w.text == nil:
		if len(edits) > 0 {
			err = blob.Forget(ctx, s.store, o.Key, "")
		}
		if err != nil {
			return fail(err)
		}
		return s.unit(o), w.out, nil
	}
	u.Fingerprint = o.Version // what is to be forgotten if another takes its place meanwhile
	next, err := s.put(ctx, u, o, &w)
	if err != nil {
		return fail(err)
	}
	return next, w.out, nil
}

// put writes what is left of a sidecar.
func (s *source) put(ctx context.Context, u connectors.Unit, o blob.Object, w *work) (connectors.Unit, error) {
	next, err := s.store.Replace(ctx, o.Key, o.Version, func(f blob.Writer) error {
		_, err := f.Write(w.text)
		return err
	})
	if err != nil {
		return connectors.Unit{}, err
	}
	if next.Version == "" { // an old version, which went as a whole
		w.out.Gone = true
		return gone(u), nil
	}
	return s.unit(next), nil
}

// forget removes the version that the plan saw when something else has taken its
// place since: it still holds what had to go.
func (s *source) forget(ctx context.Context, u connectors.Unit, edits []connectors.Edit, err error) error {
	if len(edits) == 0 || !errors.Is(err, connectors.ErrNotFound) && !errors.Is(err, connectors.ErrChanged) {
		return nil
	}
	return blob.Forget(ctx, s.store, u.Key, u.Fingerprint)
}

func gone(u connectors.Unit) connectors.Unit {
	return connectors.Unit{Key: u.Key, Account: u.Account}
}

// swept removes, once, what an interrupted change left behind.
func (s *source) swept(ctx context.Context) error {
	s.sweep.Lock()
	defer s.sweep.Unlock()
	if s.sweeping {
		return nil
	}
	if err := s.store.Sweep(ctx); err != nil {
		return err
	}
	s.sweeping = true
	return nil
}

// work is what the edits of one object come to.
type work struct {
	out  connectors.Outcome
	all  bool   // the object goes
	text []byte // its new content; nil when it stays as it is
}

// plan checks the preconditions and makes the new content.
func (d *object) plan(edits []connectors.Edit) (work, error) {
	var w work
	at := map[string]*record{}
	for i := range d.records {
		at[d.records[i].locator] = &d.records[i]
	}
	groups := map[*record][]connectors.Edit{}
	for _, e := range edits {
		r := at[e.Locator]
		if r == nil || e.Collection != d.collection {
			w.out.Missing++
			continue
		}
		if e.Check != nil {
			if err := e.Check(r.values()); err != nil {
				return w, fmt.Errorf("%w: %w", connectors.ErrChanged, err)
			}
		}
		groups[r] = append(groups[r], e)
	}
	p := patch{side: d.side}
	for i := range d.records {
		r := &d.records[i]
		switch list := groups[r]; {
		case len(list) == 0:
		case deletes(list):
			w.out.Deleted++
			p.remove(r, i)
		default:
			changed, err := p.redact(d.fields, r, list)
			if err != nil {
				return w, err
			}
			if changed {
				w.out.Redacted++
			}
		}
	}
	if len(d.records) > 0 && w.out.Deleted == len(d.records) {
		w.all = true
		return w, nil
	}
	p.beside(d.records, groups)
	text, err := p.side.encode(p.apply())
	w.text = text
	return w, err
}

func deletes(list []connectors.Edit) bool {
	return slices.ContainsFunc(list, func(e connectors.Edit) bool { return e.Action == connectors.Delete })
}

// Residue returns the deletions of whole objects that are still there, and the
// redactions that would still change any record of their object. A deleted call
// entry cannot be proven by its position, which another entry may have taken:
// that is proven by reading the sidecar again.
func (s *source) Residue(ctx context.Context, u connectors.Unit, edits []connectors.Edit) ([]connectors.Edit, error) {
	o, err := s.store.Stat(ctx, u.Key)
	if errors.Is(err, connectors.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look for residue: %w", err)
	}
	d, err := s.load(ctx, o)
	if err != nil {
		return nil, fmt.Errorf("look for residue: %w", err)
	}
	var left []connectors.Edit
	for _, e := range edits {
		if e.Collection != d.collection {
			continue
		}
		switch {
		case e.Action == connectors.Delete && e.Locator == "object":
			if slices.ContainsFunc(d.records, func(r record) bool { return r.locator == "object" }) {
				left = append(left, e)
			}
		case e.Action == connectors.Redact:
			still, err := d.changes(e)
			if err != nil {
				return nil, fmt.Errorf("look for residue: %w", err)
			}
			if still {
				left = append(left, e)
			}
		}
	}
	return left, nil
}

// changes reports whether a redaction would change any record.
func (d *object) changes(e connectors.Edit) (bool, error) {
	for i := range d.records {
		p := patch{side: d.side}
		changed, err := p.redact(d.fields, &d.records[i], []connectors.Edit{e})
		if errors.Is(err, errAudio) {
			return true, nil
		}
		if err != nil {
			return false, err
		}
		if changed && p.apply() != nil {
			return true, nil
		}
	}
	return false, nil
}

package connectortest

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"iter"
	"time"

	"github.com/cratio/sutra/connectors"
)

// ErrInjected is the error of a fault that asks for no other.
var ErrInjected = errors.New("injected fault")

// Faults says how a source fails. The zero value does not. Which units are hit
// depends on Seed and the unit's key alone, so a run can be repeated.
type Faults struct {
	Seed uint64
	// Share is the part of the units that the faults below hit, over 0 to 1; 0
	// means all.
	Share float64
	// Err is what fails; nil means ErrInjected.
	Err error
	// ListAfter ends every listing with an error after that many units; 0 never.
	ListAfter int
	// ReadAfter ends the reading of a unit with an error after that many batches:
	// 1 fails behind the first. 0 never, negative before the first.
	ReadAfter int
	// Truncate ends the reading of a unit after that many batches with a gap in
	// place of the rest; 0 never.
	Truncate int
	// Changed makes Erase return connectors.ErrChanged without doing anything.
	Changed bool
	// EraseErr makes Erase fail after it was done, as a crash or a lost answer
	// would.
	EraseErr bool
	// Slow is a pause before each unit that is listed and each batch.
	Slow time.Duration
}

// Faulty wraps a source. The result has the optional interfaces of s that the suite asks
// of a failing one, and no others: see forward. It
// panics when s has a combination of them that no connector had so far; then
// forward wants one more line.
func Faulty(s connectors.Source, f Faults) connectors.Source {
	if f.Err == nil {
		f.Err = ErrInjected
	}
	return forward(&faulty{s: s, f: f})
}

// faulty is the wrapped source, without the optional interfaces.
type faulty struct {
	s connectors.Source
	f Faults
}

// hits reports whether a unit is one of those that fail.
func (f *faulty) hits(key string) bool {
	if f.f.Share == 0 {
		return true
	}
	h := fnv.New64a()
	fmt.Fprintf(h, "%d\x00%s", f.f.Seed, key)
	x := h.Sum64()
	x = (x ^ x>>33) * 0xff51afd7ed558ccd
	return float64(x>>11)/(1<<53) < f.f.Share
}

func (f *faulty) pause(ctx context.Context) error {
	if f.f.Slow == 0 {
		return ctx.Err()
	}
	t := time.NewTimer(f.f.Slow)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// Units implements connectors.Source.
func (f *faulty) Units(ctx context.Context) iter.Seq2[connectors.Unit, error] {
	return func(yield func(connectors.Unit, error) bool) {
		n := 0
		for u, err := range f.s.Units(ctx) {
			if err == nil {
				err = f.pause(ctx)
			}
			if err == nil && f.f.ListAfter > 0 && n == f.f.ListAfter {
				err = f.f.Err
			}
			if err != nil {
				yield(connectors.Unit{}, err)
				return
			}
			if n++; !yield(u, nil) {
				return
			}
		}
		if f.f.ListAfter > 0 && n <= f.f.ListAfter {
			yield(connectors.Unit{}, f.f.Err)
		}
	}
}

// Read implements connectors.Source.
func (f *faulty) Read(ctx context.Context, u connectors.Unit) iter.Seq2[connectors.Batch, error] {
	return f.batches(ctx, u, f.s.Read(ctx, u))
}

func (f *faulty) batches(ctx context.Context, u connectors.Unit, seq iter.Seq2[connectors.Batch, error]) iter.Seq2[connectors.Batch, error] {
	if !f.hits(u.Key) {
		return seq
	}
	return func(yield func(connectors.Batch, error) bool) {
		if f.f.ReadAfter < 0 {
			yield(connectors.Batch{}, f.f.Err)
			return
		}
		n := 0
		for b, err := range seq {
			if err == nil {
				err = f.pause(ctx)
			}
			if err != nil {
				yield(connectors.Batch{}, err)
				return
			}
			if n++; !yield(b, nil) {
				return
			}
			switch n {
			case f.f.ReadAfter:
				yield(connectors.Batch{}, f.f.Err)
				return
			case f.f.Truncate:
				yield(connectors.Batch{Collection: b.Collection, Gaps: []connectors.Gap{{Reason: "the rest is missing"}}}, nil)
				return
			}
		}
	}
}

// Region implements connectors.Located, for sources that do not as well: they
// stand on this machine.
func (f *faulty) Region(ctx context.Context) (string, error) {
	if l, ok := f.s.(connectors.Located); ok {
		return l.Region(ctx)
	}
	return "", nil
}

// Close implements connectors.Source.
func (f *faulty) Close() error { return f.s.Close() }

type digester struct{ f *faulty }

// Digest implements connectors.Digester.
func (d digester) Digest(ctx context.Context, u connectors.Unit) (string, error) {
	if d.f.f.ReadAfter < 0 && d.f.hits(u.Key) {
		return "", d.f.f.Err
	}
	return d.f.s.(connectors.Digester).Digest(ctx, u)
}

type picker struct{ f *faulty }

// Pick implements connectors.Picker.
func (p picker) Pick(ctx context.Context, u connectors.Unit, refs []connectors.Ref) iter.Seq2[connectors.Batch, error] {
	return p.f.batches(ctx, u, p.f.s.(connectors.Picker).Pick(ctx, u, refs))
}

type fetcher struct{ f *faulty }

// Fetch implements connectors.Fetcher.
func (x fetcher) Fetch(ctx context.Context, r connectors.Ref, w io.Writer) error {
	if x.f.f.ReadAfter < 0 && x.f.hits(r.Unit) {
		return x.f.f.Err
	}
	return x.f.s.(connectors.Fetcher).Fetch(ctx, r, w)
}

type eraser struct{ f *faulty }

// Erase implements connectors.Eraser.
func (e eraser) Erase(ctx context.Context, u connectors.Unit, edits []connectors.Edit) (connectors.Unit, connectors.Outcome, error) {
	hit := e.f.hits(u.Key)
	if hit && e.f.f.Changed {
		return u, connectors.Outcome{}, fmt.Errorf("injected: %w", connectors.ErrChanged)
	}
	next, out, err := e.f.s.(connectors.Eraser).Erase(ctx, u, edits)
	if err == nil && hit && e.f.f.EraseErr {
		return u, connectors.Outcome{}, e.f.f.Err
	}
	return next, out, err
}

// Residue implements connectors.Eraser.
func (e eraser) Residue(ctx context.Context, u connectors.Unit, edits []connectors.Edit) ([]connectors.Edit, error) {
	return e.f.s.(connectors.Eraser).Residue(ctx, u, edits)
}

type follower struct{ f *faulty }

// Follow implements connectors.Follower.
func (x follower) Follow(ctx context.Context, u connectors.Unit, edits []connectors.Edit) (*connectors.Followed, error) {
	if x.f.f.ReadAfter < 0 && x.f.hits(u.Key) {
		return nil, x.f.f.Err
	}
	return x.f.s.(connectors.Follower).Follow(ctx, u, edits)
}

// Look implements connectors.Follower. It fails as a reading does.
func (x follower) Look(ctx context.Context, u connectors.Unit, refs []connectors.Ref) iter.Seq2[connectors.Batch, error] {
	return x.f.batches(ctx, u, x.f.s.(connectors.Follower).Look(ctx, u, refs))
}

type batcher struct{ f *faulty }

// EraseAll implements connectors.BatchEraser. One unit that is hit fails all.
func (b batcher) EraseAll(ctx context.Context, work []connectors.UnitEdits) ([]connectors.Unit, []connectors.Outcome, error) {
	hit := false
	for _, w := range work {
		hit = hit || b.f.hits(w.Unit.Key)
	}
	if hit && b.f.f.Changed {
		return nil, nil, fmt.Errorf("injected: %w", connectors.ErrChanged)
	}
	next, out, err := b.f.s.(connectors.BatchEraser).EraseAll(ctx, work)
	if err == nil && hit && b.f.f.EraseErr {
		return nil, nil, b.f.f.Err
	}
	return next, out, err
}

type checker struct{ f *faulty }

// Check implements connectors.Checker.
func (c checker) Check(ctx context.Context) ([]connectors.Finding, error) {
	return c.f.s.(connectors.Checker).Check(ctx)
}

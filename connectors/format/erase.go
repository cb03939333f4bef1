package format

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/blob"
)

// Erase implements connectors.Eraser: the object is written once, without or
// with changed records, and takes the place of the old one as a whole; an object
// that nothing is left of is deleted. When no edit changes anything, nothing is
// written. Two edits of one record are both made. A unit without a fingerprint
// is taken as it stands now.
//
// Old versions of the object go with the change: a version that the plan saw and
// that another has replaced since is removed although the answer is ErrChanged,
// because it holds what had to go, and so is what an interrupted Erase left. An old
// version that is a unit of its own goes as a whole when an edit changes
// something in it.
//
// Where locators are positions ("row 7"), a second Erase with the unit that the
// first returned would hit other records: Edit.Check is the guard against that.
func (s *Source) Erase(ctx context.Context, u connectors.Unit, edits []connectors.Edit) (connectors.Unit, connectors.Outcome, error) {
	var none connectors.Outcome
	obj, err := s.stat(ctx, u)
	if len(edits) > 0 {
		if err := s.forget(ctx, u, err); err != nil {
			return u, none, err
		}
	}
	if errors.Is(err, connectors.ErrNotFound) {
		return connectors.Unit{Key: u.Key, Account: u.Account}, connectors.Outcome{Missing: len(edits), Gone: true}, nil
	}
	if err != nil {
		return u, none, fmt.Errorf("erasing in an object: %w", err)
	}
	if len(edits) == 0 {
		return s.unit(obj), none, nil
	}
	if s.guard != nil {
		key, _ := blob.Plain(u.Key)
		if err := s.guard(ctx, s.store, key); err != nil {
			return u, none, fmt.Errorf("erasing in an object: %w", err)
		}
	}
	if err := s.Sweep(ctx); err != nil {
		return u, none, err
	}
	x, err := s.openObject(ctx, obj)
	if err != nil {
		return u, none, fmt.Errorf("erasing in an object: %w", err)
	}
	next, out, err := s.edit(ctx, x, merge(edits))
	if ferr := s.forget(ctx, s.unit(obj), err); ferr != nil {
		err = ferr // the old version is not gone: that must not look like a mere change
	}
	if err := errors.Join(err, x.Close()); err != nil {
		return u, none, fmt.Errorf("erasing in an object: %w", err)
	}
	return next, out, nil
}

// forget removes the version that the plan saw when err says that something else
// has taken its place since: it still holds what had to go.
func (s *Source) forget(ctx context.Context, u connectors.Unit, err error) error {
	if !errors.Is(err, connectors.ErrNotFound) && !errors.Is(err, connectors.ErrChanged) {
		return nil
	}
	if err := blob.Forget(ctx, s.store, u.Key, u.Fingerprint); err != nil {
		return fmt.Errorf("erasing old versions of an object: %w", err)
	}
	return nil
}

// Sweep removes what an interrupted Erase left behind, once in a source's life.
// Erase calls it first; a run that changes objects may call it before.
func (s *Source) Sweep(ctx context.Context) error {
	s.sweep.Lock()
	defer s.sweep.Unlock()
	if s.swept {
		return nil
	}
	if err := s.store.Sweep(ctx); err != nil {
		return fmt.Errorf("source %s: %w", s.conf.Name, err)
	}
	s.swept = true
	return nil
}

// edit checks, rewrites, and replaces or deletes.
func (s *Source) edit(ctx context.Context, x *object, edits []connectors.Edit) (connectors.Unit, connectors.Outcome, error) {
	if err := s.precheck(ctx, x, edits); err != nil {
		return connectors.Unit{}, connectors.Outcome{}, err
	}
	records, labels := apart(edits)
	scrub, err := s.scrubs(ctx, x.obj, labels)
	if err != nil {
		return connectors.Unit{}, connectors.Outcome{}, err
	}
	var ed *Edits
	var same, empty bool
	next, err := s.store.Replace(ctx, x.obj.Key, x.obj.Version, func(w blob.Writer) error {
		ed = NewEdits(records) // a store may ask for the content again
		if len(records) == 0 && scrub {
			return w.CopyOld(0, x.obj.Size)
		}
		codec, err := s.codec(x.obj)
		if err != nil {
			return err
		}
		left, err := rewrite(ctx, codec, x, w, ed)
		if err != nil {
			return err
		}
		out := ed.Outcome()
		changed := out.Deleted+out.Redacted > 0
		same = !changed && !scrub
		empty = changed && left == 0
		if same || empty {
			return errStopped
		}
		return nil
	})
	switch {
	case same:
		if err := blob.Forget(ctx, s.store, x.obj.Key, ""); err != nil {
			return connectors.Unit{}, connectors.Outcome{}, fmt.Errorf("erasing old versions of an object: %w", err)
		}
		return s.unit(x.obj), ed.Outcome(), nil
	case empty:
		return s.remove(ctx, x.obj, ed.Outcome())
	case err != nil:
		return connectors.Unit{}, connectors.Outcome{}, err
	}
	out := ed.Outcome()
	if scrub {
		out.Redacted += len(labels)
	}
	if next.Version == "" { // an old version, which went as a whole
		out.Gone = true
		return connectors.Unit{Key: x.obj.Key, Account: s.account(x.obj.Key)}, out, nil
	}
	return s.unit(next), out, nil
}

func (s *Source) remove(ctx context.Context, obj blob.Object, out connectors.Outcome) (connectors.Unit, connectors.Outcome, error) {
	if err := s.store.Delete(ctx, obj.Key, obj.Version); err != nil {
		return connectors.Unit{}, connectors.Outcome{}, fmt.Errorf("deleting an object that nothing is left of: %w", err)
	}
	out.Gone = true
	return connectors.Unit{Key: obj.Key, Account: s.account(obj.Key)}, out, nil
}

// rewrite runs the codec between an unpacking and a packing.
func rewrite(ctx context.Context, c Codec, x *object, w blob.Writer, ed *Edits) (int, error) {
	bw := newSplicer(w)
	if x.comp == plain {
		left, err := c.Rewrite(ctx, x.input(), bw, ed)
		if err := errors.Join(err, bw.Flush()); err != nil {
			return 0, fmt.Errorf("rewriting: %w", err)
		}
		return left, nil
	}
	zw, err := x.comp.writer(bw, x.raw())
	if err != nil {
		return 0, err
	}
	left, err := c.Rewrite(ctx, x.input(), zw, ed)
	if err := errors.Join(err, zw.Close(), bw.Flush()); err != nil {
		return 0, fmt.Errorf("rewriting: %w", err)
	}
	return left, nil
}

// precheck reads the records of the edits that have a Check: alone where the codec
// can, else with the whole object.
func (s *Source) precheck(ctx context.Context, x *object, edits []connectors.Edit) error {
	want := make(map[ref]func(map[string]string) error)
	var refs []connectors.Ref
	for _, e := range edits {
		if e.Check != nil {
			want[ref{e.Collection, e.Locator}] = e.Check
			refs = append(refs, connectors.Ref{Collection: e.Collection, Unit: x.obj.Key, Locator: e.Locator})
		}
	}
	if len(want) == 0 {
		return nil
	}
	codec, err := s.codec(x.obj)
	if err != nil {
		return err
	}
	read := func(yield func(connectors.Batch) error) error { return decode(ctx, codec, x.input(), yield) }
	pr, err := pointReader(codec, x, refs)
	if err != nil {
		return err
	}
	if pr != nil {
		read = func(yield func(connectors.Batch) error) error { return decodeAt(ctx, pr, x.input(), refs, yield) }
	}
	return read(func(b connectors.Batch) error {
		if b.Rows == nil {
			return nil
		}
		for row := range int(b.Rows.NumRows()) {
			loc, ok := connectors.Value(b.Rows, 0, row)
			if !ok {
				continue
			}
			check := want[ref{b.Collection, loc}]
			if check == nil {
				continue
			}
			if err := check(values(b, row)); err != nil {
				return fmt.Errorf("checking a record: %w (%w)", connectors.ErrChanged, err)
			}
		}
		return nil
	})
}

// values copies one record out of a batch, nulls left out.
func values(b connectors.Batch, row int) map[string]string {
	m := make(map[string]string)
	for col := 1; col < int(b.Rows.NumCols()); col++ {
		if v, ok := connectors.Value(b.Rows, col, row); ok {
			m[b.Rows.ColumnName(col)] = strings.Clone(v)
		}
	}
	return m
}

// merge makes one edit of all edits of a record, so that two people who stand in
// one row are both taken out of it. A deletion wins.
func merge(list []connectors.Edit) []connectors.Edit {
	at := make(map[ref]int, len(list))
	out := make([]connectors.Edit, 0, len(list))
	for _, e := range list {
		k := ref{e.Collection, e.Locator}
		i, ok := at[k]
		if !ok {
			at[k] = len(out)
			out = append(out, e)
			continue
		}
		old := out[i]
		m := connectors.Edit{Collection: e.Collection, Locator: e.Locator, Action: connectors.Redact, Exact: old.Exact || e.Exact, Check: both(old.Check, e.Check)}
		if old.Action == connectors.Delete || e.Action == connectors.Delete {
			m.Action = connectors.Delete
		}
		m.Rewrite = chain(old.Rewrite, e.Rewrite)
		out[i] = m
	}
	return out
}

func both(a, b func(map[string]string) error) func(map[string]string) error {
	if a == nil || b == nil {
		if a == nil {
			return b
		}
		return a
	}
	return func(v map[string]string) error {
		if err := a(v); err != nil {
			return err
		}
		return b(v)
	}
}

// chain hands what one rewrite makes of a value to the next.
func chain(a, b func(connectors.Field, string) (string, connectors.Verdict)) func(connectors.Field, string) (string, connectors.Verdict) {
	if a == nil || b == nil {
		if a == nil {
			return b
		}
		return a
	}
	return func(f connectors.Field, value string) (string, connectors.Verdict) {
		text, verdict := a(f, value)
		if verdict == connectors.Empty {
			return "", connectors.Empty
		}
		if verdict == connectors.Same {
			return b(f, value)
		}
		if again, v := b(f, text); v != connectors.Same {
			return again, v
		}
		return text, connectors.Set
	}
}

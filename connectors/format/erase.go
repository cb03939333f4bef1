package format

import (
	"bufio"
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
// Where locators are positions ("row 7"), a second Erase with the unit that the
// first returned would hit other records: Edit.Check is the guard against that.
func (s *Source) Erase(ctx context.Context, u connectors.Unit, edits []connectors.Edit) (connectors.Unit, connectors.Outcome, error) {
	var none connectors.Outcome
	obj, err := s.stat(ctx, u)
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
		if err := s.guard(ctx, s.store, u.Key); err != nil {
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
	edits = merge(edits)
	next, out, err := s.edit(ctx, x, edits)
	if err := errors.Join(err, x.Close()); err != nil {
		return u, none, fmt.Errorf("erasing in an object: %w", err)
	}
	return next, out, nil
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
	codec, err := s.codec(x.obj)
	if err != nil {
		return connectors.Unit{}, connectors.Outcome{}, err
	}
	ed := NewEdits(edits)
	var same, empty bool
	next, err := s.store.Replace(ctx, x.obj.Key, x.obj.Version, func(w blob.Writer) error {
		left, err := rewrite(ctx, codec, x, w, ed)
		if err != nil {
			return err
		}
		out := ed.Outcome()
		same = out.Deleted+out.Redacted == 0
		empty = !same && left == 0
		if same || empty {
			return errStopped
		}
		return nil
	})
	out := ed.Outcome()
	switch {
	case same:
		return s.unit(x.obj), out, nil
	case empty:
		return s.remove(ctx, x.obj, out)
	case err != nil:
		return connectors.Unit{}, connectors.Outcome{}, err
	}
	return s.unit(next), out, nil
}

func (s *Source) remove(ctx context.Context, obj blob.Object, out connectors.Outcome) (connectors.Unit, connectors.Outcome, error) {
	if err := s.store.Delete(ctx, obj.Key, obj.Version); err != nil {
		return connectors.Unit{}, connectors.Outcome{}, fmt.Errorf("deleting an object that nothing is left of: %w", err)
	}
	out.Gone = true
	return connectors.Unit{Key: obj.Key, Account: AccountOf(s.conf.Account, obj.Key)}, out, nil
}

// rewrite runs the codec between an unpacking and a packing.
func rewrite(ctx context.Context, c Codec, x *object, w blob.Writer, ed *Edits) (int, error) {
	bw := &splicer{Writer: bufio.NewWriterSize(w, 256<<10), to: w}
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

// splicer collects small writes and hands ranges of the old object on.
type splicer struct {
	*bufio.Writer
	to blob.Writer
}

// CopyOld implements [blob.Writer].
func (s *splicer) CopyOld(off, n int64) error {
	if err := s.Flush(); err != nil {
		return err
	}
	return s.to.CopyOld(off, n)
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
		m := connectors.Edit{Collection: e.Collection, Locator: e.Locator, Action: connectors.Redact, Check: both(old.Check, e.Check)}
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

package connectortest_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"testing"
	"time"

	"github.com/apache/arrow/go/v17/arrow/memory"
	"go.uber.org/goleak"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/connectortest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// plain has ten units of three batches, and no optional interface.
type plain struct{}

func (plain) Units(context.Context) iter.Seq2[connectors.Unit, error] {
	return func(yield func(connectors.Unit, error) bool) {
		for i := range 10 {
			if !yield(connectors.Unit{Key: fmt.Sprintf("u%d", i), Fingerprint: "1"}, nil) {
				return
			}
		}
	}
}

func (plain) Read(context.Context, connectors.Unit) iter.Seq2[connectors.Batch, error] {
	return func(yield func(connectors.Batch, error) bool) {
		for i := range 3 {
			b := connectors.NewBuilder(memory.DefaultAllocator, "c", []connectors.Field{{Name: "x"}})
			b.Row(fmt.Sprintf("row %d", i+1))
			b.Set(0, "v")
			out := b.Flush()
			ok := yield(out, nil)
			out.Rows.Release()
			b.Release()
			if !ok {
				return
			}
		}
	}
}

func (plain) Close() error { return nil }

// eraser is plain with an Eraser.
type eraser struct {
	plain
	calls *int
}

func (e eraser) Erase(_ context.Context, u connectors.Unit, _ []connectors.Edit) (connectors.Unit, connectors.Outcome, error) {
	*e.calls++
	return u, connectors.Outcome{Deleted: 1}, nil
}

func (eraser) Residue(context.Context, connectors.Unit, []connectors.Edit) ([]connectors.Edit, error) {
	return nil, nil
}

func units(ctx context.Context, s connectors.Source) (n int, last error) {
	for _, err := range s.Units(ctx) {
		if last = err; err == nil {
			n++
		}
	}
	return n, last
}

func batches(s connectors.Source, key string) (n, gaps int, last error) {
	for b, err := range s.Read(context.Background(), connectors.Unit{Key: key}) {
		if last = err; err == nil {
			n++
		}
		gaps += len(b.Gaps)
	}
	return n, gaps, last
}

func TestFaulty(t *testing.T) {
	ctx := context.Background()
	s := connectortest.Faulty(plain{}, connectortest.Faults{})
	if n, err := units(ctx, s); n != 10 || err != nil {
		t.Errorf("no faults: %d units, %v", n, err)
	}
	if n, gaps, err := batches(s, "u1"); n != 3 || gaps != 0 || err != nil {
		t.Errorf("no faults: %d batches, %d gaps, %v", n, gaps, err)
	}
	boom := errors.New("boom")
	s = connectortest.Faulty(plain{}, connectortest.Faults{ListAfter: 4, ReadAfter: 2, Err: boom})
	if n, err := units(ctx, s); n != 4 || !errors.Is(err, boom) {
		t.Errorf("ListAfter: %d units, %v", n, err)
	}
	if n, _, err := batches(s, "u1"); n != 2 || !errors.Is(err, boom) {
		t.Errorf("ReadAfter: %d batches, %v", n, err)
	}
	s = connectortest.Faulty(plain{}, connectortest.Faults{ReadAfter: -1})
	if n, _, err := batches(s, "u1"); n != 0 || !errors.Is(err, connectortest.ErrInjected) {
		t.Errorf("ReadAfter -1: %d batches, %v", n, err)
	}
	s = connectortest.Faulty(plain{}, connectortest.Faults{Truncate: 1})
	if n, gaps, err := batches(s, "u1"); n != 2 || gaps != 1 || err != nil {
		t.Errorf("Truncate: %d batches, %d gaps, %v", n, gaps, err)
	}
	slow, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
	defer cancel()
	if _, err := units(slow, connectortest.Faulty(plain{}, connectortest.Faults{Slow: time.Hour})); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Slow: %v", err)
	}
}

func TestFaultyShare(t *testing.T) {
	hit := func(seed uint64) (out []bool, n int) {
		s := connectortest.Faulty(plain{}, connectortest.Faults{Seed: seed, Share: 0.3, ReadAfter: -1})
		for i := range 1000 {
			_, _, err := batches(s, fmt.Sprintf("u%d", i))
			out = append(out, err != nil)
			if err != nil {
				n++
			}
		}
		return out, n
	}
	a, n := hit(1)
	b, _ := hit(1)
	c, _ := hit(2)
	if fmt.Sprint(a) != fmt.Sprint(b) || fmt.Sprint(a) == fmt.Sprint(c) || n < 230 || n > 370 {
		t.Errorf("%d of 1000 units hit, or not by the seed", n)
	}
}

func TestFaultyForwards(t *testing.T) {
	if _, ok := connectortest.Faulty(plain{}, connectortest.Faults{}).(connectors.Eraser); ok {
		t.Error("a plain source became an Eraser")
	}
	ctx, calls := context.Background(), 0
	erase := func(f connectortest.Faults) error {
		s := connectortest.Faulty(eraser{calls: &calls}, f)
		if _, ok := s.(connectors.Fetcher); ok {
			t.Error("an Eraser became a Fetcher")
		}
		_, _, err := s.(connectors.Eraser).Erase(ctx, connectors.Unit{Key: "u1"}, nil)
		return err
	}
	if err := erase(connectortest.Faults{Changed: true}); !errors.Is(err, connectors.ErrChanged) || calls != 0 {
		t.Errorf("Changed: %v after %d calls", err, calls)
	}
	if err := erase(connectortest.Faults{EraseErr: true}); !errors.Is(err, connectortest.ErrInjected) || calls != 1 {
		t.Errorf("EraseErr: %v after %d calls", err, calls)
	}
	if err := erase(connectortest.Faults{}); err != nil || calls != 2 {
		t.Errorf("no faults: %v after %d calls", err, calls)
	}
}

// TestReadOnlySource runs the suite on a source that can only be read.
func TestReadOnlySource(t *testing.T) {
	connectortest.Run(t, connectortest.Suite{Open: func(testing.TB) connectors.Source { return strict{} }, MinRecords: 30})
}

// strict is plain that obeys contexts and knows its units.
type strict struct{ plain }

func (s strict) Units(ctx context.Context) iter.Seq2[connectors.Unit, error] {
	if err := ctx.Err(); err != nil {
		return func(yield func(connectors.Unit, error) bool) { yield(connectors.Unit{}, err) }
	}
	return s.plain.Units(ctx)
}

func (s strict) Read(ctx context.Context, u connectors.Unit) iter.Seq2[connectors.Batch, error] {
	err := ctx.Err()
	if err == nil && (len(u.Key) != 2 || u.Key[0] != 'u') {
		err = connectors.ErrNotFound
	}
	if err != nil {
		return func(yield func(connectors.Batch, error) bool) { yield(connectors.Batch{}, err) }
	}
	return s.plain.Read(ctx, u)
}

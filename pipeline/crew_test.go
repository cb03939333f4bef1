package pipeline

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
)

// afar is a source that stands somewhere, or whose place cannot be told.
type afar struct {
	stock
	region string
	err    error
}

func (a *afar) Region(context.Context) (string, error) { return a.region, a.err }

// TestCrew counts who works at the same time: as many as there are workers, and far away
// more on small objects. So many small ones wait for each other.
func TestCrew(t *testing.T) {
	for name, tt := range map[string]struct {
		src   *Source
		small int
	}{
		"far":         {&Source{Conn: &afar{region: "ap-south-1"}}, 2 * farTimes},
		"here":        {&Source{Conn: &afar{}}, 2},
		"unreachable": {&Source{Conn: &afar{err: errors.New("no answer")}}, 2},
		"nowhere":     {&Source{Conn: &stock{}}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			s := &Site{Workers: 2}
			var now, most atomic.Int64
			work := func() {
				n := now.Add(1)
				for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
				}
			}
			c, ctx := s.crew(t.Context(), tt.src)
			var all sync.WaitGroup
			all.Add(tt.small)
			for range tt.small {
				c.do(ctx, smallUnit, func() error {
					work()
					all.Done()
					all.Wait()
					now.Add(-1)
					return nil
				})
			}
			if err := c.wait(); err != nil || most.Load() != int64(tt.small) {
				t.Errorf("%d small ones at the same time, want %d: %v", most.Load(), tt.small, err)
			}
			most.Store(0)
			c, ctx = s.crew(t.Context(), tt.src)
			for range 100 {
				c.do(ctx, smallUnit+1, func() error {
					work()
					now.Add(-1)
					return nil
				})
			}
			if err := c.wait(); err != nil || most.Load() > 2 {
				t.Errorf("%d large ones at the same time: %v", most.Load(), err)
			}
		})
	}
}

// TestCrewEnds gives up the rest when one fails.
func TestCrewEnds(t *testing.T) {
	s := &Site{Workers: 1}
	c, ctx := s.crew(t.Context(), &Source{Conn: &afar{region: "x"}})
	failed := errors.New("failed")
	c.do(ctx, smallUnit+1, func() error { return failed })
	<-ctx.Done()
	c.do(ctx, smallUnit+1, func() error {
		t.Error("work goes on")
		return nil
	})
	if err := c.wait(); !errors.Is(err, failed) {
		t.Error(err)
	}
}

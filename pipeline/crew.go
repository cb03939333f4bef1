package pipeline

import (
	"context"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"

	"github.com/cratio/sutra/connectors"
)

const (
	// farTimes is how many times more small objects of a store far away are worked on at
	// the same time: they are waited for, and not worked on.
	farTimes = 8
	// smallUnit is up to how many bytes an object is small: so many of them in memory
	// weigh nothing.
	smallUnit = 64 << 10
)

// crew works on units side by side, as many as there are workers. Of small objects in a
// store far away it works on more.
type crew struct {
	group *errgroup.Group
	heavy *semaphore.Weighted // for what is not small; nil where nothing is far
}

// crew begins work on units of a source. The context ends when a unit fails.
func (s *Site) crew(ctx context.Context, src *Source) (*crew, context.Context) {
	n := max(s.Workers, 1)
	group, gctx := errgroup.WithContext(ctx)
	c := &crew{group: group}
	if l, ok := src.Conn.(connectors.Located); ok && !database(src.Connector) {
		// A store that cannot be reached says so to each who wants something of it.
		if region, err := l.Region(ctx); err == nil && region != "" {
			c.heavy = semaphore.NewWeighted(int64(n))
			n *= farTimes
		}
	}
	group.SetLimit(n)
	return c, gctx
}

// do works on a unit of that many bytes, as soon as somebody is free.
func (c *crew) do(ctx context.Context, size int64, work func() error) {
	c.group.Go(func() error {
		if c.heavy != nil && size > smallUnit {
			if err := c.heavy.Acquire(ctx, 1); err != nil {
				return err
			}
			defer c.heavy.Release(1)
		}
		return work()
	})
}

// wait waits for all of the work and returns the first error.
func (c *crew) wait() error { return c.group.Wait() }

package crm

import (
	"context"
	"sync"
	"time"
)

// pace spreads the reading of rows over time, for all readers of a source together.
type pace struct {
	row time.Duration // for one row; 0: no limit

	mu   sync.Mutex
	free time.Time // when the rows asked for so far are paid
}

func newPace(rowsPerSecond int) *pace {
	p := &pace{}
	if rowsPerSecond > 0 {
		p.row = time.Second / time.Duration(rowsPerSecond)
	}
	return p
}

// wait waits for the turn of rows that were read.
func (p *pace) wait(ctx context.Context, rows int) error {
	if p == nil || p.row == 0 {
		return nil
	}
	p.mu.Lock()
	now := time.Now()
	if p.free.Before(now) {
		p.free = now
	}
	p.free = p.free.Add(p.row * time.Duration(rows))
	until := p.free
	p.mu.Unlock()
	t := time.NewTimer(until.Sub(now))
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

package pipeline

import (
	"context"
	"fmt"
	"os"
	"time"
)

// NightlySummary sums up the scheduled run.
type NightlySummary struct {
	Type     string `json:"type"`
	Scanned  int    `json:"scanned"`
	Back     int    `json:"resurrections"`
	Erased   int    `json:"erased"`
	Redacted int    `json:"redacted"`
	Stale    int    `json:"stale"`
	Failed   int    `json:"failed"`
	Residue  int    `json:"residue"`
	Gaps     int    `json:"gaps"`
}

// Nightly is the scheduled run: scan, people who came back, retention, and the
// rewrite of the graph that leaves nothing of what was erased on disk.
// People who came back are reported, not erased: somebody may have returned of
// her own will, so that is for a person to decide.
func (s *Site) Nightly(ctx context.Context, asOf time.Time, simulate bool) (NightlySummary, error) {
	sum := NightlySummary{Type: "summary"}
	sc, err := s.Scan(ctx, nil)
	if err != nil {
		return sum, err
	}
	sum.Scanned, sum.Back = sc.Scanned, sc.Back
	path := s.statePath("nightly.plan")
	plan, err := s.Retain(ctx, asOf, path)
	if err != nil {
		return sum, err
	}
	if plan.Steps > 0 {
		a, err := s.Apply(ctx, path, simulate)
		if err != nil {
			return sum, err
		}
		sum.Erased, sum.Redacted, sum.Stale, sum.Failed, sum.Residue = a.Erased, a.Redacted, a.Stale, a.Failed, a.Residue
	}
	if err := os.Remove(path); err != nil {
		return sum, fmt.Errorf("clear the plan away: %w", err)
	}
	if err := s.Graph.Compact(ctx); err != nil {
		return sum, err
	}
	sum.Gaps = s.Gaps()
	return sum, ctx.Err()
}

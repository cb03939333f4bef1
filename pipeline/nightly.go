package pipeline

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/cratio/sutra/lineage"
	"github.com/cratio/sutra/pipeline/config"
)

// Begun refuses a state folder in which no run ever was: it is not mounted, or mistyped.
// What knows of no hold and of nobody's word must not erase by itself.
func Begun(c *config.Config) error {
	if _, err := os.Stat(filepath.Join(c.State, "audit")); err == nil {
		return nil
	}
	return fmt.Errorf("%w: there is neither a graph nor a log in the state folder %s; if that is the right one, begin with sutra scan", lineage.ErrNoState, c.State)
}

// NightlySummary sums up the scheduled run.
type NightlySummary struct {
	Type     string `json:"type"`
	Scanned  int    `json:"scanned"`
	Back     int    `json:"resurrections"` // copies of erased people that were found
	Again    int    `json:"erased_again"`  // of these, old copies that are gone again
	Waiting  int    `json:"waiting"`       // of these, left for a person to decide about
	Due      int    `json:"due"`           // records past their retention period
	Undated  int    `json:"undated"`
	Unerased int    `json:"unerased"` // copies whose erasure has not been carried out yet
	Erased   int    `json:"erased"`
	Redacted int    `json:"redacted"`
	Kept     int    `json:"kept"`
	Stale    int    `json:"stale"`
	Failed   int    `json:"failed"`
	Residue  int    `json:"residue"`
	Verified int    `json:"verified"` // certificates of tonight that were proven again
	Gaps     int    `json:"gaps"`
	Refused  string `json:"refused,omitempty"` // why a part of the run did not take place
}

// Nightly is the scheduled run: scan, people who came back, retention, proof, and
// the rewrite of the graph that leaves nothing of what was erased on disk.
//
// Of the people who came back, what is certainly an old copy of what was erased is
// erased again; anything else is reported and left, since somebody may have
// returned of her own will: that is for a person to decide. A retention plan that
// is refused (the deletion guard, an undecided floor) does not keep the rest of the
// run from taking place; its plan stays in the state folder for a person to approve.
// Before all, what a run that was killed had begun is brought to its end.
func (s *Site) Nightly(ctx context.Context, asOf time.Time, simulate bool) (NightlySummary, error) {
	sum := NightlySummary{Type: "summary"}
	s.told = map[GapLine]bool{} // several jobs meet the same gaps
	defer func() { s.told = nil }()
	again, path := s.statePath("nightly-again.plan"), s.statePath("nightly.plan")
	certificates, err := s.resume(ctx, simulate, &sum, again, path)
	if err != nil {
		return sum, err
	}
	sc, err := s.Scan(ctx, nil)
	if err != nil {
		return sum, err
	}
	sum.Scanned, sum.Back = sc.Scanned, sc.Back
	plan, left, err := s.eraseReturned(ctx, again)
	if err != nil && !errors.Is(err, ErrRefused) {
		return sum, err
	}
	sum.refuse(err)
	sum.Waiting = left
	if plan.Steps > 0 {
		a, err := s.execute(ctx, again, simulate, true)
		if err := sum.add(a, err); err != nil {
			return sum, err
		}
		sum.Again += a.Erased + a.Redacted
		certificates = append(certificates, a.Certificate)
	}
	expired, refused, err := s.expire(ctx, asOf, simulate, &sum, path)
	if err != nil {
		return sum, err
	}
	certificates = append(certificates, expired...)
	if err := s.clearPlans(refused, again, path); err != nil {
		return sum, err
	}
	if err := s.proveTonight(ctx, certificates, &sum); err != nil {
		return sum, err
	}
	open, err := s.stillUnerased(ctx)
	if err != nil {
		return sum, err
	}
	sum.Unerased = len(open)
	if err := s.Graph.Compact(ctx); err != nil {
		return sum, err
	}
	sum.Gaps = s.Gaps()
	return sum, errors.Join(ctx.Err(), s.note(ctx, "nightly.finished", map[string]any{"resurrections": sum.Back, "erased_again": sum.Again, "waiting": sum.Waiting,
		"erased": sum.Erased, "redacted": sum.Redacted, "stale": sum.Stale, "failed": sum.Failed, "residue": sum.Residue, "gaps": sum.Gaps, "refused": sum.Refused != ""}))
}

// expire plans the retention and carries it out. refused: it was not, though it is planned.
func (s *Site) expire(ctx context.Context, asOf time.Time, simulate bool, sum *NightlySummary, path string) (certificates []string, refused bool, err error) {
	plan, err := s.Retain(ctx, asOf, path)
	if err != nil && !errors.Is(err, ErrRefused) {
		return nil, false, err
	}
	sum.refuse(err)
	sum.Due, sum.Undated = plan.Records, plan.Undated
	if plan.Steps == 0 {
		return nil, false, nil
	}
	a, err := s.execute(ctx, path, simulate, true)
	refused = err != nil
	if err := sum.add(a, err); err != nil {
		return nil, refused, err
	}
	return []string{a.Certificate}, refused, nil
}

// refuse notes why a part of the run did not take place.
func (n *NightlySummary) refuse(err error) {
	if err != nil && n.Refused == "" {
		n.Refused = err.Error()
	}
}

// add counts what an apply did. A refusal is noted, any other error returned.
func (n *NightlySummary) add(a ApplySummary, err error) error {
	if err != nil && !errors.Is(err, ErrRefused) {
		return err
	}
	n.refuse(err)
	n.Erased += a.Erased
	n.Redacted += a.Redacted
	n.Kept += a.Kept
	n.Stale += a.Stale
	n.Failed += a.Failed
	n.Residue += a.Residue
	return nil
}

// clearPlans removes the plans of the night; a refused one stays to be looked at.
func (s *Site) clearPlans(refused bool, again, path string) error {
	for _, p := range []string{again, path} {
		if refused && p == path {
			continue
		}
		if err := os.Remove(p); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("clear the plan away: %w", err)
		}
	}
	return nil
}

// proveTonight reads once more what tonight's plans touched.
func (s *Site) proveTonight(ctx context.Context, certificates []string, sum *NightlySummary) error {
	for _, c := range certificates {
		if c == "" || isReport(c) {
			continue // a report of partial failure is counted as such
		}
		v, err := s.Verify(ctx, c)
		if err != nil {
			return err
		}
		sum.Verified++
		sum.Residue += v.Residue
	}
	return nil
}

package pipeline

import (
	"context"
	"errors"
	"os"

	"github.com/cratio/sutra/pipeline/audit"
)

// A night that was killed while it carried out a plan leaves the plan behind. What it did
// until then no later plan knows of, for it is gone: only when the plan itself is brought to
// its end does it get into the log and into a certificate.

// resume brings the plans of a night that was killed to their end, before the scan sees what
// they did.
func (s *Site) resume(ctx context.Context, simulate bool, sum *NightlySummary, again, path string) (certificates []string, err error) {
	for _, p := range []string{again, path} {
		begun, err := s.interrupted(p)
		if err != nil || !begun {
			if err != nil {
				return nil, err
			}
			continue
		}
		s.emit(NoteLine{Type: "note", Text: "an earlier run was interrupted while it changed records: its plan is brought to its end first"})
		a, err := s.Apply(ctx, p, simulate)
		if err := sum.add(a, err); err != nil {
			return nil, err
		}
		if p == again {
			sum.Again = a.Erased + a.Redacted
		}
		certificates = append(certificates, a.Certificate)
	}
	return certificates, nil
}

// interrupted reports a plan that a run began to carry out and did not end. One that cannot
// be read is replaced by the next.
func (s *Site) interrupted(path string) (begun bool, err error) {
	if _, err := os.Stat(path); err != nil {
		return false, nil
	}
	p, err := s.load(path, func(KeptLine) {})
	switch {
	case errors.Is(err, ErrUsage), errors.Is(err, ErrRefused):
		return false, nil
	case err != nil:
		return false, err
	}
	defer func() { err = errors.Join(err, p.close()) }()
	if doc, err := s.Graph.Doc(begunBucket, p.ID); err != nil || doc == nil {
		return false, err
	}
	j, err := audit.OpenJournal(s.statePath("journal"), p.ID, s.Graph.Seal, s.Graph.Unseal)
	if errors.Is(err, audit.ErrJournal) {
		return false, nil // no night is to fail for it again and again
	}
	if err != nil {
		return false, err
	}
	return !j.Empty() && !j.Finished(), j.Close()
}

package crm

import (
	"context"
	"errors"
	"fmt"

	"github.com/cratio/sutra/connectors"
)

// vacated finds the units that hold no row any more. Asked for the first row in the
// order of the key, a server goes to it over the index; without an order it may go
// through the table up to there.
func (j *job) vacated(ctx context.Context, work []connectors.UnitEdits) error {
	for i, w := range work {
		name, sp, err := parseUnit(w.Unit.Key)
		if err != nil {
			return err
		}
		l, err := j.layout(ctx, name)
		if err != nil && len(w.Edits) == 0 {
			continue // nothing of it was to be changed any more, and it cannot be looked at
		}
		if err != nil {
			return err
		}
		j.out[i].Gone = true
		where, args, err := j.s.d.within(ctx, j.ss, l, sp)
		if errors.Is(err, connectors.ErrNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		if !l.table.keyless {
			where += " ORDER BY " + list(l.table.ident(j.s.d, ""))
		}
		err = j.ss.each(ctx, "SELECT 1 FROM "+l.table.from+" WHERE "+where+" LIMIT 1", args, func([]any) error {
			j.out[i].Gone = false
			return nil
		})
		if err != nil {
			return fmt.Errorf("looking at table %q after the change: %w", l.table.name, err)
		}
	}
	return nil
}

// after looks at a unit as it stands now.
func (s *source) after(ctx context.Context, u connectors.Unit) (connectors.Unit, error) {
	next := u
	err := s.reading(ctx, func(ss *session, sc *schema) error {
		stamp, err := s.d.stamp(ctx, ss)
		if err != nil {
			return err
		}
		name, sp, err := parseUnit(u.Key)
		if err != nil {
			return err
		}
		l, err := s.layout(sc, name)
		if err != nil {
			return err
		}
		evidence, err := s.d.evidence(ctx, ss, l, sp)
		if errors.Is(err, connectors.ErrNotFound) {
			return nil
		}
		next = s.unit(l, piece{span: sp, evidence: evidence}, stamp)
		next.Account = u.Account
		return err
	})
	return next, err
}

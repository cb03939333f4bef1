package crm

import (
	"context"
	"errors"

	"github.com/cratio/sutra/connectors"
)

// standing is what a range says of itself after a change.
type standing struct {
	found    bool   // the range can still be told
	rows     bool   // it holds rows
	evidence string // what units would say of it
}

// after takes the fingerprints of the units as they stand now, those of a table
// together.
func (s *source) after(ctx context.Context, work []connectors.UnitEdits, out []connectors.Outcome) ([]connectors.Unit, error) {
	next := make([]connectors.Unit, len(work))
	err := s.reading(ctx, func(ss *session, sc *schema) error {
		stamp, err := s.d.stamp(ctx, ss)
		if err != nil {
			return err
		}
		var order []string
		units := map[string][]int{} // by collection
		spans := make([]span, len(work))
		for i, w := range work {
			name, sp, err := parseUnit(w.Unit.Key)
			if err != nil {
				return err
			}
			if units[name] == nil {
				order = append(order, name)
			}
			units[name], spans[i] = append(units[name], i), sp
		}
		for _, name := range order {
			l, err := s.layout(sc, name)
			if err != nil {
				return err
			}
			mine := make([]span, len(units[name]))
			for k, i := range units[name] {
				mine[k] = spans[i]
			}
			all, err := s.d.standing(ctx, ss, l, mine)
			if err != nil {
				return err
			}
			for k, i := range units[name] {
				out[i].Gone = !all[k].rows
				if next[i] = work[i].Unit; all[k].found {
					next[i] = s.unit(l, piece{spans[i], all[k].evidence}, stamp)
					next[i].Account = work[i].Unit.Account
				}
			}
		}
		return nil
	})
	return next, err
}

// standEach asks for ranges one after the other.
func standEach(spans []span, look func(sp span) (evidence string, rows bool, err error)) ([]standing, error) {
	out := make([]standing, len(spans))
	for i, sp := range spans {
		evidence, rows, err := look(sp)
		switch {
		case err == nil:
			out[i] = standing{found: true, rows: rows, evidence: evidence}
		case !errors.Is(err, connectors.ErrNotFound):
			return nil, err
		}
	}
	return out, nil
}

package crm

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// settle notes the tables for tidy: a VACUUM after every one of many transactions
// would go over the same indexes again and again.
func (d *postgres) settle(_ context.Context, _ *session, tables []*table) error {
	for _, t := range tables {
		if t.owned { // Leftovers tells of the others
			d.upkeep.due(strings.TrimPrefix(t.from, "ONLY "))
		}
	}
	return nil
}

// tidy removes the dead versions of rows of the tables that were changed, their
// entries in the indexes and the samples of values that the planner keeps. What an
// older transaction still sees stays until the server's own vacuum, and so does all of a
// table that others hold, that takes too long, or of which the server says that it cannot:
// leftovers says so.
func (d *postgres) tidy(ctx context.Context) (err error) {
	changed := d.upkeep.take()
	if len(changed) == 0 {
		return nil
	}
	ss, err := d.begin(ctx)
	if notNow(err) {
		d.upkeep.leave(changed...)
		return nil
	}
	if err != nil {
		return err
	}
	todo, err := d.samples(ctx, ss, changed)
	for _, q := range todo {
		if err == nil {
			_, err = ss.exec(ctx, q)
		}
		if answered(err) {
			d.upkeep.leave(changed...)
			err = nil
		}
	}
	for _, t := range changed {
		if err == nil {
			_, err = ss.exec(ctx, "VACUUM (ANALYZE, INDEX_CLEANUP ON) "+t)
		}
		if answered(err) {
			d.upkeep.leave(t)
			err = nil
		}
	}
	if err = errors.Join(err, ss.end(ctx)); err != nil {
		return fmt.Errorf("removing dead rows: %w", err)
	}
	return nil
}

// samples lists what renews the planner's samples of tables that others inherit from: they
// are taken of the rows of those too.
func (d *postgres) samples(ctx context.Context, s *session, changed []string) ([]string, error) {
	var out []string
	err := s.each(ctx, `WITH RECURSIVE up AS (SELECT i.inhparent AS id FROM pg_inherits i WHERE i.inhrelid = ANY(?::regclass[]) UNION SELECT i.inhparent FROM pg_inherits i JOIN up ON i.inhrelid = up.id)
		SELECT format('%I.%I', n.nspname, c.relname) FROM up JOIN pg_class c ON c.oid = up.id JOIN pg_namespace n ON n.oid = c.relnamespace WHERE pg_has_role(c.relowner, 'USAGE') ORDER BY 1`,
		[]any{arrayText(changed)}, func(v []any) error {
			out = append(out, "ANALYZE "+str(v[0]))
			return nil
		})
	return out, err
}

// answered reports that the server said why it did not do what was wanted.
func answered(err error) bool {
	var se *serverError
	return errors.As(err, &se)
}

package crm

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/cratio/sutra/connectors"
)

// What MySQL and MariaDB keep of rows beside the table: statistics with the least and the
// greatest value of a column, words in full-text indexes, rows of the past.

// versioned says why rows of a table cannot go.
const versioned = "it is system-versioned, and what is deleted stays in its history; drop the versioning or the history first"

// settle notes the tables for tidy; the server purges dead versions of rows by itself.
func (d *mysql) settle(_ context.Context, _ *session, tables []*table) error {
	for _, t := range tables {
		if t.outside == "" {
			d.upkeep.due(t.name)
		}
	}
	return nil
}

// tidy takes the statistics of the tables anew that were changed, where there are any. What
// the user may not renew is told by leftovers.
func (d *mysql) tidy(ctx context.Context) error {
	changed := d.upkeep.take()
	d.mu.Lock()
	maria := d.maria
	d.mu.Unlock()
	if len(changed) == 0 || !maria {
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
	for _, t := range changed {
		var cols []string
		if cols, err = d.sampled(ctx, ss, t); err == nil && len(cols) == 0 {
			continue
		}
		q := "ANALYZE TABLE " + d.quote(t) + " PERSISTENT FOR COLUMNS (" + list(cols) + ") INDEXES ()"
		refused := false // it says so in a row, such as: Table, analyze, Error, ...
		if err == nil {
			err = ss.each(ctx, q, nil, func(v []any) error {
				refused = refused || len(v) > 2 && strings.EqualFold(str(v[2]), "error")
				return nil
			})
		}
		if refused || answered(err) || denied(err) {
			d.upkeep.leave(t)
			err = nil
		}
		if err != nil {
			break
		}
	}
	if err = errors.Join(err, ss.end(ctx)); err != nil {
		return fmt.Errorf("renewing statistics: %w", err)
	}
	return nil
}

// sampled lists the columns of a table of which the server keeps statistics.
func (d *mysql) sampled(ctx context.Context, s *session, table string) ([]string, error) {
	var cols []string
	err := s.each(ctx, "SELECT column_name FROM mysql.column_stats WHERE db_name = DATABASE() AND table_name = ? ORDER BY 1", []any{table}, func(v []any) error {
		cols = append(cols, d.quote(str(v[0])))
		return nil
	})
	if denied(err) {
		err = nil
	}
	return cols, err
}

// denied reports that the user lacks a privilege.
func denied(err error) bool {
	var se *serverError
	return errors.As(err, &se) && (se.code == "MySQL 1142" || se.code == "MySQL 1143" || se.code == "MySQL 1044" || se.code == "MySQL 1227")
}

// beside tells what the server keeps of deleted rows of the tables outside their pages.
func (d *mysql) beside(ctx context.Context, s *session, known []*table) ([]connectors.Leftover, error) {
	by := map[string]*table{}
	for _, t := range known {
		by[t.name] = t
	}
	var out []connectors.Leftover
	err := s.each(ctx, "SELECT DISTINCT TABLE_NAME, INDEX_NAME FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = DATABASE() AND INDEX_TYPE = 'FULLTEXT' ORDER BY 1, 2", nil, func(v []any) error {
		if t := by[str(v[0])]; t != nil {
			out = append(out, connectors.Leftover{What: fmt.Sprintf("the full-text index %q of table %q keeps the words of deleted rows until OPTIMIZE TABLE rewrites it", str(v[1]), t.name)})
		}
		return nil
	})
	if err != nil || !d.maria {
		return out, err
	}
	may, err := s.one(ctx, "SELECT 1 FROM mysql.column_stats LIMIT 1")
	switch {
	case denied(err):
		out = append(out, connectors.Leftover{What: "the server may keep statistics with values of columns (mysql.column_stats), which the user may not see: ANALYZE TABLE ... PERSISTENT FOR ALL takes them anew"})
		return out, nil
	case err != nil || may == "":
		return out, err
	}
	for _, t := range known {
		if d.upkeep.left(t.name) {
			out = append(out, connectors.Leftover{What: fmt.Sprintf("the server keeps statistics with values of columns of table %q, which could not be taken anew: ANALYZE TABLE ... PERSISTENT FOR ALL does", t.name)})
		}
	}
	return out, nil
}

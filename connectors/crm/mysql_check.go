package crm

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/cratio/sutra/connectors"
)

// examine looks at the server: can it be read and written, where does it stand, and
// what does it write beside the rows.
func (d *mysql) examine(ctx context.Context) ([]connectors.Finding, error) {
	ss, err := d.read(ctx, forNow)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return []connectors.Finding{{What: "reachable", Note: err.Error(), Fatal: true}}, nil
	}
	out, err := d.inspect(ctx, ss)
	return out, errors.Join(err, ss.end(ctx))
}

func (d *mysql) inspect(ctx context.Context, ss *session) ([]connectors.Finding, error) {
	var out []connectors.Finding
	err := ss.each(ctx, "SELECT VERSION(), @@global.read_only, @@global.general_log, @@global.slow_query_log, @@global.log_bin, @@session.binlog_format", nil, func(v []any) error {
		out = append(out, finding("reachable", true, "the server answers, version %s", str(v[0])), regionFinding(d.region()))
		if str(v[1]) != "0" {
			out = append(out, finding("permissions", false, "the server is read-only: erasing must go to the primary"))
		}
		if str(v[2]) != "0" || str(v[3]) != "0" {
			out = append(out, finding("logs", false, "the server logs statements: its log holds personal values that applications write, beyond the reach of an erasure"))
		}
		if str(v[4]) != "0" && str(v[5]) == "STATEMENT" {
			out = append(out, finding("permissions", false, "binlog_format is STATEMENT: the server refuses the isolation that a change needs; ROW or MIXED works"))
		}
		return nil
	})
	return out, err
}

// leftovers asks for logs and replicas.
func (d *mysql) leftovers(ctx context.Context, s *session, known []*table) ([]connectors.Leftover, error) {
	out := []connectors.Leftover{{What: "the space of deleted rows in the data files is free, and keeps its bytes until other rows take it or OPTIMIZE TABLE rewrites the table"}}
	on, err := s.one(ctx, "SELECT @@global.log_bin")
	if err != nil {
		return nil, err
	}
	if on != "0" {
		l := connectors.Leftover{What: "the binary log holds deleted values"}
		keep, err := d.binlogKept(ctx, s)
		if err != nil {
			return nil, err
		}
		if keep > 0 {
			now, err := s.one(ctx, "SELECT UNIX_TIMESTAMP()")
			if err != nil {
				return nil, err
			}
			sec, err := strconv.ParseInt(now, 10, 64)
			if err != nil {
				return nil, errors.New("the server's clock cannot be read")
			}
			l.Until = time.Unix(sec, 0).Add(keep)
			l.What += fmt.Sprintf(" for %s", keep)
		}
		out = append(out, l)
	}
	err = s.each(ctx, "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE COMMAND LIKE 'Binlog Dump%' HAVING COUNT(*) > 0", nil, func(v []any) error {
		out = append(out, connectors.Leftover{What: fmt.Sprintf("%v replicas follow: they delete the same rows when the log reaches them", v[0])})
		return nil
	})
	if err != nil {
		return nil, err
	}
	for _, t := range known {
		if t.fixed != "" {
			out = append(out, connectors.Leftover{What: fmt.Sprintf("table %q: %s", t.name, t.fixed)})
		}
	}
	more, err := d.beside(ctx, s, known)
	return append(out, more...), err
}

// binlogKept is how long the binary log is kept, 0 when it has no end.
func (d *mysql) binlogKept(ctx context.Context, s *session) (time.Duration, error) {
	days := map[string]string{}
	err := s.each(ctx, "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('binlog_expire_logs_seconds', 'expire_logs_days')", nil, func(v []any) error {
		days[str(v[0])] = str(v[1])
		return nil
	})
	if err != nil {
		return 0, err
	}
	for name, unit := range map[string]time.Duration{"binlog_expire_logs_seconds": time.Second, "expire_logs_days": 24 * time.Hour} {
		if f, err := strconv.ParseFloat(days[name], 64); err == nil && f > 0 {
			return time.Duration(f * float64(unit)), nil
		}
	}
	return 0, nil
}

package crm

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/cratio/sutra/connectors"
)

// oldestServer is the first version whose functions this dialect uses.
const oldestServer = 120000

// examine looks at the server: can it be read and written, where does it stand, and
// what does it write beside the rows.
func (d *postgres) examine(ctx context.Context) ([]connectors.Finding, error) {
	ss, err := d.read(ctx, forNow)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return []connectors.Finding{{What: "reachable", Note: err.Error(), Fatal: true}}, nil
	}
	out, err := d.look(ctx, ss)
	return out, errors.Join(err, ss.end(ctx))
}

func (d *postgres) look(ctx context.Context, ss *session) ([]connectors.Finding, error) {
	get := map[string]string{}
	err := ss.each(ctx, `SELECT name, setting FROM pg_settings WHERE name IN ('server_version', 'server_version_num', 'server_encoding', 'log_statement', 'log_min_duration_statement', 'autovacuum', 'track_counts')
		UNION ALL SELECT 'standby', pg_is_in_recovery()::text`, nil, func(v []any) error {
		get[str(v[0])] = str(v[1])
		return nil
	})
	if err != nil {
		return nil, err
	}
	reach := finding("reachable", true, "PostgreSQL %s answers", get["server_version"])
	if n := get["server_version_num"]; len(n) < 6 || n < fmt.Sprint(oldestServer) {
		reach = connectors.Finding{What: "reachable", Note: "PostgreSQL " + get["server_version"] + " is too old: version 12 is the first that works", Fatal: true}
	}
	out := []connectors.Finding{reach, regionFinding(d.region())}
	if get["standby"] == "true" {
		out = append(out, finding("permissions", false, "the server is a standby: it can be read, and erasing must go to the primary"))
	}
	if get["server_encoding"] != "UTF8" {
		out = append(out, finding("encoding", false, "the database is encoded as %s: text that is no UTF-8 is read with replaced letters", get["server_encoding"]))
	}
	if get["autovacuum"] != "on" {
		out = append(out, finding("vacuum", false, "autovacuum is off: where sutra may not run VACUUM, deleted rows stay in the files"))
	}
	if s := get["log_statement"]; s == "mod" || s == "all" || get["log_min_duration_statement"] != "-1" {
		out = append(out, finding("logs", false, "the server logs statements: its log holds personal values that applications write, beyond the reach of an erasure"))
	}
	return out, nil
}

// regionFinding says where the server stands.
func regionFinding(region string) connectors.Finding {
	if region == "" {
		return finding("region", true, "the server's name does not tell its region; sutra_region=REGION in the url says it")
	}
	return finding("region", true, "the server stands in %s", region)
}

// leftovers asks for dead rows, logs and replicas.
func (d *postgres) leftovers(ctx context.Context, s *session, known []*table) ([]connectors.Leftover, error) {
	out := []connectors.Leftover{{What: "the space of deleted rows in the data files is free, and keeps its bytes until other rows take it or VACUUM FULL rewrites the table"}}
	oids := make([]string, len(known))
	by := map[int64]*table{}
	for i, t := range known {
		oids[i], by[t.oid] = fmt.Sprint(t.oid), t
	}
	err := s.each(ctx, `SELECT relid::bigint, n_dead_tup, coalesce(to_char(greatest(last_vacuum, last_autovacuum), 'YYYY-MM-DD'), 'never') FROM pg_stat_all_tables WHERE relid = ANY(?::oid[]) AND n_dead_tup > 0 ORDER BY relname`,
		[]any{arrayText(oids)}, func(v []any) error {
			oid, _ := v[0].(int64)
			who := "autovacuum removes them"
			if by[oid].owned {
				who = "the VACUUM after an erasure removes them"
			}
			out = append(out, connectors.Leftover{What: fmt.Sprintf("table %q holds about %v dead rows (last vacuum: %s); %s", by[oid].name, v[1], str(v[2]), who)})
			return nil
		})
	if err != nil {
		return nil, err
	}
	for _, t := range known {
		if d.upkeep.left(strings.TrimPrefix(t.from, "ONLY ")) {
			out = append(out, connectors.Leftover{What: fmt.Sprintf("table %q could not be vacuumed after the change: others held it, it took longer than is allowed, or the server could not; its dead rows, and the samples that the planner takes of it, hold deleted values until it is", t.name)})
		}
	}
	err = s.each(ctx, `SELECT 'log', setting FROM pg_settings WHERE name = 'archive_mode'
		UNION ALL SELECT 'slot', slot_name || CASE WHEN active THEN '' ELSE ' (inactive)' END FROM pg_replication_slots
		UNION ALL SELECT 'replica', count(*)::text FROM pg_stat_replication HAVING count(*) > 0
		UNION ALL SELECT 'old', count(*)::text FROM pg_stat_activity WHERE backend_xmin IS NOT NULL AND xact_start < now() - interval '1 hour' AND datname = current_database() HAVING count(*) > 0
		UNION ALL SELECT 'copy', string_agg(c.relname, ', ') FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'm' AND `+userSchemas+` HAVING count(*) > 0`, nil, func(v []any) error {
		what := map[string]string{
			"log":     "the write-ahead log holds deleted values until its segments are recycled",
			"slot":    "the replication slot " + str(v[1]) + " keeps write-ahead log until its reader has taken it",
			"replica": str(v[1]) + " replicas follow: they delete the same rows when the log reaches them",
			"old":     str(v[1]) + " transactions are open for more than an hour: VACUUM cannot remove what they may still see",
			"copy":    "materialized views (" + str(v[1]) + ") hold what their queries found until they are refreshed",
		}[str(v[0])]
		if str(v[0]) == "log" && !strings.EqualFold(str(v[1]), "off") {
			what = "the write-ahead log is archived: its archive holds deleted values as long as the operator keeps it"
		}
		out = append(out, connectors.Leftover{What: what})
		return nil
	})
	if err != nil {
		return nil, err
	}
	more, err := d.objects(ctx, s, known)
	return append(out, more...), err
}

// region finds where the server stands by its name, or by what the url says.
func (d *postgres) region() string {
	if d.opts.region != "" {
		return d.opts.region
	}
	return cloudRegion(d.config.Host)
}

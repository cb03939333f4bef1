package crm

import (
	"context"
	"fmt"

	"github.com/cratio/sutra/connectors"
)

// stampers are the compiled triggers that come with PostgreSQL and write into the row alone.
var stampers = wordSet("moddatetime autoinc insert_username")

// compiled stands for the text of a trigger that has none, because it is compiled: it may
// write the row anywhere, as those do that keep a history. One that comes with PostgreSQL
// removes the large objects that a column names.
func (t *table) compiled(symbol, argument string) string {
	switch c := t.column(argument); {
	case stampers[symbol]:
		return ""
	case symbol == "lo_manage":
		if c != nil {
			c.large = false
		}
		return ""
	}
	return "CALL " + symbol + " (OLD, NEW)"
}

// heirs finds the tables that inherit from each, directly or through others, partitions
// apart: those are parts of the table.
func (b *pgSchema) heirs(ctx context.Context) error {
	return b.s.each(ctx, `WITH RECURSIVE d AS (SELECT i.inhparent AS top, i.inhrelid AS id FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE NOT c.relispartition
			UNION SELECT d.top, i.inhrelid FROM d JOIN pg_inherits i ON i.inhparent = d.id JOIN pg_class c ON c.oid = i.inhrelid WHERE NOT c.relispartition)
		SELECT top::bigint, id::bigint FROM d ORDER BY 1, 2`, nil, func(v []any) error {
		top, _ := v[0].(int64)
		id, _ := v[1].(int64)
		if t, h := b.by[top], b.by[id]; t != nil && h != nil {
			t.heirs = append(t.heirs, h)
		}
		return nil
	})
}

// comments returns what the schema remarks on a table's columns.
func (d *postgres) comments(_ context.Context, _ *session, t *table) (map[string]string, error) {
	return remarks(t), nil
}

func remarks(t *table) map[string]string {
	out := map[string]string{}
	for _, c := range t.columns {
		if c.comment != "" {
			out[c.name] = c.comment
		}
	}
	return out
}

const someLarge = "SELECT 1 FROM pg_largeobject_metadata LIMIT 1"

// objects tells of the columns that may name large objects, where there are any.
func (d *postgres) objects(ctx context.Context, s *session, known []*table) ([]connectors.Leftover, error) {
	var out []connectors.Leftover
	for _, t := range known {
		for _, c := range t.columns {
			if c.large {
				out = append(out, connectors.Leftover{What: fmt.Sprintf("the column %q of table %q may name large objects, which stay when its rows go until lo_unlink or vacuumlo removes them", c.name, t.name)})
			}
		}
	}
	if len(out) == 0 {
		return nil, nil
	}
	if some, err := s.one(ctx, someLarge); err != nil || some == "" {
		return nil, err
	}
	return out, nil
}

package crm

import (
	"context"
	"slices"
	"strings"

	"github.com/cratio/sutra/connectors"
)

// lookups is by which columns a table can be searched without reading all of it.
type lookups struct {
	columns [][]string // of each index over all rows, in its order
	// create begins the statement that makes a further one, up to the word ON; "" where
	// an index needs a name.
	create string
}

// begins reports whether an index begins with the columns, in any order.
func (l *lookups) begins(cols []string) bool {
	return slices.ContainsFunc(l.columns, func(index []string) bool {
		return len(index) >= len(cols) && !slices.ContainsFunc(index[:len(cols)], func(c string) bool { return !contains(cols, c) })
	})
}

// unindexed names the references that no index begins with: with every row that is deleted
// the database looks for rows that refer to it, and reads the whole table for it.
func (s *source) unindexed(ctx context.Context, ss *session, sc *schema) ([]connectors.Finding, error) {
	var out []connectors.Finding
	known := map[*table]*lookups{}
	for _, r := range s.searched(sc) {
		from := sc.table(r.from)
		if known[from] == nil {
			l, err := s.d.lookups(ctx, ss, from)
			if err != nil {
				return nil, err
			}
			l.columns = append(l.columns, from.pk)
			known[from] = &l
		}
		if known[from].begins(r.fromCols) {
			continue
		}
		cols := make([]string, len(r.fromCols))
		for i, c := range r.fromCols {
			cols[i] = s.d.quote(c)
		}
		create := known[from].create
		if create == "" {
			create = "CREATE INDEX " + s.d.quote(from.name+"_"+strings.Join(r.fromCols, "_"))
		}
		out = append(out, finding("foreign keys", false, "no index of table %q begins with %s, which refers to table %q: deletions in %q read all of %q again and again; %s ON %s (%s) makes them fast",
			from.name, strings.Join(r.fromCols, ", "), r.to, r.to, from.name, create, from.from, list(cols)))
	}
	return out, nil
}

// largeTable is from how many rows on, by the server's estimate, a reference of the catalog
// alone wants an index: sutra looks over it once for many rows. Over a foreign key the server
// looks for each.
const largeTable = 100_000

// searched lists the references over which rows are looked for that refer to one of the
// catalog that goes: the foreign keys of the schema, and those of the catalog in large tables.
func (s *source) searched(sc *schema) []reference {
	var out []reference
	add := func(r reference) {
		from, to := sc.table(r.from), sc.table(r.to)
		if from == nil || to == nil || from.kind != "table" || from.outside != "" || slices.ContainsFunc(out, r.same) {
			return
		}
		for _, c := range s.dataset.Collections {
			if sc.table(c.Name) == to && (c.Erase == "" || c.Erase == "delete") {
				out = append(out, r)
				return
			}
		}
	}
	for _, r := range sc.refs {
		add(r)
	}
	for _, c := range s.dataset.Collections {
		from := sc.table(c.Name)
		if from == nil || from.rows < largeTable {
			continue
		}
		for _, f := range c.Fields {
			col := from.column(f.Name)
			for _, r := range f.References {
				if to := sc.table(r.Collection); col != nil && to != nil && (r.Dataset == s.dataset.Key || r.Dataset == s.name) && contains(to.pk, r.Field) {
					add(reference{from: from.name, to: to.name, fromCols: []string{col.name}, toCols: []string{r.Field}})
				}
			}
		}
	}
	return out
}

// lookups implements dialect. A partial index that leaves out only empty values serves as
// well as one over all rows: none of those refers to anything.
func (d *postgres) lookups(ctx context.Context, s *session, t *table) (l lookups, err error) {
	l.create = "CREATE INDEX CONCURRENTLY"
	err = s.each(ctx, `SELECT `+names("i.indrelid", "(i.indkey::int2[])[0:i.indnkeyatts-1]")+`, coalesce(pg_get_expr(i.indpred, i.indrelid), '')
		FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am m ON m.oid = c.relam
		WHERE i.indrelid = ?::bigint::oid AND i.indisvalid AND i.indexprs IS NULL AND m.amname IN ('btree', 'hash')`, []any{t.oid}, func(v []any) error {
		cols, part := nameList(v[0]), str(v[1])
		if len(cols) > 0 && (part == "" || part == "("+cols[0]+" IS NOT NULL)" || part == "("+d.quote(cols[0])+" IS NOT NULL)") {
			l.columns = append(l.columns, cols)
		}
		return nil
	})
	if err != nil {
		return l, err
	}
	kind, err := s.one(ctx, `SELECT relkind::text FROM pg_class WHERE oid = ?::bigint::oid`, t.oid)
	if kind == "p" { // the server makes one for a partitioned table in one piece only
		l.create = "CREATE INDEX"
	}
	return l, err
}

// lookups implements dialect. An index over a beginning of a text is none of it.
func (d *mysql) lookups(ctx context.Context, s *session, t *table) (l lookups, err error) {
	last := ""
	err = s.each(ctx, `SELECT INDEX_NAME, COLUMN_NAME, SUB_PART FROM information_schema.STATISTICS
		WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ? AND INDEX_TYPE IN ('BTREE', 'HASH') ORDER BY INDEX_NAME, SEQ_IN_INDEX`, []any{t.name}, func(v []any) error {
		if len(l.columns) == 0 || last != str(v[0]) {
			last, l.columns = str(v[0]), append(l.columns, nil)
		}
		at := &l.columns[len(l.columns)-1]
		name := str(v[1])
		if v[2] != nil {
			name = "" // no column has that name: what follows is of no use either
		}
		*at = append(*at, name)
		return nil
	})
	return l, err
}

// lookups implements dialect.
func (d *sqlite) lookups(ctx context.Context, s *session, t *table) (l lookups, err error) {
	var indexes []string
	err = s.each(ctx, `SELECT name FROM pragma_index_list(?) WHERE partial = 0`, []any{t.name}, func(v []any) error {
		indexes = append(indexes, str(v[0]))
		return nil
	})
	for _, name := range indexes {
		if err != nil {
			break
		}
		var cols []string
		err = s.each(ctx, `SELECT coalesce(name, '') FROM pragma_index_xinfo(?) WHERE key = 1 ORDER BY seqno`, []any{name}, func(v []any) error {
			cols = append(cols, str(v[0]))
			return nil
		})
		l.columns = append(l.columns, cols)
	}
	return l, err
}

package crm

import "context"

// viewed is a column of a table that a materialized view holds a copy of, directly or
// through other views; the column is "" when it takes whole rows.
type viewed struct{ view, column string }

// views finds the materialized views over each table: what is erased from the table
// stays in them until they are refreshed.
func (b *pgSchema) views(ctx context.Context) error {
	const reads = ` JOIN pg_depend p ON p.classid = 'pg_rewrite'::regclass AND p.objid = r.oid AND p.refclassid = 'pg_class'::regclass AND p.refobjid <> r.ev_class`
	return b.s.each(ctx, `WITH RECURSIVE d AS (
			SELECT r.ev_class AS top, p.refobjid AS rel, p.refobjsubid AS col FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class AND c.relkind = 'm'`+reads+`
			UNION SELECT d.top, p.refobjid, p.refobjsubid FROM d JOIN pg_rewrite r ON r.ev_class = d.rel`+reads+`)
		SELECT DISTINCT `+wholeOf("d.rel")+`, n.nspname, c.relname, pg_table_is_visible(c.oid), coalesce(a.attname, '') FROM d JOIN pg_class c ON c.oid = d.top
		JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_attribute a ON a.attrelid = d.rel AND a.attnum = d.col AND d.col > 0
		ORDER BY 2, 3, 5`, nil, func(v []any) error {
		oid, _ := v[0].(int64)
		if t := b.by[oid]; t != nil && t.kind == "table" {
			name := str(v[2])
			if v[3] != "true" {
				name = str(v[1]) + "." + name
			}
			t.viewed = append(t.viewed, viewed{name, str(v[4])})
		}
		return nil
	})
}

// stays lists the materialized views that hold personal columns of a table.
func (l *layout) stays() []string {
	var out []string
	for _, w := range l.table.viewed {
		personal := w.column == ""
		for _, c := range l.cols {
			personal = personal || c.name == w.column && (c.part == partMust || c.field.Personal())
		}
		if personal && (len(out) == 0 || out[len(out)-1] != w.view) {
			out = append(out, w.view)
		}
	}
	return out
}

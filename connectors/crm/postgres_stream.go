package crm

import (
	"context"

	"github.com/jackc/pgx/v5/pgconn"
)

// stream reads a span with the values as the server spells them, without turning
// them into anything but text.
func (d *postgres) stream(ctx context.Context, s *session, e *emitter, sp span) error {
	where, args, err := d.within(ctx, s, e.l, sp)
	if err != nil {
		return err
	}
	if e.since != "" {
		where += " AND " + e.since
	}
	cols := make([]string, len(e.l.cols))
	for i, c := range e.l.cols {
		cols[i] = d.value(c.column)
	}
	q := "SELECT " + list(cols) + " FROM " + e.l.table.from + " WHERE " + where + " ORDER BY " + list(e.l.table.ident(d, ""))
	ps := s.conn.(pgSession)
	if ps.c.ParameterStatus("server_encoding") != "UTF8" {
		return s.each(ctx, "SELECT "+e.l.selection(d)+q[len("SELECT "+list(cols)):], args, func(v []any) error { return e.add(e.l.newRow(v)) })
	}
	r := newRawRows(e)
	known := false
	var own error
	err = ps.rows(ctx, q, args, func(fields []pgconn.FieldDescription, raw [][]byte) error {
		if !known {
			known = true
			for i, f := range fields {
				if oid := f.DataTypeOID; oid == oidBool || oid == oidBytea {
					r.decode[i] = func(b []byte) (any, error) { return stored(oid, b) }
				}
			}
		}
		own = r.add(raw)
		return own
	})
	switch {
	case own != nil:
		return own
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		return s.explain(err)
	}
	return nil
}

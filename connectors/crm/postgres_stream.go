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
	if !s.conn.(pgSession).utf8() {
		return s.each(ctx, "SELECT "+e.l.selection(d)+q[len("SELECT "+list(cols)):], args, func(v []any) error { return e.add(e.l.newRow(v)) })
	}
	r := newRawRows(e)
	known := false
	return s.raw(ctx, q, args, func(fields []pgconn.FieldDescription, raw [][]byte) error {
		if !known {
			known = true
			oids := make([]uint32, len(fields))
			for i, f := range fields {
				oids[i] = f.DataTypeOID
			}
			r.types(oids)
		}
		return r.add(raw)
	})
}

// types tells which columns need more than their text.
func (r *rawRows) types(oids []uint32) {
	for i, oid := range oids {
		if oid == oidBool || oid == oidBytea {
			r.decode[i] = func(b []byte) (any, error) { return stored(oid, b) }
		}
	}
}

package crm

import (
	"context"
	"unsafe"

	"github.com/jackc/pgx/v5/pgconn"
)

// stream reads a span with the values as the server spells them, without turning
// them into anything but text.
func (d *postgres) stream(ctx context.Context, s *session, e *emitter, sp span) error {
	where, args, err := d.within(ctx, s, e.l, sp)
	if err != nil {
		return err
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
	r := &rawRows{e: e, texts: make([]string, len(cols)), null: make([]bool, len(cols))}
	var own error
	err = ps.rows(ctx, q, args, func(fields []pgconn.FieldDescription, raw [][]byte) error {
		own = r.add(fields, raw)
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

// rawRows puts rows of text into a batch.
type rawRows struct {
	e       *emitter
	texts   []string
	null    []bool
	locator []byte
}

func (r *rawRows) add(fields []pgconn.FieldDescription, raw [][]byte) error {
	for i, b := range raw {
		if r.null[i] = b == nil; r.null[i] {
			continue
		}
		switch fields[i].DataTypeOID {
		case oidBool, oidBytea:
			v, err := stored(fields[i].DataTypeOID, b)
			if err != nil {
				return err
			}
			r.texts[i], _ = spell(v, r.e.l.cols[i].keyed)
		default:
			r.texts[i] = unsafe.String(unsafe.SliceData(b), len(b)) // the builder copies it before the next row comes
		}
	}
	if key := r.e.l.key; len(key) == 1 {
		r.locator = append(append(r.locator[:0], pkPrefix...), r.texts[key[0]]...)
		r.e.b.Row(unsafe.String(unsafe.SliceData(r.locator), len(r.locator)))
	} else {
		parts := make([]string, len(key))
		for n, i := range key {
			parts[n] = r.texts[i]
		}
		r.e.b.Row(joinKey(parts))
	}
	for i, t := range r.texts {
		if !r.null[i] {
			r.e.b.Set(i, t)
		}
	}
	return r.e.added()
}

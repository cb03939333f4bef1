package crm

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"
)

// stream reads a span with the values as the server spells them, without turning
// them into anything but text. Timestamps come as numbers, unless the table has some that
// only the server can spell: the rows from the first such one on are then read again.
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
	before := e.rows
	err = s.raw(ctx, q, args, d.formats(e.l), newRawRows(e).field)
	if !errors.Is(err, errFarTime) {
		return err
	}
	d.spellsTimes(e.l.table)
	// What names the rows orders them, and the transaction sees one state: these are the others.
	return s.raw(ctx, fmt.Sprintf("%s OFFSET %d", q, e.rows-before), args, nil, newRawRows(e).field)
}

// formats tells in which form the columns are to be sent, 1 for numbers; nil when all are
// to be spelled.
func (d *postgres) formats(l *layout) []int16 {
	d.mu.Lock()
	spelled := d.spelled[l.table.oid]
	d.mu.Unlock()
	if spelled || whole(l) { // of any number of rows, which might have to be read twice
		return nil
	}
	var out []int16
	for i, c := range l.cols {
		if c.sqlType == "timestamp with time zone" || c.sqlType == "timestamp without time zone" {
			if out == nil {
				out = make([]int16, len(l.cols))
			}
			out[i] = 1
		}
	}
	return out
}

// spellsTimes leaves the timestamps of a table to the server from now on.
func (d *postgres) spellsTimes(t *table) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.spelled == nil {
		d.spelled = map[int64]bool{}
	}
	d.spelled[t.oid] = true
}

// field adds a row as the server sent it.
func (r *rawRows) field(fields []pgconn.FieldDescription, raw [][]byte) error {
	if !r.typed {
		r.typed = true
		oids := make([]uint32, len(fields))
		for i, f := range fields {
			oids[i] = f.DataTypeOID
			if f.Format == pgconnBinary {
				if oids[i] != oidTimestamp && oids[i] != oidTimestamptz {
					return errors.New("a column has another type than it had when the table was looked at")
				}
				r.times[i] = &timeText{zoned: oids[i] == oidTimestamptz}
			}
		}
		r.types(oids)
	}
	return r.add(raw)
}

// pgconnBinary is the form of a field that is not text.
const pgconnBinary = 1

// types tells which columns need more than their text.
func (r *rawRows) types(oids []uint32) {
	for i, oid := range oids {
		if oid == oidBool || oid == oidBytea {
			r.decode[i] = func(b []byte) (any, error) { return stored(oid, b) }
		}
	}
}

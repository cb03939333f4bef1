package crm

import (
	"context"
	"database/sql"
	"strconv"
	"strings"
)

// mysqlConn is a connection of database/sql to MySQL. Arguments are put into the
// statements by the driver, so that results come in the text protocol.
type mysqlConn struct{ *sql.Conn }

func (c mysqlConn) exec(ctx context.Context, q string, args []any) (int64, error) {
	r, err := c.ExecContext(ctx, q, args...)
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

func (c mysqlConn) query(ctx context.Context, q string, args []any, fn func(v []any) error) (err error) {
	var vals, ptrs []any
	return c.rows(ctx, q, args, func(rows *sql.Rows, binary []bool) error {
		if vals == nil {
			vals, ptrs = make([]any, len(binary)), make([]any, len(binary))
			for i := range vals {
				ptrs[i] = &vals[i]
			}
		}
		if err := rows.Scan(ptrs...); err != nil {
			return err
		}
		for i, v := range vals {
			vals[i] = plainValue(v, binary[i])
		}
		return fn(vals)
	})
}

// rows calls fn at every row of a query; binary tells the columns that hold bytes.
func (c mysqlConn) rows(ctx context.Context, q string, args []any, fn func(rows *sql.Rows, binary []bool) error) (err error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	rows, err := c.QueryContext(ctx, q, args...)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			stop() // the rest of the rows is not wanted: closing alone would read it
		}
		if cerr := rows.Close(); err == nil {
			err = cerr
		}
	}()
	types, err := rows.ColumnTypes()
	if err != nil {
		return err
	}
	binary := make([]bool, len(types))
	for i, t := range types {
		n := t.DatabaseTypeName()
		binary[i] = strings.Contains(n, "BINARY") || strings.Contains(n, "BLOB") || n == "BIT" || n == "GEOMETRY"
	}
	for rows.Next() {
		if err := fn(rows, binary); err != nil {
			return err
		}
	}
	return rows.Err()
}

// plainValue reduces what the driver makes to what this package knows: text, bytes,
// whole numbers, floating point numbers.
func plainValue(v any, binary bool) any {
	switch x := v.(type) {
	case []byte:
		if binary {
			return x
		}
		return string(x)
	case uint64:
		if x > 1<<63-1 {
			return strconv.FormatUint(x, 10)
		}
		return int64(x)
	case float32:
		return spellFloat(float64(x), 32)
	case float64:
		return spellFloat(x, 64)
	}
	return v
}

// stream reads a span with the values as text.
func (d *mysql) stream(ctx context.Context, s *session, e *emitter, sp span) error {
	where, args, err := d.within(ctx, s, e.l, sp)
	if err != nil {
		return err
	}
	cols := make([]string, len(e.l.cols))
	for i, c := range e.l.cols {
		cols[i] = d.value(c.column)
	}
	q := "SELECT " + list(cols) + " FROM " + e.l.table.from + " WHERE " + where + " ORDER BY " + list(e.l.table.ident(d, ""))
	raw, ptrs, bytes := make([]sql.RawBytes, len(cols)), make([]any, len(cols)), make([][]byte, len(cols))
	for i := range raw {
		ptrs[i] = &raw[i]
	}
	r := newRawRows(e)
	for i, c := range e.l.cols {
		if floating[c.sqlType] { // its bytes are as the driver spells it
			r.decode[i] = func(b []byte) (any, error) { return strconv.ParseFloat(string(b), 64) }
		}
	}
	var own error
	err = s.conn.(mysqlConn).rows(ctx, q, args, func(rows *sql.Rows, binary []bool) error {
		if err := rows.Scan(ptrs...); err != nil {
			return err
		}
		for i, b := range raw {
			bytes[i] = b
			r.check[i] = binary[i] || e.l.cols[i].kind != kindInt
		}
		own = r.add(bytes)
		return own
	})
	return s.ended(ctx, own, err)
}

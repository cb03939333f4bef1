package crm

import (
	"context"
	"database/sql"
	"errors"
)

// sqliteConn is a connection of database/sql to SQLite.
type sqliteConn struct{ *sql.Conn }

func (c sqliteConn) exec(ctx context.Context, q string, args []any) (int64, error) {
	r, err := c.ExecContext(ctx, q, args...)
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

func (c sqliteConn) query(ctx context.Context, q string, args []any, fn func(v []any) error) (err error) {
	rows, err := c.QueryContext(ctx, q, args...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	names, err := rows.Columns()
	if err != nil {
		return err
	}
	vals, ptrs := make([]any, len(names)), make([]any, len(names))
	for i := range vals {
		ptrs[i] = &vals[i]
	}
	for rows.Next() {
		if err := rows.Scan(ptrs...); err != nil {
			return err
		}
		if err := fn(vals); err != nil {
			return err
		}
	}
	return rows.Err()
}

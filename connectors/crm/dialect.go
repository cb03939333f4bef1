package crm

import (
	"context"
	"database/sql"

	"github.com/cratio/sutra/connectors"
)

// dialect is what differs between database products.
type dialect interface {
	// quote spells an identifier.
	quote(name string) string
	// read begins a read transaction: one snapshot until end is called.
	read(ctx context.Context) (*session, error)
	// write begins the only write transaction. It fails with
	// connectors.ErrReadOnly or connectors.ErrBusy before anything is changed.
	write(ctx context.Context) (*session, error)
	// schema lists tables with columns, keys, foreign keys and triggers.
	schema(ctx context.Context, s *session) (*schema, error)
	// spans lists the units of a table that hold rows, in order.
	spans(ctx context.Context, s *session, t *table) ([]span, error)
	// value is the expression that reads a column as it is stored.
	value(c *column) string
	// binds lists the stored forms that are spelled text in a column.
	binds(c *column, text string) []any
	// stamp changes whenever the database may have changed.
	stamp(ctx context.Context, s *session) (string, error)
	// dangling counts broken references that start or end in the tables.
	dangling(ctx context.Context, s *session, tables []*table) (map[string]int, error)
	// scrub runs before the commit of a change to the tables and removes the copies of
	// erased values that the product keeps beside the rows.
	scrub(ctx context.Context, s *session, tables []*table) error
	// settle runs after the commit, on the same connection, and removes what
	// only then can go: logs. It is safe to run again.
	settle(ctx context.Context, s *session) error
	// refused reports whether an error is a violated constraint of one row.
	refused(err error) bool
	// examine reports what erasing can and cannot do here.
	examine(ctx context.Context) ([]connectors.Finding, error)
	close() error
}

// span is a range of row numbers, lo inclusive, hi exclusive; an end that is nil
// is open.
type span struct{ lo, hi *int64 }

// session is one transaction on one connection.
type session struct {
	conn    *sql.Conn
	explain func(error) error // turns a driver's error into one without values
	release func() error
	open    bool
}

func (s *session) exec(ctx context.Context, q string, args ...any) (int64, error) {
	r, err := s.conn.ExecContext(ctx, q, args...)
	if err != nil {
		return 0, s.explain(err)
	}
	n, err := r.RowsAffected()
	if err != nil {
		return 0, s.explain(err)
	}
	return n, nil
}

// each calls fn for every row of a query, with the values as they are stored.
// The slice is reused.
func (s *session) each(ctx context.Context, q string, args []any, fn func(v []any) error) (err error) {
	rows, err := s.conn.QueryContext(ctx, q, args...)
	if err != nil {
		return s.explain(err)
	}
	defer func() {
		if cerr := rows.Close(); cerr != nil && err == nil {
			err = s.explain(cerr)
		}
	}()
	names, err := rows.Columns()
	if err != nil {
		return s.explain(err)
	}
	vals, ptrs := make([]any, len(names)), make([]any, len(names))
	for i := range vals {
		ptrs[i] = &vals[i]
	}
	for rows.Next() {
		if err := rows.Scan(ptrs...); err != nil {
			return s.explain(err)
		}
		if err := fn(vals); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return s.explain(err)
	}
	return ctx.Err() // the driver may end the rows of a cancelled query without a word
}

// commit ends the transaction and keeps the connection.
func (s *session) commit(ctx context.Context) error {
	if _, err := s.exec(ctx, "COMMIT"); err != nil {
		return err
	}
	s.open = false
	return nil
}

// end rolls back what was not committed and gives the connection back.
func (s *session) end(ctx context.Context) error {
	var err error
	if s.open {
		s.open = false
		_, err = s.exec(context.WithoutCancel(ctx), "ROLLBACK")
	}
	if rerr := s.release(); rerr != nil && err == nil {
		err = s.explain(rerr)
	}
	return err
}

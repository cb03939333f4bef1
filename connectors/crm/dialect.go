package crm

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/cratio/sutra/connectors"
)

// dialect is what differs between database products.
type dialect interface {
	// quote spells an identifier.
	quote(name string) string
	// read begins a read transaction: one snapshot until end is called.
	read(ctx context.Context, why purpose) (*session, error)
	// write begins the only write transaction. It fails with
	// connectors.ErrReadOnly or connectors.ErrBusy before anything is changed.
	write(ctx context.Context) (*session, error)
	// schema lists tables with columns, keys, foreign keys and triggers.
	schema(ctx context.Context, s *session) (*schema, error)
	// lookups lists by which columns a table can be searched.
	lookups(ctx context.Context, s *session, t *table) (lookups, error)
	// stamp changes whenever the database may have changed, for products whose
	// units have no evidence of their own; for others, when what their evidence is made
	// of may have begun anew, or "".
	stamp(ctx context.Context, s *session) (string, error)
	// units lists the ranges of a table that hold rows, in order.
	units(ctx context.Context, s *session, l *layout) ([]piece, error)
	// evidence is what units would say of one range.
	evidence(ctx context.Context, s *session, l *layout, sp span) (string, error)
	// within is the condition for the rows of a span. A span that cannot be
	// found any more is connectors.ErrNotFound.
	within(ctx context.Context, s *session, l *layout, sp span) (string, []any, error)
	// value is the expression that reads a column as it is stored.
	value(c *column) string
	// locate is a condition that every row named by a locator meets; others may
	// meet it too, the caller compares locators. It is "" when no locator can name
	// a row. chunk is how many locators or rows one statement takes.
	locate(l *layout, locators []string) (string, []any)
	chunk(l *layout) int
	// match is the condition that expressions have what names one of the rows of a
	// table: its own, or columns of a table that refers to it.
	match(t *table, exprs []string, idents [][]any) (string, []any)
	// equal compares a column that refers with the one referred to.
	equal(from *column, fromPrefix string, to *column, toPrefix string) string
	// update changes rows to the same values, or sets nothing when one row
	// refuses them. It returns how many rows answered.
	update(ctx context.Context, s *session, l *layout, cols []int, vals []any, idents [][]any) (int64, error)
	// delete deletes rows. Rows of a knot refer to one another, so that only
	// together they can go. It returns how many rows answered.
	delete(ctx context.Context, s *session, groups []group, knot bool) (int64, error)
	// restore puts a text into the stored form of the column; false when that
	// form cannot hold it. old is the value that it replaces.
	restore(c *column, text string, old any) (any, bool)
	// dangling counts broken references that start or end in the tables, for
	// products whose constraints do not hold during the change.
	dangling(ctx context.Context, s *session, tables []*table) (map[string]int, error)
	// scrub runs before the commit of a change to the tables and removes the copies of
	// erased values that the product keeps beside the rows.
	scrub(ctx context.Context, s *session, tables []*table) error
	// settle runs after the commit, on the same connection, and removes what
	// only then can go: logs, dead rows. It is safe to run again.
	settle(ctx context.Context, s *session, tables []*table) error
	// refused reports whether an error is a violated constraint of one row.
	refused(err error) bool
	// passing reports whether an error goes away when the transaction is tried
	// again: a deadlock, a lost connection.
	passing(err error) bool
	// examine reports what erasing can and cannot do here.
	examine(ctx context.Context) ([]connectors.Finding, error)
	// leftovers tells which copies of deleted rows the product keeps, and until
	// when, in the tables of the catalog.
	leftovers(ctx context.Context, s *session, known []*table) ([]connectors.Leftover, error)
	close() error
}

// purpose says what a read transaction is for: readers of units that were listed
// together may share one state of the database.
type purpose uint8

const (
	forNow     purpose = iota // the database as it stands
	forListing                // the state that forUnit goes back to
	forUnit                   // the state of the last listing, if it can still be had
)

// span is a range of row numbers or of key names, lo inclusive, hi exclusive; an
// end that is nil is open.
type span struct{ lo, hi *int64 }

// piece is a span with the evidence of what stands in it.
type piece struct {
	span
	evidence string
	rows     int64 // how many there are, 0 when they were not counted
	// fingerprint is that of the unit where it is known to be as the caller holds it.
	fingerprint string
	// since is the state after which the rows were written that changed names, by the
	// order of their keys; the zero mark when nobody looked.
	since   mark
	changed []int64
	young   *youngRows // those rows, or nil
}

// group is rows of one table that are deleted in one statement.
type group struct {
	l      *layout
	idents [][]any
}

// conn runs statements on one connection. Placeholders are question marks.
type conn interface {
	exec(ctx context.Context, q string, args []any) (int64, error)
	// query calls fn for every row, with the values as they are stored. The slice
	// is reused.
	query(ctx context.Context, q string, args []any, fn func(v []any) error) error
}

// session is one transaction on one connection.
type session struct {
	conn    conn
	explain func(error) error // turns a driver's error into one without values
	release func() error
	open    bool
	reuse   bool   // the schema that was read last is good enough
	state   string // of the database that the transaction shares with others, "" when it has one of its own
	nested  bool   // a failed statement spoils the transaction unless a savepoint stands before it
	lock    string // after a SELECT: takes the rows for this transaction
	trials  int    // that are under way
	// returning is set when DELETE can tell what the rows held that it deleted.
	returning bool
}

func (s *session) exec(ctx context.Context, q string, args ...any) (int64, error) {
	n, err := s.conn.exec(ctx, q, args)
	if err != nil {
		if ctx.Err() != nil {
			return 0, ctx.Err()
		}
		return 0, s.explain(err)
	}
	return n, nil
}

// each calls fn for every row of a query, with the values as they are stored.
// The slice is reused.
func (s *session) each(ctx context.Context, q string, args []any, fn func(v []any) error) error {
	var own error
	err := s.conn.query(ctx, q, args, func(v []any) error {
		own = fn(v)
		return own
	})
	return s.ended(ctx, own, err)
}

// ended is the error of a query whose rows were gone through: own is that of whoever took
// them, err what the driver says.
func (s *session) ended(ctx context.Context, own, err error) error {
	switch {
	case own != nil:
		return own
	case ctx.Err() != nil: // a driver may end the rows of a cancelled query without a word
		return ctx.Err()
	case err != nil:
		return s.explain(err)
	}
	return nil
}

// one returns the first value of a query as text, "" when there is none.
func (s *session) one(ctx context.Context, q string, args ...any) (string, error) {
	var out string
	err := s.each(ctx, q, args, func(v []any) error {
		out, _ = spell(v[0], true)
		return nil
	})
	return out, err
}

// ends returns the least and the greatest number that an expression has in the rows of a
// table; some is false when there are none.
func (s *session) ends(ctx context.Context, expr, from string) (low, high int64, some bool, err error) {
	err = s.each(ctx, "SELECT MIN("+expr+"), MAX("+expr+") FROM "+from, nil, func(v []any) error {
		var ok [2]bool
		low, ok[0] = v[0].(int64)
		high, ok[1] = v[1].(int64)
		some = ok == [2]bool{true, true}
		return nil
	})
	return low, high, some, err
}

const savepoint = "sutra"

// attempt runs fn so that the transaction can go on when fn fails.
func (s *session) attempt(ctx context.Context, fn func() error) error {
	if !s.nested {
		return fn()
	}
	if _, err := s.exec(ctx, "SAVEPOINT "+savepoint); err != nil {
		return err
	}
	err := fn()
	if err != nil {
		if _, rerr := s.exec(ctx, "ROLLBACK TO SAVEPOINT "+savepoint); rerr != nil {
			return rerr
		}
	}
	if _, rerr := s.exec(ctx, "RELEASE SAVEPOINT "+savepoint); rerr != nil {
		return rerr
	}
	return err
}

// errNoTrial says that a transaction cannot take back a part of itself: MariaDB knows no
// savepoints once a table of an engine such as Aria was read.
var errNoTrial = errors.New("the transaction has no savepoints")

// trial runs fn and takes back what it did. The error is errNoTrial when fn was not run.
func (s *session) trial(ctx context.Context, fn func() error) error {
	name := fmt.Sprintf("%s_%d", savepoint, s.trials)
	if _, err := s.exec(ctx, "SAVEPOINT "+name); errors.Is(err, connectors.ErrForbidden) {
		return fmt.Errorf("%w: %w", errNoTrial, err)
	} else if err != nil {
		return err
	}
	s.trials++
	err := fn()
	s.trials--
	if rerr := s.rollBackTo(ctx, name); rerr != nil {
		return errors.Join(err, rerr)
	}
	return err
}

// rollBackTo goes back to a savepoint and drops it.
func (s *session) rollBackTo(ctx context.Context, name string) error {
	if _, err := s.exec(ctx, "ROLLBACK TO SAVEPOINT "+name); err != nil {
		return err
	}
	_, err := s.exec(ctx, "RELEASE SAVEPOINT "+name)
	return err
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
		if _, err = s.exec(context.WithoutCancel(ctx), "ROLLBACK"); passingError(err) {
			err = nil // the connection broke: the server ends the transaction itself
		}
	}
	if rerr := s.release(); rerr != nil && err == nil {
		err = s.explain(rerr)
	}
	return err
}

// list is the items joined by commas.
func list(items []string) string { return strings.Join(items, ", ") }

package world

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"path/filepath"

	_ "modernc.org/sqlite" // the driver
)

// rowsPerCommit is how many rows one transaction writes.
const rowsPerCommit = 200_000

// store writes the CRM's rows through one connection, in large transactions and
// without fsync: the world is made anew if its making is interrupted.
type store struct {
	db    *sql.DB
	conn  *sql.Conn
	stmts map[string]*sql.Stmt
	seq   map[string]int64
	rows  int
}

// openSQLite opens a database file; mode is "rwc" or "ro".
func openSQLite(path, mode string) (*sql.DB, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("find the database: %w", err)
	}
	u := url.URL{Scheme: "file", Path: abs, RawQuery: "mode=" + mode}
	db, err := sql.Open("sqlite", u.String())
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	db.SetMaxOpenConns(1)
	return db, nil
}

// newStore makes the database with its tables.
func newStore(ctx context.Context, path string) (*store, error) {
	db, err := openSQLite(path, "rwc")
	if err != nil {
		return nil, err
	}
	s := &store{db: db, stmts: map[string]*sql.Stmt{}, seq: map[string]int64{}}
	if s.conn, err = db.Conn(ctx); err != nil {
		return nil, closing(fmt.Errorf("make the database: %w", err), db.Close)
	}
	setup := []string{"PRAGMA journal_mode=OFF", "PRAGMA synchronous=OFF", "PRAGMA cache_size=-65536", "PRAGMA foreign_keys=OFF"}
	for _, t := range crm {
		setup = append(setup, t.ddl())
	}
	for _, q := range append(setup, "BEGIN") {
		if _, err := s.conn.ExecContext(ctx, q); err != nil {
			return nil, closing(fmt.Errorf("make the database: %w", err), s.close)
		}
	}
	for _, t := range crm {
		st, err := s.conn.PrepareContext(ctx, t.insert())
		if err != nil {
			return nil, closing(fmt.Errorf("prepare table %s: %w", t.name, err), s.close)
		}
		s.stmts[t.name] = st
	}
	return s, nil
}

// next returns the next integer key of a table.
func (s *store) next(table string) int64 {
	s.seq[table]++
	switch table {
	case "contacts", "notes", "tickets":
		return s.seq[table] + 1000
	}
	return s.seq[table]
}

// insert adds a row; values stand in the order of the columns.
func (s *store) insert(ctx context.Context, table string, values ...any) error {
	if _, err := s.stmts[table].ExecContext(ctx, values...); err != nil {
		return fmt.Errorf("insert into %s: %w", table, err)
	}
	if s.rows++; s.rows%rowsPerCommit == 0 {
		for _, q := range []string{"COMMIT", "BEGIN"} {
			if _, err := s.conn.ExecContext(ctx, q); err != nil {
				return fmt.Errorf("commit the database: %w", err)
			}
		}
	}
	return nil
}

// finish commits, builds the indexes and leaves the database in its usual
// journal mode.
func (s *store) finish(ctx context.Context) error {
	work := []string{"COMMIT"}
	for _, t := range crm {
		for i, cols := range t.index {
			work = append(work, fmt.Sprintf("CREATE INDEX %s_i%d ON %s (%s)", t.name, i, t.name, cols))
		}
	}
	for _, q := range append(work, "PRAGMA journal_mode=DELETE") {
		if _, err := s.conn.ExecContext(ctx, q); err != nil {
			return fmt.Errorf("finish the database: %w", err)
		}
	}
	return nil
}

func (s *store) close() error {
	var first error
	keep := func(err error) {
		if first == nil && err != nil {
			first = fmt.Errorf("close the database: %w", err)
		}
	}
	for _, st := range s.stmts {
		keep(st.Close())
	}
	keep(s.conn.Close())
	keep(s.db.Close())
	return first
}

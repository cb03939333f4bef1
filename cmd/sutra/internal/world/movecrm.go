package world

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// products are the products by their word in sutra.yaml.
var products = map[string]*product{"postgres": postgres, "mysql": mariaDB}

// MoveCRM moves the CRM of a world from its file into a database of a server:
// connector is "postgres" or "mysql". The url in sutra.yaml becomes ${CRM_DSN}: a
// data source name holds a password and is written nowhere. Tables that an earlier
// world left there are dropped; a database in which such a name is a table of
// somebody else's is refused.
func (t *Truth) MoveCRM(ctx context.Context, connector, dsn string) (err error) {
	p := products[connector]
	if p == nil {
		return fmt.Errorf("move the CRM: no database is called %q: postgres or mysql", connector)
	}
	from, err := openSQLite(filepath.Join(t.Dir, "crm.db"), "ro")
	if err != nil {
		return err
	}
	defer func() { err = closing(err, from.Close) }()
	to, err := p.open(dsn)
	if err != nil {
		return fmt.Errorf("move the CRM: %w", err)
	}
	defer func() { err = closing(err, to.Close) }()
	conn, err := to.Conn(ctx)
	if err != nil {
		return fmt.Errorf("move the CRM: %w", err)
	}
	defer func() { err = closing(err, conn.Close) }()
	if err := p.move(ctx, from, conn); err != nil {
		return fmt.Errorf("move the CRM: %w", err)
	}
	if err := os.Remove(filepath.Join(t.Dir, "crm.db")); err != nil {
		return fmt.Errorf("move the CRM: %w", err)
	}
	t.at.product, t.at.dsn = p, dsn
	return writeConfig(t.Dir, t.at)
}

// move clears the database and fills it.
func (p *product) move(ctx context.Context, from *sql.DB, conn *sql.Conn) error {
	if err := p.clear(ctx, conn); err != nil {
		return err
	}
	for _, t := range crm {
		for _, q := range p.creates(t) {
			if _, err := conn.ExecContext(ctx, q); err != nil {
				return fmt.Errorf("make table %s: %w", t.name, err)
			}
		}
		if err := p.copyTable(ctx, from, conn, t); err != nil {
			return fmt.Errorf("fill table %s: %w", t.name, err)
		}
	}
	for _, t := range crm {
		for _, q := range p.completes(t) {
			if _, err := conn.ExecContext(ctx, q); err != nil {
				return fmt.Errorf("finish table %s: %w", t.name, err)
			}
		}
	}
	return nil
}

// clear drops the tables of an earlier world, after it has looked at all of them:
// a CRM that somebody works with has tables of the same names.
func (p *product) clear(ctx context.Context, conn *sql.Conn) error {
	var old []table
	for _, t := range crm {
		var comment string
		err := conn.QueryRowContext(ctx, p.commentOf, t.name).Scan(&comment)
		switch {
		case errors.Is(err, sql.ErrNoRows):
		case err != nil:
			return fmt.Errorf("look for table %s: %w", t.name, err)
		case comment != mark:
			return fmt.Errorf("the database has a table %s that no demo made; name an empty scratch database", t.name)
		default:
			old = append(old, t)
		}
	}
	slices.Reverse(old) // who refers goes first
	for _, t := range old {
		if _, err := conn.ExecContext(ctx, "DROP TABLE "+p.ident(t.name)); err != nil {
			return fmt.Errorf("drop table %s of an earlier demo: %w", t.name, err)
		}
	}
	return nil
}

// copyTable copies the rows of a table.
func (p *product) copyTable(ctx context.Context, from *sql.DB, conn *sql.Conn, t table) (err error) {
	rows, err := from.QueryContext(ctx, "SELECT * FROM "+t.name)
	if err != nil {
		return err
	}
	defer func() { err = closing(err, rows.Close) }()
	return p.load(ctx, conn, t, func() ([]any, error) {
		if !rows.Next() {
			return nil, rows.Err()
		}
		vals, err := scanRow(rows, t)
		if err != nil {
			return nil, err
		}
		for i, c := range t.cols {
			text, ok := vals[i].(string)
			if !c.moment || !ok {
				continue
			}
			at, err := time.Parse(time.RFC3339, text)
			if err != nil {
				return nil, fmt.Errorf("column %s: %w", c.name, err)
			}
			vals[i] = p.time(at)
		}
		return vals, nil
	})
}

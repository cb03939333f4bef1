package world

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"

	"github.com/cratio/sutra/connectors/connectortest/server"
)

// place says which parts of a world do not stand in its folder. The zero value:
// none.
type place struct {
	product *product // of the CRM's server; nil: crm.db
	dsn     string
	buckets *server.Buckets // nil: folders
	bucket  string
}

// openCRM opens the CRM to read from.
func (p place) openCRM(dir string) (*sql.DB, error) {
	if p.product != nil {
		return p.product.open(p.dsn)
	}
	return openSQLite(filepath.Join(dir, "crm.db"), "ro")
}

// readCRM hands on every row of every table.
func (p place) readCRM(ctx context.Context, dir string, see func(record)) (err error) {
	db, err := p.openCRM(dir)
	if err != nil {
		return err
	}
	defer func() { err = closing(err, db.Close) }()
	for _, t := range crm {
		q := "SELECT * FROM " + t.name
		if p.product != nil {
			q = p.product.selects(t)
		}
		if err := readTable(ctx, db, q, t, see); err != nil {
			return fmt.Errorf("read table %s: %w", t.name, err)
		}
	}
	return nil
}

func readTable(ctx context.Context, db *sql.DB, query string, t table, see func(record)) (err error) {
	rows, err := db.QueryContext(ctx, query)
	if err != nil {
		return err
	}
	defer func() { err = closing(err, rows.Close) }()
	for rows.Next() {
		vals, err := scanRow(rows, t)
		if err != nil {
			return err
		}
		see(rowRecord(t, vals))
	}
	return rows.Err()
}

// scanRow returns the values of the row at which rows stands.
func scanRow(rows *sql.Rows, t table) ([]any, error) {
	vals, ptrs := make([]any, len(t.cols)), make([]any, len(t.cols))
	for i := range vals {
		ptrs[i] = &vals[i]
	}
	err := rows.Scan(ptrs...)
	return vals, err
}

package world

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// product is a database product that a CRM can move to, with the types that its
// users give to columns.
type product struct {
	name  string // as sutra.yaml has it
	quote string // around names
	// The types of whole columns.
	key, short, long, moment, document, bytes string
	text                                      string // around a column that is read as text, with %s
	suffix                                    string // of CREATE TABLE
	comment                                   string // makes a table's comment, with the table and the comment as %s; "" when suffix does
	commentOf                                 string // asks for it
	analyze                                   string
	open                                      func(dsn string) (*sql.DB, error)
	time                                      func(time.Time) any
	load                                      func(context.Context, *sql.Conn, table, func() ([]any, error)) error
}

// mark is the comment of a table that may be dropped when the next world comes.
const mark = "made by sutra demo"

var postgres = &product{
	name: "postgres", quote: `"`, key: "TEXT", short: "TEXT", long: "TEXT", moment: "TIMESTAMPTZ", document: "JSONB", bytes: "BYTEA", text: "%s::text",
	comment:   "COMMENT ON TABLE %s IS '" + mark + "'",
	commentOf: "SELECT coalesce(obj_description(oid, 'pg_class'), '') FROM pg_class WHERE oid = to_regclass($1)",
	analyze:   "ANALYZE ",
	open: func(dsn string) (*sql.DB, error) {
		cfg, err := pgx.ParseConfig(dsn)
		if err != nil { // it may quote the password
			return nil, errors.New("the data source name is none of PostgreSQL: write postgres://USER@HOST/DATABASE")
		}
		return stdlib.OpenDB(*cfg), nil
	},
	time: func(t time.Time) any { return t },
	load: loadPostgres,
}

var mariaDB = &product{
	name: "mysql", quote: "`", key: "VARCHAR(191) COLLATE utf8mb4_bin", short: "VARCHAR(255)", long: "TEXT", moment: "DATETIME", document: "JSON", bytes: "MEDIUMBLOB", text: "%s",
	suffix:    " DEFAULT CHARSET = utf8mb4 COMMENT = '" + mark + "'",
	commentOf: "SELECT TABLE_COMMENT FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ?",
	analyze:   "ANALYZE TABLE ",
	open: func(dsn string) (*sql.DB, error) {
		cfg, err := mysql.ParseDSN(dsn)
		if err != nil {
			return nil, errors.New("the data source name is none of MySQL: write USER:PASSWORD@tcp(HOST:PORT)/DATABASE")
		}
		cfg.InterpolateParams = true
		c, err := mysql.NewConnector(cfg)
		if err != nil {
			return nil, err
		}
		return sql.OpenDB(c), nil
	},
	time: func(t time.Time) any { return t.In(ist).Format(time.DateTime) },
	load: loadMySQL,
}

// typeOf is the type of a column.
func (p *product) typeOf(t table, c column) string {
	typ, null := p.short, ""
	if strings.HasSuffix(c.typ, "NOT NULL") {
		null = " NOT NULL"
	}
	switch {
	case strings.HasPrefix(c.typ, "INTEGER"):
		typ = "BIGINT"
	case c.typ == "BLOB":
		typ = p.bytes
	case c.object:
		typ = p.document
	case c.moment:
		typ = p.moment
	case t.joins(c):
		typ = p.key
	case c.category == catText:
		typ = p.long
	}
	return typ + null
}

// joins reports whether a column is part of a key, a foreign key or an index.
func (t table) joins(c column) bool {
	for _, cols := range append([]string{strings.Join(t.pk, ", ")}, t.index...) {
		if slices.Contains(strings.Split(cols, ", "), c.name) {
			return true
		}
	}
	return c.ref != "" && !c.soft
}

// ident quotes the names of a list.
func (p *product) ident(names ...string) string {
	q := make([]string, len(names))
	for i, n := range names {
		q[i] = p.quote + n + p.quote
	}
	return strings.Join(q, ", ")
}

// creates returns the statements that make a table without what slows its loading.
func (p *product) creates(t table) []string {
	var parts []string
	for _, c := range t.cols {
		parts = append(parts, p.ident(c.name)+" "+p.typeOf(t, c))
	}
	parts = append(parts, "PRIMARY KEY ("+p.ident(t.pk...)+")")
	out := []string{"CREATE TABLE " + p.ident(t.name) + " (" + strings.Join(parts, ", ") + ")" + p.suffix}
	if p.comment != "" {
		out = append(out, fmt.Sprintf(p.comment, p.ident(t.name)))
	}
	return out
}

// completes returns the statements that add the rest to a loaded table.
func (p *product) completes(t table) []string {
	var out []string
	for i, cols := range t.index {
		out = append(out, fmt.Sprintf("CREATE INDEX %s_i%d ON %s (%s)", t.name, i, p.ident(t.name), p.ident(strings.Split(cols, ", ")...)))
	}
	for _, c := range t.cols {
		if c.ref != "" && !c.soft {
			tab, col, _ := strings.Cut(c.ref, ".")
			out = append(out, fmt.Sprintf("ALTER TABLE %s ADD FOREIGN KEY (%s) REFERENCES %s (%s)", p.ident(t.name), p.ident(c.name), p.ident(tab), p.ident(col)))
		}
	}
	return append(out, p.analyze+p.ident(t.name))
}

// selects returns the query for the rows of a table, all but bytes as text.
func (p *product) selects(t table) string {
	var cols []string
	for _, c := range t.cols {
		name := p.ident(c.name)
		if c.typ != "BLOB" {
			name = fmt.Sprintf(p.text, name)
		}
		cols = append(cols, name)
	}
	return "SELECT " + strings.Join(cols, ", ") + " FROM " + p.ident(t.name)
}

// loadPostgres copies rows into a table; next gives nil at their end.
func loadPostgres(ctx context.Context, conn *sql.Conn, t table, next func() ([]any, error)) error {
	var names []string
	for _, c := range t.cols {
		names = append(names, c.name)
	}
	return conn.Raw(func(driver any) error {
		_, err := driver.(*stdlib.Conn).Conn().CopyFrom(ctx, pgx.Identifier{t.name}, names, pgx.CopyFromFunc(next))
		return err
	})
}

// rowsPerInsert is how many rows one statement brings to MySQL.
const rowsPerInsert = 200

// loadMySQL inserts rows into a table, many with a statement.
func loadMySQL(ctx context.Context, conn *sql.Conn, t table, next func() ([]any, error)) (err error) {
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, tx.Rollback())
		}
	}()
	row := "(?" + strings.Repeat(", ?", len(t.cols)-1) + ")"
	for more := true; more; {
		var args []any
		n := 0
		for ; n < rowsPerInsert; n++ {
			vals, err := next()
			if err != nil {
				return err
			}
			if more = vals != nil; !more {
				break
			}
			args = append(args, vals...)
		}
		if n == 0 {
			break
		}
		if _, err := tx.ExecContext(ctx, "INSERT INTO `"+t.name+"` VALUES "+row+strings.Repeat(", "+row, n-1), args...); err != nil {
			return err
		}
	}
	return tx.Commit()
}

package crm

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	driver "modernc.org/sqlite"
	codes "modernc.org/sqlite/lib"

	"github.com/cratio/sutra/connectors"
)

// SQLite returns the connector for an SQLite file. Its URL is "file:" and the
// file's path as it is; it needs a catalog.
func SQLite() connectors.Kind {
	return connectors.Kind{Name: "sqlite", Open: func(_ context.Context, c connectors.Config) (connectors.Source, error) {
		d, err := openSQLite(c.URL)
		if err != nil {
			return nil, fmt.Errorf("opening source %s: %w", c.Name, err)
		}
		return digesting{newSource(d, c)}, nil
	}}
}

var errNoFile = errors.New("the database file cannot be reached")

// busyTimeout is how long a lock of another process is waited for.
const busyTimeout = 5 * time.Second

// sqlite is the dialect of SQLite.
type sqlite struct {
	path string
	busy time.Duration
	ro   *sql.DB

	mu      sync.Mutex
	version string // of the schema below
	known   *schema
	stamped string          // the state of the database that doubles are of
	doubles map[string]bool // by table and column, see double
}

func openSQLite(rawURL string) (*sqlite, error) {
	path, ok := strings.CutPrefix(rawURL, "file:")
	if !ok || path == "" {
		return nil, errors.New("the url must be file: and the path of the database")
	}
	if strings.HasPrefix(path, "///") {
		path = path[2:]
	}
	if _, err := os.Stat(path); err != nil {
		if plain, uerr := url.PathUnescape(path); uerr == nil && plain != path {
			if _, err := os.Stat(plain); err == nil {
				path = plain
			}
		}
	}
	d := &sqlite{path: path, busy: busyTimeout}
	db, err := sql.Open("sqlite", d.dsn("ro"))
	if err != nil {
		return nil, errors.New("the driver refuses the path of the database")
	}
	db.SetMaxIdleConns(4)
	d.ro = db
	return d, nil
}

// dsn spells the data source name; the busy timeout is set on each connection,
// because tests change it.
func (d *sqlite) dsn(mode string) string {
	return "file:" + (&url.URL{Path: d.path}).EscapedPath() + "?mode=" + mode + "&_pragma=temp_store(2)"
}

func (d *sqlite) close() error { return d.ro.Close() }

func (d *sqlite) quote(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// value reads a column without the conversions that the driver makes by declared
// type: an expression has none. Binary JSON is read as text.
func (d *sqlite) value(c *column) string {
	q := d.quote(c.name)
	if c.binaryDoc {
		return "CASE WHEN typeof(" + q + ") = 'blob' AND json_valid(" + q + ", 8) THEN json(" + q + ") ELSE +" + q + " END"
	}
	return "+" + q
}

func (d *sqlite) binds(c *column, text string) []any {
	out := []any{text}
	if c.affinity == affInteger {
		return out
	}
	out = append(out, []byte(text))
	if b, ok := unhex(text); ok {
		out = append(out, b, string(b))
	}
	if c.affinity == affNone {
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			out = append(out, n)
		} else if f, err := strconv.ParseFloat(text, 64); err == nil {
			out = append(out, f)
		}
	}
	return out
}

// read begins a read transaction. A journal that a killed process left behind is
// played back first, as every writer of the database would do.
func (d *sqlite) read(ctx context.Context, _ purpose) (*session, error) {
	ss, err := d.begin(ctx, d.ro, "BEGIN", "SELECT count(*) FROM sqlite_master")
	if err == nil || !needsRecovery(err) {
		return ss, err
	}
	if _, serr := os.Stat(d.path); serr != nil {
		return nil, errNoFile
	}
	if rerr := d.recover(ctx); rerr != nil {
		return nil, fmt.Errorf("playing back the journal of a killed process: %w", rerr)
	}
	return d.begin(ctx, d.ro, "BEGIN", "SELECT count(*) FROM sqlite_master")
}

// recover opens the file for writing and reads it, which plays a hot journal
// back.
func (d *sqlite) recover(ctx context.Context) (err error) {
	db, err := sql.Open("sqlite", d.dsn("rw"))
	if err != nil {
		return explain(err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	ss, err := d.begin(ctx, db, "BEGIN", "SELECT count(*) FROM sqlite_master")
	if err != nil {
		return err
	}
	return ss.end(ctx)
}

// write begins the write transaction. Foreign keys are not enforced row by row:
// their actions could reach rows outside the plan. They are checked as a whole
// before the commit instead, see dangling.
func (d *sqlite) write(ctx context.Context) (*session, error) {
	st, err := os.Stat(d.path)
	if err != nil {
		return nil, errNoFile
	}
	if st.Mode().Perm()&0o222 == 0 {
		return nil, connectors.ErrReadOnly
	}
	db, err := sql.Open("sqlite", d.dsn("rw")+"&_pragma=secure_delete(1)&_pragma=foreign_keys(0)")
	if err != nil {
		return nil, explain(err)
	}
	ss, err := d.begin(ctx, db, "BEGIN IMMEDIATE")
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	giveBack := ss.release
	ss.release = func() error { return errors.Join(giveBack(), db.Close()) }
	return ss, nil
}

// begin takes a connection and runs the statements that open a transaction.
func (d *sqlite) begin(ctx context.Context, db *sql.DB, stmts ...string) (*session, error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, explain(err)
	}
	ss := &session{conn: sqliteConn{conn}, explain: explain, release: conn.Close}
	if _, err := ss.exec(ctx, "PRAGMA busy_timeout = "+strconv.FormatInt(d.busy.Milliseconds(), 10)); err != nil {
		return nil, errors.Join(err, ss.end(ctx))
	}
	for i, q := range stmts {
		if _, err := ss.exec(ctx, q); err != nil {
			return nil, errors.Join(err, ss.end(ctx))
		}
		ss.open = ss.open || i == 0
	}
	return ss, nil
}

// sqliteError is an error of SQLite in words that carry no value of a row.
type sqliteError struct {
	code int
	text string
	kind error // one of the port's errors, or nil
}

func (e *sqliteError) Error() string { return e.text }
func (e *sqliteError) Unwrap() error { return e.kind }

var namedCheck = regexp.MustCompile(`CHECK constraint failed: \w+ \(`)

// explain translates a driver's error. Only messages that name parts of the
// schema are passed on.
func explain(err error) error {
	var se *driver.Error
	if !errors.As(err, &se) {
		return err
	}
	out := &sqliteError{code: se.Code(), text: driver.ErrorCodeString[se.Code()&0xff]}
	switch se.Code() & 0xff {
	case codes.SQLITE_BUSY, codes.SQLITE_LOCKED:
		out.kind, out.text = connectors.ErrBusy, "the database is "+connectors.ErrBusy.Error()
	case codes.SQLITE_READONLY:
		out.kind, out.text = connectors.ErrReadOnly, connectors.ErrReadOnly.Error()
	case codes.SQLITE_CORRUPT, codes.SQLITE_NOTADB:
		out.text = "the database file is damaged or is no SQLite database"
	case codes.SQLITE_CANTOPEN:
		out.text = "the database file cannot be opened"
	case codes.SQLITE_CONSTRAINT:
		out.kind = connectors.ErrForbidden
		if out.text = schemaWords(se.Error(), "constraint failed", out.text); se.Code() == codes.SQLITE_CONSTRAINT_TRIGGER {
			out.text = "a trigger of the database refuses the change" // in words that may be anybody's
		}
		if se.Code() == codes.SQLITE_CONSTRAINT_CHECK && !namedCheck.MatchString(se.Error()) {
			out.text = "a CHECK constraint failed" // without a name it is spelled out, with the values that it compares with
		}
	case codes.SQLITE_ERROR: // of one table or one trigger of it: the others are tried without it
		out.kind = connectors.ErrForbidden
		for _, start := range []string{"no such", "foreign key mismatch", "malformed database schema"} {
			out.text = schemaWords(se.Error(), start, out.text)
		}
	}
	if out.text == "" {
		out.text = "the database refused the statement"
	}
	return fmt.Errorf("%w (SQLite code %d)", out, se.Code())
}

// schemaWords passes a message on when it has the given words: these speak of
// tables and columns, never of values.
func schemaWords(msg, has, otherwise string) string {
	if strings.Contains(msg, has) {
		return msg
	}
	return otherwise
}

func codeOf(err error) int {
	var se *sqliteError
	if errors.As(err, &se) {
		return se.code
	}
	return 0
}

func needsRecovery(err error) bool {
	c := codeOf(err)
	return c&0xff == codes.SQLITE_READONLY || c&0xff == codes.SQLITE_CANTOPEN
}

func (d *sqlite) refused(err error) bool {
	c := codeOf(err) & 0xff
	return c == codes.SQLITE_CONSTRAINT || c == codes.SQLITE_MISMATCH
}

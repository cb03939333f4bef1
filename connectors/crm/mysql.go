package crm

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"time"

	driver "github.com/go-sql-driver/mysql"

	"github.com/cratio/sutra/connectors"
)

// MySQL returns the connector for a MySQL or MariaDB database. Its URL is a data
// source name of go-sql-driver; beside the driver's parameters it takes those that
// [Postgres] does. It needs a catalog.
func MySQL() connectors.Kind { return mysqlKind("mysql") }

// MariaDB is [MySQL] by another name.
func MariaDB() connectors.Kind { return mysqlKind("mariadb") }

func mysqlKind(name string) connectors.Kind {
	return connectors.Kind{Name: name, Open: func(_ context.Context, c connectors.Config) (connectors.Source, error) {
		d, err := openMySQL(c.URL)
		if err != nil {
			return nil, fmt.Errorf("opening source %s: %w", c.Name, err)
		}
		s := newSource(d, c)
		s.pace, s.region = newPace(d.opts.rate), d.region()
		return s, nil
	}}
}

// mysql is the dialect of MySQL and MariaDB.
type mysql struct {
	host string
	opts options
	db   *sql.DB
	sp   splitter
	zone string // the offset of timestamps without a zone, "" for Indian time

	mu    sync.Mutex
	maria bool
	asked bool // maria is known
	known *schema

	upkeep upkeep // of the statistics of tables
}

func openMySQL(dsn string) (*mysql, error) {
	cfg, err := driver.ParseDSN(dsn)
	if err != nil {
		return nil, errors.New("the url is no MySQL data source name (USER:PASSWORD@tcp(HOST:PORT)/DATABASE?...)")
	}
	if cfg.DBName == "" {
		return nil, errors.New("the url names no database (.../DATABASE)")
	}
	if cfg.Params == nil {
		cfg.Params = map[string]string{}
	}
	d := &mysql{}
	if d.opts, err = takeOptions(cfg.Params); err != nil {
		return nil, err
	}
	if z := d.opts.zone; z != nil {
		var offset [2]string
		for i, month := range []time.Month{time.January, time.July} {
			offset[i] = time.Date(2025, month, 1, 0, 0, 0, 0, z).Format("-07:00")
		}
		if offset[0] != offset[1] {
			return nil, errors.New("sutra_timezone in the url: a zone with summer time does not tell when a timestamp without a zone was")
		}
		d.zone = offset[0]
	}
	cfg.Logger = &driver.NopLogger{}
	cfg.ParseTime, cfg.InterpolateParams, cfg.ClientFoundRows = false, true, true
	if cfg.Timeout == 0 {
		cfg.Timeout = defaultLock
	}
	cfg.Params["time_zone"] = "'+05:30'"
	cfg.Params["sql_mode"] = "'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION,ERROR_FOR_DIVISION_BY_ZERO'"
	cfg.Params["innodb_lock_wait_timeout"] = fmt.Sprint(max(1, int(d.opts.lock/time.Second)))
	conn, err := driver.NewConnector(cfg)
	if err != nil {
		return nil, errors.New("the driver refuses the data source name")
	}
	if d.host, _, err = net.SplitHostPort(cfg.Addr); err != nil {
		d.host = "" // a socket
	}
	d.db = sql.OpenDB(conn)
	d.db.SetMaxOpenConns(d.opts.connections)
	d.db.SetMaxIdleConns(d.opts.connections)
	d.sp.load = d.boundaries
	return d, nil
}

func (d *mysql) close() error { return d.db.Close() }

func (d *mysql) quote(name string) string { return "`" + strings.ReplaceAll(name, "`", "``") + "`" }

// region finds where the server stands by its name, or by what the url says.
func (d *mysql) region() string {
	if d.opts.region != "" {
		return d.opts.region
	}
	return cloudRegion(d.host)
}

// read begins a transaction over the state of now: the servers cannot hand the state
// of one transaction to another, so that the units of a scan are each consistent,
// and what changes between them is read by the next scan.
func (d *mysql) read(ctx context.Context, why purpose) (*session, error) {
	ss, err := d.begin(ctx, "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ", "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")
	if err == nil {
		ss.reuse = why == forUnit
	}
	return ss, err
}

// write begins the transaction of a change. It sees what others committed before
// each statement; the rows of the plan are taken with FOR UPDATE before they are
// looked at, which also keeps other transactions from referring to them.
func (d *mysql) write(ctx context.Context) (*session, error) {
	d.sp.freeze()
	ss, err := d.begin(ctx, "SET TRANSACTION ISOLATION LEVEL READ COMMITTED", "START TRANSACTION")
	if err != nil {
		return nil, err
	}
	ss.lock, ss.returning = " FOR UPDATE", d.maria
	return ss, nil
}

// begin takes a connection and runs the statements that open a transaction.
func (d *mysql) begin(ctx context.Context, stmts ...string) (*session, error) {
	conn, err := d.db.Conn(ctx)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, explainMySQL(err)
	}
	ss := &session{conn: mysqlConn{conn}, explain: explainMySQL, release: func() error {
		if err := conn.Close(); err != nil && !errors.Is(err, sql.ErrConnDone) {
			return err
		}
		return nil
	}}
	limit, err := d.limit(ctx, ss)
	if err != nil {
		return nil, errors.Join(err, ss.end(ctx))
	}
	for _, q := range append([]string{limit}, stmts...) {
		if _, err := ss.exec(ctx, q); err != nil {
			return nil, errors.Join(err, ss.end(ctx))
		}
	}
	ss.open = true
	return ss, nil
}

// limit is the statement that bounds the time of the statements after it; the two
// products have different words for it.
func (d *mysql) limit(ctx context.Context, ss *session) (string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.asked {
		v, err := ss.one(ctx, "SELECT VERSION()")
		if err != nil {
			return "", err
		}
		d.maria, d.asked = strings.Contains(v, "MariaDB"), true
	}
	if d.maria {
		return fmt.Sprintf("SET SESSION max_statement_time = %g", d.opts.statement.Seconds()), nil
	}
	return fmt.Sprintf("SET SESSION max_execution_time = %d", d.opts.statement.Milliseconds()), nil
}

// The numbers of errors that one row causes, and of those that pass.
var (
	rowErrors = map[uint16]bool{1048: true, 1062: true, 1138: true, 1169: true, 1216: true, 1217: true, 1263: true, 1264: true, 1265: true, 1292: true, 1364: true, 1366: true, 1406: true, 1411: true, 1416: true, 1441: true,
		1451: true, 1452: true, 1525: true, 1526: true, 1586: true, 1591: true, 1690: true, 1748: true, 3140: true, 3141: true, 3156: true, 3819: true, 4025: true, 4038: true}
	// tableErrors are of one table, or of what a trigger of it does, as a rule.
	tableErrors = map[uint16]bool{1054: true, 1142: true, 1143: true, 1146: true, 1305: true, 1370: true, 1442: true, 1449: true}
	passErrors  = map[uint16]bool{1040: true, 1053: true, 1077: true, 1152: true, 1158: true, 1159: true, 1160: true, 1161: true, 1205: true, 1213: true, 1317: true, 1927: true, 3572: true}
)

// explainMySQL translates a driver's error. Messages are passed on only of errors
// that speak of the schema or of the server, never of values.
func explainMySQL(err error) error {
	var me *driver.MySQLError
	if !errors.As(err, &me) {
		var se *serverError
		var ne net.Error
		switch {
		case err == nil, errors.As(err, &se), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
			return err
		case errors.As(err, &ne):
			return &serverError{code: "08001", text: "the database server cannot be reached", passes: true}
		case errors.Is(err, driver.ErrInvalidConn), errors.Is(err, sql.ErrConnDone), isBadConn(err):
			return &serverError{code: "08006", text: "the connection to the database server broke", passes: true}
		}
		return &serverError{code: "HY000", text: "the database driver failed"}
	}
	out := &serverError{code: fmt.Sprintf("MySQL %d", me.Number), text: "the database refused the statement", row: rowErrors[me.Number], passes: passErrors[me.Number]}
	if out.row || tableErrors[me.Number] {
		out.kind = connectors.ErrForbidden
	}
	switch me.Number {
	case 1216, 1217, 1451, 1452: // tables and constraints
		out.text = "a foreign key is violated"
	case 1044, 1045, 1049, 1054, 1109, 1142, 1143, 1146, 1227, 1370, 1665, 1021, 1030, 1040, 1114, 1036, 3:
		out.text = me.Message
	case 1205, 1213:
		out.kind, out.text = connectors.ErrBusy, "other transactions were in the way"
	case 1290, 1792, 1836:
		out.kind, out.text = connectors.ErrReadOnly, connectors.ErrReadOnly.Error()
	case 1969, 3024:
		out.text = "the statement took longer than the time that is allowed for it"
	case 1053, 1077, 1317, 1927:
		out.text = "the server ended the statement or the connection"
	case 1644:
		out.kind, out.text = connectors.ErrForbidden, "a trigger or function of the database refuses the change"
	default:
		if out.row {
			out.text = "a value does not fit, or a constraint is violated"
		} else if !out.passes { // the others of the transaction are tried without what it is about
			out.kind = connectors.ErrForbidden
		}
	}
	return out
}

func isBadConn(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || strings.Contains(err.Error(), "bad connection") || strings.Contains(err.Error(), "busy buffer")
}

func (d *mysql) refused(err error) bool { return refusedRow(err) }
func (d *mysql) passing(err error) bool { return passingError(err) }

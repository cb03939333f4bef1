package crm

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgconn/ctxwatch"
	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/cratio/sutra/connectors"
)

// Postgres returns the connector for a PostgreSQL database, version 12 or newer.
// Its URL is one of libpq, as a URL or as words; beside the parameters of libpq it
// takes sutra_connections, sutra_statement_timeout, sutra_lock_timeout,
// sutra_rows_per_second, sutra_timezone and sutra_region. It needs a catalog.
func Postgres() connectors.Kind {
	return connectors.Kind{Name: "postgres", Open: func(_ context.Context, c connectors.Config) (connectors.Source, error) {
		d, err := openPostgres(c.URL)
		if err != nil {
			return nil, fmt.Errorf("opening source %s: %w", c.Name, err)
		}
		d.readers = min(max(c.Workers, 1), d.opts.connections)
		s := newSource(d, c)
		s.pace, s.region = newPace(d.opts.rate), d.region()
		return s, nil
	}}
}

// How long the state of a listing may lie unused before the server gives it up,
// and how often its readers remind the server of it.
const (
	leaderIdle  = 2 * time.Minute
	leaderTouch = 15 * time.Second
)

// readAhead is how much of what the server sent is taken in at a time, in bytes: the
// driver alone asks the system for 8 KiB after 8 KiB.
const readAhead = 128 << 10

// indianTime is the zone in which timestamps are spelled.
const indianTime = "Asia/Kolkata"

// postgres is the dialect of PostgreSQL.
type postgres struct {
	config  *pgconn.Config
	opts    options
	slots   chan struct{} // one for each connection that may be open
	readers int           // how many of them read one table at the same time
	part    int64         // how many blocks of a table are looked at at a time
	places  int           // how many bytes of places of rows are sent back at a time
	sp      splitter

	mu      sync.Mutex
	idle    []*pgconn.PgConn
	leader  *leader
	version string // of the schema below
	known   *schema
	stateOf string // the shared state in which it was read last, or ""
	marks   marks
	spelled map[int64]bool // tables with timestamps that only the server can spell

	upkeep upkeep // of tables with dead rows of our own
}

// leader is the transaction whose state the readers of a listing share.
type leader struct {
	c       *pgconn.PgConn
	id      string // of the exported snapshot
	touched time.Time
}

func openPostgres(url string) (*postgres, error) {
	cfg, err := pgconn.ParseConfig(url)
	if err != nil {
		return nil, errors.New("the url is no PostgreSQL URL (postgres://USER@HOST:PORT/DATABASE?...)")
	}
	opts, err := takeOptions(cfg.RuntimeParams)
	if err != nil {
		return nil, err
	}
	set := func(k, v string) { cfg.RuntimeParams[k] = v }
	set("application_name", "sutra")
	set("client_encoding", "UTF8")
	set("DateStyle", "ISO, YMD")
	set("IntervalStyle", "postgres")
	set("TimeZone", indianTime)
	set("bytea_output", "hex")
	set("standard_conforming_strings", "on")
	set("extra_float_digits", "1")
	set("row_security", "off") // a policy that hides rows is an error, not fewer rows
	set("statement_timeout", fmt.Sprint(opts.statement.Milliseconds()))
	set("lock_timeout", fmt.Sprint(opts.lock.Milliseconds()))
	cfg.BuildFrontend = func(r io.Reader, w io.Writer) *pgproto3.Frontend {
		return pgproto3.NewFrontend(bufio.NewReaderSize(r, readAhead), w)
	}
	cfg.BuildContextWatcherHandler = func(c *pgconn.PgConn) ctxwatch.Handler {
		return &pgconn.CancelRequestContextWatcherHandler{Conn: c, DeadlineDelay: time.Second}
	}
	d := &postgres{config: cfg, opts: opts, slots: make(chan struct{}, opts.connections), part: partBlocks, places: placesBytes}
	d.sp.load = d.boundaries
	return d, nil
}

func (d *postgres) quote(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// take opens a connection, or uses one again.
func (d *postgres) take(ctx context.Context) (c *pgconn.PgConn, again bool, err error) {
	select {
	case d.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, false, ctx.Err()
	}
	d.mu.Lock()
	if n := len(d.idle); n > 0 {
		c, d.idle = d.idle[n-1], d.idle[:n-1]
	}
	d.mu.Unlock()
	if c != nil {
		return c, true, nil
	}
	if c, err = pgconn.ConnectConfig(ctx, d.config); err != nil {
		<-d.slots
		if ctx.Err() != nil {
			return nil, false, ctx.Err()
		}
		return nil, false, explainPostgres(err)
	}
	return c, false, nil
}

// give gives a connection back; one that is in a transaction or broken is closed.
func (d *postgres) give(c *pgconn.PgConn) {
	if c.IsClosed() || c.TxStatus() != 'I' {
		d.discard(c)
	} else {
		d.mu.Lock()
		d.idle = append(d.idle, c)
		d.mu.Unlock()
	}
	<-d.slots
}

// discard closes a connection. What goes wrong then does not matter: nothing on it
// is waited for.
func (d *postgres) discard(c *pgconn.PgConn) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if err := c.Close(ctx); err != nil {
		<-c.CleanupDone()
		return
	}
	<-c.CleanupDone()
}

func (d *postgres) close() error {
	d.forget()
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, c := range d.idle {
		d.discard(c)
	}
	d.idle = nil
	return nil
}

// forget gives up the state of the last listing.
func (d *postgres) forget() {
	d.mu.Lock()
	l := d.leader
	d.leader, d.stateOf, d.marks = nil, "", marks{} // a server that was started anew may give the same name again
	d.mu.Unlock()
	if l != nil {
		d.discard(l.c)
		<-d.slots
	}
}

const beginReading = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"

// readingIn begins a transaction that sees a shared state: one message for both.
func readingIn(state string) string {
	return beginReading + "; SET TRANSACTION SNAPSHOT '" + state + "'"
}

func (d *postgres) read(ctx context.Context, why purpose) (*session, error) {
	if why == forListing {
		d.forget()
	}
	if why == forUnit {
		if id := d.shared(ctx); id != "" {
			ss, err := d.begin(ctx, readingIn(id))
			if err == nil {
				ss.state = id
				return ss, nil
			}
			if ctx.Err() != nil || passingError(err) {
				return nil, err
			}
			d.forget() // the server gave it up: the present state serves too
		}
	}
	ss, err := d.begin(ctx, beginReading)
	if err == nil && why == forListing && d.opts.connections > 1 {
		return d.lead(ctx, ss)
	}
	return ss, err
}

// begin takes a connection and runs the statements that open a transaction.
func (d *postgres) begin(ctx context.Context, stmts ...string) (*session, error) {
	for {
		c, again, err := d.take(ctx)
		if err != nil {
			return nil, err
		}
		ss := &session{conn: pgSession{c}, explain: explainPostgres, nested: true, release: func() error { d.give(c); return nil }}
		for _, q := range stmts {
			if _, err = ss.exec(ctx, q); err != nil {
				break
			}
			ss.open = true
		}
		if err == nil {
			return ss, nil
		}
		err = errors.Join(err, ss.end(ctx))
		if !again || !passingError(err) { // a connection that lay idle may have been closed by the server
			return nil, err
		}
	}
}

// lead makes a listing's transaction the one whose state its readers share. A server
// that cannot export a snapshot (some standbys) has none.
func (d *postgres) lead(ctx context.Context, ss *session) (*session, error) {
	id, err := ss.one(ctx, "SELECT pg_export_snapshot()")
	if err == nil {
		_, err = ss.exec(ctx, fmt.Sprintf("SET LOCAL idle_in_transaction_session_timeout = %d", leaderIdle.Milliseconds()))
	}
	if err != nil {
		if eerr := ss.end(ctx); eerr != nil || ctx.Err() != nil {
			return nil, errors.Join(err, eerr)
		}
		return d.begin(ctx, beginReading)
	}
	c := ss.conn.(pgSession).c
	ss.open, ss.state = false, id
	ss.release = func() error {
		if c.IsClosed() || c.TxStatus() != 'T' {
			d.give(c)
			return nil
		}
		d.forget()
		d.mu.Lock()
		d.leader = &leader{c: c, id: id, touched: time.Now()}
		d.mu.Unlock()
		return nil
	}
	return ss, nil
}

// shared returns the snapshot of the last listing, "" when there is none.
func (d *postgres) shared(ctx context.Context) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	l := d.leader
	if l == nil {
		return ""
	}
	if time.Since(l.touched) > leaderTouch {
		if _, err := (pgSession{l.c}).exec(ctx, "SELECT 1", nil); err != nil {
			d.leader = nil
			d.discard(l.c)
			<-d.slots
			return ""
		}
		l.touched = time.Now()
	}
	return l.id
}

// write begins the transaction of a change. It sees what others committed before
// each statement; the rows of the plan are taken with FOR UPDATE before they are
// looked at, which also keeps other transactions from referring to them.
func (d *postgres) write(ctx context.Context) (*session, error) {
	d.forget()
	d.sp.freeze()
	ss, err := d.begin(ctx, "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE")
	if err != nil {
		return nil, err
	}
	ss.lock, ss.returning = " FOR UPDATE", true
	if v, err := ss.one(ctx, "SHOW transaction_read_only"); err != nil || v == "on" {
		if err == nil {
			err = fmt.Errorf("%w: a standby, or default_transaction_read_only is set", connectors.ErrReadOnly)
		}
		return nil, errors.Join(err, ss.end(ctx))
	}
	return ss, nil
}

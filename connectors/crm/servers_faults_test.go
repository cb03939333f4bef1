package crm

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/cratio/sutra/connectors"
)

// kill ends the connections of sutra to the fixture's database.
func (f *fixture) kill() {
	f.t.Helper()
	if f.kind == "postgres" {
		f.rows("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'sutra' AND datname = current_database()")
		return
	}
	conn, err := f.db.Conn(context.Background())
	if err != nil {
		f.t.Fatal(err)
	}
	var ids []string
	rows, err := conn.QueryContext(context.Background(), "SELECT id FROM information_schema.processlist WHERE db = database() AND id <> connection_id()")
	if err != nil {
		f.t.Fatal(err)
	}
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			f.t.Fatal(err)
		}
		ids = append(ids, id)
	}
	if err := rows.Err(); err != nil {
		f.t.Fatal(err)
	}
	for _, id := range ids {
		// One that ended in the meantime is not there any more.
		if _, err := conn.ExecContext(context.Background(), "KILL "+id); err != nil && !strings.Contains(err.Error(), "1094") {
			f.t.Fatal(err)
		}
	}
	if err := conn.Close(); err != nil {
		f.t.Fatal(err)
	}
}

// A connection that ends in the middle of a unit is an error, never fewer rows; the
// next reading works.
func TestServerKilledWhileReading(t *testing.T) {
	onServers(t, func(t *testing.T, kind string) {
		f := serverFixture(t, kind, "t: id! v~", "CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT);\nINSERT INTO t SELECT i, repeat('x', 5000) FROM "+series(kind, 9000))
		u := f.units()[0]
		rows, batches := 0, 0
		var last error
		for b, err := range f.src.Read(context.Background(), u) {
			if last = err; err != nil {
				break
			}
			if batches++; batches == 1 {
				f.kill()
			}
			rows += int(b.Rows.NumRows())
		}
		if last == nil || rows >= 9000 {
			t.Errorf("%d rows, %v", rows, last)
		}
		if n := len(f.readAll()); n != 9000 {
			t.Errorf("%d rows afterwards", n)
		}
	})
}

// A connection that ends in the middle of a change is made good by trying again.
func TestServerKilledWhileErasing(t *testing.T) {
	onServers(t, func(t *testing.T, kind string) {
		f := serverFixture(t, kind, "t: id! v~\nc: id! t v~", `CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT);
			CREATE TABLE c (id INTEGER PRIMARY KEY, t INTEGER, v TEXT, FOREIGN KEY (t) REFERENCES t(id));
			INSERT INTO t SELECT i, 'v' FROM `+series(kind, 100)+`;
			INSERT INTO c SELECT i, i, 'v' FROM `+series(kind, 100))
		w := []connectors.UnitEdits{work("t[1,10001)", del("pk=1", "pk=2", "pk=3")...), work("c[1,10001)", append(del("pk=1", "pk=2"), emptyFields("pk=4", "v"))...)}
		var once sync.Once
		w[1].Edits[2].Check = func(map[string]string) error { once.Do(f.kill); return nil }
		_, out, err := f.src.EraseAll(context.Background(), w)
		if err != nil || out[0].Deleted != 2 || out[0].Shells != 1 || out[1].Deleted != 2 || out[1].Redacted != 1 {
			t.Errorf("%+v, %v", out, err)
		}
		if got := f.rows("SELECT (SELECT count(*) FROM t), (SELECT count(*) FROM c), (SELECT count(v) FROM t), (SELECT count(v) FROM c)"); got[0] != "98|98|97|97" {
			t.Error(got)
		}
	})
}

// While rows are redacted and deleted, two other sessions count in the same rows: no
// step of theirs is lost.
func TestServerNoLostUpdate(t *testing.T) {
	onServers(t, func(t *testing.T, kind string) {
		const rows = 60
		f := serverFixture(t, kind, "t: id! name~ n", "CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT, n INTEGER NOT NULL);\nINSERT INTO t SELECT i, concat('person ', i), 0 FROM "+series(kind, rows))
		var steps [rows + 1]atomic.Int64
		var done atomic.Bool
		var g errgroup.Group
		for range 2 {
			g.Go(func() error {
				for i := 0; !done.Load(); i++ {
					id := i%rows + 1
					r, err := f.db.Exec(fmt.Sprintf("UPDATE t SET n = n + 1 WHERE id = %d", id))
					if err != nil {
						return err
					}
					n, err := r.RowsAffected()
					if err != nil {
						return err
					}
					steps[id].Add(n)
				}
				return nil
			})
		}
		for id := 1; id <= rows; id += 3 {
			w := work("t[1,10001)", append(del(fmt.Sprintf("pk=%d", id+2)), emptyFields(fmt.Sprintf("pk=%d", id), "name"))...)
			if _, _, err := f.src.EraseAll(context.Background(), []connectors.UnitEdits{w}); err != nil {
				t.Error(err)
			}
		}
		done.Store(true)
		if err := g.Wait(); err != nil {
			t.Fatal(err)
		}
		got := f.rows("SELECT id, coalesce(name, '-'), n FROM t ORDER BY id")
		var want []string
		for id := 1; id <= rows; id++ {
			switch id % 3 {
			case 1:
				want = append(want, fmt.Sprintf("%d|-|%d", id, steps[id].Load()))
			case 2:
				want = append(want, fmt.Sprintf("%d|person %d|%d", id, id, steps[id].Load()))
			}
		}
		if strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	})
}

// Rows that others add under rows that are being deleted are never carried away by a
// rule of the foreign key.
func TestServerNoCascadeToNewRows(t *testing.T) {
	onServers(t, func(t *testing.T, kind string) {
		const rows = 20
		f := serverFixture(t, kind, "p: id! name~\nc: id! p v~", `CREATE TABLE p (id INTEGER PRIMARY KEY, name TEXT);
			CREATE TABLE c (id INTEGER PRIMARY KEY, p INTEGER, v TEXT, FOREIGN KEY (p) REFERENCES p(id) ON DELETE CASCADE);
			INSERT INTO p SELECT i, concat('person ', i) FROM `+series(kind, rows))
		slow := []string{`CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.03); RETURN OLD; END $$`, "CREATE TRIGGER s BEFORE DELETE ON p FOR EACH ROW EXECUTE FUNCTION slow()"}
		running := "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'DELETE FROM%' AND datname = current_database()"
		if kind == "mysql" {
			slow = []string{"CREATE TRIGGER s BEFORE DELETE ON p FOR EACH ROW DO SLEEP(0.03)"}
			running = "SELECT count(*) FROM information_schema.processlist WHERE db = database() AND id <> connection_id() AND (info LIKE 'DELETE FROM%' OR info LIKE '%SLEEP%')"
		}
		for _, q := range slow {
			f.exec(q)
		}
		var locs []string
		for id := 1; id <= rows; id++ {
			locs = append(locs, fmt.Sprintf("pk=%d", id))
		}
		var g errgroup.Group
		var added atomic.Int64
		var done atomic.Bool
		g.Go(func() error {
			for n := ""; n != "1"; {
				if done.Load() {
					return errors.New("the deletion was over before anything was added")
				}
				if err := f.db.QueryRow(running).Scan(&n); err != nil {
					return err
				}
			}
			for id := rows; id > 0; id-- {
				if _, err := f.db.Exec(fmt.Sprintf("INSERT INTO c VALUES (%d, %d, 'new')", id, id)); err == nil {
					added.Add(1) // it fails when the row it refers to is gone
				}
			}
			return nil
		})
		_, out, err := f.src.EraseAll(context.Background(), []connectors.UnitEdits{work("p[1,10001)", del(locs...)...)})
		done.Store(true)
		if err := errors.Join(err, g.Wait()); err != nil {
			t.Fatal(err)
		}
		if got := f.rows("SELECT (SELECT count(*) FROM c), (SELECT count(*) FROM p)"); got[0] != fmt.Sprintf("%d|%d", added.Load(), rows-out[0].Deleted) {
			t.Errorf("%d rows were added and %d deleted; there are %v", added.Load(), out[0].Deleted, got)
		}
	})
}

// Rows that another transaction holds are waited for, and the change is tried again.
func TestServerWaitsForLocks(t *testing.T) {
	onServers(t, func(t *testing.T, kind string) {
		f := serverFixture(t, kind, "t: id! v~", "CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT);\nINSERT INTO t VALUES (1,'a'),(2,'b')")
		hold := func() *sql.Tx {
			tx, err := f.db.Begin()
			if err != nil {
				t.Fatal(err)
			}
			if _, err := tx.Exec("UPDATE t SET v = 'held' WHERE id = 1"); err != nil {
				t.Fatal(err)
			}
			return tx
		}
		impatient := f.open("t: id! v~", "sutra_lock_timeout=200ms")
		tx := hold()
		var g errgroup.Group
		g.Go(func() error {
			_, out, err := impatient.EraseAll(context.Background(), []connectors.UnitEdits{work("t[1,10001)", del("pk=1")...)})
			if err == nil && out[0].Deleted != 1 {
				err = fmt.Errorf("%+v", out)
			}
			return err
		})
		time.Sleep(300 * time.Millisecond) // so that it has to wait; the test holds without, too
		if err := errors.Join(tx.Commit(), g.Wait()); err != nil {
			t.Error(err)
		}
		if got := f.rows("SELECT id FROM t"); len(got) != 1 || got[0] != "2" {
			t.Error(got)
		}
	})
}

// A table that is locked for long ends the reading with a reason.
func TestServerStatementTimeout(t *testing.T) {
	onServers(t, func(t *testing.T, kind string) {
		f := serverFixture(t, kind, "t: id! v~", "CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT);\nINSERT INTO t VALUES (1,'a')")
		hasty := f.open("t: id! v~", "sutra_statement_timeout=300ms")
		conn, err := f.db.Conn(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		lock := []string{"BEGIN", "LOCK TABLE t IN ACCESS EXCLUSIVE MODE"}
		free := "ROLLBACK"
		if kind == "mysql" {
			lock, free = []string{"LOCK TABLES t WRITE"}, "UNLOCK TABLES"
		}
		for _, q := range lock {
			if _, err := conn.ExecContext(context.Background(), q); err != nil {
				t.Fatal(err)
			}
		}
		_, _, _, err = f.collect(hasty.Read(context.Background(), connectors.Unit{Key: "t[1,10001)"}))
		if err == nil || !strings.Contains(err.Error(), "longer than the time that is allowed") {
			t.Errorf("%v", err)
		}
		if _, err := conn.ExecContext(context.Background(), free); err != nil {
			t.Fatal(err)
		}
		if err := conn.Close(); err != nil {
			t.Fatal(err)
		}
		if _, recs, _, err := f.collect(hasty.Read(context.Background(), connectors.Unit{Key: "t[1,10001)"})); err != nil || len(recs) != 1 {
			t.Errorf("afterwards: %d rows, %v", len(recs), err)
		}
	})
}

// No error shows a value, a password or a query.
func TestServerErrorsArePrivate(t *testing.T) {
	onServers(t, func(t *testing.T, kind string) {
		raise := `CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'not %', OLD.v; END $$`
		trigger := "CREATE TRIGGER t1 BEFORE DELETE ON t FOR EACH ROW EXECUTE FUNCTION no()"
		if kind == "mysql" {
			raise, trigger = "SELECT 1", "CREATE TRIGGER t1 BEFORE DELETE ON t FOR EACH ROW SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'not Asha'"
		}
		f := serverFixture(t, kind, "t: id! v~", "CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT)")
		for _, q := range []string{raise, trigger, "INSERT INTO t VALUES (1,'Asha')"} {
			f.exec(q)
		}
		_, _, err := f.src.EraseAll(context.Background(), []connectors.UnitEdits{work("t[1,10001)", del("pk=1")...)})
		if !errors.Is(err, connectors.ErrForbidden) || strings.Contains(err.Error(), "Asha") || !strings.Contains(err.Error(), "trigger") {
			t.Errorf("%v", err)
		}
		k, bad := Postgres(), strings.Replace(f.dsn, "sutra@", "sutra:geheim@", 1)
		bad = strings.Replace(bad, "postgres?", "nowhere?", 1)
		if kind == "mysql" {
			k, bad = MySQL(), strings.Replace(f.dsn, "root@", "nobody:geheim@", 1)
		}
		for _, url := range []string{bad, "%zz:geheim@@@"} {
			src, err := k.Open(context.Background(), connectors.Config{Name: "crm", URL: url, Dataset: catalog("t: id!")})
			if err == nil {
				for _, e := range src.Units(context.Background()) {
					err = e
				}
				err = errors.Join(err, src.Close())
			}
			if url != f.dsn && err != nil && strings.Contains(err.Error(), "geheim") {
				t.Errorf("%v", err)
			}
		}
	})
}

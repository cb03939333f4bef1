package crm

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/connectortest/server"
)

// follower keeps what it knows of one unit up to date as a scan does: from the records
// that changed where they are told and prove to be all, else by reading the unit whole.
type follower struct {
	*fixture
	unit string
	recs map[string]record
	mark string
}

// take adds what the batches bring, and returns the number of records that the source
// says there are, and of those that it brought.
func (f *follower) take(batches func(func(connectors.Batch, error) bool)) (records, brought int, err error) {
	for b, err := range batches {
		if err != nil {
			return 0, 0, err
		}
		f.mark = b.Mark
		if b.Rows == nil {
			records = b.Records
			continue
		}
		_, recs, _, err := f.collect(func(yield func(connectors.Batch, error) bool) { yield(b, nil) })
		if err != nil {
			return 0, 0, err
		}
		brought += len(recs)
		maps.Copy(f.recs, recs)
	}
	return records, brought, nil
}

// whole reads the unit whole.
func (f *follower) whole(u connectors.Unit) {
	f.t.Helper()
	f.recs = map[string]record{}
	if _, _, err := f.take(f.src.Read(context.Background(), u)); err != nil {
		f.t.Fatal(err)
	}
}

// follow brings the records up to date and says how: "1 changed", "some are gone" or
// "cannot tell". They must be what reading the unit whole gives.
func (f *follower) follow() (how string) {
	f.t.Helper()
	var u connectors.Unit
	for _, x := range f.units() {
		if x.Key == f.unit {
			u = x
		}
	}
	records, n, err := f.take(f.src.Diff(context.Background(), u, f.mark))
	switch {
	case errors.Is(err, connectors.ErrWhole):
		how = "cannot tell"
	case err != nil:
		f.t.Fatal(err)
	case records != len(f.recs): // what was known and what is new
		how = "some are gone"
	default:
		how = fmt.Sprint(n, " changed")
		patched := f.recs
		f.whole(connectors.Unit{Key: f.unit})
		if d := cmp.Diff(f.recs, patched); d != "" {
			f.t.Errorf("after %s: %s", how, d)
		}
		return how
	}
	f.whole(u)
	return how
}

const diffTable = "CREATE TABLE t (id BIGINT PRIMARY KEY, phone TEXT, n INTEGER); INSERT INTO t SELECT i, '+9198765' || lpad(i::text, 5, '0'), i FROM generate_series(1, 200) AS i; "

func newFollower(t *testing.T, more string) *follower {
	f := &follower{fixture: serverFixture(t, "postgres", "t: id! phone@phone n", diffTable+more), unit: "t[1,10001)"}
	f.whole(connectors.Unit{Key: f.unit})
	return f
}

func TestPostgresTellsWhatChanged(t *testing.T) {
	f := newFollower(t, "CREATE TABLE other AS SELECT * FROM t; ALTER TABLE other ADD PRIMARY KEY (id); UPDATE other SET phone = '+919000000000' WHERE id = 9")
	for _, step := range []struct{ what, sql, how string }{
		{"nothing", "SELECT 1", "0 changed"},
		{"an insert", "INSERT INTO t VALUES (500, '+919876599999', 1)", "1 changed"},
		{"an update", "UPDATE t SET phone = '+919876588888' WHERE id = 7", "1 changed"},
		{"many updates", "UPDATE t SET n = n + 1 WHERE id % 10 = 0", "21 changed"},
		{"an update of nothing", "UPDATE t SET n = n WHERE id = 3", "1 changed"},
		{"a delete", "DELETE FROM t WHERE id = 20", "some are gone"},
		{"a delete and an insert of another row", "DELETE FROM t WHERE id = 21; INSERT INTO t VALUES (501, '+919876577777', 1)", "some are gone"},
		{"a delete and an insert of the same key", "DELETE FROM t WHERE id = 22; INSERT INTO t VALUES (22, '+919876566666', 1)", "1 changed"},
		{"another key", "UPDATE t SET id = 502 WHERE id = 23", "some are gone"},
		{"swapped keys", "UPDATE t SET id = 9999 WHERE id = 24; UPDATE t SET id = 24 WHERE id = 25; UPDATE t SET id = 25 WHERE id = 9999", "2 changed"},
		{"a rollback", "BEGIN; UPDATE t SET phone = NULL; INSERT INTO t VALUES (503, NULL, 1); ROLLBACK", "0 changed"},
		{"a part that is rolled back", "BEGIN; UPDATE t SET n = 5 WHERE id = 30; SAVEPOINT s; UPDATE t SET n = 6 WHERE id = 31; ROLLBACK TO s; UPDATE t SET n = 7 WHERE id = 32; COMMIT", "2 changed"},
		{"a freeze", "VACUUM FREEZE t", "0 changed"},
		{"a change after it", "UPDATE t SET n = 8 WHERE id = 33", "1 changed"},
		{"a lock", "BEGIN; SELECT * FROM t FOR UPDATE; COMMIT", "0 changed"},
		{"a rewrite", "VACUUM FULL t", "cannot tell"},
		{"the table emptied and filled", "CREATE TEMP TABLE keep AS SELECT * FROM t; TRUNCATE t; INSERT INTO t SELECT * FROM keep", "cannot tell"},
		{"another table in its place", "ALTER TABLE t RENAME TO old; ALTER TABLE other RENAME TO t", "cannot tell"},
		{"a column that rows do not hold", "ALTER TABLE t ADD COLUMN email TEXT DEFAULT 'a@example.in'", "cannot tell"},
		{"the column once more", "ALTER TABLE t DROP COLUMN email; ALTER TABLE t ADD COLUMN email TEXT DEFAULT 'b@example.in'", "cannot tell"},
		{"a child", "CREATE TABLE child () INHERITS (t); INSERT INTO child VALUES (600, '+919876555555', 1)", "cannot tell"},
		{"a child that has to be watched", "UPDATE child SET n = 2", "cannot tell"},
	} {
		f.src.d.(*postgres).forget() // the state of the listing keeps a lock on the table
		f.exec(step.sql)
		if how := f.follow(); how != step.how {
			t.Errorf("%s: %s, want %s", step.what, how, step.how)
		}
	}
}

// TestPostgresLateCommit: a transaction that was open when the unit was read, and is
// older than rows that were read, is not overlooked when it commits.
func TestPostgresLateCommit(t *testing.T) {
	f := newFollower(t, "")
	ctx := context.Background()
	c, err := pgx.Connect(ctx, f.dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(ctx)
	do := func(q string) {
		t.Helper()
		if _, err := c.Exec(ctx, q); err != nil {
			t.Fatal(err)
		}
	}
	do("BEGIN; UPDATE t SET phone = '+919000000001' WHERE id = 5; INSERT INTO t VALUES (700, '+919000000002', 1)")
	for i := range 5 {
		f.exec(fmt.Sprintf("UPDATE t SET n = 0 WHERE id = %d", 10+i))
	}
	if how := f.follow(); how != "5 changed" {
		t.Error(how)
	}
	f.exec("UPDATE t SET n = 1 WHERE id = 20")
	if how := f.follow(); how != "6 changed" { // the five are read again as long as it is open
		t.Error(how)
	}
	do("COMMIT")
	if how := f.follow(); how != "8 changed" || f.recs["pk=5"]["phone"] != "+919000000001" || f.recs["pk=700"] == nil {
		t.Error(how, f.recs["pk=5"], f.recs["pk=700"])
	}
	if how := f.follow(); how != "0 changed" {
		t.Error(how)
	}
}

// TestPostgresForgetsAtAStart: a server that recovered from a crash may give numbers
// again, those of commits that did not reach the disk. So what rows go by is not compared
// with what it was before either: other rows may bear the same numbers.
func TestPostgresForgetsAtAStart(t *testing.T) {
	ctx := context.Background()
	p, err := server.StartPostgres(ctx, "", "fsync=off")
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := p.Stop(); err != nil {
			t.Error(err)
		}
	}()
	c, err := pgx.Connect(ctx, p.DSN("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Exec(ctx, diffTable); err != nil {
		t.Fatal(err)
	}
	known := func() (string, error) {
		src, err := Postgres().Open(ctx, connectors.Config{Name: "crm", URL: p.DSN("postgres"), Dataset: catalog("t: id! phone@phone n")})
		if err != nil {
			t.Fatal(err)
		}
		defer src.Close()
		for b, err := range src.Read(ctx, connectors.Unit{Key: "t[1,10001)"}) {
			return b.Mark, err
		}
		return "", connectors.ErrNotFound
	}
	listed := func() (fingerprint string) {
		src, err := Postgres().Open(ctx, connectors.Config{Name: "crm", URL: p.DSN("postgres"), Dataset: catalog("t: id! phone@phone n")})
		if err != nil {
			t.Fatal(err)
		}
		defer src.Close()
		for u, err := range src.Units(ctx) {
			if err != nil {
				t.Error(err)
			}
			fingerprint += u.Key + u.Fingerprint
		}
		return fingerprint
	}
	was := listed()
	if now := listed(); was == "" || now != was {
		t.Errorf("listed as %q, then as %q", was, now)
	}
	before, err := known()
	again, err2 := known()
	if err != nil || err2 != nil || before != again || before == "" {
		t.Fatalf("%q, then %q (%v, %v)", before, again, err, err2)
	}
	var pid int
	if err := c.QueryRow(ctx, "SELECT pg_backend_pid()").Scan(&pid); err != nil {
		t.Fatal(err)
	}
	kill(t, pid)
	if err := c.Ping(ctx); err == nil {
		t.Fatal("the server did not notice")
	}
	var after string
	for range 600 { // until it has noticed and recovered
		if after, err = known(); err == nil && after != before {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	a, okA := parseMark(before)
	b, okB := parseMark(after)
	if b.next = b.open; err != nil || !okA || !okB || b.follows(a) {
		t.Errorf("%q follows %q after a crash (%v)", after, before, err)
	}
	if now := listed(); now == was {
		t.Error("the rows go by the same numbers after a crash")
	}
}

func TestMarks(t *testing.T) {
	for _, m := range []mark{{history: "ab", open: 0}, {history: "ab", open: math.MaxUint64}, {history: "ab", open: 1 << 33}} {
		if got, ok := parseMark(m.String()); !ok || got != m {
			t.Errorf("%+v comes back as %+v", m, got)
		}
	}
	for _, text := range []string{"", "x1", "x1 5", "x1 5 ", "x2 5 ab", "x1 -5 ab", "x1 5 ab cd"} {
		if m, ok := parseMark(text); ok {
			t.Errorf("%q is read as %+v", text, m)
		}
	}
	if s := (mark{open: 5}).String(); s != "" {
		t.Errorf("no history is spelled %q", s)
	}
	const turn = 1 << 32
	for _, c := range []struct {
		from, open, next uint64
		follows          bool
	}{
		{1000, 1000, 1000, true},
		{1000, 1001, 1500, true},
		{1000, 999, 1500, false},  // backwards
		{1000, 1600, 1500, false}, // nonsense
		{1000, 1000 + farthest - 1, 1000 + farthest - 1, true},
		{1000, 1000 + farthest - 1, 1000 + farthest, false},
		{turn - 10, turn + 10, turn + 20, true}, // the 32 bits wrapped
		{turn - 10, turn - 5, turn + turn, false},
		{3*turn + 5, 4*turn + 4, 4*turn + 4, false},
	} {
		from, to := mark{history: "h", open: c.from, next: c.from}, mark{history: "h", open: c.open, next: c.next}
		if to.follows(from) != c.follows {
			t.Errorf("%+v: %v", c, !c.follows)
		}
		if to.history = "other"; to.follows(from) {
			t.Errorf("%+v: another history", c)
		}
		if to.history, from.history = "", ""; to.follows(from) {
			t.Errorf("%+v: no history", c)
		}
	}
	if got := (&postgres{}).changed(mark{open: turn + 77}); got != "age(xmin) <= (SELECT age('77'::xid))" {
		t.Error(got)
	}
}

// TestPostgresTellsOfOtherKeys: ranges of keys that are no single number are told of
// too, and rows that nothing tells apart are not.
func TestPostgresTellsOfOtherKeys(t *testing.T) {
	f := serverFixture(t, "postgres", "c: a! b! v~\nk: v~", `CREATE TABLE c (a TEXT, b INTEGER, v TEXT, PRIMARY KEY (a, b));
		INSERT INTO c SELECT md5(i::text), i, 'v' FROM generate_series(1, 60000) AS i;
		CREATE TABLE k (v TEXT); INSERT INTO k VALUES ('x'), ('x')`)
	units := f.units()
	if len(units) < 3 {
		t.Fatalf("%d units", len(units))
	}
	var all []*follower
	for _, u := range units {
		x := &follower{fixture: f, unit: u.Key}
		x.whole(connectors.Unit{Key: u.Key})
		all = append(all, x)
	}
	f.exec("UPDATE c SET v = 'w' WHERE b % 3000 = 1; UPDATE k SET v = 'y'")
	for _, x := range all {
		if how := x.follow(); (how == "cannot tell") != (x.unit == "k[,)") {
			t.Errorf("%s: %s", x.unit, how)
		}
	}
}

package crm

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cratio/sutra/connectors"
)

// nights keeps what it knows of a table up to date as scans do, night after night.
type nights struct {
	*fixture
	cat   string
	src   *source
	known map[string]*nightUnit
	slow  bool // to find out which records are held takes long
	bare  bool // there is no room for rows that come with a listing
}

// nightUnit is what is known of one unit.
type nightUnit struct {
	fingerprint, mark string
	recs              map[string]record
}

// night is how a night went, in units; brought counts the rows that the source gave.
type night struct{ same, patched, whole, brought int }

const nightTable = `CREATE TABLE t (id BIGINT PRIMARY KEY, phone TEXT, n INTEGER);
	INSERT INTO t SELECT i, '+919' || lpad(i::text, 9, '0'), i FROM generate_series(-3, 45000) AS i`

func newNights(t *testing.T, ddl, cat string) *nights {
	f := &nights{fixture: serverFixture(t, "postgres", cat, ddl), cat: cat, known: map[string]*nightUnit{}}
	f.begin()
	if got := f.pass(true); got.whole != len(f.known) || got.whole < 5 {
		t.Fatalf("the first night: %+v", got)
	}
	return f
}

// begin opens the source anew, with several readers for small tables.
func (f *nights) begin() {
	f.src = f.open(f.cat, "")
	d := f.src.d.(*postgres)
	d.readers, d.part, d.places, f.src.readers = 3, 16, 150, 2 // some parts have more rows that changed, some fewer
}

// expect tells the source what is known.
func (f *nights) expect() {
	known := func(yield func(connectors.Known) bool) {
		for key, u := range f.known {
			if !yield(connectors.Known{Key: key, Fingerprint: u.fingerprint, Mark: u.mark, Records: len(u.recs)}) {
				return
			}
		}
	}
	f.src.Expect(known, func(key string, locators []string) (n int, ok bool, err error) {
		for _, l := range locators {
			if f.known[key].recs[l] != nil {
				n++
			}
		}
		return n, !f.slow, nil
	})
	if x := f.src.expected["t"]; f.bare && x != nil {
		x.room.Store(0)
	}
}

// pass is one night. The source is told what it will be asked for, or not.
func (f *nights) pass(told bool) (got night) {
	f.t.Helper()
	ctx := context.Background()
	if told {
		f.expect()
	}
	there := map[string]bool{}
	for u, err := range f.src.Units(ctx) {
		if err != nil {
			f.t.Fatal(err)
		}
		there[u.Key] = true
		k := f.known[u.Key]
		if k != nil && k.fingerprint == u.Fingerprint {
			got.same++
			if m := f.src.Seen(u); m != "" {
				k.mark = m
			}
			continue
		}
		n, patched := 0, false
		if k != nil {
			next, records := maps.Clone(k.recs), 0
			mark := ""
			n, err = f.take(f.src.Diff(ctx, u, k.mark), next, &mark, &records)
			if err != nil && !errors.Is(err, connectors.ErrWhole) {
				f.t.Fatal(err)
			}
			if patched = err == nil && records == len(next); patched {
				f.known[u.Key] = &nightUnit{u.Fingerprint, mark, next}
			}
		}
		if patched {
			got.patched, got.brought = got.patched+1, got.brought+n
			continue
		}
		k = &nightUnit{fingerprint: u.Fingerprint, recs: map[string]record{}}
		if n, err = f.take(f.src.Read(ctx, u), k.recs, &k.mark, new(int)); err != nil {
			f.t.Fatal(err)
		}
		f.known[u.Key] = k
		got.whole, got.brought = got.whole+1, got.brought+n
	}
	maps.DeleteFunc(f.known, func(key string, _ *nightUnit) bool { return !there[key] })
	return got
}

// take adds what batches bring, and counts it.
func (f *nights) take(batches func(func(connectors.Batch, error) bool), into map[string]record, mark *string, records *int) (n int, err error) {
	for b, err := range batches {
		if err != nil {
			return n, err
		}
		*mark = b.Mark
		if b.Rows == nil {
			*records = b.Records
			continue
		}
		_, recs, _, err := f.collect(func(yield func(connectors.Batch, error) bool) { yield(b, nil) })
		if err != nil {
			return n, err
		}
		n += len(recs)
		maps.Copy(into, recs)
	}
	return n, nil
}

// check compares all that is known with the table.
func (f *nights) check(what string) {
	f.t.Helper()
	got := map[string]record{}
	for _, u := range f.known {
		maps.Copy(got, u.recs)
	}
	fresh := &fixture{t: f.t, kind: f.kind, dsn: f.dsn, db: f.db, src: f.open(f.cat, "")}
	want := map[string]record{}
	for key, r := range fresh.readAll() {
		want[strings.TrimPrefix(key, "t ")] = r
	}
	fresh.src.d.(*postgres).forget()
	if !maps.EqualFunc(want, got, maps.Equal) {
		f.t.Fatalf("after %s: %s", what, cmp.Diff(want, got))
	}
}

func TestPostgresForesees(t *testing.T) {
	f := newNights(t, nightTable, "t: id! phone@phone n")
	for _, step := range []struct {
		what, sql string
		want      night
	}{
		{"nothing", "", night{same: 6}},
		{"one row in a hundred", "UPDATE t SET phone = '+918' || lpad(id::text, 9, '0') WHERE id % 100 = 7", night{1, 5, 0, 450}},
		{"the same rows", "UPDATE t SET phone = NULL WHERE id % 100 = 7", night{1, 5, 0, 450}},
		{"new rows", "INSERT INTO t SELECT i, 'x', i FROM generate_series(45001, 45100) AS i", night{5, 1, 0, 100}},
		{"a row of the first unit", "UPDATE t SET n = 9 WHERE id = -2", night{5, 1, 0, 1}},
		{"two of its four rows", "UPDATE t SET n = 9 WHERE id IN (-2, -1)", night{5, 0, 1, 4}},
		{"rows below zero", "INSERT INTO t SELECT i, 'x', i FROM generate_series(-100, -4) AS i", night{5, 0, 1, 101}},
		{"a third of a unit", "UPDATE t SET n = n + 1 WHERE id BETWEEN 10001 AND 20000 AND id % 3 = 0", night{5, 0, 1, 10000}},
		{"a row gone", "DELETE FROM t WHERE id = 15000", night{0, 5, 1, 9999}}, // now that the ranges are counted, they are not as they were listed before
		{"one gone and one come", "DELETE FROM t WHERE id = 15001; INSERT INTO t VALUES (15000, 'y', 1)", night{5, 0, 1, 9999}},
		{"another key", "UPDATE t SET id = 60000 WHERE id = 3", night{5, 0, 2, 10000}},
		{"swapped keys", "UPDATE t SET id = 70000 WHERE id = 4; UPDATE t SET id = 4 WHERE id = 30004; UPDATE t SET id = 30004 WHERE id = 70000", night{5, 2, 0, 2}},
		{"a rollback", "BEGIN; UPDATE t SET phone = 'never'; DELETE FROM t WHERE id < 500; ROLLBACK", night{same: 7}},
		{"a freeze", "VACUUM FREEZE t", night{same: 7}},
		{"a change after it", "UPDATE t SET n = 5 WHERE id IN (500, 20500)", night{5, 2, 0, 2}},
		{"a unit gone", "DELETE FROM t WHERE id = 60000", night{3, 3, 0, 0}},
		{"a rewrite", "VACUUM FULL t\nUPDATE t SET n = 6 WHERE id = 20500", night{5, 0, 1, 10000}},
		{"a change after it", "UPDATE t SET n = 7 WHERE id = 20501", night{5, 1, 0, 1}},
	} {
		f.src.d.(*postgres).forget() // the state of the listing keeps a lock on the table
		for _, q := range strings.Split(step.sql, "\n") {
			if q != "" {
				f.exec(q)
			}
		}
		if got := f.pass(true); got != step.want {
			t.Errorf("%s: %+v, want %+v", step.what, got, step.want)
		}
		f.check(step.what)
	}
}

// TestPostgresForeseesLittle: what a listing found is not used where it does not hold, and
// the outcome is the same.
func TestPostgresForeseesLittle(t *testing.T) {
	f := newNights(t, nightTable, "t: id! phone@phone n")
	ctx := context.Background()
	change := func(n int) {
		t.Helper()
		f.exec(fmt.Sprintf("UPDATE t SET n = n + 1 WHERE id %% 500 = %d", n))
	}
	f.src.d.(*postgres).forget()
	f.pass(false) // the ranges are counted
	f.src.d.(*postgres).forget()
	change(1)
	if got := f.pass(false); got != (night{1, 5, 0, 90}) {
		t.Errorf("nothing is told: %+v", got)
	}
	f.check("nothing was told")

	// One unit was read before the others: what is newer than most of them is not all
	// that is new to it.
	before := *f.known["t[1,10001)"]
	change(2)
	f.pass(true)
	f.known["t[1,10001)"] = &before
	change(3)
	f.slow = true
	if got := f.pass(true); got != (night{1, 5, 0, 110}) {
		t.Errorf("an older mark: %+v", got)
	}
	f.check("an older mark")
	before = *f.known["t[1,10001)"]
	change(4)
	f.pass(true)
	f.known["t[1,10001)"] = &before
	change(5)
	f.slow = false
	if got := f.pass(true); got != (night{1, 5, 0, 180}) { // no range is counted, and all are looked at from the older mark on
		t.Errorf("an older mark, and what is held is told: %+v", got)
	}
	f.check("an older mark, and what is held is told")

	// The state of the listing is given up: the rows are read as they stand, and they
	// change meanwhile.
	change(6)
	f.bare = true
	f.expect()
	f.bare = false
	var u connectors.Unit
	for x := range f.src.Units(ctx) {
		if x.Key == "t[1,10001)" {
			u = x
		}
	}
	if d := f.src.deltas.of(u, f.known[u.Key].mark); d == nil || len(d.keys) != 20 {
		t.Fatalf("%+v", d)
	}
	f.src.d.(*postgres).forget()
	change(7)
	mark, records, recs := "", 0, map[string]record{}
	if n, err := f.take(f.src.Diff(ctx, u, f.known[u.Key].mark), recs, &mark, &records); n != 40 || records != 10000 || err != nil {
		t.Errorf("%d rows of %d (%v)", n, records, err)
	}
	f.pass(true)
	f.check("a state that was given up")

	// Rows that nobody asks for are given back; see fixture.open.
	change(8)
	f.expect()
	for x := range f.src.Units(ctx) {
		if x.Key != "t[1,10001)" {
			continue
		}
		for _, err := range f.src.Diff(ctx, x, f.known[x.Key].mark) {
			if err != nil {
				t.Error(err)
			}
			break
		}
	}
}

// TestPostgresPartsAddUp: a table that several readers count is found to be as one reader
// finds it, range for range, and the version of a row is the number it is for the server.
func TestPostgresPartsAddUp(t *testing.T) {
	f := newNights(t, nightTable, "t: id! phone@phone n")
	f.src.d.(*postgres).forget()
	f.exec("UPDATE t SET n = 0 WHERE id % 7 = 0; DELETE FROM t WHERE id % 11 = 0")
	f.exec("VACUUM FREEZE t")
	f.exec("UPDATE t SET n = 1 WHERE id % 13 = 0; UPDATE t SET n = 1 WHERE id % 17 = 0")
	list := func(s *source) (out []connectors.Unit) {
		t.Helper()
		for u, err := range s.Units(context.Background()) {
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, u)
		}
		return out
	}
	alone := list(f.open(f.cat, "sutra_connections=1"))
	if d := cmp.Diff(alone, list(f.src)); d != "" || len(alone) < 5 {
		t.Error(d)
	}
	for _, u := range alone {
		got, err := f.src.after(context.Background(), u)
		if err != nil || got.Fingerprint != u.Fingerprint {
			t.Errorf("%s by itself is another one (%v)", u.Key, err)
		}
	}
	d := f.src.d.(*postgres)
	parts := 0
	err := f.src.during(context.Background(), forListing, func(ss *session, sc *schema) error {
		l, err := f.src.layout(sc, "t")
		if err != nil {
			return err
		}
		list, err := d.parts(context.Background(), ss, l, d.part)
		parts = len(list)
		return err
	})
	if err != nil || parts < 10 {
		t.Errorf("%d parts (%v)", parts, err)
	}
	if got := f.rows("SELECT count(*) FROM t WHERE " + versionOf + " <> xmin::text::bigint"); !slices.Equal(got, []string{"0"}) {
		t.Errorf("%v rows have another version", got)
	}
}

// TestSpread: readers that take one unit after the other come upon different loads.
func TestSpread(t *testing.T) {
	found := &listing{}
	for i := range 9 {
		u := connectors.Unit{Key: fmt.Sprintf("t[%d,%d)", i, i+1)}
		found.units = append(found.units, u)
		if i != 4 {
			found.told = append(found.told, &delta{unit: u, rows: 10 * fetchRows, keys: make([]int64, fetchRows/2)})
		}
	}
	var x deltas
	x.set(found)
	var got []string
	for _, u := range x.spread(found.units, 2) {
		got = append(got, u.Key[2:3])
	}
	if d := cmp.Diff("402135768", strings.Join(got, "")); d != "" {
		t.Error(d)
	}
}

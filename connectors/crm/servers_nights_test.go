package crm

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"testing"
)

// lateTxn is a transaction that ends on a later night than it began.
type lateTxn struct {
	do   func(q string)
	open bool
}

// TestPostgresNights goes through many nights with all kinds of changes, some of them in
// two transactions that end later, with and without telling the source what it is asked
// for. There are seasons in which no row goes, so that ranges are not counted, and in
// which transactions stay open for several nights.
func TestPostgresNights(t *testing.T) {
	f := newNights(t, nightTable, "t: id! phone@phone n")
	ctx := context.Background()
	rnd := rand.New(rand.NewPCG(1, 7))
	var late [2]*lateTxn
	for k := range late {
		c, err := f.db.Conn(ctx)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		late[k] = &lateTxn{do: func(q string) {
			t.Helper()
			if _, err := c.ExecContext(ctx, q); err != nil {
				t.Fatal(err)
			}
		}}
	}
	patched, quick := 0, 0
	for i := range 40 {
		calm := i/8%2 == 1
		f.src.d.(*postgres).forget()
		for _, x := range late {
			if x.open && rnd.IntN(4) == 0 {
				x.do([]string{"COMMIT", "ROLLBACK"}[rnd.IntN(2)])
				x.open = false
			}
		}
		for range rnd.IntN(4) {
			f.exec(nightChange(rnd, i, calm))
		}
		for k, x := range late {
			if !x.open && rnd.IntN(2) == 0 {
				x.do(fmt.Sprintf("BEGIN; UPDATE t SET n = -%d WHERE id %% 1000 = %d AND id %% %d = 0", i, 998+k, 1+rnd.IntN(4)))
				x.open = true
			}
		}
		f.bare = i%3 == 0
		got := f.pass(calm || rnd.IntN(4) > 0)
		if patched += got.patched; calm && got.whole == 0 && got.patched > 0 {
			quick++
		}
		f.check(fmt.Sprint("night ", i))
	}
	for _, x := range late {
		if x.open {
			x.do("ROLLBACK")
		}
	}
	if patched < 20 || quick < 5 {
		t.Errorf("only %d units were patched, on %d calm nights", patched, quick)
	}
}

// TestPostgresEndsUnderAnOlder: while a transaction is open, others end, with and without
// numbers being given out in between. What they wrote is not passed over.
func TestPostgresEndsUnderAnOlder(t *testing.T) {
	f := newNights(t, nightTable, "t: id! phone@phone n")
	ctx := context.Background()
	do := func(c interface {
		ExecContext(context.Context, string, ...any) (sql.Result, error)
	}, q string) {
		t.Helper()
		if _, err := c.ExecContext(ctx, q); err != nil {
			t.Fatal(err)
		}
	}
	older, err := f.db.Conn(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer older.Close()
	younger, err := f.db.Conn(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer younger.Close()
	do(older, "BEGIN; UPDATE t SET n = -1 WHERE id = 1")
	do(younger, "BEGIN; UPDATE t SET n = -2 WHERE id IN (2, 20002)")
	for _, step := range []func(){
		func() { do(f.db, "UPDATE t SET n = -3 WHERE id IN (3, 20003)") },
		func() { do(f.db, "UPDATE t SET n = -4 WHERE id IN (3, 20003)") },
		func() { do(younger, "COMMIT") },
		func() { do(older, "COMMIT") },
	} {
		f.src.d.(*postgres).forget()
		step()
		f.pass(true)
		f.check("a step")
	}
}

// nightChange makes up a change of rows that no late transaction holds.
func nightChange(rnd *rand.Rand, i int, calm bool) string {
	low := rnd.IntN(46000)
	high := low + rnd.IntN(3000)
	where := fmt.Sprintf("id BETWEEN %d AND %d AND id %% %d = 0 AND id %% 1000 < 998", low, high, 1+rnd.IntN(200))
	switch n := rnd.IntN(6); {
	case n == 0 && !calm:
		return "DELETE FROM t WHERE " + where + fmt.Sprintf(" AND id < %d", low+50)
	case n == 1:
		return fmt.Sprintf("INSERT INTO t SELECT i, 'new', %d FROM generate_series(%d, %d) AS i WHERE i %% 1000 < 998 ON CONFLICT DO NOTHING", i, low, low+rnd.IntN(300))
	case n == 2 && !calm:
		return "VACUUM FREEZE t"
	}
	return fmt.Sprintf("UPDATE t SET phone = 'p%d' WHERE ", i) + where
}

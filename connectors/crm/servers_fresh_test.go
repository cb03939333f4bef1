package crm

import (
	"context"
	"iter"
	"maps"
	"slices"
	"testing"

	"github.com/cratio/sutra/connectors"
)

// listed lists the units, to a caller that said it holds nothing, or that did not say.
func (f *fixture) listed(told bool) map[string]string {
	f.t.Helper()
	f.src.d.(*postgres).forget()
	if told {
		var nothing iter.Seq[connectors.Known] = func(func(connectors.Known) bool) {}
		f.src.Expect(nothing, func(string, []string) (int, bool, error) { return 0, false, nil })
	}
	out := map[string]string{}
	for u, err := range f.src.Units(context.Background()) {
		if err != nil {
			f.t.Fatal(err)
		}
		out[u.Key] = u.Fingerprint
	}
	return out
}

// TestPostgresFreshUnits: a table of which nothing is held is cut into the same ranges as
// one that is counted, and is counted where that has to be.
func TestPostgresFreshUnits(t *testing.T) {
	fill := func(ids string) string {
		return "CREATE TABLE t (id BIGINT PRIMARY KEY, phone TEXT, n INTEGER);\nINSERT INTO t SELECT i, '+919' || lpad(i::text, 9, '0'), 1 FROM (SELECT DISTINCT i FROM unnest(ARRAY[" + ids + "]::bigint[]) AS i) AS x"
	}
	const cat = "t: id! phone@phone n"
	for _, c := range []struct {
		what, ddl, cat string
		units          int
		counted        bool
	}{
		{"one row", fill("1"), cat, 1, false},
		{"both ends of a range", fill("10000, 10001, 20000"), cat, 2, false},
		{"ranges without a row", fill("5, 50001, 990000"), cat, 3, false},
		{"below zero", fill("-20000, -19999, -1, 0, 1"), cat, 4, false},
		{"as far apart as it goes", fill("1, 655360000"), cat, 2, false},
		{"farther", fill("1, 655370001"), cat, 2, true},
		{"the least and the largest numbers", fill("-9223372036854775808, 9223372036854775807"), cat, 2, true},
		{"the least number", fill("-9223372036854775808"), cat, 1, true},
		{"a small type", "CREATE TABLE t (id SMALLINT PRIMARY KEY, phone TEXT, n INTEGER);\nINSERT INTO t VALUES (-5, 'x', 1), (32767, 'y', 1)", cat, 2, false},
		{"a field that is not there", fill("1, 20001"), "t: id! phone@phone n m", 2, true},
		{"a table with children", fill("1, 20001") + ";\nCREATE TABLE child () INHERITS (t)", cat, 3, true}, // one of them says that the child is not read
		{"no row", fill("1") + ";\nDELETE FROM t", cat, 0, false},
	} {
		t.Run(c.what, func(t *testing.T) {
			f := serverFixture(t, "postgres", c.cat, c.ddl)
			fresh, counted, again := f.listed(true), f.listed(false), f.listed(false)
			keys := slices.Sorted(maps.Keys(fresh))
			if want := slices.Sorted(maps.Keys(counted)); !slices.Equal(keys, want) || len(keys) != c.units {
				t.Errorf("ranges %v, want %v", keys, want)
			}
			if !maps.Equal(counted, again) {
				t.Error("the fingerprints of what is counted differ from one listing to the next")
			}
			for _, k := range keys {
				if (fresh[k] == counted[k]) != c.counted {
					t.Errorf("%s was counted: %v, want %v", k, fresh[k] == counted[k], c.counted)
				}
			}
		})
	}
}

// TestPostgresFreshStates: as long as one transaction is open the mark stays the same,
// whatever others write. The fingerprints do not.
func TestPostgresFreshStates(t *testing.T) {
	f := serverFixture(t, "postgres", "t: id! phone@phone n", nightTable)
	ctx := context.Background()
	older, err := f.db.Conn(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer older.Close()
	if _, err := older.ExecContext(ctx, "BEGIN; UPDATE t SET n = -1 WHERE id = 1"); err != nil {
		t.Fatal(err)
	}
	before := f.listed(true)
	if again := f.listed(true); !maps.Equal(before, again) {
		t.Error("the fingerprints changed, and the table did not")
	}
	f.exec("UPDATE t SET n = -2 WHERE id = 2")
	if after := f.listed(true); before["t[1,10001)"] == after["t[1,10001)"] {
		t.Error("the fingerprint of a range that changed is the same")
	}
}

// TestPostgresManyFreshUnits: ranges that may have to be widened are counted.
func TestPostgresManyFreshUnits(t *testing.T) {
	f := serverFixture(t, "postgres", "t: id! phone@phone n", "CREATE TABLE t (id BIGINT PRIMARY KEY, phone TEXT, n INTEGER);\nINSERT INTO t SELECT i * 10000::bigint, 'x', 1 FROM generate_series(1, 5000) AS i")
	if fresh, counted := f.listed(true), f.listed(false); !maps.Equal(fresh, counted) || len(fresh) >= manyUnits {
		t.Errorf("%d units, %d when they are counted", len(fresh), len(counted))
	}
}

// TestPostgresFreshNights: what was listed without being counted is followed from night to
// night like the rest, also when numbers of transactions cannot be compared any more.
func TestPostgresFreshNights(t *testing.T) {
	for _, second := range []struct {
		what, sql string
		want      night
	}{
		{"nothing", "SELECT 1", night{same: 6}},
		{"some rows", "UPDATE t SET n = 9 WHERE id % 5000 = 1", night{1, 5, 0, 9}},
		{"a row gone", "DELETE FROM t WHERE id = 15000", night{0, 5, 1, 9999}},
		{"a range gone", "DELETE FROM t WHERE id BETWEEN 10001 AND 20000", night{0, 5, 0, 0}},
		{"a rewrite", "VACUUM FULL t", night{0, 0, 6, 45004}},
	} {
		t.Run(second.what, func(t *testing.T) {
			f := newNights(t, nightTable, "t: id! phone@phone n")
			f.src.d.(*postgres).forget()
			f.exec(second.sql)
			if got := f.pass(true); got != second.want {
				t.Errorf("the second night: %+v, want %+v", got, second.want)
			}
			f.check("the second night")
			f.src.d.(*postgres).forget()
			if got := f.pass(true); got != (night{same: len(f.known)}) {
				t.Errorf("the third night: %+v, want nothing to be read", got)
			}
			f.check("the third night")
		})
	}
}

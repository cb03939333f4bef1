package crm

import (
	"context"
	"strings"
	"testing"
)

// TestMariaStatisticsForget: the server keeps the least and the greatest value of a column;
// neither is of a row that was erased.
func TestMariaStatisticsForget(t *testing.T) {
	f := serverFixture(t, "mysql", "people: id! phone@phone\nplain: id! phone@phone", `CREATE TABLE people (id INTEGER PRIMARY KEY, phone VARCHAR(20), city VARCHAR(20));
		CREATE TABLE plain (id INTEGER PRIMARY KEY, phone VARCHAR(20));
		INSERT INTO people VALUES (1, '9822031411', 'Agra'), (2, '9822031415', 'Pune'), (3, '9822031419', 'Surat');
		INSERT INTO plain VALUES (1, '9822031411'), (2, '9822031415')`)
	if got := f.rows("ANALYZE TABLE people PERSISTENT FOR COLUMNS (phone) INDEXES ()"); len(got) == 0 {
		t.Fatal(got)
	}
	f.erase(work("people[1,10001)", append(del("pk=1"), emptyFields("pk=3", "phone"))...), work("plain[1,10001)", del("pk=1")...))
	f.src.tidy(context.Background())
	if got := strings.Join(f.rows("SELECT table_name, column_name, min_value, max_value FROM mysql.column_stats WHERE db_name = DATABASE()"), " "); got != "people|phone|9822031415|9822031415" {
		t.Errorf("the statistics hold %s", got)
	}
}

// TestMariaStatisticsRefused: what the server refuses in a row of its answer is not taken for
// done.
func TestMariaStatisticsRefused(t *testing.T) {
	f := serverFixture(t, "mysql", "people: id! phone@phone", "CREATE TABLE people (id INTEGER PRIMARY KEY, phone VARCHAR(20))")
	f.rows("INSERT INTO mysql.column_stats (db_name, table_name, column_name) VALUES (DATABASE(), 'gone', 'phone')")
	d := f.src.d.(*mysql)
	d.maria = true
	d.upkeep.due("gone")
	if err := d.tidy(t.Context()); err != nil || !d.upkeep.left("gone") {
		t.Errorf("the statistics of a table that is not there were renewed: %v", err)
	}
}

// left is what a source says that a deletion leaves behind, in one text.
func left(t *testing.T, s *source) string {
	t.Helper()
	list, err := s.Leftovers(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, l := range list {
		b.WriteString(l.What + "\n")
	}
	return b.String()
}

// TestMariaLeavesBehind: full-text indexes are named, and statistics that a user may not see.
func TestMariaLeavesBehind(t *testing.T) {
	f := serverFixture(t, "mysql", "t: id! v~", `CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT, FULLTEXT KEY words (v));
		CREATE TABLE other (id INTEGER PRIMARY KEY, v TEXT, FULLTEXT KEY others (v))`)
	all, reader := left(t, f.src), left(t, readerOf(f))
	if !strings.Contains(all, `full-text index "words" of table "t"`) || strings.Contains(all, "others") || strings.Contains(all, "column_stats") {
		t.Errorf("said of a user who may all: %s", all)
	}
	if !strings.Contains(reader, "column_stats") {
		t.Errorf("said of a user who may only read: %s", reader)
	}
}

// TestMariaRowsOfThePast: a system-versioned table has rows that are not read, also when it
// has no others; the listing holds a unit for them that says so.
func TestMariaRowsOfThePast(t *testing.T) {
	f := serverFixture(t, "mysql", "gone: id! v~\nsome: id! v~\nplain: id! v~", `CREATE TABLE gone (id INTEGER PRIMARY KEY, v TEXT) WITH SYSTEM VERSIONING;
		CREATE TABLE some (id INTEGER PRIMARY KEY, v TEXT) WITH SYSTEM VERSIONING;
		CREATE TABLE plain (id INTEGER PRIMARY KEY, v TEXT);
		INSERT INTO gone VALUES (1, 'asha');
		DELETE FROM gone;
		INSERT INTO some VALUES (1, 'asha');
		INSERT INTO plain VALUES (1, 'asha')`)
	refused := 0
	for _, u := range f.units() {
		_, _, _, err := f.collect(f.src.Read(t.Context(), u))
		if err == nil {
			continue
		}
		if refused++; !strings.Contains(err.Error(), "rows of the past") || strings.HasPrefix(u.Key, "plain") {
			t.Errorf("%s: %v", u.Key, err)
		}
	}
	if n := len(f.units()); refused != 2 || n != 4 {
		t.Errorf("%d units, %d of them refused", n, refused)
	}
}

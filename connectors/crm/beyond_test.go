package crm

import (
	"strings"
	"testing"
)

// TestPartitionsTakenOff: a partition that was taken off its table has rows that were found in
// it, and is told as long as no collection describes it; also one that is called after the table
// and of which columns came or went since. Not a table that is empty, or has other columns.
func TestPartitionsTakenOff(t *testing.T) {
	for kind, ddl := range map[string]string{
		"postgres": `CREATE TABLE calls (id INTEGER, phone TEXT, note TEXT, PRIMARY KEY (id)) PARTITION BY RANGE (id);
			CREATE TABLE old PARTITION OF calls FOR VALUES FROM (1) TO (10);
			CREATE TABLE rest PARTITION OF calls DEFAULT;
			INSERT INTO calls (id, phone) VALUES (1, '9822031416'), (20, '9822031417');
			ALTER TABLE calls DETACH PARTITION old`,
		"mysql": `CREATE TABLE calls (id INTEGER PRIMARY KEY, phone TEXT, note TEXT) PARTITION BY RANGE (id) (PARTITION a VALUES LESS THAN (10), PARTITION b VALUES LESS THAN MAXVALUE);
			INSERT INTO calls (id, phone) VALUES (1, '9822031416'), (20, '9822031417');
			ALTER TABLE calls CONVERT PARTITION a TO TABLE old`,
	} {
		t.Run(kind, func(t *testing.T) {
			f := serverFixture(t, kind, "calls: id! phone@phone\nplain: id! phone@phone", ddl+`;
				CREATE TABLE model (id INTEGER PRIMARY KEY, phone TEXT, note TEXT);
				CREATE TABLE plain (id INTEGER PRIMARY KEY, phone TEXT);
				CREATE TABLE other (id INTEGER PRIMARY KEY, phone TEXT, at DATE);
				CREATE TABLE calls_wide (id INTEGER PRIMARY KEY, phone TEXT, note TEXT, at DATE);
				CREATE TABLE calls_lean (id INTEGER PRIMARY KEY, phone TEXT);
				CREATE TABLE calls_tags (id INTEGER PRIMARY KEY, tag TEXT);
				CREATE TABLE callers (id INTEGER PRIMARY KEY, phone TEXT, note TEXT, at DATE);
				INSERT INTO calls_wide (id, phone) VALUES (1, '9822031416');
				INSERT INTO calls_lean (id, phone) VALUES (1, '9822031416');
				INSERT INTO calls_tags VALUES (1, 'late');
				INSERT INTO callers (id, phone) VALUES (1, '9822031416');
				INSERT INTO plain VALUES (1, '9822031416');
				INSERT INTO other (id, phone) VALUES (1, '9822031416')`)
			told := map[string]string{}
			for _, u := range f.units() {
				if _, _, _, err := f.collect(f.src.Read(t.Context(), u)); err != nil {
					told[u.Key] = err.Error()
				}
			}
			for _, name := range []string{"old", "calls_wide", "calls_lean"} {
				if !strings.Contains(told[name+"[,)"], `columns of "calls"`) {
					t.Errorf("told: %v", told)
				}
			}
			if len(told) != 3 {
				t.Errorf("told: %v", told)
			}
			f.src = f.open("calls: id! phone@phone\nplain: id! phone@phone\nold: id! phone@phone\ncalls_wide: id! phone@phone\ncalls_lean: id! phone@phone", "")
			if n := len(f.readAll()); n != 5 {
				t.Errorf("%d rows are read", n)
			}
		})
	}
}

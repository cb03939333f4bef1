package crm

import (
	"context"
	"testing"

	"github.com/cratio/sutra/connectors"
)

// A column that the database computes from what was emptied holds nothing of anybody, also
// where a stand-in went into it; one that is computed from what stays does.
func TestComputedColumns(t *testing.T) {
	onAll(t, func(t *testing.T, kind string) {
		text := "VARCHAR(40)"
		if kind == "postgres" {
			text = "TEXT"
		}
		f := newOn(t, kind, "p: id! phone@phone tail@phone n other@phone\nkid: id! p>p.id", `CREATE TABLE p (id INTEGER PRIMARY KEY, phone VARCHAR(40) NOT NULL UNIQUE CHECK (length(phone) >= 10),
			tail `+text+` GENERATED ALWAYS AS (substr(phone, 4)) STORED, n INTEGER, other INTEGER GENERATED ALWAYS AS (n + 0) STORED);
		CREATE TABLE kid (id INTEGER PRIMARY KEY, p INTEGER REFERENCES p(id));
		INSERT INTO p (id, phone, n) VALUES (100007, '9820141234', NULL), (100008, '9820141235', 982014);
		INSERT INTO kid VALUES (1, 100007), (2, 100008)`)
		unit := "p[100001,110001)"
		f.erase(work(unit, del("pk=100007")...))
		if got := f.rows("SELECT tail FROM p WHERE id = 100007")[0]; got != "sed-100007" {
			t.Fatalf("no stand-in is in the way: %q", got)
		}
		w := work(unit, del("pk=100008")...)
		if _, _, err := f.src.EraseAll(context.Background(), []connectors.UnitEdits{w}); err != nil {
			t.Fatal(err)
		}
		if left, err := f.src.Residue(context.Background(), w.Unit, w.Edits); err != nil || len(left) != 1 {
			t.Errorf("what is computed from a value that stays is not told: %v, %v", left, err)
		}
	})
}

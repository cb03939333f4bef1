package crm

import (
	"context"
	"strings"
	"testing"

	"github.com/cratio/sutra/connectors"
)

// Where several rows have the key that the catalog names, and the table does not forbid it,
// one would be taken for the other: the table is not read, nor changed, before they differ.
func TestRowsThatShareTheKeyOfTheCatalog(t *testing.T) {
	onAll(t, func(t *testing.T, kind string) {
		for _, ddl := range []string{"id INTEGER, phone VARCHAR(20)", "id INTEGER NOT NULL, phone VARCHAR(20)", "no INTEGER PRIMARY KEY, id INTEGER NOT NULL, phone VARCHAR(20)"} {
			own := ""
			if strings.HasPrefix(ddl, "no") {
				own = "no, "
			}
			row := func(no, id, phone string) string {
				if own != "" {
					id = no + ", " + id
				}
				return "INSERT INTO p VALUES (" + id + ", '" + phone + "')"
			}
			f := newOn(t, kind, "p: id! phone@phone", "CREATE TABLE p ("+ddl+");\n"+row("1", "3", "9822031415")+";\n"+row("2", "4", "9822031416"))
			for n, u := range f.units() {
				if _, _, _, err := f.collect(f.src.Read(context.Background(), u)); err != nil {
					t.Errorf("%s, %d: keys that differ: %v", ddl, n, err)
				}
			}
			f.exec(row("3", "3", "9822031417"))
			us := f.units()
			_, recs, _, err := f.collect(f.src.Read(context.Background(), us[0]))
			if err == nil || !strings.Contains(err.Error(), "several rows have the key that the catalog names (id)") || len(recs) > 0 {
				t.Errorf("%s: %d records are read, %v", ddl, len(recs), err)
			}
			if _, _, err := f.src.EraseAll(context.Background(), []connectors.UnitEdits{work(us[0].Key, del("pk=3")...)}); err == nil {
				t.Errorf("%s: a row is deleted", ddl)
			}
			if n := f.rows("SELECT count(*) FROM p")[0]; n != "3" {
				t.Errorf("%s: %s rows are left", ddl, n)
			}
		}
	})
}

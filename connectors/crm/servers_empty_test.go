package crm

import (
	"fmt"
	"testing"

	"github.com/cratio/sutra/connectors"
)

// A value that stands for nothing in a column that must have one is somebody's own in a
// column that need not.
func TestServerStandInsThatAreHers(t *testing.T) {
	onServers(t, func(t *testing.T, kind string) {
		cols := map[string][2]string{"label": {"ENUM('f', 'm')", "'f'"}, "number": {"DECIMAL(9,2)", "0"}, "checked": {"CHAR(1) CHECK (v IN ('M', 'F'))", "'M'"}}
		if kind == "postgres" {
			cols["label"] = [2]string{"BOOLEAN", "false"}
		}
		for name, c := range cols {
			f := serverFixture(t, kind, name+": id! v~", fmt.Sprintf("CREATE TABLE %s (id INTEGER PRIMARY KEY, v %s);\nINSERT INTO %s VALUES (1, %s)", name, c[0], name, c[1]))
			if o := f.erase(work(name+"[1,10001)", emptyFields("pk=1", "v"))); o[0] != (connectors.Outcome{Redacted: 1}) {
				t.Errorf("%s: %+v", name, o)
			}
			if got := f.rows("SELECT v FROM " + name)[0]; got != "<nil>" {
				t.Errorf("%s: stored %q", name, got)
			}
		}
	})
}

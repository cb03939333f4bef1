package crm

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cratio/sutra/connectors"
)

// An exact edit writes the value that it was given, in the column's own form, or
// changes nothing at all: a correction must never empty what it cannot write.
func TestExactEdits(t *testing.T) {
	onAll(t, func(t *testing.T, kind string) {
		for _, c := range []struct {
			name, col, old, value string
			want                  string // "" when it is refused
		}{
			{"text", "VARCHAR(40) NOT NULL", "'9820145678'", "9820177777", "9820177777"},
			{"integer", "BIGINT", "9820145678", "9820177777", "9820177777"},
			{"integer that cannot hold it", "BIGINT", "9820145678", "+91 98201 77777", ""},
			{"unique", "VARCHAR(40) UNIQUE", "'9820145678'", "9820100002", ""},
			{"check of a length", "VARCHAR(40) CHECK (length(v) <= 10)", "'9820145678'", "+919820177777", ""},
			{"too long", "VARCHAR(10)", "'9820145678'", "+919820177777", ""},
		} {
			if kind == "sqlite" && c.name == "too long" {
				continue // the length of a type means nothing there
			}
			t.Run(c.name, func(t *testing.T) {
				f := newOn(t, kind, "t: id! v~", fmt.Sprintf("CREATE TABLE t (id INTEGER PRIMARY KEY, v %s);\nINSERT INTO t VALUES (1, %s), (2, '9820100002')", c.col, c.old))
				e := connectors.Edit{Locator: "pk=1", Action: connectors.Redact, Exact: true, Rewrite: func(f connectors.Field, v string) (string, connectors.Verdict) {
					if f.Name == "v" {
						return c.value, connectors.Set
					}
					return "", connectors.Same
				}}
				want := []string{"9820145678", "9820100002"}
				_, _, err := f.src.EraseAll(context.Background(), []connectors.UnitEdits{work("t[1,10001)", e)})
				switch {
				case c.want != "" && err != nil:
					t.Fatal(err)
				case c.want != "":
					want[0] = c.want
				case !errors.Is(err, connectors.ErrUnfit) || strings.Contains(err.Error(), "98201"):
					t.Errorf("%v", err)
				}
				if d := cmp.Diff(want, f.rows("SELECT v FROM t ORDER BY id")); d != "" {
					t.Error(d)
				}
			})
		}
	})
}

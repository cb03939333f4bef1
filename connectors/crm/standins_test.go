package crm

import (
	"context"
	"strings"
	"testing"
)

// TestStandInsAreTold: what a redaction leaves in a column that has no empty value is told
// of by a check.
func TestStandInsAreTold(t *testing.T) {
	f := serverFixture(t, "mysql", "t: id! v~", "CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT, gender ENUM('F','M') NOT NULL, title ENUM('Ms','Mr','unknown') NOT NULL)")
	c := f.src.dataset.Collections[0]
	for mode, want := range map[string]int{"redact": 1, "keep": 1, "delete": 0} {
		f.src.dataset.Collections[0].Erase = mode
		list, err := f.src.Check(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, x := range list {
			if x.What == "redaction" {
				n++
				if !strings.Contains(x.Note, `"gender"`) || !strings.Contains(x.Note, `says "F" for everybody`) {
					t.Errorf("%s: %s", mode, x.Note)
				}
			}
		}
		if n != want {
			t.Errorf("%s: %d findings, want %d", mode, n, want)
		}
	}
	f.src.dataset.Collections[0] = c
}

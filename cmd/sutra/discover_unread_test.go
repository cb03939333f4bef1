package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestDiscoverUnreadTable: a table of which the reader sees no row, or not all of them, is in
// the catalog that is proposed: without it no scan and no erasure would say that it was not
// looked into. Once it can be read its columns are proposed.
func TestDiscoverUnreadTable(t *testing.T) {
	do, reader := readerServer(t)
	do("CREATE TABLE leads (id INT PRIMARY KEY, phone TEXT)")
	do("CREATE TABLE calls (id INT PRIMARY KEY, phone TEXT)")
	do("INSERT INTO leads SELECT i, (9822031400 + i)::text FROM generate_series(1, 9) i")
	do("INSERT INTO calls SELECT * FROM leads")
	do("GRANT SELECT, UPDATE, DELETE ON leads, calls TO reader")
	do("ALTER TABLE calls ENABLE ROW LEVEL SECURITY")
	config := func(catalog string) string {
		return fmt.Sprintf("sources:\n  crm: {connector: postgres, url: %q%s}\n", reader, catalog)
	}
	s := newBareSite(t, map[string]string{"sutra.yaml": config("")})
	if code, out := s.status("discover", "crm", "-o", filepath.Join(s.dir, "crm.yaml")); code != 3 {
		t.Fatalf("exit %d: %s", code, out)
	}
	if err := os.WriteFile(filepath.Join(s.dir, "sutra.yaml"), []byte(config(", catalog: crm.yaml")), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, command := range [][]string{{"scan"}, {"where", "9822031401"}, {"erase", "9822031401", "-o", "plan"}, {"apply", "plan"}, {"verify"}} {
		if code, out := s.status(command...); code != 3 || !strings.Contains(out, "row-level security hides rows of it") {
			t.Errorf("%v: exit %d: %s", command, code, out)
		}
	}
	do("ALTER TABLE calls DISABLE ROW LEVEL SECURITY")
	if out := s.run("discover", "crm"); !strings.Contains(out, `"dataset":"crm.calls","field":"phone"`) || !strings.Contains(out, `"unowned":1`) {
		t.Errorf("a table that can be read: %s", out)
	}
}

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestOnlyInADictionary: an address that stands in the dictionary of a Parquet column, and in
// no row of the file, goes when its person is erased. The rows of others stay.
func TestOnlyInADictionary(t *testing.T) {
	data, err := os.ReadFile("../../connectors/format/parquet/testdata/enum.parquet")
	if err != nil {
		t.Fatal(err)
	}
	s := inSite(t, "people", "", "")
	for _, name := range []string{"people/a.parquet", "people/b.parquet"} {
		path := filepath.Join(s.dir, "in", name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const hers, other = "kj0000009q@example.com", "kj0000003q@example.com"
	s.status("scan")
	if code, out := s.status("--json", "where", hers); code != 3 || strings.Count(out, `"locator":"dictionary"`) != 2 {
		t.Fatalf("where: %d\n%s", code, out)
	}
	_, before := s.status("--json", "where", other)
	if code, out := s.status("erase", hers, "-o", "plan"); code != 3 { // the gaps are there still
		t.Fatalf("erase: %d\n%s", code, out)
	}
	if sum := last(t, s.run("--json", "apply", "plan")); sum["redacted"] != 2.0 || sum["residue"] != 0.0 {
		t.Errorf("apply: %v", sum)
	}
	if out := s.run("--json", "where", hers); last(t, out)["copies"] != 0.0 {
		t.Errorf("where: %s", out)
	}
	s.run("scan")
	s.run("verify")
	_, after := s.status("--json", "where", other)
	if copies := func(text string) int { return strings.Count(text, `"type":"copy"`) }; copies(before) == 0 || copies(after) != copies(before) {
		t.Errorf("of another there was\n%s\nand is\n%s", before, after)
	}
}

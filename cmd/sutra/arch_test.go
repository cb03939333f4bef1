package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const module = "github.com/cratio/sutra/"

// TestImportsRunOneWay holds the shape of the house: cmd → pipeline → lineage →
// connectors, and within connectors from the kinds to the port, stores and formats.
func TestImportsRunOneWay(t *testing.T) {
	out, err := exec.Command("go", "list", "-f", "{{.ImportPath}}: {{join .Imports \" \"}}", module+"...").Output()
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	if len(lines) < 15 {
		t.Fatalf("only %d packages listed", len(lines))
	}
	for _, l := range lines {
		pkg, imports, _ := strings.Cut(strings.TrimPrefix(l, module), ": ")
		for _, imp := range strings.Fields(imports) {
			inner, ours := strings.CutPrefix(imp, module)
			if ours && !allowed(pkg, inner) {
				t.Errorf("%s may not import %s", pkg, inner)
			}
			if pkg == "connectors" && strings.Contains(imp, ".") && !strings.HasPrefix(imp, "github.com/apache/arrow/") {
				t.Errorf("the port imports %s: Arrow and the standard library only", imp)
			}
		}
	}
}

func allowed(pkg, imp string) bool {
	room, _, _ := strings.Cut(pkg, "/")
	to, _, _ := strings.Cut(imp, "/")
	switch room {
	case "cmd":
		return true
	case "pipeline":
		return to == "pipeline" || to == "lineage" || to == "connectors" && imp != "connectors/all"
	case "lineage":
		return imp == "connectors"
	}
	switch {
	case pkg == "connectors":
		return false
	case pkg == "connectors/all", pkg == "connectors/connectortest", strings.HasPrefix(pkg, "connectors/connectortest/server/"):
		return to == "connectors"
	}
	return imp == "connectors" || imp == "connectors/blob" || imp == "connectors/format" || strings.HasPrefix(imp, "connectors/format/")
}

// TestTopLevel holds the list of what stands at the top of the repository.
func TestTopLevel(t *testing.T) {
	known := map[string]bool{"cmd": true, "connectors": true, "lineage": true, "pipeline": true, "testdata": true, "go.mod": true, "go.sum": true,
		"Makefile": true, "README.md": true, "LICENSE": true, "bin": true, "sutra-demo": true}
	list, err := os.ReadDir(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range list {
		if !known[e.Name()] && !strings.HasPrefix(e.Name(), ".") {
			t.Errorf("%s has no place at the top level", e.Name())
		}
	}
}

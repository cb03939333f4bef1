package config

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/cratio/sutra/connectors"
)

// A source without a catalog, or with one that is yet to be written, is loaded
// only by who writes catalogs; a catalog with a mistake is a mistake for all.
func TestLoadBare(t *testing.T) {
	kinds := map[string]connectors.Kind{"files": {Name: "files"}}
	for _, tt := range []struct {
		conf, catalog string
		bare          bool
	}{
		{"sources:\n  f: {connector: files, url: \"file:x/\"}\n", "", true},
		{"sources:\n  f: {connector: files, url: \"file:x/\", catalog: c.yaml}\n", "", true},
		{"sources:\n  f: {connector: files, url: \"file:x/\", catalog: c.yaml}\n", "dataset: 3\n", false},
		{"sources:\n  f: {connector: none, url: \"file:x/\"}\n", "", false},
	} {
		dir := t.TempDir()
		path := filepath.Join(dir, "sutra.yaml")
		if err := os.WriteFile(path, []byte(tt.conf), 0o644); err != nil {
			t.Fatal(err)
		}
		if tt.catalog != "" {
			if err := os.WriteFile(filepath.Join(dir, "c.yaml"), []byte(tt.catalog), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if _, _, err := Load(path, nil, kinds); err == nil {
			t.Errorf("%q loads without its catalog", tt.conf)
		}
		c, warns, err := LoadBare(path, nil, kinds)
		if (err == nil) != tt.bare || len(warns) > 0 {
			t.Errorf("%q: %v %v", tt.conf, err, warns)
		}
		if err == nil && (c.Sources[0].Dataset.Key != "f" || len(c.Sources[0].Dataset.Collections) != 0) {
			t.Errorf("%+v", c.Sources[0].Dataset)
		}
	}
}

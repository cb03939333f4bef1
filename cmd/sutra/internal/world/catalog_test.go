package world

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

type catalogFile struct {
	Dataset []struct {
		Key         string `yaml:"fides_key"`
		Collections []struct {
			Name   string
			Meta   map[string]map[string]any
			Fields []struct {
				Name       string
				Categories []string `yaml:"data_categories"`
				Fides      struct {
					References []struct{ Dataset, Field string }
				} `yaml:"fides_meta"`
			}
		}
	}
}

// TestCatalogsMatchTheWorld reads the written YAML back and compares it with the
// database and with itself: every reference names a field that exists.
func TestCatalogsMatchTheWorld(t *testing.T) {
	_, dir := build(t, 60, 1)
	fields, refs := map[string]bool{"recordings.calls.key": true}, map[string]bool{}
	for _, name := range []string{"crm.yaml", "exports.yaml", "imports.yaml"} {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		var c catalogFile
		if err := yaml.Unmarshal(b, &c); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for _, col := range c.Dataset[0].Collections {
			if col.Meta["sutra"]["class"] == nil {
				t.Errorf("%s: collection %s has no class", name, col.Name)
			}
			for _, f := range col.Fields {
				fields[c.Dataset[0].Key+"."+col.Name+"."+f.Name] = true
				if len(f.Categories) != 1 {
					t.Errorf("%s: %s.%s has categories %v", name, col.Name, f.Name, f.Categories)
				}
				for _, r := range f.Fides.References {
					refs[r.Dataset+"."+r.Field] = true
				}
			}
			for _, key := range []string{"account", "recorded_at", "trigger"} {
				if f, ok := col.Meta["sutra"][key].(string); ok && !fields[c.Dataset[0].Key+"."+col.Name+"."+f] {
					t.Errorf("%s: %s of %s names %s", name, key, col.Name, f)
				}
			}
		}
	}
	for r := range refs {
		if !fields[r] {
			t.Errorf("a reference names %s", r)
		}
	}
	columnsMatch(t, dir, fields)
}

// columnsMatch compares the catalog of the CRM with its tables.
func columnsMatch(t *testing.T, dir string, fields map[string]bool) {
	t.Helper()
	rows, err := open(t, dir).Query("SELECT m.name || '.' || p.name FROM sqlite_master m, pragma_table_info(m.name) p WHERE m.type = 'table'")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	n := 0
	for rows.Next() {
		var f string
		if err := rows.Scan(&f); err != nil {
			t.Fatal(err)
		}
		if n++; !fields["crm."+f] {
			t.Errorf("the catalog lacks column %s", f)
		}
	}
	if rows.Err() != nil || n < 100 {
		t.Errorf("%d columns, %v", n, rows.Err())
	}
}

func TestConfigNamesTheSources(t *testing.T) {
	_, dir := build(t, 60, 1)
	b, err := os.ReadFile(filepath.Join(dir, "sutra.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var conf map[string]any
	if err := yaml.Unmarshal(b, &conf); err != nil || !strings.Contains(string(b), "account: {path: 1}") || len(conf["sources"].(map[string]any)) != 10 {
		t.Errorf("sutra.yaml: %v, %v", conf, err)
	}
}

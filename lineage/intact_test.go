package lineage

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"testing"
)

// A damaged graph neither panics nor answers that nobody is known, and is left as it is.
func TestDamagedGraph(t *testing.T) {
	whole := t.TempDir()
	g := create(t, whole)
	put(t, g, "u1", g.Token("phone", "+919876543210"), "pk=1", "pk=2")
	closeGraph(t, g)
	tables, err := filepath.Glob(filepath.Join(whole, graphName, "*.sst"))
	if err != nil || len(tables) == 0 {
		t.Fatalf("no tables: %v", err)
	}
	table := filepath.Base(tables[0])
	remove := func(name string) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			if err := os.RemoveAll(filepath.Join(dir, name)); err != nil {
				t.Fatal(err)
			}
		}
	}
	cut := func(name string, left func(size int64) int64) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			path := filepath.Join(dir, name)
			st, err := os.Stat(path)
			if err == nil {
				err = os.Truncate(path, left(st.Size()))
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	none := func(int64) int64 { return 0 }
	for name, c := range map[string]struct {
		damage func(t *testing.T, dir string)
		want   error
	}{
		"whole":          {func(*testing.T, string) {}, nil},
		"no manifest":    {remove("MANIFEST"), ErrDamaged},
		"empty manifest": {cut("MANIFEST", none), ErrDamaged},
		"no table":       {remove(table), ErrDamaged},
		"table cut by 1": {cut(table, func(n int64) int64 { return n - 1 }), ErrDamaged},
		"table cut":      {cut(table, func(n int64) int64 { return n - 100 }), ErrDamaged},
		"empty table":    {cut(table, none), ErrDamaged},
		"half a table":   {cut(table, func(n int64) int64 { return n / 2 }), ErrDamaged},
		"no database":    {remove(""), ErrNoState},
		"an empty folder": {func(t *testing.T, dir string) {
			remove("")(t, dir)
			if err := os.Mkdir(dir, 0o700); err != nil {
				t.Fatal(err)
			}
		}, ErrNoState},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.CopyFS(dir, os.DirFS(whole)); err != nil {
				t.Fatal(err)
			}
			c.damage(t, filepath.Join(dir, graphName))
			before := files(t, dir)
			g, err := Open(dir, testKey, Options{})
			if err == nil {
				closeGraph(t, g)
			}
			if !errors.Is(err, c.want) {
				t.Fatalf("got %v, want %v", err, c.want)
			}
			if after := files(t, dir); err != nil && !maps.EqualFunc(before, after, func(a, b []byte) bool { return string(a) == string(b) }) {
				t.Error("opening changed the folder")
			}
			if !errors.Is(c.want, ErrDamaged) {
				return
			}
			if _, err = Create(dir, testKey, Options{}); !errors.Is(err, ErrDamaged) {
				t.Fatalf("a scan: got %v, want %v", err, ErrDamaged)
			}
		})
	}
}

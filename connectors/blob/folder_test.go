package blob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"pgregory.net/rapid"

	"github.com/cratio/sutra/connectors"
)

func store(t testing.TB, files map[string]string) (Store, string) {
	t.Helper()
	root := t.TempDir()
	for k, v := range files {
		put(t, root, k, v)
	}
	s, err := Open(context.Background(), "file:"+root+"/")
	if err != nil {
		t.Fatal(err)
	}
	return s, root
}

func put(t testing.TB, root, key, data string) {
	t.Helper()
	p := filepath.Join(root, key)
	if err := errors.Join(os.MkdirAll(filepath.Dir(p), 0o755), os.WriteFile(p, []byte(data), 0o640)); err != nil {
		t.Fatal(err)
	}
}

func keys(t testing.TB, s Store, prefix string) (list []string, errs int) {
	t.Helper()
	for o, err := range s.List(context.Background(), prefix) {
		if err != nil {
			if o.Key == "" {
				t.Fatal(err)
			}
			errs++
			continue
		}
		list = append(list, o.Key)
	}
	return list, errs
}

func content(t testing.TB, s Store, key string) string {
	t.Helper()
	r, err := s.Open(context.Background(), key, "")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	b, err := io.ReadAll(io.NewSectionReader(r, 0, r.Size()))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func write(data string) func(Writer) error {
	return func(w Writer) error { _, err := io.WriteString(w, data); return err }
}

func TestOpenURL(t *testing.T) {
	for url, ok := range map[string]bool{"file:/tmp/x": true, "file:///tmp/x": true, "file:x": false, "s3://b/": true, "s3:///x": false, "s3:b": false, "ftp:/x": false, "x": false} {
		if _, err := Open(context.Background(), url); (err == nil) != ok {
			t.Errorf("%s: %v", url, err)
		}
	}
}

func TestListOrder(t *testing.T) {
	s, root := store(t, map[string]string{"a/b": "", "a.txt": "", "a-b/c": "", "a/b c/+%:é": "", "b": "", "a/.sutra-tmp-x": ""})
	want := []string{"a-b/c", "a.txt", "a/b", "a/b c/+%:é", "b"}
	if got, _ := keys(t, s, ""); !slices.Equal(got, want) || !slices.IsSorted(got) {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, _ := keys(t, s, "a/b"); !slices.Equal(got, want[2:4]) {
		t.Errorf("prefix: got %q", got)
	}
	for prefix, n := range map[string]int{"a/": 2, "a/b/": 0, "a/b c/+": 1, "none/x": 0, "b/": 0} {
		if got, _ := keys(t, s, prefix); len(got) != n {
			t.Errorf("prefix %q: got %q", prefix, got)
		}
	}
	if err := errors.Join(os.Symlink("b", filepath.Join(root, "link")), syscall.Mkfifo(filepath.Join(root, "pipe"), 0o600)); err != nil {
		t.Fatal(err)
	}
	got, errs := keys(t, s, "")
	if errs != 2 || !slices.Equal(got, want) {
		t.Errorf("got %q and %d errors", got, errs)
	}
	for _, key := range []string{"link", "pipe"} {
		if _, err := s.Open(context.Background(), key, ""); err == nil || errors.Is(err, connectors.ErrNotFound) {
			t.Errorf("opening %s: %v", key, err)
		}
	}
}

func TestListModel(t *testing.T) {
	n := 0
	base := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		seg := rapid.StringMatching(`[a.\-! /]{1,3}[a-c]`)
		n++
		root := filepath.Join(base, fmt.Sprint(n))
		if err := os.MkdirAll(root, 0o755); err != nil {
			t.Fatal(err)
		}
		want := map[string]bool{}
		for _, k := range rapid.SliceOfN(seg, 0, 12).Draw(t, "keys") {
			k = strings.TrimPrefix(filepath.Clean("/"+k), "/")
			if errors.Join(os.MkdirAll(filepath.Dir(filepath.Join(root, k)), 0o755), os.WriteFile(filepath.Join(root, k), nil, 0o644)) == nil {
				want[k] = true
			}
		}
		s, err := Open(context.Background(), "file:"+root)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for o, err := range s.List(context.Background(), "") {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, o.Key)
			if !want[o.Key] {
				t.Fatalf("listed %q", o.Key)
			}
		}
		if len(got) != len(want) || !slices.IsSorted(got) {
			t.Fatalf("got %q, want %v", got, want)
		}
	})
}

func TestMissingRoot(t *testing.T) {
	ctx := context.Background()
	s, root := store(t, map[string]string{"a": ""})
	if err := os.RemoveAll(root); err != nil {
		t.Fatal(err)
	}
	n := 0
	for o, err := range s.List(ctx, "") {
		n++
		if err == nil || o.Key != "" {
			t.Errorf("listed %v", o)
		}
	}
	_, serr := s.Stat(ctx, "a")
	for _, err := range []error{serr, s.Delete(ctx, "a", ""), s.Sweep(ctx)} {
		if err == nil || errors.Is(err, connectors.ErrNotFound) {
			t.Errorf("a missing root is %v", err)
		}
	}
	if n != 1 {
		t.Errorf("%d results", n)
	}
}

func TestKeysStayInside(t *testing.T) {
	ctx := context.Background()
	s, root := store(t, map[string]string{"in/a": "x"})
	put(t, filepath.Dir(root), "outside", "secret")
	if err := os.Symlink(filepath.Dir(root), filepath.Join(root, "up")); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"", "..", "../outside", "in/../../outside", "/etc/passwd", "in//a", "./in/a", "up/outside", "in/a\x00", "in"} {
		if _, err := s.Stat(ctx, key); err == nil {
			t.Errorf("Stat(%q) works", key)
		}
		if _, err := s.Replace(ctx, key, "", write("y")); err == nil {
			t.Errorf("Replace(%q) works", key)
		}
		if err := s.Delete(ctx, key, ""); err == nil {
			t.Errorf("Delete(%q) works", key)
		}
	}
	if b, err := os.ReadFile(filepath.Join(filepath.Dir(root), "outside")); err != nil || string(b) != "secret" {
		t.Error("a file outside was changed")
	}
}

func TestReplace(t *testing.T) {
	ctx := context.Background()
	s, root := store(t, map[string]string{"d/a": "old"})
	o, err := s.Stat(ctx, "d/a")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(root, "d/a"), 0o604); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Replace(ctx, "d/a", o.Version, write("new")); !errors.Is(err, connectors.ErrChanged) {
		t.Errorf("a stale version: %v", err)
	}
	o, _ = s.Stat(ctx, "d/a")
	boom := errors.New("boom")
	if _, err := s.Replace(ctx, "d/a", o.Version, func(w Writer) error { _, err := io.WriteString(w, "x"); return errors.Join(err, boom) }); !errors.Is(err, boom) {
		t.Errorf("a failed write: %v", err)
	}
	_, err = s.Replace(ctx, "d/a", o.Version, func(Writer) error { put(t, root, "d/a", "meanwhile"); return nil })
	if !errors.Is(err, connectors.ErrChanged) || content(t, s, "d/a") != "meanwhile" {
		t.Errorf("a race: %v", err)
	}
	o, _ = s.Stat(ctx, "d/a")
	next, err := s.Replace(ctx, "d/a", o.Version, write("new"))
	if err != nil || content(t, s, "d/a") != "new" || next.Version == o.Version || next.Size != 3 {
		t.Fatalf("got %+v, %v", next, err)
	}
	if now, err := s.Stat(ctx, "d/a"); err != nil || now != next {
		t.Errorf("Replace returned %+v, Stat says %+v", next, now)
	}
	fi, err := os.Stat(filepath.Join(root, "d/a"))
	if err != nil || fi.Mode().Perm() != 0o604 {
		t.Errorf("mode %v, %v", fi.Mode(), err)
	}
	if ents, _ := os.ReadDir(filepath.Join(root, "d")); len(ents) != 1 {
		t.Errorf("litter: %v", ents)
	}
	if _, err := s.Replace(ctx, "d/none", "", write("x")); !errors.Is(err, connectors.ErrNotFound) {
		t.Errorf("a missing object: %v", err)
	}
}

func TestDeleteAndSweep(t *testing.T) {
	ctx := context.Background()
	s, root := store(t, map[string]string{"a/b/c/x": "", "a/y": "", "k/.sutra-tmp-left": "personal"})
	o, _ := s.Stat(ctx, "a/b/c/x")
	if err := s.Delete(ctx, "a/b/c/x", "other"); !errors.Is(err, connectors.ErrChanged) {
		t.Errorf("a stale version: %v", err)
	}
	if err := s.Delete(ctx, "a/b/c/x", o.Version); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(root, "a/b")); !errors.Is(err, os.ErrNotExist) {
		t.Error("emptied folders are left")
	}
	if err := s.Delete(ctx, "a/b/c/x", ""); !errors.Is(err, connectors.ErrNotFound) {
		t.Errorf("twice: %v", err)
	}
	if err := s.Delete(ctx, "a/y", ""); err != nil {
		t.Fatal(err)
	}
	if err := s.Sweep(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(root, "k/.sutra-tmp-left")); !errors.Is(err, os.ErrNotExist) {
		t.Error("a temporary is left")
	}
	if _, err := os.Stat(root); err != nil {
		t.Error("the root went too")
	}
	put(t, root, "z", "old")
	if _, err := s.Replace(ctx, "z", "", func(w Writer) error { return errors.Join(s.Sweep(ctx), write("new")(w)) }); err != nil || content(t, s, "z") != "new" {
		t.Errorf("a Sweep beside a Replace: %v", err)
	}
}

func TestErrorsNameNoKey(t *testing.T) {
	ctx := context.Background()
	s, _ := store(t, map[string]string{"d/919876543210": "x"})
	_, e1 := s.Stat(ctx, "d/919876543210/y")
	_, e2 := s.Open(ctx, "d", "")
	_, e3 := s.Open(ctx, "919876543210.m4a", "")
	for _, err := range []error{e1, e2, e3, s.Delete(ctx, "../919876543210", "")} {
		if err == nil || strings.Contains(err.Error(), "9876543210") {
			t.Errorf("error %v", err)
		}
	}
}

func TestCopyOld(t *testing.T) {
	ctx := context.Background()
	s, _ := store(t, map[string]string{"a": "0123456789"})
	_, err := s.Replace(ctx, "a", "", func(w Writer) error {
		return errors.Join(w.CopyOld(7, 3), write("-")(w), w.CopyOld(0, 2), w.CopyOld(4, 0), write("!")(w))
	})
	if got := content(t, s, "a"); err != nil || got != "789-01!" {
		t.Errorf("got %q, %v", got, err)
	}
	if _, err := s.Replace(ctx, "a", "", func(w Writer) error { return w.CopyOld(5, 9) }); err == nil || content(t, s, "a") != "789-01!" {
		t.Errorf("a range past the end: %v", err)
	}
}

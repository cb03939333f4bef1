package blob

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A program that keeps an object open goes on writing into the old content, which has no
// name once the object was replaced or deleted: its next records would be lost.
func TestObjectBeingWritten(t *testing.T) {
	ctx := context.Background()
	s, root := store(t, map[string]string{"a": "old\n", "b": "old\n", "c": "old\n"})
	appender := func(key string) *os.File {
		f, err := os.OpenFile(filepath.Join(root, key), os.O_WRONLY|os.O_APPEND, 0)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	busy := func(doing string, err error) {
		t.Helper()
		if err == nil || !strings.Contains(err.Error(), "open for writing") {
			t.Errorf("%s: %v", doing, err)
		}
	}
	a, b := appender("a"), appender("b")
	_, err := s.Replace(ctx, "a", "", write("new\n"))
	busy("Replace", err)
	busy("Delete", s.Delete(ctx, "b", ""))
	var c *os.File
	_, err = s.Replace(ctx, "c", "", func(w Writer) error { c = appender("c"); return write("new\n")(w) })
	busy("Replace, opened meanwhile", err)
	for key, f := range map[string]*os.File{"a": a, "b": b, "c": c} {
		if _, err := io.WriteString(f, "next\n"); err != nil || f.Close() != nil {
			t.Fatal(err)
		}
		if got := content(t, s, key); got != "old\nnext\n" {
			t.Errorf("%s holds %q", key, got)
		}
	}
	if ents, _ := os.ReadDir(root); len(ents) != 3 {
		t.Errorf("litter: %v", ents)
	}
	if _, err := s.Replace(ctx, "a", "", write("new\n")); err != nil || content(t, s, "a") != "new\n" {
		t.Errorf("closed, and still refused: %v", err)
	}
	if err := s.Delete(ctx, "b", ""); err != nil {
		t.Errorf("closed, and still refused: %v", err)
	}
}

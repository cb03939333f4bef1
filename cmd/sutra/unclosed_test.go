package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/pipeline"
)

// unclosed is a source that cannot be closed.
type unclosed struct{ connectors.Source }

func (unclosed) Close() error { return errors.New("the line broke") }

// TestUnclosed: the summary of what was done is printed also where a source cannot be closed
// after it; the job ends with the error.
func TestUnclosed(t *testing.T) {
	f, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	a := &app{out: newPrinter(&sink{w: f, stderr: os.Stderr}, os.Stderr, true, true)}
	s := &pipeline.Site{Sources: []*pipeline.Source{{Conn: unclosed{}}}}
	err = a.on(s, func(*pipeline.Site) (any, error) { return pipeline.ApplySummary{Type: "summary", Erased: 3}, nil })
	a.out.end(a.exit(t.Context(), err))
	out, read := os.ReadFile(f.Name())
	if err == nil || read != nil || !strings.Contains(string(out), `"erased":3`) || strings.Count(string(out), "\n") != 1 {
		t.Errorf("%v, %v, printed %s", err, read, out)
	}
}

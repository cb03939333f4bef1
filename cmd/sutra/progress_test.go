package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/vbauerster/mpb/v8"
	"go.uber.org/goleak"
)

// TestProgressLines holds what a log gets to see: nothing of quick stages, a line
// now and then of long ones, no terminal codes.
func TestProgressLines(t *testing.T) {
	f, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}()
	at := time.Unix(0, 0)
	l := &lines{to: f, now: func() time.Time { return at }, every: 10 * time.Second}
	l.Stage("scan quick", 0)
	at = at.Add(time.Second)
	l.Step(5)
	l.Stage("scan crm", 0)
	for range 25 {
		at = at.Add(time.Second)
		l.Step(2)
	}
	l.Stage("apply", 8)
	at = at.Add(3 * time.Second)
	l.Step(8)
	l.End()
	l.End()
	got, err := os.ReadFile(f.Name())
	if err != nil {
		t.Fatal(err)
	}
	want := "scan crm: 20 units so far, 10 s\nscan crm: 40 units so far, 20 s\nscan crm: 50 units done, 25 s\napply: 8 of 8 units done, 3 s\n"
	if string(got) != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

// TestProgressBars draws bars for stages with and without a total and leaves nothing
// running behind.
func TestProgressBars(t *testing.T) {
	defer goleak.VerifyNone(t)
	f, err := os.Create(filepath.Join(t.TempDir(), "screen"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}()
	b := &bars{to: f, opt: []mpb.ContainerOption{mpb.WithAutoRefresh()}} // as on a terminal
	b.Step(1)                                                            // before any stage: nothing to count
	b.Stage("scan crm", 0)
	b.Step(7)
	if _, err := b.Write([]byte("gap: a line\n")); err != nil {
		t.Error(err)
	}
	b.Stage("apply", 4)
	b.Step(3) // one was skipped: the stage ends all the same
	b.End()
	b.End()
	got, err := os.ReadFile(f.Name())
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"scan crm", "7", "gap: a line\n", "apply", "3"} {
		if !strings.Contains(string(got), want) {
			t.Errorf("the bars do not show %q: %q", want, got)
		}
	}
}

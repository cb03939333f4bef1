package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestNightKilled holds that a night brings to its end what an earlier one was killed at: what
// that had taken out by then is in the log and in a certificate, and counts once. Where the
// journal cannot be read, apply says what to do, and the night goes on without it.
func TestNightKilled(t *testing.T) {
	t.Run("whole", func(t *testing.T) { testNightKilled(t, false) })
	t.Run("damaged", func(t *testing.T) { testNightKilled(t, true) })
}

func testNightKilled(t *testing.T, damaged bool) {
	s := inSite(t, "tickets", "class: support_ticket, trigger: day", "          - {name: day}\n")
	s.put("in/tickets/a.csv", "email,day\nasha@example.com,2020-01-01\n")
	s.put("in/tickets/c.csv", "email,day\ncyra@example.com,2126-01-01\n")
	s.run("scan")
	s.run("retain", "-o", "state/nightly.plan")
	s.began("state/nightly.plan")
	if err := os.Remove(filepath.Join(s.dir, "in/tickets/a.csv")); err != nil { // by the run that was killed
		t.Fatal(err)
	}
	if damaged {
		list, err := filepath.Glob(filepath.Join(s.dir, "state/journal/*.ndjson"))
		if err != nil || len(list) != 1 {
			t.Fatal(list, err)
		}
		if err := os.WriteFile(list[0], []byte("AAAA\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		cmd := s.cmd("apply", "state/nightly.plan")
		cmd.Stdout, cmd.Stderr = nil, nil
		if out, err := cmd.CombinedOutput(); err == nil || !strings.Contains(string(out), "; move "+strings.TrimSuffix(filepath.Base(list[0]), ".ndjson")) {
			t.Errorf("apply does not say what to do about its journal:\n%s", out)
		}
		s.run("nightly")
		return
	}
	if out := s.run("nightly"); !strings.Contains(out, `"erased":1,`) || !strings.Contains(out, `"verified":1,`) {
		t.Errorf("what the killed night had taken out is not counted:\n%s", out)
	}
	if out := s.run("audit", "show"); !strings.Contains(out, `"erased":1,`) {
		t.Errorf("the log does not tell of it:\n%s", out)
	}
	if out := s.run("nightly"); !strings.Contains(out, `"erased":0,`) || strings.Contains(out, "interrupted") {
		t.Errorf("another night does it again:\n%s", out)
	}
	s.run("verify")
}

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestInterruptedIsTold holds that whoever makes a new plan instead of applying again one that
// was interrupted is told that what it took out is in no certificate.
func TestInterruptedIsTold(t *testing.T) {
	s := inSite(t, "people", "class: account_crm", "")
	s.put("in/people/a.csv", "email\nasha@example.com\n")
	s.put("in/people/b.csv", "email\nasha@example.com\n")
	s.put("in/people/c.csv", "email\nbela@example.com\n")
	s.run("scan")
	s.run("erase", "asha@example.com", "-o", "one.plan")
	if out := s.run("status"); strings.Contains(out, "interrupted") {
		t.Errorf("a plan of which nothing was carried out is told:\n%s", out)
	}
	s.began("one.plan")
	if err := os.Remove(filepath.Join(s.dir, "in/people/a.csv")); err != nil { // by the run that was killed
		t.Fatal(err)
	}
	s.run("scan")
	again := "one.plan was interrupted while it changed records: apply that plan again"
	for _, args := range [][]string{{"erase", "asha@example.com", "-o", "two.plan"}, {"status"}} {
		if out := s.run(args...); !strings.Contains(out, again) {
			t.Errorf("%s does not tell of it:\n%s", args[0], out)
		}
	}
	// a plan that cannot be read for a while is not forgotten
	plan := s.file("one.plan")
	s.put("one.plan", "half of it")
	for range 2 {
		if out := s.run("status"); !strings.Contains(out, again) || !strings.Contains(out, "now it cannot be read") {
			t.Errorf("it is not told of a plan that cannot be read:\n%s", out)
		}
	}
	s.put("one.plan", plan)
	s.run("apply", "one.plan")
	if out := s.run("status"); strings.Contains(out, "interrupted") {
		t.Errorf("it is told of a plan that came to its end:\n%s", out)
	}

	// the plan is written over: what it did is told once
	s.run("erase", "bela@example.com", "-o", "one.plan")
	s.began("one.plan")
	lost := "that plan is not there any more: what it took out is in no certificate"
	s.put("in/people/d.csv", "email\ncyra@example.com\n")
	s.run("scan")
	if out := s.run("erase", "cyra@example.com", "-o", "one.plan"); !strings.Contains(out, lost) {
		t.Errorf("it is not told that the plan was written over:\n%s", out)
	}
	if out := s.run("status"); strings.Contains(out, "interrupted") {
		t.Errorf("it is told again:\n%s", out)
	}
}

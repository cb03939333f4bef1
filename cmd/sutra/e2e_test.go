package main

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	_ "modernc.org/sqlite"

	"github.com/cratio/sutra/cmd/sutra/internal/world"
	"github.com/cratio/sutra/pipeline/config"
)

var binary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "sutra-bin-")
	if err != nil {
		return "", err
	}
	bin := filepath.Join(dir, "sutra")
	out, err := exec.Command("go", "build", "-o", bin, ".").CombinedOutput()
	if err != nil {
		return "", &exec.Error{Name: string(out), Err: err}
	}
	return bin, nil
})

// site is one copy of a world that the real binary works on.
type site struct {
	t   *testing.T
	dir string
	bin string
}

func newSite(t *testing.T, people int) (*site, *world.Truth) {
	t.Helper()
	bin, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	s := &site{t: t, dir: filepath.Join(t.TempDir(), "w"), bin: bin}
	truth, err := world.Build(t.Context(), s.dir, world.Options{People: people, Seed: 5})
	if err != nil {
		t.Fatal(err)
	}
	keys := filepath.Join(t.TempDir(), "keys")
	if err := config.Init(keys); err != nil {
		t.Fatal(err)
	}
	key, err := os.ReadFile(filepath.Join(keys, "sutra.key"))
	if err == nil {
		err = os.WriteFile(filepath.Join(s.dir, "sutra.key"), key, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	return s, truth
}

// twin copies the world and the key, but no state.
func (s *site) twin() *site {
	s.t.Helper()
	to := filepath.Join(s.t.TempDir(), "w")
	if err := os.CopyFS(to, os.DirFS(s.dir)); err != nil {
		s.t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Join(to, "state")); err != nil {
		s.t.Fatal(err)
	}
	return &site{t: s.t, dir: to, bin: s.bin}
}

func (s *site) cmd(args ...string) *exec.Cmd {
	c := exec.Command(s.bin, append([]string{"--json"}, args...)...)
	c.Dir = s.dir
	return c
}

// put writes a file of the site.
func (s *site) put(name, text string) {
	path := filepath.Join(s.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		s.t.Fatal(err)
	}
}

// run runs the binary and wants exit status 0.
func (s *site) run(args ...string) string {
	s.t.Helper()
	var out, errs bytes.Buffer
	c := s.cmd(args...)
	c.Stdout, c.Stderr = &out, &errs
	if err := c.Run(); err != nil {
		s.t.Fatalf("sutra %s: %v\n%s%s", strings.Join(args[:1], " "), err, out.String(), errs.String())
	}
	return out.String()
}

// killed runs the binary and kills it after a while; it reports whether it was
// still running.
func (s *site) killed(after time.Duration, args ...string) bool {
	s.t.Helper()
	c := s.cmd(args...)
	if err := c.Start(); err != nil {
		s.t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- c.Wait() }()
	select {
	case <-done:
		return false
	case <-time.After(after):
		if err := c.Process.Kill(); err != nil {
			s.t.Log(err)
		}
		<-done
		return true
	}
}

// answer is where her copies are, sorted.
func (s *site) answer(ident, account string) []string {
	s.t.Helper()
	var out []string
	args := []string{"where", ident}
	if account != "" {
		args = append(args, "--account", account)
	}
	for _, l := range strings.Split(strings.TrimSpace(s.run(args...)), "\n") {
		var c struct{ Type, Dataset, Unit, Locator, Role string }
		if err := json.Unmarshal([]byte(l), &c); err != nil {
			s.t.Fatalf("a line is no JSON: %v", err)
		}
		if c.Type == "copy" {
			out = append(out, strings.Join([]string{c.Dataset, c.Unit, c.Locator, c.Role}, " "))
		}
	}
	slices.Sort(out)
	return out
}

// TestKillAnywhere kills the real binary at many moments of scan and apply; after
// running it again, the answers and the world equal those of an undisturbed run.
func TestKillAnywhere(t *testing.T) {
	calm, truth := newSite(t, 80)
	wild := calm.twin()
	people, err := truth.Pick(t.Context(), world.TagRich)
	if err != nil || len(people) == 0 {
		t.Fatal("no rich person in this world", err)
	}
	p := people[0]
	rng := rand.New(rand.NewPCG(1, 2))

	start := time.Now()
	calm.run("scan")
	scan := time.Since(start)
	landed := 0
	for range 12 {
		if wild.killed(time.Duration(rng.Int64N(int64(scan)+1)), "scan") {
			landed++
		}
	}
	wild.run("scan")
	want := calm.answer(p.Emails[0], p.Account)
	if diff := cmp.Diff(want, wild.answer(p.Emails[0], p.Account)); diff != "" {
		t.Errorf("after %d kills of scan, where answers otherwise:\n%s", landed, diff)
	}

	calm.run("erase", p.Emails[0], "--account", p.Account, "-o", "plan.json")
	start = time.Now()
	calm.run("apply", "plan.json")
	apply := time.Since(start)
	wild.run("erase", p.Emails[0], "--account", p.Account, "-o", "plan.json")
	for range 15 {
		if wild.killed(time.Duration(rng.Int64N(int64(apply)+1)), "apply", "plan.json") {
			landed++
		}
	}
	wild.run("apply", "plan.json")
	wild.run("verify")
	if landed < 5 {
		t.Errorf("only %d of 27 kills landed", landed)
	}
	calm.same(wild)
}

// objects returns the bytes of everything that is an object of the world.
func (s *site) objects() map[string][]byte {
	s.t.Helper()
	out := map[string][]byte{}
	for _, top := range []string{"recordings", "analytics", "exports", "imports"} {
		err := filepath.WalkDir(filepath.Join(s.dir, top), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			data, err := os.ReadFile(path)
			rel, rerr := filepath.Rel(s.dir, path)
			if rerr != nil {
				return rerr
			}
			out[rel] = data
			return err
		})
		if err != nil {
			s.t.Fatal(err)
		}
	}
	return out
}

// TestStateHoldsNoPersonalValue greps the raw bytes of the state folder, of a plan
// and of what the jobs print for every planted identifier.
func TestStateHoldsNoPersonalValue(t *testing.T) {
	s, truth := newSite(t, 60)
	people, err := truth.Pick(t.Context(), world.TagRich)
	if err != nil || len(people) == 0 {
		t.Fatal("no rich person in this world", err)
	}
	p := people[0]
	printed := s.run("scan") + s.run("erase", p.Emails[0], "--account", p.Account, "-o", "plan.json") + s.run("apply", "plan.json") + s.run("verify") + s.run("status")
	var raw [][]byte
	err = filepath.WalkDir(filepath.Join(s.dir, "state"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		raw = append(raw, data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	plan, err := os.ReadFile(filepath.Join(s.dir, "plan.json"))
	if err != nil {
		t.Fatal(err)
	}
	raw = append(raw, plan, withoutUnits(t, printed))
	if len(raw) < 5 {
		t.Fatalf("only %d files to look at", len(raw))
	}
	for q, err := range truth.AllPeople(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range append(append([]string{q.Cookie}, q.Phones...), q.Emails...) {
			for i, data := range raw {
				if v != "" && bytes.Contains(data, []byte(v)) {
					t.Errorf("an identifier of person %s stands in file %d of %d", q.ID, i, len(raw))
				}
			}
		}
	}
}

// withoutUnits drops the names of units, which are the sources' own: the jobs
// print them, where a file is named after a person too.
func withoutUnits(t *testing.T, printed string) []byte {
	t.Helper()
	var out []byte
	for _, l := range strings.Split(strings.TrimSpace(printed), "\n") {
		m := map[string]any{}
		if err := json.Unmarshal([]byte(l), &m); err != nil {
			t.Fatalf("a line is no JSON: %v", err)
		}
		delete(m, "unit")
		b, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, b...)
	}
	return out
}

// TestChangedRowsAreStale changes many rows between plan and apply: every one of
// them is counted as stale and left as it is, and apply does not say that it is
// done.
func TestChangedRowsAreStale(t *testing.T) {
	s, _ := newSite(t, 120)
	s.run("scan")
	s.run("retain", "-o", "plan.json")
	db, err := sql.Open("sqlite", "file:"+filepath.Join(s.dir, "crm.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}()
	count := func() (n int) {
		if err := db.QueryRow("SELECT count(*) FROM leads WHERE notes LIKE '%changed since'").Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	if _, err := db.Exec("UPDATE leads SET notes = coalesce(notes, '') || ' changed since'"); err != nil {
		t.Fatal(err)
	}
	before := count()
	out, err := s.cmd("apply", "plan.json").Output()
	if e, ok := err.(*exec.ExitError); !ok || e.ExitCode() != exitGaps {
		t.Fatalf("apply ended with %v, want exit status %d", err, exitGaps)
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	var sum struct{ Stale, Erased, Failed int }
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &sum); err != nil {
		t.Fatal(err)
	}
	if sum.Stale < 9 || sum.Failed != 0 || sum.Erased == 0 {
		t.Errorf("stale, erased, failed = %+v; want many stale rows, the others erased", sum)
	}
	if after := count(); after != before {
		t.Errorf("%d changed rows became %d", before, after)
	}
}

// TestSecondRunIsLockedOut starts two scans at once: one of them exits 11.
func TestSecondRunIsLockedOut(t *testing.T) {
	s, _ := newSite(t, 60)
	s.run("scan")
	lock, err := os.OpenFile(filepath.Join(s.dir, "state", "lock"), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := lock.Close(); err != nil {
			t.Error(err)
		}
	}()
	if err := flock(lock); err != nil {
		t.Fatal(err)
	}
	err = s.cmd("scan").Run()
	if e, ok := err.(*exec.ExitError); !ok || e.ExitCode() != exitLocked {
		t.Errorf("a second run ended with %v, want exit status %d", err, exitLocked)
	}
	for _, args := range [][]string{{"audit", "show"}, {"audit", "verify"}, {"check"}} { // these need no lock
		s.run(args...)
	}
}

// TestDemo runs the whole story on another seed.
func TestDemo(t *testing.T) {
	s, _ := newSite(t, 40)
	c := exec.Command(s.bin, "demo", filepath.Join(t.TempDir(), "demo"), "--people", "150", "--seed", "9")
	out, err := c.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "found = planted, erased = planted, strangers untouched") {
		t.Errorf("demo: %v\n%s", err, out)
	}
}

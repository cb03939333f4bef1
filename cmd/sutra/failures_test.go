package main

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cratio/sutra/cmd/sutra/internal/world"
)

// What goes wrong outside must not take the rest of a run with it: each test breaks
// one thing, looks at what the real binary says, mends it, and wants the second run
// to end as if nothing had happened.

// ends runs the binary and wants an exit status.
func (s *site) ends(want int, args ...string) string {
	s.t.Helper()
	var out, errs bytes.Buffer
	c := s.cmd(args...)
	c.Stdout, c.Stderr = &out, &errs
	err := c.Run()
	if got := c.ProcessState.ExitCode(); got != want {
		s.t.Fatalf("sutra %s: exit status %d, want %d (%v)\n%s%s", args[0], got, want, err, out.String(), errs.String())
	}
	return out.String() + errs.String()
}

// rich picks a person who has copies everywhere.
func rich(t *testing.T, truth *world.Truth) world.Person {
	t.Helper()
	people, err := truth.Pick(t.Context(), world.TagRich)
	if err != nil || len(people) == 0 {
		t.Fatal("no rich person in this world", err)
	}
	return people[0]
}

// same compares objects and database rows of two sites.
func (s *site) same(other *site) {
	s.t.Helper()
	if diff := cmp.Diff(s.dump(), other.dump()); diff != "" {
		s.t.Errorf("the databases differ:\n%s", diff)
	}
	mine, theirs := s.objects(), other.objects()
	for name, data := range mine {
		if !bytes.Equal(theirs[name], data) {
			s.t.Errorf("%s differs", name)
		}
	}
	if len(mine) != len(theirs) {
		s.t.Errorf("%d objects against %d", len(mine), len(theirs))
	}
}

// dump returns the rows of all tables as text, by table.
func (s *site) dump() map[string][]string {
	s.t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(s.dir, "crm.db"))
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() {
		if err := db.Close(); err != nil {
			s.t.Error(err)
		}
	}()
	out := map[string][]string{}
	for _, name := range column(s.t, db, "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name") {
		cols := column(s.t, db, "SELECT 'quote(\"' || name || '\")' FROM pragma_table_info('"+name+"')")
		out[name] = column(s.t, db, fmt.Sprintf("SELECT %s AS x FROM %q ORDER BY x", strings.Join(cols, " || ',' || "), name))
	}
	if len(out) < 5 {
		s.t.Fatalf("only %d tables", len(out))
	}
	return out
}

func column(t *testing.T, db *sql.DB, query string) (out []string) {
	t.Helper()
	rows, err := db.Query(query)
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		var v string
		if err := rows.Scan(&v); err != nil {
			t.Fatal(err)
		}
		out = append(out, v)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

// TestLockedDatabase holds the CRM locked from another process during scan and
// apply.
func TestLockedDatabase(t *testing.T) {
	calm, truth := newSite(t, 60)
	s := calm.twin()
	p := rich(t, truth)
	unlock := lockDB(t, filepath.Join(s.dir, "crm.db"))
	out := s.ends(exitGaps, "scan")
	if !strings.Contains(out, `"type":"gap","source":"crm"`) || !strings.Contains(out, "locked") || strings.Contains(out, `"scanned":0,`) {
		t.Errorf("want a gap of crm that says locked, and the other sources scanned:\n%s", out)
	}
	unlock()
	s.run("scan")
	calm.run("scan")
	if diff := cmp.Diff(calm.answer(p.Emails[0], p.Account), s.answer(p.Emails[0], p.Account)); diff != "" {
		t.Errorf("where answers otherwise after the lock is gone:\n%s", diff)
	}
	for _, x := range []*site{calm, s} {
		x.run("erase", p.Emails[0], "--account", p.Account, "-o", "plan.json")
	}
	calm.run("apply", "plan.json")
	unlock = lockDB(t, filepath.Join(s.dir, "crm.db"))
	out = s.ends(exitGaps, "apply", "plan.json")
	if !strings.Contains(out, "locked") || strings.Contains(out, `"failed":0`) {
		t.Errorf("apply does not say that the database is locked:\n%s", out)
	}
	unlock()
	s.run("apply", "plan.json")
	s.run("verify")
	calm.same(s)
}

// lockDB locks a database as a whole until the returned function is called.
func lockDB(t *testing.T, path string) func() {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := db.Conn(t.Context())
	if err == nil {
		for _, q := range []string{"PRAGMA locking_mode = EXCLUSIVE", "BEGIN EXCLUSIVE"} {
			if _, err = conn.ExecContext(t.Context(), q); err != nil {
				break
			}
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	return func() {
		if _, err := conn.ExecContext(context.Background(), "ROLLBACK"); err != nil {
			t.Error(err)
		}
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestSourceVanishesMidScan takes a folder away while it is scanned: what was known
// stands, the run ends, and with the folder back the answer is whole.
func TestSourceVanishesMidScan(t *testing.T) {
	calm, truth := newSite(t, 150)
	s := calm.twin()
	p := rich(t, truth)
	start := time.Now()
	calm.run("scan")
	took := time.Since(start)
	from, to := filepath.Join(s.dir, "recordings"), filepath.Join(s.dir, "away")
	for i := range 6 {
		c := s.cmd("scan")
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(took * time.Duration(i) / 6)
		if err := os.Rename(from, to); err != nil {
			t.Fatal(err)
		}
		err := c.Wait()
		if code := c.ProcessState.ExitCode(); code != exitDone && code != exitGaps {
			t.Errorf("scan ended with %v while a folder vanished", err)
		}
		if err := os.Rename(to, from); err != nil {
			t.Fatal(err)
		}
	}
	s.run("scan")
	if diff := cmp.Diff(calm.answer(p.Emails[0], p.Account), s.answer(p.Emails[0], p.Account)); diff != "" {
		t.Errorf("where answers otherwise after the folder is back:\n%s", diff)
	}
}

// TestUnreadableFile takes the right to read one file away: it is a gap that names
// it, everything else is scanned, and what was known of it before stands.
func TestUnreadableFile(t *testing.T) {
	s, truth := newSite(t, 60)
	p := rich(t, truth)
	s.run("scan")
	want := s.answer(p.Emails[0], p.Account)
	var name string
	for n := range s.objects() {
		if strings.HasPrefix(n, "exports/") && (name == "" || n < name) {
			name = n
		}
	}
	path := filepath.Join(s.dir, name)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var own *syscall.SysProcAttr
	if os.Getuid() == 0 { // nothing is unreadable to root: the binary runs as nobody
		own = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		handOver(t, s, 65534)
	}
	if err := os.WriteFile(path, append(data, '\n'), 0o644); err != nil { // it has to be read again
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0); err != nil {
		t.Fatal(err)
	}
	c := s.cmd("scan")
	c.SysProcAttr = own
	out, err := c.CombinedOutput()
	if c.ProcessState.ExitCode() != exitGaps || !strings.Contains(string(out), filepath.Base(name)) || !strings.Contains(string(out), "permission denied") {
		t.Errorf("scan of an unreadable file: %v\n%s", err, out)
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	s.run("scan")
	if diff := cmp.Diff(want, s.answer(p.Emails[0], p.Account)); diff != "" {
		t.Errorf("where answers otherwise after the file is readable again:\n%s", diff)
	}
}

// handOver gives a site to another user, and the binary with it.
func handOver(t *testing.T, s *site, uid int) {
	t.Helper()
	for dir := filepath.Dir(s.dir); dir != os.TempDir() && dir != "/"; dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(filepath.Dir(s.bin), 0o755); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("chown", "-R", fmt.Sprintf("%d:%d", uid, uid), s.dir).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}

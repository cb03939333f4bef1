package server

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

func TestPostgres(t *testing.T) {
	ctx := context.Background()
	p, err := StartPostgres(ctx, "", "fsync=off")
	if err != nil {
		t.Fatal(err)
	}
	defer p.Stop()
	dsn, err := p.Database(ctx, "two words")
	if err != nil {
		t.Fatal(err)
	}
	c, err := pgx.Connect(ctx, strings.ReplaceAll(dsn, " ", "%20"))
	if err != nil {
		t.Fatal(err)
	}
	var enc, fsync string
	err = errors.Join(c.QueryRow(ctx, "SELECT pg_encoding_to_char(encoding), current_setting('fsync') FROM pg_database WHERE datname = current_database()").Scan(&enc, &fsync), c.Close(ctx))
	if err != nil || enc != "UTF8" || fsync != "off" {
		t.Errorf("encoding %s, fsync %s, %v", enc, fsync, err)
	}
	stopped(t, p.process)
	if _, err := pgx.Connect(ctx, p.DSN("postgres")); err == nil {
		t.Error("it still answers")
	}
}

func TestMariaDB(t *testing.T) {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "sutra-home-*") // t.TempDir is closed to other accounts
	if err == nil {
		err = os.Chmod(dir, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	t.Setenv("TMPDIR", filepath.Join(dir, "no such folder")) // a server keeps to its own
	m, err := StartMariaDB(ctx, dir, "sync-binlog=0")
	if err != nil {
		t.Fatal(err)
	}
	defer m.Stop()
	dsn, err := m.Database(ctx, "scratch")
	if err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("mysql", dsn)
	if err != nil {
		t.Fatal(err)
	}
	var name, set string
	err = errors.Join(db.QueryRow("SELECT database(), @@character_set_database").Scan(&name, &set), db.Close())
	if err != nil || name != "scratch" || set != "utf8mb4" {
		t.Errorf("database %s, characters %s, %v", name, set, err)
	}
	stopped(t, m.process)
}

// stopped stops a server and looks whether anything is left of it.
func stopped(t *testing.T, p *process) {
	t.Helper()
	if err := errors.Join(p.Stop(), p.Stop()); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(p.dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("its folder is still there: %v", err)
	}
	if p.cmd.ProcessState == nil {
		t.Error("its process is still there")
	}
}

func TestMissing(t *testing.T) {
	_, err := find("some-server", []string{t.TempDir()}, "sutra-no-such-program")
	var m *MissingError
	if !errors.As(err, &m) || !strings.Contains(err.Error(), "apt-get install some-server") {
		t.Error(err)
	}
	d := t.TempDir()
	for _, v := range []string{"14", "15"} {
		if err := errors.Join(os.Mkdir(filepath.Join(d, v), 0o755), os.WriteFile(filepath.Join(d, v, "prog"), nil, 0o755)); err != nil {
			t.Fatal(err)
		}
	}
	if p, err := find("x", []string{filepath.Join(d, "*")}, "prog"); err != nil || p != filepath.Join(d, "15", "prog") {
		t.Errorf("%s, %v", p, err)
	}
}

func TestAServerThatEndsAtOnce(t *testing.T) {
	if _, err := StartPostgres(context.Background(), "", "no_such_setting=1"); err == nil || !strings.Contains(err.Error(), "no_such_setting") {
		t.Errorf("%v", err)
	}
}

func TestS3(t *testing.T) {
	ctx := context.Background()
	s, err := StartS3(ctx, "", "eu-west-1")
	if err != nil {
		t.Fatal(err)
	}
	defer s.Stop()
	b := s.Buckets()
	defer b.Close()
	dir := t.TempDir()
	if err := errors.Join(os.Mkdir(filepath.Join(dir, "d"), 0o755), os.WriteFile(filepath.Join(dir, "d", "k"), []byte("x"), 0o644)); err != nil {
		t.Fatal(err)
	}
	for i, kind := range []Keeps{Nothing, Versions, Locked} {
		name := []string{"nothing", "versions", "locked"}[i]
		if err := errors.Join(b.Make(ctx, name, kind), b.Upload(ctx, name, "p/", dir), b.Upload(ctx, name, "p/", dir)); err != nil {
			t.Fatal(err)
		}
		n := 0
		for v, err := range b.All(ctx, name) {
			if err != nil || v.Key != "p/d/k" {
				t.Errorf("%s: %+v, %v", name, v, err)
			}
			n++
		}
		if data, err := b.Read(ctx, name, "p/d/k", ""); err != nil || string(data) != "x" || (n == 2) != (kind != Nothing) {
			t.Errorf("%s: %q, %d versions, %v", name, data, n, err)
		}
	}
	if err := s.AddUser(ctx, "guest", "guest-secret"); err != nil {
		t.Fatal(err)
	}
	guest := s.BucketsAs("guest", "guest-secret")
	defer guest.Close()
	if _, err := guest.Read(ctx, "versions", "p/d/k", ""); err == nil || !strings.Contains(err.Error(), "AccessDenied") {
		t.Errorf("a guest without a policy: %v", err)
	}
	stopped(t, s.process)
}

package server

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"

	"github.com/jackc/pgx/v5"
)

// Postgres is a running PostgreSQL server.
type Postgres struct {
	*process
	port int
}

// DSN is the URL of a database of the server; the server begins with the one that
// is called "postgres". Its user may do everything.
func (p *Postgres) DSN(database string) string {
	return fmt.Sprintf("postgres://sutra@127.0.0.1:%d/%s?sslmode=disable", p.port, database)
}

// StartPostgres makes a database cluster in a folder below dir ("" means the
// system's place for temporary files), starts a server over it and waits until it
// answers. settings are lines of its configuration, such as "fsync=off". As root
// it runs as the account postgres, which must be able to reach dir. The error is
// a [MissingError] when PostgreSQL is not installed.
func StartPostgres(ctx context.Context, dir string, settings ...string) (*Postgres, error) {
	program, err := find("postgresql", []string{"/usr/lib/postgresql/*/bin", "/usr/local/pgsql/bin", "/opt/homebrew/opt/postgresql*/bin"}, "postgres")
	if err != nil {
		return nil, err
	}
	who, err := servant("postgres", "nobody")
	if err != nil {
		return nil, err
	}
	home, err := who.folder(dir, "sutra-postgres-*")
	if err != nil {
		return nil, fmt.Errorf("making a folder for PostgreSQL: %w", err)
	}
	data := filepath.Join(home, "data")
	err = who.run(ctx, home, filepath.Join(filepath.Dir(program), "initdb"), "-D", data, "-U", "sutra", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(home))
	}
	port, err := freePort()
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(home))
	}
	args := []string{"-D", data, "-h", "127.0.0.1", "-p", strconv.Itoa(port), "-c", "unix_socket_directories="}
	for _, s := range settings {
		args = append(args, "-c", s)
	}
	cmd := exec.Command(program, args...)
	cmd.Dir = home
	who.apply(cmd)
	p := &Postgres{process: &process{cmd: cmd, dir: home, quit: syscall.SIGINT}, port: port}
	err = launch(ctx, p.process, func(ctx context.Context) error {
		c, err := pgx.Connect(ctx, p.DSN("postgres"))
		if err != nil {
			return err
		}
		return c.Close(ctx)
	})
	if err != nil {
		return nil, err
	}
	return p, nil
}

// Database makes an empty database and returns its DSN.
func (p *Postgres) Database(ctx context.Context, name string) (dsn string, err error) {
	c, err := pgx.Connect(ctx, p.DSN("postgres"))
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, c.Close(ctx)) }()
	if _, err := c.Exec(ctx, "CREATE DATABASE "+pgx.Identifier{name}.Sanitize()); err != nil {
		return "", err
	}
	return p.DSN(name), nil
}

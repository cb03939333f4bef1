package server

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"

	"github.com/go-sql-driver/mysql"
)

// MariaDB is a running MariaDB server.
type MariaDB struct {
	*process
	port int
}

// DSN is the data source name of a database of the server, in the form of
// go-sql-driver; "" names no database. Its user may do everything.
func (m *MariaDB) DSN(database string) string {
	return fmt.Sprintf("root@tcp(127.0.0.1:%d)/%s", m.port, database)
}

// StartMariaDB makes a data folder below dir ("" means the system's place for
// temporary files), starts a server over it and waits until it answers. settings
// are options of the server without their dashes, such as "sync-binlog=0". As root
// it runs as the account mysql, which must be able to reach dir. The error is a
// [MissingError] when MariaDB is not installed.
func StartMariaDB(ctx context.Context, dir string, settings ...string) (*MariaDB, error) {
	program, err := find("mariadb-server", []string{"/usr/sbin", "/usr/local/sbin", "/opt/homebrew/bin"}, "mariadbd", "mysqld")
	if err != nil {
		return nil, err
	}
	install, err := find("mariadb-server", nil, "mariadb-install-db", "mysql_install_db")
	if err != nil {
		return nil, err
	}
	who, err := servant("mysql", "nobody")
	if err != nil {
		return nil, err
	}
	home, err := who.folder(dir, "sutra-mariadb-*")
	if err != nil {
		return nil, fmt.Errorf("making a folder for MariaDB: %w", err)
	}
	data := filepath.Join(home, "data")
	// Its temporary tables lie in the folder too: in a shared one, those of two servers
	// have the same names when their processes have the same numbers.
	err = who.run(ctx, home, install, "--no-defaults", "--datadir="+data, "--tmpdir="+home, "--auth-root-authentication-method=normal", "--skip-test-db", "--skip-name-resolve")
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(home))
	}
	port, err := freePort()
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(home))
	}
	args := []string{"--no-defaults", "--datadir=" + data, "--bind-address=127.0.0.1", "--port=" + strconv.Itoa(port), "--socket=" + filepath.Join(home, "sock"),
		"--skip-name-resolve", "--character-set-server=utf8mb4", "--pid-file=" + filepath.Join(home, "pid"), "--tmpdir=" + home}
	for _, s := range settings {
		args = append(args, "--"+s)
	}
	cmd := exec.Command(program, args...)
	cmd.Dir = home
	who.apply(cmd)
	m := &MariaDB{process: &process{cmd: cmd, dir: home, quit: syscall.SIGTERM}, port: port}
	cfg, err := mysql.ParseDSN(m.DSN(""))
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(home))
	}
	cfg.Logger = &mysql.NopLogger{} // it does not answer at first
	conn, err := mysql.NewConnector(cfg)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(home))
	}
	db := sql.OpenDB(conn)
	err = launch(ctx, m.process, db.PingContext)
	if err = errors.Join(err, db.Close()); err != nil {
		return nil, err
	}
	return m, nil
}

// Database makes an empty database and returns its DSN.
func (m *MariaDB) Database(ctx context.Context, name string) (dsn string, err error) {
	db, err := sql.Open("mysql", m.DSN(""))
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if _, err := db.ExecContext(ctx, "CREATE DATABASE `"+name+"` CHARACTER SET utf8mb4"); err != nil {
		return "", err
	}
	return m.DSN(name), nil
}

// Command run starts a database server, runs a command with its data source name
// in the environment as CRM_DSN, and stops the server again:
//
//	go run ./connectors/connectortest/server/run postgres -- command args...
//
// The command may write $CRM_DSN in its arguments itself through a shell. The exit
// status is the command's.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"

	"github.com/cratio/sutra/connectors/connectortest/server"
)

func main() {
	code, err := run(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "run:", err)
	}
	os.Exit(code)
}

func run(args []string) (code int, err error) {
	if len(args) < 3 || args[1] != "--" {
		return 2, errors.New("usage: run postgres|mysql -- COMMAND [ARGUMENT...]")
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	dsn, end, err := start(ctx, args[0])
	if err != nil {
		return 1, err
	}
	defer func() {
		if serr := end(); serr != nil {
			code, err = 1, errors.Join(err, serr)
		}
	}()
	cmd := exec.CommandContext(ctx, args[2], args[3:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.Env = append(os.Environ(), "CRM_DSN="+dsn)
	err = cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode(), nil
	}
	if err != nil {
		return 1, err
	}
	return 0, nil
}

// start starts a server and returns the data source name of an empty database.
func start(ctx context.Context, kind string) (dsn string, stop func() error, err error) {
	switch kind {
	case "postgres":
		p, err := server.StartPostgres(ctx, "")
		if err != nil {
			return "", nil, err
		}
		return p.DSN("postgres"), p.Stop, nil
	case "mysql":
		m, err := server.StartMariaDB(ctx, "")
		if err != nil {
			return "", nil, err
		}
		dsn, err := m.Database(ctx, "scratch")
		if err != nil {
			return "", nil, errors.Join(err, m.Stop())
		}
		return dsn, m.Stop, nil
	}
	return "", nil, fmt.Errorf("no server is called %q: postgres or mysql", kind)
}

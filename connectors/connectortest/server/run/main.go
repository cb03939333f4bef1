// Command run starts a server, runs a command with what it takes to reach it in the
// environment, and stops the server again:
//
//	go run ./connectors/connectortest/server/run postgres -- command args...   # mysql: CRM_DSN is set
//	go run ./connectors/connectortest/server/run s3 -- command args...         # AWS_ENDPOINT_URL and so on are set
//	go run ./connectors/connectortest/server/run s3                            # prints the environment, until interrupted
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
	if len(args) != 1 && (len(args) < 3 || args[1] != "--") {
		return 2, errors.New("usage: run postgres|mysql|s3 [-- COMMAND [ARGUMENT...]]")
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	env, end, err := start(ctx, args[0])
	if err != nil {
		return 1, err
	}
	defer func() {
		if serr := end(); serr != nil {
			code, err = 1, errors.Join(err, serr)
		}
	}()
	if len(args) == 1 {
		for _, kv := range env {
			fmt.Printf("export '%s'\n", kv)
		}
		fmt.Fprintln(os.Stderr, "# the server runs until this is interrupted")
		<-ctx.Done()
		return 0, nil
	}
	cmd := exec.CommandContext(ctx, args[2], args[3:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.Env = append(os.Environ(), env...)
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

// start starts a server and returns the environment that leads to it: to an empty
// database, or to a store without buckets.
func start(ctx context.Context, kind string) (env []string, stop func() error, err error) {
	switch kind {
	case "postgres":
		p, err := server.StartPostgres(ctx, "")
		if err != nil {
			return nil, nil, err
		}
		return []string{"CRM_DSN=" + p.DSN("postgres")}, p.Stop, nil
	case "mysql":
		m, err := server.StartMariaDB(ctx, "")
		if err != nil {
			return nil, nil, err
		}
		dsn, err := m.Database(ctx, "scratch")
		if err != nil {
			return nil, nil, errors.Join(err, m.Stop())
		}
		return []string{"CRM_DSN=" + dsn}, m.Stop, nil
	case "s3":
		s, err := server.StartS3(ctx, "", "")
		if err != nil {
			return nil, nil, err
		}
		return s.Env(), s.Stop, nil
	}
	return nil, nil, fmt.Errorf("no server is called %q: postgres, mysql or s3", kind)
}

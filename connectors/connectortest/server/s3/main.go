// Command s3 starts an S3 server for a developer to play with:
//
//	go run ./connectors/connectortest/server/s3                      # until it is interrupted
//	go run ./connectors/connectortest/server/s3 -- COMMAND ARGUMENT...
//
// Without a command it prints the environment to export. With one it runs the
// command in that environment and ends with its exit status. What the server held
// is gone afterwards, unless SUTRA_S3_DIR names a folder to keep it in.
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
		fmt.Fprintln(os.Stderr, "s3:", err)
	}
	os.Exit(code)
}

func run(args []string) (code int, err error) {
	if len(args) == 1 || len(args) > 1 && args[0] != "--" {
		return 2, errors.New("usage: s3 [-- COMMAND [ARGUMENT...]]")
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	dir := os.Getenv("SUTRA_S3_DIR")
	if dir == "" {
		if dir, err = os.MkdirTemp("", "sutra-s3-"); err != nil {
			return 1, err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	}
	s, err := server.StartS3(ctx, dir, os.Getenv("SUTRA_S3_REGION"))
	if err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, s.Stop()) }()
	if len(args) == 0 {
		for _, kv := range s.Env() {
			fmt.Println("export " + kv)
		}
		fmt.Fprintln(os.Stderr, "# the server runs until this is interrupted; buckets are in", dir)
		<-ctx.Done()
		return 0, nil
	}
	cmd := exec.CommandContext(ctx, args[1], args[2:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.Env = append(os.Environ(), s.Env()...)
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

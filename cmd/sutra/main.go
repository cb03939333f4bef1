// Command sutra finds every copy of a person's data that a CRM company holds,
// hands her the copy, erases her everywhere, and lets nothing live past its
// retention period.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
)

// memoryLimit is how much memory the program means to use, in bytes: from there on
// garbage is collected sooner. What a single input may take is bounded elsewhere;
// this keeps what two of them leave behind from adding up. GOMEMLIMIT sets another.
const memoryLimit = 448 << 20

func main() {
	signal.Ignore(syscall.SIGXFSZ) // a limit on the size of files is an error of the write, not the end of the program
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryLimit)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// Who reads the lines may leave (sutra ... | head): a job that changes data goes on to
	// its end, and the exit status says that not all could be printed.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	context.AfterFunc(ctx, stop) // who interrupts twice does not wait for an orderly end
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run is the whole program: arguments in, exit status out.
func run(ctx context.Context, args []string, stdout, stderr *os.File) int {
	a := &app{stdout: &sink{w: stdout, stderr: stderr}, stderr: stderr}
	root := a.root()
	root.SetArgs(args)
	root.SetOut(a.stdout) // help, when asked for, the version, completions
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	code := a.exit(ctx, err)
	if a.out == nil && a.json {
		a.out = newPrinter(a.stdout, stderr, true, a.quiet) // the arguments were wrong
	}
	if a.out != nil {
		a.out.end(code)
	}
	if code == exitInterrupted {
		err = errors.New("interrupted; run the same command again")
	}
	if err != nil && code != exitGaps {
		fmt.Fprintln(stderr, "sutra: "+paragraphs(err.Error()))
	}
	if a.stdout.lost() && (code == exitDone || code == exitGaps) {
		return exitFailed
	}
	return code
}

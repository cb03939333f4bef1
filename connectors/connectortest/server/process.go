package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"time"
)

const (
	startLimit = 60 * time.Second      // for a server to answer its first connection
	stopLimit  = 20 * time.Second      // for a server to end before it is killed
	askEvery   = 50 * time.Millisecond // how often a starting server is asked
	outputKept = 16 << 10              // bytes of a server's output that an error shows
	childMode  = os.FileMode(0o700)    // of the folders of a server
)

// process is a running server.
type process struct {
	cmd  *exec.Cmd
	dir  string // removed at the end
	out  *tail
	quit os.Signal // asks it to end at once, without waiting for its clients
	once sync.Once
	done chan struct{}
	err  error // of Wait; valid when done is closed
}

// Stop ends the server and removes its files. It may be called twice.
func (p *process) Stop() error {
	var err error
	p.once.Do(func() {
		if serr := p.cmd.Process.Signal(p.quit); serr != nil && !errors.Is(serr, os.ErrProcessDone) {
			err = serr
		}
		select {
		case <-p.done:
		case <-time.After(stopLimit):
			err = errors.Join(err, p.cmd.Process.Kill())
			<-p.done
		}
		err = errors.Join(err, os.RemoveAll(p.dir))
	})
	return err
}

// CPU is the processor time that the server and the processes it started took so far,
// those that ended included. It is known on Linux only.
func (p *process) CPU() (time.Duration, error) {
	list, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return 0, err
	}
	own := strconv.Itoa(p.cmd.Process.Pid)
	var ticks int64
	for _, name := range list {
		b, err := os.ReadFile(name)
		if err != nil {
			continue // it ended in the meantime; its starter knows its time
		}
		_, rest, ok := bytes.Cut(b, []byte(") ")) // the name before may hold anything
		f := bytes.Fields(rest)
		if !ok || len(f) < 15 {
			continue
		}
		self := name == "/proc/"+own+"/stat"
		if !self && string(f[1]) != own {
			continue
		}
		for i, v := range f[11:15] { // user and system time, and those of children that ended
			n, err := strconv.ParseInt(string(v), 10, 64)
			if err != nil {
				return 0, err
			}
			if self || i < 2 {
				ticks += n
			}
		}
	}
	return time.Duration(ticks) * time.Second / ticksPerSecond, nil
}

// ticksPerSecond is the clock of /proc on every Linux.
const ticksPerSecond = 100

// launch starts a server's program and waits until ask says that it answers.
func launch(ctx context.Context, p *process, ask func(context.Context) error) error {
	p.out, p.done = &tail{}, make(chan struct{})
	p.cmd.Stdout, p.cmd.Stderr = p.out, p.out
	p.cmd.WaitDelay = stopLimit
	if err := p.cmd.Start(); err != nil {
		return fmt.Errorf("starting %s: %w", p.cmd.Path, err)
	}
	go func() { // Stop waits for it
		p.err = p.cmd.Wait()
		close(p.done)
	}()
	limit := time.Now().Add(startLimit)
	for {
		err := ask(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-p.done:
			return errors.Join(fmt.Errorf("%s ended at once (%v): %s", p.cmd.Path, p.err, p.out), p.Stop())
		case <-ctx.Done():
			return errors.Join(ctx.Err(), p.Stop())
		case <-time.After(askEvery):
		}
		if time.Now().After(limit) {
			return errors.Join(fmt.Errorf("%s does not answer: %w: %s", p.cmd.Path, err, p.out), p.Stop())
		}
	}
}

// tail keeps the end of what a program writes.
type tail struct {
	mu sync.Mutex
	b  []byte
}

// Write implements io.Writer.
func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.b = append(t.b, p...)
	if over := len(t.b) - outputKept; over > 0 {
		t.b = slices.Delete(t.b, 0, over)
	}
	return len(p), nil
}

// String implements fmt.Stringer.
func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(bytes.TrimSpace(t.b))
}

// MissingError says that a server's program is not on this machine.
type MissingError struct {
	Program string // what was looked for
	Package string // the Debian package that brings it
}

// Error implements error.
func (e *MissingError) Error() string {
	return fmt.Sprintf("%s is not installed: run .ci/install, or apt-get install %s", e.Program, e.Package)
}

// find looks for a program in the given folders (globs, the last match wins:
// the newest version) and then in PATH.
func find(pkg string, folders []string, names ...string) (string, error) {
	for _, n := range names {
		for _, f := range folders {
			found, err := filepath.Glob(filepath.Join(f, n))
			if err != nil {
				return "", err
			}
			if len(found) > 0 {
				slices.Sort(found)
				return found[len(found)-1], nil
			}
		}
		if p, err := exec.LookPath(n); err == nil {
			return p, nil
		}
	}
	return "", &MissingError{Program: names[0], Package: pkg}
}

// account is who a server runs as: servers refuse to run as root.
type account struct {
	change   bool
	uid, gid int
}

// servant finds the account for a server: the caller's own unless that is root,
// else the first of the names that exists.
func servant(names ...string) (account, error) {
	if os.Getuid() != 0 {
		return account{}, nil
	}
	for _, n := range names {
		u, err := user.Lookup(n)
		if err != nil {
			continue
		}
		uid, uerr := strconv.Atoi(u.Uid)
		gid, gerr := strconv.Atoi(u.Gid)
		if err := errors.Join(uerr, gerr); err != nil {
			return account{}, fmt.Errorf("account %s: %w", n, err)
		}
		return account{true, uid, gid}, nil
	}
	return account{}, fmt.Errorf("none of the accounts %v exists to run a server as", names)
}

// folder makes a folder of the account's below dir ("" means the system's place
// for temporary files). The account must be able to reach dir.
func (a account) folder(dir, pattern string) (string, error) {
	d, err := os.MkdirTemp(dir, pattern)
	if err != nil {
		return "", err
	}
	if a.change {
		err = os.Chown(d, a.uid, a.gid)
	}
	return d, errors.Join(err, os.Chmod(d, childMode))
}

// run runs a program to its end as the account.
func (a account) run(ctx context.Context, dir, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	a.apply(cmd)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("running %s: %w: %s", name, err, bytes.TrimSpace(out))
	}
	return nil
}

// freePort asks the system for a port of 127.0.0.1 that nobody uses.
func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	return l.Addr().(*net.TCPAddr).Port, l.Close()
}

package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// The server that tests and the demo run on: a gateway over a folder that enforces
// versions, locks, conditional writes and part copies. It is no dependency of this
// module: it is built once, by its own module's rules, into a cache folder.
const (
	s3Module  = "github.com/versity/versitygw/cmd/versitygw"
	s3Version = "v1.8.0"
)

// S3Region is where the buckets of the server stand unless StartS3 is told else.
const S3Region = "ap-south-1"

// startTime is how long a server may take until it answers.
const startTime = 20 * time.Second

// S3 is a running server.
type S3 struct {
	URL       string // http://127.0.0.1:PORT
	Region    string
	AccessKey string
	SecretKey string

	cmd  *exec.Cmd
	done chan error
}

// StartS3 starts a server whose files are below dir, and waits until it answers.
// region "" means S3Region.
func StartS3(ctx context.Context, dir, region string) (*S3, error) {
	bin, err := s3Binary(ctx)
	if err != nil {
		return nil, err
	}
	if region == "" {
		region = S3Region
	}
	for _, d := range []string{"buckets", "versions"} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o700); err != nil {
			return nil, fmt.Errorf("starting the S3 server: %w", err)
		}
	}
	for try := 1; ; try++ {
		s, err := startS3(ctx, bin, dir, region)
		if err == nil || try == 3 || ctx.Err() != nil { // somebody else may have taken the port
			return s, err
		}
	}
}

func startS3(ctx context.Context, bin, dir, region string) (*S3, error) {
	port, err := freeAddr()
	if err != nil {
		return nil, err
	}
	s := &S3{URL: "http://" + port, Region: region, AccessKey: "sutra", SecretKey: "sutra-secret", done: make(chan error, 1)}
	log, err := os.OpenFile(filepath.Join(dir, "server.log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("starting the S3 server: %w", err)
	}
	defer log.Close() // the server has its own handle
	s.cmd = exec.Command(bin, "--port", port, "--region", region, "--quiet", "--health", "/health", "--access", s.AccessKey, "--secret", s.SecretKey,
		"--iam-dir", dir, "posix", "--versioning-dir", filepath.Join(dir, "versions"), filepath.Join(dir, "buckets"))
	s.cmd.Dir, s.cmd.Stdout, s.cmd.Stderr = dir, log, log
	s.cmd.SysProcAttr = diesWithParent()
	if err := s.cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting the S3 server: %w", err)
	}
	go func() { s.done <- s.cmd.Wait() }() // Stop waits for it
	if err := s.ready(ctx); err != nil {
		text, rerr := os.ReadFile(log.Name())
		return nil, errors.Join(fmt.Errorf("starting the S3 server: %w: %s", err, strings.TrimSpace(string(text))), rerr, s.Stop())
	}
	return s, nil
}

// ready waits until the server answers.
func (s *S3) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	tr := &http.Transport{}
	defer tr.CloseIdleConnections()
	client := &http.Client{Transport: tr}
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+"/health", nil)
		if err != nil {
			return err
		}
		resp, err := client.Do(req)
		if err == nil {
			_, err = io.Copy(io.Discard, resp.Body)
			if err := errors.Join(err, resp.Body.Close()); err == nil && resp.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case err := <-s.done:
			s.done <- err
			return fmt.Errorf("it ended at once (%w)", err)
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// Stop ends the server and waits for it. It may be called twice.
func (s *S3) Stop() error {
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stopping the S3 server: %w", err)
	}
	select {
	case err := <-s.done:
		s.done <- err
	case <-time.After(5 * time.Second):
		if err := s.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
			return fmt.Errorf("stopping the S3 server: %w", err)
		}
		s.done <- <-s.done
	}
	return nil // how it ended says nothing: it was killed
}

// Env is the environment in which a program finds the server.
func (s *S3) Env() []string {
	return []string{"AWS_ENDPOINT_URL=" + s.URL, "AWS_REGION=" + s.Region, "AWS_ACCESS_KEY_ID=" + s.AccessKey, "AWS_SECRET_ACCESS_KEY=" + s.SecretKey}
}

// s3Binary returns the server's program, built when it is not there yet.
func s3Binary(ctx context.Context) (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("building the S3 server: %w", err)
	}
	dir := filepath.Join(cache, "sutra", "versitygw-"+s3Version)
	bin := filepath.Join(dir, "versitygw")
	if _, err := os.Stat(bin); err == nil {
		return bin, nil
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return "", fmt.Errorf("building the S3 server: %w", err)
	}
	// Built aside and renamed: two builders, or a killed one, leave no half file.
	tmp, err := os.MkdirTemp(filepath.Dir(dir), "building-")
	if err != nil {
		return "", fmt.Errorf("building the S3 server: %w", err)
	}
	cmd := exec.CommandContext(ctx, "go", "install", s3Module+"@"+s3Version)
	cmd.Env = append(os.Environ(), "GOBIN="+tmp, "GOFLAGS=")
	cmd.Dir = tmp
	if text, err := cmd.CombinedOutput(); err != nil {
		return "", errors.Join(fmt.Errorf("building the S3 server: %w: %s", err, strings.TrimSpace(string(text))), os.RemoveAll(tmp))
	}
	if err := os.Rename(tmp, dir); err != nil {
		if _, there := os.Stat(bin); there != nil {
			return "", fmt.Errorf("building the S3 server: %w", err)
		}
		return bin, os.RemoveAll(tmp) // another builder was faster
	}
	return bin, nil
}

// freeAddr returns an address of this machine that nobody listens on.
func freeAddr() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("looking for a free port: %w", err)
	}
	addr := l.Addr().String()
	if err := l.Close(); err != nil {
		return "", fmt.Errorf("looking for a free port: %w", err)
	}
	return addr, nil
}

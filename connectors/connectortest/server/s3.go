package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
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

// S3 is a running server.
type S3 struct {
	*process
	URL       string // http://127.0.0.1:PORT
	Region    string
	AccessKey string
	SecretKey string

	bin string
}

// StartS3 starts a server that keeps its buckets in a folder below dir ("" means
// the system's place for temporary files), and waits until it answers. All of them
// stand in one region; "" means S3Region.
func StartS3(ctx context.Context, dir, region string) (*S3, error) {
	bin, err := s3Binary(ctx)
	if err != nil {
		return nil, err
	}
	if region == "" {
		region = S3Region
	}
	var who account // the caller's own: this server may run as root
	home, err := who.folder(dir, "sutra-s3-*")
	if err != nil {
		return nil, fmt.Errorf("making a folder for the S3 server: %w", err)
	}
	buckets, versions := filepath.Join(home, "buckets"), filepath.Join(home, "versions")
	port, err := freePort()
	if err := errors.Join(err, os.Mkdir(buckets, childMode), os.Mkdir(versions, childMode)); err != nil {
		return nil, errors.Join(err, os.RemoveAll(home))
	}
	addr := fmt.Sprintf("127.0.0.1:%d", port)
	s := &S3{URL: "http://" + addr, Region: region, AccessKey: "sutra", SecretKey: "sutra-secret", bin: bin}
	cmd := exec.Command(bin, "--port", addr, "--region", region, "--quiet", "--health", "/health", "--access", s.AccessKey, "--secret", s.SecretKey,
		"--iam-dir", home, "posix", "--versioning-dir", versions, buckets)
	cmd.Dir = home
	who.apply(cmd)
	s.process = &process{cmd: cmd, dir: home, quit: syscall.SIGTERM}
	tr := &http.Transport{}
	defer tr.CloseIdleConnections()
	client := &http.Client{Transport: tr}
	if err := launch(ctx, s.process, func(ctx context.Context) error { return healthy(ctx, client, s.URL) }); err != nil {
		return nil, err
	}
	return s, nil
}

func healthy(ctx context.Context, client *http.Client, url string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/health", nil)
	if err != nil {
		return err
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, resp.Body)
	if resp.StatusCode != http.StatusOK {
		err = errors.Join(err, fmt.Errorf("status %d", resp.StatusCode))
	}
	return errors.Join(err, resp.Body.Close())
}

// AddUser makes an account that may do nothing but what bucket policies allow it.
func (s *S3) AddUser(ctx context.Context, access, secret string) error {
	cmd := exec.CommandContext(ctx, s.bin, "admin", "--access", s.AccessKey, "--secret", s.SecretKey, "--region", s.Region, "--endpoint-url", s.URL,
		"create-user", "--access", access, "--secret", secret, "--role", "user")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("making an account of the S3 server: %w: %s", err, strings.TrimSpace(string(out)))
	}
	return nil
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

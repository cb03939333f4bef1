package connectortest

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"go.uber.org/goleak"

	"github.com/cratio/sutra/connectors/connectortest/server"
)

// shared is the S3 server of a test binary, started by the first test that wants
// it and stopped by Main.
var shared struct {
	once    sync.Once
	s3      *server.S3
	err     error
	buckets atomic.Int64
}

// Main runs the tests of a package, stops the server that they shared, and fails
// when a goroutine is left. A package whose tests call S3 has it as its TestMain.
func Main(m *testing.M) {
	code := m.Run()
	var err error
	if shared.s3 != nil {
		err = shared.s3.Stop()
	}
	if err == nil {
		err = goleak.Find()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = max(code, 1)
	}
	os.Exit(code)
}

// S3 returns the server that the tests of a binary share, and points the
// environment of the test at it.
func S3(t testing.TB) *server.S3 {
	t.Helper()
	shared.once.Do(func() {
		shared.s3, shared.err = server.StartS3(context.Background(), "", "")
	})
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	for _, kv := range shared.s3.Env() {
		k, v, _ := strings.Cut(kv, "=")
		t.Setenv(k, v)
	}
	return shared.s3
}

// Bucket makes a new bucket for a test, and returns its name and the means to look
// into it.
func Bucket(t testing.TB, kind server.Keeps) (string, *server.Buckets) {
	t.Helper()
	b := S3(t).Buckets()
	t.Cleanup(b.Close)
	name := fmt.Sprintf("test-%d", shared.buckets.Add(1))
	if err := b.Make(context.Background(), name, kind); err != nil {
		t.Fatal(err)
	}
	return name, b
}

// Stores are the schemes that object connectors are tested over.
var Stores = []string{"file", "s3"}

// Stored returns the url of a store that holds the files of a folder: of the
// folder itself, or of a new bucket that keeps versions.
func Stored(t testing.TB, scheme, dir string) string {
	t.Helper()
	if scheme == "file" {
		return "file:" + dir
	}
	name, b := Bucket(t, server.Versions)
	if err := b.Upload(context.Background(), name, "in/", dir); err != nil {
		t.Fatal(err)
	}
	return "s3://" + name + "/in/"
}

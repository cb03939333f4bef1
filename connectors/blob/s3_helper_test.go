package blob

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"go.uber.org/goleak"

	"github.com/cratio/sutra/connectors/connectortest/server"
)

// One server serves all tests of the package; each test has buckets of its own.
var shared struct {
	once sync.Once
	dir  string
	s3   *server.S3
	err  error
}

func TestMain(m *testing.M) {
	code := m.Run()
	var err error
	if shared.s3 != nil {
		err = errors.Join(shared.s3.Stop(), os.RemoveAll(shared.dir))
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

// testServer starts the server once and points the environment of the test at it.
func testServer(t testing.TB) *server.S3 {
	t.Helper()
	shared.once.Do(func() {
		if shared.dir, shared.err = os.MkdirTemp("", "sutra-s3-"); shared.err == nil {
			shared.s3, shared.err = server.StartS3(context.Background(), shared.dir, "")
		}
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

var buckets atomic.Int64

// bucket is a bucket of a test, and a client that does with it what the store's
// own code does not.
type bucket struct {
	t    testing.TB
	name string
	api  *s3.Client
}

type bucketKind uint8

const (
	plainBucket bucketKind = iota
	versionedBucket
	lockedBucket
)

func newBucket(t testing.TB, kind bucketKind) *bucket {
	t.Helper()
	testServer(t)
	b := &bucket{t: t, name: fmt.Sprintf("b-%d", buckets.Add(1))}
	probe, err := openS3(b.name, s3Options{})
	if err != nil {
		t.Fatal(err)
	}
	tr := &http.Transport{}
	t.Cleanup(tr.CloseIdleConnections)
	probe.http = &http.Client{Transport: tr}
	cfg := aws.Config{Region: shared.s3.Region, BaseEndpoint: aws.String(shared.s3.URL), Credentials: staticKeys{shared.s3.AccessKey, shared.s3.SecretKey}}
	b.api = probe.connect(cfg, cfg.Region)
	in := &s3.CreateBucketInput{Bucket: &b.name, CreateBucketConfiguration: &types.CreateBucketConfiguration{LocationConstraint: types.BucketLocationConstraint(cfg.Region)}}
	if kind == lockedBucket {
		in.ObjectLockEnabledForBucket = aws.Bool(true)
	}
	b.must(b.api.CreateBucket(context.Background(), in))
	if kind != plainBucket {
		b.versioning(types.BucketVersioningStatusEnabled)
	}
	return b
}

// staticKeys are the keys of an account of the server.
type staticKeys struct{ access, secret string }

// Retrieve implements aws.CredentialsProvider.
func (k staticKeys) Retrieve(context.Context) (aws.Credentials, error) {
	return aws.Credentials{AccessKeyID: k.access, SecretAccessKey: k.secret}, nil
}

func (b *bucket) must(_ any, err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

func (b *bucket) versioning(s types.BucketVersioningStatus) {
	b.t.Helper()
	b.must(b.api.PutBucketVersioning(context.Background(), &s3.PutBucketVersioningInput{Bucket: &b.name,
		VersioningConfiguration: &types.VersioningConfiguration{Status: s}}))
}

func (b *bucket) put(key, content string) (id string) {
	b.t.Helper()
	out, err := b.api.PutObject(context.Background(), &s3.PutObjectInput{Bucket: &b.name, Key: &key, Body: strings.NewReader(content)})
	b.must(out, err)
	return aws.ToString(out.VersionId)
}

// hide puts a delete marker above a key.
func (b *bucket) hide(key string) {
	b.t.Helper()
	b.must(b.api.DeleteObject(context.Background(), &s3.DeleteObjectInput{Bucket: &b.name, Key: &key}))
}

// all is every version and marker of the bucket: "key=content", "key (old)=content",
// "key (marker)", sorted.
func (b *bucket) all() []string {
	b.t.Helper()
	var out []string
	p := s3.NewListObjectVersionsPaginator(b.api, &s3.ListObjectVersionsInput{Bucket: &b.name})
	for p.HasMorePages() {
		page, err := p.NextPage(context.Background())
		b.must(page, err)
		for _, v := range page.Versions {
			name := *v.Key
			if !*v.IsLatest {
				name += " (old)"
			}
			in := &s3.GetObjectInput{Bucket: &b.name, Key: v.Key}
			if !*v.IsLatest {
				in.VersionId = v.VersionId
			}
			got, err := b.api.GetObject(context.Background(), in)
			b.must(got, err)
			var buf bytes.Buffer
			_, err = buf.ReadFrom(got.Body)
			b.must(nil, err)
			b.must(nil, got.Body.Close())
			out = append(out, name+"="+buf.String())
		}
		for _, m := range page.DeleteMarkers {
			out = append(out, *m.Key+" (marker)")
		}
	}
	slices.Sort(out)
	return out
}

// store opens the bucket as the program does, with pauses that suit a test.
func (b *bucket) store(opt s3Options, prefix string) *s3Store {
	b.t.Helper()
	if opt.pause == 0 {
		opt.pause = time.Millisecond
	}
	s, err := openS3(b.name+"/"+prefix, opt)
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() {
		if err := s.Close(); err != nil {
			b.t.Error(err)
		}
	})
	return s
}

package blob

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/cratio/sutra/connectors/connectortest"
	"github.com/cratio/sutra/connectors/connectortest/server"
)

func TestMain(m *testing.M) { connectortest.Main(m) }

// bucket is a bucket of a test, and a client that does with it what the store's
// own code does not.
type bucket struct {
	t    testing.TB
	name string
	api  *server.Buckets
}

func newBucket(t testing.TB, kind server.Keeps) *bucket {
	t.Helper()
	name, api := connectortest.Bucket(t, kind)
	return &bucket{t: t, name: name, api: api}
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
	for v, err := range b.api.All(context.Background(), b.name) {
		b.must(nil, err)
		name, id := v.Key, v.ID
		switch {
		case v.Marker:
			out = append(out, name+" (marker)")
			continue
		case v.Latest:
			id = ""
		default:
			name += " (old)"
		}
		data, err := b.api.Read(context.Background(), b.name, v.Key, id)
		b.must(nil, err)
		out = append(out, name+"="+string(data))
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

// answered is an answer that only this test gives.
func answered(body string) how {
	return func(w *connectortest.Wire, r *http.Request) (*http.Response, error) {
		resp, err := connectortest.Answer(200, "")(w, r)
		if err != nil {
			return nil, err
		}
		return connectortest.WithBody(resp, body), nil
	}
}

// headed is the server's answer with another header.
func headed(name, value string) how {
	return func(w *connectortest.Wire, r *http.Request) (*http.Response, error) {
		resp, err := w.Pass(r)
		if err == nil {
			resp.Header.Set(name, value)
		}
		return resp, err
	}
}

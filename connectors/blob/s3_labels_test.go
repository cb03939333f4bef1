package blob

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/cratio/sutra/connectors/connectortest"
	"github.com/cratio/sutra/connectors/connectortest/server"
)

// TestS3Labels tells of what looks personal beside an object's content, and asks for
// tags only where there are some.
func TestS3Labels(t *testing.T) {
	ctx := context.Background()
	b := newBucket(t, server.Versions)
	put := func(key string, in *s3.PutObjectInput) {
		in.Bucket, in.Key, in.Body = &b.name, &key, strings.NewReader("x")
		b.must(b.api.PutObject(ctx, in))
	}
	put("plain", &s3.PutObjectInput{Metadata: map[string]string{"etl": "v2", "mtime": "1700000000.5"}, ContentDisposition: aws.String("inline")})
	put("meta", &s3.PutObjectInput{Metadata: map[string]string{"etl": "v2", "mail": "asha@example.com", "caller": "Asha"}, ContentDisposition: aws.String("attachment; filename=%2B919845067231.csv")})
	put("tags", &s3.PutObjectInput{Tagging: aws.String("team=x&phone=919845067231")})
	put("words", &s3.PutObjectInput{Metadata: map[string]string{"note": "=?UTF-8?B?4KSG4KS24KS+IGFzaGFAZXhhbXBsZS5jb20=?=", "place": "=?UTF-8?B?4KSq4KWB4KSj4KWH?="}})
	wire := &connectortest.Wire{}
	s := b.store(s3Options{transport: wire}, "")
	for key, want := range map[string][]Label{
		"plain": nil,
		"meta":  {{"caller", "Asha"}, {"mail", "asha@example.com"}, {"content-disposition", "attachment; filename=+919845067231.csv"}},
		"words": {{"note", "आशा asha@example.com"}},
		"tags":  {{"phone", "919845067231"}},
	} {
		o, err := s.Stat(ctx, key)
		b.must(nil, err)
		got, err := s.Labels(ctx, key, o.Version)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %v, %v; want %v", key, got, err, want)
		}
	}
	if n := wire.Calls("GetObjectTagging"); n != 1 {
		t.Errorf("tags were asked for %d times", n)
	}
	wire.Fail(connectortest.WireFault{Op: "GetObjectTagging", Times: -1, How: connectortest.Answer(403, "AccessDenied")})
	if _, err := s.Labels(ctx, "tags", ""); !errors.Is(err, errDenied) {
		t.Errorf("tags that cannot be read: %v", err)
	}
}

// TestS3LabelsBelowASuspendedVersion reads the tags of what was written before versioning
// was suspended. The server answers a HEAD for it as if it were not there.
func TestS3LabelsBelowASuspendedVersion(t *testing.T) {
	ctx := context.Background()
	b := newBucket(t, server.Versions)
	b.must(b.api.PutObject(ctx, &s3.PutObjectInput{Bucket: &b.name, Key: aws.String("k"), Body: strings.NewReader("x"), Tagging: aws.String("phone=919845067231")}))
	b.versioning(types.BucketVersioningStatusSuspended)
	b.put("k", "two")
	s := b.store(s3Options{}, "")
	old := names(t, s, "")[1]
	o, err := s.Stat(ctx, old)
	b.must(nil, err)
	if got, err := s.Labels(ctx, old, o.Version); err != nil || !slices.Equal(got, []Label{{"phone", "919845067231"}}) {
		t.Errorf("%v, %v", got, err)
	}
}

// TestS3LabelsThatAreNotGiven holds that metadata which the store keeps to itself are an
// error, and not none.
func TestS3LabelsThatAreNotGiven(t *testing.T) {
	ctx := context.Background()
	b := newBucket(t, server.Versions)
	b.put("k", "one")
	s := b.store(s3Options{transport: missingMeta{http.DefaultTransport}}, "")
	if got, err := s.Labels(ctx, "k", ""); err == nil {
		t.Errorf("%v", got)
	}
}

// missingMeta says of every object that some of its metadata cannot be given.
type missingMeta struct{ http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (m missingMeta) RoundTrip(r *http.Request) (*http.Response, error) {
	out, err := m.RoundTripper.RoundTrip(r)
	if err == nil && r.Method == http.MethodHead {
		out.Header.Set("x-amz-missing-meta", "2")
	}
	return out, err
}

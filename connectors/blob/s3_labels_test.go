package blob

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

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

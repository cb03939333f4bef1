package blob

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/connectortest"
	"github.com/cratio/sutra/connectors/connectortest/server"
)

// as makes the rest of the test act as an account that may do only this.
func (b *bucket) as(account string, actions ...string) {
	b.t.Helper()
	srv := connectortest.S3(b.t)
	account += "-" + b.name // the server outlives the test, which may run again
	b.must(nil, srv.AddUser(context.Background(), account, account+"-secret"))
	policy := fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":[%q]},"Action":["s3:%s"],"Resource":["arn:aws:s3:::%s","arn:aws:s3:::%s/*"]}]}`,
		account, strings.Join(actions, `","s3:`), b.name, b.name)
	b.must(b.api.PutBucketPolicy(context.Background(), &s3.PutBucketPolicyInput{Bucket: &b.name, Policy: &policy}))
	if s, ok := b.t.(*testing.T); ok {
		s.Setenv("AWS_ACCESS_KEY_ID", account)
		s.Setenv("AWS_SECRET_ACCESS_KEY", account+"-secret")
	}
}

var reading = []string{"GetObject", "GetObjectVersion", "GetObjectTagging", "GetObjectVersionTagging", "GetObjectAcl", "GetBucketVersioning", "ListBucketMultipartUploads"}

// failure is the error that ends a listing.
func failure(s Store) (last error, n int) {
	for o, err := range s.List(context.Background(), "") {
		if err == nil {
			n++
		}
		if o.Key == "" {
			last = err
		}
	}
	return last, n
}

func TestS3ReadOnlyCredentials(t *testing.T) {
	ctx := context.Background()
	b := newBucket(t, server.Versions)
	b.put("k", "hers")
	b.as("reader", append(reading, "ListBucket", "ListBucketVersions")...)
	s := b.store(s3Options{}, "")
	o, err := s.Stat(ctx, "k")
	b.must(nil, err)
	if got := read(t, s, "k", o.Version); got != "hers" {
		t.Errorf("read %q", got)
	}
	if _, err := s.Replace(ctx, "k", o.Version, write("x")); !errors.Is(err, connectors.ErrReadOnly) {
		t.Errorf("replacing: %v", err)
	}
	if err := s.Delete(ctx, "k", o.Version); !errors.Is(err, connectors.ErrReadOnly) {
		t.Errorf("deleting: %v", err)
	}
	same(t, "nothing is changed", b.all(), []string{"k=hers"})
	bad := 0
	for _, f := range findings(t, s) {
		if f.What == "permissions" && !f.OK && strings.Contains(f.Note, "s3:") {
			bad++
		}
	}
	if bad != 2 {
		t.Errorf("%d findings about what may not be written and deleted", bad)
	}
}

func findings(t *testing.T, s Checker) []connectors.Finding {
	t.Helper()
	list, err := s.Check(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestS3DeniedListingIsNotEmpty(t *testing.T) {
	ctx := context.Background()
	b := newBucket(t, server.Versions)
	b.put("k", "old")
	b.put("k", "hers")
	b.as("blind", append(reading, "PutObject", "DeleteObject", "DeleteObjectVersion")...)
	err, n := failure(b.store(s3Options{}, ""))
	if err == nil || n != 0 || !strings.Contains(err.Error(), "s3:ListBucket") {
		t.Errorf("%d objects and %v", n, err)
	}

	b.as("shortsighted", append(reading, "PutObject", "DeleteObject", "DeleteObjectVersion", "ListBucket")...)
	s := b.store(s3Options{}, "")
	err, n = failure(s)
	if err == nil || n != 1 || !strings.Contains(err.Error(), "s3:ListBucketVersions") {
		t.Errorf("without old versions: %d objects and %v", n, err)
	}
	o, err := s.Stat(ctx, "k")
	b.must(nil, err)
	if got := read(t, s, "k", o.Version); got != "hers" {
		t.Errorf("read %q", got)
	}
	for listed, err := range s.List(ctx, "") {
		if err == nil && listed.Version != o.Version {
			t.Error("the listing and Stat tell two fingerprints")
		}
	}
	if _, err := s.Replace(ctx, "k", o.Version, write("x")); !errors.Is(err, connectors.ErrReadOnly) {
		t.Errorf("replacing what has old versions that nobody sees: %v", err)
	}
	if err := s.Delete(ctx, "k", o.Version); !errors.Is(err, connectors.ErrReadOnly) {
		t.Errorf("deleting: %v", err)
	}
	if err := s.Forget(ctx, "k", ""); !errors.Is(err, connectors.ErrReadOnly) {
		t.Errorf("forgetting: %v", err)
	}
	same(t, "nothing is changed", b.all(), []string{"k (old)=old", "k=hers"})
}

func TestS3TagsThatCannotBeReadAreNotLost(t *testing.T) {
	b := newBucket(t, server.Versions)
	b.put("k", "hers")
	b.as("tagless", "GetObject", "GetObjectVersion", "GetObjectAcl", "GetBucketVersioning", "ListBucket", "ListBucketVersions", "PutObject", "DeleteObject", "DeleteObjectVersion")
	s := b.store(s3Options{}, "")
	if _, err := s.Replace(context.Background(), "k", "", write("x")); err == nil || !strings.Contains(err.Error(), "GetObjectTagging") {
		t.Errorf("%v", err)
	}
	same(t, "nothing is changed", b.all(), []string{"k=hers"})
}

func TestS3Check(t *testing.T) {
	for name, tt := range map[string]struct {
		kind server.Keeps
		want map[string]string // by finding: how its note begins
	}{
		"plain":     {server.Nothing, map[string]string{"region": "ap-south-1", "versioning": "off", "object lock": "off", "replication": ""}},
		"versioned": {server.Versions, map[string]string{"versioning": "on", "permissions": "versions can be deleted", "unfinished uploads": "1"}},
		"locked":    {server.Locked, map[string]string{"versioning": "on", "object lock": "on: every new object is kept for 3 days (governance)"}},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBucket(t, tt.kind)
			if tt.kind == server.Locked {
				b.must(b.api.PutObjectLockConfiguration(context.Background(), &s3.PutObjectLockConfigurationInput{Bucket: &b.name, ObjectLockConfiguration: &types.ObjectLockConfiguration{
					ObjectLockEnabled: types.ObjectLockEnabledEnabled,
					Rule:              &types.ObjectLockRule{DefaultRetention: &types.DefaultRetention{Days: aws.Int32(3), Mode: types.ObjectLockRetentionModeGovernance}}}}))
			}
			b.must(b.api.CreateMultipartUpload(context.Background(), &s3.CreateMultipartUploadInput{Bucket: &b.name, Key: aws.String("k")}))
			got := map[string]connectors.Finding{}
			for _, f := range findings(t, b.store(s3Options{}, "")) {
				got[f.What] = f
			}
			for what, note := range tt.want {
				if f, ok := got[what]; !ok || !strings.HasPrefix(f.Note, note) {
					t.Errorf("%s: %+v", what, f)
				}
			}
			if len(b.all()) != 0 {
				t.Error("the check wrote something")
			}
		})
	}
	connectortest.S3(t)
	s, err := openS3("no-such-bucket/", s3Options{pause: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if f := findings(t, s); len(f) != 1 || !f[0].Fatal || !strings.Contains(f[0].Note, "does not exist") {
		t.Errorf("%+v", f)
	}
}

func TestS3ReplicationIsTold(t *testing.T) {
	b := newBucket(t, server.Versions)
	wire := &connectortest.Wire{}
	wire.Fail(connectortest.WireFault{Op: "GetBucketReplication", Times: -1, How: answered(`<ReplicationConfiguration><Role>r</Role><Rule><Status>Enabled</Status></Rule></ReplicationConfiguration>`)})
	wire.Fail(connectortest.WireFault{Op: "GetBucketVersioning", Times: -1, How: answered(`<VersioningConfiguration><Status>Enabled</Status><MfaDelete>Enabled</MfaDelete></VersioningConfiguration>`)})
	for _, f := range findings(t, b.store(s3Options{transport: wire}, "")) {
		switch f.What {
		case "replication":
			if f.OK || !strings.Contains(f.Note, "replica") {
				t.Errorf("%+v", f)
			}
		case "versioning":
			if f.OK || !strings.Contains(f.Note, "MFA Delete") {
				t.Errorf("%+v", f)
			}
		}
	}
}

func TestS3Replicas(t *testing.T) {
	ctx := context.Background()
	b := newBucket(t, server.Versions)
	wire := &connectortest.Wire{}
	rule := func(bucket, filter string) string {
		return `<Rule><Status>Enabled</Status>` + filter + `<Destination><Bucket>arn:aws:s3:::` + bucket + `</Bucket></Destination></Rule>`
	}
	wire.Fail(connectortest.WireFault{Op: "GetBucketReplication", Times: -1, How: answered(`<ReplicationConfiguration><Role>r</Role>` +
		rule("all", `<Filter><Prefix></Prefix></Filter>`) + rule("old", `<Prefix>x</Prefix>`) + rule("part", `<Filter><And><Prefix>in/a</Prefix></And></Filter>`) +
		rule("part", `<Filter><Prefix>in/a/b/</Prefix></Filter>`) + rule("other", `<Filter><Prefix>out/</Prefix></Filter>`) + `</ReplicationConfiguration>`)})
	got, err := Replicas(ctx, b.store(s3Options{transport: wire}, "in/"))
	if err != nil {
		t.Fatal(err)
	}
	same(t, "places", got, []string{"s3://all/in/", "s3://old/in/", "s3://part/in/", "s3://part/in/a/b/"})
	for code, want := range map[string]bool{"ReplicationConfigurationNotFoundError": false, "NotImplemented": false, "AccessDenied": false, "ExpiredToken": true} {
		wire.Heal()
		wire.Fail(connectortest.WireFault{Op: "GetBucketReplication", Times: -1, How: connectortest.Answer(map[bool]int{true: 400, false: 403}[want], code)})
		if got, err := Replicas(ctx, b.store(s3Options{transport: wire}, "")); (err != nil) != want || len(got) > 0 {
			t.Errorf("%s: %v, %v", code, got, err)
		}
	}
}

func TestS3ArchivedIsAGap(t *testing.T) {
	ctx := context.Background()
	b := newBucket(t, server.Versions)
	b.put("k", "hers")
	wire := &connectortest.Wire{}
	wire.Fail(connectortest.WireFault{Op: "HeadObject", Times: -1, How: headed("X-Amz-Storage-Class", "DEEP_ARCHIVE")})
	s := b.store(s3Options{transport: wire}, "")
	same(t, "it is listed", names(t, s, ""), []string{"k"})
	if _, err := s.Open(ctx, "k", ""); err == nil || !strings.Contains(err.Error(), "restore") {
		t.Errorf("opening: %v", err)
	}
	if _, err := s.Replace(ctx, "k", "", write("x")); err == nil || !strings.Contains(err.Error(), "restore") {
		t.Errorf("replacing: %v", err)
	}
	b.must(nil, s.Delete(ctx, "k", "")) // that takes no bytes
	same(t, "deleted", b.all(), nil)
}

func TestS3UnfinishedUploads(t *testing.T) {
	ctx := context.Background()
	b := newBucket(t, server.Versions)
	b.put("in/k", "x")
	b.must(b.api.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{Bucket: &b.name, Key: aws.String("in/never")}))
	s := b.store(s3Options{}, "in/")
	late := b.store(s3Options{now: func() time.Time { return time.Now().Add(25 * time.Hour) }}, "in/")
	var odd []string
	for _, x := range []struct {
		s    *s3Store
		says string
	}{{s, "less than a day ago and is not finished"}, {late, "never finished"}} {
		odd = nil
		for o, err := range x.s.List(ctx, "") {
			if err != nil {
				odd = append(odd, o.Key)
			}
		}
		if len(odd) != 1 || !strings.HasPrefix(odd[0], "never?uploadId=") {
			t.Fatalf("told of %q", odd)
		}
		if _, err := x.s.Stat(ctx, odd[0]); err == nil || !strings.Contains(err.Error(), x.says) {
			t.Errorf("looking at it: %v", err)
		}
	}
	b.must(nil, s.Forget(ctx, "never", ""))
	if _, err := s.Stat(ctx, odd[0]); !errors.Is(err, connectors.ErrNotFound) {
		t.Errorf("looking at it once it is gone: %v", err)
	}
	b.noUploads()
}

func TestS3Region(t *testing.T) {
	b := newBucket(t, server.Nothing)
	if r, err := b.store(s3Options{}, "").Region(context.Background()); err != nil || r != "ap-south-1" {
		t.Errorf("%q, %v", r, err)
	}
	wire := &connectortest.Wire{}
	wire.Fail(connectortest.WireFault{Op: "HeadBucket", Times: -1, How: connectortest.Answer(403, "")})
	if r, err := b.store(s3Options{transport: wire}, "").Region(context.Background()); err != nil || r != "ap-south-1" {
		t.Errorf("from the location: %q, %v", r, err)
	}
	wire.Fail(connectortest.WireFault{Op: "GetBucketLocation", Times: -1, How: connectortest.Answer(403, "AccessDenied")})
	if r, err := b.store(s3Options{transport: wire}, "").Region(context.Background()); err == nil || !strings.Contains(err.Error(), "s3:GetBucketLocation") {
		t.Errorf("when nobody says it: %q, %v", r, err)
	}
	for constraint, want := range map[string]string{"": "us-east-1", "EU": "eu-west-1", "ap-south-1": "ap-south-1"} {
		if got := locationName(constraint); got != want {
			t.Errorf("location %q: %s", constraint, got)
		}
	}
	t.Setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
	if r, err := b.store(s3Options{pause: time.Microsecond}, "").Region(context.Background()); err == nil || !strings.Contains(err.Error(), "cannot be reached") {
		t.Errorf("a server that is down: %q, %v", r, err)
	}
}

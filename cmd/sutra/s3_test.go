package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/cratio/sutra/connectors/connectortest/server"
)

func startS3(t *testing.T, region string) (*server.S3, *server.Buckets) {
	t.Helper()
	s, err := server.StartS3(context.Background(), "", region)
	if err != nil {
		t.Fatal(err)
	}
	b := s.Buckets()
	t.Cleanup(func() {
		b.Close()
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
	return s, b
}

// TestS3Scripts runs the command line against buckets. A script has a server in
// ap-south-1, and one in eu-west-1 at $ABROAD.
func TestS3Scripts(t *testing.T) {
	home, buckets := startS3(t, "")
	abroad, away := startS3(t, "eu-west-1")
	copying := replicating(t, home.URL, "original")
	testscript.Run(t, testscript.Params{
		Dir: "testdata/s3", UpdateScripts: os.Getenv("UPDATE") != "",
		Setup: func(e *testscript.Env) error {
			e.Vars = append(e.Vars, home.Env()...)
			e.Vars = append(e.Vars, "ABROAD="+abroad.URL, "REPLICATING="+copying)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":  exits,
			"bucket": func(ts *testscript.TestScript, _ bool, args []string) { makeBucket(ts, buckets, args) },
			"abroad": func(ts *testscript.TestScript, _ bool, args []string) { makeBucket(ts, away, args) },
			"upload": func(ts *testscript.TestScript, _ bool, args []string) {
				ts.Check(buckets.Upload(context.Background(), args[0], "", ts.MkAbs(args[1])))
			},
			"folder": func(ts *testscript.TestScript, _ bool, args []string) { folder(ts, buckets, args) },
			"label":  func(ts *testscript.TestScript, _ bool, args []string) { label(ts, buckets, args) },
			"lock":   func(ts *testscript.TestScript, _ bool, args []string) { lock(ts, buckets, args) },
			"only":   func(ts *testscript.TestScript, _ bool, args []string) { only(ts, home, buckets, args) },
			"holds":  func(ts *testscript.TestScript, neg bool, args []string) { holds(ts, neg, buckets, args) },
		},
	})
}

// replicating is a server that has a rule which copies all of a bucket into another, which
// the real one cannot have.
func replicating(t *testing.T, to, bucket string) string {
	t.Helper()
	target, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	tr := &http.Transport{}
	proxy := &httputil.ReverseProxy{Transport: tr, Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		r.Out.Host = r.In.Host // which is signed
	}}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Has("replication") && r.URL.Path == "/"+bucket {
			fmt.Fprint(w, `<ReplicationConfiguration><Role>r</Role><Rule><Status>Enabled</Status><Filter><Prefix></Prefix></Filter>`+
				`<Destination><Bucket>arn:aws:s3:::replica</Bucket></Destination></Rule></ReplicationConfiguration>`)
			return
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(func() {
		s.Close()
		tr.CloseIdleConnections()
	})
	return s.URL
}

// makeBucket makes a bucket and fills it: bucket NAME nothing|versions|locked FOLDER.
func makeBucket(ts *testscript.TestScript, b *server.Buckets, args []string) {
	kind, ok := map[string]server.Keeps{"nothing": server.Nothing, "versions": server.Versions, "locked": server.Locked}[args[1]]
	if !ok {
		ts.Fatalf("no bucket is %s", args[1])
	}
	ctx := context.Background()
	ts.Check(b.Make(ctx, args[0], kind))
	ts.Check(b.Upload(ctx, args[0], "", ts.MkAbs(args[2])))
}

// folder puts an empty object in place of a folder, as consoles do: folder BUCKET KEY/.
func folder(ts *testscript.TestScript, b *server.Buckets, args []string) {
	_, err := b.PutObject(context.Background(), &s3.PutObjectInput{Bucket: &args[0], Key: &args[1]})
	ts.Check(err)
}

// label puts an object with metadata and a tag: label BUCKET KEY FILE VALUE.
func label(ts *testscript.TestScript, b *server.Buckets, args []string) {
	tag := "caller=" + args[3]
	_, err := b.PutObject(context.Background(), &s3.PutObjectInput{Bucket: &args[0], Key: &args[1], Body: strings.NewReader(ts.ReadFile(args[2])),
		Metadata: map[string]string{"caller": args[3]}, Tagging: &tag})
	ts.Check(err)
}

// lock puts a legal hold on an object: lock BUCKET KEY.
func lock(ts *testscript.TestScript, b *server.Buckets, args []string) {
	_, err := b.PutObjectLegalHold(context.Background(), &s3.PutObjectLegalHoldInput{Bucket: &args[0], Key: &args[1],
		LegalHold: &types.ObjectLockLegalHold{Status: types.ObjectLockLegalHoldStatusOn}})
	ts.Check(err)
}

// only makes the script act as an account with some rights: only BUCKET ACTION...
func only(ts *testscript.TestScript, s *server.S3, b *server.Buckets, args []string) {
	ctx, bucket := context.Background(), args[0]
	account := "account-of-" + bucket
	ts.Check(s.AddUser(ctx, account, "its-secret"))
	policy := fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":[%q]},"Action":["s3:%s"],"Resource":["arn:aws:s3:::%s","arn:aws:s3:::%s/*"]}]}`,
		account, strings.Join(args[1:], `","s3:`), bucket, bucket)
	_, err := b.PutBucketPolicy(ctx, &s3.PutBucketPolicyInput{Bucket: &bucket, Policy: &policy})
	ts.Check(err)
	ts.Setenv("AWS_ACCESS_KEY_ID", account)
	ts.Setenv("AWS_SECRET_ACCESS_KEY", "its-secret")
}

// holds looks for a text in every version of a bucket: holds BUCKET TEXT.
func holds(ts *testscript.TestScript, neg bool, b *server.Buckets, args []string) {
	ctx, found := context.Background(), false
	for v, err := range b.All(ctx, args[0]) {
		ts.Check(err)
		found = found || strings.Contains(v.Key, args[1])
		if v.Marker {
			continue
		}
		id := v.ID
		if v.Latest {
			id = ""
		}
		data, err := b.Read(ctx, args[0], v.Key, id)
		ts.Check(err)
		found = found || strings.Contains(string(data), args[1])
	}
	if found == neg {
		ts.Fatalf("%s in a version of %s: %v", args[1], args[0], found)
	}
}

package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/google/go-cmp/cmp"

	"github.com/cratio/sutra/connectors/connectortest/server"
	"github.com/cratio/sutra/pipeline/config"
)

// killer stands between the program and the S3 server, and kills the program at a
// given request that changes something: before the server hears of it, or after it
// did what was asked.
type killer struct {
	*httptest.Server
	mu      sync.Mutex
	changes int // so far
	at      int // 0 never
	after   bool
	victim  *os.Process
	killed  bool
}

func newKiller(t *testing.T, to string) *killer {
	t.Helper()
	target, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	k := &killer{}
	tr := &http.Transport{}
	quiet := log.New(io.Discard, "", 0) // a killed program is no news here
	proxy := &httputil.ReverseProxy{Transport: tr, ErrorLog: quiet, Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		r.Out.Host = r.In.Host // which is signed
	}}
	k.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		hit := false
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			k.mu.Lock()
			k.changes++
			hit = k.changes == k.at
			k.mu.Unlock()
		}
		if hit && !k.after {
			k.kill(t)
			panic(http.ErrAbortHandler)
		}
		if hit {
			w = httptest.NewRecorder() // nobody is there to hear it
		}
		proxy.ServeHTTP(w, r)
		if hit {
			k.kill(t)
			panic(http.ErrAbortHandler)
		}
	}))
	t.Cleanup(func() {
		k.Close()
		tr.CloseIdleConnections()
	})
	return k
}

func (k *killer) kill(t *testing.T) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.killed = true
	if err := k.victim.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Errorf("killing: %v", err)
	}
}

// ashas are the objects of a small company: Asha stands in all of them, in an old
// version, under a delete marker, in a name, and in an object that is written in
// parts; Bela in some.
func ashas(t *testing.T, b *server.Buckets, bucket string) {
	t.Helper()
	ctx := context.Background()
	put := func(key, content string) {
		if _, err := b.PutObject(ctx, &s3.PutObjectInput{Bucket: &bucket, Key: &key, Body: strings.NewReader(content)}); err != nil {
			t.Fatal(err)
		}
	}
	const asha, bela = "Asha,asha@example.com\n", "Bela,bela@example.com\n"
	put("files/leads.csv", "name,email\n"+asha)
	put("files/leads.csv", "name,email\n"+asha+bela)
	put("files/leads/alone.csv", "name,email\n"+asha)
	put("files/leads/hidden.csv", "name,email\n"+bela+asha)
	hidden := "files/leads/hidden.csv"
	if _, err := b.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &bucket, Key: &hidden}); err != nil {
		t.Fatal(err)
	}
	var large bytes.Buffer
	large.WriteString("name,email\n")
	filler := strings.Repeat("of a long name ", 1000)
	for i := 0; large.Len() < 12<<20; i++ {
		if i == 400 {
			large.WriteString(asha)
		}
		fmt.Fprintf(&large, "somebody %d %s,somebody.%d@example.org\n", i, filler, i)
	}
	put("files/leads/large.csv", large.String())
	put("files/leads/bela.csv", "name,email\n"+bela)
}

// company is what a trial is about: its objects, its sources and the plan.
type company struct {
	fill   func(t *testing.T, b *server.Buckets, bucket string)
	source string // with the bucket's name as %s
	plan   []string
	begun  string // the key of an upload that is begun when the plan is made
}

var ashasCompany = company{ashas, `files: {connector: files, url: "s3://%s/files/", catalog: catalog.yaml, account: A1}`, []string{"erase", "asha@example.com"}, ""}

// oldCalls are recordings, most of them past their period: some alone, one with an old
// version, one hidden by a delete marker, one whose upload is unfinished, and a sidecar.
func oldCalls(t *testing.T, b *server.Buckets, bucket string) {
	t.Helper()
	ctx := context.Background()
	put := func(key, content string) {
		if _, err := b.PutObject(ctx, &s3.PutObjectInput{Bucket: &bucket, Key: &key, Body: strings.NewReader(content)}); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 5 {
		put(fmt.Sprintf("calls/20230101_10000%d.000+0530_in_+9198200000%02d.m4a", i, i), "audio")
	}
	put("calls/20230102_100000.000+0530_in.json", `{"timestamp_unix_ms":1672633800000,"calls":[{"phone_number":"+919820000077"}]}`)
	put("calls/20230103_100000.000+0530_in_+919820000078.m4a", "older")
	put("calls/20230103_100000.000+0530_in_+919820000078.m4a", "newer")
	hidden := "calls/20230104_100000.000+0530_in_+919820000079.m4a"
	put(hidden, "audio")
	if _, err := b.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &bucket, Key: &hidden}); err != nil {
		t.Fatal(err)
	}
	put(begunCall, "audio")
	put("calls/"+time.Now().AddDate(0, 0, -10).Format("20060102")+"_100000.000+0530_in_+919820000099.m4a", "young")
}

const begunCall = "calls/20230105_100000.000+0530_in_+919820000080.m4a"

const killCatalog = `dataset:
  - fides_key: files
    name: Exports
    collections:
      - name: leads
        meta: {sutra: {class: account_crm}}
        fields:
          - {name: email, data_categories: [user.contact.email], fides_meta: {identity: email}}
`

// trial is one copy of the company, scanned and with a plan.
type trial struct {
	t      *testing.T
	dir    string
	bin    string
	bucket string
	b      *server.Buckets
	k      *killer
	env    []string
}

func newTrial(t *testing.T, n int, s *server.S3, b *server.Buckets, k *killer, keys string, of company) *trial {
	t.Helper()
	bin, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	x := &trial{t: t, dir: t.TempDir(), bin: bin, bucket: fmt.Sprintf("trial-%d", n), b: b, k: k}
	x.env = append(append(os.Environ(), s.Env()...), "AWS_ENDPOINT_URL="+k.URL)
	if err := b.Make(context.Background(), x.bucket, server.Versions); err != nil {
		t.Fatal(err)
	}
	of.fill(t, b, x.bucket)
	key, err := os.ReadFile(filepath.Join(keys, "sutra.key"))
	err = errors.Join(err, os.WriteFile(filepath.Join(x.dir, "sutra.key"), key, 0o600),
		os.WriteFile(filepath.Join(x.dir, "catalog.yaml"), []byte(killCatalog), 0o600),
		os.WriteFile(filepath.Join(x.dir, "sutra.yaml"), fmt.Appendf(nil, "sources:\n  "+of.source+"\n", x.bucket), 0o600))
	if err != nil {
		t.Fatal(err)
	}
	x.run("scan")
	x.run(append(slices.Clone(of.plan), "-o", "plan")...)
	if of.begun != "" {
		if _, err := b.CreateMultipartUpload(context.Background(), &s3.CreateMultipartUploadInput{Bucket: &x.bucket, Key: &of.begun}); err != nil {
			t.Fatal(err)
		}
	}
	return x
}

func (x *trial) command(args ...string) *exec.Cmd {
	cmd := exec.Command(x.bin, append([]string{"--json"}, args...)...)
	cmd.Dir, cmd.Env = x.dir, x.env
	return cmd
}

func (x *trial) run(args ...string) {
	x.t.Helper()
	if out, err := x.command(args...).CombinedOutput(); err != nil {
		x.t.Fatalf("sutra %s: %v: %s", args[0], err, out)
	}
}

// apply runs the plan, to be killed at a request that changes something; it
// reports how many such requests there were.
func (x *trial) apply(at int, after bool) int {
	x.t.Helper()
	cmd := x.command("apply", "plan")
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	x.k.mu.Lock()
	x.k.changes, x.k.at, x.k.after, x.k.killed = 0, at, after, false
	err := cmd.Start()
	x.k.victim = cmd.Process
	x.k.mu.Unlock()
	if err != nil {
		x.t.Fatal(err)
	}
	err = cmd.Wait()
	x.k.mu.Lock()
	defer x.k.mu.Unlock()
	x.k.at = 0
	if err != nil && !x.k.killed {
		x.t.Fatalf("apply: %v: %s", err, out.String())
	}
	return x.k.changes
}

// snapshot is every version and marker of the bucket with its content's hash, and
// what is left of uploads.
func (x *trial) snapshot() []string {
	x.t.Helper()
	ctx := context.Background()
	var out []string
	for v, err := range x.b.All(ctx, x.bucket) {
		if err != nil {
			x.t.Fatal(err)
		}
		line := fmt.Sprintf("%s latest=%v marker=%v", v.Key, v.Latest, v.Marker)
		if !v.Marker {
			id := v.ID
			if v.Latest {
				id = ""
			}
			data, err := x.b.Read(ctx, x.bucket, v.Key, id)
			if err != nil {
				x.t.Fatal(err)
			}
			line += fmt.Sprintf(" %x", sha256.Sum256(data))
		}
		out = append(out, line)
	}
	ups, err := x.b.ListMultipartUploads(ctx, &s3.ListMultipartUploadsInput{Bucket: &x.bucket})
	if err != nil {
		x.t.Fatal(err)
	}
	for range ups.Uploads {
		out = append(out, "an unfinished upload")
	}
	slices.Sort(out)
	return out
}

// TestKillAtEveryChange kills the program at every request of an apply that
// changes something, before and after the server did it, and runs it again: the
// same versions and bytes as undisturbed.
func TestKillAtEveryChange(t *testing.T) {
	killAtEveryChange(t, ashasCompany, 3, 10)
}

// TestKillRetentionAtEveryChange does so with recordings that go a group at a time.
func TestKillRetentionAtEveryChange(t *testing.T) {
	killAtEveryChange(t, company{oldCalls, `calls: {connector: recordings, url: "s3://%s/calls/", account: A1}`, []string{"retain"}, begunCall}, 1, 5)
}

// killAtEveryChange wants so many versions left, and at least so many changes.
func killAtEveryChange(t *testing.T, of company, left, least int) {
	s, b := startS3(t, "")
	k := newKiller(t, s.URL)
	keys := filepath.Join(t.TempDir(), "keys")
	if err := config.Init(keys); err != nil {
		t.Fatal(err)
	}
	calm := newTrial(t, 0, s, b, k, keys, of)
	changes := calm.apply(0, false)
	want := calm.snapshot()
	if len(want) != left || changes < least {
		t.Fatalf("undisturbed: %d changes, left %q", changes, want)
	}
	calm.run("verify")
	n, landed := 0, 0
	for at := 1; at <= changes; at++ {
		for _, after := range []bool{false, true} {
			n++
			x := newTrial(t, n, s, b, k, keys, of)
			x.apply(at, after)
			if k.killed {
				landed++
			}
			x.apply(0, false)
			if d := cmp.Diff(want, x.snapshot()); d != "" {
				t.Errorf("killed at change %d (after it: %v): (-undisturbed +killed)\n%s", at, after, d)
			}
			x.run("verify")
		}
	}
	t.Logf("%d changes, %d kills landed", changes, landed)
	if landed < n/2 {
		t.Errorf("only %d of %d kills landed", landed, n)
	}
}

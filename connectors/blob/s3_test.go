package blob

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/google/go-cmp/cmp"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/connectortest"
	"github.com/cratio/sutra/connectors/connectortest/server"
)

// names lists a store.
func names(t testing.TB, s Store, prefix string) []string {
	t.Helper()
	var out []string
	for o, err := range s.List(context.Background(), prefix) {
		if err != nil {
			t.Fatalf("listing: %v", err)
		}
		out = append(out, o.Key)
	}
	return out
}

func read(t testing.TB, s Store, name, version string) string {
	t.Helper()
	r, err := s.Open(context.Background(), name, version)
	if err != nil {
		t.Fatalf("opening: %v", err)
	}
	data, err := io.ReadAll(io.NewSectionReader(r, 0, r.Size()))
	if err := errors.Join(err, r.Close()); err != nil {
		t.Fatalf("reading: %v", err)
	}
	return string(data)
}

func same(t testing.TB, what string, got, want []string) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("%s (-want +got):\n%s", what, d)
	}
}

func TestS3Names(t *testing.T) {
	keys := []string{"a:b.csv", "a+b%20c.csv", "a b.csv", "नाम/फ़ोन.csv", "x?versionId=1.csv", "x?uploadId=1.csv", "?uploads", "q?a=b&c#d.csv", "tail/", "'quoted'\"(1).csv"}
	b := newBucket(t, server.Versions)
	for _, k := range keys {
		if k == "tail/" { // what some tools write in place of a folder
			b.put("in/"+k, "")
			continue
		}
		b.put("in/"+k, "1 "+k)
		b.put("in/"+k, k)
	}
	b.put("in.bak", "no")
	b.put("other/x", "no")
	s := b.store(s3Options{}, "in/")
	var objects []Object
	for o, err := range s.List(context.Background(), "") {
		if err != nil {
			t.Fatal(err)
		}
		objects = append(objects, o)
	}
	seen := map[string]int{}
	for _, o := range objects {
		key, id := Plain(o.Key)
		seen[key]++
		if st, err := s.Stat(context.Background(), o.Key); err != nil || st.Version != o.Version || st.Size != o.Size || st.Key != o.Key {
			t.Errorf("%s: Stat says %+v, %v, the listing %+v", o.Key, st, err, o)
		}
		want := key
		if id != "" && (seen[key] == 2 || key != "x?versionId=1.csv") {
			want = "1 " + key
		}
		if key != "tail/" && read(t, s, o.Key, o.Version) != want {
			t.Errorf("%s: read %q, want %q", o.Key, read(t, s, o.Key, o.Version), want)
		}
	}
	for _, k := range keys {
		if want := 1 + boolInt(k != "tail/"); seen[k] != want {
			t.Errorf("%s: %d versions listed, want %d", k, seen[k], want)
		}
	}
	for _, o := range objects {
		if key, id := Plain(o.Key); id == "" || key == "x?versionId=1.csv" {
			if err := s.Delete(context.Background(), o.Key, o.Version); err != nil && !errors.Is(err, connectors.ErrNotFound) {
				t.Errorf("%s: %v", o.Key, err)
			}
		}
	}
	same(t, "after deleting all", b.all(), []string{"in.bak=no", "other/x=no"})
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

func TestS3Versions(t *testing.T) {
	ctx := context.Background()
	b := newBucket(t, server.Nothing)
	b.put("k", "null") // of a time before versioning
	b.versioning(types.BucketVersioningStatusEnabled)
	old := b.put("k", "one")
	b.put("k", "two")
	b.put("k.bak", "other")
	hidden := b.put("gone", "secret")
	b.hide("gone")
	s := b.store(s3Options{}, "")
	same(t, "listing", names(t, s, ""), []string{"gone?versionId=" + hidden, "k", "k?versionId=" + old, "k?versionId=null", "k.bak"})
	for name, want := range map[string]string{"k": "two", "k?versionId=" + old: "one", "k?versionId=null": "null", "gone?versionId=" + hidden: "secret"} {
		o, err := s.Stat(ctx, name)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got := read(t, s, name, o.Version); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if err := s.Delete(ctx, "gone?versionId="+hidden, ""); err != nil {
		t.Fatal(err)
	}
	o, err := s.Replace(ctx, "k", "", write("three"))
	if err != nil {
		t.Fatal(err)
	}
	same(t, "after a replacement", b.all(), []string{"k.bak=other", "k=three"})
	if now, err := s.Stat(ctx, "k"); err != nil || now.Version != o.Version || o.Version == "" {
		t.Errorf("Replace returned %+v, there is %+v, %v", o, now, err)
	}
	if err := s.Delete(ctx, "k", "stale"); !errors.Is(err, connectors.ErrChanged) {
		t.Errorf("a stale deletion: %v", err)
	}
	if err := s.Delete(ctx, "k", o.Version); err != nil {
		t.Fatal(err)
	}
	if err := s.Delete(ctx, "k", ""); !errors.Is(err, connectors.ErrNotFound) {
		t.Errorf("deleting again: %v", err)
	}
	same(t, "at the end", b.all(), []string{"k.bak=other"})
}

func TestS3OldVersionIsNotRewritten(t *testing.T) {
	ctx := context.Background()
	b := newBucket(t, server.Versions)
	old := b.put("k", "one")
	b.put("k", "two")
	s := b.store(s3Options{}, "")
	stop := errors.New("stop")
	if _, err := s.Replace(ctx, "k?versionId="+old, "", func(Writer) error { return stop }); !errors.Is(err, stop) {
		t.Fatal(err)
	}
	same(t, "when nothing is written", b.all(), []string{"k (old)=one", "k=two"})
	o, err := s.Replace(ctx, "k?versionId="+old, "", func(w Writer) error { return errors.Join(write("x")(w), w.CopyOld(0, 2)) })
	if err != nil || o.Version != "" {
		t.Errorf("%+v, %v", o, err)
	}
	same(t, "afterwards", b.all(), []string{"k=two"})
	now := b.put("k", "three")
	if _, err := s.Stat(ctx, "k?versionId="+now); !errors.Is(err, connectors.ErrNotFound) {
		t.Errorf("the current version under the name of an old one: %v", err)
	}
}

func TestS3ForgetFinishesWhatACrashLeft(t *testing.T) {
	ctx := context.Background()
	b := newBucket(t, server.Versions)
	b.put("k", "zero")
	b.put("k", "hers")
	s := b.store(s3Options{}, "")
	planned, err := s.Stat(ctx, "k")
	if err != nil {
		t.Fatal(err)
	}
	b.put("k", "somebody else's")
	b.put("k", "clean")
	if err := s.Forget(ctx, "k", "unknown"); err != nil {
		t.Fatal(err)
	}
	if n := len(b.all()); n != 4 {
		t.Errorf("a version that nobody knows: %d versions are left", n)
	}
	if err := s.Forget(ctx, "k", planned.Version); err != nil {
		t.Fatal(err)
	}
	same(t, "from the planned version on", b.all(), []string{"k (old)=somebody else's", "k=clean"})
	b.hide("k")
	b.put("k", "again")
	if err := s.Forget(ctx, "k", ""); err != nil {
		t.Fatal(err)
	}
	same(t, "everything", b.all(), []string{"k=again"})
	b.hide("k")
	if err := s.Forget(ctx, "k", ""); err != nil {
		t.Fatal(err)
	}
	same(t, "under a marker", b.all(), nil)
}

func TestS3SuspendedVersioning(t *testing.T) {
	ctx := context.Background()
	b := newBucket(t, server.Versions)
	b.put("k", "one")
	b.versioning(types.BucketVersioningStatusSuspended)
	b.put("k", "two")
	s := b.store(s3Options{}, "")
	if got := names(t, s, ""); len(got) != 2 || got[0] != "k" {
		t.Errorf("listed %q", got)
	}
	o, err := s.Replace(ctx, "k", "", write("three"))
	if err != nil {
		t.Fatal(err)
	}
	same(t, "replaced", b.all(), []string{"k=three"})
	if err := s.Delete(ctx, "k", o.Version); err != nil {
		t.Fatal(err)
	}
	same(t, "deleted", b.all(), nil)
}

// TestS3OldVersionsBelowASuspendedOne reads what was written before versioning was
// suspended. The server answers a HEAD for it as if it were not there.
func TestS3OldVersionsBelowASuspendedOne(t *testing.T) {
	ctx := context.Background()
	b := newBucket(t, server.Versions)
	b.put("k", "one")
	b.put("k", "two")
	b.versioning(types.BucketVersioningStatusSuspended)
	b.put("k", "three")
	s := b.store(s3Options{}, "")
	list := names(t, s, "")
	if len(list) != 3 {
		t.Fatalf("listed %q", list)
	}
	for i, want := range []string{"three", "two", "one"} {
		if got := read(t, s, list[i], ""); got != want {
			t.Errorf("%q: %q, want %q", list[i], got, want)
		}
	}
	b.must(b.api.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{Bucket: &b.name, Key: aws.String("k")}))
	for _, name := range []string{list[2], list[1]} {
		o, err := s.Stat(ctx, name)
		if err != nil {
			t.Fatal(err)
		}
		b.must(nil, s.Delete(ctx, name, o.Version))
	}
	same(t, "old ones deleted", b.all(), []string{"k=three"})
	b.noUploads() // of the same key: it may have held the same bytes
	b.versioning(types.BucketVersioningStatusEnabled)
	b.hide("k")
	list = names(t, s, "")
	b.must(b.api.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{Bucket: &b.name, Key: aws.String("k")}))
	b.must(nil, s.Delete(ctx, list[0], ""))
	b.noUploads()
}

func TestS3NeverVersioned(t *testing.T) {
	ctx := context.Background()
	b := newBucket(t, server.Nothing)
	b.put("a/k", "one")
	s := b.store(s3Options{}, "a")
	same(t, "listing", names(t, s, ""), []string{"k"})
	o, err := s.Replace(ctx, "k", "", write("two"))
	if err != nil {
		t.Fatal(err)
	}
	listed := slices.Collect(func(yield func(Object) bool) {
		for o := range s.List(ctx, "") {
			if !yield(o) {
				return
			}
		}
	})
	if len(listed) != 1 || listed[0].Version != o.Version {
		t.Errorf("listed %+v, want %+v", listed, o)
	}
	if err := s.Delete(ctx, "k", o.Version); err != nil {
		t.Fatal(err)
	}
	same(t, "deleted", b.all(), nil)
}

func TestS3ForgetRemovesAMarkerOfNothing(t *testing.T) {
	ctx := context.Background()
	b := newBucket(t, server.Versions)
	old := b.put("k", "hers")
	b.hide("k")
	s := b.store(s3Options{}, "")
	h, err := s.history(ctx, "k")
	b.must(nil, err)
	b.must(nil, s.deleteVersions(ctx, "k", ids(h.versions))) // and here it was killed
	if err := s.Forget(ctx, "k?versionId="+old, ""); err != nil {
		t.Fatal(err)
	}
	same(t, "left", b.all(), nil)
}

func TestS3FileTimes(t *testing.T) {
	ctx := context.Background()
	b := newBucket(t, server.Versions)
	put := func(key, mtime string) {
		b.must(b.api.PutObject(ctx, &s3.PutObjectInput{Bucket: &b.name, Key: &key, Body: strings.NewReader("x"), Metadata: map[string]string{"mtime": mtime}}))
	}
	put("copied", "1681523821.088")
	put("odd", "yesterday")
	s := b.store(s3Options{}, "")
	if o, err := s.Stat(ctx, "copied"); err != nil || o.Modified.UnixMilli() != 1681523821088 {
		t.Errorf("%v, %v", o.Modified, err)
	}
	if o, err := s.Stat(ctx, "odd"); err != nil || time.Since(o.Modified) > time.Hour {
		t.Errorf("%v, %v", o.Modified, err)
	}
	b.must(s.Replace(ctx, "copied", "", write("y")))
	if o, err := s.Stat(ctx, "copied"); err != nil || o.Modified.UnixMilli() != 1681523821088 {
		t.Errorf("rewritten: %v, %v", o.Modified, err)
	}
}

// TestS3KeysThatCannotBeNamed are told of: they are neither absent nor empty.
func TestS3KeysThatCannotBeNamed(t *testing.T) {
	ctx := context.Background()
	b := newBucket(t, server.Versions)
	b.put("in/control\x01.csv", "hers")
	s := b.store(s3Options{}, "in/")
	listed := names(t, s, "")
	if len(listed) != 1 {
		t.Fatalf("%q listed", listed)
	}
	if _, err := s.Stat(ctx, listed[0]); err == nil && listed[0] != "control\x01.csv" || errors.Is(err, connectors.ErrNotFound) {
		t.Errorf("%q: %v", listed[0], err)
	}

	wire := &connectortest.Wire{}
	wire.Fail(connectortest.WireFault{Op: "ListObjectVersions", Times: -1, How: answered(`<ListVersionsResult><Name>b</Name><Prefix>in/</Prefix><IsTruncated>false</IsTruncated>` +
		`<Version><Key>in/</Key><VersionId>2</VersionId><IsLatest>true</IsLatest><Size>7</Size></Version>` +
		`<Version><Key>in/</Key><VersionId>1</VersionId><IsLatest>false</IsLatest><Size>5</Size></Version>` +
		`<Version><Key>in/a.csv</Key><VersionId>3</VersionId><IsLatest>true</IsLatest><Size>1</Size></Version></ListVersionsResult>`)})
	s = b.store(s3Options{transport: wire}, "in/")
	var got []string
	for o, err := range s.List(ctx, "") {
		if err != nil {
			o.Key += ": " + err.Error()
		}
		got = append(got, o.Key)
	}
	same(t, "listed", got, []string{ownKey + ": " + errOwnKey.Error(), "a.csv"})
	if _, err := s.Stat(ctx, ownKey); !errors.Is(err, errOwnKey) {
		t.Errorf("an object that is the prefix: %v", err)
	}
}

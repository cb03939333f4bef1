package blob

import (
	"context"
	"fmt"
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

// objects lists the current objects of a store.
func objects(t *testing.T, s *s3Store) []Object {
	t.Helper()
	var out []Object
	for o, err := range s.List(context.Background(), "") {
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(o.Key, versionMark) {
			out = append(out, o)
		}
	}
	return out
}

// TestS3DeleteAll deletes what stands alone, and leaves to Delete whatever has more to
// it than one version: nothing that was not asked for goes.
func TestS3DeleteAll(t *testing.T) {
	ctx := context.Background()
	for name, kind := range map[string]server.Keeps{"versions": server.Versions, "no versions": server.Nothing, "versions cannot be listed": server.Nothing} {
		t.Run(name, func(t *testing.T) {
			b := newBucket(t, kind)
			wire := &connectortest.Wire{}
			if name == "versions cannot be listed" {
				wire.Fail(connectortest.WireFault{Op: "ListObjectVersions", Times: -1, How: connectortest.Answer(403, "AccessDenied")})
			}
			alone := []string{"p/a b+c%2F", "p/k", "p/z", "p/आशा.m4a"}
			for _, k := range append(slices.Clone(alone), "p/k.bak", "p/k.d/k", "p/j", "p/changed", "p/upload", "p/stays", "o", "q") {
				b.put(k, k)
			}
			if kind == server.Versions {
				b.put("p/older", "older")
				b.put("p/older", "newer")
				b.put("p/hidden", "hidden")
			}
			s := b.store(s3Options{transport: wire}, "p")
			list := slices.DeleteFunc(objects(t, s), func(o Object) bool { return slices.Contains([]string{"k.bak", "k.d/k", "j", "stays"}, o.Key) })
			list = append(list, Object{Key: "missing", Version: "x"}, Object{Key: "z?versionId=null", Version: "x"}, Object{Key: "stays"})
			b.put("p/changed", "theirs")
			if kind == server.Versions {
				b.hide("p/hidden")
			}
			b.must(b.api.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{Bucket: &b.name, Key: aws.String("p/upload")}))
			before := b.all()
			gone, err := s.DeleteAll(ctx, list)
			if err != nil {
				t.Fatal(err)
			}
			var done []string
			for i, o := range list {
				if gone[i] {
					done = append(done, "p/"+o.Key)
				}
			}
			same(t, "reported", done, alone)
			same(t, "left", b.all(), slices.DeleteFunc(before, func(x string) bool {
				key, _, _ := strings.Cut(x, "=")
				return slices.Contains(alone, key)
			}))
		})
	}
}

// TestS3DeleteAllCountsRequests deletes every third of many objects: pages of a
// thousand cost a request each, objects none.
func TestS3DeleteAllCountsRequests(t *testing.T) {
	ctx := context.Background()
	b := newBucket(t, server.Versions)
	const n = 2400
	for i := range n {
		b.put(fmt.Sprintf("calls/%05d.m4a", i), "x")
	}
	wire := &connectortest.Wire{}
	s := b.store(s3Options{transport: wire}, "")
	var list []Object
	all := objects(t, s)
	if len(all) != n { // the server begins a page with the last key of the one before
		t.Fatalf("%d of %d objects are listed", len(all), n)
	}
	for i, o := range all {
		if i%3 == 0 {
			list = append(list, o)
		}
	}
	before := wire.Calls("")
	gone, err := s.DeleteAll(ctx, list)
	if err != nil || slices.Contains(gone, false) || len(gone) != n/3 {
		t.Fatalf("%d of %d: %v", len(gone), n/3, err)
	}
	if got := wire.Calls("") - before; got > 12 {
		t.Errorf("%d requests for %d objects among %d", got, len(list), n)
	}
	if left := objects(t, s); len(left) != n-n/3 {
		t.Errorf("%d objects are left", len(left))
	}
}

// TestS3DeleteAllMeetsAWriter writes one of the objects again between the look and the
// deletion: the new content stays, and is not taken for what was deleted.
func TestS3DeleteAllMeetsAWriter(t *testing.T) {
	ctx := context.Background()
	for name, tt := range map[string]struct {
		kind server.Keeps
		op   string
	}{"versions": {server.Versions, "DeleteObjects"}, "no versions": {server.Nothing, "DeleteObject"}, "suspended": {server.Versions, "DeleteObjects"}} {
		t.Run(name, func(t *testing.T) {
			b := newBucket(t, tt.kind)
			if name == "suspended" {
				b.versioning(types.BucketVersioningStatusSuspended)
			}
			b.put("a", "hers")
			b.put("b", "hers")
			wire := &connectortest.Wire{}
			s := b.store(s3Options{transport: wire}, "")
			list := objects(t, s)
			wire.Fail(connectortest.WireFault{Op: tt.op, Times: 1, How: connectortest.First(func() { b.put("b", "theirs") })})
			gone, err := s.DeleteAll(ctx, list)
			if err != nil || gone[1] {
				t.Fatalf("%v, %v", gone, err)
			}
			if name == "suspended" { // nothing can be named there without meaning the next content, too
				same(t, "left", b.all(), []string{"a=hers", "b=hers"})
				return
			}
			same(t, "left", b.all(), []string{"b=theirs"})
		})
	}
}

// TestS3DeleteAllUnderFaults holds it to its word: what is said to be gone is.
func TestS3DeleteAllUnderFaults(t *testing.T) {
	ctx := context.Background()
	faults := map[string]how{"denied key": answered(`<DeleteResult><Error><Key>a</Key><Code>AccessDenied</Code></Error></DeleteResult>`), "claimed": answered(`<DeleteResult></DeleteResult>`)}
	for name, f := range wireFaults {
		faults[name] = f
	}
	for _, op := range []string{"ListObjectVersions", "DeleteObjects", "ListMultipartUploads", "GetBucketVersioning"} {
		for name, f := range faults {
			for _, times := range []int{1, -1} {
				t.Run(fmt.Sprintf("%s/%s/%d", op, name, times), func(t *testing.T) {
					b := newBucket(t, server.Versions)
					b.put("a", "hers")
					b.put("b", "hers")
					list := objects(t, b.store(s3Options{}, ""))
					wire := &connectortest.Wire{}
					wire.Fail(connectortest.WireFault{Op: op, Times: times, How: f})
					s := b.store(s3Options{transport: wire, pause: 50 * time.Microsecond}, "")
					gone, err := s.DeleteAll(ctx, list)
					all := strings.Join(b.all(), " ")
					for i, o := range list {
						if gone[i] && strings.Contains(all, o.Key+"=") {
							t.Errorf("%s is said to be gone, and is there", o.Key)
						}
						if passes := times == 1 && slices.Contains(passing, name); passes && (err != nil || !gone[i]) {
							t.Errorf("%s is not said to be gone after a fault that passes: %v", o.Key, err)
						}
					}
				})
			}
		}
	}
}

// TestS3DeleteOldVersionsTogether deletes the versions under a delete marker at the same
// time: each deletion finds the other's version there, and the marker, whose key may hold a
// number, still goes with the last of them.
func TestS3DeleteOldVersionsTogether(t *testing.T) {
	ctx := context.Background()
	b := newBucket(t, server.Versions)
	b.put("9812345671.mp3", "hers")
	b.put("9812345671.mp3", "hers, too")
	b.hide("9812345671.mp3")
	b.put("9812345671.mp3.bak", "stays")
	b.hide("9812345671.mp3.bak")
	wire := &connectortest.Wire{}
	s, other := b.store(s3Options{transport: wire}, ""), b.store(s3Options{}, "")
	var list []Object
	for o, err := range s.List(ctx, "") {
		b.must(o, err)
		list = append(list, o)
	}
	if len(list) != 3 {
		t.Fatalf("%d versions are listed", len(list))
	}
	wire.Fail(connectortest.WireFault{Op: "DeleteObjects", Times: 1, How: connectortest.First(func() {
		b.must(nil, other.Delete(ctx, list[1].Key, list[1].Version))
	})})
	b.must(nil, s.Delete(ctx, list[0].Key, list[0].Version))
	same(t, "left", b.all(), []string{"9812345671.mp3.bak (marker)", "9812345671.mp3.bak (old)=stays"})
}

// TestS3NullVersionsTakeTurns deletes the null version below an object that is replaced at
// the same time, with versioning suspended: the new content gets the id of the old version
// and must not be deleted for it.
func TestS3NullVersionsTakeTurns(t *testing.T) {
	ctx := context.Background()
	b := newBucket(t, server.Nothing)
	b.put("k", "hers")
	b.versioning(types.BucketVersioningStatusEnabled)
	b.put("k", "hers and his")
	b.versioning(types.BucketVersioningStatusSuspended)
	wire := &connectortest.Wire{}
	s := b.store(s3Options{transport: wire}, "")
	done := make(chan error, 1)
	wire.Fail(connectortest.WireFault{Op: "DeleteObjects", Times: 1, How: connectortest.First(func() {
		go func() {
			_, err := s.Replace(ctx, "k", "", write("his"))
			done <- err
		}()
		select {
		case err := <-done:
			done <- err
		case <-time.After(time.Second): // it waits for this deletion
		}
	})})
	b.must(nil, s.Delete(ctx, "k?versionId=null", ""))
	b.must(nil, <-done)
	same(t, "left", b.all(), []string{"k=his"})
}

package blob

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"pgregory.net/rapid"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/connectortest"
	"github.com/cratio/sutra/connectors/connectortest/server"
)

const mib = 1 << 20

// noise is n bytes that do not repeat.
func noise(n int) []byte {
	b := make([]byte, n)
	r := rand.NewChaCha8([32]byte{1})
	_, err := r.Read(b)
	if err != nil {
		panic(err) // it has no errors
	}
	return b
}

// splice copies all of an object but a hole, which text fills.
func splice(size, hole, end int, text string) func(Writer) error {
	return func(w Writer) error {
		return errors.Join(w.CopyOld(0, int64(hole)), write(text)(w), w.CopyOld(int64(end), int64(size-end)))
	}
}

func TestS3MovesOnlyWhatIsTouched(t *testing.T) {
	ctx := context.Background()
	const size, hole, end = 192 * mib, 100*mib + 12345, 100*mib + 22345
	b := newBucket(t, server.Versions)
	data := noise(size)
	b.must(b.api.PutObject(ctx, &s3.PutObjectInput{Bucket: &b.name, Key: aws.String("k"), Body: bytes.NewReader(data)}))
	wire := &connectortest.Wire{}
	s := b.store(s3Options{transport: wire}, "")
	o, err := s.Replace(ctx, "k", "", splice(size, hole, end, "xyz"))
	if err != nil {
		t.Fatal(err)
	}
	up, down := wire.Bytes()
	if limit := int64(size * 3 / 100); up > limit || down > limit {
		t.Errorf("%d bytes up and %d down for a hole of %d in %d, at most %d wanted", up, down, end-hole, size, limit)
	}
	if n := wire.Calls("UploadPartCopy"); n < 2 {
		t.Errorf("%d parts copied", n)
	}
	got, err := b.api.Read(ctx, b.name, "k", "")
	if want := slicesJoin(data[:hole], []byte("xyz"), data[end:]); err != nil || !bytes.Equal(got, want) || o.Size != int64(len(want)) {
		t.Errorf("the new content is another one: %d bytes, want %d (%v)", len(got), len(want), err)
	}
	n := 0
	for _, err := range b.api.All(ctx, b.name) {
		b.must(nil, err)
		n++
	}
	if n != 1 {
		t.Errorf("%d versions are left", n)
	}
}

func slicesJoin(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

// TestPartsAreLegal holds the cutting to S3's rules, without a server: every part
// but the last has the least size, and the parts together are what was written.
func TestPartsAreLegal(t *testing.T) {
	const least = 5
	rapid.Check(t, func(t *rapid.T) {
		old := rapid.SliceOfN(rapid.Byte(), 0, 200).Draw(t, "old")
		w := &cutter{least: least, most: 16, copyMost: 40}
		var want []byte
		var got [][]byte
		w.emit = func(parts []segment) error {
			var p []byte
			for _, x := range parts {
				if x.data != nil {
					p = append(p, x.data...)
				} else {
					p = append(p, old[x.off:x.off+x.n]...)
				}
			}
			got = append(got, p)
			return nil
		}
		w.emitCopy = func(off, n int64) error {
			got = append(got, old[off:off+n])
			return nil
		}
		check := func(err error) {
			if err != nil {
				t.Fatal(err)
			}
		}
		for range rapid.IntRange(0, 12).Draw(t, "writes") {
			if rapid.Bool().Draw(t, "copy") && len(old) > 0 {
				off := rapid.IntRange(0, len(old)-1).Draw(t, "off")
				n := rapid.IntRange(1, len(old)-off).Draw(t, "n")
				check(w.old(int64(off), int64(n)))
				want = append(want, old[off:off+n]...)
				continue
			}
			p := rapid.SliceOfN(rapid.Byte(), 1, 30).Draw(t, "data")
			check(w.bytes(p))
			want = append(want, p...)
		}
		check(w.end())
		for i, p := range got {
			if i < len(got)-1 && len(p) < least || len(p) == 0 {
				t.Fatalf("part %d of %d has %d bytes", i+1, len(got), len(p))
			}
		}
		if !bytes.Equal(bytes.Join(got, nil), want) {
			t.Fatalf("parts %q, want %q", got, want)
		}
	})
}

func TestS3ConcurrentWriterWins(t *testing.T) {
	ctx := context.Background()
	for name, size := range map[string]int{"one request": 100, "parts": 24 * mib} {
		for _, op := range []string{"PutObject", "CompleteMultipartUpload"} {
			t.Run(name+"/"+op, func(t *testing.T) {
				b := newBucket(t, server.Versions)
				b.put("k", string(noise(size)))
				wire := &connectortest.Wire{}
				s := b.store(s3Options{transport: wire}, "")
				o, err := s.Stat(ctx, "k")
				b.must(nil, err)
				wire.Fail(connectortest.WireFault{Op: op, Times: 1, How: connectortest.First(func() { b.put("k", "theirs") })})
				_, err = s.Replace(ctx, "k", o.Version, splice(size, size/2, size/2+1, "ours"))
				if wire.Calls(op) == 0 {
					if err != nil {
						t.Fatal(err)
					}
					return // the other way of writing
				}
				if !errors.Is(err, connectors.ErrChanged) {
					t.Errorf("a write over somebody else's: %v", err)
				}
				if got, err := b.api.Read(ctx, b.name, "k", ""); err != nil || string(got) != "theirs" {
					t.Errorf("their update is lost: %d bytes, %v", len(got), err)
				}
				b.noUploads()
			})
		}
	}
}

// noUploads fails the test when the bucket holds parts of an unfinished upload.
func (b *bucket) noUploads() {
	b.t.Helper()
	out, err := b.api.ListMultipartUploads(context.Background(), &s3.ListMultipartUploadsInput{Bucket: &b.name})
	b.must(out, err)
	if n := len(out.Uploads); n > 0 {
		b.t.Errorf("%d unfinished uploads are left", n)
	}
}

func TestS3SameBytesAreAnotherVersion(t *testing.T) {
	ctx := context.Background()
	b := newBucket(t, server.Versions)
	b.put("k", "hers")
	s := b.store(s3Options{}, "")
	o, err := s.Stat(ctx, "k")
	b.must(nil, err)
	b.put("k", "hers")
	now, err := s.Stat(ctx, "k")
	if err != nil || now.Version == o.Version {
		t.Errorf("another version with the same bytes has the same fingerprint (%v)", err)
	}
	if _, err := s.Replace(ctx, "k", o.Version, write("x")); !errors.Is(err, connectors.ErrChanged) {
		t.Errorf("replacing: %v", err)
	}
}

func TestS3CarriesOver(t *testing.T) {
	ctx := context.Background()
	for name, size := range map[string]int{"one request": 100, "parts": 24 * mib} {
		t.Run(name, func(t *testing.T) {
			b := newBucket(t, server.Versions)
			expires := time.Date(2031, 1, 2, 3, 4, 5, 0, time.UTC)
			b.must(b.api.PutObject(ctx, &s3.PutObjectInput{
				Bucket: &b.name, Key: aws.String("k"), Body: bytes.NewReader(noise(size)), ContentType: aws.String("text/csv; charset=utf-8"),
				ContentEncoding: aws.String("identity"), ContentLanguage: aws.String("hi-IN"), CacheControl: aws.String("no-store"), Expires: &expires,
				ContentDisposition: aws.String(`attachment; filename="asha_9876500001.csv"`),
				Metadata:           map[string]string{"schema": "3", "caller-name": "Asha", "owner": "asha@example.com", "batch": "2026-11-25"},
				Tagging:            aws.String("team=sales&from=%2B919876500001&tier=1"),
			}))
			s := b.store(s3Options{}, "")
			if _, err := s.Replace(ctx, "k", "", splice(size, size/2, size/2+1, "")); err != nil {
				t.Fatal(err)
			}
			h, err := b.api.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &b.name, Key: aws.String("k")})
			b.must(h, err)
			tags, err := b.api.GetObjectTagging(ctx, &s3.GetObjectTaggingInput{Bucket: &b.name, Key: aws.String("k")})
			b.must(tags, err)
			got := []string{aws.ToString(h.ContentType), aws.ToString(h.ContentEncoding), aws.ToString(h.ContentLanguage), aws.ToString(h.CacheControl),
				aws.ToString(h.ExpiresString), aws.ToString(h.ContentDisposition), fmt.Sprint(h.Metadata)}
			want := []string{"text/csv; charset=utf-8", "identity", "hi-IN", "no-store", "Thu, 02 Jan 2031 03:04:05 GMT", "attachment", "map[batch:2026-11-25 schema:3]"}
			same(t, "headers", got, want)
			var labels []string
			for _, x := range tags.TagSet {
				labels = append(labels, *x.Key+"="+*x.Value)
			}
			if j := strings.Join(labels, " "); len(labels) != 2 || !strings.Contains(j, "team=sales") || !strings.Contains(j, "tier=1") {
				t.Errorf("tags %s", j)
			}
		})
	}
}

// TestCarriedEncryption proves on the request itself what the test server drops.
func TestCarriedEncryption(t *testing.T) {
	c := carry{tags: "a=1", meta: map[string]string{"m": "1"}, grants: grants{full: `id="1"`, read: `id="2"`}, head: &s3.HeadObjectOutput{
		ServerSideEncryption: types.ServerSideEncryptionAwsKms, SSEKMSKeyId: aws.String("arn:key"), BucketKeyEnabled: aws.Bool(true),
		StorageClass: types.StorageClassStandardIa, WebsiteRedirectLocation: aws.String("/x"), ContentDisposition: aws.String("inline"),
	}}
	p, m := c.put(), c.create()
	for name, ok := range map[string]bool{
		"encryption":    p.ServerSideEncryption == types.ServerSideEncryptionAwsKms && m.ServerSideEncryption == p.ServerSideEncryption,
		"key":           *p.SSEKMSKeyId == "arn:key" && *m.SSEKMSKeyId == "arn:key",
		"bucket key":    *p.BucketKeyEnabled && *m.BucketKeyEnabled,
		"storage class": p.StorageClass == types.StorageClassStandardIa && m.StorageClass == p.StorageClass,
		"redirect":      *p.WebsiteRedirectLocation == "/x" && *m.WebsiteRedirectLocation == "/x",
		"disposition":   *p.ContentDisposition == "inline" && *m.ContentDisposition == "inline",
		"access list":   *p.GrantFullControl == `id="1"` && *m.GrantRead == `id="2"`,
		"tags":          *p.Tagging == "a=1" && *m.Tagging == "a=1" && m.Metadata["m"] == "1",
	} {
		if !ok {
			t.Errorf("%s is not carried over", name)
		}
	}
}

func TestGrants(t *testing.T) {
	grant := func(id string, p types.Permission) types.Grant {
		return types.Grant{Grantee: &types.Grantee{ID: &id}, Permission: p}
	}
	own := &s3.GetObjectAclOutput{Owner: &types.Owner{ID: aws.String("me")}, Grants: []types.Grant{grant("me", types.PermissionFullControl)}}
	if g := grantsOf(own); g != (grants{}) {
		t.Errorf("the owner's own list: %+v", g)
	}
	own.Grants = append(own.Grants, grant("you", types.PermissionRead), grant("they", types.PermissionRead))
	if g := grantsOf(own); g != (grants{full: `id="me"`, read: `id="you", id="they"`}) {
		t.Errorf("a list with others: %+v", g)
	}
}

func TestPersonalLabels(t *testing.T) {
	for _, tt := range []struct {
		name, value string
		want        bool
	}{
		{"x", "+91 98765 00001", true}, {"x", "9876500001", true}, {"x", "call-9876500001-in", true}, {"x", "asha@example.com", true}, {"x", "asha%40example.com", true},
		{"caller-name", "Asha", true}, {"email", "x", true}, {"x", "2026-11-25", false}, {"x", "2026-11-25T10:00:00Z", false}, {"file-name", "export", false},
		{"md5", "d41d8cd98f00b204e9800998ecf8427e", false}, {"x", "", false}, {"tier", "1", false},
		{"x", "=?UTF-8?B?YXNoYUBleGFtcGxlLmNvbQ==?=", true}, {"x", "=?utf-8?q?=2B91_98765_00001?=", true}, {"x", "=?UTF-8?B?4KSq4KWB4KSj4KWH?=", false}, {"mtime", "1681523821.088", false},
	} {
		if got := personal(tt.name, tt.value); got != tt.want {
			t.Errorf("%s=%s: %v", tt.name, tt.value, got)
		}
	}
}

func TestS3ThousandsOfVersions(t *testing.T) {
	ctx := context.Background()
	b := newBucket(t, server.Versions)
	const n = 1203
	for i := range n {
		b.put("k", fmt.Sprint(i))
	}
	b.put("k2", "other")
	s := b.store(s3Options{}, "")
	if got := names(t, s, ""); len(got) != n+1 || got[0] != "k" || got[n] != "k2" {
		t.Errorf("%d listed", len(got))
	}
	if _, err := s.Replace(ctx, "k", "", write("clean")); err != nil {
		t.Fatal(err)
	}
	same(t, "replaced", b.all(), []string{"k2=other", "k=clean"})
}

func TestS3ReaderCoalesces(t *testing.T) {
	ctx := context.Background()
	data := noise(20 * mib)
	b := newBucket(t, server.Versions)
	b.put("k", string(data))
	wire := &connectortest.Wire{}
	s := b.store(s3Options{transport: wire}, "")
	r, err := s.Open(ctx, "k", "")
	b.must(nil, err)
	before := wire.Calls("GetObject")
	got, err := io.ReadAll(&small{io.NewSectionReader(r, 0, r.Size())})
	if err != nil || !bytes.Equal(got, data) {
		t.Fatalf("%d bytes, %v", len(got), err)
	}
	if n := wire.Calls("GetObject") - before; n > 20 {
		t.Errorf("a reader of small pieces made %d requests for %d MiB", n, len(data)/mib)
	}
	wire.Bytes()
	p := make([]byte, 100)
	for _, off := range []int64{5, 7 * mib, 15*mib + 3, int64(len(data)) - 100} {
		q := make([]byte, 100)
		n, err := r.ReadAt(q, off)
		if n != 100 || err != nil || !bytes.Equal(q, data[off:off+100]) {
			t.Errorf("at %d: %d, %v", off, n, err)
		}
	}
	if _, down := wire.Bytes(); down > 4*2*firstRead {
		t.Errorf("four point reads took %d bytes", down)
	}
	if n, err := r.ReadAt(p, int64(len(data))-50); n != 50 || !errors.Is(err, io.EOF) {
		t.Errorf("over the end: %d, %v", n, err)
	}
	if _, err := r.ReadAt(p, int64(len(data))); !errors.Is(err, io.EOF) {
		t.Errorf("behind the end: %v", err)
	}
	b.put("k", "another")
	if q := make([]byte, 10); true {
		if _, err := r.ReadAt(q, 3*mib); err != nil || !bytes.Equal(q, data[3*mib:3*mib+10]) {
			t.Errorf("the version that was opened: %v", err)
		}
	}
	b.must(nil, r.Close())
}

// small reads a few bytes at a time.
type small struct{ r io.Reader }

func (s *small) Read(p []byte) (int, error) { return s.r.Read(p[:min(len(p), 700)]) }

func TestS3DeletionMeetsAWriter(t *testing.T) {
	ctx := context.Background()
	for name, tt := range map[string]struct {
		kind server.Keeps
		ops  []string
	}{
		"versions": {server.Versions, []string{"DeleteObjects"}}, "no versions": {server.Nothing, []string{"DeleteObject"}},
		"suspended": {server.Versions, []string{"DeleteObjects", "DeleteObject"}}, // the next content has the same id
	} {
		t.Run(name, func(t *testing.T) {
			b := newBucket(t, tt.kind)
			if name == "suspended" {
				b.versioning(types.BucketVersioningStatusSuspended)
			}
			b.put("k", "hers")
			wire := &connectortest.Wire{}
			s := b.store(s3Options{transport: wire}, "")
			o, err := s.Stat(ctx, "k")
			b.must(nil, err)
			for _, op := range tt.ops {
				wire.Fail(connectortest.WireFault{Op: op, Times: 1, How: connectortest.First(func() { b.put("k", "theirs") })})
			}
			if err := s.Delete(ctx, "k", o.Version); !errors.Is(err, connectors.ErrChanged) {
				t.Errorf("%v", err)
			}
			same(t, "their update stays, hers is gone", b.all(), []string{"k=theirs"})
		})
	}
}

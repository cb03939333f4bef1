package blob

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/connectortest"
	"github.com/cratio/sutra/connectors/connectortest/server"
)

type how = func(*connectortest.Wire, *http.Request) (*http.Response, error)

var wireFaults = map[string]how{
	"500": connectortest.Answer(500, "InternalError"), "503": connectortest.Answer(503, "SlowDown"), "200 with an error": connectortest.Answer(200, "InternalError"),
	"reset": connectortest.Reset, "answer lost": connectortest.Lose, "truncated": connectortest.Truncate,
	"expired": connectortest.Answer(400, "ExpiredToken"), "clock": connectortest.Answer(403, "RequestTimeTooSkewed"), "denied": connectortest.Answer(403, "AccessDenied"),
}

// passing are the faults that a second try overcomes.
var passing = []string{"500", "503", "reset", "answer lost"}

// replaceOps are the operations of a replacement, by the size of the object: a
// large one is written in parts.
var replaceOps = map[int][]string{
	1000:  {"HeadBucket", "HeadObject", "ListObjectVersions", "GetObjectTagging", "GetObjectAcl", "GetObject", "PutObject", "ListMultipartUploads", "DeleteObjects"},
	large: {"CreateMultipartUpload", "UploadPart", "GetObject", "UploadPartCopy", "GetBucketVersioning", "CompleteMultipartUpload", "AbortMultipartUpload"},
}

const large = 11 * mib

// replaced runs a replacement under a fault and holds the outcome to the promise:
// the old content or the new, whole, whatever happens; the new one and nothing
// else when there is no error.
func replaced(t *testing.T, size int, fault connectortest.WireFault) (*bucket, error) {
	t.Helper()
	ctx := context.Background()
	b := newBucket(t, server.Versions)
	data := noise(size)
	b.put("k", "older")
	b.put("k", string(data))
	wire := &connectortest.Wire{}
	calm := b.store(s3Options{}, "")
	planned, err := calm.Stat(ctx, "k")
	b.must(nil, err)
	want := slicesJoin(data[:size/2], []byte("clean"), data[size/2+1:])
	wire.Fail(fault)
	s := b.store(s3Options{transport: wire, pause: 50 * time.Microsecond}, "")
	_, failed := s.Replace(ctx, "k", planned.Version, splice(size, size/2, size/2+1, "clean"))
	if failed != nil && strings.Contains(failed.Error(), "/k") {
		t.Errorf("the error names the key: %v", failed)
	}
	got, err := b.api.Read(ctx, b.name, "k", "")
	b.must(nil, err)
	switch {
	case bytes.Equal(got, want):
	case failed == nil || !bytes.Equal(got, data):
		t.Fatalf("%d bytes that are neither the old content nor the new, or the old without an error (%v)", len(got), failed)
	}
	// What a run that is started again does.
	if bytes.Equal(got, data) {
		if _, err := calm.Replace(ctx, "k", planned.Version, splice(size, size/2, size/2+1, "clean")); err != nil {
			t.Fatalf("again: %v", err)
		}
	} else if err := calm.Forget(ctx, "k", planned.Version); err != nil {
		t.Fatalf("again: %v", err)
	}
	if all := b.all(); len(all) != 1 || all[0] != "k="+string(want) {
		t.Errorf("in the end there are %d versions", len(all))
	}
	b.noUploads()
	return b, failed
}

func TestS3LastingFaultsLoseNothing(t *testing.T) {
	for size, ops := range replaceOps {
		for _, op := range ops {
			for name, f := range wireFaults {
				if size == large && !slices.Contains([]string{"500", "answer lost", "expired"}, name) {
					continue // the others differ in how they are told, not in what they leave
				}
				t.Run(op+"/"+name, func(t *testing.T) {
					_, err := replaced(t, size, connectortest.WireFault{Op: op, Times: -1, How: f})
					if err == nil {
						return // the operation is not used here, or its answer is not needed
					}
					for fault, word := range map[string]string{"expired": "expired", "clock": "clock"} {
						if name == fault && !strings.HasPrefix(op, "Head") && !strings.Contains(err.Error(), word) {
							t.Errorf("the reason is not told: %v", err)
						}
					}
				})
			}
		}
	}
}

func TestS3PassingFaultsAreOvercome(t *testing.T) {
	for size, ops := range replaceOps {
		for _, op := range ops {
			for _, name := range passing {
				t.Run(op+"/"+name, func(t *testing.T) {
					if _, err := replaced(t, size, connectortest.WireFault{Op: op, Times: 2, How: wireFaults[name]}); err != nil {
						t.Errorf("two faults were too many: %v", err)
					}
				})
			}
		}
	}
}

func TestS3CompleteFaults(t *testing.T) {
	if _, err := replaced(t, large, connectortest.WireFault{Op: "CompleteMultipartUpload", Times: 2, How: connectortest.Answer(200, "InternalError")}); err != nil {
		t.Errorf("an error in a 200: %v", err)
	}
	for _, op := range []string{"CompleteMultipartUpload", "PutObject"} {
		size := large
		if op == "PutObject" {
			size = 1000
		}
		race := connectortest.Answer(409, "ConditionalRequestConflict")
		if _, err := replaced(t, size, connectortest.WireFault{Op: op, Times: 2, How: race}); err != nil {
			t.Errorf("%s: two races: %v", op, err)
		}
		if _, err := replaced(t, size, connectortest.WireFault{Op: op, Times: -1, How: race}); !errors.Is(err, connectors.ErrChanged) {
			t.Errorf("%s: nothing but races: %v", op, err)
		}
	}
}

func TestS3HungUploadIsAborted(t *testing.T) {
	b := newBucket(t, server.Versions)
	const size = large
	b.put("k", string(noise(size)))
	wire := &connectortest.Wire{}
	wire.Fail(connectortest.WireFault{Op: "UploadPart", Times: -1, How: connectortest.Hang})
	s := b.store(s3Options{transport: wire}, "")
	ctx, cancel := context.WithCancel(context.Background())
	wire.Fail(connectortest.WireFault{Op: "UploadPartCopy", Times: 1, How: connectortest.First(cancel)})
	if _, err := s.Replace(ctx, "k", "", splice(size, size/2, size/2+1, "x")); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	b.noUploads()
}

func TestS3DeleteUnderFaults(t *testing.T) {
	ctx := context.Background()
	for _, op := range []string{"HeadObject", "ListObjectVersions", "DeleteObjects", "ListMultipartUploads"} {
		for name, f := range wireFaults {
			for _, times := range []int{1, -1} {
				t.Run(op+"/"+name, func(t *testing.T) {
					b := newBucket(t, server.Versions)
					b.put("k", "old")
					b.put("k", "hers")
					calm := b.store(s3Options{}, "")
					o, err := calm.Stat(ctx, "k")
					b.must(nil, err)
					wire := &connectortest.Wire{}
					wire.Fail(connectortest.WireFault{Op: op, Times: times, How: f})
					s := b.store(s3Options{transport: wire, pause: 50 * time.Microsecond}, "")
					if err := s.Delete(ctx, "k", o.Version); err == nil {
						same(t, "deleted", b.all(), nil)
						return
					}
					// Never an older version in place of the one that had to go.
					if all := strings.Join(b.all(), " "); strings.Contains(all, "k=old") {
						t.Fatalf("an old version came back: %s", all)
					}
					err = calm.Delete(ctx, "k", o.Version)
					if errors.Is(err, connectors.ErrNotFound) {
						err = calm.Forget(ctx, "k", o.Version)
					}
					b.must(nil, err)
					same(t, "deleted at last", b.all(), nil)
				})
			}
		}
	}
}

func TestS3PerKeyErrorsOfABatch(t *testing.T) {
	ctx := context.Background()
	b := newBucket(t, server.Versions)
	b.put("k", "hers")
	wire := &connectortest.Wire{}
	s := b.store(s3Options{transport: wire, pause: 50 * time.Microsecond}, "")
	for code, want := range map[string]error{"AccessDenied": connectors.ErrReadOnly, "InternalError": nil, "Strange": nil} {
		wire.Heal()
		wire.Fail(connectortest.WireFault{Op: "DeleteObjects", Times: -1, How: answered(`<DeleteResult><Error><Key>k</Key><VersionId>null</VersionId><Code>` + code + `</Code></Error></DeleteResult>`)})
		if err := s.Delete(ctx, "k", ""); err == nil || want != nil && !errors.Is(err, want) {
			t.Errorf("%s in a 200: %v", code, err)
		}
	}
	// An answer that claims a deletion is not believed.
	wire.Heal()
	wire.Fail(connectortest.WireFault{Op: "DeleteObjects", Times: -1, How: answered(`<DeleteResult></DeleteResult>`)})
	if err := s.Delete(ctx, "k", ""); err == nil || !strings.Contains(err.Error(), "still listed") {
		t.Errorf("a deletion that did not happen: %v", err)
	}
	same(t, "nothing went", b.all(), []string{"k=hers"})
}

func TestS3ReadUnderFaults(t *testing.T) {
	ctx := context.Background()
	b := newBucket(t, server.Versions)
	data := noise(5 * mib)
	b.put("k", string(data))
	for name, f := range wireFaults {
		for _, times := range []int{2, -1} {
			wire := &connectortest.Wire{}
			s := b.store(s3Options{transport: wire, pause: 50 * time.Microsecond}, "")
			r, err := s.Open(ctx, "k", "")
			b.must(nil, err)
			wire.Fail(connectortest.WireFault{Op: "GetObject", Times: times, How: f})
			got := make([]byte, len(data))
			n, err := r.ReadAt(got, 0)
			if err == nil && (n != len(data) || !bytes.Equal(got, data)) {
				t.Errorf("%s: wrong bytes and no error", name)
			}
			switch lasting := times < 0; {
			case lasting && name == "truncated": // each try brings a half of the rest
			case lasting != (err != nil) && (lasting || slices.Contains(append(passing, "truncated"), name)):
				t.Errorf("%s, %d times: %v", name, times, err)
			}
			b.must(nil, r.Close())
		}
	}
}

// TestS3LookTellsTheReason: the answer to a HEAD has no body, and still the reason is told.
func TestS3LookTellsTheReason(t *testing.T) {
	b := newBucket(t, server.Versions)
	b.put("k", "x")
	for _, tt := range []struct {
		status     int
		code, want string
	}{
		{403, "AccessDenied", "access denied (it needs s3:GetObject)"}, {400, "ExpiredToken", "they have expired"},
		{403, "RequestTimeTooSkewed", "the clock of this machine"}, {400, "InvalidRequest", "InvalidRequest"},
	} {
		wire := &connectortest.Wire{}
		s := b.store(s3Options{transport: wire}, "")
		if _, err := s.client(context.Background()); err != nil {
			t.Fatal(err)
		}
		for _, op := range []string{"HeadObject", "GetObject"} {
			wire.Fail(connectortest.WireFault{Op: op, Times: -1, How: connectortest.Answer(tt.status, tt.code)})
		}
		if _, err := s.Stat(context.Background(), "k"); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v", tt.code, err)
		}
	}
}

func TestS3ListingThatFailsIsNotShort(t *testing.T) {
	b := newBucket(t, server.Versions)
	b.put("a/k", "x")
	for name, f := range wireFaults {
		wire := &connectortest.Wire{}
		wire.Fail(connectortest.WireFault{Op: "ListObjectVersions", Skip: 1, Times: -1, How: f})
		s := b.store(s3Options{transport: wire, pause: 50 * time.Microsecond}, "")
		var last error
		n := 0
		for o, err := range s.List(context.Background(), "") {
			if err == nil && o.Key != "" {
				n++
			}
			last = err
		}
		if last == nil {
			t.Errorf("%s: a listing of %d objects that looks whole", name, n)
		}
	}
}

// TestBrokenAnswer holds that an answer that broke off is not told by its status, which is
// that of success.
func TestBrokenAnswer(t *testing.T) {
	if err := s3Coded("", http.StatusOK); !strings.Contains(err.Error(), "broke off") {
		t.Errorf("it says %q", err)
	}
	if err := s3Coded("", http.StatusBadGateway); !strings.Contains(err.Error(), "502") {
		t.Errorf("it says %q", err)
	}
}

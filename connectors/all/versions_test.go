package all_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/all"
	"github.com/cratio/sutra/connectors/connectortest"
	"github.com/cratio/sutra/connectors/connectortest/server"
)

// keeper is an object source over a bucket that keeps versions.
type keeper struct {
	t      *testing.T
	bucket string
	api    *server.Buckets
	src    connectors.Source
}

func newKeeper(t *testing.T, kind string) *keeper {
	t.Helper()
	k := &keeper{t: t}
	k.bucket, k.api = connectortest.Bucket(t, server.Versions)
	src, err := all.Kinds()[kind].Open(context.Background(), connectors.Config{Name: kind, URL: "s3://" + k.bucket + "/", Dataset: dataset(t, kind), Account: connectors.AccountRule{Segment: 1}})
	if err != nil {
		t.Fatal(err)
	}
	k.src = src
	t.Cleanup(func() {
		if err := src.Close(); err != nil {
			t.Error(err)
		}
	})
	return k
}

func (k *keeper) put(key, content string) {
	k.t.Helper()
	if _, err := k.api.PutObject(context.Background(), &s3.PutObjectInput{Bucket: &k.bucket, Key: &key, Body: strings.NewReader(content)}); err != nil {
		k.t.Fatal(err)
	}
}

func (k *keeper) hide(key string) {
	k.t.Helper()
	if _, err := k.api.DeleteObject(context.Background(), &s3.DeleteObjectInput{Bucket: &k.bucket, Key: &key}); err != nil {
		k.t.Fatal(err)
	}
}

// left is what the bucket holds: "key", "key (old)", "key (marker)".
func (k *keeper) left() []string {
	k.t.Helper()
	var out []string
	for v, err := range k.api.All(context.Background(), k.bucket) {
		switch {
		case err != nil:
			k.t.Fatal(err)
		case v.Marker:
			v.Key += " (marker)"
		case !v.Latest:
			v.Key += " (old)"
		}
		out = append(out, v.Key)
	}
	slices.Sort(out)
	return out
}

func (k *keeper) units() []connectors.Unit {
	k.t.Helper()
	var out []connectors.Unit
	for u, err := range k.src.Units(context.Background()) {
		if err != nil {
			k.t.Fatal(err)
		}
		out = append(out, u)
	}
	return out
}

// edits delete every record of a unit.
func (k *keeper) edits(u connectors.Unit) []connectors.Edit {
	k.t.Helper()
	var out []connectors.Edit
	for b, err := range k.src.Read(context.Background(), u) {
		if err != nil {
			k.t.Fatal(err)
		}
		if b.Rows == nil {
			continue
		}
		for row := range int(b.Rows.NumRows()) {
			loc, _ := connectors.Value(b.Rows, 0, row)
			out = append(out, connectors.Edit{Collection: b.Collection, Locator: strings.Clone(loc), Action: connectors.Delete})
		}
	}
	if len(out) == 0 {
		k.t.Fatal("no record is read")
	}
	return out
}

// samples are an object of each engine: its key, and two contents with records.
var samples = []struct{ kind, key, hers, clean string }{
	{"recordings", "A1/20230414_215701.088-0400_in_+919876500001.m4a", "audio", "other audio"},
	{"recordings", "A1/x.json", `{"calls": [{"phone_number": "+919876500001"}, {"phone_number": "+919876500002"}]}`, `{"calls": [{"phone_number": "+919876500002"}]}`},
	{"indiamart", "A1/pull.json", `{"RESPONSE": [{"UNIQUE_QUERY_ID": "1", "SENDER_MOBILE": "+91-9876500001"}, {"UNIQUE_QUERY_ID": "2", "SENDER_MOBILE": "+91-9876500002"}]}`,
		`{"RESPONSE": [{"UNIQUE_QUERY_ID": "2", "SENDER_MOBILE": "+91-9876500002"}]}`},
}

// TestCrashBetweenTheNewVersionAndTheOld: the process died when the clean content
// was in place and the old version was not deleted yet.
func TestCrashBetweenTheNewVersionAndTheOld(t *testing.T) {
	for _, tt := range samples {
		t.Run(tt.kind+"/"+tt.key, func(t *testing.T) {
			k := newKeeper(t, tt.kind)
			k.put(tt.key, tt.hers)
			planned := k.units()[0]
			edits := k.edits(planned)[:1]
			k.put(tt.key, tt.clean)
			if n := len(k.units()); n != 2 {
				t.Fatalf("%d units: the old version is not seen", n)
			}
			_, _, err := k.src.(connectors.Eraser).Erase(context.Background(), planned, edits)
			if !errors.Is(err, connectors.ErrChanged) {
				t.Errorf("%v", err)
			}
			if got := k.left(); !slices.Equal(got, []string{tt.key}) {
				t.Errorf("left: %q", got)
			}
		})
	}
}

// TestDeletedByHandIsNotErased: a delete marker hides what is still there.
func TestDeletedByHandIsNotErased(t *testing.T) {
	for _, tt := range samples {
		t.Run(tt.kind+"/"+tt.key, func(t *testing.T) {
			k := newKeeper(t, tt.kind)
			k.put(tt.key, tt.hers)
			planned := k.units()[0]
			edits := k.edits(planned)
			k.hide(tt.key)
			old := k.units()
			if len(old) != 1 || !strings.HasPrefix(old[0].Key, tt.key+"?versionId=") || old[0].Account != "A1" {
				t.Fatalf("units %+v", old)
			}
			if got := k.edits(old[0]); len(got) != len(edits) {
				t.Errorf("%d records are read of the hidden version, %d before", len(got), len(edits))
			}
			_, out, err := k.src.(connectors.Eraser).Erase(context.Background(), planned, edits)
			if err != nil || !out.Gone {
				t.Errorf("%+v, %v", out, err)
			}
			if got := k.left(); len(got) > 0 {
				t.Errorf("left: %q", got)
			}
		})
	}
}

// TestOldVersionsAreUnits: what changes a record of an old version takes all of it.
func TestOldVersionsAreUnits(t *testing.T) {
	for _, tt := range samples {
		t.Run(tt.kind+"/"+tt.key, func(t *testing.T) {
			k := newKeeper(t, tt.kind)
			k.put(tt.key, tt.hers)
			k.put(tt.key, tt.clean)
			units := k.units()
			if len(units) != 2 || units[0].Key != tt.key || units[1].Fingerprint == units[0].Fingerprint {
				t.Fatalf("units %+v", units)
			}
			edits := k.edits(units[1])[:1]
			stale := units[1]
			stale.Fingerprint += "0"
			e := k.src.(connectors.Eraser)
			if _, _, err := e.Erase(context.Background(), stale, edits); !errors.Is(err, connectors.ErrChanged) {
				t.Errorf("a stale fingerprint: %v", err)
			}
			next, out, err := e.Erase(context.Background(), units[1], edits)
			if err != nil || !out.Gone || out.Deleted != 1 || next.Fingerprint != "" {
				t.Errorf("%+v, %+v, %v", next, out, err)
			}
			if got := k.left(); !slices.Equal(got, []string{tt.key}) {
				t.Errorf("left: %q", got)
			}
			if _, out, err = e.Erase(context.Background(), units[1], edits); err != nil || !out.Gone {
				t.Errorf("again: %+v, %v", out, err)
			}
		})
	}
}

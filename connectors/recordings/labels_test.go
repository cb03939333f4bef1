package recordings

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/blob"
	"github.com/cratio/sutra/connectors/connectortest"
	s3server "github.com/cratio/sutra/connectors/connectortest/server"
)

// TestNumbersInMetadata finds whose a recording is in its metadata and tags, where its
// name does not say it.
func TestNumbersInMetadata(t *testing.T) {
	ctx := context.Background()
	bucket, b := connectortest.Bucket(t, s3server.Versions)
	for key, put := range map[string]s3.PutObjectInput{
		"A1/20260101_100000.mp3":               {Metadata: map[string]string{"caller": "+91 98450 67231", "codec": "mp3", "length": "1767240000"}},
		"A1/opaque.mp3":                        {Tagging: text("customer=919845067231&callee=9004731862&agent=9004731999")},
		"A1/20260101_100000_9900011223.mp3":    {Metadata: map[string]string{"caller": "+919845067231"}},
		"A1/20260102_100000.mp3":               {Metadata: map[string]string{"note": "called 9845067231 back"}},
		"A1/20260103_100000 without label.mp3": {},
	} {
		put.Bucket, put.Key, put.Body = &bucket, &key, strings.NewReader("audio")
		if _, err := b.PutObject(ctx, &put); err != nil {
			t.Fatal(err)
		}
	}
	store, err := blob.Open(ctx, "s3://"+bucket+"/")
	if err != nil {
		t.Fatal(err)
	}
	s := newSource(store, connectors.Config{Name: "recordings"}, memory.DefaultAllocator)
	defer s.Close()
	for key, want := range map[string]string{
		"A1/20260101_100000.mp3":               "+91 98450 67231 ",
		"A1/opaque.mp3":                        "9004731862 919845067231",
		"A1/20260101_100000_9900011223.mp3":    "9900011223 ",
		"A1/20260102_100000.mp3":               " ",
		"A1/20260103_100000 without label.mp3": " ",
	} {
		got, gaps := rows(t, s, units(t, s)[key])
		if len(got) != 1 || len(gaps) > 0 || fmt.Sprint(got[0]["phone"], " ", got[0]["phone2"]) != want {
			t.Errorf("%s: %v, gaps %v; want the numbers %q", key, got, gaps, want)
		}
	}
}

func text(s string) *string { return &s }

package extract

import (
	"slices"
	"testing"
)

// TestPlaceKeys holds which keys a reference may mean, as the source knows them.
func TestPlaceKeys(t *testing.T) {
	p := Place{Bucket: "talks", Prefix: "calls/", Others: []string{"talks.old", "other"}}
	root := Place{Bucket: "talks"}
	folder := Place{Prefix: "srv/calls/"}
	for _, c := range []struct {
		place Place
		raw   string
		want  []string
	}{
		{p, " a.mp3 ", []string{"a.mp3"}},
		{p, "/calls/a.mp3", []string{"calls/a.mp3", "a.mp3"}},
		{p, "callsign.mp3", []string{"callsign.mp3"}},
		{p, "talks/calls/a.mp3", []string{"talks/calls/a.mp3", "a.mp3"}},
		{p, "S3://talks/calls/a%2Bb.mp3", []string{"a%2Bb.mp3", "a+b.mp3"}},
		{p, "s3://talks/calls/a.mp3?versionId=7", []string{"a.mp3"}},
		{p, "s3://talks/a.mp3", nil},       // not below the prefix
		{p, "s3://talks/calls/", nil},      // no object
		{p, "s3://other/calls/a.mp3", nil}, // another source's
		{p, "s3://talks.old/calls/a.mp3", nil},
		{p, "https://talks.old.s3.amazonaws.com/calls/a.mp3", nil},
		{p, "s3://moved/calls/a.mp3", []string{"calls/a.mp3", "a.mp3"}},
		{p, "https://talks.s3.ap-south-1.amazonaws.com/calls/%E0%A4%85%20b.mp3?x=/calls/c.mp3", []string{"अ b.mp3"}},
		{p, "calls/%E0%A4%85%20b.mp3", []string{"calls/%E0%A4%85%20b.mp3", "%E0%A4%85%20b.mp3", "calls/अ b.mp3", "अ b.mp3"}},
		{p, "call+of+%2B91.mp3", []string{"call+of+%2B91.mp3", "call+of++91.mp3", "call of +91.mp3"}}, // a notice of S3
		{p, "https://talks.s3.amazonaws.com/calls/call+of+%2B91.mp3", []string{"call+of++91.mp3", "call of +91.mp3"}},
		{p, "100%.mp3", []string{"100%.mp3"}},
		{p, "http://127.0.0.1:9000/talks/calls/a.mp3", []string{"talks/calls/a.mp3", "a.mp3"}},
		{p, "https://cdn.example.com/calls/a.mp3", []string{"calls/a.mp3", "a.mp3"}},
		{p, "https://cdn.example.com", []string{""}},
		{root, "s3://talks/calls/a.mp3", []string{"calls/a.mp3"}},
		{root, "talks/calls/a.mp3", []string{"talks/calls/a.mp3", "calls/a.mp3"}},
		{folder, "/srv/calls/a.mp3", []string{"srv/calls/a.mp3", "a.mp3"}},
		{folder, "file:///srv/calls/a%20b.mp3", []string{"srv/calls/a b.mp3", "a b.mp3"}},
	} {
		if got := c.place.keys(c.raw); !slices.Equal(got, c.want) {
			t.Errorf("%q in %v means %q, want %q", c.raw, c.place, got, c.want)
		}
	}
}

// TestReferenceToNothing holds that an address without a path refers to nothing.
func TestReferenceToNothing(t *testing.T) {
	x := &Extractor{Places: map[string]Place{"rec.calls.key": {Bucket: "talks"}}}
	l := x.linkerOf("rec.calls.key")
	l.each("https://cdn.example.com", func(id Identifier) { t.Errorf("it refers to %q", id.Value) })
}

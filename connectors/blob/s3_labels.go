package blob

import (
	"context"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// Label is a text that a store keeps beside an object's content.
type Label struct{ Name, Value string }

// Labeler is implemented by stores that keep texts beside the content of an object.
type Labeler interface {
	// Labels returns those texts of an object that look as if they told of a person,
	// in an order that does not change: user metadata, tags, the name under which a
	// browser shall save it. Replace does not carry them over.
	Labels(ctx context.Context, key, version string) ([]Label, error)
}

// Labels implements [Labeler]. Tags cost a request, and are only asked for where a look
// at the object says that it has some.
func (s *s3Store) Labels(ctx context.Context, name, version string) ([]Label, error) {
	h, ok := s.seen.get(name)
	if !ok || h.version != version {
		var err error
		if h, err = s.at(ctx, name, version); err != nil {
			return nil, err
		}
	}
	if n := aws.ToInt32(h.out.MissingMeta); n > 0 {
		return nil, fmt.Errorf("S3 does not give %d entries of the object's metadata (they hold what no header can): write the object again without them", n)
	}
	var out []Label
	add := func(name, value string) {
		if personal(name, value) {
			out = append(out, Label{name, worded(value)})
		}
	}
	for _, k := range slices.Sorted(maps.Keys(h.out.Metadata)) {
		add(k, h.out.Metadata[k])
	}
	if d := aws.ToString(h.out.ContentDisposition); d != "" {
		if text, err := url.PathUnescape(d); err == nil {
			d = text
		}
		add("content-disposition", d)
	}
	if aws.ToInt32(h.out.TagCount) == 0 {
		return out, nil
	}
	api, err := s.client(ctx)
	if err != nil {
		return nil, err
	}
	tags, err := api.GetObjectTagging(ctx, &s3.GetObjectTaggingInput{Bucket: &s.bucket, Key: &h.key, VersionId: h.pin(), RequestPayer: payer})
	if err != nil {
		return nil, s3Err("reading the object's tags", "s3:GetObjectTagging and s3:GetObjectVersionTagging", err)
	}
	for _, t := range tags.TagSet {
		add(aws.ToString(t.Key), aws.ToString(t.Value))
	}
	slices.SortStableFunc(out, func(a, b Label) int { return strings.Compare(a.Name+"\x00"+a.Value, b.Name+"\x00"+b.Value) })
	return out, nil
}

package blob

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"golang.org/x/sync/errgroup"

	"github.com/cratio/sutra/connectors"
)

// target is an object of a [Bulk] deletion.
type target struct {
	i       int    // in the caller's list
	key     string // in the bucket
	version string // what Object.Version was
	now     []item // what is listed of the key: versions and markers
}

// alone reports whether the version that the caller saw is all that is listed of the
// key, and can be named so that nothing else is meant: with versioning suspended the next
// content has the same id.
func (t *target) alone(m listingMode, v versioning) bool {
	if len(t.now) != 1 {
		return false
	}
	x := t.now[0]
	return !x.marker && x.latest && fingerprint(x.etag, x.id, m.ids) == t.version && (v.status == "" || orNull(x.id) != nullVersion)
}

// DeleteAll implements [Bulk]. A thousand objects that lie together cost about four
// requests: a listing of their versions, one of unfinished uploads, the deletion, and
// the listing that proves it.
func (s *s3Store) DeleteAll(ctx context.Context, list []Object) ([]bool, error) {
	gone := make([]bool, len(list))
	m, err := s.mode(ctx)
	if err != nil {
		return gone, err
	}
	if m.hidden {
		return gone, nil // Delete says why
	}
	var targets []*target
	for i, o := range list {
		if key, id := Plain(o.Key); id == "" && key == o.Key && key != "" && o.Version != "" {
			targets = append(targets, &target{i: i, key: s.prefix + key, version: o.Version})
		}
	}
	slices.SortFunc(targets, func(a, b *target) int { return cmp.Compare(a.key, b.key) })
	for part := range slices.Chunk(targets, batch) {
		if err := s.deletePart(ctx, m, part, gone); err != nil {
			return gone, err
		}
	}
	return gone, ctx.Err()
}

// deletePart deletes up to as many objects as one request can.
func (s *s3Store) deletePart(ctx context.Context, m listingMode, list []*target, gone []bool) error {
	v, err := s.versioning(ctx)
	if err != nil {
		return err
	}
	if err := s.look(ctx, m, list); err != nil {
		return err
	}
	list = slices.DeleteFunc(list, func(t *target) bool { return !t.alone(m, v) })
	list, err = s.withoutUploads(ctx, list)
	if err != nil || len(list) == 0 {
		return err
	}
	for _, t := range list {
		s.seen.drop(strings.TrimPrefix(t.key, s.prefix))
	}
	if err := s.deleteAlone(ctx, v, list); err != nil {
		return err
	}
	if err := s.look(ctx, m, list); err != nil {
		return err
	}
	for _, t := range list {
		gone[t.i] = len(t.now) == 0
	}
	return nil
}

// fewItems is how many items a page of a listing is asked for where targets are rare.
const fewItems = 8

// look lists what there is of the targets, which are in the order of their keys. Where
// others lie between them a page is begun anew behind those, and is short.
func (s *s3Store) look(ctx context.Context, m listingMode, list []*target) error {
	for _, t := range list {
		t.now = nil
	}
	byKey := func(t *target, key string) int { return cmp.Compare(t.key, key) }
	for from, most := (*place)(nil), 0; len(list) > 0; {
		if from == nil {
			from = &place{key: before(list[0].key)}
		}
		from.most = most
		items, next, more, err := s.page(ctx, m, s.prefix, *from)
		if err != nil {
			return err
		}
		last := ""
		for _, it := range items {
			last = max(last, it.key)
			if i, ok := slices.BinarySearchFunc(list, it.key, byKey); ok {
				list[i].now = append(list[i].now, it)
			}
		}
		if !more {
			return nil
		}
		i, open := slices.BinarySearchFunc(list, last, byKey)
		list = list[i:]
		if from = nil; open || i == 0 { // there may be more of the last key, or it lies before the first
			from = &next
		}
		switch {
		case i == 0, 2*i > len(items):
			most = 0
		case i <= 2:
			most = fewItems
		}
	}
	return nil
}

// before returns a marker behind which a listing gives the key, and little before it.
func before(key string) string {
	_, n := utf8.DecodeLastRuneInString(key)
	return key[:len(key)-n]
}

// withoutUploads leaves out the keys for which an upload is unfinished.
func (s *s3Store) withoutUploads(ctx context.Context, list []*target) ([]*target, error) {
	if len(list) == 0 {
		return nil, nil
	}
	busy := map[string]bool{}
	first, last := list[0].key, list[len(list)-1].key
	prefix := first[:common(first, last)]
	if _, err := s.uploads(ctx, prefix, func(u types.MultipartUpload, key string) bool {
		if key >= first {
			busy[key] = true
		}
		return key <= last
	}); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(list, func(t *target) bool { return busy[t.key] }), nil
}

// common is the length of what two keys begin with, in whole characters.
func common(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	for n > 0 && n < len(a) && !utf8.RuneStart(a[n]) {
		n--
	}
	return n
}

// deleteAlone deletes the versions that were listed. What the store says of single keys
// is not looked at: the listing behind it tells what is gone, and Delete why not.
func (s *s3Store) deleteAlone(ctx context.Context, v versioning, list []*target) error {
	api, err := s.client(ctx)
	if err != nil {
		return err
	}
	if v.status != "" {
		objects := make([]types.ObjectIdentifier, len(list))
		for i, t := range list {
			objects[i] = types.ObjectIdentifier{Key: &t.key, VersionId: aws.String(orNull(t.now[0].id))}
		}
		_, err := api.DeleteObjects(ctx, &s3.DeleteObjectsInput{Bucket: &s.bucket, RequestPayer: payer,
			Delete: &types.Delete{Objects: objects, Quiet: aws.Bool(true)}})
		return harmless(err)
	}
	// Without ids only a condition keeps what somebody wrote meanwhile.
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(parallel)
	for _, t := range list {
		g.Go(func() error {
			_, err := api.DeleteObject(gctx, &s3.DeleteObjectInput{Bucket: &s.bucket, Key: &t.key, IfMatch: &t.now[0].etag, RequestPayer: payer})
			return harmless(err)
		})
	}
	return g.Wait()
}

// harmless drops the error of a deletion that Delete will say again and better: that it
// is not allowed, that the object is another, that the store has no such call.
func harmless(err error) error {
	bare := s3Bare(err)
	if lacking(err) || errors.Is(bare, errDenied) || errors.Is(bare, connectors.ErrChanged) || errors.Is(bare, connectors.ErrNotFound) || errors.Is(bare, errRace) {
		return nil
	}
	if err != nil {
		return s3WriteErr("deleting objects", deletePermission, err)
	}
	return nil
}

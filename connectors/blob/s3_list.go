package blob

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/cratio/sutra/connectors"
)

// listingMode is what the credentials may list.
type listingMode struct {
	versions bool // every version can be listed
	ids      bool // fingerprints hold version ids
	hidden   bool // the bucket has, or may have, versions that cannot be listed
}

// versioning is the state of a bucket.
type versioning struct {
	status types.BucketVersioningStatus // "" never was on
	mfa    bool
}

const listPermission = "s3:ListBucket and s3:ListBucketVersions"

// mode finds out, once, how the bucket can be listed.
func (s *s3Store) mode(ctx context.Context) (listingMode, error) {
	s.mu.Lock()
	known := s.listing
	s.mu.Unlock()
	if known != nil {
		return *known, nil
	}
	api, err := s.client(ctx)
	if err != nil {
		return listingMode{}, err
	}
	m := listingMode{versions: true, ids: true}
	_, err = api.ListObjectVersions(ctx, &s3.ListObjectVersionsInput{Bucket: &s.bucket, Prefix: &s.prefix, MaxKeys: aws.Int32(1), RequestPayer: payer})
	if err != nil {
		if !lacking(err) && !errors.Is(s3Bare(err), errDenied) {
			return listingMode{}, s3Err("listing objects", listPermission, err)
		}
		v, verr := s.versioning(ctx)
		m = listingMode{hidden: verr != nil && !lacking(err) || v.status != ""}
		m.ids = !m.hidden
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.listing = &m
	return m, nil
}

// versioning finds out, once, whether the bucket keeps old versions.
func (s *s3Store) versioning(ctx context.Context) (versioning, error) {
	s.mu.Lock()
	known := s.versioned
	s.mu.Unlock()
	if known != nil {
		return *known, nil
	}
	api, err := s.client(ctx)
	if err != nil {
		return versioning{}, err
	}
	out, err := api.GetBucketVersioning(ctx, &s3.GetBucketVersioningInput{Bucket: &s.bucket})
	if err != nil && !lacking(err) {
		return versioning{}, s3Err("asking whether the bucket keeps versions", "s3:GetBucketVersioning", err)
	}
	var v versioning
	if err == nil {
		v = versioning{status: out.Status, mfa: out.MFADelete == types.MFADeleteStatusEnabled}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.versioned = &v
	return v, nil
}

// item is one version, or one delete marker, of a listing. Key is the whole key.
type item struct {
	key, id  string
	etag     string
	size     int64
	modified time.Time
	latest   bool
	marker   bool
}

// place is where a page of a listing begins: behind this key and version. most bounds the
// page; 0 means as much as the store gives.
type place struct {
	key, id, token string
	most           int
}

// limit is what a request for a page says of its length.
func (p place) limit() *int32 {
	if p.most == 0 {
		return nil
	}
	return aws.Int32(int32(p.most))
}

// page lists up to 1000 versions, or current objects where versions cannot be
// listed, in key order, newest first. Delete markers come behind the versions.
func (s *s3Store) page(ctx context.Context, m listingMode, prefix string, from place) ([]item, place, bool, error) {
	if !m.versions {
		return s.pageCurrent(ctx, prefix, from)
	}
	api, err := s.client(ctx)
	if err != nil {
		return nil, place{}, false, err
	}
	in := &s3.ListObjectVersionsInput{Bucket: &s.bucket, Prefix: &prefix, EncodingType: types.EncodingTypeUrl, RequestPayer: payer, MaxKeys: from.limit()}
	if from.key != "" {
		in.KeyMarker = &from.key
	}
	if from.id != "" {
		in.VersionIdMarker = &from.id
	}
	out, err := api.ListObjectVersions(ctx, in)
	if err != nil {
		return nil, place{}, false, s3Err("listing objects", listPermission, err)
	}
	plain := decoder(out.EncodingType)
	items := make([]item, 0, len(out.Versions)+len(out.DeleteMarkers))
	for _, v := range out.Versions {
		key, kerr := plain(v.Key)
		err = errors.Join(err, kerr)
		items = append(items, item{key: key, id: aws.ToString(v.VersionId), etag: aws.ToString(v.ETag), size: aws.ToInt64(v.Size),
			modified: aws.ToTime(v.LastModified), latest: aws.ToBool(v.IsLatest)})
	}
	for _, v := range out.DeleteMarkers {
		key, kerr := plain(v.Key)
		err = errors.Join(err, kerr)
		items = append(items, item{key: key, id: aws.ToString(v.VersionId), latest: aws.ToBool(v.IsLatest), marker: true})
	}
	// A store was seen that begins a page with the version that ended the one before.
	items = slices.DeleteFunc(items, func(it item) bool { return from.id != "" && it.key == from.key && orNull(it.id) == from.id })
	next, kerr := plain(out.NextKeyMarker)
	return items, place{key: next, id: aws.ToString(out.NextVersionIdMarker)}, aws.ToBool(out.IsTruncated), errors.Join(err, kerr)
}

func (s *s3Store) pageCurrent(ctx context.Context, prefix string, from place) ([]item, place, bool, error) {
	api, err := s.client(ctx)
	if err != nil {
		return nil, place{}, false, err
	}
	in := &s3.ListObjectsV2Input{Bucket: &s.bucket, Prefix: &prefix, EncodingType: types.EncodingTypeUrl, RequestPayer: payer, MaxKeys: from.limit()}
	switch {
	case from.token != "":
		in.ContinuationToken = &from.token
	case from.key != "":
		in.StartAfter = &from.key
	}
	out, err := api.ListObjectsV2(ctx, in)
	if err != nil {
		return nil, place{}, false, s3Err("listing objects", listPermission, err)
	}
	plain := decoder(out.EncodingType)
	items := make([]item, 0, len(out.Contents))
	for _, o := range out.Contents {
		key, kerr := plain(o.Key)
		err = errors.Join(err, kerr)
		items = append(items, item{key: key, etag: aws.ToString(o.ETag), size: aws.ToInt64(o.Size), modified: aws.ToTime(o.LastModified), latest: true})
	}
	return items, place{token: aws.ToString(out.NextContinuationToken)}, aws.ToBool(out.IsTruncated), err
}

// decoder reads keys as the answer writes them. They are asked for url-encoded,
// because XML cannot hold every key; not every store obeys.
func decoder(enc types.EncodingType) func(*string) (string, error) {
	if enc != types.EncodingTypeUrl {
		return func(k *string) (string, error) { return aws.ToString(k), nil }
	}
	return func(k *string) (string, error) {
		key, err := url.QueryUnescape(aws.ToString(k))
		if err != nil {
			return "", errors.New("listing objects: a key is not encoded as it was asked for")
		}
		return key, nil
	}
}

// List implements [Store]. Versions that are not current are listed too, behind
// the current one, under the name that [Plain] explains; so are the versions of a
// key that a delete marker hides. Keys are in order, and one listing runs in
// several requests at the same time.
//
// An error without a Key ends the listing. One that comes with a Key is about
// something that holds bytes and cannot be read: an upload that is not
// finished, an object that has no name below the prefix.
func (s *s3Store) List(ctx context.Context, prefix string) iter.Seq2[Object, error] {
	return func(yield func(Object, error) bool) {
		m, err := s.mode(ctx)
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			yield(Object{}, fmt.Errorf("listing objects: %w", err))
			return
		}
		own := false
		for it, err := range s.walk(ctx, m, s.prefix+prefix) {
			if err != nil {
				yield(Object{}, err)
				return
			}
			key := strings.TrimPrefix(it.key, s.prefix)
			if it.marker || key == "" && it.size == 0 {
				continue
			}
			if key == "" {
				if !own && !yield(Object{Key: ownKey}, errOwnKey) {
					return
				}
				own = true
				continue
			}
			o := Object{Key: nameOf(key, orNull(it.id), it.latest), Size: it.size, Modified: it.modified, Version: fingerprint(it.etag, it.id, m.ids)}
			s.listed.put(o.Key, o)
			if !yield(o, nil) {
				return
			}
		}
		if m.hidden {
			yield(Object{}, fmt.Errorf("listing objects: the bucket may keep old versions that these credentials cannot list: %w (it needs s3:ListBucketVersions)", errDenied))
			return
		}
		if prefix == "" {
			s.unfinished(ctx, yield)
		}
	}
}

const (
	// uploadMark names an unfinished upload, as versionMark names a version.
	uploadMark = "?uploadId="
	// uploadsUnknown is the name under which it is told that unfinished uploads
	// cannot be listed.
	uploadsUnknown = "?uploads"
	// ownKey is the name of an object whose key is the prefix of the store itself: below
	// it the object has no name.
	ownKey = "?prefix"
	// staleUpload is the age from which an unfinished upload is taken for one that
	// nobody finishes.
	staleUpload = 24 * time.Hour
)

// notice returns the error of a name that stands for something unreadable.
func (s *s3Store) notice(ctx context.Context, name string) error {
	if name == ownKey {
		return errOwnKey
	}
	if name == uploadsUnknown {
		_, err := s.uploads(ctx, s.prefix, func(types.MultipartUpload, string) bool { return false })
		return err
	}
	i := strings.LastIndex(name, uploadMark)
	if i < 0 {
		return nil
	}
	var state error // none: the upload is finished, or the name is that of an object
	_, err := s.uploads(ctx, s.prefix+name[:i], func(u types.MultipartUpload, key string) bool {
		if key != s.prefix+name[:i] || aws.ToString(u.UploadId) != name[i+len(uploadMark):] {
			return true
		}
		state = s.unread(u)
		return false
	})
	if err != nil {
		return err
	}
	return state
}

var (
	errOwnKey     = errors.New("the prefix of the source is itself the key of an object that holds bytes: move them to a key below it, or make the source begin a folder higher")
	errUnfinished = errors.New("an upload that was begun more than a day ago and never finished holds bytes that nobody can read: abort it, and let a lifecycle rule (AbortIncompleteMultipartUpload) do so from now on")
	errUnderWay   = errors.New("an upload that was begun less than a day ago and is not finished holds bytes that nobody can read yet: scan again when it is done, or abort it")
)

// unread says why the bytes of an upload cannot be read. One that may still be under
// way is told, too: nobody knows whether somebody finishes it, and what it holds is in
// the bucket.
func (s *s3Store) unread(u types.MultipartUpload) error {
	if aws.ToTime(u.Initiated).Before(s.opt.now().Add(-staleUpload)) {
		return errUnfinished
	}
	return errUnderWay
}

// unfinished yields the uploads below the prefix that are not finished.
func (s *s3Store) unfinished(ctx context.Context, yield func(Object, error) bool) {
	more, err := s.uploads(ctx, s.prefix, func(u types.MultipartUpload, key string) bool {
		return yield(Object{Key: strings.TrimPrefix(key, s.prefix) + uploadMark + aws.ToString(u.UploadId)}, s.unread(u))
	})
	if more && err != nil {
		yield(Object{Key: uploadsUnknown}, err)
	}
}

// uploads calls each for the unfinished uploads whose key begins with prefix, and
// reports whether each wanted them all.
func (s *s3Store) uploads(ctx context.Context, prefix string, each func(u types.MultipartUpload, key string) bool) (bool, error) {
	api, err := s.client(ctx)
	if err != nil {
		return true, err
	}
	in := &s3.ListMultipartUploadsInput{Bucket: &s.bucket, Prefix: &prefix, EncodingType: types.EncodingTypeUrl, RequestPayer: payer}
	for {
		out, err := api.ListMultipartUploads(ctx, in)
		if lacking(err) {
			return true, nil
		}
		if err != nil {
			return true, s3Err("looking for unfinished uploads", "s3:ListBucketMultipartUploads", err)
		}
		plain := decoder(out.EncodingType)
		for _, u := range out.Uploads {
			key, err := plain(u.Key)
			if err != nil {
				return true, err
			}
			if !each(u, key) {
				return false, nil
			}
		}
		if !aws.ToBool(out.IsTruncated) {
			return true, nil
		}
		next, err := plain(out.NextKeyMarker)
		if err != nil {
			return true, err
		}
		in.KeyMarker, in.UploadIdMarker = &next, out.NextUploadIdMarker
	}
}

// Sweep implements [Store]. What an interrupted Replace leaves behind in a bucket
// is found by the key, not by a look at the whole bucket: Replace, Delete and
// Forget remove it.
func (s *s3Store) Sweep(ctx context.Context) error {
	if _, err := s.client(ctx); err != nil {
		return fmt.Errorf("sweeping: %w", err)
	}
	return nil
}

var (
	_ Store              = (*s3Store)(nil)
	_ Checker            = (*s3Store)(nil)
	_ Keeper             = (*s3Store)(nil)
	_ Bulk               = (*s3Store)(nil)
	_ Labeler            = (*s3Store)(nil)
	_ connectors.Located = (*s3Store)(nil)

	_ connectors.Replicated = (*s3Store)(nil)
)

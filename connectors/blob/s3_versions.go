package blob

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/cratio/sutra/connectors"
)

const (
	deletePermission = "s3:DeleteObject and s3:DeleteObjectVersion"
	// batch is how many versions one call deletes.
	batch = 1000
)

// history is every version of one key of the bucket, newest first, and its delete
// markers.
type history struct {
	versions []item
	markers  []item
}

// current returns the version that a plain read gives, or nil.
func (h history) current() *item {
	if len(h.versions) > 0 && h.versions[0].latest {
		return &h.versions[0]
	}
	return nil
}

// history lists the versions of exactly this key: a listing by prefix also gives
// the keys that only begin like it.
func (s *s3Store) history(ctx context.Context, key string) (history, error) {
	var h history
	m, err := s.mode(ctx)
	if err != nil {
		return h, err
	}
	if m.hidden {
		return h, fmt.Errorf("listing the versions of an object: %w: %w (it needs s3:ListBucketVersions)", connectors.ErrReadOnly, errDenied)
	}
	for from := (place{}); ; {
		items, next, more, err := s.page(ctx, m, key, from)
		if err != nil {
			return h, err
		}
		past := false
		for _, it := range items {
			switch {
			case it.key != key:
				past = true
			case it.marker:
				h.markers = append(h.markers, it)
			default:
				it.id = orNull(it.id)
				h.versions = append(h.versions, it)
			}
		}
		if past || !more {
			return h, nil
		}
		from = next
	}
}

// Forget implements [Keeper].
func (s *s3Store) Forget(ctx context.Context, name, version string) error {
	defer s.turn(name)()
	key, id := Plain(name)
	h, err := s.history(ctx, s.prefix+key)
	if err != nil {
		return err
	}
	if id != "" { // an old version has none of its own, but it may have been the last
		if len(h.versions) > 0 {
			return nil
		}
		if err := s.abortAll(ctx, s.prefix+key); err != nil {
			return err
		}
		return s.purge(ctx, s.prefix+key, h, nil)
	}
	m, err := s.mode(ctx)
	if err != nil {
		return err
	}
	old := h.versions
	if h.current() != nil {
		old = old[1:]
	}
	if version != "" {
		i := slices.IndexFunc(old, func(it item) bool { return fingerprint(it.etag, it.id, m.ids) == version })
		if i < 0 {
			i = len(old)
		}
		old = old[i:]
	}
	s.seen.drop(name)
	if version == "" || h.current() == nil {
		if err := s.abortAll(ctx, s.prefix+key); err != nil {
			return err
		}
	}
	return s.purge(ctx, s.prefix+key, h, old)
}

// purge deletes old versions of a key (newest first), the newest of them last, so
// that an interrupted purge is seen and finished by the next; then the markers
// that stand for nothing any more. A version that a lock keeps keeps no other: it is
// told when the others are gone, and the markers that hide it stay.
func (s *s3Store) purge(ctx context.Context, key string, h history, old []item) error {
	if n := len(old); n > 0 {
		before := slices.Clone(old[1:])
		slices.Reverse(before)
		locked := s.deleteVersions(ctx, key, ids(before))
		if locked != nil && pendingIn(locked) == nil {
			return locked
		}
		if err := s.deleteVersions(ctx, key, ids(old[:1])); err != nil {
			return longer(locked, err)
		}
		if locked != nil {
			return locked
		}
	}
	marks := slices.DeleteFunc(slices.Clone(h.markers), func(it item) bool { return it.latest })
	if len(old) == len(h.versions) {
		marks = h.markers // nothing is below them
	}
	if err := s.deleteVersions(ctx, key, ids(marks)); err != nil {
		return err
	}
	return s.proven(ctx, key, append(ids(old), ids(marks)...))
}

func ids(list []item) []string {
	out := make([]string, 0, len(list))
	for _, it := range list {
		out = append(out, orNull(it.id))
	}
	return out
}

// proven lists the key again and reports what should be gone and is not.
func (s *s3Store) proven(ctx context.Context, key string, gone []string) error {
	if len(gone) == 0 {
		return nil
	}
	h, err := s.history(ctx, key)
	if err != nil {
		return fmt.Errorf("proving a deletion: %w", err)
	}
	left := 0
	for _, it := range append(h.versions, h.markers...) {
		if slices.Contains(gone, orNull(it.id)) {
			left++
		}
	}
	if left > 0 {
		return fmt.Errorf("proving a deletion: %d versions that were deleted are still listed", left)
	}
	return nil
}

// deleteVersions deletes versions of a key by their ids, and looks at the answer
// for each of them. That some are locked it says when the others are deleted.
func (s *s3Store) deleteVersions(ctx context.Context, key string, list []string) error {
	var locked error
	for part := range slices.Chunk(list, batch) {
		for try := 1; len(part) > 0; try++ {
			left, err := s.deleteBatch(ctx, key, part)
			if err != nil && pendingIn(err) == nil {
				return err
			}
			locked = longer(locked, err)
			if part = left; len(left) == 0 {
				break
			}
			if try == tries {
				return fmt.Errorf("deleting versions of an object: S3 failed for %d of them, %d times", len(left), tries)
			}
			if err := s.sleep(ctx, try, nil); err != nil {
				return fmt.Errorf("deleting versions of an object: %w", err)
			}
		}
	}
	return locked
}

// deleteBatch makes one call. It returns the versions that are worth another try,
// beside the locks of others.
func (s *s3Store) deleteBatch(ctx context.Context, key string, list []string) ([]string, error) {
	api, err := s.client(ctx)
	if err != nil {
		return nil, err
	}
	objects := make([]types.ObjectIdentifier, len(list))
	for i, id := range list {
		objects[i] = types.ObjectIdentifier{Key: &key, VersionId: aws.String(id)}
	}
	out, err := api.DeleteObjects(ctx, &s3.DeleteObjectsInput{Bucket: &s.bucket, RequestPayer: payer,
		Delete: &types.Delete{Objects: objects, Quiet: aws.Bool(true)}})
	if err != nil {
		if errors.Is(s3Bare(err), errDenied) {
			return nil, s.refused(ctx, key, list, err)
		}
		return nil, s3WriteErr("deleting versions of an object", deletePermission, err)
	}
	var again, denied, odd []string
	for _, e := range out.Errors {
		id := orNull(aws.ToString(e.VersionId))
		switch c := aws.ToString(e.Code); c {
		case "NoSuchVersion", "NoSuchKey":
		case "AccessDenied", "InvalidRequest", "ObjectLocked":
			denied = append(denied, id)
		case "InternalError", "SlowDown", "ServiceUnavailable", "RequestTimeout":
			again = append(again, id)
		default:
			odd = append(odd, id)
		}
	}
	if len(odd) > 0 { // some stores say so of a version that is gone already
		if err := s.proven(ctx, key, odd); err != nil {
			return nil, fmt.Errorf("deleting versions of an object: S3 answered %s: %w", aws.ToString(out.Errors[0].Code), err)
		}
	}
	if len(denied) > 0 {
		return again, s.refused(ctx, key, denied, nil)
	}
	return again, nil
}

// abortAll aborts the unfinished uploads of exactly this key: their parts hold its
// bytes, or those of something that would take its place.
func (s *s3Store) abortAll(ctx context.Context, key string) error {
	var list []string
	if _, err := s.uploads(ctx, key, func(u types.MultipartUpload, k string) bool {
		if k == key {
			list = append(list, aws.ToString(u.UploadId))
		}
		return k <= key
	}); err != nil {
		return err
	}
	for _, id := range list {
		if err := s.abort(ctx, key, id); err != nil {
			return err
		}
	}
	return nil
}

// abortTime is how long an upload may take to be aborted once its caller gave up.
const abortTime = 30 * time.Second

// abort drops the parts of an upload, even when ctx is done.
func (s *s3Store) abort(ctx context.Context, key, id string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), abortTime)
	defer cancel()
	api, err := s.client(ctx)
	if err != nil {
		return err
	}
	_, err = api.AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{Bucket: &s.bucket, Key: &key, UploadId: &id, RequestPayer: payer})
	if err == nil || code(err) == "NoSuchUpload" {
		return nil
	}
	return s3WriteErr("aborting an unfinished upload", "s3:AbortMultipartUpload", err)
}

// Delete implements [Store]. Old versions go before the current one: an
// interrupted deletion leaves the object as it was, not an older one in its place.
func (s *s3Store) Delete(ctx context.Context, name, version string) error {
	defer s.turn(name)()
	return s.delete(ctx, name, version)
}

// delete is Delete in a turn of its key.
func (s *s3Store) delete(ctx context.Context, name, version string) error {
	x, err := s.at(ctx, name, version)
	if err != nil {
		return err
	}
	defer s.seen.drop(name)
	if err := x.locked(s.opt.now()); err != nil {
		return fmt.Errorf("deleting an object: %w", err)
	}
	h, err := s.history(ctx, x.key)
	if err != nil {
		return err
	}
	now := h.current()
	if now == nil || now.id != orNull(x.id) {
		if i := slices.IndexFunc(h.versions, func(it item) bool { return it.id == orNull(x.id) }); i >= 0 && x.named {
			return s.deleteOld(ctx, x.key, h, i)
		}
		return fmt.Errorf("deleting an object: %w", connectors.ErrChanged)
	}
	if err := s.abortAll(ctx, x.key); err != nil {
		return err
	}
	old := history{versions: h.versions, markers: h.markers}
	if err := s.purge(ctx, x.key, old, h.versions[1:]); err != nil {
		return err
	}
	if err := s.deleteCurrent(ctx, x); err != nil {
		return err
	}
	if err := s.proven(ctx, x.key, []string{now.id}); err != nil {
		return err
	}
	if _, err := s.head(ctx, x.key, ""); !errors.Is(err, connectors.ErrNotFound) {
		if err != nil {
			return fmt.Errorf("proving a deletion: %w", err)
		}
		return fmt.Errorf("deleting an object: somebody wrote it again meanwhile: %w", connectors.ErrChanged)
	}
	return nil
}

// deleteOld deletes one old version and what was begun to be uploaded under its key,
// which may hold the same bytes; when it was the last, the markers above it too.
func (s *s3Store) deleteOld(ctx context.Context, key string, h history, i int) error {
	if err := s.abortAll(ctx, key); err != nil {
		return err
	}
	gone := history{versions: h.versions} // the markers hide the versions that stay
	if err := s.purge(ctx, key, gone, h.versions[i:i+1]); err != nil {
		return err
	}
	// The others may be deleted at the same time: who comes last is known behind it.
	now, err := s.history(ctx, key)
	if err != nil {
		return fmt.Errorf("proving a deletion: %w", err)
	}
	if len(now.versions) > 0 {
		return nil
	}
	return s.purge(ctx, key, now, nil)
}

// deleteCurrent deletes the version that was looked at. Where the next content has the
// same id, or none, the deletion is conditional, so that an object written meanwhile stays.
func (s *s3Store) deleteCurrent(ctx context.Context, x *head) error {
	v, err := s.versioning(ctx)
	if err != nil {
		return err
	}
	id := orNull(x.id)
	if v.status != "" && id != nullVersion {
		return s.deleteVersions(ctx, x.key, []string{id})
	}
	api, err := s.client(ctx)
	if err != nil {
		return err
	}
	in := &s3.DeleteObjectInput{Bucket: &s.bucket, Key: &x.key, IfMatch: &x.etag, RequestPayer: payer}
	if v.status != "" { // or a marker would be put above it
		in.VersionId = &id
	}
	_, err = api.DeleteObject(ctx, in)
	switch {
	case v.status != "" && errors.Is(s3Bare(err), errDenied):
		return s.refused(ctx, x.key, []string{id}, err)
	case err != nil:
		return s3WriteErr("deleting an object", deletePermission, err)
	}
	return nil
}

package blob

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/cratio/sutra/connectors"
)

// pendingIn is the lock that an error tells of, nil when it tells of none.
func pendingIn(err error) *connectors.PendingError {
	var p *connectors.PendingError
	errors.As(err, &p)
	return p
}

// longer returns which of two errors tells more of what must be waited for: what is no
// lock, then a lock without an end, then the last to end.
func longer(a, b error) error {
	if a == nil || b == nil {
		return cmp.Or(a, b)
	}
	pa, pb := pendingIn(a), pendingIn(b)
	switch {
	case pb == nil, pa != nil && (pb.Until.IsZero() || !pa.Until.IsZero() && pb.Until.After(pa.Until)):
		return b
	}
	return a
}

// refused says why versions could not be deleted: a lock, or a missing permission.
// With several locks the last to end counts; one without an end counts most.
func (s *s3Store) refused(ctx context.Context, key string, list []string, cause error) error {
	var last error
	for _, id := range list {
		lock, err := s.lock(ctx, key, id)
		if err != nil {
			return fmt.Errorf("looking for the lock of a version that cannot be deleted: %w", err)
		}
		last = longer(last, lock)
	}
	if last != nil {
		return fmt.Errorf("deleting versions of an object: %w", last)
	}
	if cause != nil {
		return s3WriteErr("deleting versions of an object", deletePermission, cause)
	}
	return fmt.Errorf("deleting versions of an object: %w (%w; it needs %s, and on a bucket with MFA Delete the owner)", connectors.ErrReadOnly, errDenied, deletePermission)
}

// lock returns the lock of a version as a PendingError, nil when it has none that
// can be seen. It asks for the lock itself: not every store tells of the locks of
// old versions otherwise.
func (s *s3Store) lock(ctx context.Context, key, id string) (lock, err error) {
	api, err := s.client(ctx)
	if err != nil {
		return nil, err
	}
	h := &head{out: &s3.HeadObjectOutput{}}
	hold, err := api.GetObjectLegalHold(ctx, &s3.GetObjectLegalHoldInput{Bucket: &s.bucket, Key: &key, VersionId: &id, RequestPayer: payer})
	if err == nil && hold.LegalHold != nil {
		h.out.ObjectLockLegalHoldStatus = hold.LegalHold.Status
	}
	keep, kerr := api.GetObjectRetention(ctx, &s3.GetObjectRetentionInput{Bucket: &s.bucket, Key: &key, VersionId: &id, RequestPayer: payer})
	if kerr == nil && keep.Retention != nil {
		h.out.ObjectLockMode, h.out.ObjectLockRetainUntilDate = types.ObjectLockMode(keep.Retention.Mode), keep.Retention.RetainUntilDate
	}
	// That there is no lock is an error too, of several names: whatever the reason,
	// the version could not be deleted and the caller says so.
	return h.locked(s.opt.now()), ctx.Err()
}

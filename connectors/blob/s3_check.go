package blob

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/cratio/sutra/connectors"
)

// Check implements [Checker]: where the bucket stands, what it keeps, and what the
// credentials may do there. It writes nothing: the permissions are asked for with
// calls whose condition cannot hold.
func (s *s3Store) Check(ctx context.Context) ([]connectors.Finding, error) {
	if _, err := s.client(ctx); err != nil {
		if ctx.Err() != nil {
			return nil, err
		}
		return []connectors.Finding{{What: "reachable", Note: err.Error(), Fatal: true}}, nil
	}
	out := []connectors.Finding{{What: "region", OK: true, Note: s.region}}
	for _, look := range []func(context.Context) connectors.Finding{
		s.checkVersioning, s.checkLock, s.checkReplication, s.checkUploads, s.checkWrite, s.checkDelete,
	} {
		out = append(out, look(ctx))
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("checking a bucket: %w", err)
		}
	}
	return out, nil
}

func (s *s3Store) checkVersioning(ctx context.Context) connectors.Finding {
	f := connectors.Finding{What: "versioning"}
	v, err := s.versioning(ctx)
	m, merr := s.mode(ctx)
	switch {
	case err != nil || merr != nil:
		f.Note = errors.Join(err, merr).Error()
	case m.hidden:
		f.Note = "the bucket may keep old versions that these credentials cannot list (s3:ListBucketVersions): nothing can be proven erased"
	case v.mfa:
		f.Note = "MFA Delete is on: only the owner of the bucket, with a device, can delete versions"
	case v.status == types.BucketVersioningStatusEnabled:
		f.OK, f.Note = true, "on: old versions are scanned, and deleted with what they hold"
	case v.status == types.BucketVersioningStatusSuspended:
		f.OK, f.Note = true, "suspended: old versions are scanned, and deleted with what they hold"
	default:
		f.OK, f.Note = true, "off: the bucket keeps no old versions"
	}
	return f
}

func (s *s3Store) checkLock(ctx context.Context) connectors.Finding {
	f := connectors.Finding{What: "object lock"}
	api, err := s.client(ctx)
	if err != nil {
		f.Note = err.Error()
		return f
	}
	out, err := api.GetObjectLockConfiguration(ctx, &s3.GetObjectLockConfigurationInput{Bucket: &s.bucket})
	switch {
	case code(err) == "ObjectLockConfigurationNotFoundError" || lacking(err):
		f.OK, f.Note = true, "off"
	case err != nil:
		f.Note = s3Err("asking for locks", "s3:GetBucketObjectLockConfiguration", err).Error()
	case out.ObjectLockConfiguration == nil || out.ObjectLockConfiguration.Rule == nil || out.ObjectLockConfiguration.Rule.DefaultRetention == nil:
		f.Note = "on: what an object lock or a legal hold keeps is reported as pending, not as erased"
	default:
		d := out.ObjectLockConfiguration.Rule.DefaultRetention
		length := fmt.Sprintf("%d days", aws.ToInt32(d.Days))
		if n := aws.ToInt32(d.Years); n > 0 {
			length = fmt.Sprintf("%d years", n)
		}
		f.Note = fmt.Sprintf("on: every new object is kept for %s (%s); until then erasure is pending", length, strings.ToLower(string(d.Mode)))
	}
	return f
}

func (s *s3Store) checkUploads(ctx context.Context) connectors.Finding {
	n := 0
	_, err := s.uploads(ctx, s.prefix, func(types.MultipartUpload, string) bool { n++; return n < sampledUploads })
	if err != nil {
		return connectors.Finding{What: "unfinished uploads", Note: err.Error()}
	}
	if n == 0 {
		return connectors.Finding{What: "unfinished uploads", OK: true, Note: "none"}
	}
	return connectors.Finding{What: "unfinished uploads", Note: fmt.Sprintf("%d: they hold bytes that cannot be read; a lifecycle rule can abort them", n)}
}

// sampledUploads bounds how many unfinished uploads a check counts.
const sampledUploads = 1000

// probe is the key of no object.
func (s *s3Store) probe() string { return s.prefix + tempPrefix + strings.ToLower(rand.Text()) }

func (s *s3Store) checkWrite(ctx context.Context) connectors.Finding {
	f := connectors.Finding{What: "permissions", OK: true, Note: "objects can be written"}
	api, err := s.client(ctx)
	key := s.probe()
	if err == nil {
		_, err = api.PutObject(ctx, &s3.PutObjectInput{Bucket: &s.bucket, Key: &key, IfMatch: aws.String(`"` + strings.Repeat("0", 32) + `"`), RequestPayer: payer})
	}
	if err == nil {
		f.OK, f.Note = false, "the store ignores the condition of a write: a change by somebody else could get lost"
		if err := s.Delete(ctx, strings.TrimPrefix(key, s.prefix), ""); err != nil {
			f.Note += "; what was written to find out is left: " + err.Error()
		}
		return f
	}
	if bare := s3Bare(err); !errors.Is(bare, connectors.ErrNotFound) && !errors.Is(bare, connectors.ErrChanged) {
		f.OK, f.Note = false, s3WriteErr("objects cannot be written", writePermission, err).Error()
	}
	return f
}

func (s *s3Store) checkDelete(ctx context.Context) connectors.Finding {
	err := s.deleteVersions(ctx, s.probe(), []string{nullVersion})
	if err != nil {
		return connectors.Finding{What: "permissions", Note: "versions cannot be deleted: " + err.Error()}
	}
	return connectors.Finding{What: "permissions", OK: true, Note: "versions can be deleted"}
}

package blob

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/cratio/sutra/connectors"
)

// head is what the store says of one version without giving its bytes.
type head struct {
	key     string // in the bucket
	etag    string
	id      string // "" where the store gives none
	named   bool   // it was asked for by its id
	size    int64
	version string // what Object.Version is
	out     *s3.HeadObjectOutput
}

func (h *head) object(name string) Object {
	return Object{Key: name, Size: h.size, Modified: h.modified(), Version: h.version}
}

// modified is when the file that the object was made of was changed last, where the
// tool that copied it into the bucket says so (mtime, in seconds since 1970), else
// when the object was written.
func (h *head) modified() time.Time {
	sec, err := strconv.ParseFloat(h.out.Metadata["mtime"], 64)
	if err != nil || sec <= 0 || sec > math.MaxInt32*4 {
		return aws.ToTime(h.out.LastModified)
	}
	return time.UnixMilli(int64(sec * 1000))
}

// pin is the id to read by, nil where versions have none that is worth naming.
func (h *head) pin() *string {
	if !h.named && (h.id == "" || h.id == nullVersion) {
		return nil
	}
	return &h.id
}

// archived reports an object whose bytes must be restored before they can be read.
func (h *head) archived() bool {
	restored := strings.Contains(aws.ToString(h.out.Restore), `ongoing-request="false"`)
	switch h.out.StorageClass {
	case types.StorageClassGlacier, types.StorageClassDeepArchive:
		return !restored
	}
	return h.out.ArchiveStatus != "" && !restored
}

// locked returns why and until when the version cannot be removed, or nil.
func (h *head) locked(now time.Time) error {
	if h.out.ObjectLockLegalHoldStatus == types.ObjectLockLegalHoldStatusOn {
		return &connectors.PendingError{Reason: "a legal hold of the bucket is on the object: it ends when somebody releases it"}
	}
	if until := aws.ToTime(h.out.ObjectLockRetainUntilDate); h.out.ObjectLockMode != "" && until.After(now) {
		return &connectors.PendingError{Until: until, Reason: fmt.Sprintf("an object lock (%s) keeps the object", strings.ToLower(string(h.out.ObjectLockMode)))}
	}
	return nil
}

// head looks at one version of a key of the bucket, the current one when id is "".
func (s *s3Store) head(ctx context.Context, key, id string) (*head, error) {
	api, err := s.client(ctx)
	if err != nil {
		return nil, err
	}
	mode, err := s.mode(ctx)
	if err != nil {
		return nil, err
	}
	in := &s3.HeadObjectInput{Bucket: &s.bucket, Key: &key, RequestPayer: payer}
	if id != "" {
		in.VersionId = &id
	}
	out, err := api.HeadObject(ctx, in)
	if id != "" && errors.Is(s3Bare(err), connectors.ErrNotFound) {
		out, err = headByGet(ctx, api, in)
	}
	if err != nil {
		if code(err) == "MethodNotAllowed" || lacking(err) { // a delete marker
			return nil, connectors.ErrNotFound
		}
		return nil, s3Err("looking at an object", "s3:GetObject", reason(ctx, api, in, err))
	}
	h := &head{key: key, etag: aws.ToString(out.ETag), id: aws.ToString(out.VersionId), size: aws.ToInt64(out.ContentLength), out: out}
	if id != "" {
		h.id, h.named = id, true
	}
	h.version = fingerprint(h.etag, h.id, mode.ids)
	return h, nil
}

// reason asks why a HEAD was refused, whose answer has no body to tell: a permission that
// is missing, credentials that have expired and a clock that is wrong look the same there.
func reason(ctx context.Context, api *s3.Client, in *s3.HeadObjectInput, err error) error {
	var re *awshttp.ResponseError
	if !errors.As(err, &re) || re.HTTPStatusCode() != http.StatusForbidden && re.HTTPStatusCode() != http.StatusBadRequest {
		return err
	}
	o, told := api.GetObject(ctx, &s3.GetObjectInput{Bucket: in.Bucket, Key: in.Key, VersionId: in.VersionId, Range: aws.String("bytes=0-0"), RequestPayer: in.RequestPayer})
	if told == nil {
		return errors.Join(err, o.Body.Close())
	}
	if code(told) == "" || code(told) == "InvalidRange" {
		return err
	}
	return told
}

// headByGet looks at a version by opening it. A store was seen that lists the old
// versions of a key and gives their bytes, yet answers a HEAD for them as if there
// were none, while the newest was written with versioning suspended.
func headByGet(ctx context.Context, api *s3.Client, in *s3.HeadObjectInput) (*s3.HeadObjectOutput, error) {
	o, err := api.GetObject(ctx, &s3.GetObjectInput{Bucket: in.Bucket, Key: in.Key, VersionId: in.VersionId, RequestPayer: in.RequestPayer})
	if err != nil {
		return nil, err
	}
	out := &s3.HeadObjectOutput{ETag: o.ETag, VersionId: o.VersionId, ContentLength: o.ContentLength, LastModified: o.LastModified, Metadata: o.Metadata, MissingMeta: o.MissingMeta, TagCount: o.TagCount,
		StorageClass: o.StorageClass, Restore: o.Restore, ContentType: o.ContentType, ContentEncoding: o.ContentEncoding,
		ContentDisposition: o.ContentDisposition, ObjectLockMode: o.ObjectLockMode, ObjectLockRetainUntilDate: o.ObjectLockRetainUntilDate,
		ObjectLockLegalHoldStatus: o.ObjectLockLegalHoldStatus}
	return out, o.Body.Close()
}

// errGarbled is an object whose key a store cannot write in its answers.
var errGarbled = errors.New("the store does not tell the key of the object as it is (it may hold a control character): give it another key")

// find looks at the object of a name, which may be that of an old version.
func (s *s3Store) find(ctx context.Context, name string) (*head, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("looking at an object: %w", err)
	}
	if err := s.notice(ctx, name); err != nil {
		return nil, err
	}
	key, id := Plain(name)
	if key == "" {
		return nil, errors.New("looking at an object: the key is empty")
	}
	h, err := s.head(ctx, s.prefix+key, id)
	if errors.Is(err, connectors.ErrNotFound) && strings.ContainsRune(key, utf8.RuneError) {
		return nil, errGarbled // whoever listed it did not see its key
	}
	if err != nil || id == "" || strings.Contains(key, versionMark) {
		return h, err
	}
	now, err := s.head(ctx, s.prefix+key, "")
	if err == nil && orNull(now.id) == id {
		// It is the current version (again) and has another name.
		return nil, fmt.Errorf("looking at an old version: it is the current one: %w", connectors.ErrNotFound)
	}
	if err != nil && !errors.Is(err, connectors.ErrNotFound) {
		return nil, err
	}
	return h, nil
}

// Stat implements [Store].
func (s *s3Store) Stat(ctx context.Context, name string) (Object, error) {
	h, err := s.find(ctx, name)
	if err != nil {
		return Object{}, err
	}
	s.seen.put(name, h)
	return h.object(name), nil
}

// Listed implements [Lister].
func (s *s3Store) Listed(name, version string) (Object, bool) {
	o, ok := s.listed.get(name)
	return o, ok && o.Version == version
}

// at looks the object up, at the version if one is given.
func (s *s3Store) at(ctx context.Context, name, version string) (*head, error) {
	h, err := s.find(ctx, name)
	if err != nil {
		return nil, err
	}
	if version != "" && h.version != version {
		return nil, fmt.Errorf("looking at an object: %w", connectors.ErrChanged)
	}
	return h, nil
}

package blob

import (
	"context"
	"errors"
	"fmt"
	"mime"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// carry is what a new version takes over from the one that it replaces: nothing of
// it follows by itself.
type carry struct {
	head   *s3.HeadObjectOutput
	meta   map[string]string
	tags   string // url-encoded
	grants grants
}

// grants are the access list, in the form of request headers. Empty means the
// owner alone, which every object gets.
type grants struct{ full, read, readACP, writeACP string }

// carried reads what has to be carried over. What the credentials may not read
// would get lost: that is refused.
func (s *s3Store) carried(ctx context.Context, old *head) (carry, error) {
	c := carry{head: old.out, meta: map[string]string{}}
	if n := aws.ToInt32(old.out.MissingMeta); n > 0 {
		return c, fmt.Errorf("%d entries of the object's metadata cannot be read, and would get lost", n)
	}
	for k, v := range old.out.Metadata {
		if !personal(k, v) {
			c.meta[k] = v
		}
	}
	api, err := s.client(ctx)
	if err != nil {
		return c, err
	}
	tags, err := api.GetObjectTagging(ctx, &s3.GetObjectTaggingInput{Bucket: &s.bucket, Key: &old.key, VersionId: old.pin(), RequestPayer: payer})
	switch {
	case err == nil:
		c.tags = tagging(tags.TagSet)
	case !lacking(err) && code(err) != "NoSuchTagSet":
		return c, s3Err("reading the object's tags", "s3:GetObjectTagging and s3:GetObjectVersionTagging", err)
	}
	acl, err := api.GetObjectAcl(ctx, &s3.GetObjectAclInput{Bucket: &s.bucket, Key: &old.key, VersionId: old.pin(), RequestPayer: payer})
	switch {
	case err == nil:
		c.grants = grantsOf(acl)
	case errors.Is(s3Bare(err), errDenied) && s.ownerEnforced(ctx):
	case !lacking(err):
		return c, s3Err("reading the object's access list", "s3:GetObjectAcl and s3:GetObjectVersionAcl, or a bucket without access lists", err)
	}
	return c, nil
}

// ownerEnforced reports a bucket whose access lists are off, so that there is
// nothing to carry.
func (s *s3Store) ownerEnforced(ctx context.Context) bool {
	api, err := s.client(ctx)
	if err != nil {
		return false
	}
	out, err := api.GetBucketOwnershipControls(ctx, &s3.GetBucketOwnershipControlsInput{Bucket: &s.bucket})
	if err != nil || out.OwnershipControls == nil || len(out.OwnershipControls.Rules) == 0 {
		return false
	}
	return out.OwnershipControls.Rules[0].ObjectOwnership == types.ObjectOwnershipBucketOwnerEnforced
}

func tagging(list []types.Tag) string {
	v := url.Values{}
	for _, t := range list {
		if k, val := aws.ToString(t.Key), aws.ToString(t.Value); !personal(k, val) {
			v.Set(k, val)
		}
	}
	return v.Encode()
}

func grantsOf(acl *s3.GetObjectAclOutput) grants {
	by := map[types.Permission][]string{}
	for _, g := range acl.Grants {
		if g.Grantee == nil {
			continue
		}
		id, uri := aws.ToString(g.Grantee.ID), aws.ToString(g.Grantee.URI)
		switch {
		case id != "":
			by[g.Permission] = append(by[g.Permission], `id="`+id+`"`)
		case uri != "":
			by[g.Permission] = append(by[g.Permission], `uri="`+uri+`"`)
		}
	}
	full := by[types.PermissionFullControl]
	if len(by) == 1 && len(full) == 1 && acl.Owner != nil && full[0] == `id="`+aws.ToString(acl.Owner.ID)+`"` {
		return grants{}
	}
	join := func(p types.Permission) string { return strings.Join(by[p], ", ") }
	return grants{join(types.PermissionFullControl), join(types.PermissionRead), join(types.PermissionReadAcp), join(types.PermissionWriteAcp)}
}

// put is the request that writes a whole object.
func (c carry) put() *s3.PutObjectInput {
	h := c.head
	return &s3.PutObjectInput{
		ContentType: h.ContentType, ContentEncoding: h.ContentEncoding, ContentLanguage: h.ContentLanguage, CacheControl: h.CacheControl,
		ContentDisposition: c.disposition(), Expires: c.expires(), WebsiteRedirectLocation: h.WebsiteRedirectLocation,
		Metadata: c.meta, Tagging: filled(c.tags), StorageClass: h.StorageClass,
		ServerSideEncryption: h.ServerSideEncryption, SSEKMSKeyId: h.SSEKMSKeyId, BucketKeyEnabled: h.BucketKeyEnabled,
		GrantFullControl: filled(c.grants.full), GrantRead: filled(c.grants.read), GrantReadACP: filled(c.grants.readACP), GrantWriteACP: filled(c.grants.writeACP),
	}
}

// create is the request that begins an upload in parts.
func (c carry) create() *s3.CreateMultipartUploadInput {
	p := c.put()
	return &s3.CreateMultipartUploadInput{
		ContentType: p.ContentType, ContentEncoding: p.ContentEncoding, ContentLanguage: p.ContentLanguage, CacheControl: p.CacheControl,
		ContentDisposition: p.ContentDisposition, Expires: p.Expires, WebsiteRedirectLocation: p.WebsiteRedirectLocation,
		Metadata: p.Metadata, Tagging: p.Tagging, StorageClass: p.StorageClass,
		ServerSideEncryption: p.ServerSideEncryption, SSEKMSKeyId: p.SSEKMSKeyId, BucketKeyEnabled: p.BucketKeyEnabled,
		GrantFullControl: p.GrantFullControl, GrantRead: p.GrantRead, GrantReadACP: p.GrantReadACP, GrantWriteACP: p.GrantWriteACP,
	}
}

// disposition keeps how a browser shows the object; a personal file name goes.
func (c carry) disposition() *string {
	d := aws.ToString(c.head.ContentDisposition)
	if text, err := url.PathUnescape(d); personal("", d) || err == nil && personal("", text) {
		kind, _, _ := strings.Cut(d, ";")
		return filled(strings.TrimSpace(kind))
	}
	return c.head.ContentDisposition
}

func (c carry) expires() *time.Time {
	t, err := time.Parse(time.RFC1123, aws.ToString(c.head.ExpiresString))
	if err != nil { // S3 keeps whatever text was given
		return nil
	}
	return &t
}

func filled(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

var (
	mailLike  = regexp.MustCompile(`(?i)[\w.+-]+(@|%40)[\w-]+(\.[\w-]+)+`)
	phoneLike = regexp.MustCompile(`(^|[^A-Za-z0-9])(\+|%2B)?\d([\s().-]?\d){9,13}($|[^A-Za-z0-9])`)
	// callerLike are names under which programs keep a person's name or number.
	callerLike = regexp.MustCompile(`(?i)(^|[-_.])(caller|callee|customer|contact|lead|person|phone|mobile|msisdn|e-?mail|(first|last|full|display)-?name)([-_.]|$)`)
)

// timeLike are names under which copying tools keep the times of a file.
var timeLike = map[string]bool{"mtime": true, "ctime": true, "atime": true}

// personal reports whether a value beside an object's content looks as if it told
// of a person. The content was edited because of one; what else names her must not
// be written again, and a label too many lost costs less.
func personal(name, value string) bool {
	value = worded(value)
	return value != "" && !timeLike[name] && (callerLike.MatchString(name) || mailLike.MatchString(value) || phoneLike.MatchString(value))
}

// worded is a value whose encoded words (RFC 2047) are read: as such S3 gives metadata
// that is more than ASCII.
func worded(value string) string {
	text, err := new(mime.WordDecoder).DecodeHeader(value)
	if err != nil { // of a charset that nobody here knows
		return value
	}
	return text
}

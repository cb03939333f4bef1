package blob

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/cratio/sutra/connectors"
)

const writePermission = "s3:PutObject"

// Replace implements [Store]. Small objects are written by one conditional
// request, others part by part, the ranges of the old version copied inside the
// store. Content type, headers, metadata, tags, storage class, encryption and
// access list are carried over, values in them that look personal are not. When
// the new version is in its place, every older one is deleted.
func (s *s3Store) Replace(ctx context.Context, name, version string, write func(w Writer) error) (Object, error) {
	defer s.turn(name)()
	old, err := s.at(ctx, name, version)
	if err != nil {
		return Object{}, err
	}
	defer s.seen.drop(name)
	if err := old.locked(s.opt.now()); err != nil {
		return Object{}, fmt.Errorf("replacing an object: %w", err)
	}
	if key, _ := Plain(name); old.named && !strings.Contains(key, versionMark) {
		return Object{}, s.replaceOld(ctx, name, old, write)
	}
	if old.archived() {
		return Object{}, fmt.Errorf("replacing an object: %w", errArchived)
	}
	if _, err := s.history(ctx, old.key); err != nil { // or the old bytes would stay unseen
		return Object{}, fmt.Errorf("replacing an object: %w", err)
	}
	c, err := s.carried(ctx, old)
	if err != nil {
		return Object{}, fmt.Errorf("replacing an object: %w", err)
	}
	next, err := s.overwrite(ctx, old, c, write)
	for try := 1; errors.Is(err, errRace); try++ {
		now, herr := s.head(ctx, old.key, "")
		if try == tries || herr == nil && now.version != old.version {
			err = connectors.ErrChanged
		} else if err = herr; err == nil {
			next, err = s.overwrite(ctx, old, c, write)
		}
	}
	if err != nil {
		return Object{}, fmt.Errorf("replacing an object: %w", err)
	}
	if err := s.dropOlder(ctx, next); err != nil {
		return Object{}, fmt.Errorf("the object is replaced, its old versions are not gone: %w", err)
	}
	return next.object(name), nil
}

// replaceOld lets write say whether it works, and deletes the version: an old
// version cannot get another content.
func (s *s3Store) replaceOld(ctx context.Context, name string, old *head, write func(w Writer) error) error {
	if err := write(&discard{size: old.size}); err != nil {
		return err
	}
	return s.delete(ctx, name, old.version)
}

// discard is a Writer of which nothing is kept.
type discard struct{ size int64 }

func (d *discard) Write(p []byte) (int, error) { return len(p), nil }

// CopyOld implements [Writer].
func (d *discard) CopyOld(off, n int64) error { return inside(off, n, d.size) }

func inside(off, n, size int64) error {
	if off < 0 || n < 0 || off > size || n > size-off {
		return fmt.Errorf("copying a part of an object: %d bytes from %d are not inside its %d", n, off, size)
	}
	return nil
}

// dropOlder deletes every version behind the one that was just written, and the
// unfinished uploads of the key. A version that somebody else put above it stays.
func (s *s3Store) dropOlder(ctx context.Context, next *head) error {
	if err := s.abortAll(ctx, next.key); err != nil {
		return err
	}
	h, err := s.history(ctx, next.key)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(h.versions, func(it item) bool { return it.id == orNull(next.id) })
	if i < 0 {
		m, err := s.mode(ctx)
		if err != nil || !m.versions { // the store keeps no versions
			return err
		}
		return fmt.Errorf("the version that was just written is not listed: %w", connectors.ErrChanged)
	}
	return s.purge(ctx, next.key, h, h.versions[i+1:])
}

// overwrite writes a new content over old and returns the new version.
func (s *s3Store) overwrite(ctx context.Context, old *head, c carry, write func(w Writer) error) (*head, error) {
	w := newPartWriter(ctx, s, old, c)
	err := write(w)
	if err == nil {
		err = w.finish()
	}
	var etags []string // that the new version may have
	if err == nil {
		if w.upload == "" {
			etags, err = s.put(ctx, old, c, w.content)
		} else {
			etags, err = w.complete()
		}
	}
	if err != nil {
		return nil, errors.Join(err, w.drop())
	}
	next, err := s.head(ctx, old.key, "")
	switch {
	case err != nil:
		return nil, fmt.Errorf("looking at the new content: %w", err)
	case !slices.Contains(etags, trim(next.etag)):
		// Somebody wrote it again at once. What was written is an old version now,
		// and clean; the next look at the object plans anew.
		return nil, connectors.ErrChanged
	case next.size != w.cut.size:
		return nil, fmt.Errorf("the new content has %d bytes and not the %d that were written", next.size, w.cut.size)
	}
	return next, nil
}

// put writes a small object. An answer that got lost makes the SDK try again,
// which then meets its own new version: that is told by the hash of the content.
func (s *s3Store) put(ctx context.Context, old *head, c carry, content []byte) ([]string, error) {
	api, err := s.client(ctx)
	if err != nil {
		return nil, err
	}
	in := c.put()
	in.Bucket, in.Key, in.IfMatch, in.RequestPayer = &s.bucket, &old.key, &old.etag, payer
	in.Body, in.ContentLength, in.ContentMD5 = bytes.NewReader(content), aws.Int64(int64(len(content))), contentMD5(content)
	out, err := api.PutObject(ctx, in)
	if err == nil {
		return []string{trim(aws.ToString(out.ETag))}, nil
	}
	sum := md5.Sum(content)
	if etag := hex.EncodeToString(sum[:]); s.landed(ctx, old, etag) {
		return []string{etag}, nil
	}
	return nil, s3WriteErr("writing the new content", writePermission, err)
}

// contentMD5 lets the store check what arrives; with a lock it asks for it.
func contentMD5(data []byte) *string {
	sum := md5.Sum(data)
	return aws.String(base64.StdEncoding.EncodeToString(sum[:]))
}

// landed reports whether the key has the content with this ETag although the call
// that wrote it failed. It does not look when the old content has it too.
func (s *s3Store) landed(ctx context.Context, old *head, etag string) bool {
	if etag == "" || etag == trim(old.etag) {
		return false
	}
	now, err := s.head(ctx, old.key, "")
	return err == nil && trim(now.etag) == etag
}

func trim(etag string) string { return strings.Trim(etag, `"`) }

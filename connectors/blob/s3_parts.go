package blob

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"golang.org/x/sync/errgroup"

	"github.com/cratio/sutra/connectors"
)

const (
	leastPart = 5 << 20   // S3 takes no smaller part but as the last
	mostLeast = 64 << 20  // what a part of a huge object is at least; it is held in memory
	partSize  = 16 << 20  // of uploaded parts
	onePut    = 8 << 20   // up to this size an object is written by one request
	copyPart  = 512 << 20 // of copied parts; S3 takes up to 5 GiB, slowly
	mostParts = 10_000
	// fewParts is the number of parts that the least size of a part is made for, so
	// that the most is never reached by an object that does not grow.
	fewParts = 9_000
)

// partWriter sends what a cutter cuts: new bytes are uploaded, ranges of the old
// version copied inside the store, several at a time. An object that is small in
// the end is gathered in content instead, and no upload is begun.
type partWriter struct {
	s   *s3Store
	ctx context.Context
	old *head
	c   carry
	cut cutter

	upload  string
	number  int32
	content []byte

	g    *errgroup.Group
	gctx context.Context
	mu   sync.Mutex // guards done
	done map[int32]types.CompletedPart
}

func newPartWriter(ctx context.Context, s *s3Store, old *head, c carry) *partWriter {
	w := &partWriter{s: s, ctx: ctx, old: old, c: c, done: map[int32]types.CompletedPart{}}
	least := min(max(leastPart, old.size/fewParts+1), mostLeast)
	w.cut = cutter{least: least, most: max(partSize, least), copyMost: copyPart, emit: w.sendBytes, emitCopy: w.sendCopy}
	w.g, w.gctx = errgroup.WithContext(ctx)
	w.g.SetLimit(parallel)
	return w
}

// Write implements [Writer].
func (w *partWriter) Write(p []byte) (int, error) {
	if err := w.cut.bytes(p); err != nil {
		return 0, err
	}
	return len(p), nil
}

// CopyOld implements [Writer].
func (w *partWriter) CopyOld(off, n int64) error {
	if err := inside(off, n, w.old.size); err != nil {
		return err
	}
	return w.cut.old(off, n)
}

// finish sends what is left, or gathers a small object.
func (w *partWriter) finish() error {
	if w.upload != "" || w.cut.size > onePut {
		return w.cut.end()
	}
	list := w.cut.lead
	if w.cut.tail.n > 0 {
		list = append(list, w.cut.tail)
	}
	var err error
	w.content, err = w.gather(w.ctx, list)
	return err
}

// gather fetches and joins segments.
func (w *partWriter) gather(ctx context.Context, list []segment) ([]byte, error) {
	if len(list) == 1 && list[0].data != nil {
		return list[0].data, nil
	}
	var out []byte
	for _, x := range list {
		if x.data != nil {
			out = append(out, x.data...)
			continue
		}
		n := len(out)
		out = slices.Grow(out, int(x.n))[:n+int(x.n)]
		if w.s.held.read(w.old, out[n:], x.off) {
			continue
		}
		if err := w.s.fetch(ctx, w.old, out[n:], x.off); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// next begins the upload, once, and numbers the next part.
func (w *partWriter) next() (int32, error) {
	if err := w.gctx.Err(); err != nil {
		return 0, errors.Join(w.g.Wait(), w.ctx.Err())
	}
	if w.number++; w.number > mostParts {
		return 0, fmt.Errorf("writing the new content: it would take more than %d parts", mostParts)
	}
	if w.upload != "" {
		return w.number, nil
	}
	api, err := w.s.client(w.ctx)
	if err != nil {
		return 0, err
	}
	in := w.c.create()
	in.Bucket, in.Key, in.RequestPayer = &w.s.bucket, &w.old.key, payer
	out, err := api.CreateMultipartUpload(w.ctx, in)
	if err != nil {
		return 0, s3WriteErr("beginning an upload", writePermission, err)
	}
	w.upload = aws.ToString(out.UploadId)
	return w.number, nil
}

// sendBytes uploads a part.
func (w *partWriter) sendBytes(list []segment) error {
	n, err := w.next()
	if err != nil {
		return err
	}
	w.g.Go(func() error {
		data, err := w.gather(w.gctx, list)
		if err != nil {
			return err
		}
		return w.send(n, data)
	})
	return nil
}

func (w *partWriter) send(n int32, data []byte) error {
	api, err := w.s.client(w.gctx)
	if err != nil {
		return err
	}
	out, err := api.UploadPart(w.gctx, &s3.UploadPartInput{Bucket: &w.s.bucket, Key: &w.old.key, UploadId: &w.upload, PartNumber: &n,
		Body: bytes.NewReader(data), ContentMD5: contentMD5(data), ContentLength: aws.Int64(int64(len(data))), RequestPayer: payer})
	if err != nil {
		return s3WriteErr("uploading a part", writePermission, err)
	}
	w.record(n, out.ETag)
	return nil
}

// sendCopy lets the store copy a part.
func (w *partWriter) sendCopy(off, size int64) error {
	n, err := w.next()
	if err != nil {
		return err
	}
	w.g.Go(func() error { return w.copy(n, off, size) })
	return nil
}

// copy lets the store copy a range of exactly the version that is replaced.
func (w *partWriter) copy(n int32, off, size int64) error {
	api, err := w.s.client(w.gctx)
	if err != nil {
		return err
	}
	source := escape(w.s.bucket + "/" + w.old.key)
	v, err := w.s.versioning(w.gctx)
	if err != nil {
		return err
	}
	if id := w.old.pin(); id != nil && v.status == types.BucketVersioningStatusEnabled {
		source += "?versionId=" + escape(*id)
	}
	span := fmt.Sprintf("bytes=%d-%d", off, off+size-1)
	out, err := api.UploadPartCopy(w.gctx, &s3.UploadPartCopyInput{Bucket: &w.s.bucket, Key: &w.old.key, UploadId: &w.upload, PartNumber: &n,
		CopySource: &source, CopySourceIfMatch: &w.old.etag, CopySourceRange: &span, RequestPayer: payer})
	if err != nil {
		if c := code(err); c == "NoSuchKey" || c == "NoSuchVersion" {
			return fmt.Errorf("copying a part of an object: %w", connectors.ErrChanged)
		}
		return s3WriteErr("copying a part of an object", "s3:GetObjectVersion and s3:PutObject", err)
	}
	r := out.CopyPartResult
	if r == nil || aws.ToString(r.ETag) == "" {
		return errors.New("copying a part of an object: S3 did not say that it did")
	}
	w.record(n, r.ETag)
	return nil
}

func (w *partWriter) record(n int32, etag *string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.done[n] = types.CompletedPart{PartNumber: &n, ETag: etag}
}

// complete puts the parts together, if the object is still the one that they were
// made from. It returns the ETags that the new version may have: a store that is
// asked again for what it did may give another one than the object's.
func (w *partWriter) complete() ([]string, error) {
	if err := w.g.Wait(); err != nil {
		return nil, err
	}
	now, err := w.s.head(w.ctx, w.old.key, "")
	if errors.Is(err, connectors.ErrNotFound) || err == nil && now.version != w.old.version {
		return nil, connectors.ErrChanged // the ETag alone does not tell two versions apart
	}
	if err != nil {
		return nil, err
	}
	api, err := w.s.client(w.ctx)
	if err != nil {
		return nil, err
	}
	parts := make([]types.CompletedPart, w.number)
	for n, p := range w.done {
		parts[n-1] = p
	}
	joined := joinedETag(parts)
	out, err := api.CompleteMultipartUpload(w.ctx, &s3.CompleteMultipartUploadInput{Bucket: &w.s.bucket, Key: &w.old.key, UploadId: &w.upload,
		IfMatch: &w.old.etag, MultipartUpload: &types.CompletedMultipartUpload{Parts: parts}, RequestPayer: payer})
	if err == nil && aws.ToString(out.ETag) == "" {
		err = errors.New("S3 answered without a result")
	}
	if err == nil {
		w.upload = ""
		return []string{trim(*out.ETag), joined}, nil
	}
	if w.s.landed(w.ctx, w.old, joined) {
		w.upload = ""
		return []string{joined}, nil
	}
	if code(err) == "NoSuchUpload" {
		return nil, errors.New("completing an upload: somebody aborted it")
	}
	return nil, s3WriteErr("completing an upload", writePermission, err)
}

// joinedETag is the ETag that S3 gives to an object of these parts, "" when theirs
// are no hashes.
func joinedETag(parts []types.CompletedPart) string {
	h := md5.New()
	for _, p := range parts {
		sum, err := hex.DecodeString(trim(aws.ToString(p.ETag)))
		if err != nil || len(sum) != md5.Size {
			return ""
		}
		h.Write(sum)
	}
	return fmt.Sprintf("%x-%d", h.Sum(nil), len(parts))
}

// drop waits for what is under way and aborts the upload, if there is one.
func (w *partWriter) drop() error {
	_ = w.g.Wait() // its error is the one that led here, or follows from it
	if w.upload == "" {
		return nil
	}
	return w.s.abort(w.ctx, w.old.key, w.upload)
}

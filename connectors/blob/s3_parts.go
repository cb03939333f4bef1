package blob

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
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

// segment is a run of new bytes, or a range of the old version when data is nil.
type segment struct {
	data   []byte
	off, n int64
}

// partWriter cuts what is written into parts. Ranges of the old version that are
// large enough are copied inside the store; what is too small to be a part of its
// own borrows from the range behind it, which is then fetched, and no more than
// that. What is written but not yet sent is held in lead, and behind it the range
// that may still grow in tail.
type partWriter struct {
	s     *s3Store
	ctx   context.Context
	old   *head
	c     carry
	least int64

	lead     []segment
	leadSize int64
	tail     segment
	size     int64 // of everything

	upload  string
	number  int32
	content []byte // of an object that is written by one request

	g    *errgroup.Group
	gctx context.Context
	mu   sync.Mutex // guards done
	done map[int32]types.CompletedPart
}

func newPartWriter(ctx context.Context, s *s3Store, old *head, c carry) *partWriter {
	w := &partWriter{s: s, ctx: ctx, old: old, c: c, done: map[int32]types.CompletedPart{}}
	w.least = min(max(leastPart, old.size/fewParts+1), mostLeast)
	w.g, w.gctx = errgroup.WithContext(ctx)
	w.g.SetLimit(parallel)
	return w
}

// Write implements [Writer].
func (w *partWriter) Write(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if err := w.settle(false); err != nil {
		return 0, err
	}
	if i := len(w.lead) - 1; i >= 0 && w.lead[i].data != nil {
		w.lead[i].data = append(w.lead[i].data, p...)
	} else {
		w.lead = append(w.lead, segment{data: bytes.Clone(p)})
	}
	w.leadSize += int64(len(p))
	w.size += int64(len(p))
	if w.leadSize >= max(partSize, w.least) {
		return len(p), w.sendLead()
	}
	return len(p), nil
}

// CopyOld implements [Writer].
func (w *partWriter) CopyOld(off, n int64) error {
	if err := inside(off, n, w.old.size); err != nil {
		return err
	}
	if n == 0 {
		return nil
	}
	w.size += n
	if w.tail.n > 0 && w.tail.off+w.tail.n == off {
		w.tail.n += n
		return nil
	}
	if err := w.settle(false); err != nil {
		return err
	}
	w.tail = segment{off: off, n: n}
	return nil
}

// settle decides about the range in tail, which does not grow any more. last says
// that nothing comes behind it: then it may be small.
func (w *partWriter) settle(last bool) error {
	if w.tail.n == 0 {
		return nil
	}
	if w.leadSize > 0 {
		need := max(w.least-w.leadSize, 0)
		if w.tail.n-need < w.least && !(last && w.tail.n > need) {
			return w.merge(w.tail.n)
		}
		if err := w.merge(need); err != nil {
			return err
		}
		if err := w.sendLead(); err != nil {
			return err
		}
	}
	if w.tail.n < w.least && !last {
		return w.merge(w.tail.n)
	}
	return w.sendTail()
}

// merge moves n bytes from the tail to the lead: they will be fetched.
func (w *partWriter) merge(n int64) error {
	if n > 0 {
		w.lead = append(w.lead, segment{off: w.tail.off, n: n})
		w.leadSize += n
		w.tail.off += n
		w.tail.n -= n
	}
	if w.tail.n == 0 && w.leadSize >= max(partSize, w.least) {
		return w.sendLead()
	}
	return nil
}

// finish sends what is left. A small object is gathered instead, in content.
func (w *partWriter) finish() error {
	if w.upload == "" && w.size <= onePut {
		if w.tail.n > 0 {
			w.lead, w.leadSize, w.tail = append(w.lead, w.tail), w.leadSize+w.tail.n, segment{}
		}
		var err error
		w.content, err = w.gather(w.ctx, w.lead, w.leadSize)
		return err
	}
	if err := w.settle(true); err != nil {
		return err
	}
	if w.leadSize > 0 {
		return w.sendLead()
	}
	return nil
}

// gather fetches and joins segments.
func (w *partWriter) gather(ctx context.Context, list []segment, size int64) ([]byte, error) {
	if len(list) == 1 && list[0].data != nil {
		return list[0].data, nil
	}
	out := make([]byte, 0, size)
	for _, x := range list {
		if x.data != nil {
			out = append(out, x.data...)
			continue
		}
		buf, err := w.s.bytesOf(ctx, w.old, x.off, x.n)
		if err != nil {
			return nil, err
		}
		out = append(out, buf...)
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

// sendLead uploads the lead as one part.
func (w *partWriter) sendLead() error {
	n, err := w.next()
	if err != nil {
		return err
	}
	list, size := w.lead, w.leadSize
	w.lead, w.leadSize = nil, 0
	w.g.Go(func() error {
		data, err := w.gather(w.gctx, list, size)
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
		Body: bytes.NewReader(data), ContentLength: aws.Int64(int64(len(data))), RequestPayer: payer})
	if err != nil {
		return s3WriteErr("uploading a part", writePermission, err)
	}
	w.record(types.CompletedPart{PartNumber: &n, ETag: out.ETag, ChecksumCRC32: out.ChecksumCRC32, ChecksumCRC32C: out.ChecksumCRC32C,
		ChecksumCRC64NVME: out.ChecksumCRC64NVME, ChecksumSHA1: out.ChecksumSHA1, ChecksumSHA256: out.ChecksumSHA256})
	return nil
}

// sendTail copies the tail inside the store, in parts of much the same size.
func (w *partWriter) sendTail() error {
	count := (w.tail.n + copyPart - 1) / copyPart
	for i := range count {
		from, to := w.tail.n*i/count, w.tail.n*(i+1)/count
		n, err := w.next()
		if err != nil {
			return err
		}
		off := w.tail.off + from
		w.g.Go(func() error { return w.copy(n, off, to-from) })
	}
	w.tail = segment{}
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
	w.record(types.CompletedPart{PartNumber: &n, ETag: r.ETag, ChecksumCRC32: r.ChecksumCRC32, ChecksumCRC32C: r.ChecksumCRC32C,
		ChecksumCRC64NVME: r.ChecksumCRC64NVME, ChecksumSHA1: r.ChecksumSHA1, ChecksumSHA256: r.ChecksumSHA256})
	return nil
}

func (w *partWriter) record(p types.CompletedPart) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.done[*p.PartNumber] = p
}

// complete puts the parts together, if the object is still the one that they were
// made from.
func (w *partWriter) complete() (string, error) {
	if err := w.g.Wait(); err != nil {
		return "", err
	}
	now, err := w.s.head(w.ctx, w.old.key, "")
	if errors.Is(err, connectors.ErrNotFound) || err == nil && now.version != w.old.version {
		return "", connectors.ErrChanged // the ETag alone does not tell two versions apart
	}
	if err != nil {
		return "", err
	}
	api, err := w.s.client(w.ctx)
	if err != nil {
		return "", err
	}
	parts := make([]types.CompletedPart, w.number)
	for n, p := range w.done {
		parts[n-1] = p
	}
	out, err := api.CompleteMultipartUpload(w.ctx, &s3.CompleteMultipartUploadInput{Bucket: &w.s.bucket, Key: &w.old.key, UploadId: &w.upload,
		IfMatch: &w.old.etag, MultipartUpload: &types.CompletedMultipartUpload{Parts: parts}, RequestPayer: payer})
	if err == nil && aws.ToString(out.ETag) == "" {
		err = errors.New("S3 answered without a result")
	}
	if err == nil {
		w.upload = ""
		return *out.ETag, nil
	}
	if etag, ok := w.s.landed(w.ctx, w.old, joinedETag(parts)); ok {
		w.upload = ""
		return etag, nil
	}
	if code(err) == "NoSuchUpload" {
		return "", errors.New("completing an upload: somebody aborted it")
	}
	return "", s3WriteErr("completing an upload", writePermission, err)
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

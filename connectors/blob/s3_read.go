package blob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"golang.org/x/sync/errgroup"
)

const (
	// firstRead is how much a read at a new place fetches, and the size up to which
	// the end of an object (where formats keep their index) is fetched at once.
	firstRead = 64 << 10
	// wholeRead is the size up to which an object is fetched whole.
	wholeRead = 256 << 10
	// mostAhead bounds the read-ahead of a sequential reader.
	mostAhead = 8 << 20
	// windows and heldMost bound what a reader holds: how many, and how many bytes. The
	// columns of a table are read in turns.
	windows  = 64
	heldMost = 4 * mostAhead
	// piece is the size of one of the ranges that are fetched at the same time.
	piece    = 2 << 20
	parallel = 4
	// tries is how often a range is asked for when its body ends early.
	tries = 6
)

// s3Reader reads one version. Small reads are served from a few windows of bytes
// that were fetched at once; a reader that goes on where a window ends gets ever
// larger ones. The context of Open ends the reads too.
type s3Reader struct {
	s   *s3Store
	ctx context.Context
	h   *head

	mu   sync.Mutex
	wins []window // the last used is last
}

// window is a run of bytes of the object; it is never changed.
type window struct {
	off   int64
	buf   []byte
	ahead int64 // what to fetch when the reader goes on behind it
}

func (w window) end() int64 { return w.off + int64(len(w.buf)) }

// Open implements [Store].
func (s *s3Store) Open(ctx context.Context, name, version string) (Reader, error) {
	h, ok := s.seen.get(name)
	if !ok || h.version != version {
		var err error
		if h, err = s.at(ctx, name, version); err != nil {
			return nil, err
		}
	}
	if h.archived() {
		return nil, fmt.Errorf("opening an object: %w", errArchived)
	}
	return &s3Reader{s: s, ctx: ctx, h: h}, nil
}

// Size implements [Reader].
func (r *s3Reader) Size() int64 { return r.h.size }

// Close implements [Reader].
func (r *s3Reader) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.wins = nil
	r.s.held.drop(r.h)
	return nil
}

// ReadAt implements [Reader].
func (r *s3Reader) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, errors.New("reading an object: a negative offset")
	}
	if off >= r.h.size {
		return 0, io.EOF
	}
	var short error
	if int64(len(p)) > r.h.size-off {
		p, short = p[:r.h.size-off], io.EOF
	}
	done, w := r.cached(p, off)
	if done == len(p) {
		return done, short
	}
	pos, rest := off+int64(done), p[done:]
	ahead := r.reach(pos, w)
	if int64(len(rest)) >= ahead && len(rest) > firstRead { // large reads need no window
		if err := r.s.fetch(r.ctx, r.h, rest, pos); err != nil {
			return done, err
		}
		r.keep(window{off: pos + int64(len(rest)), ahead: min(2*ahead, mostAhead)})
		return len(p), short
	}
	if pos+ahead > r.h.size {
		ahead = r.h.size - pos
	}
	from := pos
	if tail := r.h.size - firstRead; w == nil && pos >= tail {
		from = max(tail, 0)
		ahead = r.h.size - from
	}
	buf := make([]byte, ahead)
	if err := r.s.fetch(r.ctx, r.h, buf, from); err != nil {
		return done, err
	}
	copy(rest, buf[pos-from:])
	r.keep(window{off: from, buf: buf, ahead: min(2*max(ahead, firstRead), mostAhead)})
	return len(p), short
}

// reach is how much to fetch at pos, behind the window w (nil at a new place).
func (r *s3Reader) reach(pos int64, w *window) int64 {
	switch {
	case r.h.size <= wholeRead:
		return r.h.size - pos
	case w != nil:
		return w.ahead
	}
	return firstRead
}

// cached copies what a window holds of [off, off+len(p)), from its beginning, and
// returns the window that holds it or ends there.
func (r *s3Reader) cached(p []byte, off int64) (int, *window) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := len(r.wins) - 1; i >= 0; i-- {
		w := r.wins[i]
		if off < w.off || off > w.end() {
			continue
		}
		r.wins = append(slices.Delete(r.wins, i, i+1), w)
		return copy(p, w.buf[off-w.off:]), &w
	}
	return 0, nil
}

// prefetchMost is up to how many bytes are fetched ahead because somebody asks for it.
const prefetchMost = 16 << 20

// Prefetch fetches a range that is about to be read in pieces, once. What stays of it in a
// new version of the object is not fetched again to be written.
func (r *s3Reader) Prefetch(off, n int64) error {
	if off < 0 || n <= 0 || n > prefetchMost || off > r.h.size-n {
		return nil
	}
	buf := make([]byte, n)
	if err := r.s.fetch(r.ctx, r.h, buf, off); err != nil {
		return err
	}
	w := window{off: off, buf: buf, ahead: firstRead}
	r.keep(w)
	r.s.held.put(r.h, w)
	return nil
}

// heldRange is the last range that was fetched ahead of a version.
type heldRange struct {
	mu   sync.Mutex
	of   *head
	last window
}

func (h *heldRange) put(of *head, w window) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.of, h.last = of, w
}

// drop forgets what was fetched of a version.
func (h *heldRange) drop(of *head) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.of == of {
		h.of, h.last = nil, window{}
	}
}

// read fills p with the bytes from off; false when they are not all there.
func (h *heldRange) read(of *head, p []byte, off int64) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.of == nil || h.of.key != of.key || h.of.version != of.version || off < h.last.off || off+int64(len(p)) > h.last.end() {
		return false
	}
	copy(p, h.last.buf[off-h.last.off:])
	return true
}

func (r *s3Reader) keep(w window) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.wins = append(r.wins, w)
	held, from := 0, len(r.wins)
	for from > 0 && len(r.wins)-from < windows && held+len(r.wins[from-1].buf) <= heldMost {
		from--
		held += len(r.wins[from].buf)
	}
	r.wins = slices.Delete(r.wins, 0, from)
}

// fetch fills p with the bytes from off, in several ranges at the same time.
func (s *s3Store) fetch(ctx context.Context, h *head, p []byte, off int64) error {
	if len(p) <= piece {
		return s.get(ctx, h, p, off)
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(parallel)
	for len(p) > 0 {
		n := min(len(p), piece)
		part, at := p[:n], off
		g.Go(func() error { return s.get(ctx, h, part, at) })
		p, off = p[n:], off+int64(n)
	}
	return g.Wait()
}

// get fills p with the bytes from off. A body that ends early is asked for again
// from where it ended.
func (s *s3Store) get(ctx context.Context, h *head, p []byte, off int64) error {
	var err error
	for try := range tries {
		if try > 0 {
			if err := s.sleep(ctx, try, err); err != nil {
				return fmt.Errorf("reading an object: %w", err)
			}
		}
		var n int
		n, err = s.body(ctx, h, p, off)
		p, off = p[n:], off+int64(n)
		if len(p) == 0 {
			return nil
		}
		if ctx.Err() != nil {
			return fmt.Errorf("reading an object: %w", ctx.Err())
		}
		if !errors.Is(err, errBody) {
			return err
		}
	}
	return err
}

// errBody is a body that ended before its length.
var errBody = errors.New("the object's bytes ended early")

// body makes one request and reads what comes, within a time that a slow line
// needs.
func (s *s3Store) body(ctx context.Context, h *head, p []byte, off int64) (n int, err error) {
	api, err := s.client(ctx)
	if err != nil {
		return 0, err
	}
	outer := ctx
	ctx, cancel := context.WithTimeout(ctx, time.Minute+time.Duration(len(p)/(128<<10))*time.Second)
	defer cancel()
	span := fmt.Sprintf("bytes=%d-%d", off, off+int64(len(p))-1)
	out, err := api.GetObject(ctx, &s3.GetObjectInput{Bucket: &s.bucket, Key: &h.key, VersionId: h.pin(), IfMatch: &h.etag, Range: &span, RequestPayer: payer})
	if err != nil {
		if ctx.Err() != nil && outer.Err() == nil {
			return 0, fmt.Errorf("reading an object: %w", errBody)
		}
		return 0, s3Err("reading an object", "s3:GetObject", err)
	}
	if trim(aws.ToString(out.ETag)) != trim(h.etag) || !strings.HasPrefix(aws.ToString(out.ContentRange), "bytes "+span[len("bytes="):]+"/") {
		return 0, errors.Join(fmt.Errorf("reading an object: the answer is not the range that was asked for: %w", errBody), out.Body.Close())
	}
	n, err = io.ReadFull(out.Body, p)
	if gone := out.Body.Close(); err == nil && gone != nil {
		err = gone
	}
	if err != nil {
		return n, fmt.Errorf("reading an object: %w", errBody)
	}
	return n, nil
}
